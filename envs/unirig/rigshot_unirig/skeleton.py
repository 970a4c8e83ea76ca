"""A skeleton: joints in a tree, and how it is read from tokens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .arrays import Floats, Indices
from .grammar import Vocabulary

__all__ = ["Skeleton", "bone_tails", "children_of", "detokenise", "merged"]

_TOUCHING = 1e-6  # of the half box: joints nearer than this are one
_LEAF = 0.5  # of its parent's length, the length of a bone that ends nowhere
_SHORTEST = 0.004  # of the half box (half a quantum of the tokens): programs drop bones without length


@dataclass(frozen=True, kw_only=True)
class Skeleton:
    """``joints`` (J, 3); ``parents`` (J,), -1 for the root, which comes first, every parent before its children;
    ``template``: the first bones are those of this class, in its order."""

    joints: Floats
    parents: Indices
    template: str | None = None
    template_bones: int = 0

    def __len__(self) -> int:
        return len(self.joints)


def detokenise(tokens: Sequence[int], vocabulary: Vocabulary) -> Skeleton:
    """The skeleton (in the half box, -1..1) that ``tokens``, from bos to eos, mean. Raises ValueError if they mean none.

    A bone behind a branch token hangs on the joint nearest to its first place, the latest of equals, as upstream does.
    """
    words = [int(token) for token in tokens]
    while words and words[-1] == vocabulary.pad:
        words.pop()
    if len(words) < 3 or words[0] != vocabulary.bos or words[-1] != vocabulary.eos:
        raise ValueError("a skeleton's tokens run from bos to eos")
    classes = {token: name for name, token in vocabulary.classes.items()} | {vocabulary.no_class: ""}
    if words[1] not in classes:
        raise ValueError(f"token {words[1]} is no class")
    joints: list[Floats] = []
    parents: list[int] = []
    template_bones, branching, place, body = 0, False, 2, words[:-1]
    while place < len(body):
        kind = vocabulary.kind(body[place])
        if kind == "coordinate":
            taken = 6 if branching else 3
            values = _places(body[place : place + taken], taken, vocabulary.bins)
            parents.append(_nearest(joints, values[:3]) if branching else len(joints) - 1)
            joints.append(values[-3:])
            branching, place = False, place + taken
            continue
        if kind == "branch" and joints and not branching:
            branching = True
        elif kind in ("body", "hand") and not branching:
            template_bones += vocabulary.part_sizes[kind]
        elif kind != "spring" or branching:
            raise ValueError(f"token {body[place]} has no place at {place}")
        place += 1
    if not joints or branching or template_bones > len(joints):
        raise ValueError("the tokens end too early")
    template = classes[words[1]] if template_bones else None
    return Skeleton(joints=np.stack(joints), parents=np.array(parents, np.int32), template=template, template_bones=template_bones)


def merged(skeleton: Skeleton) -> Skeleton:
    """Without joints that stand where their parent does; their children hang on the parent. Templates keep all bones."""
    if skeleton.template:
        return skeleton
    keep: list[int] = []
    place_of = np.full(len(skeleton), -1)
    for joint, parent in enumerate(skeleton.parents):
        if parent >= 0 and np.abs(skeleton.joints[joint] - skeleton.joints[parent]).max() < _TOUCHING:
            place_of[joint] = place_of[parent]
        else:
            place_of[joint] = len(keep)
            keep.append(joint)
    parents = [-1 if skeleton.parents[joint] < 0 else int(place_of[skeleton.parents[joint]]) for joint in keep]
    return Skeleton(joints=skeleton.joints[keep], parents=np.array(parents, np.int32))


def children_of(parents: Indices) -> list[list[int]]:
    """For every joint its children, in order."""
    children: list[list[int]] = [[] for _ in parents]
    for joint, parent in enumerate(parents):
        if parent >= 0:
            children[parent].append(joint)
    return children


def bone_tails(joints: Floats, parents: Indices, reach: Callable[[Floats, Floats], float] | None = None) -> Floats:
    """(J, 3) where bones end: at the only child, at the child that goes on straightest, or, of a leaf, beyond it.

    ``joints`` in the half box; no bone comes out without length. ``reach`` says how far a leaf's bone goes from its joint
    along a unit vector; without it, half as far as its parent's bone.
    """
    children = children_of(parents)
    tails = np.empty_like(joints)
    for joint, own in enumerate(children):
        parent = int(parents[joint])
        way = joints[joint] - joints[parent] if parent >= 0 else np.array([0, 0, 1], np.float32)
        if own:
            tails[joint] = joints[_straightest(joints, joint, own, way)]
        else:
            length = float(np.linalg.norm(way))
            further = reach(joints[joint], way / length) if reach and length > _TOUCHING else _LEAF * length
            tails[joint] = joints[joint] + max(further, _SHORTEST) * way / max(length, 1e-9)
        if np.linalg.norm(tails[joint] - joints[joint]) < _SHORTEST:
            tails[joint] = joints[joint] + _SHORTEST * way / max(float(np.linalg.norm(way)), 1e-9)
            if not way.any():
                tails[joint] = joints[joint] + np.array([0, 0, _SHORTEST], np.float32)
    return tails


def _straightest(joints: Floats, joint: int, children: list[int], way: Floats) -> int:
    ways = joints[children] - joints[joint]
    cosines = ways @ way / np.maximum(np.linalg.norm(ways, axis=1), 1e-9)
    return children[int(np.argmax(cosines))]


def _places(tokens: list[int], count: int, bins: int) -> Floats:
    values = np.array(tokens, np.float32)
    if len(values) < count or (values >= bins).any():
        raise ValueError("a bone lacks coordinates")
    return ((values + 0.5) / bins * 2 - 1).astype(np.float32)


def _nearest(joints: list[Floats], place: Floats) -> int:
    distances = ((np.stack(joints) - place) ** 2).sum(1)
    return len(joints) - 1 - int(np.argmin(distances[::-1]))
