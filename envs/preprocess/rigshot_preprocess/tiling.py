"""Big pictures in pieces: where the tiles lie and how their results are laid over each other."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Tile", "Weave", "tile_starts", "tiles_of"]


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A rectangle of the picture: rows top..top+height, columns left..left+width."""

    top: int
    left: int
    height: int
    width: int

    @property
    def rows(self) -> slice:
        """The rows of the picture."""
        return slice(self.top, self.top + self.height)

    @property
    def columns(self) -> slice:
        """The columns of the picture."""
        return slice(self.left, self.left + self.width)


def tile_starts(length: int, tile: int, overlap: int) -> list[int]:
    """Where tiles of one size begin along a side of ``length`` pixels: evenly spread, the first at 0, the last flush with the end,
    neighbours sharing at least ``overlap`` pixels. One tile where the side is no longer than it."""
    if not 0 <= overlap < tile:
        raise ValueError(f"an overlap of {overlap} does not fit tiles of {tile}")
    if length <= tile:
        return [0]
    count = -(-(length - overlap) // (tile - overlap))
    return [round(number * (length - tile) / (count - 1)) for number in range(count)]


def tiles_of(height: int, width: int, *, tile: int, overlap: int) -> Iterator[Tile]:
    """The tiles of a picture row by row; all have the same size, at most that of the picture."""
    for top in tile_starts(height, tile, overlap):
        for left in tile_starts(width, tile, overlap):
            yield Tile(top=top, left=left, height=min(tile, height), width=min(tile, width))


class Weave:
    """The enlarged picture as it grows: every tile counts fully in its middle and less towards edges that it shares, so that no
    seam is left and a picture of one tile stays exactly what the model made.

    ``height`` and ``width`` are the small picture's; ``scale`` whole; ``overlap`` in pixels of the small picture.
    """

    def __init__(self, height: int, width: int, *, scale: int, overlap: int) -> None:
        self._scale = scale
        self._overlap = overlap
        self._size = (height, width)
        self._sum = np.zeros((height * scale, width * scale, 3), np.float32)
        self._weight = np.zeros((height * scale, width * scale, 1), np.float32)

    def lay(self, tile: Tile, values: NDArray[np.float32]) -> None:
        """Add what was made of ``tile``: (height * scale, width * scale, 3)."""
        rows = self._ramp(tile.top, tile.height, self._size[0])
        columns = self._ramp(tile.left, tile.width, self._size[1])
        weight = (rows[:, None] * columns[None, :])[..., None]
        place = tuple(slice(part.start * self._scale, part.stop * self._scale) for part in (tile.rows, tile.columns))
        self._sum[place] += values * weight
        self._weight[place] += weight

    def picture(self) -> NDArray[np.float32]:
        """(height * scale, width * scale, 3); every pixel must have been laid."""
        return self._sum / self._weight

    def _ramp(self, start: int, length: int, whole: int) -> NDArray[np.float32]:
        ramp = np.ones(length * self._scale, np.float32)
        rise = (np.arange(self._overlap * self._scale, dtype=np.float32) + 0.5) / max(self._overlap * self._scale, 1)
        if start > 0:
            ramp[: len(rise)] = np.minimum(ramp[: len(rise)], rise)
        if start + length < whole:
            ramp[len(ramp) - len(rise) :] = np.minimum(ramp[len(ramp) - len(rise) :], rise[::-1])
        return ramp
