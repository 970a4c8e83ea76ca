"""What a silhouette stands on: feet of limbs along one straight side of its hull, whichever way the picture is turned."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from .limbs import Limb, limbs_of
from .medial_axis import MedialTree, medial_tree
from .silhouette import silhouette_of

__all__ = ["Stance", "stances"]

_HULL = 2.0  # cells: corners of the hull that stick out less are the outline's unrest
_SIDE = 0.22  # of the silhouette's longest side: a shorter side of the hull is no ground
_TOUCH = 0.09  # of it: how far above the ground a foot may be (the far legs of an animal stand higher in the picture)
_APART = 0.28  # of it: feet nearer together do not tell how the ground lies
_LONG, _THIN = 0.10, 0.75  # a leg's least length as a share of that side, its greatest radius as a share of the trunk's
_DOWN = 0.6  # cosine of the angle between a leg and the way down
_SHORT = 3.0  # cells: a limb that leaves its trunk later is measured from its root

_Point = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Stance:
    """Two feet or more on a common line, with three independent witnesses of where down is.

    ``ground``, ``legs``, ``trunk``: degrees clockwise by which the picture is to be turned so that the ground, the trunk between the
    outer legs' roots, or the legs themselves stand as in an upright animal. ``feet`` how many; ``apart`` the distance between the roots
    of the fore and the hind legs over the trunk's greatest radius; ``unrest`` standard deviation of the legs' directions in degrees.
    """

    ground: float
    legs: float
    trunk: float
    feet: int
    apart: float
    unrest: float


class _Leg(NamedTuple):
    root: _Point
    foot: _Point
    way: _Point
    length: float
    radius: float


def stances(mask: NDArray[np.bool_]) -> tuple[Stance, ...]:
    """Every way in which the silhouette ``mask`` (H, W) could stand; the one with the most feet on the longest ground first."""
    silhouette = silhouette_of(mask)
    tree = medial_tree(silhouette.mask)
    rows, columns = np.nonzero(silhouette.mask)
    points: _Point = np.stack([columns, rows], 1).astype(np.float64) + 0.5
    size = float(np.ptp(points, axis=0).max())
    legs = [
        leg for leg in (_leg(limb, tree) for limb in limbs_of(tree)) if leg.length > _LONG * size and leg.radius < _THIN * tree.radius[0]
    ]
    found = [
        (len(feet) + length / size, stance)
        for start, along, down, length in _sides(points, size)
        if (feet := [leg for leg in legs if (start - leg.foot) @ down < _TOUCH * size and leg.way @ down > _DOWN])
        and (stance := _stance(feet, start, along, down, size, float(tree.radius[0]))) is not None
    ]
    return tuple(stance for _, stance in sorted(found, key=lambda pair: -pair[0]))


def _leg(limb: Limb, tree: MedialTree) -> _Leg:
    path = tree.points[list(limb.path)]
    way = path[-1] - path[min(limb.start, len(path) - 2)]
    if np.linalg.norm(way) < _SHORT:
        way = path[-1] - path[0]
    way = way / max(float(np.linalg.norm(way)), 1e-9)
    return _Leg(path[0], path[-1] + way * tree.radius[limb.path[-1]], way, limb.length, limb.radius)


def _sides(points: _Point, size: float) -> Iterator[tuple[_Point, _Point, _Point, float]]:
    """The long sides of the hull: a corner, the direction along the side, the direction out of the hull, the length."""
    hull = cv2.approxPolyDP(cv2.convexHull(points.astype(np.float32)), _HULL, True)[:, 0].astype(np.float64)
    middle = points.mean(0)
    for start, end in zip(hull, np.roll(hull, -1, 0), strict=True):
        length = float(np.linalg.norm(end - start))
        if length < _SIDE * size:
            continue
        along = (end - start) / length
        down = np.array([along[1], -along[0]])
        yield start, along, down * (-1 if down @ (middle - start) > 0 else 1), length


def _stance(feet: list[_Leg], start: _Point, along: _Point, down: _Point, size: float, ball: float) -> Stance | None:
    """The stance of ``feet`` on a ground; None when they stand too close together."""
    feet = sorted(feet, key=lambda leg: float((leg.foot - start) @ along))
    places = np.array([(leg.foot - start) @ along for leg in feet])
    if len(feet) < 2 or float(np.ptp(places)) < _APART * size:
        return None
    gap = int(np.argmax(np.diff(places))) + 1
    roots = np.mean([leg.root for leg in feet[gap:]], axis=0) - np.mean([leg.root for leg in feet[:gap]], axis=0)
    under = np.array([roots[1], -roots[0]])
    return Stance(
        ground=_turn_of(down),
        legs=_turn_of(np.sum([leg.way * leg.length for leg in feet], axis=0)),
        trunk=_turn_of(under * (1 if under @ down >= 0 else -1)),
        feet=len(feet),
        apart=float(np.linalg.norm(roots)) / ball,
        unrest=float(np.degrees(np.std([np.arctan2(leg.way @ along, leg.way @ down) for leg in feet]))),
    )


def _turn_of(down: _Point) -> float:
    """Degrees clockwise that bring the direction ``down`` (x right, y down) to the lower edge of the picture."""
    return float(np.degrees(np.arctan2(down[0], down[1])))
