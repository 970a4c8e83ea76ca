"""What an engine's unwrapped, painted mesh must be before it is ours."""

from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from ..asset import Floats, Indices, Mesh
from ..preview.raster import vertex_normals
from .asking import Engine

__all__ = ["textured_mesh"]

_SAME = 1e-3  # metres that a vertex of the unwrapped mesh may lie off the one that it was split from


def textured_mesh(engine: Engine, file: Path, mesh: Mesh) -> Mesh:
    """The mesh in ``file``, split from our welded ``mesh`` along its seams: with uv, unit normals and the vertex each was split from.

    Raises ``EngineFailed`` (internal) for a mesh that is another one.
    """
    with np.load(file) as data:
        arrays = {name: data[name] for name in data.files}
    try:
        vertices: Floats = np.ascontiguousarray(arrays["vertices"], np.float32)
        faces: Indices = np.ascontiguousarray(arrays["faces"], np.int32)
        uv: Floats = np.ascontiguousarray(arrays["uv"], np.float32)
    except KeyError as missing:
        raise engine.refuse("internal", f"its mesh has no {missing}") from missing
    whole = vertices.shape[1:] == (3,) and faces.shape[1:] == (3,) and len(faces) > 0 and uv.shape == (len(vertices), 2)
    if not whole or not np.isfinite(vertices).all() or not np.isfinite(uv).all() or faces.min() < 0 or faces.max() >= len(vertices):
        raise engine.refuse("internal", "its mesh is not sound")
    found = cKDTree(mesh.vertices).query(vertices)
    away, source = np.asarray(found[0], np.float32), np.asarray(found[1], np.int32)
    given = arrays.get("source")
    if given is not None and given.shape == (len(vertices),) and given.min() >= 0 and given.max() < len(mesh.vertices):
        claimed = np.linalg.norm(vertices - mesh.vertices[given], axis=1)
        if float(claimed.max()) <= _SAME:  # where vertices lie close together only the engine knows which was split
            source, away = given.astype(np.int32), claimed
    if float(away.max()) > _SAME:
        raise engine.refuse("internal", f"its mesh lies {1000 * float(away.max()):.0f} mm off ours")
    plain = Mesh(vertices=mesh.vertices[source], faces=faces, uv=np.clip(uv, 0, 1), source=source)
    return Mesh(vertices=plain.vertices, faces=faces, uv=plain.uv, source=source, normals=vertex_normals(plain))
