"""A named skeleton from the anatomy: one chain of joints along every part's centre line.

Names are the contract with whoever animates or retargets: ``root`` on the ground below the subject, ``hips``,
``spine_01``.., ``chest``, ``neck_01``.., ``head``, and for every other part its own name with ``_upper``, ``_lower``,
``_foot`` / ``_hand`` (and ``_toe`` for animals that walk on their toes) or with ``_01``, ``_02``... along a tail or an ear.
``chain`` finds the joints of a part again.
"""

import re
from dataclasses import dataclass, field

import numpy as np

from ..asset import Floats, Indices, Rig
from ..body import Body, BodyPart
from .centre_line import along, at, length, places
from .limb_joints import limb_joints
from .spine import is_fore, is_level, spine_line

__all__ = ["build_rig", "chain", "joint_parts"]

_NUMBER = 12  # joints along a snake: enough for two waves of its body
_NECK_AT = 0.4  # share of the neck's path, which starts between the fore legs, where the neck itself begins
_BURIED = 0.8  # of the radius at its root, the share by which a tail or an ear is buried in what it grows from


@dataclass
class _Joints:
    """The skeleton while it grows."""

    names: list[str] = field(default_factory=list[str])
    parents: list[int] = field(default_factory=list[int])
    places: list[Floats] = field(default_factory=list[Floats])
    tails: list[Floats] = field(default_factory=list[Floats])
    of_part: dict[str, list[int]] = field(default_factory=dict[str, list[int]])

    def add(self, part: str, parent: int, names: list[str], points: Floats) -> None:
        """Append a chain: joint k from ``points[k]`` to ``points[k + 1]``."""
        for place, name in enumerate(names):
            self.of_part.setdefault(part, []).append(len(self.names))
            self.parents.append(parent)
            parent = len(self.names)
            self.names.append(name)
            self.places.append(points[place])
            self.tails.append(points[place + 1])

    def nearest(self, part: str, point: Floats) -> int:
        """The joint of ``part`` whose bone passes nearest to a point (3,)."""
        own = self.of_part[part]
        return min(own, key=lambda joint: _distance(point, self.places[joint], self.tails[joint]))


def build_rig(body: Body) -> Rig:
    """The skeleton of a subject, without weights. Every joint's bind axes are the world's."""
    joints = _Joints(names=["root"], parents=[-1])
    trunk = body.parts[0]
    joints.places.append(np.zeros(3, np.float32))
    joints.tails.append(np.array([0, 0, 0.1], np.float32))
    _add_trunk(joints, body, trunk)
    for part in body.parts[1:]:
        parent = _parent_joint(joints, body, part)
        if part.kind in ("leg", "arm", "wing"):
            names, points = limb_joints(body, part)
            joints.add(part.name, parent, [f"{part.name}_{name}" for name in names], points)
        elif part.kind == "head":
            joints.add(part.name, parent, [part.name], at(part.path, [0, 1]))
        else:
            start = _outside(part, is_level(body))
            count = _count(part, (1 - start) * length(part.path))
            names = [f"{part.name}_{number:02d}" for number in range(1, count + 1)]
            joints.add(part.name, parent, names, at(part.path, np.linspace(start, 1, count + 1)))
    return Rig(
        names=tuple(joints.names),
        parents=np.array(joints.parents, np.int32),
        joints=np.stack(joints.places).astype(np.float32),
        tails=np.stack(joints.tails).astype(np.float32),
    )


def chain(rig: Rig, part: BodyPart) -> tuple[int, ...]:
    """The joints of a part, from its root to its tip."""
    if part.kind == "trunk":
        pattern = r"hips|spine_\d\d|chest"
    elif part.kind == "head":
        pattern = re.escape(part.name)
    else:
        pattern = re.escape(part.name) + r"_(upper|lower|foot|toe|hand|\d\d)"
    return tuple(joint for joint, name in enumerate(rig.names) if re.fullmatch(pattern, name))


def joint_parts(rig: Rig, body: Body) -> Indices:
    """(J,) for every joint the index of the part that it was made for; -1 for the root."""
    owner: Indices = np.full(len(rig.names), -1, np.int32)
    for place, part in enumerate(body.parts):
        owner[list(chain(rig, part))] = place
    return owner


def _add_trunk(joints: _Joints, body: Body, trunk: BodyPart) -> None:
    """Hips, spine and chest; the hips and the chest stand where the limbs hang."""
    if body.plan == "object":
        joints.add(trunk.name, 0, ["hips", "spine_01", "chest"], at(trunk.path, [0, 0.34, 0.67, 1]))
        return
    if body.plan in ("snake", "fish"):
        count = _NUMBER if body.plan == "snake" else 5
        names = ["hips", *(f"spine_{number:02d}" for number in range(1, count - 1)), "chest"]
        joints.add(trunk.name, 0, names, at(trunk.path, np.linspace(0, 1, count + 1)))
        return
    behind, before = _hung(body, trunk)
    inner = 3 if is_level(body) else 2
    points = at(spine_line(body), [*np.linspace(behind, before, inner + 1), 1.0])
    necks = body.of_kind("neck")
    if is_level(body) and necks:
        points[-1] = at(necks[0].path, [_NECK_AT])[0]
    names = ["hips", *(f"spine_{number:02d}" for number in range(1, inner)), "chest"]
    joints.add(trunk.name, 0, names, points)


def _hung(body: Body, trunk: BodyPart) -> tuple[float, float]:
    """Shares of the trunk's length where the hips and the chest joint stand."""
    legs = [part for part in body.of_kind("leg") if part.parent == trunk.name]
    if body.plan == "bird" and legs:  # a bird balances over its feet, not over its tail
        return float(np.clip(np.mean([along(trunk.path, leg.path[0]) for leg in legs]), 0.06, 0.5)), 0.75
    if not is_level(body):
        return 0.06, 0.68
    hind = [along(trunk.path, leg.path[0]) for leg in legs if not is_fore(body, leg)]
    fore = [along(trunk.path, leg.path[0]) for leg in legs if is_fore(body, leg)]
    behind = float(np.clip(np.mean(hind), 0.02, 0.3)) if hind else 0.05
    before = float(np.clip(np.mean(fore), 0.6, 0.9)) if fore else 0.75
    return behind, before


def _parent_joint(joints: _Joints, body: Body, part: BodyPart) -> int:
    assert part.parent is not None
    if part.parent == body.parts[0].name and body.plan in ("quadruped", "biped", "bird"):
        own = joints.of_part[part.parent]
        if part.kind in ("neck", "head", "arm", "wing"):
            return own[-1]
        if part.kind == "tail":
            return own[0]
        if part.kind == "leg":
            return own[-1] if body.plan == "quadruped" and is_fore(body, part) else own[0]
    return joints.nearest(part.parent, part.path[0])


def _outside(part: BodyPart, level: bool) -> float:
    """The share of a tail's or an ear's length that still lies inside what it grows from: its first joint turns there."""
    if part.kind == "neck":
        return _NECK_AT if level else 0.0
    away = np.linalg.norm(part.path - part.path[0], axis=1)
    beyond = away > _BURIED * part.radius[0]
    return min(float(places(part.path)[np.argmax(beyond)]), 0.5) if beyond.any() else 0.0


def _count(part: BodyPart, length: float) -> int:
    """How many joints a chain of that length without elbows gets."""
    if part.kind == "tail":
        return 2 if length < 0.08 else 4 if length < 0.35 else 5
    if part.kind == "neck":
        return 1 if length < 0.06 else 2 if length < 0.3 else 3
    if part.kind == "ear":
        return 1 if length < 0.1 else 2 if length < 0.22 else 3
    return 2 if length < 0.15 else 3


def _distance(point: Floats, start: Floats, end: Floats) -> float:
    axis = end - start
    along = np.clip((point - start) @ axis / max(float(axis @ axis), 1e-12), 0, 1)
    return float(np.linalg.norm(point - start - along * axis))
