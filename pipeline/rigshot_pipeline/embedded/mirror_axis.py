"""The mirror axis of a subject that is seen from the front, from its outline and from what is drawn inside it."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ..asset import Floats, Pixels

__all__ = ["mirror_turn"]

_SIDE = 96  # pixels of the square in which the subject is compared with its mirror image
_REACH, _STEP = 45, 3  # degrees: which turns are tried
_SHIFT = 6  # pixels by which the axis may miss the centroid
_BLUR = 1.2  # pixels: markings need not be mirrored exactly
# Overlap of a frontal figure's outline with its mirror image, correlation of the colours inside it, how far both fall off within some
# degrees on either side of the axis, and how near the axes lie that both name. A photo must pass more: of 422 photos of upright pets
# and people six pass the lower borders at more than 8 degrees, because they tilt their heads; the higher ones (with more than 10)
# one does, photographed askew from above.
_OUTLINE, _COLOURS = 0.70, 0.60
_PHOTO_OUTLINE, _PHOTO_COLOURS = 0.80, 0.70
_OUTLINE_FALL, _COLOURS_FALL, _OFF = 0.06, 0.02, 12.0
_AGREE = 5.0
# Along its axis a subject that sits or stands is about as long as across it, or longer: a fish is mirrored head to tail by accident.
_TALL = 0.95


class _Likeness(NamedTuple):
    outline: float
    colours: float
    tall: float


class _Peak(NamedTuple):
    turn: float
    height: float
    fall: float


def mirror_turn(picture: Pixels, mask: NDArray[np.bool_], *, photo: bool = False) -> float | None:
    """Degrees clockwise that set the mirror axis of the subject upright, -45..45; None when it has none.

    ``picture`` (H, W, 3 or more) sRGB, ``mask`` (H, W), True = subject. The outline and the colours inside it must name the same
    axis; in a ``photo``, whose subject moves as it likes, more clearly.
    """
    close = _Close.around(picture, mask)
    turns = np.arange(-_REACH, _REACH + 1, _STEP)
    likeness = [close.likeness(float(turn)) for turn in turns]
    outline = _peak(turns, np.array([row.outline for row in likeness]))
    if outline is None or outline.height < (_PHOTO_OUTLINE if photo else _OUTLINE) or outline.fall < _OUTLINE_FALL:
        return None
    colours = _peak(turns, np.array([row.colours for row in likeness]))
    if colours is None or colours.height < (_PHOTO_COLOURS if photo else _COLOURS) or colours.fall < _COLOURS_FALL:
        return None
    if abs(colours.turn - outline.turn) > _AGREE:
        return None
    turn = (outline.turn + colours.turn) / 2
    return turn if likeness[int(np.abs(turns - turn).argmin())].tall >= _TALL else None


class _Close(NamedTuple):
    """The subject alone, small: ``lab`` (h, w, 3), ``inside`` (h, w) 0..255, its ``middle`` and ``reach`` in pixels."""

    lab: Floats
    inside: Pixels
    middle: NDArray[np.float64]
    reach: float

    @classmethod
    def around(cls, picture: Pixels, mask: NDArray[np.bool_]) -> "_Close":
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        part = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        scale = min(1.0, 2 * _SIDE / max(len(rows), len(columns)))
        inside = cv2.resize(mask[part].astype(np.uint8) * 255, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        colours = cv2.resize(np.ascontiguousarray(picture[part][..., :3]), inside.shape[::-1], interpolation=cv2.INTER_AREA)
        lab = cv2.cvtColor(colours.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
        places = np.stack(np.nonzero(inside >= 128)[::-1], -1) + 0.5
        middle = places.mean(0)
        return cls(lab, inside, middle, float(np.linalg.norm(places - middle, axis=1).max()))

    def likeness(self, turn: float) -> _Likeness:
        """How alike the subject, turned clockwise by ``turn`` degrees, and its mirror image are, about the outline's best axis."""
        matrix = cv2.getRotationMatrix2D((float(self.middle[0]), float(self.middle[1])), -turn, (_SIDE / 2 - 2) / self.reach)
        matrix[:, 2] += _SIDE / 2 - self.middle
        inside = cv2.warpAffine(self.inside, matrix, (_SIDE, _SIDE), flags=cv2.INTER_LINEAR) >= 128
        area = max(int(inside.sum()), 1)
        shifts = [np.roll(inside[:, ::-1], shift, 1) for shift in range(-_SHIFT, _SHIFT + 1)]
        common = [int((inside & other).sum()) for other in shifts]
        best = int(np.argmax(common))
        lab = cv2.GaussianBlur(cv2.warpAffine(self.lab, matrix, (_SIDE, _SIDE), flags=cv2.INTER_LINEAR), (0, 0), _BLUR)
        both = inside & shifts[best]
        here, there = lab[both], np.roll(lab[:, ::-1], best - _SHIFT, 1)[both]
        here, there = here - here.mean(0), there - there.mean(0)
        correlation = float((here * there).sum() / max(np.sqrt(float((here**2).sum() * (there**2).sum())), 1e-6))
        tall = float(inside.any(1).sum() / max(int(inside.any(0).sum()), 1))
        return _Likeness(common[best] / (2 * area - common[best]), correlation, tall)


def _peak(turns: NDArray[np.int_], values: NDArray[np.float64]) -> _Peak | None:
    """The highest value, to a fraction of a step, and how far it stands above those a little to either side; None at the end of the row."""
    place = int(values.argmax())
    if place in (0, len(values) - 1):
        return None
    before, here, after = values[place - 1 : place + 2]
    turn = turns[place] + _STEP * (before - after) / (2 * min(before - 2 * here + after, -1e-9))
    sides = [values[np.abs(turns - turn - off).argmin()] for off in (-_OFF, _OFF)]
    return _Peak(float(turn), float(here), float(here - max(sides)))
