"""A standing animal sits down, looks about and gets up again."""

from dataclasses import dataclass

import numpy as np

from ...asset import Clip
from .ik import pitched, plant
from .life import breathe, follow_through, keep_off_ground, swing_aside, turn_head, twitch_ears
from .motion import Array, Motion, pulse, spread, through, wave
from .puppet import Leg, Puppet

__all__ = ["sit"]

_STEEPEST = 44.0  # degrees that the back leans at most: a dog's that sits upright
_AT_HIPS = 1.12  # times the lean: the hips lean more and the spine bends back by the rest
_FOLDED = 0.2  # of a hind leg's height: its top cannot come nearer to the ground
_SHOULDERS = 0.1  # of the hips' way down that the shoulders go with them


@dataclass(frozen=True, kw_only=True)
class _Seat:
    """The seated pose: the hips go ``down`` and ``forward`` (metres), the back leans by ``lean`` degrees."""

    down: float
    forward: float
    lean: float


def sit(puppet: Puppet, energy: float) -> Clip:
    """Sit: the hips sink to the ground between hind feet that step forward, the fore feet stay where they are."""
    motion = Motion(puppet.rig, 5.6, 24)
    seat = _seat(puppet, energy)
    down = through(motion.phase, (0.0, 0), (0.05, 0), (0.12, 0.4), (0.2, 1.03), (0.26, 1.0), (0.76, 1.0), (0.84, 0.5), (0.92, 0.0))
    motion.move(up=-seat.down * down, forward=seat.forward * down - 0.02 * puppet.size * energy * pulse(motion.phase, 0.06, 0.1))
    motion.turn(puppet.hips, pitch=-_AT_HIPS * seat.lean * down)
    for joint, share in zip(puppet.trunk[1:], spread((_AT_HIPS - 1) * seat.lean, max(len(puppet.trunk) - 1, 1)), strict=False):
        motion.turn(joint, pitch=share * down)
    breathe(motion, puppet, cycles=2, amount=0.8)
    turn_head(
        motion,
        puppet,
        pitch=0.9 * seat.lean * down
        + energy * through(motion.phase, (0.0, 0), (0.07, 8), (0.2, -4), (0.4, -7), (0.6, 2), (0.76, 0), (0.84, 9), (0.95, 0)),
        yaw=energy * through(motion.phase, (0.0, 0), (0.26, 0), (0.38, 17), (0.5, 15), (0.6, -11), (0.7, -9), (0.78, 0)),
        roll=energy * through(motion.phase, (0.28, 0), (0.4, 11), (0.5, 10), (0.6, -5), (0.75, 0)),
    )
    _lay_tail(motion, puppet, seat, down, energy)
    twitch_ears(motion, puppet, at=(0.42, 0.66))
    follow_through(motion, puppet)
    for leg in puppet.legs:
        _fold(motion, puppet, leg, seat, down)
    keep_off_ground(motion, puppet)
    return motion.clip("sit")


def _seat(puppet: Puppet, energy: float) -> _Seat:
    """The deepest seat: the rump touches the ground, the back is not too steep, the shoulders hardly sink."""
    joints = puppet.rig.joints.astype(np.float64)
    trunk = joints[puppet.chest] - joints[puppet.hips]
    length = max(float(np.hypot(trunk[1], trunk[2])), 1e-6)
    slope = float(np.degrees(np.arctan2(trunk[1], trunk[2])))
    own = puppet.mesh.vertices[puppet.body.vertex_part == 0] - joints[puppet.hips]
    rump = own[own[:, 2] < 0.25 * length]
    best = _Seat(down=0.0, forward=0.0, lean=0.0)
    for lean in np.linspace(0, _STEEPEST * energy, 45):
        rise = length * (np.sin(np.radians(slope + lean)) - np.sin(np.radians(slope)))
        down = rise / (1 - _SHOULDERS)
        turned = rump @ np.asarray(pitched(np.array([-lean]))[0]).T
        lowest = float(turned[:, 1].min()) if len(turned) else 0.0
        folded = min((_carried(puppet, leg, down, 0.0, lean)[1] - _FOLDED * leg.height for leg in puppet.legs if not leg.fore), default=1.0)
        if joints[puppet.hips, 1] - down + lowest < 0.008 or folded < 0:
            break
        back = length * (np.cos(np.radians(slope)) - np.cos(np.radians(slope + lean)))
        best = _Seat(down=float(down), forward=0.75 * float(back), lean=float(lean))
    return best


def _carried(puppet: Puppet, leg: Leg, down: float, forward: float, lean: float) -> Array:
    """Where the top of a hind leg (3,) is once the hips have moved and leaned."""
    joints = puppet.rig.joints.astype(np.float64)
    turned: Array = pitched(np.array([-_AT_HIPS * lean]))[0] @ (joints[leg.joints[0]] - joints[puppet.hips])
    return joints[puppet.hips] + turned + np.array([0.0, -down, forward])


def _lay_tail(motion: Motion, puppet: Puppet, seat: _Seat, down: Array, energy: float) -> None:
    """Let the tail lie behind the rump and wag there: it bends up as the back leans."""
    tail = puppet.tail
    if tail is None:
        return
    shares = spread(seat.lean, len(tail.joints), 0.6)  # keep_off_ground then lays it down
    seated = through(motion.phase, (0.0, 0.1), (0.2, 0.3), (0.35, 1), (0.65, 1), (0.8, 0.2))
    for place, (joint, share) in enumerate(zip(tail.joints, shares, strict=True)):
        motion.turn(joint, pitch=share * down)
        swing_aside(motion, joint, energy * 9 * seated * wave(motion.phase, 8, 0.08 * place))


def _fold(motion: Motion, puppet: Puppet, leg: Leg, seat: _Seat, down: Array) -> None:
    """Plant a foot. A hind foot steps forward under the sinking belly, and its cannon lies down, the hock on the ground."""
    joints = motion.rig.joints.astype(np.float64)
    end = np.tile(joints[leg.end], (len(down), 1))
    level = np.broadcast_to(np.eye(3), (len(down), 3, 3))
    if leg.fore or not leg.toes:
        plant(motion, leg, end, level)
        return
    upper, lower, foot = leg.joints[:3]
    cannon = float(np.linalg.norm(joints[leg.end] - joints[foot]))
    thigh = float(np.linalg.norm(joints[lower] - joints[upper]))
    # The hock comes to lie before the hip, so that the knee folds upwards.
    wanted = _carried(puppet, leg, seat.down, seat.forward, seat.lean)[2] + 0.45 * thigh + cannon
    stride = float(np.clip(wanted - joints[leg.end, 2], 0, 0.7 * leg.height)) * min(seat.lean / 25, 1)
    late = 0.035 if leg.sign > 0 else 0.0  # one foot after the other
    gone = through(motion.phase, (0.0, 0), (0.06 + late, 0), (0.15 + late, 1), (0.78 + late, 1), (0.88 + late, 0))
    lift = pulse(motion.phase, 0.105 + late, 0.09) + pulse(motion.phase, 0.83 + late, 0.1)
    end[:, 2] += stride * gone
    end[:, 1] += min(0.5 * stride, 0.12 * leg.height) * lift
    bone = joints[leg.end] - joints[foot]
    upright = float(np.degrees(np.arctan2(-bone[1], bone[2])))  # 90: the cannon stands; 0: it lies, toes forward
    above = max(leg.thick[1] - float(end[:, 1].min()), 0.0)  # the hock's skin, not its joint, lies on the ground
    lying = float(np.degrees(np.arcsin(np.clip(above / max(cannon, 1e-6), 0.1, 0.9))))
    plant(motion, leg, end, level, pitched(-np.clip(upright - lying, 0, 80) * min(seat.lean / 25, 1) * down))
