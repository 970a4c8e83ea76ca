"""The floor: where it lies in the picture, and the soft shadow that a model throws on it.

The shadow is the share of the light above that the model takes away. Every vertex throws its part of the surface onto
the floor along a few directions of its own, drawn from the sky and from around the key light, so that the shadow is
crisp under a paw and wide and faint under a raised head, as under a studio's soft boxes.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit

from ..asset import Floats, Indices
from .camera import Camera

__all__ = ["SHADOW", "FloorShadow", "floor_shadow", "lay_floor", "vertex_areas", "warm"]

_CELLS = 256
_RAYS = 60_000  # in all; fewer than 8 a vertex would not tell the lamp from the sky
_KEY_SHARE = 0.45  # of the rays that go to the key light; the others to the sky
_KEY_SPREAD, _SKY_SPREAD = 0.16, 0.7  # over the height: how far the edge of a shadow from the lamp and from the sky spreads
_REACHES = (0.02, 0.06, 0.18)  # metres over which a shadow's edge spreads: a layer for each
_BLURS = (1.3, 3.5, 9.0)  # cells by which its layer is blurred: the farther, the softer, and no single ray shows
_LOWEST = 0.22  # the sine of the lowest ray: what comes from farther down spreads so far that only its grain would show
_GRAIN = 0.012  # of the cover: so faint it is grain
_SHARES = (1.6, 1.2, 1.0)  # the crisp parts count more than they should: they are what puts a paw on the floor
_FAINT = 0.003  # a cover that changes no pixel
SHADOW = (0.72, 0.75, 0.77)
"""How much of each linear colour the full shadow takes: a little less of the red, as under a warm lamp."""


@dataclass(frozen=True, kw_only=True)
class FloorShadow:
    """``cover`` (n, n): the share of light that is taken away, row = z, column = x, over a square of the floor that
    begins at ``corner`` (x, z) and is ``span`` metres wide."""

    cover: Floats
    corner: tuple[float, float]
    span: float


def floor_shadow(vertices: Floats, normals: Floats, areas: Floats, *, reach: float, key_from: Floats) -> FloorShadow:
    """The shadow of a closed surface on y = 0.

    ``areas`` (V,) the part of the surface in square metres that each vertex stands for; ``reach`` half the side of the
    square around the origin that the shadow is kept in; ``key_from`` (3,) the world direction towards the key light.
    """
    layers = np.zeros((len(_BLURS), _CELLS, _CELLS), np.float32)
    key: Floats = (key_from / np.linalg.norm(key_from)).astype(np.float32)
    each = max(_RAYS // max(len(vertices), 1), 8)
    _throw(vertices, normals, areas, _rays(), each, key, reach, layers)
    layers *= (_CELLS / (2 * reach)) ** 2 / each
    soft = sum(share * cv2.GaussianBlur(layer, (0, 0), blur) for layer, blur, share in zip(layers, _BLURS, _SHARES, strict=True))
    soft = np.maximum(np.asarray(soft, np.float32) - _GRAIN, 0)
    return FloorShadow(cover=1 - np.exp(-soft), corner=(-reach, -reach), span=2 * reach)


def lay_floor(backdrop: Floats, shadow: FloorShadow, camera: Camera) -> Floats:
    """``backdrop`` (H, W, 3) linear, darkened where the floor lies in ``shadow``."""
    height, width = backdrop.shape[:2]
    laid = backdrop.copy()
    left, right, top, bottom = _touched(shadow, camera, width, height)
    distance = camera.distance if np.isfinite(camera.distance) else 1e6
    _darken(
        laid[top:bottom, left:right],
        camera.axes,
        camera.target,
        camera.span / min(width, height),
        float(distance),
        width / 2 + camera.shift[0] * min(width, height) - left,
        height / 2 + camera.shift[1] * min(width, height) - top,
        shadow.cover,
        shadow.corner[0],
        shadow.corner[1],
        shadow.span,
        np.array(SHADOW, np.float32),
    )
    return laid


def vertex_areas(vertices: Floats, faces: Indices) -> Floats:
    """The area in square metres that each vertex stands for: a third of its faces' (V,)."""
    corners = vertices[faces]
    double = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    areas: Floats = np.bincount(faces.ravel(), np.repeat(double / 6, 3), len(vertices)).astype(np.float32)
    return areas


def warm() -> None:
    """Compile the kernels (or load them from numba's cache)."""
    one = np.ones((1, 3), np.float32)
    shadow = floor_shadow(one, one, np.ones(1, np.float32), reach=1.0, key_from=one[0])
    camera = Camera(axes=np.eye(3, dtype=np.float32), target=one[0], span=1.0)
    lay_floor(np.ones((2, 2, 3), np.float32), shadow, camera)


def _touched(shadow: FloorShadow, camera: Camera, width: int, height: int) -> tuple[int, int, int, int]:
    """The rectangle of the picture (left, right, top, bottom) that holds all of the shadow that can be seen."""
    rows, columns = np.flatnonzero(shadow.cover.max(1) > _FAINT), np.flatnonzero(shadow.cover.max(0) > _FAINT)
    if not len(rows):
        return 0, 0, 0, 0
    cell = shadow.span / len(shadow.cover)
    xs = shadow.corner[0] + cell * np.array([columns[0], columns[-1] + 1])
    zs = shadow.corner[1] + cell * np.array([rows[0], rows[-1] + 1])
    corners = np.array([[x, 0, z] for x in xs for z in zs], np.float32)
    seen = camera.project(corners, width=width, height=height)
    if not np.isfinite(seen).all() or (seen[:, 3] <= 0).any():
        return 0, width, 0, height  # a corner lies behind the viewer
    low, high = np.floor(seen[:, :2].min(0)).astype(int), np.ceil(seen[:, :2].max(0)).astype(int)
    left, right = np.clip([low[0], high[0]], 0, width)
    top, bottom = np.clip([low[1], high[1]], 0, height)
    return int(left), int(right), int(top), int(bottom)


def _rays() -> Floats:
    """Pairs in the unit square (n, 2), evenly spread (R2 sequence, Roberts 2018); a vertex starts anywhere in it."""
    step = np.array([0.7548776662466927, 0.5698402909980532])
    pairs: Floats = ((np.arange(4096)[:, None] * step) % 1).astype(np.float32)
    return pairs


@njit(cache=True, nogil=True, inline="always")
def _level(spread: float) -> float:
    """Between which layers an edge of that spread lies: by its logarithm, as each layer's is three times the last one's."""
    level = np.log(spread / _REACHES[0] + 1e-9) / np.log(_REACHES[1] / _REACHES[0])
    return min(max(level, 0.0), len(_REACHES) - 1.001)


@njit(cache=True, nogil=True)
def _throw(vertices: Floats, normals: Floats, areas: Floats, rays: Floats, each: int, key: Floats, reach: float, layers: Floats) -> None:
    cells = layers.shape[1]
    scale = cells / (2 * reach)
    # Two directions square to the key light, to spread the lamp.
    sx, sy, sz = key[2], 0.0, -key[0]
    length = np.sqrt(sx * sx + sz * sz) + 1e-9
    sx, sz = sx / length, sz / length
    tx, ty, tz = key[1] * sz - key[2] * sy, key[2] * sx - key[0] * sz, key[0] * sy - key[1] * sx
    for i in range(vertices.shape[0]):
        px, py, pz = vertices[i, 0], max(vertices[i, 1], 0.0), vertices[i, 2]
        key_level, sky_level = _level(py * _KEY_SPREAD), _level(py * _SKY_SPREAD)
        for n in range(each):
            r = (i * each + n) % rays.shape[0]
            radius, angle = rays[r, 0], rays[r, 1] * 6.2831853
            if n < _KEY_SHARE * each:
                spread = _KEY_SPREAD * np.sqrt(radius)
                a, b = spread * np.cos(angle), spread * np.sin(angle)
                dx, dy, dz = key[0] + a * sx + b * tx, key[1] + a * sy + b * ty, key[2] + a * sz + b * tz
            else:  # the sky, weighted by the cosine: even over the unit disc
                flat = np.sqrt(radius * 0.98)
                dx, dz = flat * np.cos(angle), flat * np.sin(angle)
                dy = np.sqrt(1 - flat * flat)
            # Light enters a closed body once: count where it leaves, and the surface as the floor sees it.
            facing = -(normals[i, 0] * dx + normals[i, 1] * dy + normals[i, 2] * dz)
            if facing <= 0 or dy < _LOWEST:
                continue
            x = (px - dx / dy * py + reach) * scale - 0.5
            z = (pz - dz / dy * py + reach) * scale - 0.5
            column, row = int(np.floor(x)), int(np.floor(z))
            if column < 0 or row < 0 or column >= cells - 1 or row >= cells - 1:
                continue
            fx, fz = x - column, z - row
            part = areas[i] * facing / dy
            level = key_level if n < _KEY_SHARE * each else sky_level
            layer = int(level)
            for step in range(2):
                share = part * (level - layer if step else 1 - level + layer)
                layers[layer + step, row, column] += share * (1 - fx) * (1 - fz)
                layers[layer + step, row, column + 1] += share * fx * (1 - fz)
                layers[layer + step, row + 1, column] += share * (1 - fx) * fz
                layers[layer + step, row + 1, column + 1] += share * fx * fz


@njit(cache=True, nogil=True)
def _darken(
    picture: Floats,
    axes: Floats,
    target: Floats,
    metres: float,
    distance: float,
    middle_x: float,
    middle_y: float,
    cover: Floats,
    corner_x: float,
    corner_z: float,
    span: float,
    strength: Floats,
) -> None:
    cells = cover.shape[0]
    eye_y = target[1] + axes[2, 1] * distance
    for row in range(picture.shape[0]):
        up = (middle_y - row - 0.5) * metres
        for column in range(picture.shape[1]):
            right = (column + 0.5 - middle_x) * metres
            # A ray from the eye through the picture's plane at the target; the floor is y = 0.
            down = right * axes[0, 1] + up * axes[1, 1] - axes[2, 1] * distance
            if down >= 0:
                continue
            along = -eye_y / down
            x = target[0] + axes[2, 0] * distance + along * (right * axes[0, 0] + up * axes[1, 0] - axes[2, 0] * distance)
            z = target[2] + axes[2, 2] * distance + along * (right * axes[0, 2] + up * axes[1, 2] - axes[2, 2] * distance)
            s = (x - corner_x) / span * cells - 0.5
            t = (z - corner_z) / span * cells - 0.5
            left, top = int(np.floor(s)), int(np.floor(t))
            if left < 0 or top < 0 or left >= cells - 1 or top >= cells - 1:
                continue
            fx, fy = s - left, t - top
            dark = (cover[top, left] * (1 - fx) + cover[top, left + 1] * fx) * (1 - fy) + (
                cover[top + 1, left] * (1 - fx) + cover[top + 1, left + 1] * fx
            ) * fy
            for k in range(3):
                picture[row, column, k] *= 1 - strength[k] * dark
