"""Noise over points in space: smooth values and the cells of a jittered lattice."""

import numpy as np
from numpy.typing import NDArray
from solid import Vectors


def value_noise(points: Vectors, size: float, seed: int) -> Vectors:
    """Smooth noise in space, about -1 to 1, with features of that size (cm): N."""
    table = np.random.default_rng(seed).uniform(-1, 1, 4096)
    scaled = points / size
    base = np.floor(scaled).astype(np.int64)
    f = scaled - base
    f = f * f * (3 - 2 * f)
    total = np.zeros(len(points))
    for corner in range(8):
        offset = np.array([corner & 1, corner >> 1 & 1, corner >> 2 & 1])
        cell = base + offset
        weight = np.prod(np.where(offset, f, 1 - f), axis=1)
        total += weight * table[(cell[:, 0] * 73856093 ^ cell[:, 1] * 19349663 ^ cell[:, 2] * 83492791) & 4095]
    return np.asarray(total * 1.6)


def lattice_cells(points: Vectors, spacing: float, seed: int) -> tuple[NDArray[np.int64], Vectors]:
    """The clump of each point: cells of a jittered lattice (Worley noise). Returns ids (N) and centres (N x 3)."""
    table = np.random.default_rng(seed).uniform(0, 1, (4096, 3))
    base = np.floor(points / spacing).astype(np.int64)
    best = np.full(len(points), np.inf)
    ids = np.zeros(len(points), np.int64)
    centres = np.zeros_like(points)
    for dx in (-1, 0, 1):
        for dy in (-1, 0, 1):
            for dz in (-1, 0, 1):
                cell = base + np.array([dx, dy, dz])
                key = (cell[:, 0] * 73856093 ^ cell[:, 1] * 19349663 ^ cell[:, 2] * 83492791) & 4095
                centre = (cell + table[key]) * spacing
                far = ((points - centre) ** 2).sum(1)
                closer = far < best
                best[closer], ids[closer] = far[closer], key[closer]
                centres[closer] = centre[closer]
    return ids, centres
