"""A second look at which part each vertex belongs to, before bones are given a say over it.

Where parts overlap in the picture, a vertex may carry the name of a part that is nowhere near; a hand that is said to be
the other leg would be torn off by the first step.
"""

from dataclasses import replace

import numpy as np

from ..asset import Floats, Indices, Mesh
from ..body import Body
from .centre_line import at

__all__ = ["sound_body"]

_FAR = 0.06  # metres off its part's skin beyond which a vertex is doubted
_NEARER = 0.04  # metres by which another part must lie nearer to be believed instead
_POINTS = 24  # of each centre line that are looked at


def sound_body(mesh: Mesh, body: Body) -> Body:
    """``body`` with every vertex that is far from its own part and near another given to that other part."""
    away = np.stack([_off_skin(mesh.vertices, part.path, part.radius) for part in body.parts], 1)
    own = np.take_along_axis(away, body.vertex_part[:, None].astype(np.int64), 1)[:, 0]
    nearest = away.argmin(1)
    wrong = (own > _FAR) & (own - away.min(1) > _NEARER)
    owner: Indices = np.where(wrong, nearest, body.vertex_part).astype(np.int32)
    return replace(body, vertex_part=owner)


def _off_skin(points: Floats, path: Floats, radius: Floats) -> Floats:
    """Distances (V,) of points from the balls along a centre line; negative inside them."""
    shares = np.linspace(0, 1, _POINTS)
    balls = at(path, shares)
    sizes = np.interp(shares, np.linspace(0, 1, len(radius)), radius).astype(np.float32)
    off: Floats = (np.linalg.norm(points[:, None] - balls, axis=2) - sizes).min(1)
    return off
