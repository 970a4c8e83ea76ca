"""Where a pattern that is carried on meets one that is there already: the photo's own, or that of another plane."""

import numpy as np
from numba import njit

from ..asset import Floats, Indices
from .lattice import Corners

__all__ = ["Border", "warm"]

_UNLIKE = 12.0  # grey levels: a difference of two patterns this large costs 1
_TORN = 4.0  # a larger cost than this makes nothing worse
_KNOWN = 0.2  # vertices that the photo knows less show too little of its pattern
_FEW = 4.0  # vertices: where fewer lie at the border they count less


class Border:
    """The pattern that each vertex shows so far, and how surely. All places are in the small photo's pixels."""

    def __init__(self, middle: Floats, corners: Corners, vertices: Floats, *, pixel: Floats, known: Floats) -> None:
        """``middle`` (s, s, 3): the pattern in grey levels. ``pixel`` (V, 2) and ``known`` (V,): where and how surely the
        photo shows each of the ``vertices`` (V, 3)."""
        self._middle = middle / np.float32(_UNLIKE)
        self._corners = corners
        self._closest = corners.closest(vertices)
        self._unknown = 1 - known
        self._weight: Floats = np.where(known > _KNOWN, np.minimum(2 * known, 1), 0).astype(np.float32)
        self._content = self._at(pixel)

    def costs(self, places: Floats, turned: Floats, shifts: Floats) -> Floats:
        """What each of the ``shifts`` (m, 2) costs every corner (n, m), for vertices at ``places`` (V, 2) of a plane to
        which their surface is ``turned`` (V,)."""
        cost = np.zeros((len(self._corners.index), len(shifts)), np.float32)
        number = np.full(len(cost), _FEW, np.float32)
        weight = (self._weight * np.minimum(4 * turned, 1)).astype(np.float32)
        _compare(self._middle, places, weight, self._content, self._corners.cell, shifts, cost, number)
        mean: Floats = cost / number[:, None]
        return mean

    def seams(self, halfway: Floats, shifts: Floats) -> Floats:
        """The patterns (n, 7, m, 3) that ``shifts`` (m, 2) bring to places ``halfway`` (n, 7, 2) between corners."""
        return self._at(halfway[:, :, None] + shifts)

    def extend(self, places: Floats, turned: Floats, mine: Indices, shifts: Floats) -> None:
        """Take note of a finished plane: its corners ``mine`` (n,) and their ``shifts`` (n, 2)."""
        chosen = np.full(len(self._corners.index), -1, np.int32)
        chosen[mine] = np.arange(len(mine))
        label = chosen[self._closest]
        weight: Floats = np.where(label >= 0, self._unknown * turned, 0).astype(np.float32)
        total = np.maximum(self._weight + weight, np.float32(1e-6))
        self._content += (weight / total)[:, None] * (self._at(places + shifts[label]) - self._content)
        self._weight = np.minimum(total, 1)

    def _at(self, places: Floats) -> Floats:
        at = np.floor(places).astype(np.int32).clip(0, len(self._middle) - 1)
        found: Floats = self._middle[at[..., 1], at[..., 0]]
        return found


@njit(cache=True, nogil=True, error_model="numpy")
def _compare(
    middle: Floats, places: Floats, weight: Floats, content: Floats, cell: Indices, shifts: Floats, cost: Floats, number: Floats
) -> None:
    last = len(middle) - 1
    here = np.zeros(len(shifts), np.float32)
    for vertex in range(len(places)):
        if weight[vertex] < 0.05:
            continue
        for label in range(len(shifts)):
            column = min(max(int(places[vertex, 0] + shifts[label, 0]), 0), last)
            row = min(max(int(places[vertex, 1] + shifts[label, 1]), 0), last)
            unlike = np.float32(0)
            for k in range(3):
                unlike += (middle[row, column, k] - content[vertex, k]) ** 2
            here[label] = weight[vertex] * min(unlike, np.float32(_TORN))
        for k in range(cell.shape[1]):
            cost[cell[vertex, k]] += here
            number[cell[vertex, k]] += weight[vertex]


def warm() -> None:
    """Compile the kernel (into numba's cache)."""
    some = np.zeros((1, 3), np.float32)
    _compare(some[None], some[:, :2].copy(), some[0], some, np.zeros((1, 8), np.int32), some[:, :2].copy(), some[:, :1].copy(), some[0])
