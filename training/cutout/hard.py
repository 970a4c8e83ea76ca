"""Training pictures made so hard that the network errs on them: what its confidence is fitted to.

It knows the pictures that it learnt by heart. Cushions and blobs of the coat's colour, shadows and bits of ground before the subject,
likeness of ground and subject, turning, light, blur, noise and JPEG bring its share of good outlines down to what it is on breeds
that it never saw (81 % against 79 %), with the same mistakes.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from .bundle import UNKNOWN

__all__ = ["made_hard"]

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]


def made_hard(picture: Picture, mask: Picture, random: np.random.Generator) -> tuple[Picture, Picture]:
    """A BGR ``picture`` (H, W, 3) and its ``mask`` (0, UNKNOWN, 255), disturbed."""
    cluttered, mask = _cluttered(picture, mask, random)
    turned, mask = _turned(cluttered, mask, random)
    alike = _alike(turned, mask, random) if random.random() < 0.6 else turned
    return _photographed(alike, random), mask


def _blob(shape: tuple[int, int], centre: tuple[int, int], size: float, random: np.random.Generator) -> Floats:
    corners = int(random.integers(5, 11))
    angle, reach = np.sort(random.uniform(0, 2 * np.pi, corners)), size * random.uniform(0.5, 1.2, corners)
    across = centre[0] + reach * np.cos(angle) * random.uniform(0.6, 1.6)
    down = centre[1] + reach * np.sin(angle)
    blob = np.zeros(shape, np.uint8)
    cv2.fillPoly(blob, [np.stack([across, down], 1).round().astype(np.int32)], 1)
    return cv2.GaussianBlur(blob.astype(np.float32), (0, 0), random.uniform(0.7, 3)).astype(np.float32)


def _cluttered(picture: Picture, mask: Picture, random: np.random.Generator) -> tuple[Picture, Picture]:
    """Things of the subject's fur or colour and shadows beside it; sometimes a bit of ground before it."""
    subject, ground = mask == 255, mask == 0
    if not subject.any() or not ground.any():
        return picture, mask
    mixed, size = picture.astype(np.float32), float(np.sqrt(subject.sum()))
    near = np.argwhere((cv2.dilate(subject.astype(np.uint8), np.ones((31, 31))) > 0) & ~subject)
    inside, outside = np.argwhere(subject), np.argwhere(ground)
    for _ in range(int(random.integers(1, 4))):
        row, column = near[random.integers(len(near))]
        weight = (_blob(ground.shape, (int(column), int(row)), size * random.uniform(0.25, 0.7), random) * ground)[..., None]
        source = inside[random.integers(len(inside))]
        mixed = mixed * (1 - weight) + _thing(mixed, source, source - (row, column), random) * weight
    if random.random() < 0.35:
        row, column = inside[random.integers(len(inside))]
        weight = _blob(ground.shape, (int(column), int(row)), size * random.uniform(0.12, 0.3), random)[..., None]
        shift = (row, column) - outside[random.integers(len(outside))]
        mixed = mixed * (1 - weight) + np.roll(mixed, (int(shift[0]), int(shift[1])), (0, 1)) * weight
        mask = np.where(weight[..., 0] > 0.5, 0, mask).astype(np.uint8)
    return np.clip(mixed, 0, 255).astype(np.uint8), mask


def _thing(picture: Floats, source: NDArray[np.int64], shift: NDArray[np.int64], random: np.random.Generator) -> Floats:
    """A layer (H, W, 3) that shows fur moved here, the coat's colour, or shade."""
    kind = random.integers(3)
    if kind == 0:
        return np.roll(picture, (-int(shift[0]), -int(shift[1])), (0, 1))
    if kind == 1:
        row, column = source
        colour = picture[max(row - 8, 0) : row + 8, max(column - 8, 0) : column + 8].reshape(-1, 3).mean(0)
        folds = cv2.GaussianBlur(random.normal(0, 60, picture.shape).astype(np.float32), (0, 0), 6)
        return (colour + folds).astype(np.float32)
    return (picture * random.uniform(0.2, 0.5)).astype(np.float32)


def _turned(picture: Picture, mask: Picture, random: np.random.Generator) -> tuple[Picture, Picture]:
    height, width = mask.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), random.normal(0, 9), random.uniform(0.85, 1.25))
    matrix[:, 2] += random.normal(0, 0.04, 2) * [width, height]
    turned = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    labels = cv2.warpAffine(mask, matrix, (width, height), flags=cv2.INTER_NEAREST, borderValue=UNKNOWN)
    return np.asarray(turned, np.uint8), np.asarray(labels, np.uint8)


def _alike(picture: Picture, mask: Picture, random: np.random.Generator) -> Picture:
    """The ground's mean colour moved half or all of the way to the subject's."""
    subject, ground = mask == 255, mask == 0
    if not subject.any() or not ground.any():
        return picture
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)
    moved = random.uniform(0.5, 1) * (lab[subject].mean(0) - lab[ground].mean(0))
    lab = lab + cv2.GaussianBlur(ground.astype(np.float32), (0, 0), 2.5)[..., None] * moved
    return np.round(np.clip(cv2.cvtColor(lab.astype(np.float32), cv2.COLOR_LAB2BGR), 0, 1) * 255).astype(np.uint8)


def _photographed(picture: Picture, random: np.random.Generator) -> Picture:
    """Another light, another camera."""
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)
    light = 100 * np.clip(lab[..., 0] / 100, 0, 1) ** np.exp(random.normal(0, 0.35))
    lab[..., 0] = 50 + (light - 50) * random.uniform(0.6, 1.05)
    lab[..., 1:] = lab[..., 1:] * random.uniform(0.5, 1.2) + random.normal(0, 6, 2)
    colours = np.clip(cv2.cvtColor(lab.astype(np.float32), cv2.COLOR_LAB2BGR), 0, 1) * 255
    colours = cv2.GaussianBlur(colours, (0, 0), random.uniform(0.3, 1.8)) + random.normal(0, random.uniform(0, 8), picture.shape)
    data = cv2.imencode(".jpg", np.clip(colours, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(30, 85))])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
