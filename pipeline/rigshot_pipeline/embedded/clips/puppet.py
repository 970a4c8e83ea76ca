"""A rigged subject as an animator sees it: which joints form its spine, its legs, its tail, and how large all is."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from ...asset import Floats, Mesh, Rig
from ...body import Body, BodyPart
from ..centre_line import along, length
from ..skeleton import chain
from ..spine import is_fore

__all__ = ["Chain", "Leg", "Puppet"]

_SOLE = 0.02  # metres above a foot's lowest vertex that still count as its sole
_ASIDE = 0.06  # metres from the middle plane from which a limb is the left or the right one
_HANDS = 0.1  # metres above the ground below which an "arm" would be a leg
_CLEAR = 0.03  # metres of air below the belly without which nothing walks


@dataclass(frozen=True, kw_only=True)
class Chain:
    """A part's joints from root to tip.

    ``sign``: +1 left, -1 right, 0 on the middle line; ``length`` metres; ``thick`` the part's radius at the end of each
    joint's bone (metres).
    """

    name: str
    sign: int
    joints: tuple[int, ...]
    length: float
    thick: tuple[float, ...]
    visible: bool


@dataclass(frozen=True, kw_only=True)
class Leg(Chain):
    """A leg that stands on the ground.

    ``fore``: of a quadruped's front pair. ``sole`` (n, 3): the sole's vertices relative to the joint ``end`` in the bind
    pose; ``tip`` and ``heel`` (3,) its foremost and hindmost points. ``height``: from the ground to the topmost joint.
    """

    fore: bool
    sole: Floats
    tip: Floats
    heel: Floats
    height: float

    @property
    def end(self) -> int:
        """The joint that carries the sole: the toes', or a biped's ankle."""
        return self.joints[-1]

    @property
    def toes(self) -> bool:
        """Whether the leg has four bones (upper, lower, cannon, toes) instead of three (upper, lower, foot)."""
        return len(self.joints) == 4


@dataclass(frozen=True, kw_only=True)
class Puppet:
    """All that the clips need to know. Chains are in the body's order; ``trunk`` runs from the hips to the chest."""

    mesh: Mesh
    body: Body
    rig: Rig
    trunk: tuple[int, ...]
    neck: tuple[int, ...]
    head: int | None
    ears: tuple[Chain, ...]
    tail: Chain | None
    legs: tuple[Leg, ...]
    arms: tuple[Chain, ...]
    wings: tuple[Chain, ...]
    others: tuple[Chain, ...]
    size: float
    walks: bool

    @classmethod
    def of(cls, mesh: Mesh, body: Body, rig: Rig) -> Self:
        """Read the chains of a skinned rig from its joints' names and the body's parts."""
        legs = tuple(_leg(mesh, body, rig, part) for part in body.of_kind("leg"))
        heads = [chain(rig, part) for part in body.of_kind("head")]
        arms = _arms(rig, body)
        rest = [_chain(rig, part) for part in body.parts if part.kind in ("fin", "limb")]
        tails = [_chain(rig, part) for part in body.of_kind("tail")]
        return cls(
            mesh=mesh,
            body=body,
            rig=rig,
            trunk=chain(rig, body.parts[0]),
            neck=tuple(joint for part in body.of_kind("neck")[:1] for joint in chain(rig, part)),
            head=heads[0][0] if heads else None,
            ears=tuple(_chain(rig, part) for part in body.of_kind("ear")),
            tail=max(tails, key=lambda row: row.length) if tails else None,
            legs=legs,
            arms=arms,
            wings=tuple(_chain(rig, part) for part in body.of_kind("wing")),
            others=tuple(row for row in rest if row.joints not in {arm.joints for arm in arms}),
            size=float(np.ptp(mesh.vertices, axis=0).max()),
            walks=_walks(mesh, body, legs),
        )

    @property
    def hips(self) -> int:
        """The joint that carries all but the root."""
        return self.trunk[0]

    @property
    def chest(self) -> int:
        """The last joint of the trunk."""
        return self.trunk[-1]

    @property
    def gaze(self) -> tuple[int, ...]:
        """Joints that share a turn of the head: neck and head, or the chest of a subject without either."""
        return (*self.neck, *([self.head] if self.head is not None else [])) or (self.chest,)


def _chain(rig: Rig, part: BodyPart) -> Chain:
    joints = chain(rig, part)
    ends = [along(part.path, rig.tails[joint]) for joint in joints]
    return Chain(
        name=part.name,
        sign=_side(part),
        joints=joints,
        length=length(part.path),
        thick=tuple(float(np.interp(end, np.linspace(0, 1, len(part.radius)), part.radius)) for end in ends),
        visible=part.visible,
    )


def _side(part: BodyPart) -> int:
    """+1 left, -1 right; a limb whose side nobody named has the side where its tip is."""
    if part.side != "centre" or part.kind != "limb":
        return {"left": 1, "right": -1, "centre": 0}[part.side]
    return int(np.sign(part.path[-1, 0])) if abs(part.path[-1, 0]) > _ASIDE else 0


def _arms(rig: Rig, body: Body) -> tuple[Chain, ...]:
    """The arms, and of a biped also the limbs that hang on its sides above the ground: what else could they be?"""
    sure = [_chain(rig, part) for part in body.of_kind("arm")]
    if body.plan == "biped":
        likely = [part for part in body.of_kind("limb") if _side(part) and part.path[-1, 1] > _HANDS and 0.25 < part.path[0, 1] < 0.75]
        sure += [_chain(rig, part) for part in likely]
    return tuple(row for row in sure if len(row.joints) > 1)


def _leg(mesh: Mesh, body: Body, rig: Rig, part: BodyPart) -> Leg:
    row = _chain(rig, part)
    end = rig.joints[row.joints[-1]]
    own = mesh.vertices[body.vertex_part == [other.name for other in body.parts].index(part.name)]
    if len(own) < 4:
        own = part.path[-1:] - np.array([0, part.radius[-1], 0], np.float32)
    sole = own[own[:, 1] <= own[:, 1].min() + _SOLE] - end
    middle = sole.mean(0)
    reach = sole[:, 2] - middle[2]
    return Leg(
        name=row.name,
        sign=row.sign,
        joints=row.joints,
        length=row.length,
        thick=row.thick,
        visible=row.visible,
        fore=body.plan == "quadruped" and is_fore(body, part),
        sole=sole,
        tip=np.array([middle[0], sole[:, 1].min(), middle[2] + 0.7 * reach.max()], np.float32),
        heel=np.array([middle[0], sole[:, 1].min(), middle[2] + 0.7 * reach.min()], np.float32),
        height=float(rig.joints[row.joints[0], 1]),
    )


def _walks(mesh: Mesh, body: Body, legs: tuple[Leg, ...]) -> bool:
    """Whether the legs reach from a free belly to the ground, on both sides (a seated or a lying subject's do not)."""
    paths = {part.name: part.path for part in body.parts}
    standing = [leg for leg in legs if paths[leg.name][0, 1] - paths[leg.name][-1, 1] > 0.55 * leg.length]
    sides = {leg.sign for leg in standing}
    trunk = mesh.vertices[body.vertex_part == 0, 1]
    free = len(trunk) == 0 or float(np.quantile(trunk, 0.01)) > _CLEAR
    spine = body.parts[0].path[-1] - body.parts[0].path[0]
    level = abs(float(spine[2])) > 0.6 * abs(float(spine[1]))
    if body.plan == "quadruped" and (len(legs) != 4 or not level):
        return False
    return free and len(standing) == len(legs) and {1, -1} <= sides and len(legs) in (2, 4)
