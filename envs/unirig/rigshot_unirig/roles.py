"""What every joint is, by its place in the body.

A role is a word that animation and retargeting can rely on: for people those of a humanoid (``hips``, ``left_upper_arm``,
…), for animals ``hips``, ``spine_01``.., ``chest``, ``neck_01``.., ``head``, ``tail_01``.., ``leg_front_l_01``..,
``leg_back_r_01``.. (``leg_l_01``.. for two legs), ``arm_`` / ``wing_`` / ``fin_l_01``.., ``ear_l_01``... None: not known.
A body that fails the check of its plan gets fewer roles, never wrong ones.
"""

from dataclasses import dataclass, field

import numpy as np

from .anatomy import Anatomy, Limb, Pair, path_between, read_anatomy
from .arrays import Floats, Indices

__all__ = ["Roles", "find_roles"]

_DOWN = 0.25  # of the body's height: a leg's lowest joint is below
_DROP = 0.08  # of the height that a leg goes down at least
_SHORT_SHOULDER = 0.75  # of the next bone: a collar bone is shorter
_LONG_END = 1.3  # of the bone before: a last bone as long as this is a head's, not another neck's
_AWAY = 0.15  # of the extent: a joint this far from the limbs that hang on it only controls them
_LEG = 0.06  # of the height, the shortest legs of a humanoid (toys have short ones)


@dataclass(frozen=True, kw_only=True)
class Roles:
    """``kind``: humanoid, quadruped, biped, swimmer or unknown; ``words`` (J,) a role or None for every joint."""

    kind: str
    words: tuple[str | None, ...]


@dataclass
class _Given:
    """Roles while they are given; the first word for a joint stays."""

    count: int
    words: dict[int, str] = field(default_factory=dict[int, str])

    def give(self, joint: int, word: str) -> None:
        if joint not in self.words and word not in self.words.values():
            self.words[joint] = word

    def chain(self, joints: list[int] | tuple[int, ...], word: str) -> None:
        for number, joint in enumerate(joints, 1):
            self.give(joint, f"{word}_{number:02d}")

    def sides(self, pair: Pair, word: str) -> None:
        self.chain(pair.left.chain, f"{word}_l")
        self.chain(pair.right.chain, f"{word}_r")

    def done(self, kind: str) -> Roles:
        return Roles(kind=kind, words=tuple(self.words.get(joint) for joint in range(self.count)))


def find_roles(joints: Floats, parents: Indices, low: Floats, high: Floats, plan: str | None = None) -> Roles:
    """Roles of the joints (J, 3) of a body with the bounding box ``low``, ``high``; ``plan``: what the subject is."""
    body = read_anatomy(joints, parents, low, high)
    given = _Given(len(joints))
    legs = [] if plan in ("fish", "snake") else _legs(body)
    if len(legs) == 2 and plan != "biped" and _one_before_the_other(body, legs):
        return _quadruped(body, given, legs)
    if legs and (len(legs) == 1 or plan in ("biped", "bird") or not _one_before_the_other(body, legs)) and len(legs) < 3:
        lowest = min(legs, key=lambda pair: body.joints[pair.left.chain[0], 1])
        return _upright(body, given, lowest, plan)
    if not legs and len(body.core) >= 3:
        return _swimmer(body, given)
    return given.done("unknown")


def _legs(body: Anatomy) -> list[Pair]:
    """The pairs that stand on the ground, the hindmost first."""

    def stands(limb: Limb) -> bool:
        lowest = min(body.height(joint) for joint in limb.members)
        if len(limb.chain) > 1:  # a last joint is where its bone begins; that ends about as far on
            lowest = min(lowest, 2 * body.height(limb.chain[-1]) - body.height(limb.chain[-2]))
        return lowest < _DOWN and body.height(limb.chain[0]) - lowest > _DROP

    legs = [pair for pair in body.pairs if stands(pair.left) and stands(pair.right)]
    return sorted(legs, key=lambda pair: body.place(pair.left)[2])


def _one_before_the_other(body: Anatomy, legs: list[Pair]) -> bool:
    back, front = body.joints[legs[0].left.chain[-1]], body.joints[legs[-1].left.chain[-1]]
    return front[2] - back[2] > max(abs(front[1] - back[1]), 0.1 * body.extent)


def _quadruped(body: Anatomy, given: _Given, legs: list[Pair]) -> Roles:
    back, front = legs
    hips, chest = _carrier(body, back), _carrier(body, front)
    given.sides(back, "leg_back")
    given.sides(front, "leg_front")
    given.give(hips, "hips")
    spine = path_between(body.parents, hips, chest)
    if chest != hips:
        given.give(chest, "chest")
        given.chain(spine[1:-1], "spine")
    head = _head(body, spine, upright=False)
    _name_head(body, given, chest, head, set(spine))
    _name_tail(body, given, hips, set(spine))
    return given.done("quadruped")


def _upright(body: Anatomy, given: _Given, legs: Pair, plan: str | None) -> Roles:
    hips = _carrier(body, legs)
    others = [pair for pair in body.pairs if pair is not legs and pair.attach not in _beyond_head(body, hips)]
    reaching = [pair for pair in others if _reach(body, pair.left) > 0.08 * body.extent and _above(body, pair, hips)]
    arms = max(reaching, key=lambda pair: _reach(body, pair.left), default=None)
    if plan in (None, "biped") and arms is not None and (people := _humanoid(body, legs, arms)) is not None:
        return people
    given.sides(legs, "leg")
    given.give(hips, "hips")
    spine = [hips]
    if arms is not None:
        given.sides(arms, "wing" if plan == "bird" else "arm")
        spine = path_between(body.parents, hips, arms.attach)
        if len(spine) > 1:
            given.give(arms.attach, "chest")
            given.chain(spine[1:-1], "spine")
    head = _head(body, spine, upright=True)
    if arms is None and head is not None:  # the trunk and the neck are one chain: its lower half is the spine
        way = path_between(body.parents, hips, head)
        half = 1 + (len(way) - 1) // 2
        given.chain(way[1:half], "spine")
        spine = way[:half]
    _name_head(body, given, spine[-1], head, set(spine))
    _name_tail(body, given, hips, set(spine))
    return given.done("biped")


def _humanoid(body: Anatomy, legs: Pair, arms: Pair) -> Roles | None:
    """A person's roles, or None if a person is not built like that."""
    hips = _carrier(body, legs)
    spine = path_between(body.parents, hips, arms.attach)[1:]
    if hips == arms.attach or not spine or any(joint in _ancestors(body, hips) for joint in spine):
        return None
    rise = body.joints[arms.attach] - body.joints[hips]
    head = _head(body, [hips, *spine], upright=True)
    if head is None or rise[1] < 0.8 * float(np.linalg.norm(rise)) or body.joints[head, 1] <= body.joints[arms.attach, 1]:
        return None
    drop = body.height(legs.left.chain[0]) - min(body.height(joint) for joint in legs.left.members)
    left_leg, right_leg = _leg_bones(legs.left), _leg_bones(legs.right)
    left_arm, right_arm = _arm_bones(body, arms.left), _arm_bones(body, arms.right)
    if drop < _LEG or not (left_leg and right_leg and left_arm and right_arm):
        return None
    given = _Given(len(body.joints))
    given.give(hips, "hips")
    names = ["spine", "chest", "upper_chest"]
    places = spine if len(spine) <= 3 else [spine[0], spine[-2], spine[-1]]
    for joint, word in zip(places, names, strict=False):
        given.give(joint, word)
    given.chain([joint for joint in spine if joint not in places], "spine_extra")
    neck = path_between(body.parents, arms.attach, head)[1:]
    end = _head_end(body, neck)
    given.give(neck[end], "head")
    for number, joint in enumerate(neck[:end]):
        given.give(joint, "neck" if number == 0 else f"neck_{number + 1:02d}")
    if end + 1 < len(neck):
        given.give(neck[end + 1], "head_end")
    for side, leg, arm in (("left", left_leg, left_arm), ("right", right_leg, right_arm)):
        for joint, word in (*leg, *arm):
            given.give(joint, f"{side}_{word}")
    for pair in body.pairs:
        if pair.attach in neck[end:] and body.joints[pair.left.chain[-1], 1] > body.joints[pair.attach, 1] + 0.03 * body.extent:
            given.sides(pair, "ear")
    _name_tail(body, given, hips, {hips, *spine})
    return given.done("humanoid")


def _leg_bones(limb: Limb) -> list[tuple[int, str]]:
    if len(limb.chain) < 2:
        return []
    return list(zip(limb.chain, ("upper_leg", "lower_leg", "foot", "toes"), strict=False))


def _arm_bones(body: Anatomy, limb: Limb) -> list[tuple[int, str]]:
    """Collar bone, upper arm, lower arm and hand along a chain; the hand is where fingers part, or the last joint."""
    chain = limb.chain
    fingers = next((place for place, joint in enumerate(chain) if len(body.children[joint]) >= 2), None)
    hand = fingers if fingers is not None and fingers >= 2 else len(chain) - 1
    if hand < 1:
        return []
    first = np.linalg.norm(body.joints[chain[1]] - body.joints[chain[0]])
    second = np.linalg.norm(body.joints[chain[min(2, len(chain) - 1)]] - body.joints[chain[1]])
    shoulder = hand >= 3 and first < _SHORT_SHOULDER * second
    words = ("shoulder", "upper_arm", "lower_arm", "hand") if shoulder else ("upper_arm", "lower_arm", "hand")
    return list(zip(chain[: hand + 1], words, strict=False))


def _swimmer(body: Anatomy, given: _Given) -> Roles:
    leaves = body.core_leaves()
    front = max(leaves, key=lambda joint: body.joints[joint, 2])
    back = min([*leaves, 0], key=lambda joint: body.joints[joint, 2])
    way = path_between(body.parents, back, front)
    if len(way) < 3 or body.joints[front, 2] - body.joints[back, 2] < 0.4 * body.size[2]:
        return given.done("unknown")
    given.give(front, "head")
    root = way.index(0) if 0 in way[:-1] else 0
    given.give(way[root], "hips")
    given.chain(way[root + 1 : -1], "spine")
    given.chain(way[:root][::-1], "tail")
    if fins := [pair for pair in body.pairs if pair.attach in way]:
        given.sides(max(fins, key=lambda pair: _reach(body, pair.left)), "fin")
    return given.done("swimmer")


def _head(body: Anatomy, spine: list[int], *, upright: bool) -> int | None:
    """The core's end that is farthest up and forward, seen from the end of the spine."""
    last = spine[-1]
    leaves = [joint for joint in body.core_leaves() if not set(path_between(body.parents, last, joint)[1:]) & set(spine)]
    leaves = [joint for joint in leaves if joint != last]
    weights = np.array([0, 1.0, 0.4] if upright else [0, 0.5, 1.0])

    def ahead(joint: int) -> float:
        return float((body.joints[joint] - body.joints[last]) @ weights)

    best = max(leaves, key=ahead, default=None)
    return best if best is not None and ahead(best) > 0.05 * body.extent else None


def _head_end(body: Anatomy, neck: list[int]) -> int:
    """The place of the head's own joint in the chain from the trunk to its tip."""
    carrying = [place for place, joint in enumerate(neck) if any(pair.attach == joint for pair in body.pairs)]
    if carrying:
        return carrying[-1]
    if len(neck) >= 3:
        last, before = (float(np.linalg.norm(body.joints[neck[place]] - body.joints[neck[place - 1]])) for place in (-1, -2))
        return len(neck) - 2 if last >= _LONG_END * before else len(neck) - 1
    return len(neck) - 1


def _name_head(body: Anatomy, given: _Given, trunk: int, head: int | None, spine: set[int]) -> None:
    if head is None:
        return
    neck = [joint for joint in path_between(body.parents, trunk, head)[1:] if joint not in spine]
    if not neck:
        return
    end = _head_end(body, neck)
    given.give(neck[end], "head")
    given.chain(neck[:end], "neck")
    if end + 1 < len(neck):
        given.give(neck[end + 1], "head_end")
    for pair in body.pairs:
        if pair.attach in neck[end:] and body.joints[pair.left.chain[-1], 1] > body.joints[pair.attach, 1] + 0.01 * body.extent:
            given.sides(pair, "ear")


def _name_tail(body: Anatomy, given: _Given, hips: int, spine: set[int]) -> None:
    """The core's end behind the hips; a tail that hangs to one side is a limb without a pair."""
    ends = [(joint, path_between(body.parents, hips, joint)[1:]) for joint in body.core_leaves() if joint != hips]
    ends += [(limb.chain[-1], path_between(body.parents, hips, limb.chain[-1])[1:]) for limb in body.single]
    behind = body.joints[hips, 2] - 0.02 * body.extent
    free = [(joint, way) for joint, way in ends if not set(way) & (spine | set(given.words)) and body.joints[joint, 2] < behind]
    if free:
        given.chain(min(free, key=lambda row: body.joints[row[0], 2])[1], "tail")


def _carrier(body: Anatomy, pair: Pair) -> int:
    """The core's joint that a pair of limbs moves with: what it hangs on, or a neighbour of that if that is far away."""
    top = (body.joints[pair.left.chain[0]] + body.joints[pair.right.chain[0]]) / 2

    def away(joint: int) -> float:
        return float(np.linalg.norm(body.joints[joint] - top))

    if away(pair.attach) <= _AWAY * body.extent:
        return pair.attach
    near = [joint for joint in (*body.children[pair.attach], int(body.parents[pair.attach])) if joint in body.core]
    return min([pair.attach, *near], key=away)


def _ancestors(body: Anatomy, joint: int) -> set[int]:
    return set(path_between(body.parents, joint, 0)[1:])


def _beyond_head(body: Anatomy, hips: int) -> set[int]:
    """Core joints from which no other limb leads on upwards: what hangs there is an ear or an eye."""
    lifted = [joint for joint in body.core_leaves() if body.joints[joint, 1] > body.joints[hips, 1]]
    return {joint for joint in lifted if len(path_between(body.parents, hips, joint)) > 3}


def _above(body: Anatomy, pair: Pair, hips: int) -> bool:
    return pair.attach != hips and body.joints[pair.attach, 1] > body.joints[hips, 1] - 0.1 * body.size[1]


def _reach(body: Anatomy, limb: Limb) -> float:
    places = body.joints[list(limb.chain)]
    return float(np.linalg.norm(np.diff(places, axis=0), axis=1).sum())
