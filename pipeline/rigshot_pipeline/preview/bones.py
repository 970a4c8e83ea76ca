"""A skeleton as something to look at: a slim octahedron for every bone, a ball for every joint, coloured by side."""

from dataclasses import dataclass

import numpy as np

from ..asset import Floats, Indices, Mesh, Pixels, Rig
from ..body import Side

__all__ = ["SIDE_COLOURS", "Bones", "bones_of", "side_of"]

SIDE_COLOURS: dict[Side, tuple[int, int, int]] = {"left": (233, 92, 70), "right": (32, 138, 190), "centre": (246, 178, 42)}
"""sRGB: the subject's left warm, its right cool."""

_THICK = 0.1  # of a bone's length: the half width at its thickest place
_THIN, _FAT = 0.007, 0.019  # metres, with a subject of one metre: between these it stays
_WAIST = 0.16  # where along a bone it is thickest
_BONE_FACES = np.array([[0, 2, 1], [0, 3, 2], [0, 4, 3], [0, 1, 4], [5, 1, 2], [5, 2, 3], [5, 3, 4], [5, 4, 1]], np.int32)
_JOINT = 0.95  # a joint's radius over its bone's half width


def side_of(name: str) -> Side:
    """The side that a joint's name tells."""
    words = name.lower().replace(".", "_").split("_")
    if "left" in words or "l" in words:
        return "left"
    return "right" if "right" in words or "r" in words else "centre"


@dataclass(frozen=True, kw_only=True)
class Bones:
    """The shapes of a skeleton in its bind pose: ``joint`` (B,) which one moves each vertex, ``colours`` (B, 3) sRGB."""

    mesh: Mesh
    joint: Indices
    colours: Pixels
    joints: Floats

    def posed(self, matrices: Floats) -> Mesh:
        """The shapes moved by the joints' world ``matrices`` (J, 4, 4)."""
        local = self.mesh.vertices - self.joints[self.joint]
        moved = np.einsum("vab,vb->va", matrices[self.joint, :3, :3], local) + matrices[self.joint, :3, 3]
        return Mesh(vertices=moved.astype(np.float32), faces=self.mesh.faces)


def bones_of(rig: Rig) -> Bones:
    """Shapes for every bone of ``rig``: from a joint to its tail, or only the ball where they are one."""
    ball, ball_faces = _ball()
    vertices: list[Floats] = []
    faces: list[Indices] = []
    owners: list[int] = []
    for joint in range(len(rig.names)):
        head, arm = rig.joints[joint], rig.tails[joint] - rig.joints[joint]
        length = float(np.linalg.norm(arm))
        half = float(np.clip(length * _THICK, _THIN, _FAT))
        shapes = [(ball * half * _JOINT + head, ball_faces)]
        if length > 2 * half:
            shapes.append((_octahedron(head, arm, half), _BONE_FACES))
        for points, triangles in shapes:
            vertices.append(points.astype(np.float32))
            faces.append(triangles + len(owners))
            owners += [joint] * len(points)
    owner = np.array(owners, np.int32)
    by_joint = np.array([SIDE_COLOURS[side_of(name)] for name in rig.names], np.uint8)
    mesh = Mesh(vertices=np.concatenate(vertices), faces=np.concatenate(faces))
    return Bones(mesh=mesh, joint=owner, colours=by_joint[owner], joints=rig.joints)


def _octahedron(head: Floats, arm: Floats, half: float) -> Floats:
    axis = arm / np.linalg.norm(arm)
    side = np.cross(axis, [1.0, 0.0, 0.0] if abs(axis[0]) < 0.8 else [0.0, 1.0, 0.0])
    side /= np.linalg.norm(side)
    other = np.cross(axis, side)
    ring = [head + _WAIST * arm + half * way for way in (side, other, -side, -other)]
    return np.stack([head, *ring, head + arm]).astype(np.float32)


def _ball() -> tuple[Floats, Indices]:
    """A unit ball: an icosahedron, each face cut in four."""
    golden = (1 + 5**0.5) / 2
    corners = [[-1, golden, 0], [1, golden, 0], [-1, -golden, 0], [1, -golden, 0]]
    points = np.array(corners + [[z, x, y] for x, y, z in corners] + [[y, z, x] for x, y, z in corners], np.float64)
    # The twenty faces are the triples of corners that are all neighbours (distance 2).
    near = np.linalg.norm(points[:, None] - points[None], axis=2) < 2.1
    triples = [(a, b, c) for a in range(12) for b in range(a) for c in range(b) if near[a, b] and near[b, c] and near[a, c]]
    triangles: list[Floats] = []
    for a, b, c in triples:
        p, q, r = points[a], points[b], points[c]
        if np.dot(np.cross(q - p, r - p), p) < 0:
            q, r = r, q
        pq, qr, rp = p + q, q + r, r + p
        triangles += [np.stack(corner) for corner in ((2 * p, pq, rp), (pq, 2 * q, qr), (rp, qr, 2 * r), (pq, qr, rp))]
    flat = np.concatenate(triangles)
    flat /= np.linalg.norm(flat, axis=1, keepdims=True)
    rounded, source = np.unique(flat.round(6), axis=0, return_inverse=True)
    return rounded.astype(np.float32), source.reshape(-1, 3).astype(np.int32)
