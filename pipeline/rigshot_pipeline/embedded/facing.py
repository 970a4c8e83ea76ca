"""Which end of an animal is its head: looks for an eye, which an outline does not show."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ..asset import Pixels

__all__ = ["EYE_WEIGHT", "eye_evidence"]

EYE_WEIGHT = 3.0
"""What an eye counts for against the outline's own guess (`Reading.lean`): right on 16 of 17 pictures, the outline alone on 14."""

_SIDE = 256  # the subject's longest side in pixels at which eyes are looked for
_SIGMAS = (0.010, 0.015, 0.022)  # an eye's size as a share of that side
_BRIGHT = 0.4  # a bright spot (a drawn eye's white) counts this much of a dark one
_MIDDLE = 0.12  # as a share of the width on either side of the centroid: spots there speak for no end
_FEW = 3  # pixels whose mean is an end's strength: one alone may be noise
_NOISE = 0.02  # strength of a spot that is no evidence


def eye_evidence(picture: Pixels, mask: NDArray[np.bool_]) -> float:
    """How much more eye-like the strongest spot is in the right end than in the left one: -1..1, positive = right.

    ``picture`` (H, W, 3 or more) sRGB, ``mask`` (H, W), True = subject, upright and seen from the side. A spot's strength is
    the scale-normalised determinant of the Hessian of the lightness (Lindeberg, Feature detection with automatic scale
    selection, 1998), which answers to blobs and not to the edges of stripes; spots at the outline and near the ground
    do not count. Of 17 side views with known heads it names the right end in 15.
    """
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    close = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    scale = _SIDE / max(mask[close].shape)
    inside = cv2.resize(mask[close].astype(np.uint8), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) > 0
    colours = cv2.resize(np.ascontiguousarray(picture[close][..., :3]), inside.shape[::-1], interpolation=cv2.INTER_AREA)
    lightness = cv2.cvtColor(colours, cv2.COLOR_RGB2LAB)[..., 0].astype(np.float32) / 255
    strength = _spots(np.where(inside, lightness, lightness[inside].mean()), inside)
    height, width = inside.shape
    place = (np.arange(width) + 0.5 - np.nonzero(inside)[1].mean()) / width
    strength *= np.clip((0.75 - np.arange(height) / height) / 0.25, 0, 1)[:, None]
    right, left = (_strongest(strength * np.clip((side * place - _MIDDLE) / _MIDDLE, 0, 1)) for side in (1, -1))
    return (right - left) / (right + left + _NOISE)


def _spots(lightness: NDArray[np.float32], inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    depth = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 3)
    best = np.zeros(inside.shape, np.float32)
    for share in _SIGMAS:
        sigma = share * _SIDE
        down, across = np.gradient(cv2.GaussianBlur(lightness, (0, 0), sigma))
        (down_down, down_across), across_across = np.gradient(down), np.gradient(across)[1]
        blob = np.sqrt(np.maximum(down_down * across_across - down_across**2, 0)) * sigma**2
        blob *= np.where(down_down + across_across > 0, 1.0, _BRIGHT)
        best = np.maximum(best, np.where(depth < 2 * sigma, 0, blob))
    return best


def _strongest(strength: NDArray[np.float32]) -> float:
    return float(np.partition(strength.ravel(), -_FEW)[-_FEW:].mean())
