"""Which part of a silhouette every cell belongs to, found from the medial tree."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["disc_mask", "label_cells", "nearest_value", "width_along"]


def label_cells(
    mask: NDArray[np.bool_], points: NDArray[np.float64], radius: NDArray[np.float64], labels: NDArray[np.int64]
) -> NDArray[np.int64]:
    """(H, W) the label of the ball that each cell lies deepest in (a power diagram of the balls), -1 outside ``mask``.

    ``points`` (n, 2), ``radius`` (n,) and ``labels`` (n,) of the tree's nodes; cells in no ball take the nearest in this sense.
    """
    result = np.full(mask.shape, -1, np.int64)
    _power_labels(mask, points, radius, labels, result)
    return result


def disc_mask(shape: tuple[int, ...], points: NDArray[np.float64], radius: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(H, W) the union of the discs around ``points`` (n, 2)."""
    result = np.zeros(shape, np.bool_)
    for (x, y), r in zip(points, radius, strict=True):
        top, bottom = max(int(y - r), 0), min(int(y + r) + 2, shape[0])
        left, right = max(int(x - r), 0), min(int(x + r) + 2, shape[1])
        rows, columns = np.ogrid[top:bottom, left:right]
        result[top:bottom, left:right] |= (columns + 0.5 - x) ** 2 + (rows + 0.5 - y) ** 2 <= r * r
    return result


def width_along(values: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    """``values`` (n,) along a way, smoothed with ends that do not shrink."""
    if len(values) < 3 or sigma <= 0:
        return values
    reach = int(3 * sigma) + 1
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    padded = np.pad(values, reach, mode="reflect", reflect_type="odd") if len(values) > reach else np.pad(values, reach, mode="edge")
    smooth: NDArray[np.float64] = np.convolve(padded, kernel / kernel.sum(), mode="valid").astype(np.float64)
    return smooth


@njit(cache=True, nogil=True)
def _power_labels(
    mask: NDArray[np.bool_],
    points: NDArray[np.float64],
    radius: NDArray[np.float64],
    labels: NDArray[np.int64],
    result: NDArray[np.int64],
) -> None:
    for row in range(mask.shape[0]):
        for column in range(mask.shape[1]):
            if mask[row, column]:
                best = -1e18
                for node in range(points.shape[0]):
                    dx, dy = column + 0.5 - points[node, 0], row + 0.5 - points[node, 1]
                    power = radius[node] * radius[node] - dx * dx - dy * dy
                    if power > best:
                        best = power
                        result[row, column] = labels[node]


@njit(cache=True, nogil=True)
def nearest_value(points: NDArray[np.float64], values: NDArray[np.float64], field: NDArray[np.float32]) -> None:
    """Write into every cell of ``field`` (H, W) the value of the nearest of the ``points`` (n, 2)."""
    for row in range(field.shape[0]):
        for column in range(field.shape[1]):
            best = 1e18
            for place in range(points.shape[0]):
                dx, dy = column + 0.5 - points[place, 0], row + 0.5 - points[place, 1]
                away = dx * dx + dy * dy
                if away < best:
                    best = away
                    field[row, column] = values[place]
