"""Turns a picture by any angle without losing its corners."""

import cv2
import numpy as np

from ..asset import Pixels

__all__ = ["turn_picture"]

_QUARTERS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


def turn_picture(pixels: Pixels, degrees: int) -> Pixels:
    """``pixels`` (H, W, 3 or 4) uint8 turned clockwise by ``degrees``; the canvas grows to hold all of it.

    Quarter turns are exact. At other angles the new corners are transparent where the picture has an alpha channel, and
    continue the rim where it has none, so that they look like background and not like a frame.
    """
    degrees %= 360
    if degrees == 0:
        return pixels
    if degrees in _QUARTERS:
        return np.asarray(cv2.rotate(pixels, _QUARTERS[degrees]), np.uint8)
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -degrees, 1.0)
    cosine, sine = abs(matrix[0, 0]), abs(matrix[0, 1])
    columns, rows = round(width * cosine + height * sine), round(width * sine + height * cosine)
    matrix[:, 2] += (columns - width) / 2, (rows - height) / 2
    if pixels.shape[2] == 3:
        return np.asarray(cv2.warpAffine(pixels, matrix, (columns, rows), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8)
    alpha = pixels[..., 3:].astype(np.float32) / 255
    weighted = np.concatenate([pixels[..., :3] * alpha, alpha * 255], -1)
    turned = np.asarray(cv2.warpAffine(weighted, matrix, (columns, rows), flags=cv2.INTER_LINEAR), np.float32)
    turned[..., :3] *= 255 / np.maximum(turned[..., 3:], 1)
    return np.clip(np.rint(turned), 0, 255).astype(np.uint8)
