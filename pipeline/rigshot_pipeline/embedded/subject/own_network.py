"""The subject by our own network, which ships with the package: 4 million weights, trained by training/cutout.

Its model card lies beside its file.
"""

import cv2
import numpy as np

from ...asset import Floats, Pixels
from ..shipped_network import shipped_network

__all__ = ["subject_probability"]

# Two is what the smallest machines have; more threads gain little at this size and take them from other jobs.
_THREADS = 2


def subject_probability(picture: Pixels, *, mirrored: bool = False) -> Floats:
    """How likely each pixel of an RGB picture (H, W, 3) belongs to the subject: (H, W) float32 in 0..1.

    The network sees the whole picture stretched to a square of its own size; ``mirrored`` shows it the mirror image and turns its
    answer back (two looks that differ in that make different mistakes). Several subjects all have a high probability. Raises what
    `shipped_network` does.
    """
    network = shipped_network("cutout_network", threads=_THREADS)
    size = int(network.facts["size"])
    height, width = picture.shape[:2]
    shrinks = height * width > size * size
    small = cv2.resize(picture[..., :3], (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    seen = small[:, ::-1] if mirrored else small
    colours = np.ascontiguousarray(seen.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
    answer = np.asarray(network.session.run(None, {"colours": colours})[0], np.float32)[0, 0]
    full = cv2.resize(np.ascontiguousarray(answer[:, ::-1]) if mirrored else answer, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.clip(full, 0, 1).astype(np.float32)
