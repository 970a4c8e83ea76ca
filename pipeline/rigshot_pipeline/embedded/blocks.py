"""Paints a sprite's body in cubes of the size of the sprite's pixels, with no colour that the sprite does not have."""

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..asset import Floats, Indices, Pixels
from .bake import Surface, texel_at
from .sheets import extend_colours
from .sight import Sight, seen_weights

__all__ = ["SpriteGrid", "bake_blocks", "sprite_grid"]

_OUTLINE = 45  # grey levels: what is not lighter than the outline by more is taken for a line too
_BORDER_SHARE, _INNER_SHARE = 0.3, 0.45  # an outline is at least so much of the border, and at most so much of the inside
_SEEN = 0.5  # weight from which a cube shows the sprite's own pixel
_PALETTE = 512  # most colours; a picture with more is not pixel art, and its commonest ones stand for the rest


@dataclass(frozen=True, kw_only=True)
class SpriteGrid:
    """The sprite's own pixels. ``colour`` (n, n, 3): pixel at [row, column], outside the nearest opaque one;
    ``paint`` (n, n, 3): without the outline; ``line`` (n, n): the outline; ``opaque`` (n, n): the figure; ``palette``
    (m, 3); ``step`` the side of a pixel and ``column``, ``row`` the place of pixel [0, 0]'s corner in canonical pixels."""

    colour: Pixels
    paint: Pixels
    line: NDArray[np.bool_]
    opaque: NDArray[np.bool_]
    palette: Pixels
    step: float
    column: float
    row: float

    def enlarged_paint(self, size: int) -> Floats:
        """``paint`` as a sheet (size / 4, size / 4, 3) of the canonical frame, with hard edges."""
        enlarged: Floats = self.paint[self._places(size)].astype(np.float32)
        return enlarged

    def enlarged_outline(self, size: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """``line`` and ``opaque`` as sheets (size / 4, size / 4) of the canonical frame."""
        return self.line[self._places(size)], self.opaque[self._places(size)]

    def _places(self, size: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        at = (np.arange(size // 4) + 0.5) * 4
        columns = ((at - self.column) / self.step).astype(np.intp).clip(0, len(self.paint) - 1)
        rows = ((at - self.row) / self.step).astype(np.intp).clip(0, len(self.paint) - 1)
        return rows[:, None], columns[None]


def sprite_grid(cutout: Pixels, canonical_from_photo: Floats) -> SpriteGrid:
    """Find the sprite's pixels again in its enlarged RGBA ``cutout``; the (3, 3) map leads from the original to it."""
    size = len(cutout)
    step = max(1.0, float(np.hypot(canonical_from_photo[0, 0], canonical_from_photo[1, 0])))
    column, row = float(canonical_from_photo[0, 2] % step) - step, float(canonical_from_photo[1, 2] % step) - step
    count = int(np.ceil(size / step)) + 2
    middle = (np.arange(count) + 0.5) * step
    columns, rows = (np.floor(middle + column).astype(int)).clip(0, size - 1), (np.floor(middle + row).astype(int)).clip(0, size - 1)
    pixels = cutout[rows][:, columns]
    opaque = pixels[..., 3] > 127
    if not opaque.any():
        opaque = pixels[..., 3] >= max(1, int(pixels[..., 3].max()))
    colour = extend_colours(np.ascontiguousarray(pixels[..., :3]), opaque)
    colours, counts = np.unique(colour[opaque], axis=0, return_counts=True)
    palette: Pixels = colours[np.argsort(-counts, kind="stable")[:_PALETTE]]
    line = _outline(colour, opaque)
    paint = extend_colours(colour, opaque & ~line)
    return SpriteGrid(colour=colour, paint=paint, line=line, opaque=opaque, palette=palette, step=step, column=column, row=row)


def _outline(colour: Pixels, opaque: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The pixels (n, n) of a sprite's outline: the commonest colour of its border and what is about as dark, if they are
    rare within."""
    inner = cv2.erode(opaque.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    border = opaque & ~inner
    none = np.zeros_like(opaque)
    if not inner.any() or not border.any():
        return none
    colours, counts = np.unique(colour[border], axis=0, return_counts=True)
    line = colour.mean(2) < colours[counts.argmax()].mean() + _OUTLINE
    if counts.max() < _BORDER_SHARE * border.sum() or line[inner].mean() > _INNER_SHARE or line[opaque].all():
        return none
    return line & opaque


def bake_blocks(owner: Indices, surface: Surface, *, sight: Sight, grid: SpriteGrid) -> tuple[Pixels, Floats]:
    """Colours (size, size, 3) and the sprite's share (size, size) for the covered texels of ``owner``."""
    size = len(owner)
    depth = surface.vertices @ sight.direct[2, :3]
    pixels = float(np.linalg.norm(sight.direct[0, :3]))
    count = len(grid.colour)
    deep = int(np.ptp(depth) * pixels / grid.step) + 3
    total = np.zeros((count, count, deep, 4), np.float32)
    cell = np.full((size, size, 3), -1, np.int32)
    share = np.zeros((size, size), np.float32)
    albedo = np.zeros((size, size, 3), np.uint8)
    frame = np.array([grid.step, grid.column, grid.row, float(depth.min()), pixels], np.float32)
    _gather(owner, surface, sight, grid.colour, frame, total, cell, share, albedo)
    mean = total[..., :3] / np.maximum(total[..., 3:], 1)
    filled = total[..., 3] > 0
    palette = grid.palette.astype(np.float32)
    nearest = np.square(mean[filled][:, None] - palette[None]).sum(2).argmin(1)
    block = np.zeros((*filled.shape, 3), np.uint8)
    block[filled] = grid.palette[nearest]
    unseen = cell[..., 0] >= 0
    albedo[unseen] = block[tuple(cell[unseen].T)]
    return albedo, share


@njit(cache=True, nogil=True)
def _gather(owner, surface, sight, colour, frame, total, cell, share, albedo):  # type: ignore[no-untyped-def]
    """Colour the texels that the sprite shows; sum the tone of the others in their cubes and note the cubes."""
    size, count = len(owner), len(colour)
    work, seen = np.zeros((4, 3), np.float32), np.zeros(6, np.float32)
    point, normal, tone = work[0], work[1], work[2]
    for y in range(size):
        for x in range(size):
            face = owner[y, x]
            if face < 0:
                continue
            texel_at(surface, face, x, y, point, normal, tone, work[3])
            seen_weights(point, normal, surface.part[face], sight, seen)
            way = 1 if seen[3] > seen[0] else 0
            across = min(max(int(np.floor((seen[3 * way + 1] - frame[1]) / frame[0])), 0), count - 1)
            down = min(max(int(np.floor((seen[3 * way + 2] - frame[2]) / frame[0])), 0), count - 1)
            if seen[3 * way] >= _SEEN:
                share[y, x] = 1
                for k in range(3):
                    albedo[y, x, k] = colour[down, across, k]
                continue
            near = sight.direct[2, 0] * point[0] + sight.direct[2, 1] * point[1] + sight.direct[2, 2] * point[2]
            deep = min(max(int((near - frame[3]) * frame[4] / frame[0]), 0), total.shape[2] - 1)
            for k in range(3):
                total[down, across, deep, k] += tone[k]
            total[down, across, deep, 3] += 1
            cell[y, x, 0], cell[y, x, 1], cell[y, x, 2] = down, across, deep
