"""A mesh that an engine made, made sound: closed, without cracks, slivers or stray bits, wherever that can be had."""

from pathlib import Path
from typing import Any

import fast_simplification
import numpy as np
import trimesh
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from ..asset import Floats, Indices, Mesh
from .asking import Engine

__all__ = ["FACES", "is_closed", "load_mesh_of", "sound_mesh"]

FACES = 24_000
"""Triangles that an engine is asked for: as many as our own models have, so that everything behind takes as long as with them."""
_TOO_MANY = 1.5  # times as many are made fewer
_LEAST = 100
_WELD = 1e-6  # of the extent
_CRUMB = 0.05  # of the largest piece's area: smaller ones hang in the air
_PROBES = 24
Doubles = NDArray[np.float64]


def load_mesh_of(engine: Engine, file: Path) -> Mesh:
    """The sound mesh of an engine's ``file``. Raises ``EngineFailed``: internal (no mesh at all), no_surface (nothing is left of it)."""
    try:
        with np.load(file) as data:
            vertices, faces = np.asarray(data["vertices"], np.float32), np.asarray(data["faces"], np.int64)
    except (OSError, ValueError, KeyError) as error:
        raise engine.refuse("internal", str(error)) from error
    right = vertices.ndim == faces.ndim == 2 and vertices.shape[1] == faces.shape[1] == 3
    if not right or not np.isfinite(vertices).all() or (faces.size and (faces.min() < 0 or faces.max() >= len(vertices))):
        raise engine.refuse("internal", f"its mesh of shapes {vertices.shape} and {faces.shape} is not sound")
    mesh = sound_mesh(vertices, faces.astype(np.int32))
    if len(mesh.faces) < _LEAST:
        raise engine.refuse("no_surface", f"{len(mesh.faces)} triangles")
    return mesh


def sound_mesh(vertices: Floats, faces: Indices) -> Mesh:
    """``vertices`` (V, 3) and ``faces`` (F, 3) welded, without degenerate and double faces and stray bits, closed, facing out."""
    extent = float(np.ptp(vertices, axis=0).max()) if len(vertices) else 0.0
    if extent <= 0 or not len(faces):
        return Mesh(vertices=np.zeros((0, 3), np.float32), faces=np.zeros((0, 3), np.int32))
    _, first, same = np.unique(np.round(vertices / (extent * _WELD)), axis=0, return_index=True, return_inverse=True)
    vertices, faces = np.asarray(vertices[first], np.float32), same.reshape(-1).astype(np.int32)[faces]
    faces = _skin(vertices, _proper(faces))
    if len(faces) > _TOO_MANY * FACES:
        vertices, faces = _simplified(*_used(vertices, faces))
        faces = _skin(vertices, _proper(faces))
    vertices, faces = _used(vertices, faces)
    if len(faces) and not is_closed(faces):
        vertices, faces = _filled(vertices, faces)
    corners = vertices[faces].astype(np.float64)
    if float((corners[:, 0] * np.cross(corners[:, 1], corners[:, 2])).sum()) < 0:
        faces = faces[:, ::-1]
    return Mesh(vertices=np.ascontiguousarray(vertices, np.float32), faces=np.ascontiguousarray(faces, np.int32))


def is_closed(faces: Indices) -> bool:
    """Whether every edge of ``faces`` (F, 3) has exactly two of them."""
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), 1)
    _, counts = np.unique(edges, axis=0, return_counts=True)
    return bool((counts == 2).all())


def _proper(faces: Indices) -> Indices:
    """Faces with three corners, each once."""
    faces = faces[(faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])]
    _, first = np.unique(np.sort(faces, 1), axis=0, return_index=True)
    proper: Indices = faces[np.sort(first)]
    return proper


def _skin(vertices: Floats, faces: Indices) -> Indices:
    """The faces of the pieces that are its skin: the largest, and others of some size that do not lie inside it.

    What hangs in the air or in the inside belongs to no skin; a figure's head or hat may well be a piece of its own.
    """
    if not len(faces):
        return faces
    count = len(vertices)
    joined = sparse.coo_matrix((np.ones(2 * len(faces)), (np.tile(faces[:, 0], 2), faces[:, 1:].T.ravel())), (count, count))
    _, labels = connected_components(joined, directed=False)
    piece = np.asarray(labels)[faces[:, 0]]
    corners = vertices[faces].astype(np.float64)
    areas = np.bincount(piece, weights=np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1))
    main = int(areas.argmax())
    large = [other for other in np.flatnonzero(areas >= _CRUMB * areas[main]).tolist() if other != main]
    outside = [other for other in large if _inside(corners[piece == other].mean(1), corners[piece == main]) < 0.5]
    skin: Indices = faces[np.isin(piece, [main, *outside])]
    return skin


def _inside(points: Doubles, corners: Doubles) -> float:
    """The share of a few of the points that lie inside the triangles (F, 3, 3), by winding numbers (van Oosterom and Strackee)."""
    inside = 0
    chosen = points[:: max(len(points) // _PROBES, 1)]
    for point in chosen:
        a, b, c = np.moveaxis(corners - point, 1, 0)
        la, lb, lc = (np.linalg.norm(side, axis=1) for side in (a, b, c))
        below = la * lb * lc + (a * b).sum(1) * lc + (b * c).sum(1) * la + (c * a).sum(1) * lb
        inside += abs(float(np.arctan2((a * np.cross(b, c)).sum(1), below).sum())) > np.pi
    return inside / len(chosen)


def _used(vertices: Floats, faces: Indices) -> tuple[Floats, Indices]:
    used, renumbered = np.unique(faces, return_inverse=True)
    return vertices[used], renumbered.reshape(-1, 3).astype(np.int32)


def _simplified(vertices: Floats, faces: Indices) -> tuple[Floats, Indices]:
    fewer = fast_simplification.simplify(vertices.astype(np.float64), faces, target_count=FACES)
    return np.asarray(fewer[0], np.float32), np.asarray(fewer[1], np.int32)


def _filled(vertices: Floats, faces: Indices) -> tuple[Floats, Indices]:
    """The mesh with its faces turned one way and a fan of triangles over every hole."""
    whole: Any = trimesh.Trimesh(vertices, faces, process=False)
    repair: Any = trimesh.repair
    repair.fix_winding(whole)
    faces = np.asarray(whole.faces, np.int32)
    points, fans = [vertices], [faces]
    for loop in _loops(faces):
        centre = sum(len(part) for part in points)
        points.append(vertices[loop].mean(0, keepdims=True))
        fans.append(np.stack([loop, np.roll(loop, -1), np.full(len(loop), centre)], 1).astype(np.int32))
    return np.concatenate(points), np.concatenate(fans)


def _loops(faces: Indices) -> list[Indices]:
    """The borders of the holes as rings of vertices, each in the way in which a face that closes it must run."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    pairs = {(int(start), int(end)) for start, end in edges}
    onward: dict[int, list[int]] = {}
    for start, end in sorted(pairs):
        if (end, start) not in pairs:
            onward.setdefault(end, []).append(start)
    loops: list[Indices] = []
    for first in list(onward):
        while onward.get(first):
            ring, here = [first], onward[first].pop()
            while here != first and onward.get(here):
                ring.append(here)
                here = onward[here].pop()
            if here == first and len(ring) >= 3:
                loops.append(np.array(ring, np.int32))
    return loops
