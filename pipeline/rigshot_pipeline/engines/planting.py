"""Feet where they belong: legs of another skeleton bent so that its feet go where ours go.

World rotations alone bring the feet of a skeleton whose joints lie elsewhere to another place, and what stood slides. The two skeletons
are of one body, so the soles' way is the same; the joints above a foot are turned until it is there (cyclic coordinate descent, Wang
and Chen 1991), and the foot keeps the turn that it had.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..asset import Indices, Rig
from ..body import Body
from ..embedded.skeleton import chain

__all__ = ["Leg", "legs_of", "places", "planted"]

Doubles = NDArray[np.float64]

_SWEEPS = 30
_THERE = 1e-4  # metres
_NO_LENGTH = 1e-9


@dataclass(frozen=True, kw_only=True)
class Leg:
    """A leg of both skeletons: ``own`` the joint of ours that carries the sole, ``joints`` of the other from its hip to that joint."""

    own: int
    joints: tuple[int, ...]


def legs_of(body: Body, own: Rig, other: Rig, bones: Indices) -> tuple[Leg, ...]:
    """The legs of ``other`` that have at least one joint above the foot; ``bones`` as from ``corresponding``."""
    found: list[Leg] = []
    for part in body.of_kind("leg"):
        ours = chain(own, part)
        theirs = [joint for joint in range(1, len(other.names)) if int(bones[joint]) in ours]
        if len(ours) < 2 or len(theirs) < 2:
            continue
        # the first that moves as our foot does; a leg with fewer joints has none, and there the nearest one carries the sole
        feet = [joint for joint in theirs if int(bones[joint]) == ours[-1]] or theirs
        foot = (
            feet[0]
            if feet is not theirs
            else min(feet, key=lambda joint: float(np.linalg.norm(other.joints[joint] - own.joints[ours[-1]])))
        )
        line = [foot]
        while (above := int(other.parents[line[0]])) in theirs:
            line.insert(0, above)
        if len(line) > 1:
            found.append(Leg(own=ours[-1], joints=tuple(line)))
    return tuple(found)


def places(rig: Rig, world: Doubles, offset: Doubles) -> Doubles:
    """Positions (K, J, 3) of the joints from their world rotations (K, J, 3, 3) and the root's offset (K, 3)."""
    joints = rig.joints.astype(np.float64)
    found: Doubles = np.empty((*world.shape[:2], 3))
    found[:, 0] = joints[0] + offset
    for joint in range(1, len(joints)):
        parent = int(rig.parents[joint])
        found[:, joint] = found[:, parent] + world[:, parent] @ (joints[joint] - joints[parent])
    return found


def planted(rig: Rig, world: Doubles, offset: Doubles, leg: Leg, goal: Doubles) -> Doubles:
    """``world`` (K, J, 3, 3) with the leg's joints turned so that its foot is at ``goal`` (K, 3), or as near as it reaches."""
    world = world.copy()
    foot, above = leg.joints[-1], leg.joints[:-1]
    carried = {joint: [row for row in _below(rig, joint) if row not in _below(rig, foot)] for joint in above}
    for _ in range(_SWEEPS):
        for joint in reversed(above):
            here = places(rig, world, offset)
            turn = _between(here[:, foot] - here[:, joint], goal - here[:, joint])
            world[:, carried[joint]] = turn[:, None] @ world[:, carried[joint]]
        if float(np.linalg.norm(places(rig, world, offset)[:, foot] - goal, axis=1).max()) < _THERE:
            break
    return world


def _below(rig: Rig, joint: int) -> list[int]:
    """A joint and all that hang on it."""
    rows = [joint]
    rows += [row for row in range(joint + 1, len(rig.names)) if _hangs_on(rig, row, joint)]
    return rows


def _hangs_on(rig: Rig, joint: int, other: int) -> bool:
    while joint > other:
        joint = int(rig.parents[joint])
    return joint == other


def _between(start: Doubles, end: Doubles) -> Doubles:
    """The shortest rotations (K, 3, 3) from directions (K, 3) to others (Rodrigues)."""
    a = start / np.maximum(np.linalg.norm(start, axis=1, keepdims=True), _NO_LENGTH)
    b = end / np.maximum(np.linalg.norm(end, axis=1, keepdims=True), _NO_LENGTH)
    axis, cosine = np.cross(a, b), (a * b).sum(1)
    skew = np.zeros((len(a), 3, 3))
    skew[:, 0, 1], skew[:, 0, 2], skew[:, 1, 2] = -axis[:, 2], axis[:, 1], -axis[:, 0]
    skew -= np.swapaxes(skew, 1, 2)
    turn: Doubles = np.eye(3) + skew + skew @ skew / np.maximum(1 + cosine, 1e-6)[:, None, None]
    return turn
