"""Forward kinematics and linear blend skinning of a rig."""

import numpy as np
from numba import njit

from .asset import Clip, Floats, Rig

__all__ = ["clip_matrices", "joint_matrices", "quaternion_matrices", "sample_clip", "skin_vertices"]


def quaternion_matrices(quaternions: Floats) -> Floats:
    """Rotation matrices (..., 3, 3) of unit quaternions (..., 4) given as x, y, z, w."""
    x, y, z, w = np.moveaxis(quaternions, -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, -1) for row in rows], -2).astype(np.float32)


def joint_matrices(rig: Rig, rotations: Floats, root_offset: Floats) -> Floats:
    """World matrices (J, 4, 4) of the joints for local ``rotations`` (J, 4) and a ``root_offset`` (3,) in metres."""
    local = np.tile(np.eye(4, dtype=np.float32), (len(rig.names), 1, 1))
    local[:, :3, :3] = quaternion_matrices(rotations)
    local[:, :3, 3] = rig.joints
    local[1:, :3, 3] -= rig.joints[rig.parents[1:]]
    local[0, :3, 3] += root_offset
    world = local.copy()
    for joint in range(1, len(world)):
        world[joint] = world[rig.parents[joint]] @ local[joint]
    return world


def sample_clip(clip: Clip, seconds: float) -> tuple[Floats, Floats]:
    """Rotations (J, 4) and root offset (3,) of ``clip`` at a time; a looping clip wraps, another one holds its end."""
    time = seconds % clip.seconds if clip.loop and clip.seconds > 0 else min(max(seconds, 0.0), clip.seconds)
    right = int(np.clip(np.searchsorted(clip.times, time, side="right"), 1, max(len(clip.times) - 1, 1)))
    right = min(right, len(clip.times) - 1)
    left = max(right - 1, 0)
    span = float(clip.times[right] - clip.times[left])
    blend = np.float32((time - float(clip.times[left])) / span) if span > 0 else np.float32(0)
    return (
        _slerp(clip.rotations[left], clip.rotations[right], blend),
        clip.root_offset[left] * (1 - blend) + clip.root_offset[right] * blend,
    )


def clip_matrices(rig: Rig, clip: Clip, seconds: float) -> Floats:
    """World matrices (J, 4, 4) of the joints while ``clip`` plays."""
    return joint_matrices(rig, *sample_clip(clip, seconds))


def skin_vertices(vertices: Floats, rig: Rig, matrices: Floats) -> Floats:
    """Linear blend skinning: ``vertices`` (V, 3) moved by the joints' world ``matrices`` (J, 4, 4)."""
    if rig.weights is None:
        raise ValueError("the rig has no weights")
    relative = matrices[:, :3].astype(np.float32)
    relative[:, :, 3] -= np.einsum("jab,jb->ja", matrices[:, :3, :3], rig.joints)
    moved: Floats = np.empty((len(vertices), 3), np.float32)
    _blend(np.ascontiguousarray(vertices, np.float32), np.ascontiguousarray(rig.weights, np.float32), relative, moved)
    return moved


@njit(cache=True, nogil=True)
def _blend(vertices: Floats, weights: Floats, matrices: Floats, moved: Floats) -> None:
    for vertex in range(len(vertices)):
        x, y, z = vertices[vertex]
        for axis in range(3):
            moved[vertex, axis] = 0
        for joint in range(weights.shape[1]):
            weight = weights[vertex, joint]
            if weight > 0:
                for axis in range(3):
                    row = matrices[joint, axis]
                    moved[vertex, axis] += weight * (row[0] * x + row[1] * y + row[2] * z + row[3])


def _slerp(start: Floats, end: Floats, blend: np.float32) -> Floats:
    dot = np.sum(start * end, -1, keepdims=True)
    end = np.where(dot < 0, -end, end)
    angle = np.arccos(np.clip(np.abs(dot), 0, 1))
    small = angle < 1e-4
    sine = np.where(small, 1, np.sin(angle))
    a = np.where(small, 1 - blend, np.sin((1 - blend) * angle) / sine)
    b = np.where(small, blend, np.sin(blend * angle) / sine)
    mixed = a * start + b * end
    result: Floats = (mixed / np.linalg.norm(mixed, axis=-1, keepdims=True)).astype(np.float32)
    return result
