"""Marks on the floor that pass below a walking animal, so that the walk is seen to go somewhere."""

from dataclasses import dataclass

import numpy as np
from numba import njit

from ..asset import Floats
from .camera import Camera

__all__ = ["Treadmill", "treadmill", "with_marks"]

_SPACING = 0.16  # metres between two marks, about
_RADIUS = 0.012  # metres
_STRENGTH = 0.3  # of the light that a mark takes
_NEAR, _FAR = 0.3, 1.0  # metres from the middle between which the marks fade away
_TOUCHING = 0.012  # metres above the floor that count as standing on it
_SLOW = 0.08  # metres a second: a floor that moves less stands still


@dataclass(frozen=True, kw_only=True)
class Treadmill:
    """A floor that moves along z: ``step`` metres from a picture to the next, marks every ``spacing`` metres."""

    step: float
    spacing: float


def treadmill(poses: Floats, *, pictures: int, rate: float) -> Treadmill | None:
    """How the floor moves below ``poses`` (P, V, 3), a round of a clip, or None where it stands still.

    The floor goes with the feet: the median shift from pose to pose of the vertices that stand on it in both. The
    spacing is such that after ``pictures`` pictures at ``rate`` a second the marks lie as in the first.
    """
    following = np.roll(poses, -1, axis=0)
    standing = (poses[..., 1] < _TOUCHING) & (following[..., 1] < _TOUCHING)
    if len(poses) < 2 or not standing.any():
        return None
    step = float(np.median((following - poses)[..., 2][standing]))
    if abs(step) * rate < _SLOW:
        return None
    way = abs(step) * pictures
    return Treadmill(step=step, spacing=way / max(round(way / _SPACING), 1))


def with_marks(backdrop: Floats, mill: Treadmill, picture: int, camera: Camera) -> Floats:
    """``backdrop`` (H, W, 3), linear, with the marks as they lie in that ``picture``."""
    floor = backdrop.copy()
    height, width = floor.shape[:2]
    count = int(np.ceil(_FAR / mill.spacing)) + 1
    lattice = np.arange(-count, count + 1) * mill.spacing
    shift = (mill.step * picture) % mill.spacing
    x, z = np.meshgrid(lattice, lattice + shift)
    places = np.stack([x.ravel(), np.zeros(x.size), z.ravel()], 1).astype(np.float32)
    away = np.hypot(places[:, 0], places[:, 2])
    fade = np.clip((_FAR - away) / (_FAR - _NEAR), 0, 1).astype(np.float32)
    seen = camera.project(places[fade > 0], width=width, height=height)
    radius = _RADIUS * min(width, height) / camera.span
    _dots(floor, seen, (fade[fade > 0] ** 1.5 * _STRENGTH).astype(np.float32), radius, max(float(camera.axes[2, 1]), 0.05))
    return floor


@njit(cache=True, nogil=True)
def _dots(floor: Floats, places: Floats, strength: Floats, radius: float, flat: float) -> None:
    for i in range(places.shape[0]):
        # A mark is a flat ellipse; below a pixel's size it gets weaker instead of smaller.
        across, down = max(radius * places[i, 3], 0.7), max(radius * places[i, 3] * flat, 0.7)
        weak = strength[i] * min(radius * radius * places[i, 3] ** 2 * flat / (across * down), 1.0) ** 0.5
        for y in range(max(int(places[i, 1] - 3 * down), 0), min(int(places[i, 1] + 3 * down) + 1, floor.shape[0])):
            for x in range(max(int(places[i, 0] - 3 * across), 0), min(int(places[i, 0] + 3 * across) + 1, floor.shape[1])):
                dx, dy = (x + 0.5 - places[i, 0]) / across, (y + 0.5 - places[i, 1]) / down
                dark = weak * np.exp(-((dx * dx + dy * dy) ** 1.5) * 0.7)
                for k in range(3):
                    floor[y, x, k] *= 1 - dark
