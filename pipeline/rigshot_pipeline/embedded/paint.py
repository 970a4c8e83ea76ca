"""Paints a mesh from one photo: what the photo shows, what the sagittal plane mirrors, what tone and coat make up."""

from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from ..asset import Floats, Indices, Mesh, Pixels
from ..body import Body, BodyPart, Projection
from . import border
from .bake import bake_atlas, dilate_charts, make_surface, rasterise_charts
from .blocks import bake_blocks, sprite_grid
from .coat import make_coat
from .pattern import find_pattern
from .sheets import DepthBuffer, depth_buffer, make_sheets
from .sight import make_sight, sees_side
from .tone import smoothed
from .unseen import HEAD_KINDS, Tones, guess_unseen
from .unwrap import smooth_normals, unwrap

Kind = Literal["photo", "drawing", "sprite"]

__all__ = ["Kind", "Painted", "camera_axes", "paint", "warm"]

_HEAD_DENSITY, _SOLE_DENSITY, _HIDDEN_DENSITY = 1.3, 0.5, 0.8  # texels per metre; 1 = the photo's side


@dataclass(frozen=True, kw_only=True)
class Painted:
    """``mesh`` split along seams with uv, ``albedo`` (size, size, 3), ``owner`` (size, size) the face of each texel or
    -1 (the dilated gaps), ``known`` (size, size) the photo's share, ``charts`` and ``utilisation`` of the atlas."""

    mesh: Mesh
    albedo: Pixels
    owner: Indices
    known: Floats
    charts: int
    utilisation: float


@dataclass(frozen=True, kw_only=True)
class _Scene:
    """What both ways of painting need. ``normals`` (V, 3): steady ones, on which the relief does not show; ``split`` and
    ``owner``: the unwrapped mesh and the face of each texel."""

    mesh: Mesh
    body: Body
    camera: Projection
    normals: Floats
    face_part: Indices
    buffer: DepthBuffer
    split: Mesh
    owner: Indices


def paint(
    mesh: Mesh,
    body: Body,
    camera: Projection,
    cutout: Pixels,
    picture: Pixels,
    *,
    kind: Kind,
    canonical_from_photo: Floats,
    size: int,
    seed: int,
) -> Painted:
    """Unwrap ``mesh`` and paint it from a canonical RGBA ``cutout``; the atlas is ``size`` texels square.

    ``picture`` (S, S, 3 or 4) is the canonical picture with its background. ``canonical_from_photo`` (3, 3) tells where
    a sprite's own pixels lie.
    """
    face_part = body.vertex_part[mesh.faces].max(1).astype(np.int32)
    normals = smoothed(smooth_normals(mesh.vertices, mesh.faces), mesh.faces)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), np.float32(1e-9))
    axes = camera_axes(camera)
    in_head = np.isin(face_part, _heads(body))
    density = _density(normals[mesh.faces].mean(1), in_head, axes, mirrored=sees_side(camera))
    unwrapped = unwrap(mesh.vertices, mesh.faces, axes=axes, face_region=in_head.astype(np.int32), face_density=density)
    scene = _Scene(
        mesh=mesh,
        body=body,
        camera=camera,
        normals=normals,
        face_part=face_part,
        buffer=depth_buffer(mesh.vertices, mesh.faces, face_part, camera),
        split=unwrapped.mesh,
        owner=rasterise_charts(unwrapped.mesh, size),
    )
    if kind == "sprite":
        albedo, known = _sprite(scene, cutout, canonical_from_photo)
    else:
        albedo, known = _photo(scene, cutout, picture, lines=kind == "drawing", seed=seed)
    return Painted(
        mesh=unwrapped.mesh,
        albedo=dilate_charts(albedo, scene.owner),
        owner=scene.owner,
        known=known,
        charts=unwrapped.charts,
        utilisation=unwrapped.utilisation,
    )


def camera_axes(camera: Projection) -> Floats:
    """The picture's right, its up and the direction to the viewer as rows (3, 3) in the world, unit length."""
    right, down = camera.matrix[0, :3], camera.matrix[1, :3]
    axes: Floats = np.stack([right / np.linalg.norm(right), -down / np.linalg.norm(down), camera.viewer]).astype(np.float32)
    return axes


def _photo(scene: _Scene, cutout: Pixels, picture: Pixels, *, lines: bool, seed: int) -> tuple[Pixels, Floats]:
    mesh, body, camera = scene.mesh, scene.body, scene.camera
    sheets = make_sheets(cutout, picture, lines=lines)
    sight = make_sight(scene.buffer, camera, body, line=sheets.line, opaque=_shrunk(cutout, len(sheets.line)), trusted=sheets.trusted)
    usable = sheets.trusted & _enlarged(_well_seen(scene.buffer, camera), len(sheets.colour))
    # a side view's far side mirrors the pattern; people and dolls wear clothes, whose parts are none
    patterned = not (lines or sight.symmetric or body.plan == "biped")
    pattern = find_pattern(sheets, usable, np.isin(scene.buffer.part, _heads(body))) if patterned else None
    original = sheets
    if pattern is not None:
        sheets = replace(sheets, low=pattern.low, tone=pattern.tone)
    tones = Tones(sheets.tone, sheets.fine_tone, sheets.rim_tone)
    guess = guess_unseen(mesh, body, normals=scene.normals, sight=sight, tones=tones, carry=not lines, wear=not lines)
    coat = make_coat(
        original,
        pattern,
        usable=usable,
        part=scene.buffer.part,
        vertices=mesh.vertices,
        normals=scene.normals,
        guess=guess,
        vertex_part=body.vertex_part,
        camera=camera,
        axes=camera_axes(camera),
        seed=seed,
    )
    surface = make_surface(scene.split, size=len(scene.owner), normals=scene.normals, part=scene.face_part, guess=guess)
    return bake_atlas(scene.owner, surface, sight=sight, sheets=sheets, coat=coat)


def _sprite(scene: _Scene, cutout: Pixels, canonical_from_photo: Floats) -> tuple[Pixels, Floats]:
    grid = sprite_grid(cutout, canonical_from_photo)
    line, opaque = grid.enlarged_outline(scene.camera.size)
    sight = make_sight(scene.buffer, scene.camera, scene.body, line=line, opaque=opaque, sprite=True)
    tone = grid.enlarged_paint(scene.camera.size)
    tones = Tones(tone, tone, tone)
    guess = guess_unseen(scene.mesh, scene.body, normals=scene.normals, sight=sight, tones=tones, carry=False, wear=False)
    surface = make_surface(scene.split, size=len(scene.owner), normals=scene.normals, part=scene.face_part, guess=guess)
    return bake_blocks(scene.owner, surface, sight=sight, grid=grid)


def _density(normals: Floats, in_head: NDArray[np.bool_], axes: Floats, *, mirrored: bool) -> Floats:
    """Wanted texels per metre for faces with ``normals`` (F, 3), relative to the photo's side."""
    density = np.ones(len(normals), np.float32)
    if not mirrored:
        density[normals @ axes[2] < 0] = _HIDDEN_DENSITY
    density[normals @ axes[1] < -0.7] *= _SOLE_DENSITY
    density[in_head] *= _HEAD_DENSITY
    return density


def _shrunk(cutout: Pixels, size: int) -> NDArray[np.bool_]:
    """Where (size, size) a canonical RGBA cutout is opaque."""
    return cv2.resize(cutout[..., 3], (size, size), interpolation=cv2.INTER_AREA) > 127


def _heads(body: Body) -> list[int]:
    return [place for place, part in enumerate(body.parts) if part.kind in HEAD_KINDS]


def _enlarged(mask: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    return cv2.resize(mask.astype(np.uint8), (size, size), interpolation=cv2.INTER_NEAREST) > 0


def _well_seen(buffer: DepthBuffer, camera: Projection) -> NDArray[np.bool_]:
    """Where the visible surface turns its face to the viewer: slope below 1.7 (cosine above .5), away from edges."""
    depth, pixels = buffer.depth, float(np.linalg.norm(camera.matrix[0, :3])) * len(buffer.depth) / camera.size
    filled = np.where(np.isfinite(depth), depth, -9).astype(np.float32)
    soft = cv2.GaussianBlur(filled, (0, 0), 2)
    slope = np.hypot(cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=1 / 8)) * pixels
    return (slope < 1.7) & np.isfinite(depth)


def warm() -> None:
    """Compile all kernels of the texture (into numba's cache) by painting an octahedron."""
    border.warm()
    vertices = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], np.float32) * np.float32(0.5)
    faces = np.array([[0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4], [2, 0, 5], [1, 2, 5], [3, 1, 5], [0, 3, 5]], np.int32)
    trunk = BodyPart(name="trunk", kind="trunk", side="centre", parent=None, path=vertices[3:1:-1], radius=np.ones(2, np.float32))
    body = Body(plan="object", view="front", parts=(trunk,), vertex_part=np.zeros(6, np.int32))
    camera = Projection(matrix=np.array([[32, 0, 0, 32], [0, -32, 0, 32], [0, 0, 1, 0]], np.float32), size=64)
    cutout = np.full((64, 64, 4), 255, np.uint8)
    mesh, frame = Mesh(vertices=vertices, faces=faces), np.eye(3, dtype=np.float32)
    for kind in ("photo", "sprite"):
        paint(mesh, body, camera, cutout, cutout[..., :3], kind=kind, canonical_from_photo=frame, size=64, seed=0)
