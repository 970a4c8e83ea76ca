"""Inverse kinematics of limbs: two bones in closed form, and feet that stay where they are put."""

import numpy as np
from scipy.spatial.transform import Rotation

from ...asset import Floats
from .motion import Array, Motion
from .puppet import Leg

__all__ = ["aim", "pitched", "plant", "shortest_turn", "two_bones"]

_STRAIGHT = 0.997  # of a limb's full length: beyond it a knee would snap straight


def two_bones(hip: Array, goal: Array, carried: Array, upper: "Array | Floats", lower: "Array | Floats") -> tuple[Array, Array]:
    """World rotations (K, 3, 3) of the two bones of a limb whose end is to reach ``goal`` (K, 3).

    ``hip`` (K, 3) where the limb hangs, ``carried`` (K, 3, 3) the rotation of what it hangs on, ``upper`` and ``lower``
    (3,) the bones in the bind pose. The limb turns from its carried direction to the goal by the shortest way, so
    that the knee keeps pointing where the body points; the knee then bends in its own plane by the law of
    cosines. A goal out of reach is approached as far as the bones go.
    """
    upper, lower = np.asarray(upper, np.float64), np.asarray(lower, np.float64)
    a, b, rest = (float(np.linalg.norm(bone)) for bone in (upper, lower, upper + lower))
    axis = np.cross(upper, lower)
    axis = axis / max(float(np.linalg.norm(axis)), 1e-12)
    way = goal - hip
    length = np.linalg.norm(way, axis=1)
    way = way / np.maximum(length, 1e-9)[:, None]
    length = np.clip(length, abs(a - b) + 1e-3 * (a + b), _STRAIGHT * (a + b))
    swung = shortest_turn(carried @ ((upper + lower) / rest), way) @ carried
    at_hip = _corner(a, length, b) - _corner(a, np.array([rest]), b)
    at_end = _corner(b, length, a) - _corner(b, np.array([rest]), a)
    hinge = swung @ axis
    return (
        Rotation.from_rotvec(hinge * -at_hip[:, None]).as_matrix() @ swung,
        Rotation.from_rotvec(hinge * at_end[:, None]).as_matrix() @ swung,
    )


def shortest_turn(start: Array, end: Array) -> Array:
    """Rotations (K, 3, 3) that turn unit vectors ``start`` (K, 3) into ``end`` (K, 3) by the shortest way."""
    start, end = np.broadcast_arrays(start, end)
    axis = np.cross(start, end)
    sine = np.linalg.norm(axis, axis=1)
    angle = np.arctan2(sine, (start * end).sum(1))
    return Rotation.from_rotvec(axis / np.maximum(sine, 1e-9)[:, None] * angle[:, None]).as_matrix()


def pitched(degrees: Array) -> Array:
    """Rotations (K, 3, 3) about the world's +X."""
    return Rotation.from_euler("x", degrees[:, None], degrees=True).as_matrix()


def plant(motion: Motion, leg: Leg, end: Array, sole: Array, cannon: Array | None = None) -> None:
    """Bend a leg so that its last joint stands at ``end`` (K, 3) with the world rotation ``sole`` (K, 3, 3).

    ``cannon`` (K, 3, 3): for a leg with toes the world rotation of the bone above them; identity when left out.
    """
    rig = motion.rig
    joints = rig.joints.astype(np.float64)
    upper, lower, foot = leg.joints[:3]
    goal = end
    if leg.toes:
        if cannon is None:
            cannon = np.broadcast_to(np.eye(3), sole.shape)
        goal = end - cannon @ (joints[leg.end] - joints[foot])
    parent = int(rig.parents[upper])
    rotations, positions = motion.world()
    carried = rotations[:, parent]
    hip = positions[:, parent] + carried @ (joints[upper] - joints[parent])
    thigh, shin = two_bones(hip, goal, carried, joints[lower] - joints[upper], joints[foot] - joints[lower])
    motion.local[:, upper] = np.swapaxes(carried, 1, 2) @ thigh
    motion.local[:, lower] = np.swapaxes(thigh, 1, 2) @ shin
    if leg.toes and cannon is not None:
        motion.local[:, foot] = np.swapaxes(shin, 1, 2) @ cannon
        motion.local[:, leg.end] = np.swapaxes(cannon, 1, 2) @ sole
    else:
        motion.local[:, foot] = np.swapaxes(shin, 1, 2) @ sole


def aim(motion: Motion, joint: int, way: tuple[float, float, float], blend: "Array | float") -> None:
    """Turn a joint's bone a share ``blend`` of the way towards the direction ``way`` of the trunk's bind axes."""
    rig = motion.rig
    bone = (rig.tails[joint] - rig.joints[joint]).astype(np.float64)
    bone /= max(float(np.linalg.norm(bone)), 1e-9)
    goal = np.array(way) / np.linalg.norm(way)
    parent = int(rig.parents[joint])
    above = np.broadcast_to(np.eye(3), motion.local[:, joint].shape)
    while "_" in rig.names[parent] and rig.names[parent].rsplit("_", 1)[0] == rig.names[joint].rsplit("_", 1)[0]:
        above = motion.local[:, parent] @ above
        parent = int(rig.parents[parent])
    turn = shortest_turn(np.broadcast_to(bone, motion.offset.shape), np.swapaxes(above, 1, 2) @ goal)
    share = np.zeros(len(motion.phase)) + blend
    part = Rotation.from_rotvec(Rotation.from_matrix(turn).as_rotvec() * share[:, None]).as_matrix()
    motion.local[:, joint] = part @ motion.local[:, joint]


def _corner(adjacent: float, far: Array, opposite: float) -> Array:
    """The angle between the sides ``adjacent`` and ``far`` of a triangle whose third side is ``opposite``."""
    cosine = (adjacent**2 + far**2 - opposite**2) / (2 * adjacent * far)
    return np.arccos(np.clip(cosine, -1, 1))
