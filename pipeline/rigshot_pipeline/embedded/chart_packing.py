"""Packs the charts of an atlas into a square by their true shapes.

Every chart is drawn into a bitmap of cells; the longest chart first, each goes to the lowest free place over four
turns (bottom-left placement, Jakobs 1996, on bitmaps). Skipping along runs of occupied cells makes a whole trial take
some ten milliseconds, so that the scale is found by trying. On this project's meshes it fills .68 of the square where
xatlas 0.0.11 filled .60, in a third of the time.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..asset import Floats, Indices

__all__ = ["pack_charts"]

_GRID = 384  # cells along the square's side; the gap between charts is one cell, 5 texels at 2048
_HOPE, _STEP = 0.82, 0.97  # the share of the square to begin with, and its decrease from trial to trial

_Bits = NDArray[np.bool_]


def pack_charts(plane: Floats, faces: Indices, chart: Indices) -> Floats:
    """Places (V, 2) in the unit square for chart coordinates ``plane`` (V, 2) of vertices that no two charts share.

    ``faces`` (F, 3), ``chart`` (F,) from 0. All charts keep their scale relative to each other and are turned by
    quarters, never mirrored.
    """
    corners = plane[faces]
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = max(float(np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]).sum() / 2), 1e-12)
    order = np.argsort(chart, kind="stable")
    pieces = np.split(corners[order], np.flatnonzero(np.diff(chart[order])) + 1)
    lows = [piece.reshape(-1, 2).min(0) for piece in pieces]
    share = _HOPE
    while True:
        scale = _GRID * (share / area) ** 0.5
        bitmaps = [_bitmap(((piece - low) * scale).astype(np.float32)) for piece, low in zip(pieces, lows, strict=True)]
        for key in (_longest_side, _fullest):
            placed = _place_all(bitmaps, sorted(range(len(bitmaps)), key=lambda number: (-key(bitmaps[number]), number)))
            if placed is not None:
                return _moved(plane, faces, chart, np.array(lows), scale, [bits.shape for bits in bitmaps], placed)
        share *= _STEP


def _longest_side(bits: _Bits) -> int:
    return max(bits.shape)


def _fullest(bits: _Bits) -> int:
    return int(bits.sum())


def _moved(
    plane: Floats, faces: Indices, chart: Indices, lows: Floats, scale: float, shapes: list[tuple[int, int]], placed: Indices
) -> Floats:
    """Turn and shift every vertex as its chart was: ``placed`` (C, 3) quarter turns, column, row."""
    mine = np.empty(len(plane), np.int32)
    mine[faces.ravel()] = np.repeat(chart, 3)
    x, y = ((plane - lows[mine]) * scale).T
    height, width = np.array(shapes)[mine].T
    turned = placed[mine, 0]
    column = np.choose(turned, [x, y, width - x, height - y]) + placed[mine, 1]
    row = np.choose(turned, [y, width - x, height - y, x]) + placed[mine, 2]
    return (np.stack([column, row], 1) / _GRID).astype(np.float32)


def _place_all(bitmaps: list[_Bits], order: list[int]) -> Indices | None:
    """Quarter turns, column and row (C, 3) of every chart, or None if they do not all fit."""
    blocked = np.zeros((_GRID, _GRID), np.bool_)
    next_blocked, run_end = np.full((_GRID, _GRID + 1), _GRID, np.int32), np.full((_GRID, _GRID + 1), _GRID, np.int32)
    random = np.random.default_rng(0)  # the runs are tried in a mixed order: a clash is found sooner
    placed = np.empty((len(bitmaps), 3), np.int32)
    for number in order:
        best: tuple[int, int, int, int] | None = None
        for turn in range(4):
            turned = np.ascontiguousarray(np.rot90(bitmaps[number], turn))
            height, width = turned.shape
            if height > _GRID or width > _GRID:
                continue
            row, column = _lowest_place(random.permutation(_runs(turned)), height, width, next_blocked, run_end)
            if row >= 0 and (best is None or (row, height) < best[:2]):
                best = row, height, column, turn
        if best is None:
            return None
        row, _, column, turn = best
        placed[number] = turn, column, row
        _block(np.ascontiguousarray(np.rot90(bitmaps[number], turn)), row, column, blocked, next_blocked, run_end)
    return placed


@njit(cache=True, nogil=True)
def _bitmap(corners: Floats) -> _Bits:
    """The cells (h, w) that triangles (n, 3, 2) touch: those under their edges and those whose centres they cover."""
    width, height = 1, 1
    for face in range(len(corners)):
        for k in range(3):
            width, height = max(width, int(corners[face, k, 0]) + 1), max(height, int(corners[face, k, 1]) + 1)
    bits = np.zeros((height, width), np.bool_)
    for face in range(len(corners)):
        x0, y0, x1, y1 = corners[face, 0, 0], corners[face, 0, 1], corners[face, 1, 0], corners[face, 1, 1]
        x2, y2 = corners[face, 2, 0], corners[face, 2, 1]
        for k in range(3):
            ax, ay, bx, by = corners[face, k, 0], corners[face, k, 1], corners[face, (k + 1) % 3, 0], corners[face, (k + 1) % 3, 1]
            steps = int(max(abs(bx - ax), abs(by - ay)) * 2) + 1
            for step in range(steps + 1):
                t = step / steps
                bits[int(ay + t * (by - ay)), int(ax + t * (bx - ax))] = True
        twice = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if twice == 0:
            continue
        for row in range(int(min(y0, y1, y2)), int(max(y0, y1, y2)) + 1):
            for column in range(int(min(x0, x1, x2)), int(max(x0, x1, x2)) + 1):
                x, y = column + 0.5, row + 0.5
                second = ((x - x0) * (y2 - y0) - (x2 - x0) * (y - y0)) / twice
                third = ((x1 - x0) * (y - y0) - (x - x0) * (y1 - y0)) / twice
                if second >= 0 and third >= 0 and second + third <= 1:
                    bits[row, column] = True
    return bits


@njit(cache=True, nogil=True)
def _runs(bits: _Bits) -> Indices:
    """The runs of set cells (n, 3): row, first column, column after the last."""
    height, width = bits.shape
    found = np.empty((height * (width // 2 + 1), 3), np.int32)
    count = 0
    for row in range(height):
        column = 0
        while column < width:
            if not bits[row, column]:
                column += 1
                continue
            start = column
            while column < width and bits[row, column]:
                column += 1
            found[count, 0], found[count, 1], found[count, 2] = row, start, column
            count += 1
    return found[:count].copy()


@njit(cache=True, nogil=True)
def _lowest_place(runs: Indices, height: int, width: int, next_blocked: Indices, run_end: Indices) -> tuple[int, int]:
    """The first free row and column, row by row, for a chart of these runs; -1, -1 if there is none."""
    for row in range(_GRID - height + 1):
        column = 0
        while column <= _GRID - width:
            clash = False
            for run in range(len(runs)):
                start = column + runs[run, 1]
                hit = next_blocked[row + runs[run, 0], start]
                if hit < column + runs[run, 2]:
                    # every place up to the end of what is in the way clashes too
                    column += run_end[row + runs[run, 0], hit] - start
                    clash = True
                    break
            if not clash:
                return row, column
    return -1, -1


@njit(cache=True, nogil=True)
def _block(bits: _Bits, row: int, column: int, blocked: _Bits, next_blocked: Indices, run_end: Indices) -> None:
    """Mark a chart's cells and their neighbours as blocked, and note anew where the runs of blocked cells begin and end."""
    height, width = bits.shape
    for y in range(height):
        for x in range(width):
            if bits[y, x]:
                for j in range(max(row + y - 1, 0), min(row + y + 2, _GRID)):
                    for i in range(max(column + x - 1, 0), min(column + x + 2, _GRID)):
                        blocked[j, i] = True
    for y in range(max(row - 1, 0), min(row + height + 1, _GRID)):
        begin, end = _GRID, _GRID
        for x in range(_GRID - 1, -1, -1):
            if blocked[y, x]:
                if x == _GRID - 1 or not blocked[y, x + 1]:
                    end = x + 1
                begin = x
            next_blocked[y, x], run_end[y, x] = begin, end
