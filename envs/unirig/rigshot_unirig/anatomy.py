"""Where the limbs of a skeleton hang: its core on the plane of symmetry, and what leaves it to one side.

Axes are glTF's: +Y up, the subject faces +Z, its left is +X.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree

from .arrays import Doubles, Floats, Indices
from .skeleton import children_of

__all__ = ["Anatomy", "Limb", "Pair", "path_between", "read_anatomy"]

_ASIDE = 0.025  # of the subject's extent: what strays less from the middle is the core's
_MIRRORED = 0.18  # of the extent: how far the mirror image of a limb's tip may be from the tip that it is paired with


@dataclass(frozen=True, kw_only=True)
class Limb:
    """A subtree on one side: ``attach`` the core's joint it hangs on; ``chain`` the joints to its farthest tip."""

    attach: int
    chain: tuple[int, ...]
    members: tuple[int, ...]
    left: bool


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A limb and its mirror image."""

    left: Limb
    right: Limb

    @property
    def attach(self) -> int:
        """The core's joint that carries the left one."""
        return self.left.attach


@dataclass(frozen=True, kw_only=True)
class Anatomy:
    """A skeleton (J joints) and what it is made of; ``low`` and ``size`` (3,) of the body's bounding box."""

    joints: Doubles
    parents: Indices
    children: list[list[int]]
    low: Doubles
    size: Doubles
    core: tuple[int, ...]
    pairs: tuple[Pair, ...]
    single: tuple[Limb, ...]

    @property
    def extent(self) -> float:
        """The body's longest side."""
        return float(self.size.max())

    def height(self, joint: int) -> float:
        """A joint's height over the ground, in body heights."""
        return float((self.joints[joint, 1] - self.low[1]) / self.size[1])

    def core_leaves(self) -> list[int]:
        """The core's ends."""
        own = set(self.core)
        return [joint for joint in self.core if not own & set(self.children[joint])]

    def place(self, limb: Limb) -> Doubles:
        """(3,) the middle of a limb's first and last joint."""
        return (self.joints[limb.chain[0]] + self.joints[limb.chain[-1]]) / 2


def read_anatomy(joints: Floats, parents: Indices, low: Floats, high: Floats) -> Anatomy:
    """Take a skeleton apart. ``joints`` (J, 3), ``parents`` (J,), the body's bounding box ``low``, ``high`` (3,)."""
    size = np.maximum((high - low).astype(np.float64), 1e-9)
    places = joints.astype(np.float64).copy()
    places[:, 0] -= _middle(places, float(low[0] + high[0]) / 2)
    children = children_of(parents)
    members = _members(parents)
    aside = _ASIDE * float(size.max())
    core: list[int] = []
    limbs: list[Limb] = []
    waiting = [0]
    while waiting:
        joint = waiting.pop(0)
        core.append(joint)
        for child in children[joint]:
            reach = places[members[child], 0]
            if np.abs(reach).max() > aside and (reach.min() > -aside or reach.max() < aside):
                chain = _main_chain(places, children, child)
                limbs.append(Limb(attach=joint, chain=chain, members=tuple(members[child]), left=bool(reach.sum() > 0)))
            else:
                waiting.append(child)
    pairs, single = _paired(places, limbs, _MIRRORED * float(size.max()))
    return Anatomy(
        joints=places,
        parents=parents,
        children=children,
        low=low.astype(np.float64),
        size=size,
        core=tuple(core),
        pairs=tuple(pairs),
        single=tuple(single),
    )


def path_between(parents: Indices, start: int, end: int) -> list[int]:
    """The joints from ``start`` to ``end`` through the tree, both included."""
    up, down = [start], [end]
    while parents[up[-1]] >= 0:
        up.append(int(parents[up[-1]]))
    while down[-1] not in up:
        down.append(int(parents[down[-1]]))
    return up[: up.index(down[-1]) + 1] + down[-2::-1]


def _middle(places: Doubles, box: float) -> float:
    """The place of the plane of symmetry along x: the candidate about which the joints mirror best."""
    candidates = [box, float(np.median(places[:, 0])), float(places[0, 0])]
    tree = cKDTree(places)
    return min(candidates, key=lambda middle: float(tree.query(places * [-1, 1, 1] + [2 * middle, 0, 0])[0].mean()))


def _members(parents: Indices) -> list[list[int]]:
    members: list[list[int]] = [[joint] for joint in range(len(parents))]
    for joint in range(len(parents) - 1, 0, -1):
        members[int(parents[joint])] += members[joint]
    return [sorted(own) for own in members]


def _main_chain(places: Doubles, children: list[list[int]], start: int) -> tuple[int, ...]:
    """From ``start`` to the tip that is the longest way off."""
    best: tuple[int, ...] = (start,)
    longest = -1.0
    waiting: list[tuple[tuple[int, ...], float]] = [((start,), 0.0)]
    while waiting:
        chain, length = waiting.pop()
        if length > longest:
            best, longest = chain, length
        here = places[chain[-1]]
        waiting += [((*chain, child), length + float(np.linalg.norm(places[child] - here)) + 1e-9) for child in children[chain[-1]]]
    return best


def _paired(places: Doubles, limbs: list[Limb], near: float) -> tuple[list[Pair], list[Limb]]:
    left, right = ([limb for limb in limbs if limb.left == side] for side in (True, False))
    if not left or not right:
        return [], limbs
    image = np.array([-1.0, 1.0, 1.0])
    costs = np.array(
        [
            [
                np.linalg.norm(places[one.chain[-1]] - image * places[other.chain[-1]])
                + np.linalg.norm(places[one.chain[0]] - image * places[other.chain[0]])
                + (0 if one.attach == other.attach else near / 2)
                for other in right
            ]
            for one in left
        ]
    )
    rows, columns = linear_sum_assignment(costs)
    kept = [(row, column) for row, column in zip(rows, columns, strict=True) if costs[row, column] < 2 * near]
    pairs = [Pair(left=left[row], right=right[column]) for row, column in kept]
    taken = {id(limb) for pair in pairs for limb in (pair.left, pair.right)}
    return pairs, [limb for limb in limbs if id(limb) not in taken]
