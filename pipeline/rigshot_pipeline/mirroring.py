"""A subject that faced left was made as its mirror image, facing right; this turns the finished asset back."""

from dataclasses import replace

import numpy as np

from .asset import Asset, Clip, Floats, Mesh, Rig
from .body import Projection

__all__ = ["mirrored_asset", "mirrored_projection"]

_ACROSS = np.array([-1, 1, 1], np.float32)
# The reflection of a rotation across x = 0 keeps the angle and the x of the axis and turns the rest of the axis round.
_ROTATION_ACROSS = np.array([1, -1, -1, 1], np.float32)


def mirrored_asset(asset: Asset) -> Asset:
    """``asset`` reflected across x = 0: shape, skeleton (left and right change names), clips; the texture stays as it is."""
    return replace(asset, mesh=_mesh(asset.mesh), rig=_rig(asset.rig), clips=tuple(_clip(clip) for clip in asset.clips))


def mirrored_projection(projection: Projection) -> Projection:
    """The camera that shows the mirrored subject as the photo showed it: the mirror image of what ``projection`` shows."""
    matrix = projection.matrix.copy()
    matrix[:, :3] *= _ACROSS
    matrix[0] *= -1
    matrix[0, 3] += projection.size
    return Projection(matrix=matrix, size=projection.size)


def _mesh(mesh: Mesh) -> Mesh:
    normals = None if mesh.normals is None else mesh.normals * _ACROSS
    return replace(mesh, vertices=mesh.vertices * _ACROSS, faces=np.ascontiguousarray(mesh.faces[:, ::-1]), normals=normals)


def _rig(rig: Rig) -> Rig:
    names = tuple(_other_side(name) for name in rig.names)
    return replace(rig, names=names, joints=rig.joints * _ACROSS, tails=rig.tails * _ACROSS)


def _clip(clip: Clip) -> Clip:
    rotations: Floats = clip.rotations * _ROTATION_ACROSS
    return replace(clip, rotations=rotations, root_offset=clip.root_offset * _ACROSS)


def _other_side(name: str) -> str:
    swap = {"left": "right", "right": "left"}
    return "_".join(swap.get(word, word) for word in name.split("_"))
