"""Where a subject's head ends and its torso begins, in the medial tree of an upright silhouette."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .figure import Figure, Points

__all__ = ["Frame", "frame_of", "mirror_axis", "row_ball"]

NECK = 1.07
"""How much thicker than at the neck a figure must be above and below it."""
THIN_TORSO = 0.4
"""Of the head's radius: a thinner torso is none."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Where the head ends and the torso begins: centres (x, y) and radii of their balls in cells, the row of the neck, the column of
    the axis, and the nodes of the tree that are neither limb nor ear."""

    head: Points
    head_radius: float
    torso: Points
    torso_radius: float
    neck: float
    axis: float
    core: frozenset[int]


def frame_of(figure: Figure) -> Frame:
    """Find head, neck and torso of an upright figure."""
    tree = figure.tree
    middle = mirror_axis(figure.mask)
    neck = _neck_row(figure, middle)
    ball = None
    if neck is None:
        ball = _top_ball(figure)
        neck = float(ball[1] + 0.95 * ball[2])
    head, torso = _balls(figure, neck, middle)
    if tree.radius[torso] < THIN_TORSO * tree.radius[head]:
        # What lies below the narrowest place are legs: head and body are one.
        ball, neck = None, float(tree.points[head, 1] - 0.25 * tree.radius[head])
        head, torso = _balls(figure, neck, middle)
    core = set(tree.between(head, torso)) | set(tree.to_root(head))
    core = _with_thick(figure, core, 0.72)
    core = _with_pelvis(figure, core)
    weight = tree.radius[sorted(core)] ** 2
    axis = float(np.average(tree.points[sorted(core), 0], weights=weight))
    x, y, radius = ball if ball is not None else (*tree.points[head], tree.radius[head])
    return Frame(
        head=np.array([x, y], float),
        head_radius=float(radius),
        torso=tree.points[torso].copy(),
        torso_radius=float(tree.radius[torso]),
        neck=neck,
        axis=0.5 * axis + 0.5 * middle,
        core=frozenset(core),
    )


def _top_ball(figure: Figure) -> tuple[float, float, float]:
    """Centre and radius of a head whose neck does not show: as wide as the silhouette is under the crown (below the ears)."""
    rows = np.arange(figure.top, figure.ground)
    wide = figure.mask[rows].sum(1)
    share = figure.height
    crown = int(np.argmax(wide >= 0.6 * wide[: max(round(0.3 * share), 1)].max()))
    zone = slice(crown + round(0.04 * share), crown + max(round(0.2 * share), 3))
    radius = float(min(np.median(wide[zone]) / 2, 0.26 * share))
    row = float(rows[crown]) + 0.95 * radius
    columns = np.flatnonzero(figure.mask[int(row)])
    return (float(columns.mean()) + 0.5 if len(columns) else float(figure.left + figure.width / 2)), row, radius


def mirror_axis(mask: NDArray[np.bool_]) -> float:
    """The column about which the silhouette is most like its mirror image, not far from its centroid."""
    columns = np.flatnonzero(mask.any(0))
    centre = float(np.nonzero(mask)[1].mean())
    reach = 0.12 * (columns[-1] - columns[0] + 1)
    places = np.arange(mask.shape[1])
    best, axis = -1, centre
    for twice in range(round(2 * (centre - reach)), round(2 * (centre + reach)) + 1):
        source = twice - places
        valid = (source >= 0) & (source < mask.shape[1])
        both = int((mask[:, valid] & mask[:, source[valid]]).sum())
        if both > best:
            best, axis = both, twice / 2 + 0.5
    return axis


def _balls(figure: Figure, neck: float, middle: float) -> tuple[int, int]:
    """The nodes of the head's and the torso's greatest balls; the torso's lies near the axis and off the ground."""
    tree = figure.tree
    above = tree.points[:, 1] < neck
    head = int(np.argmax(np.where(above, tree.radius, -1))) if above.any() else 0
    low = tree.points[:, 1] > figure.ground - 0.1 * figure.height
    score = tree.radius - 0.45 * np.abs(tree.points[:, 0] - middle) - 0.5 * tree.radius[0] * low
    return head, int(np.argmax(np.where(above, -np.inf, score))) if not above.all() else 0


def _neck_row(figure: Figure, middle: float) -> float | None:
    """The row with the greatest relative minimum of the thickness near the axis; None where no neck shows."""
    distance = np.maximum(figure.silhouette.distance, 0)
    columns = np.arange(figure.mask.shape[1]) + 0.5
    widest = columns[np.argmax(distance, 1)]
    # A row whose thickest place lies far from the axis runs through feet or hands.
    near = distance[:, np.abs(columns - middle) < 0.18 * figure.width].max(1)
    room = np.where(np.abs(widest - middle) < 0.25 * figure.width, distance.max(1), near)
    rows = np.arange(figure.top, figure.ground)
    thick = np.convolve(np.pad(room[rows], 3, mode="edge"), np.ones(7) / 7, "valid")
    low, high = round(0.18 * len(rows)), round(0.66 * len(rows))
    open_rows = np.flatnonzero(~figure.mask[rows, int(middle)] & (np.arange(len(rows)) > 0.4 * len(rows)))
    if len(open_rows):
        high = min(high, max(int(open_rows[0]) - 4, low + 1))
        thick = thick[: max(high, low + 2)]
    above, below = np.maximum.accumulate(thick), np.maximum.accumulate(thick[::-1])[::-1]
    depth = np.minimum(above, below) / np.maximum(thick, 1e-3)
    place = low + int(np.argmax(depth[low:high]))
    return float(rows[place]) if depth[place] > NECK else None


def _with_thick(figure: Figure, core: set[int], share: float) -> set[int]:
    """``core`` and the nodes that hang together with it by balls of at least that share of the ball they leave."""
    tree = figure.tree
    core = set(core)
    reference = {node: tree.radius[node] for node in core}
    for node in range(1, len(tree.parent)):
        parent = int(tree.parent[node])
        if node not in core and parent in core and tree.radius[node] >= share * reference[parent]:
            core.add(node)
            reference[node] = reference[parent]
    return core


def _with_pelvis(figure: Figure, core: set[int]) -> set[int]:
    """``core`` and the stems that lead to two legs."""
    tree = figure.tree
    feet = [leaf for leaf in tree.leaves if tree.points[leaf, 1] + tree.radius[leaf] > figure.ground - 0.12 * figure.height]
    seen: dict[int, int] = {}
    for leaf in feet:
        for node in tree.to_root(leaf):
            if tree.points[leaf, 1] - tree.points[node, 1] > 0.12 * figure.height:
                seen[node] = seen.get(node, 0) + 1
    stems = {node for node, count in seen.items() if count >= 2}
    for node in sorted(stems):
        if int(tree.parent[node]) in core:
            core.add(node)
    return core


def row_ball(figure: Figure, row: float, axis: float) -> tuple[float, float]:
    """Column and radius of the greatest ball centred on a row, not far from the axis."""
    room = figure.silhouette.distance[int(np.clip(row, 0, figure.mask.shape[0] - 1))].copy()
    columns = np.arange(len(room)) + 0.5
    room[np.abs(columns - axis) > 0.3 * figure.width] = -1
    place = int(np.argmax(room))
    return float(columns[place]), float(max(room[place], 1.0))
