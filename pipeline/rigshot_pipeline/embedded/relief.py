"""Relief from light and dark: what is darker than its surroundings sinks in a little, as eyes, mouths and folds do.

A band-pass of the cutout's lightness moves the vertices that face the viewer; cheap, and it makes faces readable in
plain clay (Sykora et al., Ink-and-Ray, 2014, argue the same for drawn shading).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from ..asset import Indices, Pixels
from .silhouette import PAD, Silhouette

__all__ = ["light_on_grid", "relief_field", "with_relief"]

FINE, COARSE = 0.008, 0.045  # of the longest side: the band that carries eyes and muzzles but neither noise nor shading
STRENGTH = 0.35  # contrast in lightness (0..1) at which the relief saturates: a spotted coat must not become a quarry
HEIGHT = 0.011  # of the longest side: the greatest displacement
RIM = 0.03  # of the longest side: none at the outline, where the cutout is uncertain


def light_on_grid(rgba: Pixels, silhouette: Silhouette) -> NDArray[np.float32]:
    """(H, W) CIE lightness 0..1 of the cutout ``rgba`` (S, S, 4) on the silhouette's grid, 0.5 where it shows nothing."""
    shape = silhouette.mask.shape
    lightness = cv2.cvtColor(np.ascontiguousarray(rgba[..., :3]), cv2.COLOR_RGB2LAB)[..., 0].astype(np.float32) / 255
    sure = (rgba[..., 3] > 200).astype(np.float32)
    left, top = silhouette.origin
    to_grid = np.array([[1.0, 0.0, -left], [0.0, 1.0, -top]]) / silhouette.cell
    blur = max(0.5 * silhouette.cell, 0.6)
    light, weight = (
        cv2.warpAffine(cv2.GaussianBlur(values, (0, 0), blur), to_grid, shape[::-1], flags=cv2.INTER_LINEAR)
        for values in (lightness * sure, sure)
    )
    known: NDArray[np.float32] = np.where(weight > 0.05, light / np.maximum(weight, 0.05), 0.5).astype(np.float32)
    return known


def relief_field(light: NDArray[np.float32], silhouette: Silhouette) -> NDArray[np.float32]:
    """(H, W) displacement in cells, outwards positive, from the lightness ``light`` (H, W)."""
    longest = float(max(silhouette.mask.shape) - 2 * PAD)
    weight = silhouette.mask.astype(np.float32)

    def average(sigma: float) -> NDArray[np.float32]:
        smooth: NDArray[np.float32] = cv2.GaussianBlur(light * weight, (0, 0), sigma) / np.maximum(
            cv2.GaussianBlur(weight, (0, 0), sigma), 1e-3
        )
        return smooth

    band = average(FINE * longest) - average(COARSE * longest)
    fade = np.clip(silhouette.distance / (RIM * longest) - 0.4, 0, 1)
    relief: NDArray[np.float32] = (np.tanh(2 * band / STRENGTH) * HEIGHT * longest * fade).astype(np.float32)
    return relief


def with_relief(points: NDArray[np.float64], faces: Indices, relief: NDArray[np.float32], *, both_sides: bool) -> NDArray[np.float64]:
    """Move ``points`` (V, 3) in cells along their normals where they face the viewer (+z), on a side view's far flank as well."""
    corners = points[faces]
    areas: NDArray[np.float64] = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    # The cells' frame is a reflection of a right-handed one: outward normals come out inverted.
    summed = np.stack([np.bincount(faces.ravel(), np.repeat(areas[:, axis], 3), len(points)) for axis in range(3)], 1).astype(np.float64)
    normals = -summed / np.maximum(np.linalg.norm(summed, axis=1, keepdims=True), 1e-9)
    facing = np.abs(normals[:, 2]) if both_sides else normals[:, 2]
    weight = np.clip((facing - 0.2) / 0.5, 0, 1)
    map_x, map_y = (points[:, axis].astype(np.float32) - 0.5 for axis in range(2))
    height = _sample(relief, map_x, map_y)
    moved: NDArray[np.float64] = points + normals * (weight * height)[:, None]
    return moved


def _sample(field: NDArray[np.float32], x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bilinear samples; cv2.remap refuses more than 32767 columns, so the list is folded."""
    width = 4096
    rows = -(-len(x) // width)
    padded = [np.pad(values, (0, rows * width - len(values))).reshape(rows, width) for values in (x, y)]
    sampled: NDArray[np.float32] = cv2.remap(field, padded[0], padded[1], cv2.INTER_LINEAR).ravel()[: len(x)]
    return sampled
