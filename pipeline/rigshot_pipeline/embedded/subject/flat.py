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
# So many pixels of the frame are looked at first; a ground that is so many times too uneven to them needs no second look.
_FEW, _PLAINLY = 6000, 1.5
# The subject covers a plausible part of the picture, or the ground is not what it seemed.
_LEAST_AREA, _MOST_AREA = 0.01, 0.85


def from_flat(picture: Pixels, *, kind: Kind, box: Box | None = None) -> Subject | None:
    """The subject of an RGB picture (H, W, 3) whose ground is flat; None when it is not.

    The ground's colour is a quadratic surface fitted to the frame (light falls off on paper and walls); what differs from it by
    more than the ground's own unrest is subject. Outlines are closed and filled: a pencil drawing gives its silhouette. Of a
    person's ``box`` only what lies inside can be subject.
    """
    small, scale = fitted(picture, _SIDE)
    rim = _rim(small.shape[:2])
    # A few pixels of the frame tell that most photos' ground is not flat, and the rest of them need not be looked at.
    rows, columns = np.nonzero(rim)
    step = max(1, len(rows) // _FEW)
    if step > 1 and _unrest(small, rows[::step], columns[::step], kind)[0] > _PLAINLY * _FLAT[kind]:
        return None
    unrest, factors = _unrest(small, rows, columns, kind)
    if unrest > _FLAT[kind]:
        return None
    every = np.indices(rim.shape)
    away = np.linalg.norm(lab_of(small) - _terms(every[0], every[1], rim.shape) @ factors, axis=2)
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


def _unrest(picture: Pixels, rows: NDArray[np.intp], columns: NDArray[np.intp], kind: Kind) -> tuple[float, Floats]:
    """How far most of the frame's pixels lie from the smooth colour fitted to them (CIE Lab), and the factors (6, 3) of that colour."""
    frame = lab_of(np.ascontiguousarray(picture[rows, columns])[None])[0]
    terms = _terms(rows, columns, picture.shape[:2])
    factors = _ground(frame, terms)
    return float(np.quantile(_length(frame - terms @ factors), _FRAME[kind])), factors


def _terms(rows: NDArray[np.intp], columns: NDArray[np.intp], shape: tuple[int, int]) -> Floats:
    """The terms (..., 6) of a quadratic in place, which goes from -1 to 1."""
    down, across = 2 * rows / max(shape[0] - 1, 1) - 1, 2 * columns / max(shape[1] - 1, 1) - 1
    return np.stack([np.ones_like(down), across, down, across * down, across**2, down**2], -1).astype(np.float32)


def _ground(frame: Floats, terms: Floats) -> Floats:
    """The factors (6, 3) of the ground's colour, a quadratic in place, fitted to the colours ``frame`` (N, 3) of pixels with
    ``terms`` (N, 6).

    What lies far off (the subject) drops out of the fit.
    """
    middle = np.median(frame, axis=0)
    inside = _length(frame - middle) < 25
    if inside.sum() < 0.5 * len(frame):
        return np.asarray(np.r_[[middle], np.zeros((5, 3))], np.float32)
    factors = _fitted(terms[inside], frame[inside])
    for _ in range(2):
        off = _length(frame - terms @ factors)
        good = inside & (off < max(4.0, 2.0 * float(np.median(off[inside]))))
        factors = _fitted(terms[good], frame[good])
    return factors


def _fitted(terms: Floats, colours: Floats) -> Floats:
    known = terms.astype(np.float64)
    return np.asarray(np.linalg.lstsq(known.T @ known, known.T @ colours, rcond=None)[0], np.float32)


def _length(values: NDArray[np.floating]) -> NDArray[np.floating]:
    lengths: NDArray[np.floating] = np.sqrt(np.einsum("ij,ij->i", values, values))
    return lengths


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
