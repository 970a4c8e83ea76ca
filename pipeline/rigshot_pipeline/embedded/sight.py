"""How well the photo knows a point of the surface: directly, in the mirror of the sagittal plane, or not at all."""

from typing import NamedTuple

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..asset import Floats, Indices
from ..body import Body, Projection
from .outline import outline_depth
from .sheets import DepthBuffer

__all__ = ["Sight", "make_sight", "ramp", "seen_weights", "sees_side"]

_LIMBS = frozenset({"leg", "arm", "wing", "fin", "ear", "tail", "limb"})
_SOFT = (0.20, 0.46)  # cosine to the viewer: below the photo is stretched five times, above at most twice
_HARD = (0.18, 0.24)  # the same for sprites: beyond, their outline would be drawn out over the sides
_NEAR, _BEHIND = 0.018, 0.035  # metres (the subject's longest side is 1 m): depth differences of one surface, of two
_ALIKE, _UNLIKE = 0.04, 0.08  # metres: how far from a mirror image both sides of a body may be
_RIM, _TOO_FAR = 0.012, 0.024  # of the side: how far from trusted pixels their colours still count fully, or at all
_ASIDE = 0.5  # from a viewer less far to the side than this the sagittal plane mirrors nothing into view
_LINE = (1.6, 1.8)  # depth in the outline by cosine: it is to be about as wide on the surface as it is drawn
_EDGE = 0.007  # metres: beside the edge of something nearer the pixel may be mixed with it


class Sight(NamedTuple):
    """The photo's camera and depth buffer as the kernels take them (numba knows named tuples).

    ``direct`` and ``mirrored`` (3, 4): maps of a world point, and of its image in the sagittal plane (through the
    trunk), to column, row (in canonical pixels) and depth. ``front`` (s, s): the nearest surface's depth, lowered to
    that of its neighbours (lenient), ``shade`` (s, s): raised to that of its neighbours (strict). ``part`` (s, s): the
    part seen there. ``trust`` (s, s): 1 where the photo shows the subject, 0 where it shows what a too generous cutout
    left over. ``outline`` (s, s): how deep a pixel lies in a drawn outline. ``alias`` (P,): the part that shows a part's
    looks in the photo (a copied leg is seen as its twin).
    ``through`` (P,): a limb of a side view wears the same pixels on both sides. ``grazing``, ``facing``: cosines at
    which the photo begins to count and fully counts. ``symmetric``: the sagittal plane may stand in for what is hidden.
    """

    direct: Floats
    mirrored: Floats
    front: Floats
    shade: Floats
    part: Indices
    trust: Floats
    outline: Floats
    alias: Indices
    through: NDArray[np.bool_]
    grazing: float
    facing: float
    symmetric: bool
    size: int


def make_sight(
    buffer: DepthBuffer,
    camera: Projection,
    body: Body,
    *,
    line: NDArray[np.bool_],
    opaque: NDArray[np.bool_],
    trusted: NDArray[np.bool_] | None = None,
    sprite: bool = False,
) -> Sight:
    """Prepare the tests of visibility for a body seen by a camera; a ``sprite`` counts up to its outline.

    ``line`` and ``opaque`` (n, n): dark strokes, and the subject. ``trusted`` (S, S): pixels that show the subject; all do
    if it is None.
    """
    grazing, facing = _HARD if sprite else _SOFT
    mirrored = camera.matrix.copy()
    mirrored[:, 3] += 2 * float(body.parts[0].path[:, 0].mean()) * camera.matrix[:, 0]
    mirrored[:, 0] *= -1
    reach = 2 * max(1, round(_EDGE * float(np.linalg.norm(camera.matrix[0, :3])) * len(buffer.depth) / camera.size)) + 1
    filled = np.where(np.isfinite(buffer.depth), buffer.depth, np.float32(9))
    lenient = cv2.erode(filled, np.ones((3, 3), np.uint8))
    strict = cv2.dilate(buffer.depth, np.ones((reach, reach), np.uint8))
    return Sight(
        direct=camera.matrix,
        mirrored=mirrored,
        front=np.where(lenient > 8, np.float32(-np.inf), lenient).astype(np.float32),
        shade=strict.astype(np.float32),
        part=buffer.part,
        trust=np.ones_like(buffer.depth) if trusted is None else _trust(trusted, len(buffer.depth)),
        outline=outline_depth(line, opaque, len(buffer.depth)),
        alias=_aliases(body),
        through=np.array([sees_side(camera) and part.kind in _LIMBS for part in body.parts]),
        grazing=grazing,
        facing=facing,
        symmetric=sees_side(camera),
        size=camera.size,
    )


def sees_side(camera: Projection) -> bool:
    """Whether the photo shows the subject from its side, so that the sagittal plane mirrors it to the other one."""
    return bool(abs(camera.viewer[0]) > _ASIDE)


def _trust(trusted: NDArray[np.bool_], grid: int) -> Floats:
    small = cv2.resize(trusted.astype(np.uint8), (grid, grid), interpolation=cv2.INTER_AREA)
    away = cv2.distanceTransform((small == 0).astype(np.uint8), cv2.DIST_L2, 5) / grid
    trust: Floats = np.clip((_TOO_FAR - away) / (_TOO_FAR - _RIM), 0, 1).astype(np.float32)
    return trust


def _aliases(body: Body) -> Indices:
    """For a part that the photo hides the index of its visible twin, for every other part its own."""
    alias = np.arange(len(body.parts), dtype=np.int32)
    places = {part.name: place for place, part in enumerate(body.parts)}
    for place, part in enumerate(body.parts):
        for own, other in (("left", "right"), ("right", "left")):
            twin = places.get(part.name.replace(own, other))
            if not part.visible and part.side == own and twin is not None:
                alias[place] = twin
    return alias


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def ramp(value: float, low: float, high: float) -> float:
    """0 below ``low``, 1 above ``high``, smooth between."""
    step = min(max((value - low) / (high - low), 0.0), 1.0)
    return step * step * (3 - 2 * step)


@njit(cache=True, nogil=True, error_model="numpy")
def seen_weights(point: Floats, normal: Floats, part: int, sight: Sight, out: Floats) -> None:
    """Weights and pixels of a point: ``out`` (6,) = weight, column, row seen directly, then the same in the mirror.

    The weights lie in 0..1 and sum to at most 1; what is missing is unknown to the photo.
    """
    out[0] = out[3] = 0
    grid = len(sight.front)
    for way in range(2):
        if way == 1 and not sight.symmetric:
            break
        matrix = sight.direct if way == 0 else sight.mirrored
        column = matrix[0, 0] * point[0] + matrix[0, 1] * point[1] + matrix[0, 2] * point[2] + matrix[0, 3]
        row = matrix[1, 0] * point[0] + matrix[1, 1] * point[1] + matrix[1, 2] * point[2] + matrix[1, 3]
        depth = matrix[2, 0] * point[0] + matrix[2, 1] * point[1] + matrix[2, 2] * point[2] + matrix[2, 3]
        out[3 * way + 1], out[3 * way + 2] = column, row
        facing = matrix[2, 0] * normal[0] + matrix[2, 1] * normal[1] + matrix[2, 2] * normal[2]
        x = min(max(int(column * grid / sight.size), 0), grid - 1)
        y = min(max(int(row * grid / sight.size), 0), grid - 1)
        same = sight.part[y, x] >= 0 and sight.alias[sight.part[y, x]] == sight.alias[part]
        weight = ramp(facing, sight.grazing, sight.facing)
        if way == 0:
            weight *= 1 - ramp(sight.front[y, x] - depth, _NEAR, _BEHIND)
        elif same:
            depth = sight.front[y, x]  # a turned head or a bent body is not its own mirror image
        else:
            weight *= 1 - ramp(abs(sight.front[y, x] - depth), _ALIKE, _UNLIKE)
        weight *= 1 - ramp(sight.shade[y, x] - depth, 2 * _BEHIND, 3 * _BEHIND)
        if same and sight.through[part]:
            weight = max(weight, ramp(abs(facing), sight.grazing, sight.facing))
        if sight.outline[y, x] > 0:
            weight *= 1 - ramp(sight.outline[y, x], _LINE[0] * abs(facing), _LINE[1] * abs(facing) + np.float32(1e-6))
        out[3 * way] = weight * sight.trust[y, x]
    out[3] *= 1 - out[0]
