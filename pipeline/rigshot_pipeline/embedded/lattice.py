"""A lattice of tetrahedra through the body (Perlin's simplex grid): the corners near a surface, and those around a point."""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ..asset import Floats, Indices

__all__ = ["CELL", "Corners", "find_corners", "tetrahedron"]

CELL = 0.05  # metres between corners


@dataclass(frozen=True, kw_only=True)
class Corners:
    """The n lattice corners around a surface. ``index`` (n, 3) in a lattice of ``count`` corners each way from ``origin``
    (3,); ``middle`` (n, 3) the mean place of the vertices around each; ``neighbours`` (n, 14), -1 where there is none;
    ``cell`` (V, 8) the corners of each vertex's cell."""

    index: Indices
    count: int
    origin: Floats
    middle: Floats
    neighbours: Indices
    cell: Indices

    def mean(self, values: Floats) -> Floats:
        """The mean (n, k) around each corner of what the vertices have (V, k)."""
        return _means(self.cell, values, len(self.index))

    def commonest(self, label: Indices) -> Indices:
        """The commonest label (n,) around each corner of the vertices' labels (V,)."""
        most = int(label.max()) + 1
        votes = np.bincount(self.cell.ravel() * most + np.repeat(label, 8), minlength=len(self.index) * most)
        return votes.reshape(-1, most).argmax(1).astype(np.int32)

    def among(self, some: Indices) -> Indices:
        """The ``neighbours`` (m, 14) of ``some`` corners (m,) counted among those, -1 where it is none of them."""
        place = np.full(len(self.index) + 1, -1, np.int32)
        place[some] = np.arange(len(some))
        among: Indices = place[self.neighbours[some]]
        return among

    def closest(self, vertices: Floats) -> Indices:
        """The corner (V,) whose content counts the most at each vertex (V, 3)."""
        place = self.origin + (self.index - self.index.sum(1, keepdims=True) / 6) * CELL
        return np.asarray(cKDTree(place).query(vertices)[1], np.int32)


def find_corners(vertices: Floats) -> Corners:
    """All corners around ``vertices`` (V, 3)."""
    low = vertices.min(0) - 2 * CELL
    # the skew of the simplex grid moves a point by a third of the sum of its coordinates
    span = (vertices.max(0) - low).astype(float)
    origin, count = low.astype(np.float32), int((span.sum() / 3 + span.max()) / CELL) + 4
    scaled = (vertices - origin) / CELL
    base = np.floor(scaled + scaled.sum(1, keepdims=True) / 3).astype(np.int64)
    every = (base[:, None] + np.array([(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)])).reshape(-1, 3)
    used, inverse = np.unique((every[:, 0] * count + every[:, 1]) * count + every[:, 2], return_inverse=True)
    index = np.stack([used // (count * count), used // count % count, used % count], 1).astype(np.int32)
    cell = inverse.reshape(-1, 8).astype(np.int32)
    middle = _means(cell, vertices, len(index))
    return Corners(index=index, count=count, origin=origin, middle=middle, neighbours=_neighbours(index, count), cell=cell)


def _means(cell: Indices, values: Floats, count: int) -> Floats:
    number = np.bincount(cell.ravel(), minlength=count)[:, None]
    sums = np.stack([np.bincount(cell.ravel(), np.repeat(column, cell.shape[1]), count) for column in values.T], 1)
    means: Floats = (sums / number).astype(np.float32)
    return means


def _neighbours(index: Indices, count: int) -> Indices:
    """The 14 neighbours of each corner in the tetrahedral lattice (n, 14), -1 where there is none; the last 7 are opposite
    to the first."""
    steps = [(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1) if i + j + k > 0]
    steps += [(-i, -j, -k) for i, j, k in steps]
    padded = np.full((count + 2, count + 2, count + 2), -1, np.int32)
    padded[tuple((index + 1).T)] = np.arange(len(index))
    at = index[:, None] + np.array(steps) + 1
    found: Indices = padded[at[..., 0], at[..., 1], at[..., 2]]
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def tetrahedron(point: Floats, origin: Floats, scale: float, corners: NDArray[np.int64], weights: Floats) -> None:
    """The four corners (4, 3) around a point of the lattice from ``origin`` (3,) with ``scale`` corners per metre, and their
    weights (4,), which sum to 1."""
    x = (point[0] - origin[0]) * scale
    y = (point[1] - origin[1]) * scale
    z = (point[2] - origin[2]) * scale
    skew = (x + y + z) / 3
    i, j, k = int(np.floor(x + skew)), int(np.floor(y + skew)), int(np.floor(z + skew))
    back = (i + j + k) / 6
    x, y, z = x - i + back, y - j + back, z - k + back
    first = 0 if x >= y and x >= z else (1 if y >= z else 2)  # the axis of the greatest coordinate
    last = 2 if z <= x and z <= y else (1 if y <= x else 0)
    if first == last:
        first, last = 0, 2
    total = np.float32(0)
    for corner in range(4):
        di = 1 if corner == 3 or (corner == 1 and first == 0) or (corner == 2 and last != 0) else 0
        dj = 1 if corner == 3 or (corner == 1 and first == 1) or (corner == 2 and last != 1) else 0
        dk = 1 if corner == 3 or (corner == 1 and first == 2) or (corner == 2 and last != 2) else 0
        lift = (di + dj + dk) / 6
        near = 0.6 - (x - di + lift) ** 2 - (y - dj + lift) ** 2 - (z - dk + lift) ** 2
        weights[corner] = max(near, 0.0) ** 6
        total += weights[corner]
        corners[corner, 0], corners[corner, 1], corners[corner, 2] = i + di, j + dj, k + dk
    for corner in range(4):
        weights[corner] /= total
