"""The clips of four-legged animals: idle, walk, trot, wag, look. (``sitting`` holds their sixth, sit.)"""

import numpy as np

from ...asset import Clip
from .gait import Step, settle, stand, take_steps
from .life import breathe, follow_through, nod, sway_tail, turn_head, twitch_ears
from .motion import Motion, pulse, spread, through, wave
from .puppet import Leg, Puppet

__all__ = ["idle", "look", "trot", "wag", "walk"]

_WALK = {"hind_left": 0.0, "fore_left": 0.25, "hind_right": 0.5, "fore_right": 0.75}  # lateral sequence
_TROT = {"hind_left": 0.0, "fore_right": 0.02, "hind_right": 0.5, "fore_left": 0.52}  # diagonal pairs


def idle(puppet: Puppet, energy: float) -> Clip:
    """Breathing, the weight shifted from side to side, a glance, an ear's flick, a slow tail."""
    motion = Motion(puppet.rig, 4.8, 20)
    shift = wave(motion.phase, 1, 0.05)
    breathe(motion, puppet, cycles=2)
    motion.move(left=0.010 * energy * puppet.size * shift)
    motion.turn(puppet.hips, roll=-1.4 * energy * shift, yaw=1.2 * energy * shift)
    turn_head(
        motion,
        puppet,
        yaw=energy * through(motion.phase, (0.0, 0), (0.12, 0), (0.26, 13), (0.48, 11), (0.62, -6), (0.8, -5), (0.92, 0)),
        pitch=energy * through(motion.phase, (0.0, 0), (0.3, -4), (0.6, 3), (0.85, 0)),
        roll=energy * through(motion.phase, (0.1, 0), (0.32, 5), (0.46, 5), (0.64, -2), (0.85, 0)),
    )
    sway_tail(motion, puppet, cycles=2, degrees=26 * energy)
    twitch_ears(motion, puppet, at=(0.3, 0.72))
    follow_through(motion, puppet)
    stand(motion, puppet)
    return motion.clip("idle")


def walk(puppet: Puppet, energy: float) -> Clip:
    """A lateral-sequence walk: three feet on the ground most of the time, a lazy spine, a nodding head."""
    legs = _height(puppet)
    motion = Motion(puppet.rig, _pace(legs, 1.05), 30)
    steps = {leg.name: _walking(puppet, leg, energy) for leg in puppet.legs}
    cycle = motion.phase
    bob = 0.028 * energy * legs * np.cos(4 * np.pi * (cycle - 0.31))
    motion.move(up=bob, left=0.045 * energy * legs * np.cos(2 * np.pi * (cycle - 0.43)))
    _swing_spine(motion, puppet, energy, yaw=5.5, roll=3.0, start=0.0, pitch=1.6)
    nod(motion, puppet, energy * 5.5 * np.cos(4 * np.pi * (cycle - 0.30)))
    _keep_gaze(motion, puppet, 0.7)
    steps = settle(motion, puppet, steps)
    sway_tail(motion, puppet, cycles=1, degrees=30 * energy, lag=0.1)
    follow_through(motion, puppet)
    take_steps(motion, puppet, steps)
    return motion.clip("walk")


def trot(puppet: Puppet, energy: float) -> Clip:
    """A trot: diagonal pairs, the body springs between them."""
    legs = _height(puppet)
    motion = Motion(puppet.rig, _pace(legs, 0.62), 30)
    steps = {leg.name: _trotting(puppet, leg, energy) for leg in puppet.legs}
    cycle = motion.phase
    motion.move(up=0.06 * energy * legs * -np.cos(4 * np.pi * (cycle - 0.2)))
    _swing_spine(motion, puppet, energy, yaw=3.0, roll=2.0, start=0.0, pitch=1.0)
    nod(motion, puppet, energy * 4.0 * np.cos(4 * np.pi * (cycle - 0.26)))
    turn_head(motion, puppet, pitch=-4.0 * energy)
    _keep_gaze(motion, puppet, 0.8)
    steps = settle(motion, puppet, steps)
    sway_tail(motion, puppet, cycles=1, degrees=16 * energy, lag=0.1, up=18 * energy * _raise_tail(puppet))
    follow_through(motion, puppet, amount=1.3)
    take_steps(motion, puppet, steps)
    return motion.clip("trot")


def wag(puppet: Puppet, energy: float) -> Clip:
    """Joy: the tail beats, the hips answer, the head bobs with open ears."""
    motion = Motion(puppet.rig, 2.0, 30)
    beat = wave(motion.phase, 5)
    gate = 0.75 + 0.25 * wave(motion.phase, 1, 0.1)
    motion.turn(puppet.hips, yaw=-4.0 * energy * beat * gate, roll=-2.2 * energy * beat * gate)
    for joint, share in zip(puppet.trunk[1:], spread(4.4 * energy, max(len(puppet.trunk) - 1, 1)), strict=False):
        motion.turn(joint, yaw=share * wave(motion.phase, 5, 0.06) * gate)
    motion.move(
        left=0.012 * energy * puppet.size * wave(motion.phase, 5, 0.04),
        up=-0.01 * energy * puppet.size * pulse(2 * motion.phase % 1.0, 0.5, 1.0),
    )
    turn_head(
        motion,
        puppet,
        pitch=energy * (through(motion.phase, (0.0, -3), (0.25, -7), (0.5, -3), (0.75, -7)) + 1.2 * wave(motion.phase, 5, 0.3)),
        yaw=energy * through(motion.phase, (0.0, 7), (0.5, -7)),
        roll=energy * through(motion.phase, (0.05, 7), (0.55, -7)),
    )
    lift = 24 * energy * _raise_tail(puppet)
    sway_tail(motion, puppet, cycles=5, degrees=95 * energy, lag=0.07, up=lift)
    follow_through(motion, puppet, amount=0.8)
    stand(motion, puppet)
    return motion.clip("wag")


def look(puppet: Puppet, energy: float) -> Clip:
    """Listen, look to the left, to the right, and tilt the head at you."""
    motion = Motion(puppet.rig, 4.4, 20)
    yaw = energy * through(
        motion.phase, (0.0, 0), (0.06, -2), (0.16, 33), (0.34, 30), (0.42, 33), (0.54, -29), (0.68, -27), (0.78, 0), (0.9, 0)
    )
    pitch = energy * through(motion.phase, (0.0, 0), (0.16, -4), (0.3, -6), (0.45, 5), (0.56, -5), (0.7, -3), (0.8, -2), (0.92, 0))
    roll = energy * through(motion.phase, (0.0, 0), (0.2, 3), (0.34, 8), (0.5, -2), (0.66, -6), (0.74, 0), (0.8, 13), (0.9, 12), (0.97, 0))
    breathe(motion, puppet, cycles=2)
    for joint, share in zip(puppet.trunk[1:], spread(0.16, max(len(puppet.trunk) - 1, 1), 1.5), strict=False):
        motion.turn(joint, yaw=share * yaw)
    turn_head(motion, puppet, yaw=0.84 * yaw, pitch=pitch, roll=roll)
    for ear in puppet.ears:  # ears go first and say where the eyes will follow
        prick = energy * (pulse(motion.phase, 0.12, 0.2) + pulse(motion.phase, 0.5, 0.2) + pulse(motion.phase, 0.79, 0.16))
        for joint in ear.joints:
            motion.turn(joint, pitch=7.0 * prick / len(ear.joints), yaw=ear.sign * 8.0 * prick / len(ear.joints))
    sway_tail(motion, puppet, cycles=2, degrees=22 * energy)
    twitch_ears(motion, puppet, at=(0.63, 0.88), degrees=12)
    follow_through(motion, puppet)
    stand(motion, puppet)
    return motion.clip("look")


def _swing_spine(motion: Motion, puppet: Puppet, energy: float, *, yaw: float, roll: float, start: float, pitch: float) -> None:
    """Turn the hips with the hind legs and the shoulders with the fore legs, a quarter cycle later in a walk."""
    cycle = motion.phase - start
    hips_yaw = -yaw * energy * np.cos(2 * np.pi * cycle)
    chest_yaw = -0.8 * yaw * energy * np.cos(2 * np.pi * (cycle - 0.25))
    motion.turn(
        puppet.hips,
        yaw=hips_yaw,
        roll=roll * energy * np.cos(2 * np.pi * (cycle - 0.36)),
        pitch=pitch * energy * np.cos(4 * np.pi * (cycle - 0.31)),
    )
    inner = puppet.trunk[1:]
    for share, joint in zip(spread(1.0, max(len(inner), 1)), inner, strict=False):
        motion.turn(joint, yaw=share * (chest_yaw - hips_yaw), roll=-share * 1.5 * roll * energy * np.cos(2 * np.pi * (cycle - 0.4)))


def _keep_gaze(motion: Motion, puppet: Puppet, share: float) -> None:
    """Take back most of the chest's yaw and roll at the neck and head: animals keep their eyes on where they go."""
    from scipy.spatial.transform import Rotation

    rotations, _ = motion.world()
    carried = Rotation.from_matrix(rotations[:, puppet.chest]).as_rotvec(degrees=True)
    turn_head(motion, puppet, yaw=-share * carried[:, 1], roll=-share * carried[:, 2])


def _walking(puppet: Puppet, leg: Leg, energy: float) -> Step:
    return Step(
        start=_WALK[_corner(leg)],
        duty=0.64,
        stride=_stride(puppet, energy, degrees=23),
        lift=energy * max((0.15 if leg.fore else 0.11) * leg.height, 0.025 * puppet.size),
        pitch=((0.0, 0), (0.46, 0), (0.64, 24 * energy), (0.76, 30 * energy), (0.93, -6 * energy)),
        flex=((0.0, -2), (0.5, 0), (0.64, 8), (0.77, (52 if leg.fore else 16) * energy), (0.92, 0)),
        follow=0.85 if leg.fore else 0.6,
    )


def _trotting(puppet: Puppet, leg: Leg, energy: float) -> Step:
    return Step(
        start=_TROT[_corner(leg)],
        duty=0.46,
        stride=_stride(puppet, energy, degrees=23),
        lift=energy * max((0.24 if leg.fore else 0.18) * leg.height, 0.035 * puppet.size),
        pitch=((0.0, 0), (0.28, 0), (0.46, 26 * energy), (0.62, 38 * energy), (0.92, -6 * energy)),
        flex=((0.0, -2), (0.36, 0), (0.46, 8), (0.65, (64 if leg.fore else 22) * energy), (0.92, 0)),
        follow=0.85 if leg.fore else 0.6,
    )


def _stride(puppet: Puppet, energy: float, *, degrees: float) -> float:
    """Metres a foot travels on the ground: the leg swings ``degrees`` both ways, a short leg swings wider."""
    height = float(np.mean([other.height for other in puppet.legs]))
    wide = np.clip(degrees * (0.36 * puppet.size / max(height, 1e-6)) ** 0.5, degrees * 0.8, 34)
    return energy * 2 * height * float(np.tan(np.radians(wide)))


def _corner(leg: Leg) -> str:
    return f"{'fore' if leg.fore else 'hind'}_{'left' if leg.sign >= 0 else 'right'}"


def _height(puppet: Puppet) -> float:
    return float(np.mean([leg.height for leg in puppet.legs]))


def _pace(height: float, seconds: float) -> float:
    """Seconds a cycle: as a pendulum's, shorter for shorter legs (``seconds`` at a leg of .4 m)."""
    return round(seconds * float(np.clip((height / 0.4) ** 0.4, 0.66, 1.15)), 2)


def _raise_tail(puppet: Puppet) -> float:
    """How much of a lift a tail still needs: 1 hanging, 0 already up."""
    if puppet.tail is None:
        return 0.0
    joints = puppet.tail.joints
    way = puppet.rig.tails[joints[-1]] - puppet.rig.joints[joints[0]]
    return float(np.clip(0.6 - way[1] / max(float(np.linalg.norm(way)), 1e-6), 0, 1))
