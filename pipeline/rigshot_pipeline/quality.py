"""Figures that say how good a model is. Pure functions; every definition stands in its docstring."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from .asset import Clip, Floats, Mesh, Pixels, Rig
from .body import Body, PartKind, Projection
from .embedded.rig_check import feet_figures, stretch, weight_steps
from .embedded.skeleton import chain
from .preview.camera import Camera, from_projection
from .preview.raster import rasterise, render, vertex_normals

__all__ = [
    "ClipFigures",
    "SkinFigures",
    "Topology",
    "background_bleed",
    "clip_figures",
    "limbs",
    "limbs_with_chain",
    "sharpness",
    "silhouette_iou",
    "skin_figures",
    "symmetry_error",
    "topology",
]

_SIZE = 512  # pixels of the pictures that are compared
_RIM = 5  # pixels inside the outline in which background can bleed into the texture
_RING = 24  # pixels outside the outline that say what the background looks like there
_MOVES = 1e-3  # a joint that gives less to every vertex moves nothing
_LIMBS: tuple[PartKind, ...] = ("leg", "arm", "wing", "fin", "limb")


@dataclass(frozen=True, kw_only=True)
class Topology:
    """``watertight``: every edge lies in exactly two triangles that run through it in opposite directions.

    ``euler`` V - E + F over the vertices that triangles use; ``genus`` the number of handles of a watertight mesh,
    components - euler / 2, else None.
    """

    vertices: int
    triangles: int
    watertight: bool
    components: int
    euler: int
    genus: int | None


@dataclass(frozen=True, kw_only=True)
class SkinFigures:
    """``step_mean``, ``step_p99``: the L1 change of the weights along an edge (0 smooth, 2 a cut); ``influences``: the most
    joints that move one vertex."""

    step_mean: float
    step_p99: float
    influences: int


@dataclass(frozen=True, kw_only=True)
class ClipFigures:
    """How a clip deforms the mesh.

    ``stretch_p99``: 99th percentile over all edges and moments of the length over its length in the bind pose;
    ``over_1_5``, ``over_2``: the share of edges beyond that ratio at the worst moment; ``slide`` and ``sink`` in metres:
    how far a standing foot drifts over the ground, how deep the lowest vertex goes below it.
    """

    name: str
    seconds: float
    loop: bool
    stretch_p99: float
    over_1_5: float
    over_2: float
    slide: float
    sink: float


def silhouette_iou(mesh: Mesh, projection: Projection, alpha: Pixels) -> float:
    """Intersection over union of the mesh seen by the photo's camera and the cutout's ``alpha`` (size, size) >= 128."""
    wanted = cv2.resize(alpha, (_SIZE, _SIZE), interpolation=cv2.INTER_AREA) >= 128
    points = from_projection(projection).project(mesh.vertices, width=_SIZE, height=_SIZE)
    drawn = rasterise(points, mesh.faces, width=_SIZE, height=_SIZE, cull=False).face >= 0
    return float((wanted & drawn).sum() / max(int((wanted | drawn).sum()), 1))


def background_bleed(mesh: Mesh, albedo: Pixels, projection: Projection, picture: Pixels, alpha: Pixels) -> float | None:
    """The share of the textured model's rim that shows the photo's background.

    Seen by the photo's camera, unlit, within 1 % of the outline: a pixel bleeds if its colour (CIELAB) lies nearer to
    the background just outside than to the subject just inside. Pixels where these two cannot be told apart (less than
    15 apart) do not count. ``picture`` (S, S, 3 or 4) canonical, ``alpha`` (S, S) of the cutout. None where there is no
    background to bleed: a picture with an alpha channel of its own, or one that equals the subject all around.
    """
    if picture.shape[2] == 4 and (picture[..., 3] < 128).mean() > 0.05:
        return None
    seen = render(mesh, from_projection(projection), width=_SIZE, height=_SIZE, albedo=albedo, samples=1, shaded=False)
    photo = _lab(np.asarray(cv2.resize(picture[..., :3], (_SIZE, _SIZE), interpolation=cv2.INTER_AREA), np.uint8))
    inside = cv2.resize(alpha, (_SIZE, _SIZE), interpolation=cv2.INTER_AREA)
    outside = (_grown(inside > 5, 4) == 0) & (_grown(inside > 5, 4 + _RING) > 0)
    core = _grown(inside < 250, _RIM) == 0
    ground, subject = _local_mean(photo, outside), _local_mean(photo, core)
    drawn = seen[..., 3] > 0
    rim = drawn & (_grown(~drawn, _RIM) > 0)
    apart = np.linalg.norm(ground - subject, axis=2)
    counted = rim & (apart > 15)
    if counted.sum() < 50:
        return None
    towards = ((_lab(seen[..., :3]) - subject) * (ground - subject)).sum(2) / np.maximum(apart, 1e-3) ** 2
    return float((towards[counted] > 0.6).mean())


def symmetry_error(mesh: Mesh) -> float:
    """Mean distance in metres of the surface to its mirror image about x = 0 (the subject's size is 1 m).

    Every vertex is mirrored and its distance to the surface taken along the normal of the nearest vertex or face centre.
    """
    corners = mesh.vertices[mesh.faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-12)
    points = np.concatenate([mesh.vertices, corners.mean(1)])
    normals = np.concatenate([vertex_normals(mesh), across])
    mirrored = mesh.vertices * np.array([-1, 1, 1], np.float32)
    _, nearest = cKDTree(points).query(mirrored)
    return float(np.abs(((mirrored - points[nearest]) * normals[nearest]).sum(1)).mean())


def topology(mesh: Mesh) -> Topology:
    """Count the welded ``mesh``."""
    faces = mesh.faces.astype(np.int64)
    count = len(mesh.vertices)
    directed = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    forth, back = directed[:, 0] * count + directed[:, 1], directed[:, 1] * count + directed[:, 0]
    ways = np.unique(forth)
    watertight = bool(len(ways) == len(forth) and np.isin(back, ways).all() and len(forth))
    edges = len(np.unique(np.sort(directed, axis=1), axis=0))
    used = np.unique(faces)
    graph = coo_array((np.ones(len(directed), np.int8), (directed[:, 0], directed[:, 1])), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    components = len(np.unique(labels[used]))
    euler = len(used) - edges + len(faces)
    return Topology(
        vertices=len(used),
        triangles=len(faces),
        watertight=watertight,
        components=components,
        euler=euler,
        genus=components - euler // 2 if watertight else None,
    )


def limbs(body: Body) -> int:
    """The number of legs, arms, wings, fins and other limbs."""
    return sum(part.kind in _LIMBS for part in body.parts)


def limbs_with_chain(body: Body, rig: Rig) -> int:
    """How many of the ``limbs`` have two joints or more of their own that move the surface. Raises ValueError for a rig without weights."""
    if rig.weights is None:
        raise ValueError("the rig has no weights")
    moving = rig.weights.max(0, initial=0.0) > _MOVES
    return sum(part.kind in _LIMBS and int(moving[list(chain(rig, part))].sum()) >= 2 for part in body.parts)


def skin_figures(mesh: Mesh, rig: Rig) -> SkinFigures:
    """How smooth the weights of ``rig`` lie on the welded ``mesh``. Raises ValueError for a rig without weights."""
    if rig.weights is None:
        raise ValueError("the rig has no weights")
    mean, high = weight_steps(mesh, rig.weights)
    return SkinFigures(step_mean=mean, step_p99=high, influences=int((rig.weights > 0).sum(1).max()))


def clip_figures(mesh: Mesh, body: Body, rig: Rig, clip: Clip) -> ClipFigures:
    """How ``clip`` deforms the welded ``mesh``, and how its feet stand."""
    ratios: Floats = stretch(mesh, rig, clip, times=8)
    feet = feet_figures(mesh, body, rig, clip, times=24)
    return ClipFigures(
        name=clip.name,
        seconds=clip.seconds,
        loop=clip.loop,
        stretch_p99=float(np.percentile(ratios, 99)),
        over_1_5=float((ratios > 1.5).mean(1).max()),
        over_2=float((ratios > 2).mean(1).max()),
        slide=feet.slide,
        sink=abs(feet.sink),  # never -0.0
    )


def sharpness(mesh: Mesh, albedo: Pixels, projection: Projection) -> tuple[float, float]:
    """How much detail the texture shows from the photo's side and from the opposite one.

    The mean strength of the lightness' gradient (CIELAB L for each pixel of a 512 pixel picture, Sobel) well inside
    the outline, unlit.
    """
    front = from_projection(projection)
    turn = np.diag([-1, 1, -1]).astype(np.float32)
    low, high = mesh.vertices.min(0), mesh.vertices.max(0)
    back = Camera(axes=turn @ front.axes, target=(low + high) / 2, span=front.span)
    return _detail(mesh, albedo, front), _detail(mesh, albedo, back)


def _detail(mesh: Mesh, albedo: Pixels, camera: Camera) -> float:
    seen = render(mesh, camera, width=_SIZE, height=_SIZE, albedo=albedo, shaded=False)
    lightness = np.ascontiguousarray(_lab(seen[..., :3])[..., 0])
    across, down = cv2.Sobel(lightness, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(lightness, cv2.CV_32F, 0, 1, scale=1 / 8)
    inside = _grown(seen[..., 3] < 255, _RIM) == 0
    return float(np.hypot(across, down)[inside].mean()) if inside.any() else 0.0


def _lab(colours: Pixels) -> Floats:
    lab = cv2.cvtColor(np.ascontiguousarray(colours).astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return np.asarray(lab, np.float32)


def _grown(mask: NDArray[np.bool_], pixels: int) -> Pixels:
    element = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), element), np.uint8)


def _local_mean(colours: Floats, mask: NDArray[np.bool_]) -> Floats:
    """For every pixel the mean colour of the ``mask``'s pixels around it (normalised convolution)."""
    weight = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), _RING / 2)
    spread = cv2.GaussianBlur(np.where(mask[..., None], colours, 0).astype(np.float32), (0, 0), _RING / 2)
    return np.asarray(spread / np.maximum(weight, 1e-6)[..., None], np.float32)
