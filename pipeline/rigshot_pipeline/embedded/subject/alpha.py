"""A picture that brings its own transparency has been cut out already."""

import cv2
import numpy as np

from ...asset import Pixels
from .found import Subject
from .pieces import choose_pieces

__all__ = ["from_alpha", "has_cutout"]

# Scanners and drawing programs save an all-opaque alpha channel, or a few soft pixels: that is no cut-out.
_LEAST_CLEAR = 0.02


def has_cutout(picture: Pixels) -> bool:
    """Whether an RGBA picture (H, W, 4) is transparent where its subject is not."""
    return picture.shape[2] == 4 and float((picture[..., 3] < 128).mean()) > _LEAST_CLEAR and bool((picture[..., 3] >= 128).any())


def from_alpha(picture: Pixels) -> Subject:
    """The subject of a cut-out picture (H, W, 4): its alpha, without other subjects and loose crumbs."""
    alpha = picture[..., 3].astype(np.float32) / 255
    chosen, others = choose_pieces(alpha >= 0.5)
    # Soft edges belong to the piece that they surround.
    reach = cv2.dilate(chosen.astype(np.uint8), np.ones((3, 3), np.uint8), iterations=max(2, round(0.01 * max(alpha.shape))))
    rest = (alpha >= 0.5) & ~chosen
    return Subject(
        probability=np.where(reach.astype(bool) & ~rest, alpha, 0).astype(np.float32), source="alpha", confidence=1.0, others=others
    )
