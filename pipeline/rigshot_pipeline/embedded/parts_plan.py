"""Legs, head, tail and ears of a four-legged animal in the medial tree of its side view (looking to the picture's right)."""

from dataclasses import dataclass

import numpy as np

from .figure import Figure
from .limbs import Limb, limbs_of

__all__ = ["QuadrupedPlan", "plan_of_quadruped"]

LEG_ZONE = 0.22  # of the height: a leg's sole lies in the lowest part of the picture
GROUP_GAP = 0.15  # of the width: hind and fore legs start at least so far from each other
CHEST, HIPS = 0.70, 0.24  # of the width: where they are when no leg shows them


@dataclass(frozen=True, kw_only=True)
class QuadrupedPlan:
    """Nodes of the tree by meaning: the ways from the hips to the chest, from the chest to the muzzle, from the hips to the tail's tip
    (or nothing), of the ears from their fork; the legs, at most two of each pair."""

    trunk: list[int]
    head: list[int]
    tail: list[int]
    ears: list[list[int]]
    hind: list[Limb]
    fore: list[Limb]


def plan_of_quadruped(figure: Figure) -> QuadrupedPlan:
    """Find the parts; what the silhouette does not show stays empty."""
    tree = figure.tree
    legs = _without_twins(figure, [limb for limb in limbs_of(tree) if _stands(figure, limb)])
    legs = _without_tail(figure, legs)
    legs = _without_head(figure, legs)
    hind, fore = _pairs(figure, legs)
    hip = _attachment(figure, hind, HIPS)
    chest = _attachment(figure, fore, CHEST)
    if tree.points[chest, 0] <= tree.points[hip, 0]:
        hip, chest = _attachment(figure, [], HIPS), _attachment(figure, [], CHEST)
    trunk = tree.between(hip, chest)
    tips = {limb.path[-1] for limb in legs}
    muzzle = _muzzle(figure, chest, tips)
    head = tree.between(chest, muzzle)
    tail = _tail(figure, hip, chest, tips)
    # Where a body is foreshortened a raised tail may leave the tree before the chest: it is no ear.
    ears = _ears(figure, head, tips.union(tail[-1:]))
    return QuadrupedPlan(trunk=trunk, head=head, tail=tail, ears=ears, hind=hind, fore=fore)


def _stands(figure: Figure, limb: Limb) -> bool:
    tree, tip = figure.tree, limb.path[-1]
    way = tree.points[tip] - tree.points[limb.path[0]]
    return bool(
        tree.points[tip, 1] + tree.radius[tip] > figure.ground - LEG_ZONE * figure.height
        and way[1] > 0.45 * np.linalg.norm(way)
        and limb.length > 0.08 * figure.height
        and limb.radius < 0.8 * tree.radius[0]
    )


def _place(figure: Figure, limb: Limb) -> float:
    """The column where a leg leaves the body."""
    points = figure.tree.points
    return float(points[limb.path[0], 0] + points[limb.path[limb.start], 0]) / 2


def _without_twins(figure: Figure, legs: list[Limb]) -> list[Limb]:
    """Of two tips on one leg (a hoof and its spur) the lower one."""
    tree, kept = figure.tree, list[Limb]()
    for limb in sorted(legs, key=lambda row: -tree.points[row.path[-1], 1]):
        for other in kept:
            shared = len(set(limb.path).intersection(other.path))
            if tree.length(list(limb.path[max(shared - 1, 0) :])) < 0.1 * figure.height:
                break
        else:
            kept.append(limb)
    return sorted(kept, key=lambda limb: _place(figure, limb))


def _without_tail(figure: Figure, legs: list[Limb]) -> list[Limb]:
    """Drop the hindmost leg if it is rather a hanging tail: leaning back, thick, off the ground, while a leg stands before it."""
    tree = figure.tree
    if len(legs) < 2:
        return legs
    last = min(legs, key=lambda limb: tree.points[limb.path[-1], 0])
    others = [limb for limb in legs if limb is not last]
    near = [limb for limb in others if _place(figure, limb) - _place(figure, last) < 0.3 * figure.width]
    if not near:
        return legs
    way = tree.points[last.path[-1]] - tree.points[last.path[0]]
    lean = -way[0] / max(way[1], 1.0)
    rise = figure.ground - tree.points[last.path[-1], 1] - tree.radius[last.path[-1]]
    thick = last.radius / max(float(np.median([limb.radius for limb in others])), 1.0)
    tip_thick = tree.radius[last.path[-1]] / max(float(np.median([tree.radius[limb.path[-1]] for limb in others])), 1.0)
    score = 1.0 * (lean > 0.6) + 0.6 * (lean > 1.0) + 1.0 * (thick > 1.35) + 0.5 * (tip_thick > 1.5) + 0.7 * (rise > 0.05 * figure.height)
    score -= 1.0 * (len(legs) <= 2 and lean < 1.0) + 0.9 * bool(
        _tail(figure, last.path[0], others[-1].path[0], {limb.path[-1] for limb in legs})
    )
    return others if score > 0.9 else legs


def _without_head(figure: Figure, legs: list[Limb]) -> list[Limb]:
    """Drop the foremost leg if it is rather the head of a grazing animal: nothing else that could be a head lies before the legs."""
    tree = figure.tree
    if len(legs) < 2:
        return legs
    first = max(legs, key=lambda limb: tree.points[limb.path[-1], 0])
    others = [limb for limb in legs if limb is not first]
    rest = max(others, key=lambda limb: _place(figure, limb))
    front = tree.points[first.path[-1], 0]
    trunk_end = tree.points[rest.path[0]]
    free = [
        leaf
        for leaf in tree.leaves
        if leaf not in first.path
        and leaf not in rest.path
        and tree.points[leaf, 0] > trunk_end[0]
        and tree.points[leaf, 1] < figure.ground - 0.3 * figure.height
        and not set(first.path[first.start :]).intersection(tree.to_root(leaf))
        and tree.length(tree.between(leaf, rest.path[0])) > 1.5 * tree.radius[rest.path[0]]
    ]
    if free or front - trunk_end[0] < 0.1 * figure.width:
        return legs
    return others


def _pairs(figure: Figure, legs: list[Limb]) -> tuple[list[Limb], list[Limb]]:
    """Hind and fore legs by the widest gap between their attachments; of more than two in a pair those with the lowest soles."""
    places = [_place(figure, limb) for limb in legs]
    if len(legs) < 2 or max(np.diff(places)) < GROUP_GAP * figure.width:
        middle = figure.left + 0.48 * figure.width
        if not legs:
            return [], []
        return (legs[:2], []) if float(np.mean(places)) < middle else ([], legs[:2])
    cut = int(np.argmax(np.diff(places))) + 1

    def lowest(pair: list[Limb]) -> list[Limb]:
        return sorted(pair, key=lambda limb: -figure.tree.points[limb.path[-1], 1])[:2]

    return lowest(legs[:cut]), lowest(legs[cut:])


def _attachment(figure: Figure, legs: list[Limb], share: float) -> int:
    """The node of the trunk where a pair of legs starts, or the one nearest to a share of the width."""
    tree = figure.tree
    if legs:
        return int(min((limb.path[0] for limb in legs), key=lambda node: float(tree.points[node, 1])))
    trunk = np.flatnonzero(tree.trunk)
    return int(trunk[np.argmin(np.abs(tree.points[trunk, 0] - figure.left - share * figure.width))])


def _muzzle(figure: Figure, chest: int, tips: set[int]) -> int:
    """The leaf that lies farthest forward, long ways and low tips preferred (ears and horns point up)."""
    tree = figure.tree

    def score(leaf: int) -> float:
        way = (tree.points[leaf] - tree.points[chest]) / figure.width
        return float(way[0] + 0.35 * way[1] + 0.15 * np.linalg.norm(way))

    ahead = [leaf for leaf in tree.leaves if leaf not in tips and tree.points[leaf, 0] > tree.points[chest, 0]]
    ahead = [leaf for leaf in ahead if not _below_leg(figure, leaf, chest)]
    return max(ahead, key=score) if ahead else int(np.argmax(tree.points[:, 0]))


def _below_leg(figure: Figure, leaf: int, chest: int) -> bool:
    """A low leaf straight under the chest: a leg that did not reach the ground."""
    way = figure.tree.points[leaf] - figure.tree.points[chest]
    return bool(way[1] > 0.9 * way[0] and figure.tree.points[leaf, 1] > figure.ground - 0.3 * figure.height and way[0] < 0.2 * figure.width)


def _tail(figure: Figure, hip: int, chest: int, tips: set[int]) -> list[int]:
    """The way from the hips to the longest leaf behind them that clearly leaves the body."""
    tree = figure.tree
    middle = (tree.points[hip, 0] + tree.points[chest, 0]) / 2
    ways = [tree.between(hip, leaf) for leaf in tree.leaves if leaf not in tips and tree.points[leaf, 0] < middle]
    ways = [way for way in ways if chest not in way and len(way) > 3 and tree.radius[way[-1]] < 0.6 * tree.radius[hip]]
    way = max(ways, key=tree.length, default=[])
    if way and tree.length(way) + tree.radius[way[-1]] < 1.45 * tree.radius[hip]:
        return []
    return way


def _ears(figure: Figure, head: list[int], tips: set[int]) -> list[list[int]]:
    """Branches of the upper half of the head's way that point up, the longest two."""
    tree = figure.tree
    place = {node: index for index, node in enumerate(head)}
    found = []
    for leaf in tree.leaves:
        way = tree.between(head[-1], leaf)
        fork = max((index for index, node in enumerate(way) if node in place), default=0)
        branch = way[fork:]
        if leaf in tips or leaf == head[-1] or len(branch) < 4 or place[branch[0]] < 0.3 * len(head):
            continue
        rise = tree.points[branch[0], 1] - tree.points[leaf, 1]
        if rise > 0.3 * np.linalg.norm(tree.points[leaf] - tree.points[branch[0]]):
            found.append(branch)
    return sorted(found, key=tree.length, reverse=True)[:2]
