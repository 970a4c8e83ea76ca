"""How good a skeleton is for a mesh, by figures that need no truth: the best of several tries is kept by them."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import binary_dilation, distance_transform_edt
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from .arrays import Booleans, Doubles, Floats, Indices, Longs
from .mesh import edges_of
from .skeleton import Skeleton
from .skeleton import bone_tails as tails_in_tree
from .transfer import bone_distances, strongest
from .voxels import Voxels, fill

__all__ = ["GOOD", "RigCheck", "Subject", "bind_by_distance", "bone_tails", "check_rig", "moved", "stretch"]

GOOD = 0.8
"""A skeleton with this score is taken without another try. Of 19 rigs that people made 18 score 0.72 to 0.97, a coiled snake's
0.52; with every joint moved by some 6 % of the body all score 0.26 to 0.54, but a shark of eight joints 0.76."""
FEWEST, MOST = 3, 150  # joints
_GRID = 96
_INSIDE = 0.6  # share of the bones' length that must lie inside the body: 0.73 to 1 of people's rigs, feet's controls included
_SPAN = 0.4  # of the body's extent, along its longest axis
_COVERED = 0.4  # share of the surface that must have a bone within reach: 0.45 to 0.98 of people's rigs
_LEAST = 0.55  # the score below which a skeleton is not used
_LEAF_END = 0.85  # of the way from the last joint to where the body ends
_REACH = 1.5  # times the local thickness
_TORN = 2.0  # an edge beyond twice its length shows as a smear
_SWING = 25.0  # degrees of the test motion, about what a walk asks of a joint
_POINTS = 3000  # vertices that figures are taken at
_MIRRORED = 0.04  # of the half box: a mesh whose mirror image lies this near is symmetric


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is asked of the mesh, once for all tries. ``vertices`` (V, 3) in the half box, upstream's axes (x: the sides)."""

    vertices: Floats
    faces: Longs
    voxels: Voxels
    depth: Floats
    """(N, N, N) how deep every voxel lies inside, in the half box's measure."""
    chosen: Longs
    """Vertices that the surface's figures are taken at."""
    mirrored: bool

    @classmethod
    def of(cls, vertices: Floats, faces: Longs) -> "Subject":
        """The subject of a mesh."""
        voxels = fill(vertices, faces, _GRID)
        depth = distance_transform_edt(voxels.solid) * (2 / _GRID)
        chosen = np.unique(np.linspace(0, len(vertices) - 1, min(_POINTS, len(vertices))).astype(np.int64))
        middle = (vertices[:, 0].max() + vertices[:, 0].min()) / 2
        image = vertices[chosen] * [-1, 1, 1] + [2 * middle, 0, 0]
        apart = cKDTree(vertices).query(image)[0]
        return cls(
            vertices=vertices,
            faces=faces,
            voxels=voxels,
            depth=depth.astype(np.float32),
            chosen=chosen,
            mirrored=float(np.mean(apart)) < _MIRRORED,
        )


@dataclass(frozen=True, kw_only=True)
class RigCheck:
    """Figures of a skeleton, 0..1 and better when higher; ``faults``: why it cannot be used, empty if it can."""

    inside: float
    """Share of the bones' length inside the body."""
    covered: float
    """Share of the surface with a bone within reach of the local thickness."""
    span: float
    """The skeleton's extent over the body's, along the axis where the body is longest."""
    symmetry: float
    """1 if every joint's mirror image is a joint; 1 as well for a body that is not symmetric."""
    holds: float
    """1 less ten times the share of edges torn in the test motion."""
    faults: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether the skeleton can be used."""
        return not self.faults

    @property
    def score(self) -> float:
        """One figure to choose by: the weighted geometric mean, which one bad figure spoils."""
        figures = np.array([self.inside, self.covered, min(self.span, 1.0), self.symmetry, self.holds])
        weights = np.array([3.0, 3.0, 1.0, 1.5, 1.5])
        return float(np.exp((weights * np.log(np.maximum(figures, 0.01))).sum() / weights.sum()))


def check_rig(subject: Subject, skeleton: Skeleton) -> RigCheck:
    """The figures of ``skeleton``, in the same half box as ``subject``."""
    bones = np.stack([skeleton.joints, bone_tails(subject, skeleton)], 1).astype(np.float64)
    points = (bones[:, :1] + np.linspace(0, 1, 9)[None, :, None] * (bones[:, 1:] - bones[:, :1])).reshape(-1, 3)
    length = np.repeat(np.linalg.norm(bones[:, 1] - bones[:, 0], axis=1), 9)
    solid = Voxels(solid=binary_dilation(subject.voxels.solid))
    inside = float((solid.at(points) * length).sum() / max(float(length.sum()), 1e-9))
    extent = np.ptp(subject.vertices, axis=0)
    axis = int(extent.argmax())
    span = float(np.ptp(skeleton.joints[:, axis]) / extent[axis])
    covered = float(_within_reach(subject, points).mean())
    torn = stretch(subject, skeleton)
    faults = []
    if not FEWEST <= len(skeleton) <= MOST:
        faults.append(f"it has {len(skeleton)} joints")
    if inside < _INSIDE:
        faults.append(f"{1 - inside:.0%} of it lies outside the body")
    if span < _SPAN:
        faults.append(f"it spans {span:.0%} of the body only")
    if covered < _COVERED:
        faults.append(f"{1 - covered:.0%} of the body has no bone")
    check = RigCheck(
        inside=inside,
        covered=covered,
        span=span,
        symmetry=_symmetry(subject, skeleton) if subject.mirrored else 1.0,
        holds=max(1 - 10 * torn, 0.0),
        faults=tuple(faults),
    )
    if check.sound and check.score < _LEAST:
        return replace(check, faults=("it does not fit the body",))
    return check


def bone_tails(subject: Subject, skeleton: Skeleton) -> Floats:
    """(J, 3) where bones end; a leaf's goes on almost to where the body ends, as a head's does to the crown."""
    return tails_in_tree(skeleton.joints, skeleton.parents, lambda start, way: _LEAF_END * subject.voxels.way_out(start, way))


def stretch(subject: Subject, skeleton: Skeleton) -> float:
    """The share of edges that are torn when every joint swings, with weights by distance; the worst of four poses."""
    edges = _sound_edges(subject)
    weights = bind_by_distance(subject.vertices[edges], np.stack([skeleton.joints, bone_tails(subject, skeleton)], 1).astype(np.float64))
    rest = np.linalg.norm(subject.vertices[edges[:, 0]] - subject.vertices[edges[:, 1]], axis=1)
    worst = 0.0
    for turn in ("x", "y"):
        for way in (1, -1):
            posed = moved(subject.vertices[edges].reshape(-1, 3), skeleton, weights, turn, way * _SWING).reshape(-1, 2, 3)
            ratio = np.linalg.norm(posed[:, 0] - posed[:, 1], axis=1) / rest
            worst = max(worst, float((ratio > _TORN).mean()))
    return worst


def bind_by_distance(points: Floats, bones: Doubles) -> Floats:
    """(P, J) weights by the fourth power of the distances to ``bones`` (J, 2, 3), for the test motion; ``points`` (..., 3)."""
    distances = np.maximum(bone_distances(points.reshape(-1, 3), bones), 1e-4)
    inverse = (distances.min(1, keepdims=True) / distances) ** 4
    return strongest(inverse)


def moved(points: Floats, skeleton: Skeleton, weights: Floats, turn: str, degrees: float) -> Doubles:
    """Points (P, 3) when every joint turns about an axis, neighbours in the tree to opposite sides; linear blend skinning."""
    depth = np.zeros(len(skeleton), int)
    matrices = np.tile(np.eye(4), (len(skeleton), 1, 1))
    for joint, parent in enumerate(skeleton.parents):
        depth[joint] = depth[parent] + 1 if parent >= 0 else 0
        angle = degrees * (1 if depth[joint] % 2 else -1) if parent >= 0 else 0.0
        local = np.eye(4)
        local[:3, :3] = Rotation.from_euler(turn, angle, degrees=True).as_matrix()
        local[:3, 3] = skeleton.joints[joint] - local[:3, :3] @ skeleton.joints[joint]
        matrices[joint] = (matrices[parent] if parent >= 0 else np.eye(4)) @ local
    blended = np.einsum("pj,jab->pab", weights, matrices[:, :3])
    return np.einsum("pab,pb->pa", blended, np.c_[points, np.ones(len(points))])


def _within_reach(subject: Subject, bone_points: Doubles) -> Booleans:
    """(chosen,) whether a bone passes as near as the body is thick there.

    The thickness at a surface point is the greatest depth on the way inwards to the bone that is nearest to it: the bone of
    a leg is a leg's radius away, and for a leg without a bone the nearest one is far away through a thin leg.
    """
    surface = subject.vertices[subject.chosen]
    tree = cKDTree(bone_points)
    apart, nearest = tree.query(surface)
    steps = np.linspace(0, 1, 8)[None, :, None]
    way = surface[:, None] + steps * (bone_points[nearest] - surface)[:, None]
    place = np.clip(((way + 1) / 2 * _GRID).astype(np.int64), 0, _GRID - 1)
    on_way = subject.depth[place[..., 0], place[..., 1], place[..., 2]]
    # the depth near the surface end alone: a trunk's depth must not excuse a leg that hangs from it without a bone
    thick = on_way[:, :5].max(1)
    return apart <= _REACH * thick + 3 * (2 / _GRID)


def _symmetry(subject: Subject, skeleton: Skeleton) -> float:
    middle = (subject.vertices[:, 0].max() + subject.vertices[:, 0].min()) / 2
    image = skeleton.joints * [-1, 1, 1] + [2 * middle, 0, 0]
    apart = cKDTree(skeleton.joints).query(image)[0]
    return float(np.clip(1 - np.mean(apart) / 0.15, 0, 1))


def _sound_edges(subject: Subject) -> Indices:
    edges = edges_of(subject.faces)
    rest = np.linalg.norm(subject.vertices[edges[:, 0]] - subject.vertices[edges[:, 1]], axis=1)
    edges = edges[rest > 0.1 * np.median(rest)]
    return edges[np.unique(np.linspace(0, len(edges) - 1, min(_POINTS, len(edges))).astype(np.int64))]
