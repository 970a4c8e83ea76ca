"""Which way the subject faces, found by comparing the mesh's silhouettes with the picture's.

Upstream puts a figure's front towards +Z with +Y up: the front camera of its texture pipeline stands at +Z, and the picture is what
that camera sees. Was the picture taken from the side, or did the network turn the figure into its own frame, then the mesh
must be turned about +Y to face +Z. Silhouettes tell which of the four quarter turns fits, from where Rigshot's viewer stands: at +Z for a
front view (the picture's right is +X), at -X for a side view (the picture's right is +Z, where the subject looks).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .mesh import Triangles

__all__ = ["Facing", "face_forward"]

_GRID = 64  # cells along an edge of the square in which silhouettes are compared
_SAMPLES = 60_000  # points on the surface: some ten for every cell that is covered
_MARGIN = 0.08  # of intersection over union: so much better must another turn fit than the expected one
_EXPECTED = {"front": 0, "side": 270}  # degrees about +Y that bring what stands before upstream's camera before Rigshot's viewer


@dataclass(frozen=True, kw_only=True)
class Facing:
    """``degrees``: the quarter turn about +Y that was made; ``fit``: intersection over union of the silhouettes after it, and of
    the turn that upstream's frame leads one to expect.
    """

    degrees: int
    fit: float
    expected_fit: float


def face_forward(mesh: Triangles, outline: NDArray[np.bool_], view: Literal["front", "side"]) -> tuple[Triangles, Facing]:
    """The mesh turned to face +Z, and what was found. ``outline`` (H, W): the subject in the picture, cropped to its box."""
    points = _surface_points(mesh)
    drawn = _fitted(_mask_points(outline))
    fits = {turn: _overlap(drawn, _fitted(_seen(_turned(points, turn), view))) for turn in (0, 90, 180, 270)}
    expected = _EXPECTED[view]
    best = max(fits, key=lambda turn: fits[turn])
    turn = best if fits[best] > fits[expected] + _MARGIN else expected
    facing = Facing(degrees=turn, fit=round(fits[turn], 3), expected_fit=round(fits[expected], 3))
    return Triangles(vertices=_turned(mesh.vertices, turn), faces=mesh.faces), facing


def _turned(points: NDArray[np.float32], degrees: int) -> NDArray[np.float32]:
    """Turned about +Y: by 90 degrees +Z comes to +X."""
    x, y, z = points.T
    if degrees == 0:
        return points
    sides = {90: (z, y, -x), 180: (-x, y, -z), 270: (-z, y, x)}
    return np.stack(sides[degrees], axis=1)


def _seen(points: NDArray[np.float32], view: Literal["front", "side"]) -> NDArray[np.float32]:
    """(N, 2) right and down in the picture."""
    right = points[:, 0] if view == "front" else points[:, 2]
    return np.stack([right, -points[:, 1]], axis=1)


def _surface_points(mesh: Triangles) -> NDArray[np.float32]:
    """Points spread evenly over the surface; the same for the same mesh."""
    corners = mesh.vertices[mesh.faces]
    areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    chance = np.random.default_rng(0)
    ends = np.cumsum(areas, dtype=np.float64)
    chosen = corners[np.searchsorted(ends, chance.random(_SAMPLES) * ends[-1]).clip(0, len(corners) - 1)]
    share = np.sort(chance.random((_SAMPLES, 2)), axis=1)
    weights = np.stack([share[:, 0], share[:, 1] - share[:, 0], 1 - share[:, 1]], axis=1)
    return np.einsum("nk,nkd->nd", weights, chosen).astype(np.float32)


def _mask_points(outline: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(N, 2) right and down of the marked pixels, as finely as the grid of the comparison can tell."""
    step = max(1, max(outline.shape) // (4 * _GRID))
    rows, columns = np.nonzero(outline[::step, ::step])
    return np.stack([columns, rows], axis=1).astype(np.float32)


def _fitted(points: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The points as a mask whose longer side fills the grid, the shorter one centred."""
    low, high = points.min(axis=0), points.max(axis=0)
    scale = (_GRID - 1e-3) / max(float((high - low).max()), 1e-9)
    shift = (_GRID - (high - low) * scale) / 2
    places = ((points - low) * scale + shift).astype(np.int64).clip(0, _GRID - 1)
    mask = np.zeros((_GRID, _GRID), dtype=bool)
    mask[places[:, 1], places[:, 0]] = True
    return mask


def _overlap(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float((one & other).sum() / max(1, (one | other).sum()))
