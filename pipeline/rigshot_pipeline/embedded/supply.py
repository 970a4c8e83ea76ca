"""The coat that the photo can give: its detail, and what it costs to take it from each place."""

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..asset import Floats, Indices
from .pattern import Pattern, usual_grain
from .sheets import Sheets, nearest_pixels

__all__ = ["OUTSIDE", "Supply", "find_supply"]

OUTSIDE = 6.0  # cost of a place where the photo shows nothing usable
_PATCH = 0.035  # of the side: sigma of the window in which a place is judged, as wide as what a corner copies
_WINDOW = 0.03  # of the side: where a place's loudness is taken
_SPECTRUM = 1.8  # amplitude of a coat's high frequencies relative to the finest ones
_COMMON = 0.4  # quantile of the usual amplitudes that is the coat's; what is louder is held to it
_LOUDEST = 1.5  # times the usual amplitude: the most that a place's high frequencies may have on average
_CALM = 1.5  # what exceeds the usual amplitude by more is a feature
_FEATURE = 0.8  # cost of each grey level of a feature
_FAINT, _LOUD, _UNEVEN = 0.8, 1.6, 3.0  # contrasts between which a pattern is usual, and the cost of being one off
_BEST = 0.25  # share of a pattern's places that cost nothing
_FOLD = 0.05  # of the side: so far the mirror image reaches before it is turned again
_NEAR, _BEYOND = 0.015, 0.045  # of the side: so far beyond the border the mirror image costs nothing, and all
_LIKE, _PATTERN_LIKE = 22.0, 40.0  # grey levels: a difference of tone this large costs 1; a pattern comes in many shades
_AGREE, _PATTERN_AGREE = 0.35, 0.8  # what each neighbouring corner (of 14) of the same shift is worth


@dataclass(frozen=True, kw_only=True)
class Supply:
    """``high`` (S, S, 3): detail in eighths of a level, beyond its border the mirror image. Of the photo at a quarter of its
    size (s, s): ``tone`` (s, s, 3), ``part`` the part seen and ``cost`` of taking the coat there. ``like``: grey levels of
    tone that cost 1; ``agree``: what a neighbour of the same shift is worth."""

    high: NDArray[np.int16]
    tone: Floats
    part: Indices
    cost: Floats
    like: float
    agree: float


def find_supply(
    sheets: Sheets, usable: NDArray[np.bool_], part: Indices, pattern: Pattern | None, *, tone: Floats, unknown: Floats
) -> Supply:
    """``usable`` (S, S) and ``part`` (n, n): where the photo sees the surface unforeshortened, and which part. ``tone``
    (V, 3) is what the surface is to have, ``unknown`` (V,) how far the photo does not show it."""
    sharp = _eighths(sheets.colour - sheets.low)
    usual = cv2.blur(usual_grain(sheets.colour) * np.float32(_SPECTRUM), (9, 9))
    if usable.any():
        usual = np.minimum(usual, np.quantile(usual[usable], _COMMON))
    calm, small = _calmed(sharp, usual), len(sheets.tone)
    rows = (np.arange(small) * len(part) / small).astype(int)
    seen = part[rows][:, rows].astype(np.int32)
    if pattern is None:
        cost = _cost(sharp, usual, usable, small)
        return Supply(high=_folded(calm, usable), tone=sheets.tone, part=seen, cost=cost, like=_LIKE, agree=_AGREE)
    source = pattern.source(tone, unknown)
    share = np.float32(pattern.strength)
    high = (share * _eighths(sheets.colour - pattern.low) + (1 - share) * calm).astype(np.int16)
    within = cv2.resize(source.astype(np.uint8), usable.shape, interpolation=cv2.INTER_NEAREST) > 0
    cost = _pattern_cost(pattern.contrast, source)
    return Supply(high=_folded(high, within), tone=pattern.tone, part=seen, cost=cost, like=_PATTERN_LIKE, agree=_PATTERN_AGREE)


def _eighths(detail: Floats) -> NDArray[np.int16]:
    return np.clip(detail * 8, -2047, 2047).astype(np.int16)


def _calmed(high: NDArray[np.int16], usual: Floats) -> NDArray[np.int16]:
    """``high`` held to the ``usual`` amplitude (S, S) around each pixel: lines, eyes and highlights are cut down while fur
    keeps its strength."""
    energy = cv2.GaussianBlur(np.square(high.max(2).astype(np.float32) / 8), (0, 0), _WINDOW * len(high) / 2)
    gain = np.minimum(1, (_LOUDEST * usual + 0.5) / np.sqrt(energy + 1))[..., None]
    bound = (8 * (3 * _LOUDEST * usual + 1))[..., None]
    return (bound * np.tanh(gain * high / bound)).astype(np.int16)


def _folded(high: NDArray[np.int16], usable: NDArray[np.bool_]) -> NDArray[np.int16]:
    """``high`` where it is usable; beyond the border its mirror image, turned again and again, so that a shift may overrun."""
    if not usable.any():
        return np.zeros_like(high)
    folded = high.copy()
    _fold(high, usable, nearest_pixels(usable), _FOLD * len(high), folded)
    return folded


@njit(cache=True, nogil=True, error_model="numpy")
def _fold(high: NDArray[np.int16], usable: NDArray[np.bool_], nearest: Indices, turn: float, folded: NDArray[np.int16]) -> None:
    size = len(high)
    for row in range(size):
        for column in range(size):
            if usable[row, column]:
                continue
            near = nearest[row, column]
            down, across = row - near // size, column - near % size
            away = np.sqrt(np.float32(down * down + across * across))
            inward = (turn - abs(away % (2 * turn) - turn)) / away
            y = min(max(int(np.rint(near // size - down * inward)), 0), size - 1)
            x = min(max(int(np.rint(near % size - across * inward)), 0), size - 1)
            for k in range(3):
                folded[row, column, k] = high[y, x, k] if usable[y, x] else 0


def _cost(sharp: NDArray[np.int16], usual: Floats, usable: NDArray[np.bool_], small: int) -> Floats:
    """What it costs (s, s) to take a plain coat's detail there: features do."""
    loud = cv2.resize(np.abs(sharp).max(2).astype(np.float32) / 8, (small, small), interpolation=cv2.INTER_AREA)
    common = cv2.resize(usual, (small, small), interpolation=cv2.INTER_AREA)
    inside = cv2.resize(usable.astype(np.float32), (small, small), interpolation=cv2.INTER_AREA)
    cover = cv2.GaussianBlur(inside, (0, 0), _PATCH * small)
    feature = np.maximum(loud - _CALM * common - 2, 0) * inside
    excess = cv2.GaussianBlur(feature, (0, 0), _PATCH * small) / np.maximum(cover, 1e-3)
    cost: Floats = (_FEATURE * excess + OUTSIDE * (1 - cover).clip(0, 1) + OUTSIDE * (inside < 0.5)).astype(np.float32)
    return cost


def _pattern_cost(contrast: Floats, source: NDArray[np.bool_]) -> Floats:
    """What it costs (s, s) to take a pattern there: being at the border does, and a contrast that is not the usual one."""
    if not source.any():
        return np.full(source.shape, 2 * OUTSIDE, np.float32)
    small = len(source)
    cover = cv2.GaussianBlur(source.astype(np.float32), (0, 0), _PATCH * small)
    uneven = np.maximum(np.maximum(_FAINT - contrast, contrast - _LOUD), 0)
    cost = _UNEVEN * uneven + OUTSIDE * (1 - cover).clip(0, 1)
    beyond = cv2.distanceTransform((~source).astype(np.uint8), cv2.DIST_L2, 5) / small
    cost = np.maximum(cost - np.quantile(cost[source], _BEST), 0) + OUTSIDE * ((beyond - _NEAR) / (_BEYOND - _NEAR)).clip(0, 1)
    result: Floats = cost.astype(np.float32)
    return result
