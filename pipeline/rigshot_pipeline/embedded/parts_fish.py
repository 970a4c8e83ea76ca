"""Fish and snakes: a body along one axis, seen from the side and looking to the picture's right."""

import numpy as np
from numpy.typing import NDArray

from ..body import Side
from .figure import Figure, Points
from .inflate import lens_of
from .labels import width_along
from .shapes import Anatomy, PartShape, cones_along

__all__ = ["side_fish", "snake"]

FISH = (np.array([0.0, 0.25, 0.55, 0.85, 1.0]), np.array([0.30, 0.45, 0.62, 0.70, 0.75]))
"""Half width over the medial radius from the tail to the mouth: fish are laterally compressed, most at the tail."""
FIN = 0.22
SIDES: tuple[tuple[Side, float], ...] = (("right", 1.0), ("left", -1.0))


def side_fish(figure: Figure) -> Anatomy:
    """The anatomy of a fish that looks to the right."""
    tree = figure.tree
    way = _axis(figure)
    points, radius = _smooth(figure, way)
    branches = [
        branch
        for branch in figure.branches(set(way) | set(tree.to_root(way[0])) | set(tree.to_root(way[-1])))
        if branch.length > 0.05 * figure.width
    ]
    branches = sorted(branches, key=lambda branch: -branch.length)[:4]
    owner = np.zeros(len(tree.parent), np.int64)
    for place, branch in enumerate(branches, 1):
        owner[[*branch.nodes[branch.start :], *branch.twigs]] = place
    cells = figure.cells_of(owner)
    t = np.linspace(0, 1, len(way))
    thickness = figure.field_along(points, np.interp(t, *FISH), blur=5.0)
    body = lens_of(cells == 0, thickness=thickness)
    tail, head = round(0.30 * len(way)), round(0.74 * len(way))
    flat = np.c_[points, np.zeros(len(points))]
    shapes = [
        PartShape(
            name="trunk",
            kind="trunk",
            side="centre",
            parent=None,
            path=flat[tail : head + 1],
            radius=radius[tail : head + 1],
            lens=body,
            core=True,
        ),
        PartShape(name="head", kind="head", side="centre", parent="trunk", path=flat[head:], radius=radius[head:], core=True),
        PartShape(
            name="tail", kind="tail", side="centre", parent="trunk", path=flat[: tail + 1][::-1], radius=radius[: tail + 1][::-1], core=True
        ),
    ]
    for place, branch in enumerate(branches, 1):
        nodes = list(branch.nodes[branch.start :]) if len(branch.nodes) - branch.start > 2 else list(branch.nodes[-3:])
        if len(nodes) < 2:
            continue
        mask = (cells == place) | figure.discs(tree.points[nodes], np.minimum(tree.radius[nodes], 1.3 * branch.radius))
        shapes.append(
            PartShape(
                name=f"fin_{place}",
                kind="fin",
                side="centre",
                parent="tail" if tree.points[nodes[0], 0] < points[tail, 0] else "trunk",
                path=np.c_[tree.points[nodes], np.zeros(len(nodes))],
                radius=tree.radius[nodes],
                lens=lens_of(mask, thickness=FIN + 0.08),
                blend=6.0,
            )
        )
    return Anatomy(plan="fish", view="side", heading=90.0, shapes=(*shapes, *_pectoral_fins(figure, points, radius, body.square)))


def _axis(figure: Figure) -> list[int]:
    """The longest way from a leaf at the back to the leaf or ball farthest forward."""
    tree = figure.tree
    front = max((*tree.leaves, 0), key=lambda node: float(tree.points[node, 0] + 0.5 * tree.radius[node]))
    back = max((*tree.leaves, 0), key=lambda node: float(-tree.points[node, 0] + 0.3 * tree.length(tree.between(node, front))))
    way = tree.between(back, front)
    return way if len(way) > 8 else list(range(min(len(tree.parent), 9)))


def _smooth(figure: Figure, way: list[int]) -> tuple[Points, Points]:
    points = np.stack([width_along(figure.tree.points[way, axis], 4.0) for axis in range(2)], 1)
    radius = figure.tree.radius[way].copy()
    ahead = points[-1] - points[-min(6, len(points))]
    tip = points[-1] + ahead / max(float(np.linalg.norm(ahead)), 1e-6) * radius[-1] * 0.9
    return np.r_[points[:-1], tip[None]], radius


def _pectoral_fins(figure: Figure, points: Points, radius: Points, square: NDArray[np.float32]) -> list[PartShape]:
    """A small pair behind the gills, spread a little from the flanks."""
    place = round(0.66 * (len(points) - 1))
    x, y = points[place] + (0, 0.35 * radius[place])
    half = float(np.sqrt(max(square[int(np.clip(y, 0, len(square) - 1)), int(np.clip(x, 0, square.shape[1] - 1))], 1.0)))
    shapes = []
    for side, sign in SIDES:
        way = np.array(
            [
                [x, y, sign * 0.8 * half],
                [x - 0.35 * radius[place], y + 0.22 * radius[place], sign * 1.35 * half],
                [x - 0.75 * radius[place], y + 0.38 * radius[place], sign * 1.6 * half],
            ]
        )
        size = np.minimum(np.array([0.16, 0.20, 0.10]) * radius[place], [max(figure.room(a, b), 1.0) for a, b, _ in way])
        shapes.append(
            PartShape(
                name=f"fin_{side}",
                kind="fin",
                side=side,
                parent="trunk",
                path=way,
                radius=size,
                cones=cones_along(way, size, squash=0.45),
                blend=3.0,
                visible=side == "right",
            )
        )
    return shapes


def snake(figure: Figure) -> Anatomy:
    """A round tube along the longest way of the tree; its thicker end is the head."""
    tree = figure.tree
    ends = [*tree.leaves, 0]
    way = max((tree.between(a, b) for place, a in enumerate(ends) for b in ends[place + 1 :]), key=tree.length)
    third = max(len(way) // 5, 1)
    if float(np.mean(tree.radius[way[:third]])) > float(np.mean(tree.radius[way[-third:]])):
        way = way[::-1]
    points, radius = _smooth(figure, way)
    body = lens_of(figure.mask, thickness=0.95)
    flat = np.c_[points, np.zeros(len(points))]
    tail, head = round(0.3 * len(way)), round(0.88 * len(way))
    shapes = [
        PartShape(
            name="trunk",
            kind="trunk",
            side="centre",
            parent=None,
            path=flat[tail : head + 1],
            radius=radius[tail : head + 1],
            lens=body,
            core=True,
        ),
        PartShape(name="head", kind="head", side="centre", parent="trunk", path=flat[head:], radius=radius[head:], core=True),
        PartShape(
            name="tail", kind="tail", side="centre", parent="trunk", path=flat[: tail + 1][::-1], radius=radius[: tail + 1][::-1], core=True
        ),
    ]
    return Anatomy(plan="snake", view="side", heading=90.0, shapes=tuple(shapes))
