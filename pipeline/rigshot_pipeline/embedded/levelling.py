"""Whether a subject stands askew in its picture, and the turn that sets it upright. In doubt the picture stays as it is."""

import numpy as np
from numpy.typing import NDArray

from ..asset import Pixels
from .mirror_axis import mirror_turn
from .reading import read_silhouette
from .stance import Stance, stances
from .turning import turn_picture

__all__ = ["upright_turn"]

# Three witnesses (ground, legs, trunk) must ask for nearly the same turn, within so many degrees; a running dog's do not.
_AGREE = 16.0
# Legs that start nearer together belong to a figure seen from the front, whose ground tells of perspective.
_APART = 1.9
# Legs that point into more different directions are running. Short drawn legs are as unlike; nobody gallops a quarter turn askew.
_UNREST, _LYING_UNREST = 18.0, 30.0
# Smaller tilts are left alone: slopes, perspective and a raised paw cause as much. The least of the witnesses must reach it.
_LEAST = 7.0
# Two legs are weaker witnesses than three: seen from above, fore and hind paws of an upright dog lie on a line askew by 10 and more.
_TWO_UNREST, _TWO_LEAST = 10.0, 12.0
# The mirror axis of a frontal figure is found within a degree, but children draw figures that lean by 6, and pets tilt their heads.
_LEAST_AXIS, _LEAST_PHOTO_AXIS = 8.0, 10.0
# A camera is held askew by at most so much.
_MOST = 35.0
# A picture that lies on its side or on its head lies there within so many degrees.
_QUARTER = 15.0
# Somebody who stands on a ground as level as this stands upright, whatever else the outline suggests.
_LEVEL, _LEVEL_APART = 4.0, 1.0


def upright_turn(picture: Pixels, mask: NDArray[np.bool_], *, feet: bool = True, lies: bool = False, whole_steps: bool = False) -> int:
    """Whole degrees clockwise, -179..180, that set the subject upright; 0 when it stands upright or the evidence is thin.

    ``picture`` (H, W, 3 or more) sRGB, ``mask`` (H, W) bool, True = subject. ``feet``: they are in the picture. ``lies``: the picture
    may lie on its side or on its head (a sheet of paper, a sprite; not the animal in a photo). ``whole_steps``: quarter turns only,
    which keep a sprite's pixels on their grid. Raises ValueError when the mask is empty.
    """
    found = stances(mask) if feet else ()
    if any(abs(stance.ground) < _LEVEL and stance.apart > _LEVEL_APART for stance in found):
        return 0
    for stance in found:
        quarter, tilt = _asked(stance, photo=not lies)
        turn = quarter + (0 if whole_steps else tilt)
        if turn and (not quarter or lies) and _stands(mask, turn, kind="drawing" if lies else "photo"):
            return turn
    axis = None if whole_steps else mirror_turn(picture, mask, photo=not lies)
    least = _LEAST_AXIS if lies else _LEAST_PHOTO_AXIS
    return round(axis) if axis is not None and least <= abs(axis) <= _MOST else 0


def _asked(stance: Stance, *, photo: bool) -> tuple[int, int]:
    """The quarter turn (0, 90, 180, -90) and the tilt beside it that all witnesses of a stance ask for: the least of their tilts."""
    quarter = (0, 90, 180, -90)[round(stance.ground / 90) % 4]
    tilts = [(witness - quarter + 180) % 360 - 180 for witness in (stance.ground, stance.legs, stance.trunk)]
    low, high = min(tilts), max(tilts)
    tilt = 0.0 if low * high <= 0 else min(low, high, key=abs)
    few = stance.feet < 3
    unrest = _LYING_UNREST if quarter else _TWO_UNREST if few else _UNREST
    sure = stance.apart >= _APART and stance.unrest <= unrest and high - low <= _AGREE
    if not sure or abs(tilt) > (_QUARTER if quarter else _MOST):
        return 0, 0
    return quarter, round(tilt) if abs(tilt) >= (_TWO_LEAST if few and photo else _LEAST) else 0


def _stands(mask: NDArray[np.bool_], turn: int, *, kind: str) -> bool:
    """Whether the silhouette, turned clockwise, is read as a four-legged animal that stands."""
    turned = turn_picture(np.repeat(mask[..., None].astype(np.uint8) * np.uint8(255), 4, axis=2), turn)[..., 3] >= 128
    reading = read_silhouette(turned, kind=kind)
    return reading.plan == "quadruped" and reading.pose == "standing"
