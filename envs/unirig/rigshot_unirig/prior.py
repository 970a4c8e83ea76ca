"""The voxel prior: how near every vertex is to every joint, along ways that stay inside the body.

The skin network takes it as an input and is masked by it. After Dionne and de Lasa (2013), "Geodesic Voxel Binding for
Production Character Meshes", as upstream configures it: a graph of the mesh's edges, of the solid voxels, three times as
dear, and of links between the two; one shortest-path search for every joint. The searches are what takes the time (from a
second for a thin body to minutes for a ball of a body on one core), so they run in several processes.
"""

import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from .arrays import Doubles, Floats, Longs
from .mesh import edges_of
from .voxels import Voxels, fill

__all__ = ["PriorSettings", "TooLong", "chosen_grid", "voxel_prior"]

MOST_WORK = 3e7
"""Voxels times joints beyond which the grid is made coarser: about 40 s on one core, 3 s on sixteen."""
_COARSEST = 64
_HERE = 4e5  # voxels times joints that are done before a second process would have started
_LOOK = 0.05  # seconds between two looks at the processes
_SEARCH = Path(__file__).with_name("searching.py")


class TooLong(Exception):
    """The searches passed their deadline."""


@dataclass(frozen=True, kw_only=True)
class PriorSettings:
    """``grid`` voxels along the box; ``alpha`` how fast the influence falls; ``grid_weight`` how dear the way inside is;
    ``link`` distance at which two vertices count as one. The defaults are upstream's."""

    grid: int = 196
    alpha: float = 0.5
    grid_weight: float = 3.0
    link: float = 1e-5
    processes: int = 0
    """At most so many; 0: one a core."""
    seconds: float = 60.0


def voxel_prior(
    vertices: Floats, faces: Longs, joints: Floats, settings: PriorSettings, tick: Callable[[float], None]
) -> tuple[Floats, int]:
    """(V, J) influence of every joint on every vertex, rows sum to 1, and the grid that was used.

    ``vertices`` (V, 3) fill the half box, ``joints`` (J, 3) in the same measure. ``tick`` is told the share done at least
    every second and may raise, which ends the searches. Raises TooLong.
    """
    voxels = fill(vertices, faces, settings.grid)
    grid = chosen_grid(int(voxels.solid.sum()), len(joints), settings.grid)
    if grid != settings.grid:
        voxels = fill(vertices, faces, grid)
    tick(0.1)
    graph, starts = _graph(vertices, faces, joints, voxels, settings)
    tick(0.2)
    distances = _searched(graph, starts, len(vertices), voxels.solid.sum() * len(joints), settings, lambda share: tick(0.2 + 0.8 * share))
    return _influence(distances, vertices, joints, settings.alpha), grid


def chosen_grid(solid: int, joints: int, grid: int) -> int:
    """The grid that keeps the searches' work bounded for a mesh that fills ``solid`` voxels at ``grid``."""
    work = solid * joints
    return grid if work <= MOST_WORK else max(int(grid * (MOST_WORK / work) ** (1 / 3)), min(_COARSEST, grid))


def _graph(vertices: Floats, faces: Longs, joints: Floats, voxels: Voxels, settings: PriorSettings) -> tuple[csr_matrix, Longs]:
    """The symmetric graph of vertices, then voxels; and (J,) the node nearest to every joint."""
    centres = voxels.centres()
    count, total = len(vertices), len(vertices) + len(centres)
    near = 2 / voxels.grid * 1.001
    rows: list[Longs] = []
    columns: list[Longs] = []
    lengths: list[Doubles] = []

    def link(one: Longs, other: Longs, length: Doubles) -> None:
        rows.extend((one, other))
        columns.extend((other, one))
        lengths.extend((length, length))

    edges = edges_of(faces).astype(np.int64)
    link(edges[:, 0], edges[:, 1], np.linalg.norm(vertices[edges[:, 0]] - vertices[edges[:, 1]], axis=1).astype(np.float64))
    number = np.full(voxels.solid.shape, -1, np.int64)
    number[voxels.solid] = np.arange(count, total)
    for axis in range(3):
        one, other = np.moveaxis(number, axis, 0)[:-1], np.moveaxis(number, axis, 0)[1:]
        both = (one >= 0) & (other >= 0)
        link(one[both], other[both], np.full(int(both.sum()), 2 / voxels.grid * settings.grid_weight))
    tree = cKDTree(vertices)
    apart, nearest = tree.query(centres, workers=-1)
    close = (apart > 0) & (apart < near)
    link(np.arange(count, total)[close], nearest[close].astype(np.int64), apart[close])
    seams = tree.query_pairs(settings.link * 1.001, output_type="ndarray").astype(np.int64)
    link(seams[:, 0], seams[:, 1], np.maximum(np.linalg.norm(vertices[seams[:, 0]] - vertices[seams[:, 1]], axis=1), 1e-12))
    place = np.stack([np.concatenate(rows), np.concatenate(columns)])
    # an edge as short as a seam's link stands twice and is added up, to nothing that counts
    graph = coo_matrix((np.concatenate(lengths), tuple(place)), (total, total)).tocsr()
    starts = cKDTree(np.concatenate([vertices, centres])).query(joints)[1]
    return graph, starts.astype(np.int64)


def _searched(graph: csr_matrix, starts: Longs, keep: int, work: float, settings: PriorSettings, tick: Callable[[float], None]) -> Doubles:
    """(J, V) the distances from every start to the first ``keep`` nodes."""
    processes = min(settings.processes or len(os.sched_getaffinity(0)), len(starts))
    if work > _HERE and processes > 1:
        return _searched_apart(graph, starts, keep, processes, settings.seconds, tick)
    begun = time.monotonic()
    found = []
    for place, start in enumerate(starts):
        found.append(dijkstra(graph, indices=int(start))[:keep])
        tick((place + 1) / len(starts))
        if time.monotonic() - begun > settings.seconds:
            raise TooLong("the voxel prior took too long")
    return np.stack(found)


def _searched_apart(graph: csr_matrix, starts: Longs, keep: int, processes: int, seconds: float, tick: Callable[[float], None]) -> Doubles:
    """As ``_searched``, by fresh processes over files that all of them map: a fork of a process with a GPU is not safe."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="unirig-prior-") as name:
        folder = Path(name)
        for array in ("data", "indices", "indptr"):
            np.save(folder / f"{array}.npy", getattr(graph, array))
        np.save(folder / "starts.npy", starts)
        command = [sys.executable, str(_SEARCH), name, str(keep), str(processes)]
        alone = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        children = [subprocess.Popen([*command, str(own)], stdin=subprocess.DEVNULL, env=alone) for own in range(processes)]
        try:
            while any(child.poll() is None for child in children):
                tick(len(list(folder.glob("found_*.npy"))) / len(starts))
                if time.monotonic() - begun > seconds:
                    raise TooLong("the voxel prior took too long")
                time.sleep(_LOOK)
            if failed := [child.returncode for child in children if child.returncode]:
                raise RuntimeError(f"a search of the voxel prior ended with status {failed[0]}")
            return np.stack([np.load(folder / f"found_{place}.npy") for place in range(len(starts))])
        finally:
            for child in children:
                child.kill()
                child.wait()


def _influence(distances: Doubles, vertices: Floats, joints: Floats, alpha: float) -> Floats:
    """Upstream's fall-off: 1 / ((1 - a) d + a d²)², every vertex's sum 1; what no joint reaches takes its nearest three."""
    lost = np.isinf(distances).all(0)
    if lost.any():
        count = min(len(joints), 3)
        apart, nearest = cKDTree(joints).query(vertices[lost], k=count)
        distances[nearest.reshape(-1, count).T, np.flatnonzero(lost)] = apart.reshape(-1, count).T
    finite = np.isfinite(distances)
    far = float(distances[finite].max()) if finite.any() else math.sqrt(12)
    distances = np.maximum(np.where(finite, distances, far), 1e-6)
    influence = (1 / ((1 - alpha) * distances + alpha * distances**2)) ** 2
    return (influence / influence.sum(0)).T.astype(np.float32)
