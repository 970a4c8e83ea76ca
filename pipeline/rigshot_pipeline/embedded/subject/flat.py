"""A subject before a plain ground: paper, a studio wall, the grey of a render."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ...asset import Floats, Pixels
from ...options import Box
from ..resampling import fitted, lab_of, resized
from .found import Kind, Subject, scaled_box
from .pieces import choose_pieces

__all__ = ["from_flat"]

# The frame of the picture that is looked at, as a share of its longer side.
_RIM = 0.04
# A ground is flat when this share of the frame lies this close (CIE Lab) to its own smooth colour. Paper may be uneven; a photo's
# wall has shadows and a floor that this method takes for subject: only a render's ground is flat enough. A sprite's ground is of one
# colour, but the sprite often fills its tile and touches much of the frame.
_FLAT = {"drawing": 9.0, "sprite": 2.0, "photo": 2.0}
_FRAME = {"drawing": 0.8, "sprite": 0.5, "photo": 0.8}
_SIDE = 640
# The subject covers a plausible part of the picture, or the ground is not what it seemed.
_LEAST_AREA, _MOST_AREA = 0.01, 0.85


def from_flat(picture: Pixels, *, kind: Kind, box: Box | None = None) -> Subject | None:
    """The subject of an RGB picture (H, W, 3) whose ground is flat; None when it is not.

    The ground's colour is a quadratic surface fitted to the frame (light falls off on paper and walls); what differs from it by
    more than the ground's own unrest is subject. Outlines are closed and filled: a pencil drawing gives its silhouette. Of a
    person's ``box`` only what lies inside can be subject.
    """
    small, scale = fitted(picture, _SIDE)
    lab = lab_of(small)
    rim = _rim(lab.shape[:2])
    ground = _ground(lab, rim)
    away = np.linalg.norm(lab - ground, axis=2)
    unrest = float(np.quantile(away[rim], _FRAME[kind]))
    if unrest > _FLAT[kind]:
        return None
    mask = away > max(7.0, 2.2 * unrest)
    if box is not None:
        mask &= _inside(mask.shape, box, scale)
    mask, others = choose_pieces(_closed(mask, reach=0.015 if kind == "drawing" else 0.008))
    if not _LEAST_AREA <= float(mask.mean()) <= _MOST_AREA:
        return None
    touched = float((mask & rim).sum() / rim.sum())
    soft = np.asarray(cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.8), np.float32)
    return Subject(
        probability=resized(soft, picture.shape[1], picture.shape[0]),
        source="flat",
        confidence=float(np.clip(1.05 - unrest / 30 - touched, 0, 1)),
        others=tuple(scaled_box(other, 1 / scale) for other in others),
    )


def _inside(shape: tuple[int, ...], box: Box, scale: float) -> NDArray[np.bool_]:
    inside = np.zeros(shape, bool)
    small = scaled_box(box, scale)
    inside[small.top : small.top + small.height, small.left : small.left + small.width] = True
    return inside


def _rim(shape: tuple[int, int]) -> NDArray[np.bool_]:
    thick = max(2, round(_RIM * max(shape)))
    rim = np.ones(shape, bool)
    rim[thick:-thick, thick:-thick] = False
    return rim


def _ground(lab: Floats, rim: NDArray[np.bool_]) -> Floats:
    """Colour (H, W, 3) of the ground: a quadratic in place, fitted to the frame; what lies far off (the subject) drops out of the fit."""
    height, width = rim.shape
    rows, columns = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    terms = np.stack([np.ones_like(rows), columns, rows, columns * rows, columns**2, rows**2], -1)
    inside = rim.copy()
    middle = np.median(lab[rim], axis=0)
    inside &= np.linalg.norm(lab - middle, axis=2) < 25
    if inside.sum() < 0.5 * rim.sum():
        return np.broadcast_to(middle, lab.shape).astype(np.float32)
    factors = np.linalg.lstsq(terms[inside], lab[inside], rcond=None)[0]
    for _ in range(2):
        off = np.linalg.norm(lab - terms @ factors, axis=2)
        good = inside & (off < max(4.0, 2.0 * float(np.median(off[inside]))))
        factors = np.linalg.lstsq(terms[good], lab[good], rcond=None)[0]
    return (terms @ factors).astype(np.float32)


def _closed(mask: NDArray[np.bool_], *, reach: float) -> NDArray[np.bool_]:
    """``mask`` with gaps of its outline up to ``reach`` of the picture's size closed, and its holes filled."""
    size = max(3, round(reach * max(mask.shape)) | 1)
    pad = size
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    wide = cv2.copyMakeBorder(mask.astype(np.uint8), pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=0)
    wide = cv2.morphologyEx(wide, cv2.MORPH_CLOSE, kernel)
    outside = wide.copy()
    cv2.floodFill(outside, None, (0, 0), 2)
    filled = (outside != 2)[pad:-pad, pad:-pad]
    return np.asarray(filled, bool)
