"""Fills the atlas: which face each texel lies on, the colour there, and the gaps between the charts."""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numba import njit

from ..asset import Floats, Indices, Mesh, Pixels
from .coat import Coat, coat_at
from .sheets import Sheets, extend_colours
from .sight import Sight, ramp, seen_weights
from .unseen import Guess

__all__ = ["Surface", "bake_atlas", "dilate_charts", "make_surface", "rasterise_charts", "texel_at"]

_BANDS = 2  # threads: the kernels release the GIL
_WHOLLY = 0.998  # from this weight on a texel is the photo's own
_AWAY = (0.15, 0.5)  # cosine away from the viewer: from where a back begins to wear the photo's clothes


class Surface(NamedTuple):
    """An unwrapped surface as the kernels take it, V vertices and F faces of the split mesh.

    ``uv`` (V, 2) in texels; ``normals`` (V, 3) those that decide what the photo sees; ``part`` (F,); ``tone`` (V, 3)
    the colours to use where the photo knows nothing; ``worn`` (V,) how far the back wears what the front shows;
    ``carried`` (V, 3) column and row of the pixel whose colour is carried here, and how far it is to be used.
    """

    vertices: Floats
    faces: Indices
    uv: Floats
    normals: Floats
    part: Indices
    tone: Floats
    worn: Floats
    carried: Floats


def make_surface(mesh: Mesh, *, size: int, normals: Floats, part: Indices, guess: Guess) -> Surface:
    """The surface of a split ``mesh`` on an atlas of ``size`` texels; ``normals`` and ``guess`` belong to the vertices of
    the unsplit mesh."""
    if mesh.uv is None or mesh.source is None:
        raise ValueError("the mesh must be unwrapped")
    source = mesh.source
    uv = mesh.uv * np.float32(size)
    guessed = guess.tone[source], guess.worn[source], guess.carried[source]
    return Surface(mesh.vertices, mesh.faces, uv, normals[source], part, *guessed)


def rasterise_charts(mesh: Mesh, size: int) -> Indices:
    """The face (size, size) whose chart covers each texel's centre, -1 between the charts."""
    if mesh.uv is None:
        raise ValueError("the mesh must be unwrapped")
    owner = np.full((size, size), -1, np.int32)
    _own(mesh.uv * np.float32(size), mesh.faces, owner)
    return owner


def bake_atlas(owner: Indices, surface: Surface, *, sight: Sight, sheets: Sheets, coat: Coat) -> tuple[Pixels, Floats]:
    """Colours (size, size, 3) and the photo's share (size, size) in each texel for the covered texels of ``owner``."""
    size = len(owner)
    albedo, share = np.zeros((size, size, 3), np.uint8), np.zeros((size, size), np.float32)

    def band(number: int) -> None:
        _shade(number, owner, surface, sight, sheets.colour, sheets.low, coat, albedo, share)

    with ThreadPoolExecutor(_BANDS) as pool:
        list(pool.map(band, range(_BANDS)))
    return albedo, share


def dilate_charts(albedo: Pixels, owner: Indices) -> Pixels:
    """Every texel between the charts takes the nearest chart's colour, so that mip-maps never mix in the gaps."""
    return extend_colours(albedo, owner >= 0)


@njit(cache=True, nogil=True, error_model="numpy")
def _own(uv: Floats, faces: Indices, owner: Indices) -> None:
    size = len(owner)
    for face in range(len(faces)):
        a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
        x0, y0, x1, y1, x2, y2 = uv[a, 0], uv[a, 1], uv[b, 0], uv[b, 1], uv[c, 0], uv[c, 1]
        twice = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if twice == 0:
            continue
        for row in range(max(0, int(min(y0, y1, y2))), min(size - 1, int(max(y0, y1, y2))) + 1):
            for column in range(max(0, int(min(x0, x1, x2))), min(size - 1, int(max(x0, x1, x2))) + 1):
                x, y = column + np.float32(0.5), row + np.float32(0.5)
                second = ((x - x0) * (y2 - y0) - (x2 - x0) * (y - y0)) / twice
                third = ((x1 - x0) * (y - y0) - (x - x0) * (y1 - y0)) / twice
                if second >= 0 and third >= 0 and second + third <= 1:
                    owner[row, column] = face


@njit(cache=True, nogil=True, error_model="numpy")
def texel_at(surface: Surface, face: int, column: int, row: int, point: Floats, normal: Floats, tone: Floats, carried: Floats) -> float:
    """Point, unit normal, tone and carried pixel (3,) at a texel's centre, written in place; returns how far it is worn."""
    a, b, c = surface.faces[face, 0], surface.faces[face, 1], surface.faces[face, 2]
    uv = surface.uv
    x0, y0, x1, y1, x2, y2 = uv[a, 0], uv[a, 1], uv[b, 0], uv[b, 1], uv[c, 0], uv[c, 1]
    twice = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
    x, y = column + np.float32(0.5), row + np.float32(0.5)
    second = ((x - x0) * (y2 - y0) - (x2 - x0) * (y - y0)) / twice
    third = ((x1 - x0) * (y - y0) - (x - x0) * (y1 - y0)) / twice
    first = 1 - second - third
    square = np.float32(1e-12)
    for k in range(3):
        point[k] = first * surface.vertices[a, k] + second * surface.vertices[b, k] + third * surface.vertices[c, k]
        normal[k] = first * surface.normals[a, k] + second * surface.normals[b, k] + third * surface.normals[c, k]
        tone[k] = first * surface.tone[a, k] + second * surface.tone[b, k] + third * surface.tone[c, k]
        carried[k] = first * surface.carried[a, k] + second * surface.carried[b, k] + third * surface.carried[c, k]
        square += normal[k] * normal[k]
    for k in range(3):
        normal[k] /= np.sqrt(square)
    return first * surface.worn[a] + second * surface.worn[b] + third * surface.worn[c]


@njit(cache=True, nogil=True, error_model="numpy")
def _sample(sheet, column, row, out):  # type: ignore[no-untyped-def]  # two kinds of sheets: uint8 and float32
    """Bilinear sample of a (S, S, 3) sheet at pixel coordinates (centres at .5) into ``out`` (3,)."""
    size = len(sheet)
    x = min(max(column - 0.5, 0.0), size - 1.001)
    y = min(max(row - 0.5, 0.0), size - 1.001)
    i, j = int(x), int(y)
    fx, fy = np.float32(x - i), np.float32(y - j)
    for k in range(3):
        upper = sheet[j, i, k] * (1 - fx) + sheet[j, i + 1, k] * fx
        lower = sheet[j + 1, i, k] * (1 - fx) + sheet[j + 1, i + 1, k] * fx
        out[k] = upper * (1 - fy) + lower * fy


@njit(cache=True, nogil=True, error_model="numpy")
def _shade(band, owner, surface, sight, colour, low, coat, albedo, share):  # type: ignore[no-untyped-def]
    """Every ``_BANDS``-th row of the atlas. Tones are mixed by weight, details by weights that keep their variance."""
    size = len(owner)
    work = np.zeros((8, 3), np.float32)
    point, normal, base, high, sharp, soft, detail, carried = work[0], work[1], work[2], work[3], work[4], work[5], work[6], work[7]
    seen, corners, scratch = np.zeros(6, np.float32), np.zeros((4, 3), np.int64), np.zeros(7, np.float32)
    viewer = sight.direct[2]
    for row in range(band, size, _BANDS):
        for column in range(size):
            face = owner[row, column]
            if face < 0:
                continue
            worn = texel_at(surface, face, column, row, point, normal, base, carried)
            seen_weights(point, normal, surface.part[face], sight, seen)
            if worn > 0:
                away = -(viewer[0] * normal[0] + viewer[1] * normal[1] + viewer[2] * normal[2])
                seen[0] = max(seen[0], (1 - seen[3]) * worn * ramp(away, _AWAY[0], _AWAY[1]))
            unknown = 1 - seen[0] - seen[3]
            share[row, column] = 1 - unknown
            if max(seen[0], seen[3]) > _WHOLLY:
                way = 0 if seen[0] > seen[3] else 1
                _sample(colour, seen[3 * way + 1], seen[3 * way + 2], sharp)
                for k in range(3):
                    albedo[row, column, k] = int(sharp[k] + np.float32(0.5))
                continue
            squares = np.float32(0)
            if unknown > 0 and carried[2] > 0:
                _sample(low, carried[0], carried[1], soft)
                for k in range(3):
                    base[k] += carried[2] * (soft[k] - base[k])
            for k in range(3):
                base[k] *= unknown
                high[k] = 0
            for way in range(2):
                weight = seen[3 * way]
                if weight > 0:
                    _sample(colour, seen[3 * way + 1], seen[3 * way + 2], sharp)
                    _sample(low, seen[3 * way + 1], seen[3 * way + 2], soft)
                    for k in range(3):
                        base[k] += weight * soft[k]
                        high[k] += weight * (sharp[k] - soft[k])
                    squares += weight * weight
            if unknown > 0.002:
                coat_at(point, normal, coat, detail, corners, scratch)
                for k in range(3):
                    high[k] += unknown * detail[k]
                squares += unknown * unknown
            for k in range(3):
                albedo[row, column, k] = int(min(max(base[k] + high[k] / np.sqrt(squares) + np.float32(0.5), 0), 255))
