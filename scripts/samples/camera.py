"""The camera, the light it works in, and what it sees of a solid."""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray
from solid import Field, Vectors, look_up, slope_at

Image32 = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Camera:
    """A pinhole camera that does not roll: where it is, where it looks, focal length in pixels, size of the picture."""

    eye: Vectors
    target: Vectors
    focal: float
    width: int
    height: int

    def rows(self) -> Vectors:
        """Right, up and backward axes (rows) and the eye: 4 x 3."""
        back = (self.eye - self.target) / np.linalg.norm(self.eye - self.target)
        right = np.cross([0.0, 1.0, 0.0], back)
        right /= np.linalg.norm(right)
        return np.array([right, np.cross(back, right), back, self.eye])

    def project(self, points: Vectors) -> Vectors:
        """Column, row and depth of world points: N x 3."""
        rows = self.rows()
        seen = (points - rows[3]) @ rows[:3].T
        depth = -seen[:, 2]
        columns = self.width / 2 + self.focal * seen[:, 0] / depth
        return np.stack([columns, self.height / 2 - self.focal * seen[:, 1] / depth, depth], 1)

    def points_at(self, rows: ArrayLike, columns: ArrayLike, depth: ArrayLike) -> Vectors:
        """World points seen in pixels at a depth along the view axis: ... x 3."""
        ways = self.ways(rows, columns)
        return np.asarray(self.eye + ways * np.asarray(depth, float)[..., None])

    def ways(self, rows: ArrayLike, columns: ArrayLike) -> Vectors:
        """The directions in which pixels look, one unit long along the view axis: ... x 3."""
        axes = self.rows()
        u = (np.asarray(columns) + 0.5 - self.width / 2) / self.focal
        v = (self.height / 2 - np.asarray(rows) - 0.5) / self.focal
        return np.asarray(u[..., None] * axes[0] + v[..., None] * axes[1] - axes[2])


@dataclass(frozen=True, kw_only=True)
class Light:
    """Sun and sky: the direction to the sun, and the radiance (linear RGB) of sun, sky and the light from the ground."""

    sun: Vectors
    sun_colour: Vectors
    sky_colour: Vectors
    ground_colour: Vectors
    window: bool = False  # the sun is a window: its glint in an eye is square


@njit(cache=True, nogil=True)
def _see(values, low, step, rows, focal, depth, normals):  # type: ignore[no-untyped-def]
    """March a ray per pixel: depth along the view axis (1e9: nothing) and the normal."""
    height, width = depth.shape
    normal = np.zeros(3)
    for r in range(height):
        for c in range(width):
            depth[r, c] = 1e9
            u, v = (c + 0.5 - width / 2) / focal, (height / 2 - r - 0.5) / focal
            dx = u * rows[0, 0] + v * rows[1, 0] - rows[2, 0]
            dy = u * rows[0, 1] + v * rows[1, 1] - rows[2, 1]
            dz = u * rows[0, 2] + v * rows[1, 2] - rows[2, 2]
            size = np.sqrt(1 + u * u + v * v)
            t, end = 0.0, 1e9  # t counts depth; enter the grid's box first
            for k in range(3):
                d = dx if k == 0 else (dy if k == 1 else dz)
                a = (low[k] - rows[3, k]) / (d if abs(d) > 1e-9 else 1e-9)
                b = (low[k] + step * (values.shape[k] - 1) - rows[3, k]) / (d if abs(d) > 1e-9 else 1e-9)
                t, end = max(t, min(a, b)), min(end, max(a, b))
            while t < end:
                x, y, z = rows[3, 0] + t * dx, rows[3, 1] + t * dy, rows[3, 2] + t * dz
                f = look_up(values, low, step, x, y, z)
                if f < 0.02:
                    depth[r, c] = t
                    slope_at(values, low, step, x, y, z, normal)
                    normals[r, c, 0], normals[r, c, 1], normals[r, c, 2] = normal[0], normal[1], normal[2]
                    break
                t += max(f * 0.9, 0.02) / size


def see(field: Field, camera: Camera) -> tuple[Image32, Image32]:
    """What the camera sees of a solid: depth H x W (1e9: nothing) and normals H x W x 3."""
    depth = np.empty((camera.height, camera.width), np.float32)
    normals = np.zeros((camera.height, camera.width, 3), np.float32)
    _see(field.values, field.low, field.step, camera.rows(), camera.focal, depth, normals)
    return depth, normals
