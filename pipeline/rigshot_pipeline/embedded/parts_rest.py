"""A four-legged animal that sits or lies, seen from its side or at an angle, its head towards the picture's right.

The silhouette becomes one round body; folded legs, which it swallows, are built from the body's anchors (hips, chest,
ground) as round cones no thicker than the room around them, so that they stand out in relief and can be rigged.
"""

import numpy as np
from numpy.typing import NDArray

from ..body import Side
from .figure import Figure, Points
from .frame import Frame, frame_of
from .inflate import lens_of
from .reading import Reading
from .shapes import Anatomy, PartShape, cones_along

__all__ = ["resting_quadruped"]

Mask = NDArray[np.bool_]

TORSO, HEAD, TAIL, EAR = 0.88, 0.98, 0.95, 0.5
"""Half width over the medial radius."""
SIDES: tuple[tuple[Side, float], ...] = (("right", 1.0), ("left", -1.0))


def resting_quadruped(figure: Figure, reading: Reading) -> Anatomy:
    """The anatomy of a sitting or lying animal that looks to the right."""
    frame = frame_of(figure)
    head, torso = frame.head, frame.torso
    ball = frame.torso_radius
    owner, tail, ears = _branches(figure, frame)
    cells = figure.cells_of(owner)
    chest = _extreme(figure, frame, np.array([0.7, -0.7]), 0.5)
    hips = _extreme(figure, frame, np.array([-0.8, 0.6]), 0.55)
    if np.linalg.norm(chest - hips) < 0.5 * ball:
        hips, chest = torso + ball * np.array([-0.5, 0.3]), torso + ball * np.array([0.4, -0.3])
    body = lens_of(figure.mask & (cells == 0), thickness=_thickness(figure, frame), ground=figure.ground, cut=figure.cut)
    middle = (hips + chest) / 2 + 0.15 * ball * np.array([-0.3, -0.7])
    trunk = _flat([hips, 0.5 * hips + 0.5 * middle, middle, 0.5 * middle + 0.5 * chest, chest])
    reach = max(figure.room(*chest), 0.4 * ball)
    radius = frame.head_radius
    base = head + 0.75 * radius * _towards(head, chest)
    nose = head + np.array([0.95, 0.15]) * radius
    shapes = [
        PartShape(
            name="trunk",
            kind="trunk",
            side="centre",
            parent=None,
            path=trunk,
            radius=np.array([0.9, 1, 1, 1, 0.9]) * ball,
            lens=body,
            core=True,
        ),
        PartShape(
            name="neck",
            kind="neck",
            side="centre",
            parent="trunk",
            path=_flat([chest, (chest + base) / 2, base]),
            radius=np.full(3, reach),
            core=True,
        ),
        PartShape(
            name="head",
            kind="head",
            side="centre",
            parent="neck",
            path=_flat([base, head, nose]),
            radius=np.array([0.8, 1, 0.4]) * radius,
            core=True,
        ),
    ]
    shapes += _fore_legs(figure, chest, ball) + _hind_legs(figure, hips, ball)
    for name, kind, nodes, cells_of, thickness in (("tail", "tail", tail, 1, TAIL), ("ear", "ear", ears, 2, EAR)):
        shapes += _appendages(figure, frame, name, kind, nodes, cells, cells_of, thickness)
    return Anatomy(plan="quadruped", view=reading.view, heading=90.0, shapes=tuple(shapes))


def _flat(points: list[Points]) -> Points:
    return np.c_[np.stack(points), np.zeros(len(points))]


def _towards(start: Points, end: Points) -> Points:
    way = end - start
    unit: Points = way / max(float(np.linalg.norm(way)), 1e-6)
    return unit


def _extreme(figure: Figure, frame: Frame, direction: Points, share: float) -> Points:
    """The farthest point below the neck, in a direction, around which a ball of that share of the torso's fits."""
    rows, columns = np.nonzero(figure.silhouette.distance >= share * frame.torso_radius)
    below = rows + 0.5 > frame.neck
    points = np.stack([columns, rows], 1)[below] + 0.5
    if len(points) == 0:
        return frame.torso.copy()
    best: Points = points[int(np.argmax(points @ direction))].astype(float)
    return best


def _branches(figure: Figure, frame: Frame) -> tuple[NDArray[np.int64], list[list[int]], list[list[int]]]:
    """The owner of every node (0 body, 1 tail, 2.. ears) and the ways of the tail (at most one) and the ears (at most two)."""
    tree = figure.tree
    owner = np.zeros(len(tree.parent), np.int64)
    tails, ears = [], []
    head = frame.head
    for branch in figure.branches(set(frame.core)):
        tip, root = tree.points[branch.tip], tree.points[branch.nodes[branch.start]]
        shown = list(branch.nodes[branch.start :])
        if len(shown) < 4 or branch.length < 0.06 * figure.height:
            continue
        slim = branch.length / max(branch.radius, 1.0)
        if root[1] < frame.neck and tip[1] < head[1]:
            ears.append((branch.length, shown, branch.twigs))
        elif slim > 4.5 and branch.radius < 0.3 * frame.torso_radius:
            tails.append((branch.length, shown, branch.twigs))
    tails, ears = sorted(tails, reverse=True)[:1], sorted(ears, reverse=True)[:2]
    for place, (_, shown, twigs) in enumerate([*tails, *ears]):
        owner[[*shown, *twigs]] = 1 if place < len(tails) else 2 + place - len(tails)
    return owner, [shown for _, shown, _ in tails], [shown for _, shown, _ in ears]


def _thickness(figure: Figure, frame: Frame) -> NDArray[np.float32]:
    rows = np.arange(figure.mask.shape[0])[:, None] + 0.5
    blend = np.clip((frame.neck - rows) / (0.3 * frame.head_radius) + 0.5, 0, 1)
    field: NDArray[np.float32] = (TORSO + (HEAD - TORSO) * blend * np.ones(figure.mask.shape)).astype(np.float32)
    return field


def _ground_ends(figure: Figure) -> tuple[float, float]:
    """First and last column that stand on the ground."""
    low = figure.mask[max(figure.ground - max(round(0.05 * figure.height), 2), 0) : figure.ground].any(0)
    columns = np.flatnonzero(low)
    return float(columns[0]), float(columns[-1] + 1)


def _fore_legs(figure: Figure, chest: Points, ball: float) -> list[PartShape]:
    _, last = _ground_ends(figure)
    r = 0.24 * ball
    foot = np.array([np.clip(last - 1.3 * r, chest[0] - 0.6 * ball, chest[0] + 1.2 * ball), figure.ground - 0.8 * r])
    ankle = np.array([foot[0] - 0.5 * r, figure.ground - 1.4 * r])
    elbow = np.array([0.6 * chest[0] + 0.4 * foot[0] - 0.1 * ball, 0.45 * chest[1] + 0.55 * figure.ground])
    toe = foot + r * np.array([1.1, 0.1])
    way = np.stack([chest, elbow, ankle, foot, toe])
    return _pair(figure, "leg_fore", way, np.array([1.5, 1.15, 0.85, 0.85, 0.75]) * r, 0.42 * ball)


def _hind_legs(figure: Figure, hips: Points, ball: float) -> list[PartShape]:
    first, last = _ground_ends(figure)
    r = 0.22 * ball
    hip = hips + ball * np.array([0.1, -0.1])
    knee = hips + ball * np.array([0.75, 0.1])
    heel = np.array([np.clip(hips[0] + 0.05 * ball, first + r, last), figure.ground - 0.9 * r])
    toe = np.array([min(heel[0] + 1.15 * ball, last - r), figure.ground - 0.8 * r])
    way = np.stack([hip, knee, heel, (heel + toe) / 2, toe])
    return _pair(figure, "leg_hind", way, np.array([2.2, 1.7, 0.9, 0.9, 0.85]) * r, 0.52 * ball)


def _pair(figure: Figure, name: str, way: Points, radius: Points, depth: float) -> list[PartShape]:
    """A leg on either side, inside the silhouette."""
    room = np.array([max(figure.room(x, min(y, figure.ground - 4.0)), 1.5) for x, y in way])
    radius = np.minimum(radius, np.where(way[:, 1] > figure.ground - 6, radius, room))
    shapes = []
    for side, sign in SIDES:
        path = np.c_[way, sign * depth * np.array([0.75, 1.05, 1.0, 1.0, 1.0])]
        shapes.append(
            PartShape(
                name=f"{name}_{side}",
                kind="leg",
                side=side,
                parent="trunk",
                path=np.r_[path[:-1], [[path[-1, 0], figure.ground, path[-1, 2]]]],
                radius=radius,
                cones=cones_along(path, radius),
                blend=5.0,
                visible=side == "right",
            )
        )
    return shapes


def _appendages(
    figure: Figure, frame: Frame, name: str, kind: str, ways: list[list[int]], cells: NDArray[np.int64], first: int, thickness: float
) -> list[PartShape]:
    """The tail in the sagittal plane; the ears as a pair a little beside it."""
    shapes = []
    tree = figure.tree
    for place, nodes in enumerate(ways):
        ear = kind == "ear"
        side: Side = ("right" if place == 0 else "left") if ear else "centre"
        depth = (0.35 if side == "right" else -0.35) * frame.head_radius if ear else 0.0
        path = np.c_[tree.points[nodes], np.full(len(nodes), depth)]
        radius = np.minimum(tree.radius[nodes], 1.3 * float(np.median(tree.radius[nodes])))
        root = tree.points[int(tree.parent[nodes[0]])]
        mask = (cells == first + place) | figure.discs(np.r_[root[None], path[:, :2]], np.r_[radius[0], radius])
        shapes.append(
            PartShape(
                name=f"{name}_{side}" if ear else name,
                kind="ear" if ear else "tail",
                side=side,
                parent="head" if ear else "trunk",
                path=path,
                radius=radius,
                lens=lens_of(mask, thickness=thickness, centre=depth, ground=None if ear else figure.ground),
                blend=4.0,
            )
        )
    return shapes
