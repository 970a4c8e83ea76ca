"""Walking in place: where each foot is during a cycle, and how the body stays above its feet.

A foot on the ground moves backward at one constant speed (the ground of a treadmill), so nothing slides; in the air
it comes forward on a curve that leaves and meets the ground at that same speed. Its height is not a curve of the
joint but of the sole: the joint is lifted until the sole's lowest vertex is as high as wanted, whatever the foot's
pitch, so nothing sinks. Phases after Hildebrand (Symmetrical gaits of horses, Science 150, 1965).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...asset import Floats
from .ik import pitched, plant
from .life import keep_off_ground
from .motion import Array, Motion, through
from .puppet import Leg, Puppet

__all__ = ["Step", "settle", "stand", "step", "take_steps"]

_SINK = 0.06  # of the leg's height: a body that sinks further to reach its feet looks like a crouch


@dataclass(frozen=True, kw_only=True)
class Step:
    """How one foot moves through a cycle.

    ``start`` the phase at which it comes down, ``duty`` the share of the cycle that it stays down, ``stride`` metres
    that it travels backward meanwhile, ``lift`` metres of air under the sole at the top, ``pitch`` of the sole as keys
    (share of the foot's own cycle, degrees; positive: heel up) and ``flex`` of the cannon bone likewise.
    """

    start: float
    duty: float
    stride: float
    lift: float
    pitch: Sequence[tuple[float, float]]
    flex: Sequence[tuple[float, float]] = ((0.0, 0.0), (0.5, 0.0))
    follow: float = 0.8
    """The share of the leg's swing that the cannon bone shares."""


def step(phase: Array, row: Step) -> tuple[Array, Array, Array]:
    """The foot's own phase (K,) in 0..1, metres forward of the middle of its step, and metres of air under it."""
    own = (phase - row.start) % 1.0
    down = own < row.duty
    back = 0.5 - own / row.duty
    air = np.clip((own - row.duty) / (1 - row.duty), 0, 1)
    slope = -(1 - row.duty) / row.duty
    # Cubic Hermite from -1/2 to 1/2 whose slopes at both ends are the ground's.
    swing = -0.5 + slope * (air - 3 * air**2 + 2 * air**3) + 3 * air**2 - 2 * air**3
    lift = np.where(down, 0.0, np.sin(np.pi * air**0.85) ** 1.2)
    return own, row.stride * np.where(down, back, swing), row.lift * lift


def stand(motion: Motion, puppet: Puppet) -> None:
    """Keep every sole exactly where it is in the bind pose while the body moves.

    Legs that stand straight in the bind pose would be lifted off by any sway, so a subject on its legs sinks a little first.
    """
    if puppet.walks:
        carried = motion.world()
        missing = max(_out_of_reach(motion, leg, motion.rig.joints[leg.end][None].astype(np.float64), None, carried) for leg in puppet.legs)
        motion.move(up=-float(np.clip(missing, 0, 0.5 * _SINK * puppet.legs[0].height)))
    level = np.broadcast_to(np.eye(3), (len(motion.phase), 3, 3))
    for leg in puppet.legs:
        end = np.broadcast_to(motion.rig.joints[leg.end].astype(np.float64), motion.offset.shape)
        plant(motion, leg, end, level)
    keep_off_ground(motion, puppet)


def take_steps(motion: Motion, puppet: Puppet, steps: Mapping[str, Step]) -> None:
    """Plant the feet of a finished body motion, one ``Step`` for each leg's name."""
    for leg in puppet.legs:
        row = steps[leg.name]
        own, forward, air = step(motion.phase, row)
        pitch = through(own, *row.pitch)
        end = _stand_at(puppet, leg, forward, air, pitch)
        swung = _swing(motion, leg, end)
        plant(motion, leg, end, pitched(pitch), pitched(row.follow * swung + through(own, *row.flex)))
    keep_off_ground(motion, puppet)


def neutral(puppet: Puppet, leg: Leg) -> Floats:
    """Where a leg's last joint is in the middle of its step, (3,): below its pair's own mean reach, on the ground.

    A photo often shows a stride; the walk's middle is where the two feet of a pair would stand side by side.
    """
    joints = puppet.rig.joints
    pair = [other for other in puppet.legs if other.fore == leg.fore]
    reach = float(np.mean([joints[other.end, 2] - joints[other.joints[0], 2] for other in pair]))
    reach = float(np.clip(0.5 * reach, -0.09 * leg.height, 0.09 * leg.height))
    place = joints[leg.end].copy()
    place[2] = joints[leg.joints[0], 2] + reach
    place[1] = -leg.sole[:, 1].min()
    return place


def settle(motion: Motion, puppet: Puppet, steps: Mapping[str, Step]) -> dict[str, Step]:
    """Sink the body so far that every leg reaches its foot at every key, and shorten all strides where that is too far.

    Returns the steps that fit. All feet keep one stride, for they share one ground.
    """
    most = _SINK * float(np.mean([leg.height for leg in puppet.legs]))
    carried = motion.world()
    fitted, needed = dict(steps), 0.0
    for share in np.linspace(1.0, 0.4, 13):
        fitted = {name: replace(row, stride=share * row.stride) for name, row in steps.items()}
        needed = max(_shortfall(motion, puppet, leg, fitted[leg.name], carried) for leg in puppet.legs)
        if needed <= most:
            break
    motion.move(up=-min(max(needed, 0.0), 2 * most))
    return fitted


def _shortfall(motion: Motion, puppet: Puppet, leg: Leg, row: Step, carried: tuple[Array, Array]) -> float:
    """Metres by which the top of a leg would have to sink for its foot to be in reach at every key."""
    own, forward, air = step(motion.phase, row)
    end = _stand_at(puppet, leg, forward, air, through(own, *row.pitch))
    cannon = pitched(row.follow * _swing(motion, leg, end) + through(own, *row.flex)) if leg.toes else None
    return _out_of_reach(motion, leg, end, cannon, carried)


def _out_of_reach(motion: Motion, leg: Leg, end: Array, cannon: Array | None, carried: tuple[Array, Array]) -> float:
    """Metres by which the top of a leg, ``carried`` by the body, must sink for its last joint to reach ``end`` (K or 1, 3)."""
    joints = motion.rig.joints.astype(np.float64)
    rotations, positions = carried
    upper, lower, foot = leg.joints[:3]
    parent = int(motion.rig.parents[upper])
    hip = positions[:, parent] + rotations[:, parent] @ (joints[upper] - joints[parent])
    bone = joints[leg.end] - joints[foot]
    goal = end - (bone if cannon is None else cannon @ bone)
    reach = 0.99 * (np.linalg.norm(joints[lower] - joints[upper]) + np.linalg.norm(joints[foot] - joints[lower]))
    aside = np.hypot(goal[:, 0] - hip[:, 0], goal[:, 2] - hip[:, 2])
    highest = goal[:, 1] + np.sqrt(np.maximum(reach**2 - aside**2, 0))
    return float((hip[:, 1] - highest).max())


def _stand_at(puppet: Puppet, leg: Leg, forward: Array, air: Array, pitch: Array) -> Array:
    """The last joint's path (K, 3): it rolls over the toe's tip or the heel, ``air`` above the ground."""
    turned = pitched(pitch)
    place = np.tile(neutral(puppet, leg).astype(np.float64), (len(forward), 1))
    pivot = np.where(pitch[:, None] > 0, leg.tip, leg.heel).astype(np.float64)
    place[:, 2] += forward + pivot[:, 2] - np.einsum("kab,kb->ka", turned, pivot)[:, 2]
    lowest = np.einsum("kab,sb->kas", turned, leg.sole.astype(np.float64))[:, 1].min(1)
    place[:, 1] = air - lowest
    return place


def _swing(motion: Motion, leg: Leg, end: Array) -> Array:
    """Degrees by which the line from the leg's top to its last joint leans back, compared with the bind pose."""
    joints = motion.rig.joints.astype(np.float64)
    upper = leg.joints[0]
    rest = joints[leg.end] - joints[upper]
    now = end - joints[upper]
    lean = np.arctan2(-now[:, 2], -now[:, 1]) - np.arctan2(-rest[2], -rest[1])
    return np.degrees(lean)
