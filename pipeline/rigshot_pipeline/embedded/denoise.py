"""How noisy a photo is, and a photo without its noise."""

import cv2
import numpy as np

from ..asset import Pixels

__all__ = ["denoised", "noise_level"]

_BLOCK = 16  # pixels; a photo has calm blocks of this size, in which only its noise is left
_CALM = 0.1  # the share of blocks that count as calm
_MASK = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
_STRENGTH, _MOST = 0.85, 40.0  # of the filter, in noise levels, and its limit: more turns fur into felt
_PATCH, _SEARCH = 5, 15  # pixels; a larger search costs its square and finds little more


def noise_level(pixels: Pixels) -> float:
    """The standard deviation of the noise in grey levels of a photo (H, W, 3 or 4), from its calmest blocks.

    A mask that no plane and no straight edge answers to (Immerkaer 1996), its mean strength taken block by block, so that fur and grass
    do not count as noise. Clipped blocks (all black or white) are left out. 0 for a picture too small to tell.
    """
    grey = cv2.cvtColor(np.ascontiguousarray(pixels[..., :3]), cv2.COLOR_RGB2GRAY)
    answer = np.abs(cv2.filter2D(grey.astype(np.float32), -1, _MASK))
    height, width = (length // _BLOCK * _BLOCK for length in grey.shape)
    if not height or not width:
        return 0.0
    blocks = [
        part[:height, :width].reshape(height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK).mean((1, 3)).ravel()
        for part in (answer, grey.astype(np.float32))
    ]
    sound = (blocks[1] > 8) & (blocks[1] < 247)
    if not sound.any():
        return 0.0
    return float(np.quantile(blocks[0][sound], _CALM) * np.sqrt(np.pi / 2) / 6)


def denoised(pixels: Pixels, level: float) -> Pixels:
    """``pixels`` (H, W, 3 or 4) without noise of that ``level``, by non-local means (Buades et al. 2005); alpha stays."""
    strength = min(_STRENGTH * level, _MOST)
    colours = np.ascontiguousarray(pixels[..., :3])
    clean = cv2.fastNlMeansDenoisingColored(colours, None, strength, strength, _PATCH, _SEARCH)
    return np.asarray(clean if pixels.shape[2] == 3 else np.dstack([clean, pixels[..., 3]]), np.uint8)
