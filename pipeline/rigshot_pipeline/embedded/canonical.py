"""The canonical square: the subject upright, centred, with a margin, looking right in a side view."""

from dataclasses import dataclass
from typing import TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from ..asset import Floats, Pixels
from .resampling import resized

__all__ = ["CanonicalFrame", "canonical_frame", "inside_picture", "turn_about", "warp_colours", "warp_map"]

# The empty edge on every side, as a share of the square: room for soft fur and for what blending adds.
MARGIN = 0.09
SMALLEST, LARGEST = 512, 1024

_Picture = TypeVar("_Picture", Pixels, Floats)


@dataclass(frozen=True, kw_only=True)
class CanonicalFrame:
    """``matrix`` (3, 3): picture pixels to canonical pixels, homogeneous, pixel centres at .5; ``size`` the square's side."""

    matrix: NDArray[np.float64]
    size: int

    @property
    def scale(self) -> float:
        """Canonical pixels per picture pixel."""
        return float(np.sqrt(abs(np.linalg.det(self.matrix[:2, :2]))))


def turn_about(shape: tuple[int, ...], degrees: float) -> NDArray[np.float64]:
    """The matrix (3, 3) that turns a picture of ``shape`` (H, W, ...) clockwise by ``degrees`` about its middle."""
    angle = np.deg2rad(degrees)
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    middle = np.array([shape[1] / 2, shape[0] / 2])
    turn = np.eye(3)
    turn[:2, :2] = [[cos, -sin], [sin, cos]]
    turn[:2, 2] = middle - turn[:2, :2] @ middle
    return turn


def canonical_frame(
    mask: NDArray[np.bool_], *, turned_degrees: float = 0.0, mirrored: bool = False, whole_steps: bool = False
) -> CanonicalFrame:
    """The frame around the subject ``mask`` (H, W), after a turn clockwise by ``turned_degrees`` and perhaps a mirroring.

    The square's side follows the subject's own resolution within 512..1024 pixels. ``whole_steps`` (sprites): the scale is a
    whole number and pixels stay on the grid. Raises ValueError when the mask is empty.
    """
    rows, columns = np.nonzero(mask)
    if not len(rows):
        raise ValueError("a canonical frame needs a subject")
    corners = np.stack([np.r_[columns, columns + 1, columns, columns + 1], np.r_[rows, rows, rows + 1, rows + 1]], -1)
    turn = turn_about(mask.shape, turned_degrees)
    turned = corners @ turn[:2, :2].T + turn[:2, 2]
    low, high = turned.min(0), turned.max(0)
    longest = float((high - low).max())
    scale, size = _scale(longest, whole_steps=whole_steps)
    if mirrored:
        turn = np.array([[-1.0, 0, 0], [0, 1, 0], [0, 0, 1]]) @ turn
        low[0], high[0] = -high[0], -low[0]
    move = np.full(2, size / 2) - scale * (low + high) / 2
    if whole_steps:
        # The linear part is a signed permutation for quarter turns: whole moves keep pixels on the grid.
        move = np.round(move + scale * turn[:2, 2]) - scale * turn[:2, 2]
    fit = np.array([[scale, 0, move[0]], [0, scale, move[1]], [0, 0, 1]])
    return CanonicalFrame(matrix=fit @ turn, size=size)


def warp_colours(picture: Pixels, frame: CanonicalFrame, *, hard: bool = False) -> Pixels:
    """``picture`` (H, W, C) uint8 in the canonical square (S, S, C); ``hard``: nearest pixel, for sprites.

    Beyond the photo its reflection goes on, more and more blurred, so that no line of the frame stands out; alpha is zero there.
    """
    warped = _warp(picture, frame, hard=hard, border=cv2.BORDER_REFLECT_101)
    outside = ~inside_picture(picture.shape, frame)
    if outside.any():
        soft = cv2.GaussianBlur(warped, (0, 0), frame.size / 40)
        away = cv2.distanceTransform(outside.astype(np.uint8), cv2.DIST_L2, 5)
        blend = np.clip(away / (frame.size / 25), 0, 1)[..., None]
        warped = np.where(outside[..., None], warped * (1 - blend) + soft * blend + 0.5, warped).astype(np.uint8)
        if warped.shape[2] == 4:
            warped[outside, 3] = 0
    return warped


def warp_map(values: Floats, frame: CanonicalFrame, *, hard: bool = False) -> Floats:
    """A map (H, W) in the canonical square (S, S); zero beyond the photo."""
    return np.clip(_warp(values, frame, hard=hard, border=cv2.BORDER_CONSTANT), 0, 1)


def inside_picture(shape: tuple[int, ...], frame: CanonicalFrame) -> NDArray[np.bool_]:
    """Which canonical pixels (S, S) show a picture of ``shape`` (H, W, ...), and not what was filled in."""
    steps = np.arange(frame.size) + 0.5
    inverse = np.linalg.inv(frame.matrix)
    columns = inverse[0, 0] * steps[None] + inverse[0, 1] * steps[:, None] + inverse[0, 2]
    rows = inverse[1, 0] * steps[None] + inverse[1, 1] * steps[:, None] + inverse[1, 2]
    return np.asarray((columns >= 0) & (columns < shape[1]) & (rows >= 0) & (rows < shape[0]))


def _scale(longest: float, *, whole_steps: bool) -> tuple[float, int]:
    room = 1 - 2 * MARGIN
    if whole_steps:
        scale = max(1, int(LARGEST * room / longest))
        return float(scale), int(np.clip(np.ceil(scale * longest / room / 2) * 2, SMALLEST, max(LARGEST, np.ceil(longest / room / 2) * 2)))
    size = int(np.clip(2 * np.ceil(longest / room / 2), SMALLEST, LARGEST))
    return room * size / longest, size


def _warp(picture: _Picture, frame: CanonicalFrame, *, hard: bool, border: int) -> _Picture:
    matrix = frame.matrix
    source = picture
    if frame.scale < 0.8 and not hard:
        # An affine warp samples points: shrink by area first, so that fine fur does not alias.
        width, height = max(1, round(picture.shape[1] * frame.scale)), max(1, round(picture.shape[0] * frame.scale))
        source = resized(picture, width, height)
        matrix = matrix @ np.diag([picture.shape[1] / width, picture.shape[0] / height, 1])
    # cv2 puts pixel centres at whole numbers.
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    matrix = np.linalg.inv(half) @ matrix @ half
    way = cv2.INTER_NEAREST if hard else (cv2.INTER_CUBIC if frame.scale > 1.2 else cv2.INTER_LINEAR)
    warped = cv2.warpAffine(source, matrix[:2], (frame.size, frame.size), flags=way, borderMode=border)
    return cast("_Picture", warped)
