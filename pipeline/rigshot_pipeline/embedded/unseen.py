"""By vertex: what the photo knows of the surface, and the best guess where it knows nothing."""

from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ..asset import Floats, Indices, Mesh
from ..body import Body
from .sight import Sight, seen_weights
from .tone import part_axes, smoothed, spread

__all__ = ["HEAD_KINDS", "Guess", "Tones", "guess_unseen"]

HEAD_KINDS = frozenset({"head", "ear"})
_UNLIKE = 55.0  # grey levels by which what the front shows may differ from what the sides suggest
_CARRY = (0.02, 0.05)  # of the side: so far from its own place a pixel is carried fully, or not at all
_MUZZLE = (0.6, 0.85)  # along a head's centre line: here the muzzle's tip begins
_EAR_HOLD = 0.04  # a lined ear's rim is often too thin to be told from its lining: the head's coat has the greater say
_STRIP = (0.45, 0.65)  # cosine to the viewer: up to the first a vertex belongs to the strip along the outline
_BEFORE = 0.06  # metres: something this far before a vertex hides it
_SHRINK = 2  # rings of the mesh around what is unlike that are not worn either

_Value = TypeVar("_Value", np.float32, np.int32)


@dataclass(frozen=True, kw_only=True)
class Guess:
    """For V vertices: ``tone`` (V, 3) colours everywhere; ``carried`` (V, 3) column and row of the pixel that is carried
    there from beside, and its weight; ``worn`` (V,) how far a back wears what the front shows; ``known`` (V,) how far the
    photo shows them, and ``pixel`` (V, 2) the column and row where it does."""

    tone: Floats
    carried: Floats
    worn: Floats
    known: Floats
    pixel: Floats


class Tones(NamedTuple):
    """Low frequencies of the photo (s, s, 3): ``broad`` without features, ``fine`` with them, ``rim`` those of the outline
    beside each pixel."""

    broad: Floats
    fine: Floats
    rim: Floats


def guess_unseen(mesh: Mesh, body: Body, *, normals: Floats, sight: Sight, tones: Tones, carry: bool, wear: bool) -> Guess:
    """Spread what the photo's tone sheets (s, s, 3) tell of a welded ``mesh`` with steady ``normals``.

    ``carry``: the strip between a side and its mirror image may take the photo's own pixels from beside it. ``wear``:
    clothes may go around.
    """
    fine = _fineness(mesh.vertices, body)
    known, seen = _known(mesh.vertices, normals, body.vertex_part.astype(np.int32), sight)
    pixels = (seen[:, :, 1:] * seen[:, :, :1]).sum(1) / np.maximum(known, 1e-6)[:, None]
    colours = _colours(seen, known, tones, sight.size, fine=fine, rim=_lined(body))
    axes = part_axes(mesh.vertices, normals, mesh.faces, body)
    held = np.where(_lined(body), _EAR_HOLD * known, known).astype(np.float32)
    tone, carried = spread(mesh.vertices, mesh.faces, axes, colours, pixels, held)
    own = mesh.vertices @ sight.direct[:2, :3].T + sight.direct[:2, 3]
    weight = np.zeros(len(own), np.float32)
    if sight.symmetric and carry:
        weight = fine * _grazing(mesh.vertices, normals, sight, np.linalg.norm(carried - own, axis=1) / sight.size)
    return Guess(
        tone=tone,
        carried=np.column_stack([carried, smoothed(weight, mesh.faces, rounds=2)]).astype(np.float32),
        known=known,
        pixel=pixels.astype(np.float32),
        worn=_worn(mesh, body, tone, tones.broad, own, sight) if wear else np.zeros(len(own), np.float32),
    )


def _fineness(vertices: Floats, body: Body) -> Floats:
    """How much of the photo's detail (V,) may be spread: in a side view all of it, as both sides are alike, but of the
    head only the muzzle's tip, where the nose is (the outline may pass close by an eye); in other views none."""
    fine = np.full(len(vertices), 1 if body.view == "side" else 0, np.float32)
    for place, part in enumerate(body.parts):
        if part.kind in HEAD_KINDS:
            mine = np.flatnonzero(body.vertex_part == place)
            along = np.linspace(0, 1, len(part.path))[cKDTree(part.path).query(vertices[mine])[1]]
            fine[mine] *= np.clip((along - _MUZZLE[0]) / (_MUZZLE[1] - _MUZZLE[0]), 0, 1) if part.kind == "head" else 0
    return fine


def _grazing(vertices: Floats, normals: Floats, sight: Sight, far: Floats) -> Floats:
    """1 (V,) on the strip along the outline, 0 where the surface faces the viewer, where something stands before it, or
    where the carried pixel is ``far`` (V,) from its own place."""
    facing = np.abs(normals @ sight.direct[2, :3])
    own = vertices @ sight.direct[:2, :3].T + sight.direct[:2, 3]
    depth = np.abs(vertices @ sight.direct[2, :3] + sight.direct[2, 3])
    hidden = _at(sight.shade, own * (len(sight.shade) / sight.size)) - depth
    weight = np.clip((_CARRY[1] - far) / (_CARRY[1] - _CARRY[0]), 0, 1)
    weight *= np.clip((_STRIP[1] - facing) / (_STRIP[1] - _STRIP[0]), 0, 1)
    result: Floats = np.where(hidden > _BEFORE, 0, weight).astype(np.float32)
    return result


def _worn(mesh: Mesh, body: Body, tone: Floats, photo_tone: Floats, own: Floats, sight: Sight) -> Floats:
    """Clothes go around a person: so they do on figures with arms, seen from the front, wherever the front's tone is like
    the one spread from the sides (a buckle or a badge stays in front), and never on the head."""
    if body.plan != "biped" or sight.symmetric or not body.of_kind("arm"):
        return np.zeros(len(mesh.vertices), np.float32)
    shown = _at(photo_tone, own * (len(photo_tone) / sight.size))
    worn = np.exp(-np.square((shown - tone) / _UNLIKE).sum(1) / 2)
    bare = _places(body, HEAD_KINDS | {"neck"})
    worn[np.isin(body.vertex_part, bare) | np.isin(_at(sight.part, own * (len(sight.part) / sight.size)), [-1, *bare])] = 0
    for _ in range(_SHRINK):  # what is unlike takes its seam with it
        least = worn[mesh.faces].min(1)
        np.minimum.at(worn, mesh.faces, least[:, None])
    return smoothed(worn, mesh.faces, rounds=_SHRINK)


def _places(body: Body, kinds: frozenset[str]) -> list[int]:
    return [place for place, part in enumerate(body.parts) if part.kind in kinds]


def _at(sheet: NDArray[_Value], places: Floats) -> NDArray[_Value]:
    """The nearest values of a square sheet at columns and rows (n, 2)."""
    at = np.floor(places).astype(int).clip(0, len(sheet) - 1)
    values: NDArray[_Value] = sheet[at[:, 1], at[:, 0]]
    return values


def _lined(body: Body) -> NDArray[np.bool_]:
    """Vertices (V,) of ears that are seen from the front: their lining is not the colour of their back, their rim is."""
    return np.isin(body.vertex_part, _places(body, frozenset({"ear"}))) & (body.view != "side")


def _colours(seen: Floats, known: Floats, tones: Tones, size: int, *, fine: Floats, rim: NDArray[np.bool_]) -> Floats:
    """The colours (V, 3) that vertices ``seen`` (V, 2 ways, weight and pixel) give to what is beside them."""
    total: Floats = np.zeros((len(seen), 3), np.float32)
    for way in range(2):
        at = seen[:, way, 1:] * (len(tones.broad) / size)
        broad = _at(tones.broad, at)
        colour = broad + fine[:, None] * (_at(tones.fine, at) - broad)
        total += seen[:, way, :1] * np.where(rim[:, None], _at(tones.rim, at), colour)
    total /= np.maximum(known, np.float32(1e-6))[:, None]
    return total


@njit(cache=True, nogil=True)
def _known(vertices: Floats, normals: Floats, part: Indices, sight: Sight) -> tuple[Floats, Floats]:
    """How well vertices are known (V,), and by both ways, directly and in the mirror, weight, column and row (V, 2, 3)."""
    known, seen = np.zeros(len(vertices), np.float32), np.zeros((len(vertices), 6), np.float32)
    for vertex in range(len(vertices)):
        seen_weights(vertices[vertex], normals[vertex], part[vertex], sight, seen[vertex])
        known[vertex] = seen[vertex, 0] + seen[vertex, 3]
    return known, seen.reshape(-1, 2, 3)
