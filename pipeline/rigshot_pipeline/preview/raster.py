"""A software rasteriser: the depth and the face at every sample, and a lit, textured or clay picture made of them.

It needs no GPU, no display and no system library, draws exactly the vertices that it is given, and takes a few
milliseconds for a picture. The kernels are serial and release the GIL: render frames in threads, never with numba's
``parallel=True`` (without libgomp it aborts the process).
"""

from dataclasses import dataclass, replace
from typing import Self

import cv2
import numpy as np

from ..asset import Floats, Indices, Mesh, Pixels
from ._kernels import add_normals, corner_weights, mixed, over, shade, shade_plain, straight, visibility
from .camera import Camera
from .light import PLAIN, vertex_light

__all__ = [
    "CLAY",
    "TO_LINEAR",
    "TO_SRGB",
    "Buffers",
    "Paint",
    "Sight",
    "draw",
    "laid_over",
    "mixed_with",
    "rasterise",
    "render",
    "shrunk_to",
    "to_straight",
    "vertex_normals",
    "warm",
]

CLAY = (205, 203, 200)
"""The sRGB colour of a model without texture."""

TO_LINEAR: Floats = np.where(np.arange(256) <= 10, np.arange(256) / 255 / 12.92, ((np.arange(256) / 255 + 0.055) / 1.055) ** 2.4).astype(
    np.float32
)
_FINER = 1.25  # texels for each sample from which on a texture is halved
_STEPS = 4096  # entries of the way back: half a grey level at the darkest end
_LEVELS = np.linspace(0, 1, _STEPS)
TO_SRGB: Pixels = np.round(np.where(_LEVELS <= 0.0031308, _LEVELS * 12.92, 1.055 * _LEVELS ** (1 / 2.4) - 0.055) * 255).astype(np.uint8)


@dataclass(frozen=True, kw_only=True)
class Buffers:
    """What a camera sees, one entry for each pixel (H, W).

    ``face`` the index of the nearest face, -1 where there is none; ``depth`` as the projection gave it, larger =
    nearer, -inf where there is nothing; ``barycentric`` (H, W, 3) the weights of the face's corners, corrected for
    perspective, 0 where there is nothing.
    """

    face: Indices
    depth: Floats
    barycentric: Floats


def rasterise(points: Floats, faces: Indices, *, width: int, height: int, cull: bool = True) -> Buffers:
    """Find the nearest face at every pixel's centre.

    ``points`` (V, 3) columns, rows, depth (as from ``Projection.project``) or (V, 4) with a perspective weight (as from
    ``Camera.project``). ``cull`` leaves out faces seen from behind (counter-clockwise in the world is the front).
    Edges are inclusive on both sides, so that a closed surface shows no cracks.
    """
    flat = _with_weight(points)
    depth = np.full((height, width), -np.inf, np.float32)
    face = np.full((height, width), -1, np.int32)
    faces = np.ascontiguousarray(faces, np.int32)
    visibility(flat, faces, cull, depth, face)
    barycentric = np.zeros((height, width, 3), np.float32)
    corner_weights(flat, faces, face, barycentric)
    return Buffers(face=face, depth=depth, barycentric=barycentric)


def render(
    mesh: Mesh,
    camera: Camera,
    *,
    width: int,
    height: int,
    albedo: Pixels | None = None,
    colours: Pixels | None = None,
    nearest: bool = False,
    samples: int = 2,
    shaded: bool = True,
) -> Pixels:
    """A picture (height, width, 4) of ``mesh``, sRGB with straight alpha.

    The colour comes from ``albedo`` (H, W, 3) through the mesh's uv, or from ``colours`` (V, 3) sRGB for each vertex,
    or is clay. ``samples``: that many squared for each pixel. ``shaded`` False shows the bare colours.
    """
    if shaded:
        light = vertex_light(mesh.normals if mesh.normals is not None else vertex_normals(mesh), camera, PLAIN)
    else:
        light = np.tile(np.array([1, 1, 1, 0], np.float32), (len(mesh.vertices), 1))
    paint = Paint.of(mesh, albedo=albedo, colours=colours, nearest=nearest)
    sight = Sight.of(mesh, camera, width=width, height=height, samples=samples)
    return to_straight(draw(sight, paint, light, shoulder=shaded))


@dataclass(frozen=True, kw_only=True)
class Sight:
    """Which face a camera sees at every sample: worked out once, drawn in as many paints as one likes.

    ``points`` (V, 4) as projected, ``face`` (H x samples, W x samples) the index of the nearest face or -1.
    """

    points: Floats
    faces: Indices
    face: Indices
    samples: int

    @classmethod
    def of(cls, mesh: Mesh, camera: Camera, *, width: int, height: int, samples: int) -> Self:
        """What ``camera`` sees of ``mesh`` in a picture of ``width`` by ``height`` pixels, each ``samples`` squared."""
        points = camera.project(mesh.vertices, width=width * samples, height=height * samples)
        depth = np.full((height * samples, width * samples), -np.inf, np.float32)
        face = np.full(depth.shape, -1, np.int32)
        faces = np.ascontiguousarray(mesh.faces, np.int32)
        visibility(points, faces, True, depth, face)
        return cls(points=points, faces=faces, face=face, samples=samples)


@dataclass(frozen=True, kw_only=True)
class Paint:
    """Where a surface's colour comes from: ``texture`` (H, W, 3) sRGB through ``uv`` (V, 2), or ``tint`` (V, 3) linear."""

    texture: Pixels
    uv: Floats
    tint: Floats | None = None
    nearest: bool = False

    @classmethod
    def of(cls, mesh: Mesh, *, albedo: Pixels | None = None, colours: Pixels | None = None, nearest: bool = False) -> Self:
        """The paint of ``mesh``: its texture ``albedo``, else ``colours`` (V, 3) sRGB of the vertices, else clay."""
        if albedo is not None and mesh.uv is not None:
            texture = np.ascontiguousarray(albedo[:, :, :3])
            return cls(texture=texture, uv=np.ascontiguousarray(mesh.uv, np.float32), nearest=nearest)
        plain = np.full((len(mesh.vertices), 3), CLAY, np.uint8) if colours is None else colours
        return cls(texture=np.empty((0, 0, 3), np.uint8), uv=np.empty((0, 2), np.float32), tint=TO_LINEAR[plain])


def shrunk_to(paint: Paint, mesh: Mesh, density: float) -> Paint:
    """``paint`` with its texture halved as long as it holds more texels than ``density`` samples a metre can show.

    Sampling a finer texture would shimmer in a film, and takes longer. Pixel art keeps every texel.
    """
    if paint.nearest or paint.tint is not None:
        return paint
    corners = mesh.vertices[mesh.faces]
    places = paint.uv[mesh.faces] * np.array([paint.texture.shape[1], paint.texture.shape[0]], np.float32)
    metres = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1).sum()
    a, b = places[:, 1] - places[:, 0], places[:, 2] - places[:, 0]
    texels = float(np.sqrt(np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum() / max(float(metres), 1e-9)))
    texture = paint.texture
    while texels > _FINER * density and min(texture.shape[:2]) >= 2:
        texture = np.asarray(cv2.resize(texture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
        texels /= 2
    return replace(paint, texture=texture)


def draw(sight: Sight, paint: Paint, light: Floats, *, shoulder: bool = True) -> Floats:
    """The lit picture (H, W, 4), linear and premultiplied; ``light`` (V, 4) as ``vertex_light`` gives it."""
    points, faces, face, samples = sight.points, sight.faces, sight.face, sight.samples
    linear = np.zeros((face.shape[0] // samples, face.shape[1] // samples, 4), np.float32)
    if paint.tint is None:
        shade(points, faces, face, paint.uv, light, paint.texture, paint.nearest, shoulder, samples, TO_LINEAR, linear)
    else:
        tinted = np.concatenate([light[:, :3] * paint.tint, light[:, 3:]], 1, dtype=np.float32)
        shade_plain(points, faces, face, tinted, shoulder, samples, linear)
    return linear


def to_straight(linear: Floats) -> Pixels:
    """From linear, premultiplied (H, W, 4) to sRGB with straight alpha (H, W, 4)."""
    picture = np.empty(linear.shape, np.uint8)
    straight(linear, TO_SRGB, picture)
    return picture


def laid_over(linear: Floats, ground: Floats, opacity: float = 1.0) -> Pixels:
    """``linear`` (H, W, 4), premultiplied, over ``ground`` (H, W, 3) linear, as sRGB (H, W, 3)."""
    picture = np.empty(ground.shape, np.uint8)
    over(linear, opacity, ground, TO_SRGB, picture)
    return picture


def mixed_with(linear: Floats, ground: Floats, opacity: float) -> Floats:
    """``linear`` (H, W, 4), premultiplied, times ``opacity`` over ``ground`` (H, W, 3), still linear (H, W, 3)."""
    picture = np.empty(ground.shape, np.float32)
    mixed(linear, opacity, ground, picture)
    return picture


def vertex_normals(mesh: Mesh) -> Floats:
    """Unit normals (V, 3), weighted by area; vertices that a texture seam split share theirs through ``source``."""
    source = mesh.source if mesh.source is not None else np.arange(len(mesh.vertices), dtype=np.int32)
    sums = np.zeros((int(source.max(initial=-1)) + 1, 3), np.float32)
    add_normals(mesh.vertices, np.ascontiguousarray(mesh.faces, np.int32), source, sums)
    length = np.linalg.norm(sums, axis=1, keepdims=True)
    normals: Floats = (sums / np.where(length > 0, length, 1)).astype(np.float32)[source]
    return normals


def warm() -> None:
    """Compile the kernels (or load them from numba's cache) before the first picture needs them."""
    corner = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    triangle = Mesh(vertices=corner, faces=np.array([[0, 1, 2]], np.int32))
    rasterise(corner, triangle.faces, width=2, height=2)
    camera = Camera(axes=np.eye(3, dtype=np.float32), target=np.zeros(3, np.float32), span=1.0)
    render(triangle, camera, width=2, height=2)
    clear, dark = np.zeros((2, 2, 4), np.float32), np.zeros((2, 2, 3), np.float32)
    laid_over(clear, mixed_with(clear, dark, 0.5))


def _with_weight(points: Floats) -> Floats:
    flat = np.ones((len(points), 4), np.float32)
    flat[:, : points.shape[1]] = points
    return flat
