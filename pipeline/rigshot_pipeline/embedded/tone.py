"""Spreads the colours that the photo knows over the rest of the surface.

A membrane on the mesh (Laplace's equation with soft constraints, finite elements) whose conductivity is a tensor: high
around a part, low along it. So the bands of clothes, socks and stripes go on around the body instead of melting into
one mean colour, and both rims meet in the middle of the back.
"""

import cv2
import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from ..asset import Floats, Indices
from ..body import Body

__all__ = ["part_axes", "smoothed", "spread"]

_ALONG = 0.02  # conductivity along a part where it is 1 around it: bands keep their edges over some ten edges of the mesh
_HOLD = 300.0  # how much stiffer a fully known vertex is than the membrane
_SURE = 0.5  # known colours from here on decide which hues there are
_LAB_CELL, _DISTINCT, _MOST_HUES = 8.0, 24.0, 8  # CIE Lab: grid for the commonest colours; distance between two hues
_COMPETE = 2.0  # exponent: a hue with twice another's share gets four fifths of the place
_LEAST = 1e-7  # pull to the mean: makes the matrix regular where a piece knows nothing
_ROUNDS = 6  # of averaging over neighbouring vertices, for what must not flicker
_UPRIGHT_KINDS = frozenset({"trunk", "neck", "head"})


def part_axes(vertices: Floats, normals: Floats, faces: Indices, body: Body) -> Floats:
    """The direction of the part's centre line at every vertex (V, 3), smoothed over the mesh; not unit length where
    neighbours disagree. Upright for trunk, neck and head of a frontal view."""
    axis = np.zeros_like(vertices)
    for place, part in enumerate(body.parts):
        mine = body.vertex_part == place
        if not mine.any():
            continue
        if body.view == "front" and part.kind in _UPRIGHT_KINDS:
            axis[mine] = (0, 1, 0)
            continue
        run = np.diff(part.path, axis=0)
        run = run / np.maximum(np.linalg.norm(run, axis=1, keepdims=True), 1e-9)
        middle = (part.path[1:] + part.path[:-1]) / 2
        axis[mine] = run[cKDTree(middle).query(vertices[mine])[1]]
    # the sign of an axis means nothing: its outer product is averaged, and the axis read off again
    values, vectors = np.linalg.eigh(smoothed(axis[:, :, None] * axis[:, None, :], faces))
    strength = (values[:, 2] - values[:, 1]).clip(0, 1)
    smooth: Floats = (vectors[:, :, 2] * strength[:, None]).astype(np.float32)
    tangent: Floats = smooth - normals * (smooth * normals).sum(1, keepdims=True)
    return tangent


def smoothed(values: NDArray[np.floating], faces: Indices, *, rounds: int = _ROUNDS) -> Floats:
    """``values`` (V, ...) averaged over the faces around each vertex, several times."""
    flat = values.reshape(len(values), -1).astype(np.float64)
    degree = np.maximum(np.bincount(faces.ravel(), minlength=len(flat)), 1)[:, None]
    for _ in range(rounds):
        mean = np.repeat(flat[faces].mean(1), 3, axis=0)
        flat = np.stack([np.bincount(faces.ravel(), column, len(flat)) for column in mean.T], 1) / degree
    result: Floats = flat.reshape(values.shape).astype(np.float32)
    return result


def spread(vertices: Floats, faces: Indices, axes: Floats, colours: Floats, pixels: Floats, known: Floats) -> tuple[Floats, Floats]:
    """Colours (V, 3) and pixels (V, 2) everywhere: as given where ``known`` (V,) is 1, softly held below, free at 0.

    Unlike colours do not mix to mud: the known colours are sorted into a few hues, the share of each is spread, and the
    shares compete; within a hue shades mix as in any membrane. ``pixels`` (V, 2): where the photo shows each vertex;
    spread, they tell which pixel's colour is carried to a vertex beside the known ones.
    """
    sure = known > _SURE
    if not sure.any():
        mean = (colours * known[:, None]).sum(0) / known.sum() if known.sum() > 0 else colours.mean(0)
        return np.broadcast_to(mean, colours.shape).astype(np.float32), pixels
    hue = _hues(colours, sure)
    count = int(hue.max()) + 1
    member = (hue[:, None] == np.arange(count)).astype(np.float64)
    shades = (member[:, :, None] * colours[:, None]).reshape(len(colours), -1)
    held = np.concatenate([member, shades, pixels], 1, dtype=np.float64)
    solved = _membrane(vertices, faces, axes, held, known)
    share = np.clip(solved[:, :count], 1e-6, 1)
    shade = solved[:, count:-2].reshape(-1, count, 3) / share[:, :, None]
    for k in range(count):  # a share near 0 tells nothing of its shade
        mine = colours[sure & (hue == k)]
        shade[:, k] = np.clip(shade[:, k], mine.min(0), mine.max(0))
    share **= _COMPETE
    mixed: Floats = ((share[:, :, None] * shade).sum(1) / share.sum(1, keepdims=True)).astype(np.float32)
    return mixed, solved[:, -2:].astype(np.float32)


def _hues(colours: Floats, sure: NDArray[np.bool_]) -> Indices:
    """A label (V,) for each colour: clusters of the sure ones, as many as differ clearly."""
    lab: Floats = np.asarray(cv2.cvtColor((colours / np.float32(255))[None], cv2.COLOR_RGB2LAB)[0], np.float32)
    centres = np.empty((0, 3), np.float32)
    for colour in _commonest(lab[sure]):
        if not len(centres) or np.linalg.norm(centres - colour, axis=1).min() > _DISTINCT:
            centres = np.vstack([centres, colour])
    centres = centres[:_MOST_HUES]
    nearest = np.linalg.norm(lab[:, None] - centres[None], axis=2)
    used = np.unique(nearest[sure].argmin(1))
    return nearest[:, used].argmin(1).astype(np.int32)


def _commonest(lab: Floats) -> Floats:
    """Mean colours of the cells of a coarse grid in CIE Lab, the fullest cell first."""
    cells, inverse, counts = np.unique(np.floor(lab / _LAB_CELL).astype(int), axis=0, return_inverse=True, return_counts=True)
    means = np.stack([np.bincount(inverse.ravel(), lab[:, k], len(cells)) for k in range(3)], 1) / counts[:, None]
    found: Floats = means[np.argsort(-counts, kind="stable")].astype(np.float32)
    return found


def _membrane(vertices: Floats, faces: Indices, axes: Floats, values: NDArray[np.float64], known: Floats) -> NDArray[np.float64]:
    """``values`` (V, n) spread from where they are ``known`` (V,) with the conductivity that ``axes`` (V, 3) tell."""
    stiff = _stiffness(vertices, faces, axes)
    hold = known.astype(np.float64) ** 2 * _HOLD * stiff.diagonal().mean()
    mean = (values * hold[:, None]).sum(0) / hold.sum()
    matrix = stiff + sparse.diags_array(hold + _LEAST, format="csc")
    solver = splu(matrix, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
    solved: NDArray[np.float64] = solver.solve(values * hold[:, None] + mean * _LEAST)
    return solved


def _stiffness(vertices: Floats, faces: Indices, axes: Floats) -> sparse.csc_array:
    """Stiffness matrix (V, V) of linear elements with conductivity 1 around ``axes`` (V, 3) and little along them."""
    corner = vertices[faces].astype(np.float64)
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    twice = np.maximum(np.linalg.norm(normal, axis=1), 1e-12)
    normal /= twice[:, None]
    around = np.cross(axes[faces].mean(1), normal)
    strength = np.linalg.norm(around, axis=1)
    around /= np.maximum(strength, 1e-9)[:, None]
    along = np.cross(normal, around)
    slow = 1 - (1 - _ALONG) * np.minimum(strength, 1)
    opposite = np.roll(corner, -2, axis=1) - np.roll(corner, -1, axis=1)  # the edge opposite to each corner
    gradient = np.cross(normal[:, None], opposite) / twice[:, None, None]
    first, second = np.einsum("fcx,fx->fc", gradient, around), np.einsum("fcx,fx->fc", gradient, along)
    local = first[:, :, None] * first[:, None, :] + slow[:, None, None] * second[:, :, None] * second[:, None, :]
    local *= (twice / 2)[:, None, None]
    rows, columns = np.repeat(faces, 3, axis=1).ravel(), np.tile(faces, 3).ravel()
    return sparse.coo_array((local.ravel(), (rows, columns)), shape=(len(vertices), len(vertices))).tocsc()
