"""One palette for a whole film, and the nearest colour in it for every pixel.

Colours are compared in a plain perceptual metric: sRGB with the weights of the eye (green counts most), after which
Euclidean distances count. Bins are 7 bits a channel: a backdrop's gradient spans but a few of coarser ones.
"""

from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..asset import Floats, Indices, Pixels

__all__ = ["METRIC", "dither_pattern", "empty_lookup", "film_palette", "nearest_entry"]

METRIC = np.array([0.60, 0.95, 0.45], np.float32)
"""What a step of red, green and blue counts."""

_EVERY = 3  # frames that are looked at: neighbours hold the same colours
_FLATNESS = 0.5  # power of a colour's count: the backdrop fills most of the picture but needs few colours
_BINS = 50_000  # at most are looked at, the fullest: noise has a million
_ROUNDS = 5  # of k-means; later ones change nothing that is seen


def film_palette(frames: Sequence[Pixels], colours: int) -> Pixels:
    """The palette (colours, 3) that suits ``frames`` (H, W, 3) best: variance cuts, then k-means (Lloyd).

    Fewer colours than asked for are filled up with the last one.
    """
    counts = np.zeros(1 << 21, np.int64)
    for frame in frames[::_EVERY]:
        _count(frame, counts)
    bins = np.flatnonzero(counts)
    if len(bins) > _BINS:
        bins = np.sort(bins[np.argsort(-counts[bins], kind="stable")[:_BINS]])
    points = ((np.stack([bins >> 14, bins >> 7 & 127, bins & 127], 1) * 2 + 0.5) * METRIC).astype(np.float32)
    weights = (counts[bins] ** _FLATNESS).astype(np.float32)
    centres = _cuts(points, weights, colours)
    for _ in range(_ROUNDS):
        _lloyd(points, weights, centres)
    palette: Pixels = np.clip(np.round(centres / METRIC), 0, 255).astype(np.uint8)
    if len(palette) < colours:
        palette = np.concatenate([palette, np.repeat(palette[-1:], colours - len(palette), 0)])
    return palette


def empty_lookup() -> Indices:
    """A table of the bins' nearest palette entries that ``nearest_entry`` fills as it needs them."""
    return np.full(1 << 21, -1, np.int32)


def dither_pattern(height: int, width: int, strength: float) -> NDArray[np.int8]:
    """What is added to each pixel (height, width) before its colour is looked up, up to ``strength`` / 2 grey levels.

    Interleaved gradient noise (Jimenez 2014). It stands still, so that what does not move costs nothing in the next frame.
    """
    rows, columns = np.mgrid[0:height, 0:width]
    noise = (52.9829189 * ((0.06711056 * columns + 0.00583715 * rows) % 1)) % 1 - 0.5
    return np.floor(noise * strength + 0.5).astype(np.int8)


@njit(cache=True, nogil=True)
def nearest_entry(red: int, green: int, blue: int, shift: int, palette: Floats, lookup: Indices) -> int:
    """The entry of ``palette`` (n, 3; times ``METRIC``) nearest to a colour that is ``shift`` grey levels lighter."""
    r, g, b = min(max(red + shift, 0), 255), min(max(green + shift, 0), 255), min(max(blue + shift, 0), 255)
    key = (r >> 1) << 14 | (g >> 1) << 7 | b >> 1
    if lookup[key] < 0:
        half = np.float32(0.5)
        cr, cg, cb = ((r & ~1) + half) * np.float32(0.60), ((g & ~1) + half) * np.float32(0.95), ((b & ~1) + half) * np.float32(0.45)
        best = np.float32(1e12)
        for c in range(palette.shape[0]):
            d = (palette[c, 0] - cr) ** 2 + (palette[c, 1] - cg) ** 2 + (palette[c, 2] - cb) ** 2
            if d < best:
                best = d
                lookup[key] = c
    return lookup[key]


@njit(cache=True, nogil=True)
def _count(frame: Pixels, counts: NDArray[np.int64]) -> None:
    for y in range(frame.shape[0]):
        for x in range(frame.shape[1]):
            counts[(frame[y, x, 0] >> 1) << 14 | (frame[y, x, 1] >> 1) << 7 | frame[y, x, 2] >> 1] += 1


def _cuts(points: Floats, weights: Floats, colours: int) -> Floats:
    """Split the box with the greatest weighted variance along its widest axis, at its mean, until there are enough."""
    boxes = [np.arange(len(points))]
    spread = [_spread(points, weights, boxes[0])]
    while len(boxes) < colours:
        worst = int(np.argmax([total for total, _ in spread]))
        if spread[worst][0] <= 0:
            break
        box, axis = boxes[worst], spread[worst][1]
        values = points[box, axis]
        right = values > np.average(values, weights=weights[box])
        for place, part in ((worst, box[~right]), (len(boxes), box[right])):
            row = _spread(points, weights, part)
            if place < len(boxes):
                boxes[place], spread[place] = part, row
            else:
                boxes.append(part)
                spread.append(row)
    centres: Floats = np.stack([np.average(points[box], axis=0, weights=weights[box]) for box in boxes]).astype(np.float32)
    return centres


def _spread(points: Floats, weights: Floats, box: NDArray[np.intp]) -> tuple[float, int]:
    """The weighted sum of squared distances of a box's widest axis, and that axis."""
    if len(box) < 2:
        return 0.0, 0
    inside, mass = points[box], weights[box]
    mean = mass @ inside / mass.sum()
    totals = mass @ (inside - mean) ** 2
    axis = int(np.argmax(totals))
    return float(totals[axis]), axis


@njit(cache=True, nogil=True)
def _lloyd(points: Floats, weights: Floats, centres: Floats) -> None:
    count = centres.shape[0]
    sums, mass = np.zeros((count, 3), np.float64), np.zeros(count, np.float64)
    for i in range(points.shape[0]):
        best, nearest = np.float32(1e12), 0
        for c in range(count):
            d = (points[i, 0] - centres[c, 0]) ** 2
            d += (points[i, 1] - centres[c, 1]) ** 2
            d += (points[i, 2] - centres[c, 2]) ** 2
            if d < best:
                best, nearest = d, c
        mass[nearest] += weights[i]
        for k in range(3):
            sums[nearest, k] += points[i, k] * weights[i]
    for c in range(count):
        if mass[c] > 0:
            for k in range(3):
                centres[c, k] = sums[c, k] / mass[c]
