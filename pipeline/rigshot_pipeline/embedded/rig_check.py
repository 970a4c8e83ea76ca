"""Figures that say how good a rig and its clips are: weights, stretch, feet, bones."""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..asset import Clip, Floats, Indices, Mesh, Rig
from ..body import Body
from ..pose import clip_matrices, skin_vertices
from .skeleton import chain

__all__ = [
    "FeetFigures",
    "bones_inside",
    "edges_of",
    "feet_figures",
    "leg_bleed",
    "stretch",
    "stretched_share",
    "torn_and_sunk",
    "weight_steps",
    "winding_numbers",
]

_TORN = 2.0  # an edge beyond twice its length shows as a smear
_CONTACT = 0.001  # metres above the ground that still count as standing on it


@dataclass(frozen=True, kw_only=True)
class FeetFigures:
    """``slide``: the furthest that a standing foot drifts against the ground during one contact; ``sink``: how far below
    the ground the lowest vertex goes; both in metres (the subject is 1 m long)."""

    slide: float
    sink: float


def edges_of(faces: Indices) -> Indices:
    """The edges (E, 2) of the triangles (F, 3) of a closed mesh, each once: it runs upwards in one of its two triangles."""
    pairs = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    edges: Indices = pairs[pairs[:, 0] < pairs[:, 1]]
    return edges


def weight_steps(mesh: Mesh, weights: Floats) -> tuple[float, float]:
    """Mean and 99th percentile of the L1 change of the weights along an edge (0 smooth, 2 a cut)."""
    edges = edges_of(mesh.faces)
    change = np.abs(weights[edges[:, 0]] - weights[edges[:, 1]]).sum(1)
    return float(change.mean()), float(np.percentile(change, 99))


def leg_bleed(body: Body, rig: Rig) -> float:
    """The greatest weight that any leg's vertex gives to another leg's joints."""
    if rig.weights is None:
        raise ValueError("the rig has no weights")
    rows = {part.name: list(chain(rig, part)) for part in body.of_kind("leg")}
    worst = 0.0
    for place, part in enumerate(body.parts):
        if part.kind != "leg" or not (own := body.vertex_part == place).any():
            continue
        others = [joint for name, joints in rows.items() if name != part.name for joint in joints]
        if others:
            worst = max(worst, float(rig.weights[own][:, others].sum(1).max()))
    return worst


def stretch(mesh: Mesh, rig: Rig, clip: Clip, *, times: int = 16) -> Floats:
    """Length ratios (times, E) of the mesh's edges over the clip; edges shorter than a tenth of the median are left out."""
    return _ratios(mesh, _frames(mesh, rig, clip, times))


def stretched_share(mesh: Mesh, rig: Rig, clip: Clip, *, times: int = 16) -> float:
    """The share of edges that are torn at the clip's worst moment."""
    return float((stretch(mesh, rig, clip, times=times) > _TORN).mean(1).max())


def torn_and_sunk(mesh: Mesh, body: Body, rig: Rig, clip: Clip, *, times: int = 8) -> tuple[float, float]:
    """The share of torn edges, and the metres that trunk or legs go below the ground, at the clip's worst moments."""
    frames = _frames(mesh, rig, clip, times)
    solid = np.array([part.kind in ("trunk", "leg") for part in body.parts])[body.vertex_part]
    return float((_ratios(mesh, frames) > _TORN).mean(1).max()), max(-float(frames[:, solid, 1].min(initial=0.0)), 0.0)


def feet_figures(mesh: Mesh, body: Body, rig: Rig, clip: Clip, *, times: int = 48) -> FeetFigures:
    """Measure the feet on the skinned mesh while a clip plays.

    A foot's sole is the vertices of its leg within 12 mm of its lowest. The ground's speed is the median speed of all
    soles that touch it (zero for clips that stay in place), so that a treadmill walk is judged against its treadmill.
    """
    legs = [np.flatnonzero(body.vertex_part == place) for place, part in enumerate(body.parts) if part.kind == "leg"]
    soles = [rows[mesh.vertices[rows, 1] <= mesh.vertices[rows, 1].min() + 0.012] for rows in legs if len(rows)]
    moments = np.linspace(0, clip.seconds, times + 1)
    frames = np.stack([skin_vertices(mesh.vertices, rig, clip_matrices(rig, clip, float(time))) for time in moments])
    sink = float(max(-frames[:, :, 1].min(), 0.0))
    steps = [_contact_steps(frames[:, sole]) for sole in soles]
    moving = [step[down] for step, down in steps if down.any()]
    if not moving:
        return FeetFigures(slide=0.0, sink=sink)
    ground = np.median(np.concatenate(moving), axis=0)
    return FeetFigures(slide=max(_longest_drift(step - ground, down) for step, down in steps), sink=sink)


def bones_inside(mesh: Mesh, rig: Rig) -> float:
    """The share of the skeleton's length that lies inside the mesh, by winding numbers of points along the bones."""
    steps = (np.arange(4) + 0.5) / 4
    bones = np.arange(1, len(rig.names))
    points = (rig.joints[bones, None] + steps[None, :, None] * (rig.tails - rig.joints)[bones, None]).reshape(-1, 3)
    weights = np.repeat(np.linalg.norm(rig.tails - rig.joints, axis=1)[bones], len(steps))
    inside = winding_numbers(points.astype(np.float64), mesh.vertices[mesh.faces].astype(np.float64)) > 0.5
    return float((inside * weights).sum() / max(float(weights.sum()), 1e-9))


def _frames(mesh: Mesh, rig: Rig, clip: Clip, times: int) -> Floats:
    """The skinned vertices (times, V, 3) at even steps of a clip."""
    moments = np.linspace(0, clip.seconds, times, endpoint=False)
    return np.stack([skin_vertices(mesh.vertices, rig, clip_matrices(rig, clip, float(time))) for time in moments])


def _ratios(mesh: Mesh, frames: Floats) -> Floats:
    edges = edges_of(mesh.faces)
    rest = np.linalg.norm(mesh.vertices[edges[:, 0]] - mesh.vertices[edges[:, 1]], axis=1)
    keep = rest > 0.1 * np.median(rest)
    edges, rest = edges[keep], rest[keep]
    ratios: Floats = np.stack([np.linalg.norm(skin[edges[:, 0]] - skin[edges[:, 1]], axis=1) / rest for skin in frames]).astype(np.float32)
    return ratios


def _contact_steps(sole: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Moves (T - 1, 2) along the ground of the vertices (T, n, 3) that touch it at both ends of a time step, and when any do.

    Only the vertices in touch count: a foot that rolls over its toes does not slide.
    """
    touching = sole[:, :, 1] < _CONTACT
    both = touching[1:] & touching[:-1]
    moves = (sole[1:] - sole[:-1])[:, :, [0, 2]] * both[:, :, None]
    count = both.sum(1)
    return moves.sum(1) / np.maximum(count, 1)[:, None], count > 0


def _longest_drift(slips: Floats, down: NDArray[np.bool_]) -> float:
    """The furthest that a foot strays while it is down without a break."""
    longest, drift = 0.0, np.zeros(2)
    for slip, touching in zip(slips, down, strict=True):
        drift = drift + slip if touching else np.zeros(2)
        longest = max(longest, float(np.linalg.norm(drift)))
    return longest


@njit(cache=True, nogil=True)
def winding_numbers(points: NDArray[np.float64], corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Generalised winding numbers (N,) of points in triangles (F, 3, 3): sums of van Oosterom and Strackee's solid angles."""
    numbers = np.zeros(len(points))
    for place in range(len(points)):
        for face in range(len(corners)):
            a, b, c = corners[face, 0] - points[place], corners[face, 1] - points[place], corners[face, 2] - points[place]
            la, lb, lc = np.sqrt((a * a).sum()), np.sqrt((b * b).sum()), np.sqrt((c * c).sum())
            volume = a[0] * (b[1] * c[2] - b[2] * c[1]) + a[1] * (b[2] * c[0] - b[0] * c[2]) + a[2] * (b[0] * c[1] - b[1] * c[0])
            below = la * lb * lc + (a * b).sum() * lc + (b * c).sum() * la + (c * a).sum() * lb
            numbers[place] += np.arctan2(volume, below) / (2 * np.pi)
    return numbers
