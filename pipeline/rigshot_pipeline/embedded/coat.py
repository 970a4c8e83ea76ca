"""Fur, feathers, stripes and brush strokes for what the photo does not show.

The photo's high frequencies are reused under shifts. Every corner of a lattice of tetrahedra through the body has, for
each of the three planes that a surface may face, a shift from its own place in that plane to a place in the photo, so
that whole stretches of coat are copied and their structure survives. A point of the surface blends the shifts of its
four corners; unlike shifts with weights that keep the variance (Heitz and Neyret 2018), so that the mixture is as sharp
as the photo.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..asset import Floats, Indices
from ..body import Projection
from .border import Border
from .lattice import CELL, find_corners, tetrahedron
from .pattern import Pattern
from .sheets import Sheets
from .shifts import choose_shifts, propose_shifts, shift_costs
from .supply import find_supply
from .unseen import Guess

__all__ = ["Coat", "coat_at", "make_coat"]

_FAR = 0.8  # cost of a shift of the subject's whole length: coat is likest near by
_GOOD = 1.0  # up to this cost a place's coat is used at full strength, beyond it fades
_TURNED = 0.01  # corners whose surface is turned less to a plane need no shift in it


class Coat(NamedTuple):
    """Shifted coat ready for the kernel: ``high`` (S, S, 3) int16 high frequencies in eighths of a level; ``shift``
    (n, n, n, 3, 3) columns, rows and the strength of what is found there, for each corner and plane; ``origin`` (3,)
    and ``scale`` of the lattice; ``planes`` (3, 2, 4) maps of world points to column and row in
    each plane; ``axes`` (3, 3) the planes' normals."""

    high: NDArray[np.int16]
    shift: Floats
    origin: Floats
    scale: float
    planes: Floats
    axes: Floats


def make_coat(
    sheets: Sheets, pattern: Pattern | None, *, usable: NDArray[np.bool_], part: Indices, vertices: Floats, normals: Floats,
    guess: Guess, vertex_part: Indices, camera: Projection, axes: Floats, seed: int,
) -> Coat:  # fmt: skip
    """Choose the shifts for a surface of ``vertices`` (V, 3) with ``normals`` (V, 3) and ``vertex_part`` (V,).

    ``usable`` (S, S) and ``part`` (n, n): where the photo sees the surface unforeshortened, and which part. ``axes``
    (3, 3): the picture's right, its up and the direction to the viewer. A ``pattern`` goes on where the photo ends.
    """
    supply = find_supply(sheets, usable, part, pattern, tone=guess.tone, unknown=1 - guess.known)
    look = np.float32(len(supply.cost) / len(supply.high))
    planes = _planes(camera, axes)
    corners = find_corners(vertices)
    tone, corner_part = corners.mean(guess.tone), corners.commonest(vertex_part)
    turned = np.abs(normals @ axes.T) ** 6
    turned /= np.maximum(turned.sum(1, keepdims=True), np.float32(1e-9))
    facing = corners.mean(turned)
    border = None if pattern is None else Border(pattern.middle, corners, vertices, pixel=guess.pixel * look, known=guess.known)
    shift = np.zeros((corners.count, corners.count, corners.count, 3, 3), np.float32)
    random = np.random.default_rng(seed)
    for plane in range(3):
        mine = np.flatnonzero(facing[:, plane] > _TURNED).astype(np.int32)
        neighbours = corners.among(mine)
        at = _flat(corners.middle[mine], planes[plane]) * look
        shifts = propose_shifts(at, supply, random)
        cost = shift_costs(at, shifts, tone[mine], corner_part[mine], supply)
        if plane == 2:
            cost += _FAR * np.linalg.norm(shifts, axis=1) / len(supply.cost)
        seams = np.zeros((len(mine), 7, len(shifts), 0), np.float32)
        places = _flat(vertices, planes[plane]) * look
        if border is not None:
            cost += border.costs(places, turned[:, plane], shifts)[mine]
            halfway: Floats = ((at[:, None] + at[neighbours[:, :7]]) / 2).astype(np.float32)
            seams = border.seams(halfway, shifts)
        chosen = shifts[choose_shifts(cost, neighbours, supply.agree, seams)]
        if border is not None:
            border.extend(places, turned[:, plane], mine, chosen)
        strength = np.exp(-np.maximum(_look_up(supply.cost, at + chosen) - _GOOD, 0))
        i, j, k = corners.index[mine].T
        shift[i, j, k, plane] = np.column_stack([chosen / look, strength])
    return Coat(supply.high, shift, corners.origin, 1 / CELL, planes, axes.astype(np.float32))


def _flat(points: Floats, plane: Floats) -> Floats:
    """Columns and rows (n, 2) of ``points`` (n, 3) in a plane."""
    flat: Floats = (points @ plane[:, :3].T + plane[:, 3]).astype(np.float32)
    return flat


def _planes(camera: Projection, axes: Floats) -> Floats:
    """Maps (3 planes, 2, 4) of world points to column and row: seen along the right, along the up, along the view."""
    pixels = float(np.linalg.norm(camera.matrix[0, :3]))
    middle = camera.size / 2
    inward = np.append(axes[2] * pixels, middle).astype(np.float32)
    column, row = camera.matrix[0], camera.matrix[1]
    return np.stack([np.stack([inward, row]), np.stack([column, inward]), np.stack([column, row])]).astype(np.float32)


def _look_up(sheet: Floats, places: Floats) -> Floats:
    """The nearest values of a square sheet at columns and rows (n, 2)."""
    at = np.floor(places).astype(int).clip(0, len(sheet) - 1)
    values: Floats = sheet[at[:, 1], at[:, 0]]
    return values


@njit(cache=True, nogil=True, error_model="numpy")
def coat_at(point: Floats, normal: Floats, coat: Coat, out: Floats, corners: NDArray[np.int64], scratch: Floats) -> None:
    """High frequencies (3,) at a point of the surface, in grey levels, into ``out``.

    ``corners`` (4, 3) and ``scratch`` (7,) are memory to work in: taking it anew for each texel would cost the most.
    """
    weights, share = scratch[:4], scratch[4:]
    tetrahedron(point, coat.origin, coat.scale, corners, weights)
    for k in range(3):
        share[k] = abs(coat.axes[k, 0] * normal[0] + coat.axes[k, 1] * normal[1] + coat.axes[k, 2] * normal[2]) ** 6
    total = share[0] + share[1] + share[2]
    out[0] = out[1] = out[2] = 0.0
    squares = np.float32(0)
    for plane in range(3):
        if share[plane] < 0.05 * total:
            continue
        column = coat.planes[plane, 0, 3]
        row = coat.planes[plane, 1, 3]
        for k in range(3):
            column += coat.planes[plane, 0, k] * point[k]
            row += coat.planes[plane, 1, k] * point[k]
        for corner in range(4):
            weight = weights[corner]
            if weight <= 0:
                continue
            i, j, k = corners[corner]
            across, down = coat.shift[i, j, k, plane, 0], coat.shift[i, j, k, plane, 1]
            first = True
            for other in range(4):  # corners of one shift count as one: their contents are the same
                if other != corner and weights[other] > 0:
                    a, b, c = corners[other]
                    if coat.shift[a, b, c, plane, 0] == across and coat.shift[a, b, c, plane, 1] == down:
                        if other < corner:
                            first = False
                        weight += weights[other]
            if first:
                weight *= share[plane]
                squares += weight * weight
                _add(coat.high, column + across, row + down, weight * coat.shift[i, j, k, plane, 2], out)
    scale = np.float32(0.125) / np.sqrt(max(squares, np.float32(1e-12)))
    for k in range(3):
        out[k] *= scale


@njit(cache=True, nogil=True, error_model="numpy")
def _add(high: NDArray[np.int16], column: float, row: float, weight: float, out: Floats) -> None:
    """Add a bilinear sample."""
    size = len(high)
    x, y = min(max(column - 0.5, 0.0), size - 1.001), min(max(row - 0.5, 0.0), size - 1.001)
    i, j = int(x), int(y)
    fx, fy = x - i, y - j
    for k in range(3):
        upper = high[j, i, k] * (1 - fx) + high[j, i + 1, k] * fx
        lower = high[j + 1, i, k] * (1 - fx) + high[j + 1, i + 1, k] * fx
        out[k] += weight * (upper * (1 - fy) + lower * fy)
