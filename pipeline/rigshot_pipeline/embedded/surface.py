"""One watertight surface around all parts: a blended field on a grid of voxels, marching cubes, fairing, fewer faces."""

from dataclasses import dataclass
from typing import Any

import fast_simplification
import manifold3d
import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, diags
from scipy.sparse.csgraph import connected_components
from skimage.measure import marching_cubes

from ..asset import Indices
from .relief import with_relief
from .shapes import Anatomy
from .silhouette import Silhouette

__all__ = ["FACES", "Surface", "surface_of"]

FACES = 15000
"""Faces of the finished mesh: finer than any texture shows, light enough for a phone."""
MARGIN = 6  # empty voxels around the volume
FAR = np.float32(-6.0)  # the field is cut off below this many cells outside
LEVEL = -0.15  # cells outside the field's zero: what smoothing takes from thin limbs (silhouette IoU .91 -> .96 on a stick figure)
TAUBIN = (0.5, -0.53, 8)  # the two factors and the number of rounds: removes the voxels' stairs, keeps the volume


@dataclass(frozen=True, kw_only=True)
class Surface:
    """``vertices`` (V, 3) cells (x right, y down, z towards the viewer), ``faces`` (F, 3) counter-clockwise from outside in the
    right-handed frame (x, -y, z), ``part`` (V,) index of the shape that each vertex belongs to."""

    vertices: NDArray[np.float64]
    faces: Indices
    part: Indices


def surface_of(silhouette: Silhouette, anatomy: Anatomy, *, relief: NDArray[np.float32] | None = None, faces: int = FACES) -> Surface:
    """The surface around an anatomy's solids, cut to the silhouette; ``relief`` (H, W) cells to move what faces the viewer."""
    packed = _pack(anatomy, silhouette.mask.shape)
    low, high = _depth_range(packed)
    volume = np.full((*silhouette.mask.shape, high - low), FAR, np.float32)
    _fill(volume, float(low), silhouette.distance, *packed)
    volume = _smoothed(volume)
    for axis in range(3):
        edge = np.moveaxis(volume, axis, 0)
        edge[0] = edge[-1] = FAR
    points, triangles, _, _ = marching_cubes(volume, LEVEL, allow_degenerate=False)
    points = points[:, [1, 0, 2]].astype(np.float64) + np.array([0.5, 0.5, low + 0.5])
    # Columns before rows, rows downwards: two reflections, and marching cubes winds clockwise for a field that is positive inside.
    points, triangles = _one_piece(points, triangles[:, ::-1].astype(np.int32))
    points = _faired(points, triangles)
    if relief is not None:
        points = with_relief(points, triangles, relief, both_sides=abs(abs(anatomy.heading) - 90) < 30)
    points, triangles = _fewer(points, triangles, faces)
    return Surface(vertices=points, faces=triangles, part=_parts_of(points, anatomy, packed))


def _pack(anatomy: Anatomy, shape: tuple[int, ...]) -> tuple[NDArray[np.float32], ...]:
    """The shapes as arrays for the kernel: lenses (P, 3, H, W), which have one, cones (K, 10) with their part, core, blend."""
    count = len(anatomy.shapes)
    lenses = np.zeros((count, 3, *shape), np.float32)
    traits = np.zeros((count, 3), np.float32)
    cones = []
    for place, part in enumerate(anatomy.shapes):
        if part.lens is not None:
            lenses[place] = part.lens.square, part.lens.centre, part.lens.reach
        traits[place] = part.lens is not None, part.core, part.blend
        cones.append(np.c_[part.cones, np.full(len(part.cones), place)])
    return lenses, traits, np.concatenate(cones).astype(np.float32)


def _depth_range(packed: tuple[NDArray[np.float32], ...]) -> tuple[int, int]:
    lenses, traits, cones = packed
    low, high = np.inf, -np.inf
    for lens in lenses[traits[:, 0] > 0]:
        inside = lens[0] > 0
        if inside.any():
            half = np.sqrt(lens[0][inside])
            low, high = min(low, float((lens[1][inside] - half).min())), max(high, float((lens[1][inside] + half).max()))
    for cone in cones:
        low = min(low, float(min(cone[2] - cone[3] * cone[8], cone[6] - cone[7] * cone[8])))
        high = max(high, float(max(cone[2] + cone[3] * cone[8], cone[6] + cone[7] * cone[8])))
    return int(np.floor(low)) - MARGIN, int(np.ceil(high)) + MARGIN


@njit(cache=True, nogil=True)
def _smooth_max(a: float, b: float, k: float) -> float:
    h = max(k - abs(a - b), 0.0) / k
    return max(a, b) + 0.25 * k * h * h


@njit(cache=True, nogil=True)
def _cone_value(cone: NDArray[np.float32], x: float, y: float, z: float) -> float:
    """Signed distance (positive inside) to a round cone, its depth squashed by the last factor."""
    squash = cone[8]
    z0, z1 = cone[2] / squash, cone[6] / squash
    dx, dy, dz = cone[4] - cone[0], cone[5] - cone[1], z1 - z0
    px, py, pz = x - cone[0], y - cone[1], z / squash - z0
    length = dx * dx + dy * dy + dz * dz
    t = 0.0
    if length > 1e-9:
        t = min(max((px * dx + py * dy + pz * dz) / length, 0.0), 1.0)
    ex, ey, ez = px - t * dx, py - t * dy, pz - t * dz
    value = cone[3] + t * (cone[7] - cone[3]) - np.sqrt(ex * ex + ey * ey + ez * ez)
    return value * min(squash, 1.0)


@njit(cache=True, nogil=True)
def _part_value(
    part: int,
    x: float,
    y: float,
    z: float,
    lens: NDArray[np.float32],
    has_lens: bool,
    cones: NDArray[np.float32],
    near: NDArray[np.int64],
    count: int,
) -> float:
    """The value of a part: its lens (square, centre, reach at this pixel) melted together with its cones among ``near[:count]``."""
    value = -1e3
    if has_lens:
        away = z - lens[1]
        value = (lens[0] - away * away) / (2 * lens[2])
    for place in range(count):
        k = near[place]
        if cones[k, 9] == part:
            cone = _cone_value(cones[k], x, y, z)
            value = cone if value < -900 else _smooth_max(value, cone, 4.0)
    return value


@njit(cache=True, nogil=True)
def _cones_near(cones: NDArray[np.float32], x: float, y: float, reach: float, near: NDArray[np.int64]) -> int:
    """Write the cones whose shadow on the picture lies within ``reach`` of a point into ``near``; returns how many."""
    count = 0
    for k in range(cones.shape[0]):
        wide = max(cones[k, 3], cones[k, 7]) + reach
        if (
            min(cones[k, 0], cones[k, 4]) - wide < x < max(cones[k, 0], cones[k, 4]) + wide
            and min(cones[k, 1], cones[k, 5]) - wide < y < max(cones[k, 1], cones[k, 5]) + wide
        ):
            near[count] = k
            count += 1
    return count


@njit(cache=True, nogil=True)
def _fill(
    volume: NDArray[np.float32],
    low: float,
    outline: NDArray[np.float32],
    lenses: NDArray[np.float32],
    traits: NDArray[np.float32],
    cones: NDArray[np.float32],
) -> None:
    height, width, depth = volume.shape
    parts = traits.shape[0]
    near = np.empty(cones.shape[0] + 1, np.int64)
    active = np.empty(parts, np.int64)
    for row in range(height):
        for column in range(width):
            edge = outline[row, column]
            if edge < -5.0:
                continue
            x, y = column + 0.5, row + 0.5
            count = _cones_near(cones, x, y, 12.0, near)
            chosen = 0
            for part in range(parts):
                used = traits[part, 0] > 0 and lenses[part, 0, row, column] > -30 * lenses[part, 2, row, column]
                for place in range(count):
                    used |= cones[near[place], 9] == part
                if used:
                    active[chosen] = part
                    chosen += 1
            for layer in range(depth):
                z = low + layer + 0.5
                core = -1e3
                for place in range(chosen):
                    part = active[place]
                    if traits[part, 1] > 0:
                        value = _part_value(part, x, y, z, lenses[part, :, row, column], traits[part, 0] > 0, cones, near, count)
                        core = value if core < -900 else _smooth_max(core, value, traits[part, 2])
                best = core
                for place in range(chosen):
                    part = active[place]
                    if traits[part, 1] == 0:
                        value = _part_value(part, x, y, z, lenses[part, :, row, column], traits[part, 0] > 0, cones, near, count)
                        best = max(best, value if core < -900 else _smooth_max(core, value, traits[part, 2]))
                volume[row, column, layer] = min(max(min(best, edge), -6.0), 6.0)


@njit(cache=True, nogil=True)
def _part_at(
    points: NDArray[np.float32], lenses: NDArray[np.float32], traits: NDArray[np.float32], cones: NDArray[np.float32]
) -> NDArray[np.int32]:
    """The part whose value is greatest at each point."""
    result = np.zeros(points.shape[0], np.int32)
    height, width = lenses.shape[2], lenses.shape[3]
    near = np.empty(cones.shape[0] + 1, np.int64)
    for i in range(points.shape[0]):
        x, y, z = points[i]
        count = _cones_near(cones, x, y, 30.0, near)
        row, column = min(max(int(y), 0), height - 1), min(max(int(x), 0), width - 1)
        best = -1e9
        for part in range(traits.shape[0]):
            value = _part_value(part, x, y, z, lenses[part, :, row, column], traits[part, 0] > 0, cones, near, count)
            if value > best:
                best, result[i] = value, part
    return result


@njit(cache=True, nogil=True)
def _smoothed(volume: NDArray[np.float32]) -> NDArray[np.float32]:
    """A (1 4 1) / 6 filter along the three axes."""
    height, width, depth = volume.shape
    first = volume.copy()
    for y in range(1, height - 1):
        for x in range(width):
            for z in range(depth):
                first[y, x, z] = (volume[y - 1, x, z] + 4 * volume[y, x, z] + volume[y + 1, x, z]) / 6
    second = first.copy()
    for y in range(height):
        for x in range(1, width - 1):
            for z in range(depth):
                second[y, x, z] = (first[y, x - 1, z] + 4 * first[y, x, z] + first[y, x + 1, z]) / 6
    for y in range(height):
        for x in range(width):
            for z in range(1, depth - 1):
                first[y, x, z] = (second[y, x, z - 1] + 4 * second[y, x, z] + second[y, x, z + 1]) / 6
    return first


def _parts_of(points: NDArray[np.float64], anatomy: Anatomy, packed: tuple[NDArray[np.float32], ...]) -> Indices:
    """The part of each vertex: the solid that it lies on, and within the core the centre line that it is nearest to."""
    part = _part_at(points.astype(np.float32), *packed)
    core = [place for place, shape in enumerate(anatomy.shapes) if shape.core]
    inside = np.isin(part, core)
    if len(core) > 1 and inside.any():
        away = np.stack([_relative_distance(points[inside], anatomy.shapes[place].path, anatomy.shapes[place].radius) for place in core])
        part[inside] = np.asarray(core, np.int32)[np.argmin(away, 0)]
    return part


def _relative_distance(points: NDArray[np.float64], path: NDArray[np.float64], radius: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) how far points lie outside the balls along a centre line (cells)."""
    squared = ((points[:, None] - path[None, :: max(len(path) // 24, 1)]) ** 2).sum(2)
    return np.min(np.sqrt(squared) - radius[None, :: max(len(path) // 24, 1)], 1)


def _one_piece(points: NDArray[np.float64], faces: Indices) -> tuple[NDArray[np.float64], Indices]:
    """The largest connected piece."""
    count = len(points)
    graph = coo_matrix((np.ones(len(faces) * 2), (faces[:, [0, 1]].ravel(), faces[:, [1, 2]].ravel())), shape=(count, count))
    pieces, labels = connected_components(graph, directed=False)
    if pieces == 1:
        return points, faces
    kept = labels == np.argmax(np.bincount(labels))
    new = np.cumsum(kept) - 1
    return points[kept], new[faces[kept[faces[:, 0]]]].astype(np.int32)


def _faired(points: NDArray[np.float64], faces: Indices) -> NDArray[np.float64]:
    """Taubin smoothing with uniform weights."""
    average = _neighbour_average(len(points), faces)
    shrink, grow, rounds = TAUBIN
    for _ in range(rounds):
        points = points + shrink * (average @ points - points)
        points = points + grow * (average @ points - points)
    return points


def _neighbour_average(count: int, faces: Indices) -> Any:
    ends = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    graph = coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(count, count)).tocsr()
    return diags(1 / np.maximum(np.asarray(graph.sum(1)).ravel(), 1)) @ graph


def _fewer(points: NDArray[np.float64], faces: Indices, target: int) -> tuple[NDArray[np.float64], Indices]:
    """Quadric simplification; manifold3d, which cannot break a manifold, takes over where it breaks the surface."""
    if len(faces) <= target:
        return points, faces
    euler = _euler(len(points), faces)
    result = fast_simplification.simplify(points, faces, target_count=target)
    thin, triangles = _one_piece(result[0].astype(np.float64), result[1].astype(np.int32))
    if _is_closed(len(thin), triangles) and _euler(len(thin), triangles) == euler:
        return thin, triangles
    solid = manifold3d.Manifold(manifold3d.Mesh(points.astype(np.float32), faces.astype(np.uint32)))
    tolerance = 0.08
    simple = solid.simplify(tolerance)
    while simple.num_tri() > target * 1.2 and tolerance < 1:
        tolerance *= 1.5
        simple = simple.simplify(tolerance)
    mesh = simple.to_mesh()
    return _one_piece(np.asarray(mesh.vert_properties, np.float64)[:, :3], np.asarray(mesh.tri_verts, np.int32))


def _is_closed(count: int, faces: Indices) -> bool:
    """Every directed edge once, and its opposite too; no vertex that no face uses."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).astype(np.int64)
    there, back = (edges[:, first] * count + edges[:, 1 - first] for first in (0, 1))
    used = len(np.unique(faces)) == count
    return used and len(np.unique(there)) == len(there) and bool(np.array_equal(np.sort(there), np.sort(back)))


def _euler(vertices: int, faces: Indices) -> int:
    return vertices - len(faces) * 3 // 2 + len(faces)
