"""A silhouette on the working grid of the geometry: cells instead of pixels, its signed distance kept to a fraction of a cell."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["CELLS", "PAD", "Silhouette", "silhouette_of"]

CELLS = 200
"""Cells along the silhouette's longest side: legs of a fox are 4 cells wide; twice as many cost eight times the time."""
PLUMP = 0.26
"""The radius of its greatest ball over its longest side, beyond which a silhouette gets fewer cells: nothing about it is thin."""
FEWEST = 140
THIN, LINE = 0.5, 1.5
"""A silhouette that loses that share of its area on the grid is drawn with lines: they grow by so many cells."""
PAD = 12
"""Empty cells around it, so that blended surfaces close before the grid ends."""


@dataclass(frozen=True, kw_only=True)
class Silhouette:
    """``mask`` (H, W) bool, one piece; ``distance`` (H, W) float32, cells to the outline, positive inside.

    A point (x, y) of the grid (cells, centres at .5, y downwards) lies at the picture's pixel
    ``origin + cell * (x, y)``.
    """

    mask: NDArray[np.bool_]
    distance: NDArray[np.float32]
    origin: tuple[float, float]
    cell: float

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of the mask in cells (right and bottom exclusive)."""
        rows = np.flatnonzero(self.mask.any(1))
        columns = np.flatnonzero(self.mask.any(0))
        return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def silhouette_of(mask: NDArray[np.bool_], *, cells: int = CELLS, smooth: float = 0.0, fill: float = 0.004) -> Silhouette:
    """Bring the largest piece of ``mask`` (any size, True = subject) onto a grid with ``cells`` cells along its longest side.

    ``smooth``: sigma in cells of a blur of the outline (rounds the stairs of a sprite). Holes below the share
    ``fill`` of the area are closed: they are specks of the cutout, not gaps between legs.
    Raises ValueError when the mask is empty.
    """
    piece = _largest_piece(mask, fill)
    rows, columns = np.flatnonzero(piece.any(1)), np.flatnonzero(piece.any(0))
    left, top = float(columns[0]), float(rows[0])
    width, height = columns[-1] + 1 - left, rows[-1] + 1 - top
    cells = int(np.clip(cells * PLUMP / _plumpness(piece, max(width, height)), min(FEWEST, cells), cells))
    cell = max(width, height) / cells
    shape = (round(height / cell) + 2 * PAD, round(width / cell) + 2 * PAD)
    origin = (left + width / 2 - cell * shape[1] / 2, top + height / 2 - cell * shape[0] / 2)
    to_picture = np.array([[cell, 0, origin[0] + 0.5 * cell - 0.5], [0, cell, origin[1] + 0.5 * cell - 0.5]])
    margin = int(np.ceil(PAD * cell)) + 2
    padded = np.pad(piece, margin).astype(np.uint8)
    to_picture[:, 2] += margin
    signed = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) - cv2.distanceTransform(
        1 - padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE
    )
    signed = np.clip(np.abs(signed) - 0.5, 0, None) * np.sign(signed)
    if cell > 2:
        signed = cv2.GaussianBlur(signed, (0, 0), 0.25 * cell)
    distance = cv2.warpAffine(
        signed.astype(np.float32),
        to_picture,
        shape[::-1],
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    distance /= cell
    if smooth > 0:
        distance = cv2.GaussianBlur(distance, (0, 0), smooth)
    if float((distance > 0).sum()) * cell**2 < THIN * float(piece.sum()) or float(distance.max()) < 1.0:
        distance += LINE
    inside = _largest_piece(distance > 0, 0.0)
    distance = np.where(inside, distance, np.minimum(distance, -0.05)).astype(np.float32)
    return Silhouette(mask=inside, distance=distance, origin=origin, cell=cell)


def _plumpness(piece: NDArray[np.bool_], longest: float) -> float:
    scale = min(1.0, 120 / longest)
    small = cv2.resize(piece.astype(np.uint8), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return max(float(cv2.distanceTransform(np.pad(small, 1), cv2.DIST_L2, cv2.DIST_MASK_PRECISE).max()) / (scale * longest), 1e-3)


def _largest_piece(mask: NDArray[np.bool_], fill: float) -> NDArray[np.bool_]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    if count < 2:
        raise ValueError("the mask is empty")
    piece: NDArray[np.bool_] = labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    if fill > 0:
        padded = np.pad(~piece, 1, constant_values=True).astype(np.uint8)
        _, holes, sizes, _ = cv2.connectedComponentsWithStats(padded, connectivity=4)
        small = sizes[:, cv2.CC_STAT_AREA] < fill * piece.sum()
        small[0] = False
        small[holes[0, 0]] = False
        piece = piece | small[holes][1:-1, 1:-1]
    return piece
