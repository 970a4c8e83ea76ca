"""How a standing four-legged animal is turned, from its silhouette alone, by a small network that ships with the package.

It learnt from renders (training/heading); its MODEL_CARD.md lies beside its file. An outline seen from in front is nearly that seen
from behind, mirrored: the answer is a distribution over directions, and whoever asks brings what else it knows.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..asset import Floats
from .shipped_network import shipped_network

__all__ = ["BINS", "SIDE", "Headings", "framed", "likely_headings"]

SIDE = 64
"""Cells of the network's square input."""
BINS = 72
"""Directions of 5 degrees, the first one from -180 to -175."""
_MARGIN = 3  # cells around the subject


@dataclass(frozen=True, kw_only=True)
class Headings:
    """``chance`` (72,) of each direction, sums to 1; ``pitch`` degrees that the camera looks down."""

    chance: Floats
    pitch: float


def framed(mask: NDArray[np.bool_]) -> Floats:
    """The share (64, 64) of each cell that is subject, its box centred and its longer side filling the square but a margin.

    Raises ValueError when ``mask`` (H, W) is empty.
    """
    if not mask.any():
        raise ValueError("the mask is empty")
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    close = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32)
    scale = (SIDE - 2 * _MARGIN) / max(close.shape)
    size = (max(round(close.shape[1] * scale), 1), max(round(close.shape[0] * scale), 1))
    small = cv2.resize(close, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    square = np.zeros((SIDE, SIDE), np.float32)
    top, left = (SIDE - size[1]) // 2, (SIDE - size[0]) // 2
    square[top : top + size[1], left : left + size[0]] = small
    return square


def likely_headings(mask: NDArray[np.bool_]) -> Headings:
    """What the silhouette ``mask`` (H, W), upright, says. Its mirror image is asked too: both answers are one's mirror image.

    Raises ValueError when the mask is empty, and what `shipped_network` does.
    """
    square = framed(mask)
    both = np.stack([square, square[:, ::-1]])[:, None]
    logits, pitches = shipped_network("heading_network", threads=1).session.run(None, {"silhouette": np.ascontiguousarray(both)})
    mixed = (np.asarray(logits[0], np.float64) + np.asarray(logits[1], np.float64)[::-1]) / 2
    chance = np.exp(mixed - mixed.max())
    return Headings(chance=(chance / chance.sum()).astype(np.float32), pitch=float(np.mean(pitches)))
