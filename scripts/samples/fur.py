"""Fur: where hairs are rooted on a solid, how they are combed and gathered in tufts.

The way of film grooming, on a small scale: every part of the body combs the hairs near it, clumps on two scales pull
their tips together, and noise makes them wave.
"""

from dataclasses import dataclass

import numpy as np
from camera import Camera
from noise import lattice_cells, value_noise
from numba import njit
from numpy.typing import NDArray
from solid import Field, Solid, Vectors, look_up, part_distance, slope_at

JOINTS = 7  # points of a hair, root and tip included


@dataclass(frozen=True)
class Roots:
    """Where hairs grow: points, normals, comb directions (N x 3), lengths and rises (N)."""

    points: Vectors
    normals: Vectors
    combs: Vectors
    lengths: Vectors
    rises: Vectors

    def where(self, keep: NDArray[np.bool_]) -> "Roots":
        """The chosen ones."""
        return Roots(self.points[keep], self.normals[keep], self.combs[keep], self.lengths[keep], self.rises[keep])


@njit(cache=True, nogil=True)
def _settle(points, values, low, step, normals):  # type: ignore[no-untyped-def]
    """Move points onto the surface along the field's gradient."""
    normal = np.zeros(3)
    for i in range(points.shape[0]):
        for _ in range(4):
            slope_at(values, low, step, points[i, 0], points[i, 1], points[i, 2], normal)
            d = look_up(values, low, step, points[i, 0], points[i, 1], points[i, 2])
            for c in range(3):
                points[i, c] -= d * normal[c]
        for c in range(3):
            normals[i, c] = normal[c]


@njit(cache=True, nogil=True)
def _comb(table, fur, points, normals, reach, combs, lengths, rises):  # type: ignore[no-untyped-def]
    """Blend what the nearby parts say about the fur, and lay the comb direction into the surface."""
    for i in range(points.shape[0]):
        nearest = 1e9
        for p in range(table.shape[0]):
            if table[p, 20] == 0.0:
                nearest = min(nearest, part_distance(table, p, points[i, 0], points[i, 1], points[i, 2]))
        total = 0.0
        cx, cy, cz, length, rise = 0.0, 0.0, 0.0, 0.0, 0.0
        for p in range(table.shape[0]):
            d = part_distance(table, p, points[i, 0], points[i, 1], points[i, 2])
            if table[p, 20] > 0.0:  # the skin of a hollow belongs to the part that carved it
                d = abs(d) + (0.0 if abs(d) < 0.25 else 4.0)
            w = np.exp(-max(d - min(nearest, 0.3), 0.0) / reach)
            cx += w * fur[p, 0]
            cy += w * fur[p, 1]
            cz += w * fur[p, 2]
            length += w * fur[p, 3]
            rise += w * fur[p, 4]
            total += w
        lengths[i] = length / total
        rises[i] = rise / total
        nx, ny, nz = normals[i, 0], normals[i, 1], normals[i, 2]
        dot = cx * nx + cy * ny + cz * nz
        cx, cy, cz = cx - dot * nx, cy - dot * ny, cz - dot * nz
        size = np.sqrt(cx * cx + cy * cy + cz * cz) + 1e-9
        combs[i, 0], combs[i, 1], combs[i, 2] = cx / size, cy / size, cz / size


def scatter(solid: Solid, field: Field, camera: Camera, count: int, rng: np.random.Generator, *, reach: float = 0.9) -> Roots:
    """About `count` roots, evenly over the surface that faces the camera or nearly does; `reach` (cm) blends the parts' fur."""
    cells = np.argwhere(np.abs(field.values) < field.step * 1.2)
    picked = cells[rng.integers(0, len(cells), int(count * 3.0))]
    points = field.low + (picked + rng.uniform(-0.5, 0.5, picked.shape)) * field.step
    normals = np.empty_like(points)
    _settle(points, field.values, field.low, field.step, normals)
    views = camera.eye - points
    views /= np.linalg.norm(views, axis=1, keepdims=True)
    keep = np.einsum("ij,ij->i", views, normals) > -0.3
    points, normals = points[keep], normals[keep]
    combs, lengths, rises = np.empty_like(points), np.empty(len(points)), np.empty(len(points))
    _comb(solid.table, _unit_comb(solid.fur), points, normals, reach, combs, lengths, rises)
    dense = np.clip(lengths / 0.7, 1, None) ** -0.7  # short fur covers less, so there is more of it
    chosen = rng.uniform(size=len(points)) < dense * min(1.0, count / dense.sum())
    return Roots(points, normals, combs, lengths, rises).where(chosen)


def _unit_comb(fur: Vectors) -> Vectors:
    """The table of fur with unit comb directions."""
    table = fur.copy()
    table[:, :3] /= np.linalg.norm(table[:, :3], axis=1, keepdims=True)
    return table


def _swirl(points: Vectors, size: float, seed: int) -> Vectors:
    """A smooth random vector at each point: N x 3."""
    return np.stack([value_noise(points, size, seed + k) for k in range(3)], 1)


@dataclass(frozen=True, kw_only=True)
class Groom:
    """How wild the fur is: size of tufts (cm), how far tips are drawn together (0-1), waviness, droop (per cm of length)."""

    tuft: float = 1.1
    gather: float = 0.55
    wave: float = 0.22
    droop: float = 0.03


def grow(roots: Roots, groom: Groom, seed: int) -> tuple[NDArray[np.float32], Vectors]:
    """Hairs from their roots: N x JOINTS x 3 points, and the normals as the tufts bend them (N x 3)."""
    rng = np.random.default_rng(seed)
    count = len(roots.points)
    ids, centres = lattice_cells(roots.points, groom.tuft, seed)
    fine_ids, fine_centres = lattice_cells(roots.points, groom.tuft * 0.38, seed + 5)
    by_tuft = np.random.default_rng(seed + 1).normal(0, 1, (4096, 5))
    wild = np.clip(roots.lengths / 2.0, 0.3, 1)[:, None]  # short fur lies in order
    combs = roots.combs + groom.wave * _swirl(roots.points, 5.0, seed + 2) + groom.wave * 0.5 * wild * by_tuft[ids, :3]
    combs += wild * 0.16 * by_tuft[fine_ids, :3] + 0.10 * rng.normal(0, 1, (count, 3))
    combs -= (combs * roots.normals).sum(1, keepdims=True) * roots.normals
    combs /= np.linalg.norm(combs, axis=1, keepdims=True) + 1e-9
    lengths = roots.lengths * np.clip(1 + 0.16 * wild[:, 0] * by_tuft[ids, 3] + 0.12 * rng.normal(0, 1, count), 0.35, 1.7)
    rises = np.clip(roots.rises * (1 + 0.25 * wild[:, 0] * by_tuft[ids, 4] + 0.2 * rng.normal(0, 1, count)), 0.03, 1.2)
    away = roots.points - centres
    away -= (away * roots.normals).sum(1, keepdims=True) * roots.normals
    fine_away = roots.points - fine_centres
    fine_away -= (fine_away * roots.normals).sum(1, keepdims=True) * roots.normals
    pull = groom.gather * np.clip(lengths / 1.5, 0.15, 1)
    hairs = np.empty((count, JOINTS, 3), np.float32)
    point = roots.points.copy()
    step = (lengths / (JOINTS - 1))[:, None]
    for j in range(JOINTS):
        s = j / (JOINTS - 1)
        gather = (pull * s**1.4)[:, None]
        hairs[:, j] = point - gather * (0.55 * away + 0.75 * fine_away)
        lift = (rises * (1.25 - 0.9 * s))[:, None]
        way = combs + lift * roots.normals
        way[:, 1] -= groom.droop * lengths * s * 2
        point = point + step * way / np.linalg.norm(way, axis=1, keepdims=True)
    bent = roots.normals + 0.75 * np.clip(lengths / 2, 0.1, 1)[:, None] * away / groom.tuft + 0.35 * fine_away / (groom.tuft * 0.38)
    return hairs, bent / np.linalg.norm(bent, axis=1, keepdims=True)
