"""The clips of those who stand on two legs: idle, walk, wave, look."""

import numpy as np

from ...asset import Clip
from .gait import Step, settle, stand, take_steps
from .ik import aim
from .life import breathe, follow_through, nod, sway_tail, turn_head, twitch_ears
from .motion import Array, Motion, pulse, spread, through, wave
from .puppet import Chain, Puppet

__all__ = ["idle", "look", "walk", "wave_hand"]


def idle(puppet: Puppet, energy: float) -> Clip:
    """Breathing, the weight shifted from one leg to the other, arms that hang and swing a little."""
    motion = Motion(puppet.rig, 4.8, 20)
    shift = wave(motion.phase, 1, 0.04)
    breathe(motion, puppet, cycles=2)
    motion.move(left=0.012 * energy * puppet.size * shift)
    motion.turn(puppet.hips, roll=-2.2 * energy * shift, yaw=2.0 * energy * wave(motion.phase, 1, 0.1))
    for joint, share in zip(puppet.trunk[1:], spread(2.6 * energy, max(len(puppet.trunk) - 1, 1)), strict=False):
        motion.turn(joint, roll=share * wave(motion.phase, 1, 0.07))
    turn_head(
        motion,
        puppet,
        yaw=energy * through(motion.phase, (0.0, 0), (0.1, 0), (0.26, 12), (0.46, 10), (0.6, -8), (0.8, -6), (0.92, 0)),
        pitch=energy * through(motion.phase, (0.0, 0), (0.3, -3), (0.6, 3), (0.85, 0)),
        roll=energy * through(motion.phase, (0.1, 0), (0.34, 5), (0.48, 4), (0.66, -4), (0.88, 0)),
    )
    for arm in puppet.arms:
        _hang(motion, arm, 2, energy)
    sway_tail(motion, puppet, cycles=2, degrees=28 * energy)
    twitch_ears(motion, puppet, at=(0.3, 0.72))
    follow_through(motion, puppet)
    stand(motion, puppet)
    return motion.clip("idle")


def walk(puppet: Puppet, energy: float) -> Clip:
    """A walk in place: heel down, roll over the toes, arms against the legs, hips and shoulders against each other."""
    height = float(np.mean([leg.height for leg in puppet.legs]))
    motion = Motion(puppet.rig, round(1.04 * float(np.clip((height / 0.45) ** 0.4, 0.7, 1.1)), 2), 30)
    cycle = motion.phase
    wide = float(np.clip(21 * (0.42 * puppet.size / max(height, 1e-6)) ** 0.5, 18, 32))
    steps = {
        leg.name: Step(
            start=0.0 if leg.sign >= 0 else 0.5,
            duty=0.6,
            stride=energy * 2 * height * float(np.tan(np.radians(wide))),
            lift=energy * max(0.07 * height, 0.02 * puppet.size),
            pitch=((0.0, -13 * energy), (0.1, 0), (0.38, 0), (0.6, 36 * energy), (0.7, 38 * energy), (0.9, -12 * energy)),
        )
        for leg in puppet.legs
    }
    over_left = np.cos(2 * np.pi * (cycle - 0.32))
    motion.move(up=0.022 * energy * height * np.cos(4 * np.pi * (cycle - 0.31)), left=0.04 * energy * height * over_left)
    motion.turn(puppet.hips, yaw=-7 * energy * np.cos(2 * np.pi * cycle), roll=3.5 * energy * over_left, pitch=1.5 * energy)
    inner = puppet.trunk[1:]
    for joint, share in zip(inner, spread(1.0, max(len(inner), 1)), strict=False):
        motion.turn(
            joint,
            yaw=share * 14 * energy * np.cos(2 * np.pi * (cycle - 0.03)),
            roll=-share * 6 * energy * np.cos(2 * np.pi * (cycle - 0.35)),
            pitch=share * (2.5 + 1.5 * np.cos(4 * np.pi * (cycle - 0.1))) * energy,
        )
    turn_head(motion, puppet, yaw=-6 * energy * np.cos(2 * np.pi * (cycle - 0.03)), roll=2.5 * energy * over_left, pitch=-2.5 * energy)
    nod(motion, puppet, 2.5 * energy * np.cos(4 * np.pi * (cycle - 0.2)))
    for arm in puppet.arms:
        _swing_arm(motion, puppet, arm, -arm.sign * np.cos(2 * np.pi * (cycle - 0.03)), energy)
    steps = settle(motion, puppet, steps)
    sway_tail(motion, puppet, cycles=1, degrees=30 * energy)
    follow_through(motion, puppet)
    take_steps(motion, puppet, steps)
    return motion.clip("walk")


def wave_hand(puppet: Puppet, energy: float) -> Clip:
    """Raise an arm and wave, leaning and tilting the head towards it."""
    motion = Motion(puppet.rig, 3.4, 24)
    arm = _waving_arm(puppet)
    other = [row for row in puppet.arms if row is not arm]
    side = arm.sign or 1
    up = through(motion.phase, (0.0, 0), (0.05, 0), (0.2, 1.06), (0.26, 1), (0.76, 1), (0.92, 0))
    hail = up * np.where((motion.phase > 0.14) & (motion.phase < 0.86), 1, 0)
    beat = wave(motion.phase, 6, 0.2) * _plateau(motion.phase)
    breathe(motion, puppet, cycles=2)
    motion.move(
        left=-0.012 * side * energy * puppet.size * up,
        up=0.006 * puppet.size * energy * (pulse(motion.phase, 0.16, 0.2) - pulse(motion.phase, 0.06, 0.12)),
    )
    motion.turn(puppet.hips, roll=1.5 * side * energy * up)
    for joint, share in zip(puppet.trunk[1:], spread(5.5 * energy, max(len(puppet.trunk) - 1, 1)), strict=False):
        motion.turn(joint, roll=share * side * (up + 0.18 * beat), yaw=-0.4 * share * side * up)
    turn_head(
        motion,
        puppet,
        roll=side * energy * (-7 * up + 1.5 * beat),
        pitch=energy * (-4 * up + 3 * pulse(motion.phase, 0.07, 0.14)),
        yaw=side * energy * 5 * up,
    )
    reach = 0.95 * energy * up
    aim(motion, arm.joints[0], (0.82 * side, 0.55, 0.25), reach)
    aim(motion, arm.joints[1], (0.3 * side, 1.0, 0.25), 0.95 * energy * hail)
    motion.turn(arm.joints[0], roll=5 * energy * beat)
    motion.turn(arm.joints[1], roll=24 * energy * beat)
    motion.turn(arm.joints[-1], roll=18 * energy * wave(motion.phase, 6, 0.32) * _plateau(motion.phase))
    for row in other:
        _hang(motion, row, 2, energy)
    sway_tail(motion, puppet, cycles=3, degrees=30 * energy)
    follow_through(motion, puppet)
    stand(motion, puppet)
    return motion.clip("wave")


def look(puppet: Puppet, energy: float) -> Clip:
    """Look to the left, to the right, and tilt the head; shoulders and hips come along a little."""
    motion = Motion(puppet.rig, 4.4, 20)
    yaw = energy * through(
        motion.phase, (0.0, 0), (0.06, -2), (0.16, 32), (0.34, 29), (0.42, 32), (0.54, -30), (0.68, -28), (0.78, 0), (0.9, 0)
    )
    breathe(motion, puppet, cycles=2)
    motion.turn(puppet.hips, yaw=0.08 * yaw)
    for joint, share in zip(puppet.trunk[1:], spread(0.22, max(len(puppet.trunk) - 1, 1), 1.5), strict=False):
        motion.turn(joint, yaw=share * yaw)
    turn_head(
        motion,
        puppet,
        yaw=0.72 * yaw,
        pitch=energy * through(motion.phase, (0.0, 0), (0.16, -4), (0.3, -6), (0.45, 5), (0.56, -5), (0.7, -3), (0.8, -2), (0.92, 0)),
        roll=energy
        * through(motion.phase, (0.0, 0), (0.2, 3), (0.34, 7), (0.5, -2), (0.66, -6), (0.74, 0), (0.8, 11), (0.9, 10), (0.97, 0)),
    )
    for arm in puppet.arms:
        _hang(motion, arm, 2, energy)
    sway_tail(motion, puppet, cycles=2, degrees=24 * energy)
    twitch_ears(motion, puppet, at=(0.2, 0.6, 0.86))
    follow_through(motion, puppet)
    stand(motion, puppet)
    return motion.clip("look")


def _plateau(phase: Array) -> Array:
    """1 while the hand is up, eased at both ends."""
    return through(phase, (0.0, 0), (0.2, 0), (0.3, 1), (0.7, 1), (0.8, 0))


def _hang(motion: Motion, arm: Chain, cycles: int, energy: float) -> None:
    """A relaxed arm that breath and balance move a little."""
    late = 0.12 if arm.sign > 0 else 0.2
    motion.turn(
        arm.joints[0], roll=arm.sign * 2.5 * energy * wave(motion.phase, cycles, late), pitch=2.0 * energy * wave(motion.phase, 1, late)
    )
    for joint in arm.joints[1:]:
        motion.turn(joint, pitch=-2.0 * energy * (1 + wave(motion.phase, cycles, late + 0.1)))


def _swing_arm(motion: Motion, puppet: Puppet, arm: Chain, back: Array, energy: float) -> None:
    """Swing an arm: ``back`` +1 behind the body, -1 before it. A raised arm is first let down half way."""
    first = arm.joints[0]
    way = puppet.rig.tails[arm.joints[-1]] - puppet.rig.joints[first]
    way = way / max(float(np.linalg.norm(way)), 1e-6)
    hanging = float(np.degrees(np.arccos(np.clip(-way[1], -1, 1))))
    if hanging > 25:
        share = min((hanging - 20) / hanging, 0.6)
        aim(motion, first, (0.12 * arm.sign, -1.0, 0.0), share * energy)
    swing = 24 * energy * back
    motion.turn(first, pitch=swing)
    for joint in arm.joints[1:2]:
        motion.turn(joint, pitch=-energy * (12 - 10 * np.roll(back, 0)))
    motion.turn(arm.joints[-1], pitch=-5 * energy * (1 - back))


def _waving_arm(puppet: Puppet) -> Chain:
    """The arm that is already highest; between equals the right one."""
    rig = puppet.rig

    def rank(arm: Chain) -> float:
        rise = float(rig.tails[arm.joints[-1], 1] - rig.joints[arm.joints[0], 1])
        height = float(rig.joints[arm.joints[0], 1])
        return rise + 0.5 * height + 0.3 * arm.length + (0.05 if arm.sign < 0 else 0) + (0.1 if arm.visible else 0)

    return max(puppet.arms, key=rank)
