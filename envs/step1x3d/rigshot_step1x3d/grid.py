"""Which points of a regular grid must be known to find a surface, level by level from coarse to fine.

A grid of resolution n has n**3 cells and (n + 1)**3 points, indexed x, y, z. Every function takes NumPy arrays or torch tensors and
answers in kind: only slices and logical operations are used, so that one code runs on a GPU and, in tests, without torch.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

__all__ = ["close_border", "crossed", "grown", "known_cells", "levels", "near", "refined"]

Array = TypeVar("Array", "NDArray[Any]", "torch.Tensor")

_COARSEST = 64  # cells along an edge: with fewer, one point of a TSDF's narrow band (1 to 2 % of the cube) no longer meets thin limbs
_OUTSIDE = -1e-3  # what the border is at most; the field is positive inside


def levels(resolution: int) -> tuple[int, ...]:
    """The resolutions from the coarsest to ``resolution``, each twice the one before."""
    steps = [resolution]
    while steps[0] % 2 == 0 and steps[0] // 2 >= _COARSEST:
        steps.insert(0, steps[0] // 2)
    return tuple(steps)


def crossed(values: Array) -> Array:
    """Cells whose corners differ in sign: bool (n, n, n) of values (n+1, n+1, n+1)."""
    inside = values > 0
    return _any_corner(inside) & ~known_cells(inside)


def near(values: Array, limit: float) -> Array:
    """Cells with a corner whose absolute value is below ``limit``."""
    return _any_corner((values < limit) & (values > -limit))


def known_cells(points: Array) -> Array:
    """Cells all of whose corners are marked."""
    for axis in range(3):
        points = points[_along(axis, slice(None, -1))] & points[_along(axis, slice(1, None))]
    return points


def grown(cells: Array) -> Array:
    """The marked cells and all that touch them, at a corner, too."""
    for axis in range(3):
        wider = cells | False
        wider[_along(axis, slice(1, None))] |= cells[_along(axis, slice(None, -1))]
        wider[_along(axis, slice(None, -1))] |= cells[_along(axis, slice(1, None))]
        cells = wider
    return cells


def refined(cells: Array) -> Array:
    """The points, bool (2n+1, 2n+1, 2n+1), of the eight smaller cells into which every marked cell falls."""
    for axis in range(3):
        shape = list(cells.shape)
        shape[axis] = 2 * shape[axis] + 1
        points = _nothing(cells, shape)
        points[_along(axis, slice(0, -1, 2))] |= cells
        points[_along(axis, slice(1, None, 2))] |= cells
        points[_along(axis, slice(2, None, 2))] |= cells
        cells = points
    return cells


def close_border(values: Array) -> None:
    """Let the outermost points lie outside, in place: what the cube cuts gets a lid instead of a hole."""
    for axis in range(3):
        for end in (0, -1):
            face = values[_along(axis, slice(end, end + 1 or None))]
            face[face > _OUTSIDE] = _OUTSIDE


def _any_corner(points: Array) -> Array:
    for axis in range(3):
        points = points[_along(axis, slice(None, -1))] | points[_along(axis, slice(1, None))]
    return points


def _along(axis: int, part: slice) -> tuple[slice, ...]:
    return (slice(None),) * axis + (part,)


def _nothing(like: Array, shape: Sequence[int]) -> Array:
    if isinstance(like, np.ndarray):
        return np.zeros(shape, dtype=bool)
    return like.new_zeros(tuple(shape))
