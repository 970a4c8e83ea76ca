"""The optics after the scene: blur by depth, glow, a film's tone, grain, vignette."""

import itertools

import cv2
import numpy as np
from camera import Image32
from numpy.typing import ArrayLike
from solid import Vectors


def disc(radius: float) -> Image32:
    """The kernel of a lens out of focus: a disc with a slightly brighter rim and soft edge; its sum is 1."""
    size = int(np.ceil(radius)) + 1
    rows, columns = np.mgrid[-size : size + 1, -size : size + 1]
    far = np.hypot(rows, columns)
    kernel = np.clip(radius + 0.5 - far, 0, 1) * (1 + 0.35 * np.clip(far / max(radius, 1e-6), 0, 1) ** 4)
    return np.asarray(kernel / kernel.sum(), np.float32)


def defocus(picture: Image32, radius: float) -> Image32:
    """Blur by a disc of that radius in pixels; linear light, any number of channels."""
    if radius < 0.3:
        return picture
    return np.asarray(cv2.filter2D(picture, -1, disc(radius), borderType=cv2.BORDER_REFLECT), np.float32)


def confusion(distance: ArrayLike, *, focus: float, infinity: float) -> Vectors:
    """Radius of the disc into which a lens spreads a point at that distance; `infinity` is that of the farthest points."""
    return np.asarray(infinity * np.abs(1 - focus / np.asarray(distance, float)))


def defocus_by_depth(picture: Image32, radii: Vectors) -> Image32:
    """Blur every pixel of a picture (H x W x C) by its own radius (H x W), mixing a few evenly blurred copies."""
    steps = np.array([0.0, 0.09, 0.2, 0.36, 0.54, 0.76, 1.0]) * max(float(radii.max()), 1e-6)
    mixed = picture.copy()
    for low, high in itertools.pairwise(steps):
        share = np.clip((radii - low) / (high - low), 0, 1)[..., None].astype(np.float32)
        mixed = np.asarray(mixed * (1 - share) + defocus(picture, float(high)) * share, np.float32)
    return mixed


def add_discs(picture: Image32, columns: Vectors, rows: Vectors, radii: Vectors, colours: Vectors) -> None:
    """Add discs of light, brighter towards their rims, as a lens makes them of points out of focus."""
    for x, y, radius, colour in zip(columns, rows, radii, colours, strict=True):
        left, right = max(int(x - radius - 1), 0), min(int(x + radius + 2), picture.shape[1])
        top, bottom = max(int(y - radius - 1), 0), min(int(y + radius + 2), picture.shape[0])
        if left < right and top < bottom:
            r, c = np.mgrid[top:bottom, left:right]
            far = np.hypot(r - y, c - x)
            disc = np.clip(radius + 0.5 - far, 0, 1) * (0.8 + 0.35 * np.clip(far / radius, 0, 1) ** 4)
            picture[top:bottom, left:right] += disc[..., None] * colour


def over(front: Image32, back: Image32) -> Image32:
    """Premultiplied RGBA `front` over `back` (RGB or RGBA)."""
    return np.asarray(front[..., : back.shape[2]] + back * (1 - front[..., 3:]), np.float32)


def smaller(picture: Image32, factor: int) -> Image32:
    """Average factor x factor pixels into one."""
    height, width = picture.shape[0] // factor, picture.shape[1] // factor
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.float32)


def _filmic(light: Image32) -> Image32:
    """Narkowicz's fit of the ACES tone curve: shoulders for the lights, a toe for the shades."""
    return np.asarray(light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14), np.float32)


def develop(
    light: Image32, rng: np.random.Generator, *, exposure: float, grain: float = 0.011, vignette: float = 0.22, warmth: float = 0.0
) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    """Linear light as a photo: H x W x 3, uint8 sRGB."""
    height, width, _ = light.shape
    scale = width / 1280
    glow = cv2.GaussianBlur(np.clip(light, 0, 6), (0, 0), 14 * scale)
    light = np.asarray(light + 0.045 * (glow - light), np.float32)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    away = np.hypot((columns - width / 2) / (width / 2), (rows - height / 2) / (width / 2))
    fallen = light * (1 - vignette * away**2.2)[..., None] * np.array([1 + warmth, 1.0, 1 - warmth])
    tone = np.clip(_filmic(fallen.astype(np.float32) * exposure), 0, 1)
    coded = np.where(tone <= 0.0031308, 12.92 * tone, 1.055 * tone ** (1 / 2.4) - 0.055)
    red = cv2.warpAffine(  # a touch of lateral colour
        np.ascontiguousarray(coded[..., 0]),
        _zoom(width, height, 1.0004),
        (width, height),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    coded = np.dstack([red, coded[..., 1:]])
    noise = cv2.GaussianBlur(rng.standard_normal((height, width, 3)).astype(np.float32), (0, 0), 0.55)
    noise = 0.75 * noise.mean(2, keepdims=True) * 1.7 + 0.25 * noise
    coded = coded + grain * 1.8 * noise * (0.55 + 0.9 * np.sqrt(np.clip(coded * (1 - coded), 0, 1)))
    return np.asarray(np.clip(coded * 255 + 0.5, 0, 255), np.uint8)


def _zoom(width: int, height: int, factor: float) -> Image32:
    return np.array([[factor, 0, (1 - factor) * width / 2], [0, factor, (1 - factor) * height / 2]], np.float32)
