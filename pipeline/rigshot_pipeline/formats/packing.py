"""What every writer asks of an asset, checked and brought into the shapes that files want."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..asset import Asset, Floats, Indices

__all__ = ["Influences", "Surface", "WeldedSurface", "influences", "surface", "weld"]

_INFLUENCES = 4


@dataclass(frozen=True, kw_only=True)
class Surface:
    """A mesh with all that a textured model needs: arrays as in ``Mesh``, normals of unit length, no row of weights all zero."""

    vertices: Floats
    faces: Indices
    normals: Floats
    uv: Floats
    weights: Floats


@dataclass(frozen=True, kw_only=True)
class WeldedSurface:
    """A surface whose corners share points across texture seams, as modelling programs like it.

    ``points`` (P, 3) and ``weights`` (P, J); ``point_of_vertex`` (V,): the point of every vertex of the surface.
    """

    points: Floats
    weights: Floats
    point_of_vertex: Indices


@dataclass(frozen=True, kw_only=True)
class Influences:
    """``joints`` and ``weights`` (V, 4) each, heaviest first; rows of weights sum to 1, joints of zero weights are 0."""

    joints: NDArray[np.uint16]
    weights: Floats


def surface(asset: Asset) -> Surface:
    """The asset's mesh and weights. Raises ValueError if something is missing, not finite or out of range."""
    mesh, weights = asset.mesh, asset.rig.weights
    if mesh.normals is None or mesh.uv is None or weights is None:
        raise ValueError("a model needs normals, uv and weights")
    if len(weights) != len(mesh.vertices):
        raise ValueError(f"{len(mesh.vertices)} vertices need as many rows of weights, got {len(weights)}")
    if not len(mesh.faces) or mesh.faces.min() < 0 or mesh.faces.max() >= len(mesh.vertices):
        raise ValueError("a model needs faces, and they must refer to its vertices")
    for name, array in (("vertices", mesh.vertices), ("normals", mesh.normals), ("uv", mesh.uv), ("weights", weights)):
        if not np.isfinite(array).all():
            raise ValueError(f"the {name} hold numbers that are not finite")
    if (weights < 0).any() or (weights.sum(1) <= 0).any():
        raise ValueError("every vertex needs weights that are not negative, and one above zero")
    for clip in asset.clips:
        if clip.rotations.shape[1] != len(asset.rig.names) or not len(clip.times) or (np.diff(clip.times) <= 0).any():
            raise ValueError(f"clip {clip.name!r}: needs rotations of all joints at rising times")
    length = np.linalg.norm(mesh.normals, axis=1, keepdims=True)
    # a vertex of vanishing triangles has no normal of its own, and files demand a unit vector
    normals = np.where(length > 1e-6, mesh.normals / np.maximum(length, 1e-6), np.array([0, 1, 0], np.float32)).astype(np.float32)
    return Surface(vertices=mesh.vertices, faces=mesh.faces, normals=normals, uv=mesh.uv, weights=weights)


def weld(asset: Asset, whole: Surface) -> WeldedSurface:
    """``whole`` with one point for all vertices that were split from one; the same points where nothing was split."""
    if asset.mesh.source is None:
        point_of_vertex = np.arange(len(whole.vertices), dtype=np.int32)
        return WeldedSurface(points=whole.vertices, weights=whole.weights, point_of_vertex=point_of_vertex)
    _, first, inverse = np.unique(asset.mesh.source, return_index=True, return_inverse=True)
    return WeldedSurface(points=whole.vertices[first], weights=whole.weights[first], point_of_vertex=inverse.astype(np.int32).reshape(-1))


def influences(weights: Floats) -> Influences:
    """The four heaviest joints of every row of ``weights`` (V, J)."""
    count = weights.shape[1]
    if count < _INFLUENCES:
        weights = np.pad(weights, ((0, 0), (0, _INFLUENCES - count)))
    joints = np.argsort(-weights, axis=1, kind="stable")[:, :_INFLUENCES]
    heaviest = np.take_along_axis(weights, joints, axis=1).astype(np.float64)
    shares = (heaviest / heaviest.sum(1, keepdims=True)).astype(np.float32)
    return Influences(joints=np.where(shares > 0, joints, 0).astype(np.uint16), weights=shares)
