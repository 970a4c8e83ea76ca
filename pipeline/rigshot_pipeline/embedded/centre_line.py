"""Arithmetic of centre lines: points at shares of a path's length, and the way back."""

import numpy as np
from numpy.typing import ArrayLike

from ..asset import Floats

__all__ = ["along", "at", "length", "places"]


def places(path: Floats) -> Floats:
    """Shares (n,) of the arc length at which a path's points (n, 3) lie."""
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    place = np.concatenate([[0.0], np.cumsum(steps)])
    shares: Floats = (place / (place[-1] or 1.0)).astype(np.float32)
    return shares


def at(path: Floats, shares: ArrayLike) -> Floats:
    """Points (m, 3) of a path (n, 3) at shares (m,) of its arc length."""
    known = places(path)
    return np.stack([np.interp(np.asarray(shares, np.float64), known, path[:, axis]) for axis in range(3)], 1).astype(np.float32)


def along(path: Floats, point: Floats) -> float:
    """The share of a path's arc length that lies nearest to a point (3,), to a hundredth."""
    fine = np.linspace(0, 1, 101)
    return float(fine[np.argmin(np.linalg.norm(at(path, fine) - point, axis=1))])


def length(path: Floats) -> float:
    """Metres along a path (n, 3)."""
    return float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum())
