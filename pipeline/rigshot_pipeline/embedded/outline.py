"""The drawn outline of sprites and drawings: seen at a grazing angle it would be drawn out to a dark band over the sides."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ..asset import Floats
from .sheets import nearest_pixels

__all__ = ["outline_depth"]

_WIDEST = 0.09  # of the side: what is dark further inwards is a black hoof and no line
_SMOOTH = 0.8  # of the line's width: sigma that evens its inner edge
_SLACK = 1.25  # times the line's width: so far from the silhouette a dark pixel belongs to it


def outline_depth(line: NDArray[np.bool_], opaque: NDArray[np.bool_], size: int) -> Floats:
    """How deep each pixel (size, size) lies in the outline, 0 at its inner edge to 1 at the silhouette; 0 elsewhere.

    ``line`` (n, n): dark pixels that may be strokes; ``opaque`` (n, n): the subject.
    """
    paint = opaque & ~line
    if not paint.any() or opaque.all():
        return np.zeros((size, size), np.float32)
    paint, opaque = _enlarged(paint, size), _enlarged(opaque, size)
    outward = cv2.distanceTransform(opaque.astype(np.uint8), cv2.DIST_L2, 5)
    width = _inward(paint).ravel()[nearest_pixels(~opaque)]
    mine = opaque & ~paint & (outward <= _SLACK * width) & (width < _WIDEST * size)
    if not mine.any():
        return np.zeros((size, size), np.float32)
    # the stairs of a sprite's line and the tremor of a pen's would fray its edge on the surface
    usual = float(np.median(width[mine]))
    inward = _inward(cv2.GaussianBlur(paint.astype(np.float32), (0, 0), _SMOOTH * usual) > 0.5)
    depth: Floats = np.where(mine, np.clip(inward / usual, 1e-3, 1), 0).astype(np.float32)
    return depth


def _inward(paint: NDArray[np.bool_]) -> Floats:
    """How far (n, n) each pixel is from the paint, in pixels."""
    far: Floats = np.asarray(cv2.distanceTransform((~paint).astype(np.uint8), cv2.DIST_L2, 5), np.float32)
    return far


def _enlarged(mask: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    return cv2.resize(mask.astype(np.uint8), (size, size), interpolation=cv2.INTER_NEAREST) > 0
