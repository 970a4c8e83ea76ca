"""Stripes, spots and patches: finds out whether a coat has a pattern, and where the photo shows nothing else.

A pattern's frequencies lie between the tone, which is diffused over the surface, and the finest ones, which every coat
has. Its contrast is everywhere on the body; that of a face, a buckle or a fold is in few places, and smooth paint has no
fur between its edges.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from ..asset import Floats, Pixels
from .sheets import Sheets

__all__ = ["Pattern", "find_pattern", "usual_grain"]

_WIDE = 0.035  # of the side: sigma of the tone below a pattern
_BAND = (0.008, 0.030)  # of the side: sigmas between which stripes and spots show more than shading does
_AROUND = 0.045  # of the side: the window in which contrast is taken
# grey levels of contrast that four fifths of a coat exceed: plain fur reaches 7 (a quokka), striped and barred coats have 9
# to 12
_PLAIN, _CLEAR = 7.5, 9.5
_SMOOTH, _FURRY = 0.25, 0.29  # grain relative to contrast: painted animals reach .25, furred and feathered ones have .3 to 1
_ODD = 2.6  # times the usual contrast: eyes, noses and highlights
_APART = 0.02  # of the side: around what is odd
_CHIN = 0.04  # of the side: a muzzle hangs over the chest by so much
_LEAST = 0.1  # of what the photo shows must be coat
_FINEST = 0.003  # of the side: sigma below which only fur and grain have anything
_WINDOW = 0.03  # of the side: where the usual grain is taken
_CELLS, _CELL_BLUR = 32, 1.2  # cells along each axis of the Lab histograms, and their sigma in cells
_WANTED, _COMMON = 0.06, 0.12  # shares of the commonest wanted tone, and of the median of the coat's colours


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """``low`` (S, S, 3): the photo's tone below the pattern; ``tone`` (s, s, 3) the same, smaller; ``middle`` (s, s, 3) the
    pattern itself without the finest frequencies; ``coat`` (s, s): where it may be taken from; ``contrast`` (s, s) around
    each pixel, 1 is usual; ``strength`` above 0 to 1: how much of it is carried on."""

    low: Floats
    tone: Floats
    middle: Floats
    coat: NDArray[np.bool_]
    contrast: Floats
    strength: float

    def source(self, tone: Floats, unknown: Floats) -> NDArray[np.bool_]:
        """Where (s, s) the coat has a tone that the ``unknown`` (V,) surface is to have (V, 3), a white bib is none, and no
        rare colour."""
        wanted = _histogram(_cells(tone[None])[0], unknown)
        right = self.coat & (_look_up(wanted, _cells(self.tone)) > _WANTED * wanted.max())
        if not right.any():
            return right
        cells = _cells(self.tone + self.middle)
        share = _look_up(_histogram(cells[right], np.ones(int(right.sum()), np.float32)), cells)
        rare = _grown(cv2.medianBlur((share < _COMMON * np.median(share[right])).astype(np.uint8), 3) > 0, _APART / 2)
        return cv2.medianBlur((right & ~rare).astype(np.uint8), 5) > 0


def find_pattern(sheets: Sheets, usable: NDArray[np.bool_], head: NDArray[np.bool_]) -> Pattern | None:
    """The pattern of a coat, or None where it is plain or too little of it is seen. ``usable`` (S, S): where the photo shows
    the surface unforeshortened; ``head`` (n, n): where it shows a head."""
    size, small = len(sheets.colour), len(sheets.tone)
    shown = _small(sheets.trusted, small)
    coat = _small(usable, small) & ~_grown(_small(head, small), _CHIN)
    if coat.sum() < max(_LEAST * shown.sum(), 1):
        return None
    tone = _mean(sheets.tone, shown, _WIDE)
    middle: Floats = np.asarray(cv2.resize(sheets.low, (small, small), interpolation=cv2.INTER_AREA), np.float32) - tone
    energy: Floats = np.square(middle).mean(2)
    contrast: Floats = np.sqrt(_mean(energy, coat, _AROUND))
    usual = max(float(np.quantile(contrast[coat], 0.4)), 1.0)
    coat &= ~_grown(shown & (energy > (_ODD * usual) ** 2), _APART)
    strength = _strength(sheets.colour, coat)
    if strength == 0:
        return None
    contrast /= np.float32(usual)
    low: Floats = np.asarray(cv2.resize(tone, (size, size), interpolation=cv2.INTER_LINEAR), np.float32)
    return Pattern(low=low, tone=tone, middle=middle, coat=coat, contrast=contrast, strength=strength)


def usual_grain(colour: Pixels) -> Floats:
    """The amplitude (S, S) of the finest frequencies around each pixel in grey levels, a median: fur has them everywhere,
    beside a line on smooth paint there are none."""
    size = len(colour)
    fine = cv2.absdiff(colour, cv2.GaussianBlur(colour, (0, 0), _FINEST * size)).max(2)
    usual: Floats = cv2.medianBlur(np.minimum(fine, 63) * 4, int(_WINDOW * size) | 1).astype(np.float32) / 4
    return usual


def _strength(colour: Pixels, coat: NDArray[np.bool_]) -> float:
    """0 for a plain coat and for smooth paint, 1 for a clear pattern in fur or feathers."""
    if not coat.any():
        return 0.0
    small = len(coat)
    grey = cv2.cvtColor(cv2.resize(colour, (small, small), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY).astype(np.float32)
    band = _mean(grey, coat, _BAND[0]) - _mean(grey, coat, _BAND[1])
    contrast = np.sqrt(_mean(np.square(band), coat, _AROUND))[coat]
    grain = cv2.resize(usual_grain(colour), (small, small), interpolation=cv2.INTER_AREA)[coat] / np.maximum(contrast, 1)
    clear = (np.quantile(contrast, 0.2) - _PLAIN) / (_CLEAR - _PLAIN)
    furry = (np.median(grain) - _SMOOTH) / (_FURRY - _SMOOTH)
    return float(np.clip(clear, 0, 1) * np.clip(furry, 0, 1))


def _small(mask: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    return cv2.resize(mask.astype(np.uint8), (size, size), interpolation=cv2.INTER_NEAREST) > 0


def _grown(mask: NDArray[np.bool_], share: float) -> NDArray[np.bool_]:
    """``mask`` (s, s) and what is within that share of its side."""
    reach = 2 * round(share * len(mask)) + 1
    return cv2.dilate(mask.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))) > 0


def _mean(values: Floats, where: NDArray[np.bool_], share: float) -> Floats:
    """The Gaussian mean of ``values`` (s, s, ...) over the pixels ``where`` (s, s); sigma is that share of the side."""
    weight = where.astype(np.float32)
    cover = np.maximum(cv2.GaussianBlur(weight, (0, 0), share * len(weight)), np.float32(1e-4))
    if values.ndim == 3:
        weight, cover = weight[..., None], cover[..., None]
    mean: Floats = np.asarray(cv2.GaussianBlur(values * weight, (0, 0), share * len(weight)), np.float32) / cover
    return mean


def _cells(colour: Floats) -> Pixels:
    """The histogram cells (h, w, 3) in CIE Lab of colours (h, w, 3)."""
    lab: Pixels = np.asarray(cv2.cvtColor(colour.clip(0, 255).astype(np.uint8), cv2.COLOR_RGB2LAB), np.uint8)
    return lab // (256 // _CELLS)


def _histogram(cells: Pixels, weight: Floats) -> Floats:
    count = np.zeros((_CELLS, _CELLS, _CELLS), np.float32)
    np.add.at(count, tuple(cells.T), weight)
    smooth: Floats = np.asarray(gaussian_filter(count, _CELL_BLUR, mode="nearest"), np.float32)
    return smooth


def _look_up(histogram: Floats, cells: Pixels) -> Floats:
    found: Floats = histogram[cells[..., 0], cells[..., 1], cells[..., 2]]
    return found
