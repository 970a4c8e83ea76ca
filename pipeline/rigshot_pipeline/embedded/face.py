"""Where the nose of a face that looks at the viewer is: found as a triangle of two eyes and a nose.

Eyes and noses are compact blobs, darker (or, in black animals, brighter) than their surroundings. Of all pairs of blobs
that could be eyes and all blobs that could be the nose below them the most regular and contrasty triangle wins.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["find_nose"]

Field = NDArray[np.float32]
Points = NDArray[np.float64]

SCALES = ((0.07, 0.17), (0.11, 0.27))  # of the head's radius: the size of a blob and of what it stands out from
CANDIDATES = 10
APART = (0.72, 0.28)  # of the head's radius: the eyes' distance and its spread
BELOW = (0.8, 0.35)  # of the eyes' distance: how far the nose lies below the middle between them
NOSE_AT = (0.38, 0.30)  # of the head's radius below its middle
EYES_AT = (-0.05, 0.22)  # of the head's radius below its middle
LEAST = 0.12  # a weaker triangle is chance (noise reaches 0.15 on 20 heads without a visible face)


def find_nose(light: Field, mask: NDArray[np.bool_], centre: Points, radius: float) -> Points | None:
    """The nose's (x, y) in cells, or None where no face stands out.

    ``light`` (H, W) lightness 0..1 of the picture on the grid, ``mask`` (H, W) the subject, ``centre`` and ``radius`` of the head.
    """
    places, strengths = _blobs(light, mask, centre, radius)
    if len(places) < 3:
        return None
    best, nose = LEAST, None
    for a in range(len(places)):
        for b in range(len(places)):
            if a == b or places[a, 0] >= places[b, 0] or strengths[a] * strengths[b] <= 0:
                continue
            apart = float(np.linalg.norm(places[b] - places[a]))
            level = abs(places[b, 1] - places[a, 1]) / max(apart, 1e-6)
            middle = (places[a] + places[b]) / 2
            pair = _bell(apart / radius, *APART) * _bell(level, 0.0, 0.18) * _bell((middle[1] - centre[1]) / radius, *EYES_AT)
            pair *= _bell((middle[0] - centre[0]) / radius, 0.0, 0.28) * float(np.sqrt(abs(strengths[a] * strengths[b])))
            for c in range(len(places)):
                if c in (a, b):
                    continue
                down = (places[c] - middle) / max(apart, 1e-6)
                score = pair * (0.4 + abs(strengths[c])) * _bell(down[1], *BELOW) * _bell(down[0], 0.0, 0.18)
                score *= _bell((places[c][1] - centre[1]) / radius, *NOSE_AT)
                if score > best:
                    best, nose = score, places[c]
    return nose


def _bell(value: float, middle: float, spread: float) -> float:
    return float(np.exp(-0.5 * ((value - middle) / spread) ** 2))


def _blobs(light: Field, mask: NDArray[np.bool_], centre: Points, radius: float) -> tuple[Points, Points]:
    """The strongest compact blobs of the head: places (n, 2) and strengths (n,), about -1..1, dark ones positive."""
    weight = mask.astype(np.float32)
    rows, columns = np.indices(mask.shape)
    away = np.hypot(columns + 0.5 - centre[0], rows + 0.5 - centre[1]) / radius
    inside = mask & (away < 0.95)
    response = np.zeros(mask.shape, np.float32)
    for fine, coarse in SCALES:
        darker = _average(light, weight, coarse * radius) - _average(light, weight, fine * radius)
        response = np.where(np.abs(darker) > np.abs(response), darker, response).astype(np.float32)
    peak = np.abs(response) * inside
    reach = max(int(0.12 * radius), 1) * 2 + 1
    top = (peak == cv2.dilate(peak, np.ones((reach, reach), np.uint8))) & (peak > 0.01)
    found_rows, found_columns = np.nonzero(top)
    order = np.argsort(-peak[found_rows, found_columns])[:CANDIDATES]
    found_rows, found_columns = found_rows[order], found_columns[order]
    strength: Points = np.tanh(response[found_rows, found_columns].astype(np.float64) / 0.08)
    places: Points = np.stack([found_columns, found_rows], 1).astype(np.float64) + 0.5
    return places, strength


def _average(light: Field, weight: Field, sigma: float) -> Field:
    sigma = max(sigma, 0.7)
    smooth: Field = cv2.GaussianBlur(light * weight, (0, 0), sigma) / np.maximum(cv2.GaussianBlur(weight, (0, 0), sigma), 1e-3)
    return smooth
