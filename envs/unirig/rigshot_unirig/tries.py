"""Several skeletons for one mesh, the best kept: what a try makes, judges and names."""

from collections.abc import Iterator
from dataclasses import dataclass

from .arrays import Floats, Indices
from .grammar import Vocabulary
from .mesh import Box, from_upstream
from .names import NamedRig, name_rig
from .rig_check import GOOD, RigCheck, Subject, bone_tails, check_rig
from .skeleton import Skeleton, detokenise, merged

__all__ = ["Try", "best_of", "classes_for", "in_metres", "judged"]

_CLASSES = {"biped": ("articulationxl", "vroid")}
_ANY = ("articulationxl",)


@dataclass(frozen=True, kw_only=True)
class Try:
    """A skeleton in the half box, its figures, and the seed that it came from."""

    skeleton: Skeleton
    check: RigCheck
    seed: int


def classes_for(plan: str | None, tries: int, default: str) -> list[str]:
    """The class of skeleton that every try asks for.

    The published weights were trained on Articulation-XL, so that class comes first for everyone; people's second try asks
    for the template of 52 named bones.
    """
    known = _CLASSES.get(plan or "", _ANY)
    return [default if known[number % len(known)] == _ANY[0] else known[number % len(known)] for number in range(tries)]


def judged(tokens: list[int], vocabulary: Vocabulary, subject: Subject, seed: int) -> Try:
    """The skeleton that ``tokens`` mean and what it is worth."""
    skeleton = merged(detokenise(tokens, vocabulary))
    return Try(skeleton=skeleton, check=check_rig(subject, skeleton), seed=seed)


def best_of(tries: Iterator[Try]) -> Try:
    """The first good try, or the best of all: sound ones before others, then by score."""
    best: Try | None = None
    for one in tries:
        if best is None or (one.check.sound, one.check.score) > (best.check.sound, best.check.score):
            best = one
        if one.check.sound and one.check.score >= GOOD:
            break
    if best is None:
        raise ValueError("there must be one try at least")
    return best


def in_metres(skeleton: Skeleton, subject: Subject, box: Box, vertices: Floats, plan: str | None) -> NamedRig:
    """The named rig, in glTF's axes and metres, of a skeleton in the half box of the mesh with ``vertices`` (V, 3)."""
    joints: Floats = from_upstream(box.outside(skeleton.joints))
    tails: Floats = from_upstream(box.outside(bone_tails(subject, skeleton)))
    parents: Indices = skeleton.parents
    placed = Skeleton(joints=joints, parents=parents, template=skeleton.template, template_bones=skeleton.template_bones)
    return name_rig(placed, tails, vertices.min(0), vertices.max(0), plan)
