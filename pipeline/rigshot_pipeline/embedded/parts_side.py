"""A four-legged animal that stands or walks, seen from its side and looking to the picture's right.

The picture's depth axis is the animal's left-right axis, so its sagittal plane is z = 0 and the near side is its right. The
widths are those of eight rigged animals (fox, wolf, two dogs, cow, horse, deer, stag), measured along their medial axes.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..body import Side
from .figure import Figure, Points
from .inflate import Lens, lens_of
from .labels import width_along
from .limbs import Limb
from .parts_plan import QuadrupedPlan, plan_of_quadruped
from .shapes import Anatomy, PartShape, moved

__all__ = ["side_quadruped"]

Mask = NDArray[np.bool_]

TRUNK = (np.array([0.0, 0.5, 1.0]), np.array([0.92, 0.80, 0.84]))
HEAD = (np.array([0.0, 0.25, 0.55, 0.8, 1.0]), np.array([0.84, 0.78, 0.84, 0.90, 0.95]))
TAIL = (np.array([0.0, 0.35, 1.0]), np.array([0.92, 0.95, 0.95]))
"""Half width over the medial radius along the ways from hips to chest, chest to muzzle, hips to tail's tip."""
LEG = (np.array([0.0, 0.3, 0.5, 0.75, 0.9, 1.0]), np.array([0.58, 0.60, 0.70, 0.78, 0.92, 1.12]))
"""The same from a leg's joint in the body to its sole: thighs are flat, paws broad."""
LEG_AT = {"hind": 0.70, "fore": 0.63}
"""A leg's distance from the sagittal plane over the trunk's medial radius."""
LOWER = 0.1  # the least by which a near sole is taken to lie lower, over the distance of both
STEP = np.array([0.12, 1.0])  # how far the columns and the rows of soles can be trusted: legs swing forwards and backwards
KNOB = 0.3  # of the trunk's radius: what is thinner and hangs under the trunk belongs to a leg
LEG_CAP = 1.7  # of a leg's median radius: how thick its thigh may grow inside the body


@dataclass(frozen=True, kw_only=True)
class _Leg:
    """``points`` (n, 2) from the joint inside the body to the sole, ``radius`` (n,), ``cells`` its visible mask or None."""

    points: Points
    radius: Points
    cells: Mask | None


def side_quadruped(figure: Figure, *, heading: float = 90.0, pitch: float = 0.0, level: bool = True) -> Anatomy:
    """The anatomy, still as a pure side view, of a standing quadruped that looks to the right and heads ``heading`` degrees under a camera
    that looks down by ``pitch`` degrees, which tells the near legs. ``level``: what does not reach the lowest row is lifted; else
    every foot stands where it ends."""
    plan = plan_of_quadruped(figure)
    labels, core = _cells(figure, plan)
    body = lens_of(core, thickness=_thickness(figure, plan), cut=figure.cut)
    shapes = _core_shapes(figure, plan, body)
    girth = float(np.median(figure.tree.radius[plan.trunk]))
    turn, rise = np.radians(heading), np.radians(pitch)
    way = np.array([-np.cos(turn), np.sin(turn) * np.sin(rise)])
    for pair, limbs, base, joint in (("hind", plan.hind, _HIND, shapes[0].path[0]), ("fore", plan.fore, _FORE, shapes[0].path[-1])):
        legs = [_leg(figure, limb, labels == base + place) for place, limb in enumerate(limbs)]
        shapes += _leg_pair(figure, pair, legs or [_template_leg(figure, joint)], LEG_AT[pair] * girth, nearer=way, level=level)
    shapes += _ear_shapes(figure, plan, labels, body)
    return Anatomy(plan="quadruped", view="side", heading=90.0, shapes=tuple(shapes))


_CORE, _EAR, _HIND, _FORE = 0, 10, 20, 30


def _cells(figure: Figure, plan: QuadrupedPlan) -> tuple[NDArray[np.int64], Mask]:
    """(H, W) labels of the cells, and the mask of the core: all but legs and ears, closed by the trunk's balls."""
    tree = figure.tree
    names = np.full(len(tree.points), _CORE)
    for place, ear in enumerate(plan.ears):
        away = np.linalg.norm(tree.points[ear] - tree.points[ear[0]], axis=1)
        names[np.asarray(ear)[away > 0.75 * tree.radius[ear[0]]]] = _EAR + place
    for limbs, base in ((plan.hind, _HIND), (plan.fore, _FORE)):
        for place, limb in enumerate(limbs):
            names[list(limb.path[limb.start :])] = base + place
    for child in range(1, len(names)):
        if names[tree.parent[child]] >= _EAR and names[child] == _CORE:
            names[child] = names[tree.parent[child]]
    labels = figure.cells_of(names)
    chain = sorted({*plan.trunk, *plan.head[: len(plan.head) // 2]})
    core = ((labels >= 0) & (labels < _EAR)) | figure.discs(tree.points[chain], tree.radius[chain])
    core = cv2.morphologyEx(core.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0
    return _without_knobs(figure, plan, labels, core)


def _without_knobs(figure: Figure, plan: QuadrupedPlan, labels: NDArray[np.int64], core: Mask) -> tuple[NDArray[np.int64], Mask]:
    """Hand thin scraps of the core under the trunk over to the leg that they hang on: an elbow is no keel."""
    tree = figure.tree
    girth = float(np.median(tree.radius[plan.trunk]))
    size = 2 * max(round(KNOB * girth), 1) + 1
    smooth = cv2.morphologyEx(core.astype(np.uint8), cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))) > 0
    spine = tree.points[plan.trunk]
    rows, columns = np.indices(core.shape)
    below = rows > np.interp(columns + 0.5, *np.sort(spine, 0).T) + 0.4 * girth if len(spine) > 1 else rows > spine[0, 1]
    below &= (columns > spine[:, 0].min() - 0.5 * girth) & (columns < spine[:, 0].max() + 0.8 * girth)
    legs = (labels >= _HIND).astype(np.uint8)
    scraps = core & ~smooth & below
    if not legs.any() or not scraps.any():
        return labels, core
    away, nearest = cv2.distanceTransformWithLabels(1 - legs, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    scraps &= away < girth
    owner = np.zeros(int(nearest.max()) + 1, np.int64)
    owner[nearest[legs > 0]] = labels[legs > 0]
    return np.where(scraps, owner[nearest], labels), core & ~scraps


def _thickness(figure: Figure, plan: QuadrupedPlan) -> NDArray[np.float32]:
    """(H, W) half width over medial radius, running smoothly from the trunk through the neck to the head and the tail."""
    factor = np.full(len(figure.tree.points), TRUNK[1][1])
    for way, profile in ((plan.tail, TAIL), (plan.trunk, TRUNK), (plan.head, HEAD)):
        for place, node in enumerate(way):
            factor[node] = np.interp(place / max(len(way) - 1, 1), *profile)
    known = sorted({*plan.trunk, *plan.head, *plan.tail})
    nearest = figure.nearest(known)
    field = np.where(nearest >= 0, factor[known][nearest], TRUNK[1][1]).astype(np.float32)
    return cv2.GaussianBlur(field, (0, 0), 6.0)


def _core_shapes(figure: Figure, plan: QuadrupedPlan, body: Lens) -> list[PartShape]:
    trunk, trunk_radius = _line(figure, plan.trunk if len(plan.trunk) > 1 else [plan.trunk[0], *plan.head[1:3]])
    way, radius = _line(figure, plan.head if len(plan.head) > 4 else [*plan.trunk[-5:-1], *plan.head])
    back = way[-min(6, len(way))]
    ahead = (way[-1] - back) / max(float(np.linalg.norm(way[-1] - back)), 1e-6)
    way, radius = np.r_[way, [way[-1] + 0.9 * radius[-1] * ahead]], np.r_[radius, 0.6 * radius[-1]]
    joint = _head_joint(plan, len(way))
    shapes = [
        PartShape(name="trunk", kind="trunk", side="centre", parent=None, path=trunk, radius=trunk_radius, lens=body, core=True),
        PartShape(name="neck", kind="neck", side="centre", parent="trunk", path=way[: joint + 1], radius=radius[: joint + 1], core=True),
        PartShape(name="head", kind="head", side="centre", parent="neck", path=way[joint:], radius=radius[joint:], core=True),
    ]
    if plan.tail:
        way, radius = _line(figure, plan.tail)
        out = min(int(np.argmax(np.linalg.norm(way - way[0], axis=1) > 0.7 * radius[0])), len(way) - 3)
        shapes.append(PartShape(name="tail", kind="tail", side="centre", parent="trunk", path=way[out:], radius=radius[out:], core=True))
    return shapes


def _line(figure: Figure, nodes: list[int]) -> tuple[Points, Points]:
    """The way over ``nodes`` as a smooth line in the sagittal plane (n, 3), and its radii."""
    points = figure.tree.points[nodes]
    if len(nodes) > 8:
        points = np.stack([width_along(points[:, axis], 3.0) for axis in range(2)], 1)
    return np.c_[points, np.zeros(len(nodes))], figure.tree.radius[nodes]


def _head_joint(plan: QuadrupedPlan, count: int) -> int:
    """Where the neck ends: at the ears' fork, else a little beyond the middle of the way from chest to muzzle."""
    forks = [plan.head.index(ear[0]) for ear in plan.ears if ear[0] in plan.head]
    place = int(np.mean(forks)) if forks else round(0.58 * count)
    return int(np.clip(place, max(round(0.4 * count), 1), max(min(round(0.8 * count), count - 2), 1)))


def _leg(figure: Figure, limb: Limb, cells: Mask) -> _Leg:
    tree, path = figure.tree, list(limb.path)
    points, radius = tree.points[path].copy(), np.minimum(tree.radius[path], LEG_CAP * limb.radius)
    rows = np.flatnonzero(cells.any(1))
    sole = float(rows[-1] + 1) if len(rows) else float(points[-1, 1] + radius[-1])
    points = np.r_[points, [[points[-1, 0], max(sole - 0.4, points[-1, 1] + 0.1)]]]
    return _Leg(points=points, radius=np.r_[radius, radius[-1]], cells=cells)


def _template_leg(figure: Figure, joint: Points) -> _Leg:
    """A plain leg under a joint, for a pair that the silhouette does not show apart from the body."""
    drops = np.array([0.0, 0.35, 0.7, 0.98]) * (figure.ground - joint[1])
    radius = np.array([1.3, 1.0, 0.8, 0.8]) * max(0.06 * figure.height, 3.0)
    return _Leg(points=np.c_[np.full(4, joint[0]), joint[1] + drops], radius=radius, cells=None)


def _leg_pair(figure: Figure, pair: str, legs: list[_Leg], depth: float, *, nearer: Points, level: bool) -> list[PartShape]:
    """The near and the far leg, a single one stands for both. ``nearer`` (2,) the way over the picture to the near sole from the
    far one, over their distance: lower, and aside in a view at an angle, where steps count for more."""
    order = STEP * np.array([nearer[0], max(nearer[1], LOWER)])
    legs = sorted(legs, key=lambda leg: -float(leg.points[-1] @ order))
    sides: tuple[tuple[_Leg, Side, float], ...] = ((legs[0], "right", 1.0), (legs[-1], "left", -1.0))
    shapes = []
    for leg, side, sign in sides:
        t = np.linspace(0, 1, len(leg.points))
        wide = leg.radius * np.interp(t, *LEG)
        least = 1.15 * float(np.median(wide[len(wide) // 2 :])) + 1.0
        at = sign * max(depth, least) * np.interp(t, [0, 0.3, 1], [0.8, 1.0, 1.0])
        mask = figure.discs(leg.points[:-1], leg.radius[:-1])
        if leg.cells is not None:
            mask |= leg.cells
        thickness = figure.field_along(leg.points, np.interp(t, *LEG), blur=2.0)
        ground = figure.ground if level else round(float(leg.points[-1, 1]) + 0.4)
        shape = PartShape(
            name=f"leg_{pair}_{side}",
            kind="leg",
            side=side,
            parent="trunk",
            path=np.c_[leg.points, at],
            radius=leg.radius,
            lens=lens_of(mask, thickness=thickness, centre=figure.field_along(leg.points, at), ground=ground),
            blend=7.0,
            visible=side == "right" or len(legs) > 1,
        )
        if not shape.visible:
            aside = np.array([*(-2 * float(at[-1] * sign) * nearer), 0.0])
            shape = moved(shape, aside if figure.hides(shape.path + aside) else aside * np.array([0.0, 1.0, 0.0]))
        shapes.append(shape)
    return shapes


def _ear_shapes(figure: Figure, plan: QuadrupedPlan, labels: NDArray[np.int64], body: Lens) -> list[PartShape]:
    """A pair of ears: two that are seen, or one and its mirror image. What is much longer than the head are antlers."""
    tree = figure.tree
    seen = [(ear, labels == _EAR + place) for place, ear in enumerate(plan.ears) if len(ear) > 3]
    if len(seen) == 2 and tree.length(seen[1][0]) < 0.45 * tree.length(seen[0][0]):
        seen = [(seen[0][0], seen[0][1] | seen[1][1])]
    shapes = []
    sides: tuple[tuple[Side, float], ...] = (("right", 1.0), ("left", -1.0))
    for (side, sign), (ear, cells) in zip(sides, [seen[0], seen[-1]] if seen else [], strict=False):
        away = np.linalg.norm(tree.points[ear] - tree.points[ear[0]], axis=1)
        nodes = [node for node, far in zip(ear, away, strict=True) if far > 0.4 * tree.radius[ear[0]]]
        nodes = nodes if len(nodes) > 2 else ear[-3:]
        mask = cells | figure.discs(tree.points[nodes], np.minimum(tree.radius[nodes], 1.2 * np.median(tree.radius[nodes])))
        half = float(np.sqrt(max(body.square[int(tree.points[ear[0], 1]), int(tree.points[ear[0], 0])], 1.0)))
        depth = sign * np.interp(np.linspace(0, 1, len(nodes)), [0, 1], [0.5, 0.75]) * half
        antler = tree.length(nodes) > 3.0 * tree.radius[ear[0]]
        shapes.append(
            PartShape(
                name=f"ear_{side}" if not antler else f"limb_{1 + (side == 'left')}",
                kind="ear" if not antler else "limb",
                side=side,
                parent="head",
                path=np.c_[tree.points[nodes], depth],
                radius=tree.radius[nodes],
                lens=lens_of(mask, thickness=0.55 if not antler else 0.9, centre=figure.field_along(tree.points[nodes], depth)),
                blend=3.0,
                visible=side == "right" or len(seen) > 1,
            )
        )
    return shapes
