"""Renders rigged animals in random poses, coats and light, with an exact mask: what photos of pets cannot give.

Everything random comes from the generator that is handed in; the same seed gives the same picture.
"""

import json
import struct
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from rigshot_pipeline.asset import Mesh
from rigshot_pipeline.evaluation.truth_rig import TruthRig, load_truth
from rigshot_pipeline.preview.camera import fit, orbit
from rigshot_pipeline.preview.raster import rasterise, vertex_normals

from .coats import Coat, random_coat
from .parts import UNTOLD, looks_ahead, vertex_regions

__all__ = ["Figure", "Posed", "posed", "render", "thing"]

Floats = NDArray[np.float32]

# Dogs and their like are what most photos show.
_OFTEN = {
    "Husky": 3.0,
    "ShibaInu": 3.0,
    "Wolf": 2.0,
    "Fox": 2.0,
    "Apatosaurus": 0.4,
    "Parasaurolophus": 0.4,
    "Trex": 0.5,
    "Velociraptor": 0.5,
}
_OFTEN |= {"Spider": 0.4, "Snake": 0.5, "Shark": 0.4, "Dolphin": 0.4, "cute_fish": 0.3}


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A rendered animal: ``picture`` (S, S, 4) RGB with straight alpha; ``lines`` (S, S) 0..1, its outline and inner edges.

    ``regions`` (S, S): 1 + the place in REGIONS of the part that a pixel shows, 0 beside the figure, UNTOLD where nobody knows;
    ``heading`` degrees: 0 it looks at the viewer, 90 to the picture's right; None where the model has no front.
    """

    picture: NDArray[np.uint8]
    lines: Floats
    regions: NDArray[np.uint8]
    heading: float | None


@dataclass(frozen=True, kw_only=True)
class Posed:
    """A model in a pose: ``colours`` (V, 3) sRGB; ``regions`` (V, 4) shares of REGIONS or None; ``ahead``: it looks along +z."""

    mesh: Mesh
    colours: NDArray[np.uint8]
    regions: Floats | None
    ahead: bool


def posed(folder: Path, random: np.random.Generator) -> Posed:
    """One of the rigs in ``folder`` at a random moment of a random clip, a little out of proportion."""
    paths = sorted(folder.glob("*.glb"))
    weights = np.array([next((w for word, w in _OFTEN.items() if word in path.name), 1.0) for path in paths])
    path = paths[random.choice(len(paths), p=weights / weights.sum())]
    clips = [name for name in _clips(path) if "death" not in name.lower()] or _clips(path)
    rig = load_truth(path, clip=str(random.choice(clips)) if clips else None, seconds=float(random.uniform(0, 2)))
    points = rig.vertices * random.uniform(0.8, 1.25, 3)
    waves = random.normal(0, 4, (3, 3))
    points = points + 0.02 * np.sin(points @ waves + random.uniform(0, 6.3, 3))
    regions = vertex_regions(rig)
    ahead = regions is not None and looks_ahead(rig, regions)
    return Posed(mesh=_mesh(rig, points), colours=rig.colours, regions=regions, ahead=ahead)


def thing(path: Path) -> Posed:
    """The model ``path`` at rest: something that is no subject (a chair, a boat), or an animal that the network is judged by."""
    rig = load_truth(path)
    return Posed(mesh=_mesh(rig, rig.vertices), colours=rig.colours, regions=None, ahead=False)


def render(
    model: Posed, random: np.random.Generator, *, patches: list[NDArray[np.uint8]], side: int = 384, coat: str | None = None
) -> Figure:
    """``model`` in a random light and view and in a ``coat`` of a kind, or a random one; ``patches`` are bits of real fur (h, w, 3)."""
    fine, mesh = 2 * side, model.mesh
    yaw = float(random.choice([random.uniform(-180, 180), random.normal(90, 25) * random.choice([-1, 1]), random.normal(0, 40)]))
    distance = float(random.choice([np.inf, random.uniform(1.6, 5)]))
    camera = orbit(yaw, float(np.clip(random.normal(10, 13), -12, 55)), distance=distance)
    camera = fit(camera, mesh.vertices, fill=0.8)
    normals = vertex_normals(mesh)
    # Some models are wound the other way round: both sides are drawn, normals turned to the viewer.
    seen = rasterise(camera.project(mesh.vertices, width=fine, height=fine), mesh.faces, width=fine, height=fine, cull=False)
    inside = seen.face >= 0
    corners = mesh.faces[seen.face[inside]]
    weights = seen.barycentric[inside][..., None]
    place = (mesh.vertices[corners] * weights).sum(1)
    normal = (normals[corners] * weights).sum(1) @ camera.axes.T
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-6)
    normal *= np.where(normal[:, 2:] < 0, -1, 1)
    own = (model.colours[corners].astype(np.float32) * weights).sum(1) / 255
    hide: Coat = random_coat(random, patches=patches, kind=coat)
    shade = _light(normal, place, random)
    flat = np.zeros((fine, fine, 4), np.float32)
    flat[inside, :3] = np.clip(hide.colour(place, own) * shade, 0, 1)
    flat[inside, 3] = 1
    flat[..., :3] *= hide.strands(random, fine)[..., None]
    small = cv2.resize(flat, (side, side), interpolation=cv2.INTER_AREA)
    colour = np.clip(small[..., :3] / np.maximum(small[..., 3:], 1e-3), 0, 1) ** (1 / 2.2)
    picture = np.concatenate([colour, small[..., 3:]], 2)
    labels = np.zeros((fine, fine), np.uint8)
    labels[inside] = UNTOLD if model.regions is None else 1 + (model.regions[corners] * weights).sum(1).argmax(1)
    return Figure(
        picture=np.round(picture * 255).astype(np.uint8),
        lines=_edges(seen.face, inside, normal, seen.depth, side),
        regions=np.ascontiguousarray(labels[::2, ::2]),
        heading=-yaw if model.ahead else None,
    )


def _mesh(rig: TruthRig, points: NDArray[np.float64]) -> Mesh:
    _, source = np.unique(np.round(rig.vertices, 4), axis=0, return_inverse=True)
    return Mesh(vertices=points.astype(np.float32), faces=rig.faces, source=source.astype(np.int32).ravel())


@lru_cache(maxsize=64)
def _clips(path: Path) -> list[str]:
    data = path.read_bytes()
    words = json.loads(data[20 : 20 + struct.unpack("<I", data[12:16])[0]])
    return [row["name"] for row in words.get("animations", ())]


def _light(normal: Floats, place: Floats, random: np.random.Generator) -> Floats:
    """Linear RGB factors (N, 3): sky and floor, a key light from anywhere before the subject, sometimes one behind it."""
    key = random.normal(0, 1, 3) + np.array([0, 0.9, 0.6])
    key /= np.linalg.norm(key)
    warm = np.array([1 + random.normal(0, 0.08), 1.0, 1 - random.normal(0, 0.1)])
    wrap = random.uniform(0, 0.6)
    direct = np.clip((normal @ key + wrap) / (1 + wrap), 0, 1)[:, None] * warm * random.uniform(0.2, 1.3)
    ambient = (random.uniform(0.25, 0.7) + random.uniform(0, 0.3) * normal[:, 1:2]) * (1.5 - 0.5 * warm)
    rim = np.clip(1 - normal[:, 2:], 0, 1) ** 3 * random.choice([0, 0, random.uniform(0, 0.8)])
    low = (place[:, 1:2] - place[:, 1].min()) / max(float(np.ptp(place[:, 1])), 1e-6)
    return (ambient * (1 - random.uniform(0, 0.5) * (1 - low)) + direct + rim).astype(np.float32)


def _edges(face: NDArray[np.int32], inside: NDArray[np.bool_], normal: Floats, depth: Floats, side: int) -> Floats:
    """Where somebody who draws the figure would put a line."""
    field = np.zeros((*face.shape, 4), np.float32)
    field[inside, :3] = normal
    near = np.where(inside, depth, np.nan)
    field[..., 3] = np.nan_to_num((near - np.nanmin(near)) / max(float(np.nanmax(near) - np.nanmin(near)), 1e-6)) * 4
    soft = cv2.GaussianBlur(field, (0, 0), 1.5)
    steep = np.abs(cv2.Sobel(soft, cv2.CV_32F, 1, 0)) + np.abs(cv2.Sobel(soft, cv2.CV_32F, 0, 1))
    inner = np.clip(steep.max(2) - 1.2, 0, 1)
    outline = cv2.morphologyEx(inside.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)).astype(np.float32)
    return np.asarray(cv2.resize(np.maximum(inner * 0.8, outline), (side, side), interpolation=cv2.INTER_AREA), np.float32)
