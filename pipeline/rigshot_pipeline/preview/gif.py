"""Films as GIF: one palette, only what changed, and an LZW that may take a neighbouring colour where nobody sees it.

GIF stores a film badly, and chats limit its size. Three things make it small. A pixel that already shows nearly
the right colour is left as it is (transparent). The dither stands still, so that the backdrop is written once. And
the LZW coder may follow a longer known run through a colour that is a little off, the more so the busier the place
(lossy LZW as in Kornel Lesinski's giflossy, with a tolerance that follows the local contrast). Encoding is
deterministic and needs no other program.
"""

import struct
import threading
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..asset import Floats, Indices, Pixels
from ..errors import Cancelled, StageFailed
from .palette import METRIC, dither_pattern, empty_lookup, film_palette, nearest_entry

__all__ = ["encode_gif", "gif_within", "warm"]

_CLEAR, _END = 256, 257  # LZW's codes "forget all" and "the picture ends"
_FULL = 4096  # LZW codes have 12 bits at most
_TRANSPARENT = 255  # the palette's last entry
_DITHER = 2.5  # grey levels: hides the steps of the backdrop, no more
_KEEP = 1.3, 4.5  # metric distances within which a pixel may stay as it is, on even ground and in a busy place
_BUSY = 40.0  # metric change over two pixels, across and down, from which on the whole tolerance is used
_CALM = 0.2  # share of the tolerance that is used on even ground

_TOLERANCES = (6.0, 10.0, 15.0, 21.0, 28.0)
"""Metric distances that a busy place may be off, tried until the file is small enough."""
_SMALLEST = 0.5  # share of the side: after the last tolerance the picture is made smaller, but not beyond this
_SHRINK = 0.85


def gif_within(frames: Sequence[Pixels], path: Path, *, rate: float, limit: int, stop: threading.Event | None = None) -> int:
    """Write ``frames`` (H, W, 3) as a GIF of at most ``limit`` bytes that loops for ever; returns its size.

    ``rate`` pictures a second, which GIF rounds to hundredths of a second. Raises ``Cancelled`` when ``stop`` is set,
    ``StageFailed`` when it does not fit at half the size either.
    """
    share = 1.0
    while share >= _SMALLEST:
        side = round(frames[0].shape[1] * share), round(frames[0].shape[0] * share)
        shown = frames if share == 1 else [np.asarray(cv2.resize(frame, side, interpolation=cv2.INTER_AREA), np.uint8) for frame in frames]
        for tolerance in _TOLERANCES if share == 1 else _TOLERANCES[-1:]:
            data = encode_gif(shown, rate=rate, tolerance=tolerance, stop=stop)
            if len(data) <= limit:
                path.write_bytes(data)
                return len(data)
        share *= _SHRINK
    raise StageFailed("film_too_large", limit_mb=round(limit / 1e6, 1))


def encode_gif(frames: Sequence[Pixels], *, rate: float, tolerance: float, stop: threading.Event | None = None) -> bytes:
    """``frames`` (H, W, 3) as a GIF; ``tolerance`` 0 keeps every dithered pixel. Raises ``Cancelled`` when ``stop`` is set."""
    height, width = frames[0].shape[:2]
    colours = film_palette(frames, _TRANSPARENT)
    palette = (colours * METRIC).astype(np.float32)
    lookup, dither = empty_lookup(), dither_pattern(height, width, _DITHER)
    wanted, busy = np.empty((height, width), np.uint8), np.empty((height, width), np.uint8)
    shown = np.full((height, width), _TRANSPARENT, np.uint8)
    bits = np.empty(2 * height * width + 1024, np.uint8)
    table = np.concatenate([colours, np.zeros((1, 3), np.uint8)])
    parts = [
        b"GIF89a" + struct.pack("<HHBBB", width, height, 0xF7, _TRANSPARENT, 0) + table.tobytes(),
        b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00",  # loop for ever
    ]
    before = frames[0]
    for number, frame in enumerate(frames):
        if stop is not None and stop.is_set():
            raise Cancelled
        keep = _KEEP if tolerance else (0.0, 0.0)
        left, top, right, bottom = _choose(frame, before, number == 0, palette, lookup, dither, shown, keep, wanted, busy)
        used = _write(frame, palette, wanted, busy, shown, left, top, right, bottom, tolerance, bits)
        before = frame
        parts += [
            b"\x21\xf9\x04\x05" + struct.pack("<HBB", round(100 / rate), _TRANSPARENT, 0),  # kept beneath the next one
            b"\x2c" + struct.pack("<HHHHB", left, top, right - left, bottom - top, 0) + b"\x08",
            *_blocks(bits[:used].tobytes()),
        ]
    return b"".join([*parts, b"\x3b"])


def warm() -> None:
    """Compile the kernels (or load them from numba's cache)."""
    frame = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    encode_gif([frame, frame[::-1].copy()], rate=20.0, tolerance=6.0)


def _blocks(data: bytes) -> list[bytes]:
    """GIF's blocks of up to 255 bytes, each with its length in front, and the empty one that ends them."""
    rows = [data[start : start + 255] for start in range(0, len(data), 255)]
    return [bytes([len(row)]) + row for row in rows] + [b"\x00"]


@njit(cache=True, nogil=True, inline="always")
def _off(frame: Pixels, palette: Floats, y: int, x: int, entry: int) -> float:
    """The squared metric distance of a palette entry from what a pixel should show."""
    r = frame[y, x, 0] * np.float32(0.60) - palette[entry, 0]
    g = frame[y, x, 1] * np.float32(0.95) - palette[entry, 1]
    b = frame[y, x, 2] * np.float32(0.45) - palette[entry, 2]
    return r * r + g * g + b * b


@njit(cache=True, nogil=True, inline="always")
def _contrast(frame: Pixels, y: int, x: int) -> float:
    """How much the picture changes over two pixels, across and down (metric, by its green mostly)."""
    height, width = frame.shape[0], frame.shape[1]
    x0, x1, y0, y1 = max(x - 1, 0), min(x + 1, width - 1), max(y - 1, 0), min(y + 1, height - 1)
    across = abs(int(frame[y, x1, 1]) - int(frame[y, x0, 1])) + abs(int(frame[y, x1, 0]) - int(frame[y, x0, 0])) * 0.5
    down = abs(int(frame[y1, x, 1]) - int(frame[y0, x, 1])) + abs(int(frame[y1, x, 0]) - int(frame[y0, x, 0])) * 0.5
    return across + down


@njit(cache=True, nogil=True)
def _choose(
    frame: Pixels,
    before: Pixels,
    first: bool,
    palette: Floats,
    lookup: Indices,
    dither: NDArray[np.int8],
    shown: Pixels,
    keep: tuple[float, float],
    wanted: Pixels,
    busy: Pixels,
) -> tuple[int, int, int, int]:
    """Choose every pixel's palette entry, transparent where it may stay as it is, and measure how busy its place is.

    Fills ``wanted`` and ``busy`` (H, W; 255 = busy) and returns the rectangle around what changes (one pixel if nothing).
    """
    height, width = wanted.shape
    left, top, right, bottom = width, height, 0, 0
    for y in range(height):
        for x in range(width):
            wanted[y, x], busy[y, x] = _TRANSPARENT, 0
            r, g, b = frame[y, x, 0], frame[y, x, 1], frame[y, x, 2]
            if not first and r == before[y, x, 0] and g == before[y, x, 1] and b == before[y, x, 2]:
                continue
            share = min(_contrast(frame, y, x) / _BUSY, 1.0)
            busy[y, x] = int(255 * share)
            old = shown[y, x]
            slack = keep[0] + (keep[1] - keep[0]) * share
            if old != _TRANSPARENT and _off(frame, palette, y, x, old) <= slack * slack:
                continue
            entry = nearest_entry(r, g, b, dither[y, x], palette, lookup)
            if entry == old:
                continue
            wanted[y, x] = entry
            left, right = min(left, x), max(right, x + 1)
            top, bottom = min(top, y), max(bottom, y + 1)
    if right == 0:
        return 0, 0, 1, 1
    return left, top, right, bottom


@njit(cache=True, nogil=True)
def _write(
    frame: Pixels,
    palette: Floats,
    wanted: Pixels,
    busy: Pixels,
    shown: Pixels,
    left: int,
    top: int,
    right: int,
    bottom: int,
    tolerance: float,
    bits: Pixels,
) -> int:
    """LZW-code the rectangle of ``wanted`` into ``bits`` and what is then seen into ``shown``; returns the bytes used."""
    # The dictionary is a forest: a code's children are the runs one pixel longer.
    child, sibling, symbol = np.full(_FULL, -1, np.int32), np.empty(_FULL, np.int32), np.empty(_FULL, np.int32)
    free, size = _END + 1, 9
    hold, held, used = np.uint64(_CLEAR), 9, 0
    node = -1
    for y in range(top, bottom):
        for x in range(left, right):
            target = wanted[y, x]
            found, took = -1, int(target)
            if node >= 0:
                slack = (tolerance * max(busy[y, x] / 255, _CALM)) ** 2
                best = 1e12
                entry = child[node]
                while entry >= 0:
                    colour = symbol[entry]
                    if colour == target:
                        found, took = entry, colour
                        break
                    if slack > 0:
                        seen = shown[y, x] if colour == _TRANSPARENT else colour
                        if seen != _TRANSPARENT:
                            off = _off(frame, palette, y, x, seen)
                            if off <= slack and off < best:
                                best, found, took = off, entry, colour
                    entry = sibling[entry]
            if found >= 0:
                node = found
            else:
                if node >= 0:
                    hold |= np.uint64(node) << np.uint64(held)
                    held += size
                    if free == 1 << size and size < 12:
                        size += 1
                    if free < _FULL:
                        symbol[free], sibling[free] = target, child[node]
                        child[node] = free
                        free += 1
                    else:
                        hold |= np.uint64(_CLEAR) << np.uint64(held)
                        held += size
                        child[:] = -1
                        free, size = _END + 1, 9
                    while held >= 8:
                        bits[used] = hold & np.uint64(255)
                        hold >>= np.uint64(8)
                        held -= 8
                        used += 1
                node = int(target)
            if took != _TRANSPARENT:
                shown[y, x] = took
    hold |= np.uint64(node) << np.uint64(held)
    held += size
    if free == 1 << size and size < 12:
        size += 1
    hold |= np.uint64(_END) << np.uint64(held)
    held += size
    while held > 0:
        bits[used] = hold & np.uint64(255)
        hold >>= np.uint64(8)
        held -= 8
        used += 1
    return used
