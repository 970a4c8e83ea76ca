"""What a segmenter answers: where the subject is, and how sure it is of that."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...asset import Floats
from ...options import Box

__all__ = ["Kind", "Subject", "bounding_box", "scaled_box"]

Kind = Literal["photo", "drawing", "sprite"]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Where the subject of a picture is.

    ``probability`` (H, W) in 0..1; ``source`` who found it (alpha, mask, flat, grabcut, rembg:MODEL); ``confidence`` 0..1
    that the outline is right; ``others``: boxes of further subjects in the picture, left out of the probability.
    """

    probability: Floats
    source: str
    confidence: float
    others: tuple[Box, ...] = ()

    @property
    def box(self) -> Box | None:
        """The rectangle around all that is rather subject than not, in pixels; None when nothing is."""
        return bounding_box(self.probability)


def bounding_box(probability: Floats) -> Box | None:
    """The rectangle around ``probability`` >= 0.5 in pixels; None when there is none."""
    inside = probability >= 0.5
    columns, rows = np.flatnonzero(inside.any(0)), np.flatnonzero(inside.any(1))
    if not len(columns):
        return None
    left, top = int(columns[0]), int(rows[0])
    return Box(left=left, top=top, width=int(columns[-1]) + 1 - left, height=int(rows[-1]) + 1 - top)


def scaled_box(box: Box, scale: float) -> Box:
    """``box`` in a picture that is ``scale`` times as large."""
    left, top = round(box.left * scale), round(box.top * scale)
    right, bottom = round((box.left + box.width) * scale), round((box.top + box.height) * scale)
    return Box(left=left, top=top, width=max(right - left, 1), height=max(bottom - top, 1))
