"""The middle plane of a body: the vertical plane in which its mirror image lies nearest to itself."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ..asset import Floats

__all__ = ["MiddlePlane", "middle_plane"]

Doubles = NDArray[np.float64]

_POINTS = 900
_COARSE = 5.0  # degrees between the planes that are tried first
_FINE = 0.5


@dataclass(frozen=True, kw_only=True)
class MiddlePlane:
    """``along`` (3,) a horizontal unit vector in the plane (which of its two ends is the front it does not tell); ``error`` the mean
    distance of mirrored points from the body, as a share of its longest extent."""

    along: Doubles
    error: float


def middle_plane(vertices: Floats) -> MiddlePlane:
    """The plane of a body that stands upright on the ground (+Y up)."""
    points: Doubles = vertices[np.random.default_rng(0).permutation(len(vertices))[:_POINTS]].astype(np.float64)
    low, high = vertices.min(0).astype(np.float64), vertices.max(0).astype(np.float64)
    points = points - (low + high) / 2
    tree = cKDTree(points)
    extent = float((high - low).max())

    def error(degrees: float) -> float:
        side = np.array([np.cos(np.radians(degrees)), 0, -np.sin(np.radians(degrees))])
        # the middle of the box is not always in the plane: a turned head widens it
        shift = float(np.median(points @ side))
        mirrored = points - 2 * np.outer(points @ side - shift, side)
        return float(np.mean(tree.query(mirrored)[0]))

    coarse = min(np.arange(0.0, 180.0, _COARSE), key=error)
    best = min(np.arange(coarse - _COARSE, coarse + _COARSE + _FINE, _FINE), key=error)
    turn = np.radians(best)
    return MiddlePlane(along=np.array([np.sin(turn), 0, np.cos(turn)]), error=error(float(best)) / max(extent, 1e-9))
