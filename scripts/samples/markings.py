"""Patterns of a coat: soft fields over points of the skin, and how colours are laid over each other."""

import itertools
from collections.abc import Iterable

import numpy as np
from solid import Vectors


def ramp(values: Vectors, start: float, end: float) -> Vectors:
    """0 at `start`, 1 at `end`, smooth between them, constant beyond."""
    t = np.clip((values - start) / (end - start), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def blob(points: Vectors, centre: tuple[float, float, float], radii: tuple[float, float, float], soft: float) -> Vectors:
    """1 inside an ellipsoid, 0 outside, with a soft rim (a share of its size)."""
    far = np.linalg.norm((points - np.array(centre)) / np.array(radii), axis=1)
    return ramp(far, 1 + soft, 1 - soft)


def layered(points: Vectors, layers: Iterable[tuple[Vectors | float, Vectors, Vectors]]) -> tuple[Vectors, Vectors]:
    """Colours at the roots and at the tips (N x 3): layers of (weight, root, tip), each over the ones before."""
    root, tip = np.zeros_like(points), np.zeros_like(points)
    for weight, colour_root, colour_tip in layers:
        share = np.broadcast_to(weight, len(points))[:, None]
        root = root + share * (colour_root - root)
        tip = tip + share * (colour_tip - tip)
    return root, tip


def line_distance(points: Vectors, line: Vectors) -> Vectors:
    """Distance of points (N x D) to a polyline (M x D): N."""
    best = np.full(len(points), np.inf)
    for a, b in itertools.pairwise(line):
        t = np.clip(((points - a) @ (b - a)) / ((b - a) @ (b - a)), 0, 1)
        best = np.minimum(best, np.linalg.norm(points - a - t[:, None] * (b - a), axis=1))
    return best
