"""Photos made worse on purpose, step by step and repeatably, so that what a preparation is worth is a curve and not an anecdote."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..asset import Pixels
from ..embedded.canonical import turn_about

__all__ = ["HARDSHIPS", "UNSPOILT", "Hardship", "Spoilt", "hardship", "spoil"]

Bools = NDArray[np.bool_]
Floats64 = NDArray[np.float64]
UNSPOILT = "unspoilt"


@dataclass(frozen=True, kw_only=True)
class Spoilt:
    """A photo (H, W, 3), its true ``mask`` and where that is ``known`` (H, W).

    ``matrix`` (3, 3) takes the unspoilt photo's pixels to its.
    """

    photo: Pixels
    mask: Bools
    known: Bools
    matrix: Floats64


@dataclass(frozen=True, kw_only=True)
class Hardship:
    """A way to spoil a photo: its ``name``, what its ``levels`` measure, from mild to hard, and the function."""

    name: str
    unit: str
    levels: tuple[float, ...]
    spoil: Callable[[Spoilt, float, np.random.Generator], Spoilt]


def spoil(name: str, photo: Pixels, mask: Bools, known: Bools, *, of: str) -> Spoilt:
    """``photo`` (H, W, 3 or 4) spoilt by ``name``, such as ``small-4``; ``of``: the case's name, which seeds what is random.

    A picture with an alpha channel is laid on white first, unless it stays unspoilt. Raises KeyError for an unknown name.
    """
    whole = Spoilt(photo=photo, mask=mask, known=known, matrix=np.eye(3))
    if name == UNSPOILT:
        return whole
    way, level = hardship(name)
    if photo.shape[2] == 4:
        alpha = photo[..., 3:] / np.float32(255)
        whole = Spoilt(photo=(photo[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8), mask=mask, known=known, matrix=np.eye(3))
    return way.spoil(whole, level, np.random.default_rng(zlib.crc32(f"{of} {way.name}".encode())))


def hardship(name: str) -> tuple[Hardship, float]:
    """The way and the level of a name such as ``turned-20``. Raises KeyError, ValueError."""
    way, _, level = name.partition("-")
    return HARDSHIPS[way], float(level)


def _small(given: Spoilt, factor: float, _: np.random.Generator) -> Spoilt:
    height, width = given.mask.shape
    size = (max(1, round(width / factor)), max(1, round(height / factor)))
    scale = np.diag([size[0] / width, size[1] / height, 1.0])
    photo = np.asarray(cv2.resize(given.photo, size, interpolation=cv2.INTER_AREA), np.uint8)
    mask, known = (cv2.resize(part.astype(np.float32), size, interpolation=cv2.INTER_AREA) >= 0.5 for part in (given.mask, given.known))
    return Spoilt(photo=photo, mask=mask, known=known, matrix=scale)


def _jpeg(given: Spoilt, quality: float, _: np.random.Generator) -> Spoilt:
    _, packed = cv2.imencode(".jpg", given.photo[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    photo = np.ascontiguousarray(cv2.imdecode(packed, cv2.IMREAD_COLOR)[..., ::-1])
    return Spoilt(photo=photo, mask=given.mask, known=given.known, matrix=given.matrix)


def _turned(given: Spoilt, degrees: float, random: np.random.Generator) -> Spoilt:
    """Turned to one side or the other; its blurred reflection fills the corners, and all of the photo's middle stays in the picture."""
    degrees = float(random.choice([-1, 1])) * degrees
    height, width = given.mask.shape
    angle = np.deg2rad(abs(degrees))
    columns = int(width * np.cos(angle) + height * np.sin(angle))
    rows = int(width * np.sin(angle) + height * np.cos(angle))
    move = np.array([[1, 0, (columns - width) / 2], [0, 1, (rows - height) / 2], [0, 0, 1]])
    matrix = move @ turn_about(given.mask.shape, degrees)
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    pixels = (np.linalg.inv(half) @ matrix @ half)[:2]
    photo = cv2.warpAffine(given.photo, pixels, (columns, rows), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    outside = cv2.warpAffine(np.ones(given.mask.shape, np.float32), pixels, (columns, rows)) < 0.5
    photo = np.where(outside[..., None], cv2.GaussianBlur(photo, (0, 0), max(height, width) / 30), photo)
    mask = cv2.warpAffine(given.mask.astype(np.float32), pixels, (columns, rows)) >= 0.5
    known = cv2.warpAffine(given.known.astype(np.float32), pixels, (columns, rows), borderValue=1.0) >= 0.5
    return Spoilt(photo=np.asarray(photo, np.uint8), mask=mask, known=known, matrix=matrix)


def _cropped(given: Spoilt, share: float, random: np.random.Generator) -> Spoilt:
    """A frame that cuts that share of the subject's box off, below or at a side."""
    rows, columns = np.flatnonzero(given.mask.any(1)), np.flatnonzero(given.mask.any(0))
    height, width = given.mask.shape
    top, bottom, left, right = 0, height, 0, width
    side = random.choice(["bottom", "left", "right"])
    if side == "bottom":
        bottom = int(rows[-1] + 1 - share * len(rows))
    elif side == "left":
        left = int(columns[0] + share * len(columns))
    else:
        right = int(columns[-1] + 1 - share * len(columns))
    part = (slice(top, bottom), slice(left, right))
    move = np.array([[1.0, 0, -left], [0, 1.0, -top], [0, 0, 1.0]])
    return Spoilt(photo=np.ascontiguousarray(given.photo[part]), mask=given.mask[part], known=given.known[part], matrix=move)


def _busy(given: Spoilt, share: float, random: np.random.Generator) -> Spoilt:
    """A background of patches in the subject's own colours, mixed over the true one by ``share``."""
    height, width = given.mask.shape
    palette = given.photo[given.mask][random.integers(int(given.mask.sum()), size=400)].astype(np.float32)
    clutter = np.zeros((height, width, 3), np.float32)
    for size in (0.3, 0.15, 0.08, 0.04):
        for colour in palette[random.integers(len(palette), size=int(9 / size))]:
            middle = (int(random.integers(width)), int(random.integers(height)))
            axes = tuple(int(max(2, random.uniform(0.3, 1) * size * max(height, width) / 2)) for _ in range(2))
            cv2.ellipse(clutter, (middle, tuple(2.0 * axis for axis in axes), float(random.uniform(0, 180))), colour.tolist(), -1)
    empty = clutter.sum(2) == 0
    clutter[empty] = palette.mean(0)
    clutter += random.normal(0, 8, (height, width, 1))
    edge = cv2.GaussianBlur(given.mask.astype(np.float32), (0, 0), 0.8)[..., None]
    ground = given.photo * (1 - share) + cv2.GaussianBlur(clutter, (0, 0), 1.0) * share
    photo = np.clip(given.photo * edge + ground * (1 - edge), 0, 255).astype(np.uint8)
    return Spoilt(photo=photo, mask=given.mask, known=given.known, matrix=given.matrix)


def _shadow(given: Spoilt, depth: float, random: np.random.Generator) -> Spoilt:
    """A soft shadow across the photo that falls on about half of the subject and takes ``depth`` of the light."""
    height, width = given.mask.shape
    rows, columns = np.nonzero(given.mask)
    angle = random.uniform(0, 2 * np.pi)
    across = np.add.outer(np.arange(height) * np.sin(angle), np.arange(width) * np.cos(angle))
    middle = float(np.median(across[rows, columns]))
    soft = 0.03 * max(height, width)
    share = 1 / (1 + np.exp(-np.clip((across - middle) / soft, -30, 30)))
    photo = (given.photo * (1 - depth * share[..., None])).astype(np.uint8)
    return Spoilt(photo=photo, mask=given.mask, known=given.known, matrix=given.matrix)


def _noise(given: Spoilt, sigma: float, random: np.random.Generator) -> Spoilt:
    noisy = given.photo + random.normal(0, sigma, given.photo.shape)
    return Spoilt(photo=np.clip(noisy, 0, 255).astype(np.uint8), mask=given.mask, known=given.known, matrix=given.matrix)


HARDSHIPS: Mapping[str, Hardship] = {
    way.name: way
    for way in (
        Hardship(name="small", unit="times smaller", levels=(2, 4, 8), spoil=_small),
        Hardship(name="jpeg", unit="JPEG quality", levels=(40, 20, 10), spoil=_jpeg),
        Hardship(name="turned", unit="degrees", levels=(10, 20, 30), spoil=_turned),
        Hardship(name="cropped", unit="share of the subject cut off", levels=(0.1, 0.2, 0.3), spoil=_cropped),
        Hardship(name="busy", unit="share of background replaced by the subject's colours", levels=(0.33, 0.66, 1), spoil=_busy),
        Hardship(name="shadow", unit="share of the light taken", levels=(0.3, 0.6, 0.8), spoil=_shadow),
        Hardship(name="noise", unit="standard deviation, of 255", levels=(10, 25, 50), spoil=_noise),
    )
}
