"""Where a limb's joints are: elbows, knees, wrists, hocks, toes.

They are put where the centre line bends most to the side to which that joint of the living animal bends, drawn towards
its usual place; a straight leg gets a slight bend, so that inverse kinematics knows where to go. The usual places are
those of eight rigged four-legged animals (a fox, dogs, a wolf, a horse, a cow, deer), whose joints lie on average 28 mm from
the bones made here when the animal is 1 m long.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ..asset import Floats
from ..body import Body, BodyPart
from .centre_line import along, at, length, places
from .spine import is_fore, is_level, spine_line

__all__ = ["limb_joints"]

_TOES = (0.76, 0.88, 0.93)  # shares of the leg between which the toes begin; below, the paw stays flat on the ground
_UNDER_SPINE = {True: 0.25, False: 0.75}  # how far up from its path's start to the spine a fore, a hind leg turns
_SLIGHT_BEND = 0.035  # of a limb's length: visible to a solver, not to the eye


@dataclass(frozen=True, kw_only=True)
class _Bend:
    """One inner joint of a limb: where to look for it (shares of the length), and to which side (positive: forward) and how
    strongly it bends at least, in units of ``_SLIGHT_BEND``."""

    name: str
    low: float
    usual: float
    high: float
    forward: float


_LIMBS: dict[Literal["fore", "hind", "leg", "bird", "arm", "wing"], tuple[_Bend, ...]] = {
    "fore": (
        _Bend(name="lower", low=0.3, usual=0.42, high=0.52, forward=-1),
        _Bend(name="foot", low=0.64, usual=0.72, high=0.8, forward=1),
    ),
    "hind": (
        _Bend(name="lower", low=0.22, usual=0.27, high=0.36, forward=4),
        _Bend(name="foot", low=0.54, usual=0.63, high=0.72, forward=-1),
    ),
    "leg": (
        _Bend(name="lower", low=0.38, usual=0.48, high=0.58, forward=1),
        _Bend(name="foot", low=0.7, usual=0.8, high=0.88, forward=-0.3),
    ),
    "bird": (
        _Bend(name="lower", low=0.22, usual=0.32, high=0.45, forward=1),
        _Bend(name="foot", low=0.5, usual=0.64, high=0.78, forward=-1),
    ),
    "arm": (
        _Bend(name="lower", low=0.36, usual=0.47, high=0.58, forward=-1),
        _Bend(name="hand", low=0.76, usual=0.83, high=0.9, forward=0.3),
    ),
    "wing": (
        _Bend(name="lower", low=0.24, usual=0.34, high=0.46, forward=-1),
        _Bend(name="hand", low=0.56, usual=0.66, high=0.76, forward=1),
    ),
}


def limb_joints(body: Body, part: BodyPart) -> tuple[list[str], Floats]:
    """The joints of a leg, an arm or a wing: their names behind the part's own (j), and the points (j + 1, 3) that they and
    the last bone's end stand at."""
    toes = body.plan == "quadruped" and part.kind == "leg"
    bends = _LIMBS[_template(body, part)]
    toe = _Bend(name="toe", low=_TOES[0], usual=_TOES[1], high=_TOES[2], forward=-1)
    part = _hung_from_spine(body, part) if is_level(body) and part.kind == "leg" else part
    end = _strongest(part, toe, 1.0) if toes else 1.0
    points = at(part.path, [0.0, *(_strongest(part, bend, end) for bend in bends), end])
    _bend_slightly(points, part, bends)
    names = ["upper", *(bend.name for bend in bends)]
    if toes:
        names.append("toe")
        points = np.concatenate([points, part.path[-1:]])
    elif part.kind == "leg" and body.plan == "biped":
        points[-1] = _toe_tip(part, points)
    return names, points


def _hung_from_spine(body: Body, leg: BodyPart) -> BodyPart:
    """The leg with its top, which starts where the trunk's centre line dips to it, moved up under the straight spine."""
    spine = spine_line(body)
    above = float(np.interp(leg.path[0, 2], spine[:, 2], spine[:, 1]))
    rise = above - float(leg.path[0, 1])
    if not 0 < rise < 0.25:
        return leg
    top = leg.path[0] + np.array([0, _UNDER_SPINE[is_fore(body, leg)] * rise, 0], np.float32)
    kept = places(leg.path) > 0.15
    return replace(leg, path=np.concatenate([top[None], leg.path[kept]]), radius=np.concatenate([leg.radius[:1], leg.radius[kept]]))


def _template(body: Body, part: BodyPart) -> Literal["fore", "hind", "leg", "bird", "arm", "wing"]:
    if part.kind == "arm":
        return "arm"
    if part.kind == "wing":
        return "wing"
    if body.plan == "quadruped":
        return "fore" if is_fore(body, part) else "hind"
    return "bird" if body.plan == "bird" else "leg"


def _strongest(part: BodyPart, bend: _Bend, end: float) -> float:
    """The share of the length where the limb bends most to the joint's own side, drawn towards its usual place."""
    shares = np.linspace(bend.low, bend.high, 25)
    ends = at(part.path, [max(bend.low - 0.3, 0.0), min(bend.high + 0.2, end)])
    chord = ends[1] - ends[0]
    across = float(np.linalg.norm(chord)) or 1.0
    out = (at(part.path, shares) - ends[0]) @ _sideways(chord, bend.forward) / across
    return float(shares[np.argmax(out - 0.9 * (shares - bend.usual) ** 2 / (bend.high - bend.low))])


def _bend_slightly(points: Floats, part: BodyPart, bends: tuple[_Bend, ...]) -> None:
    """Move inner joints outwards, within the limb, until each stands a little off the line between its neighbours."""
    whole = length(part.path)
    for place, bend in enumerate(bends, 1):
        chord = points[place + 1] - points[place - 1]
        side = _sideways(chord, bend.forward)
        out = float((points[place] - points[place - 1]) @ side)
        radius = float(np.interp(along(part.path, points[place]), np.linspace(0, 1, len(part.radius)), part.radius))
        missing = _SLIGHT_BEND * abs(bend.forward) * whole - out
        points[place] += side * np.clip(missing, 0, (0.7 if abs(bend.forward) <= 1 else 1.5) * radius)


def _sideways(chord: Floats, forward: float) -> Floats:
    """The unit vector square to ``chord`` that points forward (or backward) as far as it can; up for a forward limb."""
    across = float(np.linalg.norm(chord))
    unit = chord / across if across > 0 else np.array([0, -1, 0], np.float32)
    wanted = np.array([0, 0, np.sign(forward)], np.float32)
    if abs(unit[2]) > 0.8:
        wanted = np.array([0, 1, 0], np.float32)
    side = wanted - unit * (wanted @ unit)
    square: Floats = (side / np.linalg.norm(side)).astype(np.float32)
    return square


def _toe_tip(part: BodyPart, points: Floats) -> Floats:
    """The end of a biped's foot: the path's own end where it runs forward, else as far forward as the foot is thick."""
    tip, ankle = part.path[-1], points[-2]
    if tip[2] - ankle[2] > 0.5 * float(np.linalg.norm(tip - ankle)):
        return tip
    thick = float(part.radius[len(part.radius) // 2 :].max())
    return np.array([tip[0], 0.4 * tip[1] + 0.1 * ankle[1], ankle[2] + max(1.3 * thick, 0.8 * float(ankle[1]))], np.float32)
