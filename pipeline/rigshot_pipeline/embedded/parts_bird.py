"""Birds: a round body, a head with a beak, two legs, folded wings that lie on the flanks as thin shells.

In a side view (looking to the picture's right) the sagittal plane is z = 0; from the front the wings hang at the sides.
"""

import numpy as np
from numpy.typing import NDArray

from ..body import PartKind, Side
from .figure import Branch, Figure, Points
from .inflate import Lens, lens_of
from .shapes import Anatomy, PartShape

__all__ = ["side_bird"]

Mask = NDArray[np.bool_]

BODY, HEAD, TAIL, LEG = 0.95, 1.0, 0.7, 1.0
"""Half width over the medial radius."""
LEG_AT = 0.42
"""A leg's distance from the sagittal plane over the body's radius."""
SIDES: tuple[tuple[Side, float], ...] = (("right", 1.0), ("left", -1.0))


def side_bird(figure: Figure) -> Anatomy:
    """The anatomy of a bird seen from its side, looking to the right."""
    tree = figure.tree
    ball = float(tree.radius[0])
    head = _head_node(figure)
    core = {node for node in range(len(tree.parent)) if tree.trunk[node]} | set(tree.to_root(head))
    branches = figure.branches(core)
    legs = [branch for branch in branches if _is_leg(figure, branch)][:2]
    beak = max((b for b in branches if b not in legs and _is_beak(figure, b, head)), key=lambda b: b.length, default=None)
    tail = _tail_way(figure, head, {leg.tip for leg in legs})
    owner = np.zeros(len(tree.parent), np.int64)
    for place, leg in enumerate(legs, 1):
        owner[[*leg.nodes[leg.start :], *leg.twigs]] = place
    cells = figure.cells_of(owner)
    body = lens_of((cells == 0) | figure.discs(tree.points[:1], tree.radius[:1]), thickness=_thickness(figure, head, tail), cut=figure.cut)
    shapes = _core(figure, head, beak, tail, body)
    shapes += _legs(figure, [(leg, cells == place) for place, leg in enumerate(legs, 1)], ball)
    shapes += _wings(figure, shapes[0].path, tail, body, ball)
    return Anatomy(plan="bird", view="side", heading=90.0, shapes=tuple(shapes))


def _head_node(figure: Figure) -> int:
    """The ball that lies highest and farthest forward and is still thick enough for a head."""
    tree = figure.tree
    thick = tree.radius > 0.33 * tree.radius[0]
    score = (tree.points[:, 0] - tree.points[0, 0]) * 0.6 - (tree.points[:, 1] - tree.points[0, 1]) + 1.2 * tree.radius
    return int(np.argmax(np.where(thick, score, -np.inf)))


def _is_leg(figure: Figure, branch: Branch) -> bool:
    tree = figure.tree
    way = tree.points[branch.tip] - tree.points[branch.nodes[0]]
    low = tree.points[branch.tip, 1] > figure.ground - 0.2 * figure.height
    return bool(
        low and way[1] > 0.5 * np.linalg.norm(way) and branch.radius < 0.3 * tree.radius[0] and branch.length > 0.06 * figure.height
    )


def _is_beak(figure: Figure, branch: Branch, head: int) -> bool:
    tree = figure.tree
    way = tree.points[branch.tip] - tree.points[head]
    return bool(
        way[0] > 0.4 * np.linalg.norm(way) and np.linalg.norm(tree.points[branch.nodes[0]] - tree.points[head]) < 2.0 * tree.radius[head]
    )


def _tail_way(figure: Figure, head: int, feet: set[int]) -> list[int]:
    """From the body's ball to the leaf that lies farthest from the head, not a foot; empty if the tail does not show."""
    tree = figure.tree
    leaves = [leaf for leaf in tree.leaves if leaf not in feet and tree.points[leaf, 0] < tree.points[0, 0] + 0.3 * tree.radius[0]]
    leaves = [leaf for leaf in leaves if head not in tree.to_root(leaf)]
    leaf = max(leaves, key=lambda node: float(np.linalg.norm(tree.points[node] - tree.points[head])), default=-1)
    return tree.to_root(leaf)[::-1] if leaf >= 0 else []


def _thickness(figure: Figure, head: int, tail: list[int]) -> NDArray[np.float32]:
    tree = figure.tree
    neck = tree.to_root(head)[::-1]
    nodes = [*neck, *tail[1:]]
    factor = [np.interp(place / max(len(neck) - 1, 1), [0, 1], [BODY, HEAD]) for place in range(len(neck))]
    factor += [np.interp(place / max(len(tail) - 1, 1), [0, 0.4, 1], [BODY, BODY, TAIL]) for place in range(1, len(tail))]
    return figure.field_along(tree.points[nodes], np.array(factor), blur=6.0)


def _core(figure: Figure, head: int, beak: Branch | None, tail: list[int], body: Lens) -> list[PartShape]:
    """Trunk, neck, head and tail as lines in the sagittal plane; the trunk carries the lens of them all."""
    tree = figure.tree
    middle, ball = tree.points[0], float(tree.radius[0])
    crown, size = tree.points[head], float(tree.radius[head])
    inside = [node for node in tail if np.linalg.norm(tree.points[node] - middle) < 0.9 * ball]
    rump = tree.points[inside[-1]] if len(inside) > 1 else middle + ball * np.array([-0.6, 0.4])
    way = tree.to_root(head)[::-1]
    within = [node for node in way if np.linalg.norm(tree.points[node] - middle) <= 0.7 * ball]
    breast = tree.points[within[-1]] if len(within) > 1 else middle + 0.5 * (crown - middle)
    tip = crown + np.array([1.1 * size, 0.0]) if beak is None else tree.points[beak.tip] + np.array([0.8 * tree.radius[beak.tip], 0.0])
    throat = 0.45 * breast + 0.55 * crown
    nape = (throat + crown) / 2
    rows: list[tuple[str, PartKind, str | None, list[Points], list[float]]] = [
        ("trunk", "trunk", None, [rump, middle, breast], [0.9 * ball, ball, 0.8 * ball]),
        ("neck", "neck", "trunk", [breast, throat, nape], [size, size, size]),
        ("head", "head", "neck", [nape, crown, tip], [size, size, 0.2 * size]),
    ]
    outside = [node for node in tail if node not in inside]
    if len(outside) > 3:
        rows.append(("tail", "tail", "trunk", list(tree.points[outside]), [float(r) for r in tree.radius[outside]]))
    return [
        PartShape(
            name=name,
            kind=kind,
            side="centre",
            parent=parent,
            path=np.c_[np.stack(points), np.zeros(len(points))],
            radius=np.array(radius),
            lens=body if parent is None else None,
            core=True,
        )
        for name, kind, parent, points, radius in rows
    ]


def _legs(figure: Figure, seen: list[tuple[Branch, Mask]], ball: float) -> list[PartShape]:
    """Two legs: those seen, or one and its image, or two short ones under the body where the silhouette shows none."""
    tree = figure.tree
    shapes = []
    if not seen:
        return []
    seen = sorted(seen, key=lambda row: -tree.points[row[0].tip, 1])
    for (side, sign), (branch, cells) in zip(SIDES, [seen[0], seen[-1]], strict=True):
        nodes = list(branch.nodes[max(branch.start - 4, 0) :])
        radius = np.minimum(tree.radius[nodes], 1.5 * branch.radius)
        depth = sign * max(LEG_AT * ball, 1.2 * branch.radius + 1.0)
        points = np.r_[tree.points[nodes], [[tree.points[branch.tip, 0], tree.points[branch.tip, 1] + tree.radius[branch.tip]]]]
        mask = cells | figure.discs(tree.points[nodes], radius)
        shapes.append(
            PartShape(
                name=f"leg_{side}",
                kind="leg",
                side=side,
                parent="trunk",
                path=np.c_[points, np.full(len(points), depth)],
                radius=np.r_[radius, radius[-1]],
                lens=lens_of(mask, thickness=LEG, centre=depth, ground=figure.ground),
                blend=4.0,
                visible=side == "right" or len(seen) > 1,
            )
        )
    return shapes


def _wings(figure: Figure, trunk: Points, tail: list[int], body: Lens, ball: float) -> list[PartShape]:
    """Folded wings: shells on the flanks from the shoulder to the root of the tail."""
    shoulder = trunk[-1, :2] * 0.6 + trunk[1, :2] * 0.4 + (-0.1 * ball, 0.0)
    end = figure.tree.points[tail[round(0.55 * (len(tail) - 1))]] if tail else trunk[0, :2]
    if np.linalg.norm(end - shoulder) < 0.8 * ball:
        end = shoulder + (trunk[0, :2] - shoulder) * 1.3
    t = np.linspace(0, 1, 9)
    way = shoulder + t[:, None] * (end - shoulder)
    wide = ball * np.interp(t, [0, 0.25, 0.6, 1.0], [0.30, 0.52, 0.42, 0.14])
    mask = figure.discs(way, wide) & (figure.silhouette.distance > 0.12 * ball)
    if mask.sum() < 20:
        return []
    half = np.sqrt(np.maximum(body.square, 0)).astype(np.float32)
    rows, columns = np.clip(way[:, 1].astype(int), 0, len(half) - 1), np.clip(way[:, 0].astype(int), 0, half.shape[1] - 1)
    shapes = []
    for side, sign in SIDES:
        centre = (sign * half).astype(np.float32)
        depth = sign * half[rows, columns].astype(np.float64)
        shapes.append(
            PartShape(
                name=f"wing_{side}",
                kind="wing",
                side=side,
                parent="trunk",
                path=np.c_[way, depth],
                radius=wide,
                lens=_shell(mask, centre, 0.085 * ball),
                blend=1.5,
                visible=side == "right",
            )
        )
    return shapes


def _shell(mask: Mask, centre: NDArray[np.float32], thick: float) -> Lens:
    """A sheet of even thickness with a rounded rim around the surface ``centre``."""
    lens = lens_of(mask, thickness=1.0)
    square = np.minimum(lens.square, thick * thick)
    return Lens(square=square, centre=centre, reach=np.full(mask.shape, max(thick, 1.0), np.float32))
