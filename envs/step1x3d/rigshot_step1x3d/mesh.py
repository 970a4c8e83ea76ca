"""From a sampled field to a clean triangle mesh: marching cubes, the pieces that matter, fewer faces, one vertex a place."""

import os
from dataclasses import dataclass
from pathlib import Path

import fast_simplification
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from skimage.measure import marching_cubes

from rigshot_env import NoSurface

__all__ = ["Sampled", "Triangles", "clean", "extract", "save"]

_LEAST_FACES = 100  # below this it is no figure but a speck in the field
_LEAST_EXTENT = 0.05  # of the cube's edge
_FLOATER = 0.01  # of the largest piece's area: a tenth of its size in every direction
_MOST_PACKED = 2**21  # numbers below this go three into 63 bits
_QUANTUM = 2**20  # places along an edge of the mesh's box that count as different ones when vertices are welded


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """A field known where its surface is.

    ``values`` (a, b, c) at grid points, positive inside; ``cells`` bool (a-1, b-1, c-1): all corners of these are known, and no other
    cell may be read; ``origin`` (3,) the grid index of the first point; ``resolution`` cells along an edge of the whole cube, which
    reaches from ``-bound`` to ``bound`` on every axis; ``queries``: how many points were evaluated.
    """

    values: NDArray[np.float32]
    cells: NDArray[np.bool_]
    origin: NDArray[np.int64]
    resolution: int
    bound: float
    queries: int


@dataclass(frozen=True, kw_only=True)
class Triangles:
    """``vertices`` float32 (V, 3), ``faces`` int32 (F, 3), counter-clockwise seen from outside; no vertex without a face."""

    vertices: NDArray[np.float32]
    faces: NDArray[np.int32]

    @property
    def open_edges(self) -> int:
        """Edges that are not shared by exactly two faces: 0 for a closed surface."""
        pairs = np.sort(self.faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1).astype(np.int64)
        _, counts = np.unique(pairs[:, 0] * len(self.vertices) + pairs[:, 1], return_counts=True)
        return int((counts != 2).sum())


def extract(field: Sampled) -> Triangles:
    """The field's zero surface by marching cubes (Lewiner et al. 2003), in the cube's coordinates. Raises NoSurface."""
    mask = np.zeros(field.values.shape, dtype=bool)
    mask[1:, 1:, 1:] = field.cells  # scikit-image asks the far corner of a cell whether it is to be done
    try:
        # "ascent" as scikit-image means it: with the inside positive, faces come out counter-clockwise seen from outside
        vertices, faces, _, _ = marching_cubes(field.values, 0.0, mask=mask, gradient_direction="ascent")
    except (RuntimeError, ValueError) as error:
        raise NoSurface("the network's field has no surface") from error
    # resolution, not the number of points: an index counts the cells from the cube's corner
    places = (vertices + field.origin) * (2 * field.bound / field.resolution) - field.bound
    return Triangles(vertices=places.astype(np.float32), faces=np.ascontiguousarray(faces, dtype=np.int32))


def clean(mesh: Triangles, *, faces: int) -> Triangles:
    """``mesh`` without floaters, with at most ``faces`` triangles, welded. Raises NoSurface if nothing that could be a figure is left."""
    mesh = _without_floaters(_welded(mesh))
    if len(mesh.faces) > faces:
        points, triangles = fast_simplification.simplify(mesh.vertices, mesh.faces, target_count=faces)
        mesh = _welded(Triangles(vertices=points.astype(np.float32), faces=triangles.astype(np.int32)))
    if len(mesh.faces) < _LEAST_FACES:
        raise NoSurface(f"the surface that was found has {len(mesh.faces)} faces only")
    if not np.isfinite(mesh.vertices).all():
        raise ArithmeticError("a vertex of the surface is not finite")
    if np.ptp(mesh.vertices, axis=0).max() < _LEAST_EXTENT:
        raise NoSurface("the surface that was found is a speck")
    return mesh


def save(mesh: Triangles, path: Path) -> None:
    """Write ``vertices`` and ``faces`` as NPZ; the file appears whole."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            np.savez(file, vertices=mesh.vertices, faces=mesh.faces)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _without_floaters(mesh: Triangles) -> Triangles:
    if not len(mesh.faces):
        return mesh
    count = len(mesh.vertices)
    starts, ends = mesh.faces[:, [0, 1]].ravel(), mesh.faces[:, [1, 2]].ravel()
    _, piece = connected_components(coo_array((np.ones(len(starts), dtype=bool), (starts, ends)), shape=(count, count)), directed=False)
    owner = piece[mesh.faces[:, 0]]
    areas = np.bincount(owner, weights=_areas(mesh))
    return _used(mesh.vertices, mesh.faces[areas[owner] >= _FLOATER * areas.max()])


def _areas(mesh: Triangles) -> NDArray[np.float64]:
    a, b, c = (mesh.vertices[mesh.faces[:, corner]].astype(np.float64) for corner in range(3))
    areas: NDArray[np.float64] = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    return areas


def _welded(mesh: Triangles) -> Triangles:
    """One vertex a place, and no face that has lost its area or its inside by that."""
    if not len(mesh.faces):
        return mesh
    low = mesh.vertices.min(axis=0)
    step = max(float((mesh.vertices.max(axis=0) - low).max()), 1e-9) / _QUANTUM
    places = np.rint((mesh.vertices - low) / step).astype(np.int64)
    key = (places[:, 0] * (2 * _QUANTUM) + places[:, 1]) * (2 * _QUANTUM) + places[:, 2]
    _, first, same = np.unique(key, return_index=True, return_inverse=True)
    faces = same[mesh.faces].astype(np.int32)
    a, b, c = faces.T
    faces = faces[(a != b) & (b != c) & (c != a)]
    return _used(mesh.vertices[first], _without_flaps(faces))


def _without_flaps(faces: NDArray[np.int32]) -> NDArray[np.int32]:
    """Faces of the same three corners, made one if they face the same way; two that face apart enclose nothing, and both go."""
    kept = ~_not_alone(faces)
    if kept.all():
        return faces
    places = np.flatnonzero(~kept)
    some = faces[places]
    turned = np.take_along_axis(some, (some.argmin(axis=1)[:, None] + np.arange(3)) % 3, axis=1)  # the lowest corner first
    way = np.where(turned[:, 1] < turned[:, 2], 1, -1)
    _, group = np.unique(np.sort(some, axis=1), axis=0, return_inverse=True)
    total = np.bincount(group, weights=way)
    # of each group the first face that faces the way of most
    wanted = np.flatnonzero(way == np.sign(total)[group])
    _, first = np.unique(group[wanted], return_index=True)
    kept[places[wanted[first]]] = True
    return faces[kept]


def _not_alone(faces: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Faces whose three corners another one has, too: hardly ever any, and to see that must be quick."""
    if not len(faces) or (count := int(faces.max()) + 1) >= _MOST_PACKED:
        return np.ones(len(faces), dtype=bool)
    low, high = faces.min(axis=1).astype(np.int64), faces.max(axis=1)
    key = (low * count + high) * count + (faces.sum(axis=1, dtype=np.int64) - low - high)
    ordered = np.sort(key)
    return np.isin(key, ordered[1:][ordered[1:] == ordered[:-1]])


def _used(vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> Triangles:
    used = np.zeros(len(vertices), dtype=bool)
    used[faces] = True
    place = np.cumsum(used, dtype=np.int32) - np.int32(1)
    return Triangles(vertices=np.ascontiguousarray(vertices[used]), faces=np.ascontiguousarray(place[faces]))
