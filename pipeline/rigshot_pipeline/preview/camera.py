"""Cameras: an orbit around a subject, and the one that took the photo."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from ..asset import Floats
from ..body import Projection

__all__ = ["Camera", "fit", "from_projection", "orbit"]


@dataclass(frozen=True, kw_only=True)
class Camera:
    """Where a picture is taken from.

    ``axes`` (3, 3): rows are the picture's right and up and the direction towards the viewer, unit vectors in the
    world; ``target`` (3,) the world point in the picture's middle (moved by ``shift``); ``span`` metres that the
    picture's shorter side covers at the target; ``distance`` metres from the target to the viewer, infinite for an
    orthographic picture; ``shift`` (2,) columns and rows, as shares of the shorter side, that the target lies
    right of and below the middle.
    """

    axes: Floats
    target: Floats
    span: float
    distance: float = float("inf")
    shift: tuple[float, float] = (0.0, 0.0)

    def project(self, points: Floats, *, width: int, height: int) -> Floats:
        """Project world ``points`` (N, 3) to a picture of ``width`` x ``height`` pixels.

        Returns (N, 4): column and row (pixel centres at .5, rows downwards), a depth that is linear in the picture and
        larger for nearer points, and the perspective weight 1/w (1 for an orthographic camera).
        """
        seen = (points - self.target) @ self.axes.T
        side = min(width, height)
        ratio = np.ones(len(points), np.float32) if np.isinf(self.distance) else 1 / (1 - seen[:, 2] / np.float32(self.distance))
        scale = side / self.span
        columns = width / 2 + side * self.shift[0] + seen[:, 0] * ratio * scale
        rows = height / 2 + side * self.shift[1] - seen[:, 1] * ratio * scale
        depth = seen[:, 2] if np.isinf(self.distance) else ratio
        projected: Floats = np.stack([columns, rows, depth, ratio], 1).astype(np.float32)
        return projected

    def moved(self, *, target: Floats, span: float) -> Self:
        """The same view of another place."""
        return type(self)(axes=self.axes, target=target, span=span, distance=self.distance, shift=self.shift)


def orbit(
    yaw: float,
    pitch: float = 0.0,
    *,
    target: Floats | None = None,
    span: float = 1.2,
    distance: float = float("inf"),
) -> Camera:
    """A camera on a circle around ``target`` (the middle of the canonical metre by default).

    ``yaw`` degrees: 0 looks at the subject's face (viewer at +Z), 90 at its left side (viewer at +X), 180 at its back,
    -90 at its right side (viewer at -X: the side view of the photo). ``pitch`` degrees: how high the viewer stands.
    """
    turn, rise = np.radians(yaw), np.radians(pitch)
    right = [np.cos(turn), 0.0, -np.sin(turn)]
    viewer = [np.sin(turn) * np.cos(rise), np.sin(rise), np.cos(turn) * np.cos(rise)]
    up = np.cross(viewer, right)
    middle = np.array([0, 0.5, 0], np.float32) if target is None else np.asarray(target, np.float32)
    return Camera(axes=np.array([right, up, viewer], np.float32), target=middle, span=span, distance=distance)


def fit(camera: Camera, points: Floats, *, fill: float = 0.8) -> Camera:
    """``camera`` aimed so that ``points`` (N, 3) lie centred in a square picture and fill that share of its side."""
    flat = Camera(axes=camera.axes, target=np.zeros(3, np.float32), span=1.0)
    seen = (points @ flat.axes.T).astype(np.float32)
    low, high = seen.min(0), seen.max(0)
    target = ((low + high) / 2) @ camera.axes
    return camera.moved(target=target.astype(np.float32), span=float(max(high[0] - low[0], high[1] - low[1])) / fill)


def from_projection(projection: Projection) -> Camera:
    """The photo's own camera: a square picture of any size shows what the canonical picture shows."""
    columns, rows, viewer = (projection.matrix[axis, :3].astype(np.float64) for axis in range(3))
    scale = float(np.linalg.norm(columns))
    axes = np.stack([columns / scale, -rows / np.linalg.norm(rows), viewer / np.linalg.norm(viewer)])
    middle = np.array([projection.size / 2, projection.size / 2]) - projection.matrix[:2, 3]
    target = axes[0] * middle[0] / scale - axes[1] * middle[1] / np.linalg.norm(rows)
    return Camera(axes=axes.astype(np.float32), target=target.astype(np.float32), span=projection.size / scale)
