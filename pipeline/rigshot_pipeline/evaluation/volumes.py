"""Which cells of a grid lie inside a surface, by counting signed crossings along rays: fast, and right for shells that overlap.

A ray that runs along an axis enters a closed surface through faces that look against it and leaves it through faces that look along
it; the sum of +1 and -1 up to a point is the winding number there (Jacobson et al. 2013 for rays of closed meshes). Three axes
vote, so that a hole in the surface, which spoils the rays of one axis, is outvoted by the others.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["Grid", "grid_around", "inside"]

Floats64 = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Grid:
    """Cells of side ``cell`` from ``low`` (3,), ``shape`` cells along the axes; a cell is where its middle is."""

    def __init__(self, low: Floats64, high: Floats64, cell: float) -> None:
        self.low, self.cell = low, cell
        self.shape = tuple(int(count) for count in np.maximum(np.ceil((high - low) / cell), 1))


def grid_around(*points: Floats64, cells: int = 90) -> Grid:
    """A grid around points (N, 3), ``cells`` to the unit."""
    low = np.min([part.min(0) for part in points], axis=0)
    high = np.max([part.max(0) for part in points], axis=0)
    return Grid(low, high, 1 / cells)


def inside(vertices: Floats64, faces: NDArray[np.int32], grid: Grid) -> Bools:
    """(X, Y, Z) which cells lie inside a surface; turned inside out where it encloses a negative volume."""
    corners = vertices[faces]
    volume = float(np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum())
    if volume < 0:
        corners = corners[:, ::-1]
    places = (corners - grid.low) / grid.cell - 0.5
    votes = np.zeros(grid.shape, np.int8)
    for axis in range(3):
        order = [(axis + 1) % 3, (axis + 2) % 3, axis]
        steps = np.zeros([grid.shape[k] for k in order], np.int32)
        _cross(np.ascontiguousarray(places[..., order]), steps)
        winding = np.cumsum(steps, axis=2) > 0
        votes += np.transpose(winding, np.argsort(order)).astype(np.int8)
    result: Bools = votes >= 2
    return result


@njit(cache=True, nogil=True)
def _cross(triangles: Floats64, steps: NDArray[np.int32]) -> None:
    """Add to every cell (u, v, w) of ``steps`` the signed count of triangles (F, 3, 3) that the ray along w crosses just before it.

    A ray stands a hair beside the middle of its cells, so that it never meets an edge between two triangles of round numbers.
    """
    nudge_u, nudge_v = 1.37e-4, 2.11e-4
    for face in range(len(triangles)):
        a, b, c = triangles[face, 0], triangles[face, 1], triangles[face, 2]
        area = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
        if abs(area) < 1e-12:
            continue
        first_u = max(int(np.ceil(min(a[0], b[0], c[0]) - nudge_u)), 0)
        last_u = min(int(np.floor(max(a[0], b[0], c[0]) - nudge_u)), steps.shape[0] - 1)
        first_v = max(int(np.ceil(min(a[1], b[1], c[1]) - nudge_v)), 0)
        last_v = min(int(np.floor(max(a[1], b[1], c[1]) - nudge_v)), steps.shape[1] - 1)
        for u in range(first_u, last_u + 1):
            for v in range(first_v, last_v + 1):
                x, y = u + nudge_u, v + nudge_v
                in_b = ((x - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (y - a[1])) / area
                in_c = ((b[0] - a[0]) * (y - a[1]) - (x - a[0]) * (b[1] - a[1])) / area
                if in_b < 0 or in_c < 0 or in_b + in_c > 1:
                    continue
                depth = a[2] + in_b * (b[2] - a[2]) + in_c * (c[2] - a[2])
                place = max(int(np.ceil(depth)), 0)
                if place < steps.shape[2]:
                    # A face whose normal looks against the ray (its area seen along the ray is negative) is an entrance.
                    steps[u, v, place] += 1 if area < 0 else -1
