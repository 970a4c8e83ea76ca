"""Plain measures of a silhouette, from which its reading is made."""

import itertools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .limbs import Limb, limbs_of
from .medial_axis import MedialTree, medial_tree
from .silhouette import Silhouette, silhouette_of

__all__ = ["Gap", "LimbMeasure", "Measures", "measure"]

TOUCH = 0.08  # of the height: what is nearer to the lowest row stands on the ground


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Background between two feet: ``place`` 0..1 of the width from the left, ``height`` 0..1 of the height."""

    place: float
    height: float


@dataclass(frozen=True, kw_only=True)
class LimbMeasure:
    """``root`` and ``tip`` (x, y) in cells, ``length``, median ``radius``, ``tip_radius``."""

    root: tuple[float, float]
    tip: tuple[float, float]
    length: float
    radius: float
    tip_radius: float


@dataclass(frozen=True, kw_only=True)
class Measures:
    """A silhouette in figures; lengths in cells, shares 0..1, the ``_right`` ones -1..1 with the picture's right positive.

    ``symmetry`` and ``upside_symmetry``: IoU with the mirror image across an upright and a lying axis; ``contact``: share of the
    width that stands on the ground; ``ball``: the greatest inner radius and ``belly`` its centre's height over the ground;
    ``slenderness``: the longest way in the tree over the median thickness; ``evenness`` of that thickness; ``stalk``: narrow before
    one end, wide at it; ``beak``: a thin spike up on one side; ``arms``: limbs off the ground on both sides.
    """

    width: int
    height: int
    symmetry: float
    upside_symmetry: float
    contact: float
    gaps: tuple[Gap, ...]
    limbs: tuple[LimbMeasure, ...]
    legs: tuple[LimbMeasure, ...]
    ball: float
    belly: float
    slenderness: float
    evenness: float
    stalk: bool
    beak: bool
    arms: bool
    head_offset: float
    bulk_right: float
    weight_right: float
    rise_right: float
    toes_right: float
    ears_right: float


def measure(mask: NDArray[np.bool_], *, smooth: float) -> Measures:
    """Measure a mask (H, W); ``smooth`` as for ``silhouette_of``."""
    silhouette = silhouette_of(mask, smooth=smooth)
    tree = medial_tree(silhouette.mask)
    left, top, right, bottom = silhouette.box
    width, height = right - left, bottom - top
    found = limbs_of(tree)
    standing = [limb for limb in found if _stands(limb, tree, bottom, height)]
    gaps, contact = _gaps(silhouette)
    slenderness, evenness = _tube(tree)
    limbs = tuple(_limb(limb, tree) for limb in found)
    legs = tuple(_limb(limb, tree) for limb in standing)
    middle = _middle(silhouette)
    return Measures(
        width=width,
        height=height,
        symmetry=_mirror_overlap(silhouette.mask),
        upside_symmetry=_mirror_overlap(_levelled(silhouette.mask).T),
        contact=contact,
        gaps=gaps,
        limbs=limbs,
        legs=legs,
        ball=float(tree.radius[0]),
        belly=float(bottom - tree.points[0, 1]) / height,
        slenderness=slenderness,
        evenness=evenness,
        stalk=_stalk(_levelled(silhouette.mask)),
        beak=any(_is_beak(limb, tree, top, height) for limb in limbs),
        arms=_arms(limbs, middle, top, height, width),
        head_offset=_head_offset(silhouette, middle),
        **_facing_measures(silhouette, tree, limbs, legs, middle),
    )


def _limb(limb: Limb, tree: MedialTree) -> LimbMeasure:
    root, tip = tree.points[limb.path[0]], tree.points[limb.path[-1]]
    return LimbMeasure(
        root=(float(root[0]), float(root[1])),
        tip=(float(tip[0]), float(tip[1])),
        length=limb.length,
        radius=limb.radius,
        tip_radius=float(tree.radius[limb.path[-1]]),
    )


def _stands(limb: Limb, tree: MedialTree, bottom: int, height: int) -> bool:
    """A limb that stands on the ground: its tip low, its way downwards, long enough and slimmer than the trunk."""
    way = tree.points[limb.path[-1]] - tree.points[limb.path[0]]
    return bool(
        tree.points[limb.path[-1], 1] + tree.radius[limb.path[-1]] > bottom - 0.17 * height
        and way[1] > 0.55 * np.linalg.norm(way)
        and limb.length > 0.10 * height
        and limb.radius < 0.75 * tree.radius[0]
    )


def _middle(silhouette: Silhouette) -> float:
    """The column of the centroid."""
    return float(np.nonzero(silhouette.mask)[1].mean()) + 0.5


def _gaps(silhouette: Silhouette) -> tuple[tuple[Gap, ...], float]:
    left, top, right, bottom = silhouette.box
    mask = silhouette.mask[top:bottom, left:right]
    clearance = np.argmax(mask[::-1], axis=0) / (bottom - top)
    touching = np.flatnonzero(clearance < TOUCH)
    gaps = [
        Gap(place=float(a + b) / 2 / (right - left), height=float(clearance[a + 1 : b].max()))
        for a, b in itertools.pairwise(touching)
        if b - a > 1
    ]
    return tuple(gap for gap in gaps if gap.height > 0.1), len(touching) / (right - left)


def _tube(tree: MedialTree) -> tuple[float, float]:
    """The longest way between two leaves over the median thickness along it, and how even that thickness is."""
    ends = [*tree.leaves, 0]
    way = max((tree.between(a, b) for place, a in enumerate(ends) for b in ends[place + 1 :]), key=tree.length, default=[0])
    radius = tree.radius[way]
    return tree.length(way) / max(2 * float(np.median(radius)), 1.0), float(np.quantile(radius, 0.25) / max(np.quantile(radius, 0.9), 1e-6))


def _mirror_overlap(mask: NDArray[np.bool_]) -> float:
    """The best IoU of the mask with its mirror image over upright axes near its centroid."""
    columns = np.flatnonzero(mask.any(0))
    centre = float(np.nonzero(mask)[1].mean())
    reach = 0.12 * (columns[-1] - columns[0] + 1)
    places = np.arange(mask.shape[1])
    area, best = int(mask.sum()), 0.0
    for twice in range(round(2 * (centre - reach)), round(2 * (centre + reach)) + 1, 2):
        source = twice - places
        valid = (source >= 0) & (source < mask.shape[1])
        both = int((mask[:, valid] & mask[:, source[valid]]).sum())
        best = max(best, both / (2 * area - both))
    return best


def _levelled(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The mask turned by up to 30 degrees so that its long axis lies level."""
    rows, columns = np.nonzero(mask)
    spread = np.cov(np.stack([columns, rows]))
    angle = 0.5 * np.degrees(np.arctan2(2 * spread[0, 1], spread[0, 0] - spread[1, 1]))
    if abs(angle) > 30 or abs(angle) < 2:
        return mask
    size = int(np.ceil(np.hypot(*mask.shape)))
    turn = cv2.getRotationMatrix2D((float(columns.mean()), float(rows.mean())), float(angle), 1.0)
    turn[:, 2] += size / 2 - np.array([columns.mean(), rows.mean()])
    return cv2.warpAffine(mask.astype(np.uint8), turn, (size, size), flags=cv2.INTER_NEAREST) > 0


def _stalk(mask: NDArray[np.bool_]) -> bool:
    """Whether the columns' thickness has a narrow place near one end with a wider fin behind it."""
    thick = mask.sum(0)[mask.any(0)].astype(float)
    thick = np.convolve(np.pad(thick, 2, mode="edge"), np.ones(5) / 5, "valid")
    count = len(thick)
    for profile in (thick, thick[::-1]):
        zone = profile[round(0.08 * count) : round(0.42 * count)]
        place = round(0.08 * count) + int(np.argmin(zone))
        if profile[: place + 1].max() > 1.35 * profile[place] and profile[place] < 0.5 * profile.max():
            return True
    return False


def _is_beak(limb: LimbMeasure, tree: MedialTree, top: int, height: int) -> bool:
    """A spike that starts thin, lies in the upper part and points sideways."""
    dx, dy = limb.tip[0] - limb.root[0], limb.tip[1] - limb.root[1]
    return bool(
        limb.tip[1] < top + 0.55 * height
        and abs(dx) > 0.8 * abs(dy)
        and limb.tip_radius < 0.11 * tree.radius[0]
        and limb.radius < 0.3 * tree.radius[0]
    )


def _arms(limbs: tuple[LimbMeasure, ...], middle: float, top: int, height: int, width: int) -> bool:
    """Limbs that start at mid height and end off the ground, on both sides, of like length."""
    sides: dict[bool, float] = {}
    for limb in limbs:
        starts, ends = (limb.root[1] - top) / height, (limb.tip[1] - top) / height
        if 0.15 < starts < 0.75 and 0.15 < ends < 0.88 and abs(limb.tip[0] - middle) > 0.22 * width and limb.length > 0.1 * height:
            right = limb.tip[0] > middle
            sides[right] = max(sides.get(right, 0.0), limb.length)
    return len(sides) == 2 and min(sides.values()) > 0.45 * max(sides.values())


def _head_offset(silhouette: Silhouette, middle: float) -> float:
    """Where the upper part lies: the offset of its centroid from the whole's, over the width."""
    left, top, right, bottom = silhouette.box
    upper = silhouette.mask[top : top + max(round(0.38 * (bottom - top)), 1)]
    return (float(np.nonzero(upper)[1].mean()) + 0.5 - middle) / (right - left)


def _facing_measures(
    silhouette: Silhouette, tree: MedialTree, limbs: tuple[LimbMeasure, ...], legs: tuple[LimbMeasure, ...], middle: float
) -> dict[str, float]:
    left, top, right, bottom = silhouette.box
    mask = silhouette.mask
    columns = np.arange(mask.shape[1]) + 0.5
    area = mask.sum(0).astype(float)
    weight_right = float((area * np.sign(columns - middle)).sum() / area.sum())
    rows = np.arange(mask.shape[0])[:, None] + 0.5
    heights = np.where(area > 0, ((bottom - rows) * mask).sum(0) / np.maximum(area, 1), 0)
    high = [float(np.average(heights[part], weights=area[part])) for part in (columns > middle, columns <= middle)]
    ears = [np.sign(limb.tip[0] - middle) for limb in limbs if limb.tip[1] < tree.points[0, 1] and limb.radius < 0.35 * tree.radius[0]]
    return {
        "bulk_right": (2 * middle - left - right) / (right - left),
        "weight_right": weight_right,
        "rise_right": (high[0] - high[1]) / (bottom - top),
        "toes_right": _toes(silhouette, legs),
        "ears_right": float(np.mean(ears)) if ears else 0.0,
    }


def _toes(silhouette: Silhouette, legs: tuple[LimbMeasure, ...]) -> float:
    """Which way the feet point: the sole's middle against the leg's a little higher up."""
    bottom, height = silhouette.box[3], silhouette.box[3] - silhouette.box[1]
    votes = []
    for leg in legs:
        foot = min(int(leg.tip[1] + leg.tip_radius), bottom - 1)
        reach = max(4 * leg.radius, 4.0)
        window = slice(max(int(leg.tip[0] - reach), 0), int(leg.tip[0] + reach))
        low, high = silhouette.mask[foot - 1, window], silhouette.mask[max(foot - max(round(0.07 * height), 3), 0), window]
        if low.any() and high.any():
            votes.append((float(np.flatnonzero(low).mean()) - float(np.flatnonzero(high).mean())) / max(leg.radius, 1.0))
    return float(np.clip(np.mean(votes), -1, 1)) if votes else 0.0
