"""Weights made softer where the skin would tear: a rehearsal of what the limbs will do, and smoothing where it hurts.

Heat weights know distances, not motions. Two poses swing every limb to and fro; edges that they stretch too far give
their surroundings up to a few steps of smoothing, and the rehearsal begins again. Torn edges in the clips fall by a
quarter to a half, and paws and heads, which do not stretch, stay as stiff as they were.
"""

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from ..asset import Floats, Mesh, Rig
from ..body import Body
from ..pose import joint_matrices, skin_vertices
from .heat_weights import Doubles, keep_strongest, neighbour_mean, reconciled
from .rig_check import edges_of

__all__ = ["relaxed_weights"]

_REHEARSALS = 6
_STRETCHED = 1.45  # times its length from which an edge asks for softer surroundings
_RINGS = 2  # how far around such an edge is smoothed
_STEPS = 5


def relaxed_weights(mesh: Mesh, body: Body, rig: Rig) -> Floats:
    """Softer weights (V, J) for a skinned ``rig``, under the same rules: four influences, no bleed between limbs."""
    if rig.weights is None:
        raise ValueError("the rig has no weights")
    edges = edges_of(mesh.faces)
    rest = np.linalg.norm(mesh.vertices[edges[:, 0]] - mesh.vertices[edges[:, 1]], axis=1)
    sound = rest > 0.1 * np.median(rest)  # slivers stretch without being seen
    edges, rest = edges[sound], rest[sound]
    mean = neighbour_mean(mesh)
    poses = [_swung(rig, way) for way in (1.0, -1.0)]
    weights: Doubles = rig.weights.astype(np.float64)
    for _ in range(_REHEARSALS):
        acting = replace(rig, weights=keep_strongest(weights))
        moved = [skin_vertices(mesh.vertices, acting, pose) for pose in poses]
        worst = np.max([np.linalg.norm(skin[edges[:, 0]] - skin[edges[:, 1]], axis=1) / rest for skin in moved], axis=0)
        if not (worst > _STRETCHED).any():
            break
        hot = np.zeros(len(weights))
        hot[edges[worst > _STRETCHED]] = 1
        for _ in range(_RINGS):
            hot = np.where(mean @ hot > 0, 1.0, hot)
        hot = mean @ hot
        for _ in range(_STEPS):
            weights = weights + hot[:, None] * (mean @ weights - weights)
        weights = reconciled(weights, body, rig)
    return keep_strongest(weights)


def _swung(rig: Rig, way: float) -> Floats:
    """World matrices (J, 4, 4) of a pose in which left and right limbs swing apart, the head turned."""
    angles = np.zeros((len(rig.names), 3))
    for joint, name in enumerate(rig.names):
        side = way if "_left" in name else -way
        if name.endswith("_upper"):
            angles[joint] = (28 * side, 0, 0) if name.startswith("leg") else (0, 0, 45 * side)
        elif name.endswith("_lower"):
            angles[joint, 0] = 30 * side
        elif name.endswith("_foot"):
            angles[joint, 0] = -20 * side
        elif name == "head":
            angles[joint, 1] = 25 * way
    turns = Rotation.from_euler("xyz", angles, degrees=True).as_quat().astype(np.float32)
    return joint_matrices(rig, turns, np.zeros(3, np.float32))
