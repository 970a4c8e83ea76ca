"""Figures of a painted atlas: colours of the background that slipped in, and whether the back is as sharp as the front."""

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ..asset import Floats, Indices, Pixels

__all__ = ["background_bleed", "sharpness_ratio"]

_FAR_FROM_SUBJECT = 14.0  # CIE Lab: a texel this unlike every colour of the subject's inside is foreign
_COLOURS = 4000  # pixels that stand for the subject's colours and as many for the background's
_RING = 0.06  # of the side: the background beside the subject, whose colours could slip in


def background_bleed(albedo: Pixels, owner: Indices, cutout: Pixels, picture: Pixels, *, seed: int) -> float:
    """Share of the covered texels whose colour is foreign to the subject's inside and at home in the background.

    Foreign: further than 14 (CIE Lab) from every colour well inside the cutout. At home: nearer to one of the
    background ring's colours than to half that distance. ``picture`` is the canonical picture with its background;
    0 where the picture shows none.
    """
    inside = cv2.erode((cutout[..., 3] > 200).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    reach = 2 * int(_RING * len(cutout) / 2) + 1
    beside = (cv2.dilate((cutout[..., 3] > 8).astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0) & (cutout[..., 3] <= 8)
    if picture.shape[2] == 4:
        beside &= picture[..., 3] > 250
    covered = albedo[::2, ::2][owner[::2, ::2] >= 0]
    if not inside.any() or not beside.any() or not len(covered):
        return 0.0
    random = np.random.default_rng(seed)
    home = _lab(_some(cutout[..., :3][inside], random))
    abroad = _lab(_some(picture[..., :3][beside], random))
    coarse = covered.astype(np.int32) // 4
    counts = np.bincount((coarse[:, 0] * 64 + coarse[:, 1]) * 64 + coarse[:, 2], minlength=64**3)
    used = np.flatnonzero(counts)
    counts = counts[used]
    colours = _lab((np.stack([used // 4096, used // 64 % 64, used % 64], 1) * 4 + 2).astype(np.uint8))
    to_home, to_abroad = _nearest(colours, home), _nearest(colours, abroad)
    foreign = (to_home > _FAR_FROM_SUBJECT) & (to_abroad < to_home / 2)
    return float(counts[foreign].sum() / counts.sum())


def sharpness_ratio(albedo: Pixels, owner: Indices, known: Floats) -> float:
    """Fine detail of the made-up texels relative to the photo's: the ratio of the median local contrasts (1 = alike).

    The local contrast is the standard deviation in 9 x 9 texels around their Gaussian mean, away from chart borders.
    """
    grey = cv2.cvtColor(albedo, cv2.COLOR_RGB2GRAY).astype(np.float32)
    local = cv2.GaussianBlur(np.square(grey - cv2.GaussianBlur(grey, (0, 0), 2)), (0, 0), 2)
    whole = cv2.erode((owner >= 0).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    shown, made = whole & (known > 0.95), whole & (known < 0.05)
    if not shown.any() or not made.any():
        return 1.0
    return float(np.sqrt((np.median(local[made]) + 0.25) / (np.median(local[shown]) + 0.25)))


def _some(colours: Pixels, random: np.random.Generator) -> Pixels:
    return colours[random.integers(len(colours), size=_COLOURS)]


def _lab(colours: NDArray[np.uint8]) -> Floats:
    converted: Floats = cv2.cvtColor((colours.astype(np.float32) / 255)[None], cv2.COLOR_RGB2LAB)[0]
    return converted


def _nearest(colours: Floats, others: Floats) -> Floats:
    distance: Floats = np.asarray(cKDTree(others).query(colours)[0], np.float32)
    return distance
