"""What the photo knows: its trusted colours, their low frequencies, and which surface stands in front at every pixel."""

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from ..asset import Floats, Indices, Pixels
from ..body import Projection

__all__ = ["DepthBuffer", "Sheets", "depth_buffer", "extend_colours", "make_sheets", "nearest_pixels"]

_OPAQUE = 200  # alpha from which a pixel shows the subject alone
_RIM = 0.006  # of the picture's side: this far inside the outline colours may still be mixed with the background
# of the side: sigma of the mean that goes on beyond the trusted pixels; for the tone wide enough to lose an eye there
_CONTINUE, _CONTINUE_TONE = 0.01, 0.035
_THIN = 0.55  # a pixel this close to the middle of a thin part is trusted even inside the rim
_LOW = 0.010  # of the side: sigma that splits tone (diffused over the surface) from coat (synthesised)
_EAR_RIM = 0.008  # of the side: an ear's own coat is at least this wide around its lining
_LEFT_OVER = 0.05  # of the side: how far inside the outline background may have been left over
_CELLS = 32  # cells along each axis of the colour histograms
_RATHER = 2.5  # a colour this many times commoner in the background belongs to it
_EDGE, _ROUGH = 12.0, 1.5  # a step of this many levels, and this many times the background's own, is the outline
_MIXED = 0.012  # of the side: width of the mixture beside left-over background
_STROKE = 0.06  # of the side: the widest line of a drawing
_LINE = 28  # grey levels by which a line is darker than the paint beside it
_SOFT_LINE = 10  # the same in a stroke's soft edge
_SOFT_EDGE = 0.012  # of the side: so far beside a stroke its colour is mixed with the paint's
_BROAD, _FINE = 0.045, 0.012  # of the side: width of the medians; the broad one takes out eyes, strokes and whiskers
_DEPTH_SIZE = 512  # the depth buffer's side; finer than the mesh's edges


@dataclass(frozen=True, kw_only=True)
class Sheets:
    """Pictures in the canonical frame. ``colour`` (S, S, 3) uint8: trusted colours, elsewhere the mean around the
    nearest trusted one; ``low`` (S, S, 3) float32: their low frequencies; ``tone`` (s, s, 3) float32, smaller: low
    frequencies without thin or small features, ``fine_tone`` (s, s, 3) with all but the finest, ``rim_tone`` (s, s, 3)
    at each pixel the fine tone of the rim beside it; ``trusted`` (S, S) bool; ``line`` (s, s) bool: a drawing's dark
    strokes."""

    colour: Pixels
    low: Floats
    tone: Floats
    fine_tone: Floats
    rim_tone: Floats
    trusted: NDArray[np.bool_]
    line: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class DepthBuffer:
    """``depth`` (s, s) metres towards the viewer, -inf where nothing is; ``part`` (s, s) the part seen there or -1."""

    depth: Floats
    part: Indices


def make_sheets(cutout: Pixels, picture: Pixels, *, lines: bool = False) -> Sheets:
    """Split a canonical RGBA cutout into trusted sheets; nothing outside the trusted pixels enters any of them.

    ``picture`` (S, S, 3 or 4): the canonical picture before it was cut out; what looks like its background beside the
    outline is not trusted either, so that a cutout that is too generous does no harm. ``lines``: a drawing, whose
    strokes stay in ``colour`` but not in ``tone``.
    """
    size = len(cutout)
    opaque = cutout[..., 3] > _OPAQUE
    trusted = _trusted(opaque & ~_left_over(cutout, picture), max(1.5, _RIM * size))
    if not trusted.any():
        trusted = opaque if opaque.any() else cutout[..., 3] >= max(1, int(cutout[..., 3].max()))
    colour = _continued(cutout[..., :3], trusted, _CONTINUE)
    quarter: Pixels = np.asarray(cv2.resize(colour, (size // 4, size // 4), interpolation=cv2.INTER_AREA), np.uint8)
    low = cv2.GaussianBlur(colour, (0, 0), _LOW * size).astype(np.float32)
    inside = cv2.resize(trusted.astype(np.uint8), (size // 4, size // 4), interpolation=cv2.INTER_NEAREST) > 0
    line = np.zeros_like(inside)
    if lines and inside.any():
        line, paint = _strokes(quarter, inside)
        quarter = _continued(quarter, paint, _CONTINUE)
    elif inside.any():
        quarter = _continued(quarter, inside, _CONTINUE_TONE)
    tone, fine = _toned(quarter, _BROAD), _toned(quarter, _FINE)
    rim = _rim_tone(fine, inside, _EAR_RIM * size / 4)
    return Sheets(colour=colour, low=low, tone=tone, fine_tone=fine, rim_tone=rim, trusted=trusted, line=line)


def _toned(colour: Pixels, share: float) -> Floats:
    width = int(share * len(colour)) | 1
    tone: Floats = np.asarray(cv2.GaussianBlur(cv2.medianBlur(colour, width).astype(np.float32), (0, 0), max(width, 3) / 6), np.float32)
    return tone


def _rim_tone(tone: Floats, inside: NDArray[np.bool_], width: float) -> Floats:
    """At each pixel of ``tone`` (s, s, 3) its value ``width`` pixels inside the nearest place of the outline."""
    if inside.all():
        return tone
    place = np.stack(np.divmod(nearest_pixels(~inside), len(inside)), -1)
    away = np.indices(inside.shape).transpose(1, 2, 0) - place
    length = np.maximum(np.linalg.norm(away, axis=-1, keepdims=True), 1e-6)
    at = np.rint(place + away * np.minimum(width / length, 1)).astype(int)
    found: Floats = tone[at[..., 0], at[..., 1]]
    return found


def extend_colours(colour: Pixels, trusted: NDArray[np.bool_]) -> Pixels:
    """``colour`` (H, W, 3) where ``trusted`` (H, W), elsewhere the colour of the nearest trusted pixel."""
    if not trusted.any():
        return colour.copy()
    extended: Pixels = colour.reshape(-1, 3)[nearest_pixels(trusted)]
    return extended


def nearest_pixels(where: NDArray[np.bool_]) -> Indices:
    """Which true pixel of ``where`` (H, W) is nearest to each: its place (H, W) in the flattened picture."""
    gaps = (~where).astype(np.uint8)
    label: Indices = np.asarray(cv2.distanceTransformWithLabels(gaps, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)[1], np.int32)
    place = np.zeros(int(label.max()) + 1, np.int32)
    true = np.flatnonzero(where)
    place[label.ravel()[true]] = true
    nearest: Indices = place[label]
    return nearest


def _continued(colour: Pixels, trusted: NDArray[np.bool_], share: float) -> Pixels:
    """``colour`` (H, W, 3) where ``trusted``; elsewhere the mean of the trusted colours around the nearest one
    (sigma: ``share`` of the side)."""
    sigma = share * len(colour)
    weight = trusted.astype(np.float32)
    mean = (
        cv2.GaussianBlur(colour * weight[..., None], (0, 0), sigma) / np.maximum(cv2.GaussianBlur(weight, (0, 0), sigma), 1e-3)[..., None]
    )
    around = mean.astype(np.uint8).reshape(-1, 3)[nearest_pixels(trusted)]
    return np.where(trusted[..., None], colour, around)


def _trusted(opaque: NDArray[np.bool_], rim: float) -> NDArray[np.bool_]:
    """``opaque`` pixels at least ``rim`` pixels inside; of a thinner part those near its middle."""
    distance = cv2.distanceTransform(np.pad(opaque, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    reach = 2 * int(np.ceil(rim)) + 1
    thickest = cv2.dilate(distance, np.ones((reach, reach), np.uint8))
    trusted: NDArray[np.bool_] = opaque & ((distance >= rim) | (distance >= np.maximum(_THIN * thickest, 1.0)))
    return trusted


def _left_over(cutout: Pixels, picture: Pixels) -> NDArray[np.bool_]:
    """Pixels near the outline (S, S) whose colours are commoner in the background than in the subject and that no edge
    parts from the background."""
    size = len(cutout)
    small = size // 4
    alpha = cv2.resize(cutout[..., 3], (small, small), interpolation=cv2.INTER_AREA)
    colour = cv2.resize(picture[..., :3], (small, small), interpolation=cv2.INTER_AREA)
    outside = (alpha < 16).astype(np.float32)
    if picture.shape[2] == 4:
        outside *= cv2.resize(picture[..., 3], (small, small), interpolation=cv2.INTER_AREA) > 250
    inside = (alpha > _OPAQUE).astype(np.uint8)
    depth = cv2.distanceTransform(np.pad(inside, 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    core = (depth > min(_LEFT_OVER * small, 0.5 * float(depth.max()))).astype(np.float32)
    if outside.sum() < 0.02 * small * small or core.sum() == 0:
        return np.zeros((size, size), bool)
    cell = (np.asarray(cv2.cvtColor(colour, cv2.COLOR_RGB2LAB), np.uint8) // (256 // _CELLS)).reshape(-1, 3)
    home, abroad = _share_of_colours(cell, core.ravel() > 0), _share_of_colours(cell, outside.ravel() > 0)
    like = ((abroad > _RATHER * home) & (abroad > 1e-4)).reshape(small, small) & (depth < 2 * _LEFT_OVER * small)
    like = cv2.medianBlur(like.astype(np.uint8), 5) > 0
    step = cv2.morphologyEx(cv2.GaussianBlur(colour, (0, 0), 1), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)).max(2)
    edge = step > max(_EDGE, _ROUGH * float(np.quantile(step[outside > 0], 0.75)))
    grown = (alpha < 16) | (like & ~edge)
    label = cv2.connectedComponents(grown.astype(np.uint8), connectivity=4)[1]
    joined = grown & np.isin(label, np.unique(label[alpha < 16]))
    joined = cv2.morphologyEx((joined & (alpha >= 128)).astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    # the photo's own blur mixes a little more of the subject's edge with the background
    reach = 2 * max(1, round(_MIXED * small)) + 1
    joined = cv2.dilate(joined, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    return cv2.resize(joined, (size, size), interpolation=cv2.INTER_NEAREST) > 0


def _share_of_colours(cell: Pixels, where: NDArray[np.bool_]) -> Floats:
    """How common the colour of each pixel (n,) is among the pixels ``where`` (n,): a smoothed histogram of ``cell``
    (n, 3)."""
    count = np.zeros((_CELLS, _CELLS, _CELLS), np.float32)
    np.add.at(count, tuple(cell[where].T), 1.0)
    smooth: Floats = np.asarray(gaussian_filter(count, 0.7, mode="nearest"), np.float32) / np.float32(max(int(where.sum()), 1))
    share: Floats = smooth[tuple(cell.T)]
    return share


def _strokes(colour: Pixels, inside: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The thin dark strokes (h, w) of a drawing, those along the outline too, and the paint beside them without their soft
    edges; no strokes where they would leave no paint."""
    width = int(_STROKE * len(colour)) | 1
    paper = np.where(inside[..., None], colour, 255).astype(np.uint8)
    closed = cv2.morphologyEx(paper, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width)))
    darker = (closed.astype(np.int16) - paper).max(2)
    stroke = cv2.dilate((darker > _LINE).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    reach = 2 * round(_SOFT_EDGE * len(colour)) + 1
    beside = cv2.dilate(stroke.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))) > 0
    paint = inside & ~stroke & ~(beside & (darker > _SOFT_LINE))
    if paint.mean() > 0.1 * inside.mean():
        return stroke, paint
    return np.zeros_like(inside), inside


def depth_buffer(vertices: Floats, faces: Indices, face_part: Indices, camera: Projection) -> DepthBuffer:
    """The nearest surface at every pixel of the photo's camera, at a fixed size."""
    seen = camera.project(vertices)
    seen[:, :2] *= _DEPTH_SIZE / camera.size
    depth = np.full((_DEPTH_SIZE, _DEPTH_SIZE), -np.inf, np.float32)
    part = np.full((_DEPTH_SIZE, _DEPTH_SIZE), -1, np.int32)
    _rasterise(seen, faces, face_part.astype(np.int32), depth, part)
    return DepthBuffer(depth=depth, part=part)


@njit(cache=True, nogil=True)
def _rasterise(seen: Floats, faces: Indices, face_part: Indices, depth: Floats, part: Indices) -> None:
    size = len(depth)
    for face in range(len(faces)):
        a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
        x0, y0, x1, y1, x2, y2 = seen[a, 0], seen[a, 1], seen[b, 0], seen[b, 1], seen[c, 0], seen[c, 1]
        twice = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if twice == 0:
            continue
        for row in range(max(0, int(min(y0, y1, y2))), min(size - 1, int(max(y0, y1, y2))) + 1):
            for column in range(max(0, int(min(x0, x1, x2))), min(size - 1, int(max(x0, x1, x2))) + 1):
                x, y = column + np.float32(0.5), row + np.float32(0.5)
                second = ((x - x0) * (y2 - y0) - (x2 - x0) * (y - y0)) / twice
                third = ((x1 - x0) * (y - y0) - (x - x0) * (y1 - y0)) / twice
                if second < 0 or third < 0 or second + third > 1:
                    continue
                z = (1 - second - third) * seen[a, 2] + second * seen[b, 2] + third * seen[c, 2]
                if z > depth[row, column]:
                    depth[row, column] = z
                    part[row, column] = face_part[face]
