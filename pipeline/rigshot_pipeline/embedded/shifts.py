"""Which stretch of the photo each corner of the lattice copies (after shift-map editing, Pritch et al. 2009).

Shifts compete: one is good where the photo's tone is like the surface's and where it shows coat, better where the
neighbouring corners have the same one, and next to a neighbour with another one the contents along the seam should be
alike.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..asset import Floats, Indices
from .supply import OUTSIDE, Supply

__all__ = ["choose_shifts", "propose_shifts", "shift_costs"]

_PROPOSALS = 96  # shifts that compete
_ROUNDS = 4  # of averaging a shift's cost over neighbours, so that whole stretches find one shift
_SWEEPS = 6  # of iterated conditional modes after it
_LEVEL = 0.15  # half of the proposals move rows by this share of what they would
_OTHER_PART = 0.7
_SEAM, _TORN = 0.25, 4.0  # cost of unlike contents at a seam, and the squared difference from which it does not grow


def propose_shifts(at: Floats, supply: Supply, random: np.random.Generator) -> Floats:
    """Shifts (m, 2) that bring some of the places ``at`` (n, 2), in the small photo's pixels, to calm ones."""
    rows, columns = np.nonzero(supply.cost < OUTSIDE / 2)
    if not len(rows) or not len(at):
        return np.zeros((1, 2), np.float32)
    pick = random.integers(len(rows), size=_PROPOSALS)
    places = np.stack([columns[pick], rows[pick]], 1) + np.float32(0.5)
    shifts = places - at[random.integers(len(at), size=_PROPOSALS)]
    # what is at a height of the body stays there
    shifts[::2, 1] *= _LEVEL
    # whole pixels of the photo, whose side is four times the small one's
    rounded: Floats = (np.rint(shifts * 4) / 4).astype(np.float32)
    return rounded


def shift_costs(at: Floats, shifts: Floats, tone: Floats, part: Indices, supply: Supply) -> Floats:
    """What each of the ``shifts`` (m, 2) costs each corner (n, m) ``at`` its place (n, 2), with its ``tone`` (n, 3) and
    ``part`` (n,); all places in the small photo's pixels."""
    small = len(supply.cost)
    places = at[:, None] + shifts[None]
    column, row = places[..., 0].astype(int), places[..., 1].astype(int)
    outside = (column < 0) | (row < 0) | (column >= small) | (row >= small)
    column, row = column.clip(0, small - 1), row.clip(0, small - 1)
    unlike = np.square((supply.tone[row, column] - tone[:, None]) / np.float32(supply.like)).sum(2)
    cost: Floats = np.minimum(unlike, np.float32(OUTSIDE))
    cost += supply.cost[row, column] + np.float32(_OTHER_PART) * (supply.part[row, column] != part[:, None])
    cost[outside] = 2 * OUTSIDE
    return cost


def choose_shifts(cost: Floats, neighbours: Indices, agree: float, seams: Floats) -> Indices:
    """The index (n,) of each corner's shift. ``cost`` (n, m); each of the ``neighbours`` (n, 14; -1 is none) with the same
    shift is worth ``agree``; ``seams`` (n, 7, m, d) are the contents half-way to the first seven under each shift."""
    return _choose(cost.astype(np.float32), neighbours, agree, seams)


@njit(cache=True, nogil=True, error_model="numpy")
def _choose(cost: Floats, neighbours: Indices, agree: float, seams: Floats) -> Indices:
    count, labels = cost.shape
    smooth = cost.copy()
    for _ in range(_ROUNDS):
        before = smooth.copy()
        for corner in range(count):
            around = 1
            for k in range(neighbours.shape[1]):
                if neighbours[corner, k] >= 0:
                    smooth[corner] += before[neighbours[corner, k]]
                    around += 1
            smooth[corner] /= around
    cost = (cost + smooth) / np.float32(2)
    label = np.empty(count, np.int32)
    for corner in range(count):
        label[corner] = smooth[corner].argmin()
    worth = np.zeros(labels, np.float32)
    for sweep in range(_SWEEPS):
        for step in range(count):
            corner = step if sweep % 2 == 0 else count - 1 - step
            worth[:] = cost[corner]
            for k in range(neighbours.shape[1]):
                other = neighbours[corner, k]
                if other >= 0:
                    worth[label[other]] -= agree
                    if seams.shape[3] > 0:
                        _add_seam(seams[corner, k] if k < 7 else seams[other, k - 7], int(label[other]), worth)
            label[corner] = worth.argmin()
    return label


@njit(cache=True, nogil=True, error_model="numpy")
def _add_seam(contents: NDArray[np.float32], theirs: int, worth: Floats) -> None:
    """Add to the ``worth`` (m,) of each shift what the seam to a neighbour with the shift ``theirs`` costs."""
    for mine in range(len(worth)):
        unlike = np.float32(0)
        for k in range(contents.shape[1]):
            unlike += (contents[mine, k] - contents[theirs, k]) ** 2
        worth[mine] += np.float32(_SEAM) * min(unlike, np.float32(_TORN))
