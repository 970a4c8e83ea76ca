"""What the photo coach wants to know of a subject: light, sharpness, contrast with what is behind it, and where the frame cuts it."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ..asset import Floats, Pixels
from ..coach import FrameSide

__all__ = ["burnt_share", "colour_likeness", "compactness", "cut_sides", "highlights", "sharpness", "turned_sides"]

# A subject that touches the frame along less than this share of its size is only close to it. Children draw to the edge of the
# sheet: their hands and feet touch it along up to .14 and nothing is missing.
_TOUCH, _DRAWN_TOUCH = 0.06, 0.15
_CLOCKWISE: tuple[FrameSide, ...] = ("left", "top", "right", "bottom")


def cut_sides(mask: NDArray[np.bool_], *, drawn: bool = False) -> tuple[FrameSide, ...]:
    """The sides of the picture that cut the subject ``mask`` (H, W), which may be ``drawn`` and fill its sheet."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    size = max(len(rows), len(columns))
    reach = max(1, round(0.006 * max(mask.shape)))
    touching: dict[FrameSide, int] = {
        "left": int(mask[:, :reach].any(1).sum()),
        "right": int(mask[:, -reach:].any(1).sum()),
        "top": int(mask[:reach].any(0).sum()),
        "bottom": int(mask[-reach:].any(0).sum()),
    }
    return tuple(side for side, length in touching.items() if length > max((_DRAWN_TOUCH if drawn else _TOUCH) * size, 2))


def turned_sides(sides: tuple[FrameSide, ...], degrees: int) -> tuple[FrameSide, ...]:
    """Where ``sides`` of a picture lie once it is turned clockwise by ``degrees``, to the nearest quarter turn."""
    return tuple(_CLOCKWISE[(_CLOCKWISE.index(side) + round(degrees / 90)) % 4] for side in sides)


def highlights(lightness: Floats, mask: NDArray[np.bool_]) -> float:
    """CIE L that 5 % of the subject's pixels exceed."""
    return float(np.quantile(lightness[mask], 0.95))


def burnt_share(picture: Pixels, mask: NDArray[np.bool_]) -> float:
    """Share of the subject's pixels (RGB picture (H, W, 3)) that are clipped to white in all channels."""
    return float((picture[mask].min(1) >= 252).mean())


def sharpness(lightness: Floats, mask: NDArray[np.bool_]) -> float:
    """The strongest fine drawing (1 % of the subject's pixels) against the strongest coarse drawing, 0 (mist) .. 1 (crisp)."""
    inner = cv2.erode(mask.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    if inner.sum() < 50:
        inner = mask
    fine = np.abs(lightness - cv2.GaussianBlur(lightness, (0, 0), 1.0))
    coarse = np.abs(lightness - cv2.GaussianBlur(lightness, (0, 0), 6.0))
    return float(np.clip(np.quantile(fine[inner], 0.99) / max(float(np.quantile(coarse[inner], 0.99)), 1.0), 0, 1))


def colour_likeness(lab: Floats, mask: NDArray[np.bool_]) -> float:
    """Bhattacharyya overlap 0..1 of the subject's colours with those in a ring around it (CIE Lab (H, W, 3))."""
    reach = max(3, round(0.12 * float(np.sqrt(mask.sum()))))
    ring = (
        cv2.dilate(mask.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))).astype(bool) & ~mask
    )
    if not ring.any():
        return 0.0
    edges = [np.linspace(0, 100, 13), np.linspace(-60, 60, 13), np.linspace(-60, 60, 13)]
    parts = [np.histogramdd(np.clip(lab[where], [0, -60, -60], [100, 60, 60]), edges)[0] for where in (mask, ring)]
    inside, outside = (cv2.GaussianBlur(part.reshape(12, 144), (0, 0), 0.6).ravel() for part in parts)
    return float(np.sqrt((inside / inside.sum()) * (outside / outside.sum())).sum())


def compactness(mask: NDArray[np.bool_]) -> float:
    """Area of the subject over that of its convex hull."""
    points = np.stack(np.nonzero(mask)[::-1], -1).astype(np.int32)
    hull = cv2.contourArea(cv2.convexHull(points))
    return float(min(mask.sum() / max(hull, 1.0), 1.0))
