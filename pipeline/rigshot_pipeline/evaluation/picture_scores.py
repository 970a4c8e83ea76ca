"""A textured model against the photo it was made from.

* silhouette IoU: the model seen by the photo's camera, against the true mask, in the photo's frame, over the pixels whose truth is known;
* background bleed: of the model's pixels seen so, unlit, the share whose colour is foreign to the subject (further than 14 in CIELAB
  from all colours inside the true mask) and at home in the background (nearer to one of its colours than to half that distance);
* upright IoU: the outline of the model as it stands, laid box on box on the unspoilt photo's true one: it notices what lies askew;
* identity: how like the unspoilt photo's subject the model looks from the photo's side, both laid box on box on one grey at 128 pixels: the
  mean of the cosine of their HOG descriptors of the lightness (Dalal and Triggs 2005: 9 orientations, cells of 16 pixels, blocks of 2 x 2)
  and the intersection of their CIELAB histograms (8 x 8 x 8 bins, Swain and Ballard 1991);
* sharpness: the mean strength of the lightness' gradient well inside the model over that of the unspoilt photo's subject, seen
  alike (1: as much detail as the photo; noise counts as detail).
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from skimage.feature import hog

from ..asset import Floats, Mesh, Pixels
from ..body import Projection
from ..preview.camera import fit, from_projection
from ..preview.raster import render

__all__ = [
    "Portrait",
    "background_bleed",
    "identity",
    "in_photo",
    "iou",
    "portrait_of_model",
    "portrait_of_photo",
    "sharpness",
    "upright_iou",
]

_SIDE = 256  # pixels of a portrait
_FILL = 0.84
_SEEN = 512  # pixels at which the canonical square is drawn
_FOREIGN = 14.0
_COLOURS = 4000
_GROUND = (128, 128, 128)
Bools = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Portrait:
    """A subject alone: ``colours`` (S, S, 3) on even grey, ``mask`` (S, S) where it is; its box fills the same share of every portrait."""

    colours: Pixels
    mask: Bools


def in_photo(
    mesh: Mesh, albedo: Pixels | None, projection: Projection, canonical_from_photo: NDArray[np.float64], shape: tuple[int, int]
) -> Pixels:
    """The bare model (H, W, 4) where the photo of ``shape`` (H, W) shows its subject."""
    seen = render(mesh, from_projection(projection), width=_SEEN, height=_SEEN, albedo=albedo, samples=2, shaded=False)
    scale = np.diag([_SEEN / projection.size, _SEEN / projection.size, 1.0])
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    matrix = np.linalg.inv(half) @ scale @ canonical_from_photo @ half
    warped = cv2.warpAffine(seen, matrix[:2], shape[::-1], flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return np.asarray(warped, np.uint8)


def iou(drawn: Bools, wanted: Bools, known: Bools) -> float:
    """Intersection over union over the ``known`` pixels."""
    return float((drawn & wanted & known).sum() / max(int(((drawn | wanted) & known).sum()), 1))


def background_bleed(seen: Pixels, photo: Pixels, wanted: Bools, known: Bools, *, seed: int = 0) -> float | None:
    """The share of the model's pixels ``seen`` (H, W, 4) that show background; None where the photo shows none, or no model."""
    random = np.random.default_rng(seed)
    inner = cv2.erode((wanted & known).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    ground = ~wanted & known
    drawn = seen[..., 3] > 200
    if not inner.any() or not ground.any() or not drawn.any():
        return None
    home, abroad = (cKDTree(_lab(_some(photo[part][:, :3], random))) for part in (inner, ground))
    colours = _lab(_some(seen[drawn][:, :3], random, 8000))
    to_home, to_abroad = (np.asarray(tree.query(colours)[0], np.float64) for tree in (home, abroad))
    return float(((to_home > _FOREIGN) & (to_abroad < to_home / 2)).mean())


def portrait_of_photo(photo: Pixels, mask: Bools) -> Portrait:
    """The subject of ``photo`` (H, W, 3 or 4) in ``mask`` (H, W)."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    side = max(len(rows), len(columns))
    scale = _FILL * _SIDE / side
    middle = ((columns[0] + columns[-1] + 1) / 2, (rows[0] + rows[-1] + 1) / 2)
    matrix = np.array([[scale, 0, _SIDE / 2 - scale * middle[0]], [0, scale, _SIDE / 2 - scale * middle[1]]])
    source, inside = np.ascontiguousarray(photo[..., :3]), mask.astype(np.float32)
    if scale < 0.8:
        size = (max(1, round(mask.shape[1] * scale)), max(1, round(mask.shape[0] * scale)))
        source = np.asarray(cv2.resize(source, size, interpolation=cv2.INTER_AREA), np.uint8)
        inside = np.asarray(cv2.resize(inside, size, interpolation=cv2.INTER_AREA), np.float32)
        matrix = matrix @ np.diag([mask.shape[1] / size[0], mask.shape[0] / size[1], 1.0])
    colours = cv2.warpAffine(source, matrix, (_SIDE, _SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    found = cv2.warpAffine(inside, matrix, (_SIDE, _SIDE), flags=cv2.INTER_LINEAR) >= 0.5
    return Portrait(colours=np.where(found[..., None], colours, np.array(_GROUND, np.uint8)).astype(np.uint8), mask=found)


def portrait_of_model(mesh: Mesh, albedo: Pixels | None, projection: Projection, *, mirrored: bool) -> Portrait:
    """The bare model as its canonical picture shows it (turned back where that was ``mirrored``)."""
    camera = fit(from_projection(projection), mesh.vertices, fill=_FILL)
    seen = render(mesh, camera, width=_SIDE, height=_SIDE, albedo=albedo, shaded=False)
    seen = np.ascontiguousarray(seen[:, ::-1]) if mirrored else seen
    found = seen[..., 3] >= 128
    return Portrait(colours=np.where(found[..., None], seen[..., :3], np.array(_GROUND, np.uint8)).astype(np.uint8), mask=found)


def upright_iou(model: Portrait, photo: Portrait) -> float:
    """Intersection over union of two portraits' outlines."""
    return iou(model.mask, photo.mask, np.ones_like(photo.mask))


def identity(model: Portrait, photo: Portrait) -> float:
    """How alike two portraits look, 0..1."""
    mine, theirs = _shape(model), _shape(photo)
    cosine = float(mine @ theirs / max(float(np.linalg.norm(mine) * np.linalg.norm(theirs)), 1e-9))
    return (cosine + float(np.minimum(_histogram(model), _histogram(photo)).sum())) / 2


def sharpness(model: Portrait, photo: Portrait) -> float | None:
    """The model's detail over the photo's; None where nothing lies well inside."""
    mine, theirs = _detail(model), _detail(photo)
    return None if mine is None or theirs is None else mine / max(theirs, 1e-6)


def _shape(portrait: Portrait) -> Floats:
    small = cv2.resize(portrait.colours, (128, 128), interpolation=cv2.INTER_AREA)
    lightness = _lab(np.asarray(small, np.uint8))[..., 0]
    return np.asarray(hog(lightness, orientations=9, pixels_per_cell=(16, 16), cells_per_block=(2, 2)), np.float32)


def _histogram(portrait: Portrait) -> Floats:
    if not portrait.mask.any():
        return np.zeros(8**3, np.float32)
    lab = _lab(portrait.colours[portrait.mask])
    counts, _ = np.histogramdd(lab, bins=8, range=((0, 100), (-80, 80), (-80, 80)))
    return (counts.ravel() / max(float(counts.sum()), 1)).astype(np.float32)


def _detail(portrait: Portrait) -> float | None:
    lightness = np.ascontiguousarray(_lab(portrait.colours)[..., 0])
    across, down = (cv2.Sobel(lightness, cv2.CV_32F, *order, scale=1 / 8) for order in ((1, 0), (0, 1)))
    well = cv2.erode(portrait.mask.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    return float(np.hypot(across, down)[well].mean()) if well.any() else None


def _some(colours: Pixels, random: np.random.Generator, count: int = _COLOURS) -> Pixels:
    return colours[random.integers(len(colours), size=count)]


def _lab(colours: Pixels) -> Floats:
    flat = np.ascontiguousarray(colours).reshape(1, -1, 3).astype(np.float32) / 255
    return np.asarray(cv2.cvtColor(flat, cv2.COLOR_RGB2LAB), np.float32).reshape(colours.shape)
