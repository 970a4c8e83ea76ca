"""Pictures and maps at another size, and their CIE Lab colours: cv2 with its types pinned down."""

from typing import TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from ..asset import Floats, Pixels

__all__ = ["fitted", "lab_of", "resized", "resized_mask"]

_Picture = TypeVar("_Picture", Pixels, Floats)


def resized(picture: _Picture, width: int, height: int) -> _Picture:
    """``picture`` (H, W, ...) at another size: averaged when it shrinks, interpolated linearly when it grows."""
    shrinks = width * height < picture.shape[0] * picture.shape[1]
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cast("_Picture", cv2.resize(picture, (width, height), interpolation=way))


def fitted(picture: _Picture, side: int) -> tuple[_Picture, float]:
    """``picture`` with its longer side at most ``side``, and by how much it was scaled (at most 1)."""
    scale = side / max(picture.shape[:2])
    if scale >= 1:
        return picture, 1.0
    return resized(picture, max(round(picture.shape[1] * scale), 1), max(round(picture.shape[0] * scale), 1)), scale


def resized_mask(mask: NDArray[np.bool_], width: int, height: int) -> NDArray[np.bool_]:
    """``mask`` (H, W) at another size, its outline where it was."""
    return resized(mask.astype(np.float32), width, height) >= 0.5


def lab_of(picture: Pixels) -> Floats:
    """CIE Lab (H, W, 3), L in 0..100, of an sRGB picture (H, W, 3)."""
    return np.asarray(cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)
