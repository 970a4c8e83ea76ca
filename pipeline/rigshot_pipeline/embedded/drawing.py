"""Tells a drawing on paper from a photo: light, calm paper all over, and on it nothing but strokes."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ..asset import Floats, Pixels

__all__ = ["is_drawing"]

_SIDE = 480
"""Looked at with this longest side: pen strokes are still two pixels wide."""
_LIGHT_REACH = 1 / 8
"""A stroke is darker than the lightest place within this share of the picture; so shadows across the sheet do not count."""
_PAPER_LIGHT = 0.92
_PAPER_HUE = 10.0
"""Paper is as bright as its surroundings within 8 %, and its a and b are within this of its own median (CIE Lab)."""
_PAPER_LEVEL = 52.0
_PAPER_CHROMA = 15.0
"""Paper is light and nearly white, even in a dim room; walls and meadows behind pets are not."""
_PAPER_SHARE = 0.68
_STROKE = 0.02
"""Half of the thickest stroke, as a share of the longest side: a felt pen on a page that it fills."""
_STROKE_SHARE = 0.5
_FRAME_SHARE = 0.22
"""A table may show around the sheet, up to this share of the picture."""


def is_drawing(pixels: Pixels) -> bool:
    """Whether a picture (H, W, 3 or 4) shows strokes on paper. With alpha, only what can be seen is judged.

    The limits stand midway between the drawings and the photos of a set of 80; full colouring-in looks like a photo here.
    """
    factor = min(_SIDE / max(pixels.shape[:2]), 1.0)
    small = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    visible = small[..., 3] > 200 if small.shape[2] == 4 else np.ones(small.shape[:2], bool)
    lab = cv2.cvtColor(np.ascontiguousarray(small[..., :3]).astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    paper = _paper(np.asarray(lab, np.float32), visible)
    if paper is None:
        return False
    ink = visible & ~paper
    thickness = round(_STROKE * max(small.shape[:2]))
    surroundings = _at_the_frame(ink, 2 * thickness)
    ink &= ~surroundings
    judged = np.count_nonzero(visible & ~surroundings)
    if not ink.any() or surroundings.mean() > _FRAME_SHARE or np.count_nonzero(ink) > (1 - _PAPER_SHARE) * judged:
        return False
    return bool(np.count_nonzero(_opened(ink, thickness)) < (1 - _STROKE_SHARE) * np.count_nonzero(ink))


def _paper(lab: Floats, visible: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """Where the sheet shows (H, W); None if what is light and even here is no paper."""
    light = np.where(visible, lab[..., 0], 0).astype(np.float32)
    reach = round(_LIGHT_REACH * max(light.shape)) | 1
    level = cv2.morphologyEx(cv2.GaussianBlur(light, (0, 0), 1.0), cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    level = cv2.GaussianBlur(level, (0, 0), reach / 3)
    bright = visible & (light > _PAPER_LIGHT * level)
    if not bright.any():
        return None
    hue = np.median(lab[bright][:, 1:], axis=0)
    paper: NDArray[np.bool_] = bright & (np.linalg.norm(lab[..., 1:] - hue, axis=-1) < _PAPER_HUE)
    if not paper.any() or float(np.median(light[paper])) < _PAPER_LEVEL or float(np.linalg.norm(hue)) > _PAPER_CHROMA:
        return None
    return paper


def _at_the_frame(ink: NDArray[np.bool_], thickness: int) -> NDArray[np.bool_]:
    """Thick dark areas that touch the picture's frame: the table, a thumb."""
    labels = np.asarray(cv2.connectedComponents(_opened(ink, thickness))[1])
    rim = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    area = np.isin(labels, rim[rim > 0]).astype(np.uint8)
    return np.asarray(cv2.dilate(area, np.ones((9, 9), np.uint8)), bool)


def _opened(ink: NDArray[np.bool_], radius: int) -> Pixels:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return np.asarray(cv2.morphologyEx(ink.astype(np.uint8), cv2.MORPH_OPEN, disc), np.uint8)
