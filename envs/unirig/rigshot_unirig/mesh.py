"""The mesh as the networks want it: few enough faces, upstream's axes, in the half box, with points on its surface.

Rigshot's meshes are in glTF's axes (+Y up, facing +Z); UniRig learnt from what Blender makes of them: +Z up, facing -Y.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import fast_simplification
import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from rigshot_env import BadInput

from .arrays import Doubles, Floats, Indices, Longs

__all__ = [
    "Box",
    "Preparation",
    "Prepared",
    "Samples",
    "components",
    "edges_of",
    "from_upstream",
    "load_mesh",
    "pieces_of",
    "prepare",
    "rows_by",
    "sample",
    "to_upstream",
    "welded",
]

MOST_FACES = 50_000
"""What upstream reduces a mesh to before it learns from it or rigs it."""
_MOST_VERTICES = 5_000_000


@dataclass(frozen=True, kw_only=True)
class Box:
    """The cube that a mesh is measured in: ``centre`` (3,) and half its side, in upstream's axes and metres."""

    centre: Doubles
    half: float

    @classmethod
    def around(cls, *points: Floats) -> "Box":
        """The cube around all points, by their bounding box."""
        low = np.min([group.min(0) for group in points if len(group)], axis=0).astype(np.float64)
        high = np.max([group.max(0) for group in points if len(group)], axis=0).astype(np.float64)
        return cls(centre=(low + high) / 2, half=float((high - low).max()) / 2)

    def inside(self, points: Floats) -> Floats:
        """Points (N, 3) in -1..1."""
        return ((points - self.centre) / self.half).astype(np.float32)

    def outside(self, points: Floats) -> Floats:
        """Points (N, 3) of the half box, in metres again."""
        return (points * self.half + self.centre).astype(np.float32)


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A mesh for the networks, in upstream's axes and metres: ``vertices`` (V, 3), ``faces`` (F, 3), unit normals of both."""

    vertices: Floats
    faces: Longs
    vertex_normals: Floats
    face_normals: Floats


@dataclass(frozen=True, kw_only=True)
class Samples:
    """Points (S, 3) on a mesh with normals. The first ``len(vertex)`` are vertices; the others lie in ``face`` at ``spot``
    (·, 2), the shares of the two edges that leave the face's first corner."""

    points: Floats
    normals: Floats
    vertex: Longs
    face: Longs
    spot: Floats

    def of(self, values: Floats, faces: Longs) -> Floats:
        """(S, C): values (V, C) of the mesh's vertices at the samples."""
        corners = faces[self.face]
        first = values[corners[:, 0]]
        inner = first.copy()
        for side in (1, 2):
            inner += self.spot[:, side - 1, None] * (values[corners[:, side]] - first)
        return np.concatenate([values[self.vertex], inner]).astype(np.float32)

    def corner(self, faces: Longs) -> Longs:
        """(S,) for every sample a vertex of the face it lies in."""
        return np.concatenate([self.vertex, faces[self.face, 0]])


def load_mesh(path: Path) -> tuple[Floats, Indices]:
    """Vertices (V, 3) and faces (F, 3) of a mesh file, checked. Raises BadInput."""
    try:
        with np.load(path, allow_pickle=False) as data:
            vertices, faces = data["vertices"], data["faces"]
    except FileNotFoundError as error:
        raise BadInput("the mesh file is missing") from error
    except (OSError, ValueError, KeyError) as error:
        raise BadInput("the mesh file cannot be read: it must be an NPZ with vertices and faces") from error
    if vertices.ndim != 2 or vertices.shape[1] != 3 or faces.ndim != 2 or faces.shape[1] != 3:
        raise BadInput("a mesh needs (V, 3) vertices and (F, 3) faces")
    if not 4 <= len(vertices) <= _MOST_VERTICES or len(faces) < 4:
        raise BadInput(f"a mesh of {len(vertices)} vertices and {len(faces)} faces cannot be rigged")
    if not np.issubdtype(faces.dtype, np.integer) or faces.min() < 0 or faces.max() >= len(vertices):
        raise BadInput("the mesh's faces name vertices that it does not have")
    vertices = vertices.astype(np.float32)
    if not np.isfinite(vertices).all():
        raise BadInput("the mesh has vertices at no place")
    extent = vertices.max(0) - vertices.min(0)
    if not 1e-6 < extent.max() < 1e6:
        raise BadInput("the mesh has no size")
    return vertices, faces.astype(np.int32)


def welded(vertices: Floats, faces: Indices) -> tuple[Floats, Indices, Longs]:
    """Vertices at one place made one, faces without area dropped, and (V,) the new index of every old vertex."""
    places, index = np.unique(vertices, axis=0, return_inverse=True)
    index = index.reshape(-1)
    corners = index[faces]
    whole = (corners[:, 0] != corners[:, 1]) & (corners[:, 1] != corners[:, 2]) & (corners[:, 2] != corners[:, 0])
    return places, corners[whole].astype(np.int32), index


def edges_of(faces: Indices | Longs) -> Indices:
    """The edges (E, 2) of triangles, each once, the smaller index first."""
    one, other = faces.ravel().astype(np.int64), np.roll(faces, -1, axis=1).ravel()
    count = int(faces.max(initial=0)) + 1
    both = np.unique(np.minimum(one, other) * count + np.maximum(one, other))  # one number for an edge sorts faster than two
    return np.stack([both // count, both % count], 1).astype(np.int32)


def components(count: int, edges: Indices) -> Indices:
    """(V,) the number of the connected piece that every one of ``count`` vertices belongs to."""
    ones = np.ones(len(edges), np.int8)
    labels = connected_components(coo_matrix((ones, (edges[:, 0], edges[:, 1])), (count, count)), directed=False)[1]
    return labels.astype(np.int32)


def to_upstream(points: Floats) -> Floats:
    """From glTF's axes to upstream's."""
    return np.stack([points[:, 0], -points[:, 2], points[:, 1]], 1).astype(np.float32)


def from_upstream(points: Floats) -> Floats:
    """From upstream's axes to glTF's."""
    return np.stack([points[:, 0], points[:, 2], -points[:, 1]], 1).astype(np.float32)


def prepare(vertices: Floats, faces: Indices) -> Prepared:
    """A mesh of glTF's axes, welded and brought below 50 000 faces, with the normals that upstream's loader computes."""
    places, corners, _ = welded(to_upstream(vertices), faces)
    if len(corners) > MOST_FACES:
        places, corners = fast_simplification.simplify(places, corners.astype(np.int32), target_count=MOST_FACES)
        places, corners, _ = welded(places.astype(np.float32), corners)
    used, renumbered = np.unique(corners, return_inverse=True)
    places = places[used]
    triangles: Longs = renumbered.reshape(-1, 3).astype(np.int64)
    a, b, c = (places[triangles[:, side]].astype(np.float64) for side in range(3))
    cross = np.cross(b - a, c - a)
    area = np.linalg.norm(cross, axis=1)
    if len(triangles) < 4 or not area.sum() > 0:
        raise BadInput("the mesh has no surface")
    thin = area <= 1e-12 * area.max()
    if thin.any():  # slivers have no normal and no area to sample
        triangles, cross, area = triangles[~thin], cross[~thin], area[~thin]
    face_normals = cross / area[:, None]
    return Prepared(
        vertices=places,
        faces=triangles,
        vertex_normals=_vertex_normals(places, triangles, face_normals),
        face_normals=face_normals.astype(np.float32),
    )


class Preparation:
    """``prepare`` that remembers the last mesh: its skeleton and its weights are asked for one after the other."""

    def __init__(self) -> None:
        self._last: tuple[bytes, Prepared] | None = None

    def __call__(self, vertices: Floats, faces: Indices) -> Prepared:
        """The prepared mesh of ``vertices`` (V, 3) and ``faces`` (F, 3), glTF's axes."""
        mark = hashlib.blake2b(vertices.tobytes() + faces.tobytes()).digest()
        if self._last is None or self._last[0] != mark:
            self._last = mark, prepare(vertices, faces)
        return self._last[1]


def sample(mesh: Prepared, vertices: Floats, *, count: int, of_vertices: int, seed: int) -> Samples:
    """``count`` points of ``mesh``, at most ``of_vertices`` of them its vertices, at the places that ``vertices`` (V, 3) give.

    Faces are drawn by the square of their area and random numbers in upstream's order from NumPy's old generator: the
    networks learnt from exactly this, and one seed gives the points that upstream would take.
    """
    random = np.random.RandomState(seed)
    random.rand(2)  # what upstream's random scale and shift, both of probability 0, consume
    chosen = random.permutation(len(vertices))[: min(of_vertices, len(vertices))].astype(np.int64)
    count -= len(chosen)
    random.permutation(count)  # drawn and not used, upstream
    corners = vertices[mesh.faces]
    sides = corners[:, 1:] - corners[:, :1]
    cross = np.cross(sides[:, 0], sides[:, 1])
    reach = np.cumsum((cross * cross).sum(1), axis=0)
    face = np.searchsorted(reach, random.rand(count) * reach[-1]).astype(np.int64)
    spot = random.rand(count, 2)
    beyond = spot.sum(1) > 1
    spot[beyond] = np.abs(spot[beyond] - 1)
    inner = (sides[face] * spot[:, :, None]).sum(1) + corners[face, 0]
    return Samples(
        points=np.concatenate([vertices[chosen], inner]).astype(np.float32),
        normals=np.concatenate([mesh.vertex_normals[chosen], mesh.face_normals[face]]).astype(np.float32),
        vertex=chosen,
        face=face,
        spot=spot.astype(np.float32),
    )


def pieces_of(mesh: Prepared, vertices: Floats, labels: Indices) -> Longs:
    """(V,) for the vertices of ``mesh`` the piece of the full mesh that they came from.

    ``vertices`` (N, 3), ``labels`` (N,) are the full mesh's, in the same axes. A piece of the reduced mesh is what most of
    its vertices lie nearest to, so that touching surfaces of two pieces are not mixed.
    """
    own = components(len(mesh.vertices), edges_of(mesh.faces))
    nearest = labels[cKDTree(vertices).query(mesh.vertices)[1]]
    pieces = np.empty(len(own), np.int64)
    for rows in rows_by(own).values():
        pieces[rows] = np.bincount(nearest[rows]).argmax()
    return pieces


def rows_by(labels: Indices | Longs) -> dict[int, Longs]:
    """For every label the rows that have it."""
    order = np.argsort(labels, kind="stable")
    names, starts = np.unique(labels[order], return_index=True)
    return dict(zip(names.tolist(), np.split(order, starts[1:]), strict=True))


def _vertex_normals(vertices: Floats, faces: Longs, face_normals: Doubles) -> Floats:
    """(V, 3) normals, every face weighted by its angle at the vertex (Thürmer and Wüthrich 1998)."""
    corners = vertices[faces].astype(np.float64)
    total = np.zeros((len(vertices), 3))
    for side in range(3):
        one = corners[:, (side + 1) % 3] - corners[:, side]
        other = corners[:, (side + 2) % 3] - corners[:, side]
        length = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
        angle = np.arccos(np.clip((one * other).sum(1) / np.maximum(length, 1e-300), -1, 1))
        np.add.at(total, faces[:, side], face_normals * angle[:, None])
    size = np.linalg.norm(total, axis=1, keepdims=True)
    return (total / np.maximum(size, 1e-300)).astype(np.float32)
