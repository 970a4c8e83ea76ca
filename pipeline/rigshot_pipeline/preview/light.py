"""The studio's light on a model: sky and floor, a soft key light with its shadows, a fill and a rim, ambient occlusion.

The lamps stand still beside the camera, as in front of a turntable. A photo brings its own light along, so all of
this is mild: the middle of a lit side keeps the photo's colours, the form reads from what falls off. All light is
worked out for each vertex, which the dense meshes of the pipeline make as good as for each pixel, and far cheaper.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit

from ..asset import Floats, Indices, Mesh
from ._kernels import visibility
from .camera import Camera

__all__ = ["PLAIN", "STUDIO", "Lamps", "key_visibility", "occlusion", "vertex_light", "warm"]

_MAP = 256  # samples along a side of the key light's depth map: with the blur below a soft edge of about 3 % of the subject
_TAPS = 3  # the key light's shadow is read at (2 n + 1)^2 places around a vertex
_SPREAD = 1.8  # samples between two of them
_AMBIENT_MAP = 128
_AMBIENT_DIRECTIONS = 72  # fewer show as bands, more only cost time


@dataclass(frozen=True, kw_only=True)
class Lamps:
    """Linear RGB strengths and directions in the camera's frame (right, up, towards the viewer)."""

    sky: tuple[float, float, float] = (0.50, 0.515, 0.54)
    floor: tuple[float, float, float] = (0.36, 0.345, 0.325)
    key: tuple[float, float, float] = (0.60, 0.58, 0.55)
    key_from: tuple[float, float, float] = (-0.52, 0.72, 0.62)
    key_wrap: float = 0.25
    """How far the key light reaches around the form: 0 is a point, 1 light from everywhere."""
    fill: tuple[float, float, float] = (0.12, 0.125, 0.135)
    fill_from: tuple[float, float, float] = (0.85, 0.1, 0.5)
    rim: float = 0.05
    """White that grazing faces add, so that a black cat keeps an outline."""


STUDIO = Lamps()
PLAIN = Lamps(rim=0.0)


def vertex_light(
    normals: Floats, camera: Camera, lamps: Lamps = STUDIO, *, ambient: Floats | None = None, key: Floats | None = None
) -> Floats:
    """What a vertex receives: (V, 4), three factors of its colour and a white to add.

    ``normals`` (V, 3) unit vectors; ``ambient`` (V,) the share of the surroundings that the vertex sees, as from
    ``occlusion``; ``key`` (V,) the share of the key light that reaches it, as from ``key_visibility``.
    """
    ones = np.ones(len(normals), np.float32)
    light = np.empty((len(normals), 4), np.float32)
    directions = np.array([lamps.key_from, lamps.fill_from]) / np.linalg.norm([lamps.key_from, lamps.fill_from], axis=1)[:, None]
    _light(
        normals,
        camera.axes,
        (directions @ camera.axes).astype(np.float32),
        np.array([lamps.sky, lamps.floor, lamps.key, lamps.fill], np.float32),
        lamps.key_wrap,
        lamps.rim,
        ones if ambient is None else ambient,
        ones if key is None else key,
        light,
    )
    return light


def key_visibility(mesh: Mesh, normals: Floats, camera: Camera, lamps: Lamps = STUDIO) -> Floats:
    """The share (V,) of the key light that reaches every vertex past the model itself: a shadow map, softly read."""
    towards = np.asarray(lamps.key_from, np.float32) @ camera.axes
    low, high = mesh.vertices.min(0), mesh.vertices.max(0)
    span = float(np.linalg.norm(high - low)) * 1.1
    points, depth = _depth_map(mesh.vertices, mesh.faces, _axes_towards(towards), (low + high) / 2, span, _MAP)
    shares = np.empty(len(points), np.float32)
    facing = (normals @ (towards / np.linalg.norm(towards))).astype(np.float32)
    _soft_visibility(points, facing, depth, span * 0.012, _TAPS, _SPREAD, shares)
    return shares


def occlusion(mesh: Mesh, normals: Floats) -> Floats:
    """The share (V,) of its surroundings that every vertex sees past the rest of the model, weighted by the cosine.

    Depth maps from directions spread evenly over the sphere (ambient occlusion, Landis 2002; many shadow maps as in
    Miller's accessibility shading). Work it out once, in the bind pose.
    """
    low, high = mesh.vertices.min(0), mesh.vertices.max(0)
    span = float(np.linalg.norm(high - low)) * 1.05
    seen, total = np.zeros(len(normals), np.float32), np.full(len(normals), 1e-6, np.float32)
    for direction in _sphere(_AMBIENT_DIRECTIONS):
        points, depth = _depth_map(mesh.vertices, mesh.faces, _axes_towards(direction), (low + high) / 2, span, _AMBIENT_MAP)
        _add_seen(points, (normals @ direction).astype(np.float32), depth, span * 0.015, seen, total)
    shares: Floats = seen / total
    return shares


def warm() -> None:
    """Compile the kernels (or load them from numba's cache)."""
    mesh = Mesh(vertices=np.eye(3, dtype=np.float32), faces=np.array([[0, 1, 2]], np.int32))
    camera = Camera(axes=np.eye(3, dtype=np.float32), target=np.zeros(3, np.float32), span=1.0)
    normals = np.eye(3, dtype=np.float32)
    vertex_light(normals, camera, ambient=occlusion(mesh, normals), key=key_visibility(mesh, normals, camera))


def _sphere(count: int) -> Floats:
    """Directions (count, 3) spread evenly by the golden angle."""
    place = np.arange(count) + 0.5
    height = 1 - 2 * place / count
    angle = np.pi * (1 + 5**0.5) * place
    radius = np.sqrt(1 - height**2)
    return np.stack([radius * np.cos(angle), height, radius * np.sin(angle)], 1).astype(np.float32)


def _axes_towards(direction: Floats) -> Floats:
    viewer = direction / np.linalg.norm(direction)
    right = np.cross([0.0, 1.0, 0.0] if abs(viewer[1]) < 0.9 else [1.0, 0.0, 0.0], viewer)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(viewer, right), viewer]).astype(np.float32)


def _depth_map(vertices: Floats, faces: Indices, axes: Floats, middle: Floats, span: float, size: int) -> tuple[Floats, Floats]:
    """The vertices as an orthographic camera sees them (V, 4), and the nearest depths (size, size) in metres."""
    camera = Camera(axes=axes, target=middle.astype(np.float32), span=span)
    points = camera.project(vertices, width=size, height=size)
    depth = np.full((size, size), -np.inf, np.float32)
    visibility(points, faces, True, depth, np.empty((size, size), np.int32))
    return points, depth


@njit(cache=True, nogil=True)
def _light(
    normals: Floats,
    axes: Floats,
    lamps_from: Floats,
    colours: Floats,
    wrap: float,
    rim: float,
    ambient: Floats,
    key: Floats,
    out: Floats,
) -> None:
    for i in range(normals.shape[0]):
        x, y, z = normals[i, 0], normals[i, 1], normals[i, 2]
        up = np.float32(0.5) + np.float32(0.5) * y
        shade = ambient[i]
        direct = max(x * lamps_from[0, 0] + y * lamps_from[0, 1] + z * lamps_from[0, 2] + wrap, 0) / (1 + wrap) * key[i]
        fill = max(x * lamps_from[1, 0] + y * lamps_from[1, 1] + z * lamps_from[1, 2], 0) * shade
        for k in range(3):
            around = colours[1, k] + (colours[0, k] - colours[1, k]) * up
            out[i, k] = around * shade + direct * colours[2, k] + fill * colours[3, k]
        grazing = 1 - max(x * axes[2, 0] + y * axes[2, 1] + z * axes[2, 2], 0)
        out[i, 3] = rim * grazing * grazing * grazing * up * shade


@njit(cache=True, nogil=True)
def _soft_visibility(points: Floats, facing: Floats, depth: Floats, bias: float, taps: int, spread: float, out: Floats) -> None:
    size = depth.shape[0]
    for i in range(points.shape[0]):
        # A grazing face's neighbours in the map lie at other depths: it needs more tolerance, a face turned away none.
        slack = bias * (1 + 2 * (1 - abs(facing[i])))
        lit, weight = 0.0, 0.0
        for dy in range(-taps, taps + 1):
            for dx in range(-taps, taps + 1):
                share = 1.0 / (1.0 + (dx * dx + dy * dy) / (taps + 1))
                x, y = int(points[i, 0] + dx * spread), int(points[i, 1] + dy * spread)
                weight += share
                if x < 0 or y < 0 or x >= size or y >= size or depth[y, x] <= points[i, 2] + slack * (1 + max(abs(dx), abs(dy))):
                    lit += share
        out[i] = lit / weight


@njit(cache=True, nogil=True)
def _add_seen(points: Floats, cosine: Floats, depth: Floats, bias: float, seen: Floats, total: Floats) -> None:
    for i in range(points.shape[0]):
        if cosine[i] <= 0:
            continue
        total[i] += cosine[i]
        x, y = int(points[i, 0]), int(points[i, 1])
        if depth[y, x] <= points[i, 2] + bias * (1 + 2 * (1 - cosine[i])):
            seen[i] += cosine[i]
