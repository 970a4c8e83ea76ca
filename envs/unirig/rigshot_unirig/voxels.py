"""A mesh as filled voxels of the half box, -1..1 along every axis."""

from dataclasses import dataclass

import numpy as np

from .arrays import Booleans, Doubles, Floats, Longs

__all__ = ["Voxels", "fill"]

_APART = 0.45  # of a voxel, between the points that stand for a triangle: no voxel that it crosses deeply is missed
_AT_ONCE = 2_000_000  # such points
_COUNTS = np.unique(np.ceil(2 ** (np.arange(45) / 4)).astype(int))  # steps along a side are rounded up to one of these


@dataclass(frozen=True, kw_only=True)
class Voxels:
    """``solid`` (N, N, N), true inside; the centre of voxel i along an axis is at (2 i + 1) / N - 1."""

    solid: Booleans

    @property
    def grid(self) -> int:
        """Voxels along an edge."""
        return len(self.solid)

    def centres(self) -> Floats:
        """(M, 3) the places of the solid voxels, in the order of ``np.argwhere``."""
        return ((np.argwhere(self.solid) * 2 + 1) / self.grid - 1).astype(np.float32)

    def at(self, points: Floats | Doubles) -> Booleans:
        """(P,) whether points lie in solid voxels."""
        place = np.floor((points + 1) / 2 * self.grid).astype(np.int64)
        known = ((place >= 0) & (place < self.grid)).all(1)
        found = np.zeros(len(points), bool)
        found[known] = self.solid[tuple(place[known].T)]
        return found

    def way_out(self, start: Floats, way: Floats) -> float:
        """How far it is from ``start`` (3,) along the unit vector ``way`` to where the body ends; 0 outside."""
        steps = np.arange(1, 2 * self.grid) / self.grid  # half voxels
        inside = self.at(start + steps[:, None] * way)
        if not self.at(start[None])[0]:
            return 0.0
        return float(steps[int(np.argmin(inside))] - steps[0]) if not inside.all() else float(steps[-1])


def fill(vertices: Floats, faces: Longs, grid: int) -> Voxels:
    """Voxels that lie between the outermost surfaces along at least two of the three axes, as upstream's depth maps say.

    Holes that no two axes see through are closed, which is what meshes from photos and games need.
    """
    surface = _surface(vertices.astype(np.float64), faces, grid)
    votes = np.zeros(surface.shape, np.uint8)
    place = np.arange(grid, dtype=np.int16)
    for axis in range(3):
        along = np.moveaxis(surface, axis, 2)
        first = along.argmax(2).astype(np.int16)
        last = (grid - 1 - along[..., ::-1].argmax(2)).astype(np.int16)
        first[~along.any(2)] = grid  # nothing lies behind a surface that is not there
        np.moveaxis(votes, axis, 2)[...] += (place >= first[..., None]) & (place <= last[..., None])
    return Voxels(solid=votes >= 2)


def _surface(vertices: Doubles, faces: Longs, grid: int) -> Booleans:
    """The voxels that points on the triangles lie in: rows of points from one corner to the shortest side, few on slivers."""
    solid = np.zeros((grid, grid, grid), bool)
    corners = vertices[faces]
    sides = np.linalg.norm(np.roll(corners, -2, axis=1) - np.roll(corners, -1, axis=1), axis=2)  # opposite of each corner
    apex = sides.argmin(1)
    corners = np.take_along_axis(corners, ((apex[:, None] + np.arange(3)) % 3)[..., None], 1)
    step = 2 / grid * _APART
    away, across = (np.searchsorted(_COUNTS, np.ceil(length / step)) for length in (sides.max(1), sides.min(1)))
    for kind in np.unique(away * len(_COUNTS) + across):
        own = corners[away * len(_COUNTS) + across == kind]
        rows, columns = _COUNTS[kind // len(_COUNTS)], _COUNTS[kind % len(_COUNTS)]
        along, aside = (part.ravel() for part in np.meshgrid(np.arange(rows + 1) / rows, np.arange(columns + 1) / columns))
        shares = np.stack([1 - along, along * (1 - aside), along * aside], 1)
        some = max(_AT_ONCE // len(shares), 1)
        for start in range(0, len(own), some):
            points = np.einsum("sk,fkd->fsd", shares, own[start : start + some]).reshape(-1, 3)
            place = np.clip(((points + 1) / 2 * grid).astype(np.int64), 0, grid - 1)
            solid[tuple(place.T)] = True
    return solid
