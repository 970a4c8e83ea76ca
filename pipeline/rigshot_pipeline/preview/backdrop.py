"""The backdrop: a studio's seamless paper, tinted to suit the subject, brightest behind it."""

import numpy as np
from numpy.typing import NDArray

from ..asset import Floats, Pixels
from .raster import TO_LINEAR, TO_SRGB

__all__ = ["backdrop", "paper_colour", "srgb"]

_CHROMA = 0.022  # OKLab: a hint of a colour
_LIGHTNESS = (0.955, 0.885)  # OKLab: the paper for a dark subject and for a white one
_FALL = 0.075  # how much lightness the corners lose

_LMS = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]]
)
_LAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099], [0.0259040371, 0.7827717662, -0.8086757660]]
)


def paper_colour(colours: Pixels) -> tuple[float, float, float]:
    """The paper's OKLab colour for a subject with these sRGB ``colours`` (N, 3).

    Its hue is opposite to the subject's, very pale; the lighter the subject, the darker the paper, so that a white
    cat does not melt away. (OKLab: B. Ottosson, 2020.)
    """
    lab = np.cbrt(TO_LINEAR[colours].astype(np.float64) @ _LMS.T) @ _LAB.T
    lightness, a, b = lab.mean(0) if len(lab) else (0.5, 0.0, 0.0)
    strength = float(np.hypot(a, b))
    # A grey subject has no hue to answer: its paper is a warm grey.
    answer = min(strength / 0.05, 1.0)
    away = (-a / strength, -b / strength) if strength > 1e-6 else (0.0, 0.0)
    warm = (0.1, 0.35)
    dark, white = _LIGHTNESS
    share = float(np.clip((lightness - 0.55) / 0.35, 0, 1))
    return (
        dark + (white - dark) * share,
        _CHROMA * (away[0] * answer + warm[0] * (1 - answer)),
        _CHROMA * (away[1] * answer + warm[1] * (1 - answer)),
    )


def backdrop(colour: tuple[float, float, float], *, width: int, height: int) -> Floats:
    """The paper (height, width, 3), linear: an even glow behind the subject that falls off to the corners."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float64)
    x, y = (columns + 0.5) / width - 0.5, (rows + 0.5) / height - 0.46
    fall = np.clip((x * x + y * y * 1.1) / 0.5, 0, 1)
    lightness = colour[0] - _FALL * fall**1.2
    lab = np.stack([lightness, np.full_like(fall, colour[1]), np.full_like(fall, colour[2])], -1)
    return _linear(lab)


def srgb(colour: tuple[float, float, float]) -> tuple[int, int, int]:
    """An OKLab colour as sRGB of 8 bits."""
    red, green, blue = TO_SRGB[np.round(_linear(np.array(colour)) * (len(TO_SRGB) - 1)).astype(np.int64)]
    return int(red), int(green), int(blue)


def _linear(lab: NDArray[np.float64]) -> Floats:
    linear: Floats = np.clip((lab @ np.linalg.inv(_LAB).T) ** 3 @ np.linalg.inv(_LMS).T, 0, 1).astype(np.float32)
    return linear
