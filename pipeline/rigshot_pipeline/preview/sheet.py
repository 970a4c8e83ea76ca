"""Pictures in rows: views of a model side by side."""

from collections.abc import Sequence

import numpy as np

from ..asset import Mesh, Pixels
from .camera import fit, orbit
from .raster import render

__all__ = ["AROUND", "on_ground", "views_sheet"]

AROUND = (-90.0, -45.0, 0.0, 45.0, 90.0, 180.0)
"""Yaws in degrees: the right side (as in the photo), right three-quarter, front, left three-quarter, left, back."""


def on_ground(picture: Pixels, colour: tuple[int, int, int] = (238, 238, 238)) -> Pixels:
    """An RGBA picture (H, W, 4) laid over an even colour: (H, W, 3)."""
    alpha = picture[:, :, 3:].astype(np.float32) / 255
    laid: Pixels = np.round(picture[:, :, :3] * alpha + np.array(colour, np.float32) * (1 - alpha)).astype(np.uint8)
    return laid


def views_sheet(
    mesh: Mesh,
    albedo: Pixels | None = None,
    *,
    yaws: Sequence[float] = AROUND,
    pitch: float = 10.0,
    size: int = 256,
    colours: Pixels | None = None,
    nearest: bool = False,
) -> Pixels:
    """One row (size, size x number of yaws, 3) of views, all at one scale; clay without ``albedo`` or ``colours``."""
    reach = float(np.linalg.norm(mesh.vertices - (mesh.vertices.min(0) + mesh.vertices.max(0)) / 2, axis=1).max()) * 2
    row: list[Pixels] = []
    for yaw in yaws:
        camera = fit(orbit(yaw, pitch), mesh.vertices)
        camera = camera.moved(target=camera.target, span=reach * 1.05)
        row.append(on_ground(render(mesh, camera, width=size, height=size, albedo=albedo, colours=colours, nearest=nearest)))
    return np.concatenate(row, axis=1)
