"""A skeleton, its weights and its motion against a truth rig.

Lengths are shares of the truth's longest extent (the unit box of UniRig and RigNet). Chamfer(A, B) = (mean over A of the distance to B +
mean over B of the distance to A) / 2.

* J2J, J2B, B2B (Xu et al. 2020, RigNet, section 6; Zhang et al. 2025, UniRig): Chamfer of the joints; of each side's joints to the
  other's bones; of points on the bones. A bone is a (parent, joint) pair. ``b2b`` and ``j2b`` sample every bone 100 times, at
  t = 0 .. 0.99 (UniRig); ``b2b_even`` takes a point every 0.005 and both ends (RigNet, MagicArticulate, Puppeteer). Joints that carry no
  skin and lie between none that do (roots, IK controls) do not count.
* Skin precision, recall and average L1 (Puppeteer): weights below 0.001 are zero and rows are scaled to 1; precision is the share of our
  (vertex, joint) pairs that the truth has too, recall the converse, L1 the mean over the vertices of sum |ours - truth|. These papers
  predict weights for the truth's own skeleton. Ours is another one, so both are first summed over groups: every joint of the truth
  that carries skin goes to the bone of ours that lies nearest to the middle of that skin, a bone of ours that gets none to the nearest one
  above it that did.
* Motion: our rig is driven by the truth's own clips. Every matched joint takes its counterpart's turn in the world, the others move with
  their parent. The error is the mean over the truth's vertices and moments of |our displacement - the truth's|, in a box of [-1, 1]
  (UniRig); ``motion_still`` is what a model that does not move at all would get.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ..asset import Rig
from .truth_rig import Floats64, TruthRig, bones_between

__all__ = [
    "Matched",
    "MotionScores",
    "SkeletonScores",
    "SkinScores",
    "compare_skeletons",
    "matched",
    "motion_scores",
    "skeleton_scores",
    "skin_scores",
]

_MOVES = 1e-3
_EVEN = 0.005
Integers = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class SkeletonScores:
    """As the module defines them; ``joints`` and ``truth_joints`` how many counted."""

    j2j: float
    j2b: float
    b2b: float
    b2b_even: float
    joints: int
    truth_joints: int


@dataclass(frozen=True, kw_only=True)
class SkinScores:
    """As the module defines them; ``groups`` how many bones were told apart."""

    skin_precision: float
    skin_recall: float
    skin_l1: float
    skin_groups: int


@dataclass(frozen=True, kw_only=True)
class MotionScores:
    """As the module defines them; ``motion_p99`` the 99th percentile over vertices and moments."""

    motion_mean: float
    motion_p99: float
    motion_still: float


@dataclass(frozen=True, kw_only=True)
class Ours:
    """Our rig in the truth's world: ``joints``, ``tails`` (J, 3), ``parents`` (J,), ``weights`` (V, J) of ``vertices`` (V, 3)."""

    vertices: Floats64
    joints: Floats64
    tails: Floats64
    parents: NDArray[np.int32]
    weights: Floats64

    @property
    def carrying(self) -> Integers:
        """The joints that carry skin."""
        return np.flatnonzero(self.weights.max(0, initial=0.0) > _MOVES)

    @property
    def bones(self) -> Integers:
        """(B, 2) pairs of a carrying joint's nearest carrying ancestor and itself."""
        return bones_between(self.carrying, self.parents)


@dataclass(frozen=True, kw_only=True)
class Matched:
    """Our rig laid over a truth: ``bone_of`` (T,) for every joint of the truth our bone or -1; ``group_of`` (J,) for every joint of ours
    the bone that stands for it or -1; ``leader`` (J,) for every bone of ours the truth's joint with the most skin, or -1."""

    ours: Ours
    truth: TruthRig
    bone_of: Integers
    group_of: Integers
    leader: Integers


def matched(rig: Rig, vertices: Floats64, joints: Floats64, tails: Floats64, truth: TruthRig) -> Matched:
    """Lay ``rig`` (its weights (V, J) those of ``vertices`` (V, 3)), placed in the truth's world, over ``truth``."""
    if rig.weights is None:
        raise ValueError("the rig has no weights")
    ours = Ours(vertices=vertices, joints=joints, tails=tails, parents=rig.parents, weights=rig.weights.astype(np.float64))
    carrying = ours.carrying
    bone_of = np.full(len(truth.names), -1, np.int64)
    skin = np.flatnonzero(truth.weights.max(0, initial=0.0) > _MOVES)
    middles = _middles(truth)[skin]
    bone_of[skin] = carrying[_to_segments(middles, joints[carrying], tails[carrying]).argmin(1)]
    group_of, leader = np.full(len(joints), -1, np.int64), np.full(len(joints), -1, np.int64)
    hit = np.unique(bone_of[skin])
    for joint in carrying:
        above = int(joint)
        while above >= 0 and above not in hit:
            above = int(rig.parents[above])
        group_of[joint] = above if above >= 0 else hit[np.linalg.norm(joints[hit] - joints[joint], axis=1).argmin()]
    amounts = truth.weights.sum(0)
    for bone in hit:
        members = np.flatnonzero(bone_of == bone)
        leader[bone] = members[amounts[members].argmax()]
    return Matched(ours=ours, truth=truth, bone_of=bone_of, group_of=group_of, leader=leader)


def skeleton_scores(pair: Matched) -> SkeletonScores:
    """How near the joints and bones lie."""
    return compare_skeletons(pair.ours.joints, pair.ours.carrying, pair.ours.bones, pair.truth)


def compare_skeletons(points: Floats64, joints: Integers, bones: Integers, truth: TruthRig) -> SkeletonScores:
    """How near a skeleton in the truth's world lies: of its ``points`` (N, 3) the ``joints`` count, ``bones`` (B, 2) join pairs."""
    mine, theirs = points[joints], truth.places[truth.carrying]
    samples, wanted = _samples(points, bones), _samples(truth.places, truth.bones)
    return SkeletonScores(
        j2j=_chamfer(mine, theirs),
        j2b=(_away(mine, wanted) + _away(theirs, samples)) / 2,
        b2b=_chamfer(samples, wanted),
        b2b_even=_chamfer(_samples(points, bones, even=True), _samples(truth.places, truth.bones, even=True)),
        joints=len(mine),
        truth_joints=len(theirs),
    )


def skin_scores(pair: Matched) -> SkinScores:
    """How well the grouped weights agree, at the truth's welded vertices."""
    places, weights = _welded(pair.truth)
    sound = np.abs(weights.sum(1) - 1) < 1e-2
    nearest = cKDTree(pair.ours.vertices).query(places[sound])[1]
    bones = np.unique(pair.bone_of[pair.bone_of >= 0])
    wanted = np.stack([weights[sound][:, pair.bone_of == bone].sum(1) for bone in bones], 1)
    given = np.stack([pair.ours.weights[nearest][:, pair.group_of == bone].sum(1) for bone in bones], 1)
    return _skin(given, wanted, len(bones))


def _skin(given: Floats64, wanted: Floats64, groups: int) -> SkinScores:
    given = np.where(given < _MOVES, 0, given)
    given = given / np.maximum(given.sum(1, keepdims=True), 1e-9)
    both = float(((given > 0) & (wanted > 0)).sum())
    return SkinScores(
        skin_precision=both / max(float((given > 0).sum()), 1),
        skin_recall=both / max(float((wanted > 0).sum()), 1),
        skin_l1=float(np.abs(given - wanted).sum(1).mean()),
        skin_groups=groups,
    )


def motion_scores(pair: Matched, moments: list[TruthRig]) -> MotionScores | None:
    """How far our rig strays from the truth in ``moments`` (the same file posed, in the rest pose's scale); None without any."""
    if not moments:
        return None
    truth = pair.truth
    _, first = np.unique(np.round(truth.vertices, 5), axis=0, return_index=True)
    nearest = cKDTree(pair.ours.vertices).query(truth.vertices[first])[1]
    errors: list[Floats64] = []
    still: list[Floats64] = []
    for moment in moments:
        wanted = (moment.vertices - truth.vertices)[first]
        given = _driven(pair, moment)[nearest] - pair.ours.vertices[nearest]
        errors.append(np.linalg.norm(given - wanted, axis=1))
        still.append(np.linalg.norm(wanted, axis=1))
    everything = 2 * np.concatenate(errors)
    return MotionScores(
        motion_mean=float(everything.mean()),
        motion_p99=float(np.percentile(everything, 99)),
        motion_still=float(2 * np.concatenate(still).mean()),
    )


def _driven(pair: Matched, moment: TruthRig) -> Floats64:
    """Our vertices (V, 3) when every matched joint turns as its counterpart does at ``moment``."""
    ours, truth = pair.ours, pair.truth
    turns = moment.turns @ truth.turns.transpose(0, 2, 1)
    own = np.tile(np.eye(3), (len(ours.joints), 1, 1))
    places = ours.joints.copy()
    for joint, above in enumerate(ours.parents):
        leader = int(pair.leader[joint])
        if leader >= 0:
            own[joint] = turns[leader]
        elif above >= 0:
            own[joint] = own[above]
        followed = above >= 0 and _moved(pair, int(above))
        if followed:
            places[joint] = places[above] + own[above] @ (ours.joints[joint] - ours.joints[above])
        elif leader >= 0:
            places[joint] = moment.places[leader] + turns[leader] @ (ours.joints[joint] - truth.places[leader])
    moved = np.einsum("jab,vjb->vja", own, ours.vertices[:, None] - ours.joints) + places
    result: Floats64 = (ours.weights[..., None] * moved).sum(1)
    return result


def _moved(pair: Matched, joint: int) -> bool:
    """Whether a joint or one above it follows the truth."""
    while joint >= 0:
        if pair.leader[joint] >= 0:
            return True
        joint = int(pair.ours.parents[joint])
    return False


def _middles(truth: TruthRig) -> Floats64:
    """The middle of the skin that every joint moves (T, 3); its own place where it moves none."""
    amounts = truth.weights.sum(0)
    moved: Floats64 = truth.weights.T @ truth.vertices / np.maximum(amounts, 1e-9)[:, None]
    return np.where((amounts > 1e-9)[:, None], moved, truth.places)


def _welded(truth: TruthRig) -> tuple[Floats64, Floats64]:
    _, first = np.unique(np.round(truth.vertices, 5), axis=0, return_index=True)
    return truth.vertices[first], truth.weights[first]


def _to_segments(points: Floats64, starts: Floats64, ends: Floats64) -> Floats64:
    """Distances (N, B) of points to segments."""
    along = ends - starts
    share = np.clip(((points[:, None] - starts) * along).sum(2) / np.maximum((along**2).sum(1), 1e-9), 0, 1)
    distances: Floats64 = np.linalg.norm(points[:, None] - starts - share[..., None] * along, axis=2)
    return distances


def _samples(points: Floats64, bones: Integers, *, even: bool = False) -> Floats64:
    """Points on the bones; the joints themselves where there is no bone."""
    if not len(bones):
        return points
    rows: list[Floats64] = []
    for above, joint in bones:
        length = float(np.linalg.norm(points[joint] - points[above]))
        steps = np.linspace(0, 1, max(int(length / _EVEN), 1) + 1) if even else np.arange(100) / 100
        rows.append(points[above] + steps[:, None] * (points[joint] - points[above]))
    return np.concatenate(rows)


def _away(points: Floats64, others: Floats64) -> float:
    return float(np.asarray(cKDTree(others).query(points)[0]).mean())


def _chamfer(points: Floats64, others: Floats64) -> float:
    return (_away(points, others) + _away(others, points)) / 2
