"""The clips of birds: idle, peck, hop, flap."""

import numpy as np

from ...asset import Clip
from .gait import stand
from .ik import aim, plant
from .life import breathe, follow_through, sway_tail, turn_head
from .motion import Motion, pulse, spread, through, wave
from .puppet import Puppet

__all__ = ["flap", "hop", "idle", "peck"]


def idle(puppet: Puppet, energy: float) -> Clip:
    """Breathing and the quick, jerky glances of a bird, a flick of the tail."""
    motion = Motion(puppet.rig, 4.4, 24)
    breathe(motion, puppet, cycles=3, amount=0.9)
    # Birds look with their whole head, fast, and hold still between.
    yaw = through(motion.phase, (0.0, 0), (0.14, 0), (0.17, 26), (0.36, 26), (0.39, 8), (0.52, 8), (0.56, -30), (0.78, -30), (0.82, 0))
    roll = through(motion.phase, (0.0, 0), (0.2, 0), (0.23, 12), (0.34, 12), (0.38, 0), (0.6, 0), (0.64, -12), (0.76, -12), (0.81, 0))
    turn_head(motion, puppet, yaw=energy * yaw, roll=energy * roll, pitch=energy * 6 * pulse(motion.phase, 0.46, 0.1))
    motion.turn(puppet.hips, roll=1.5 * energy * wave(motion.phase, 1), yaw=1.5 * energy * wave(motion.phase, 1, 0.1))
    if puppet.tail is not None:
        motion.turn(puppet.tail.joints[0], pitch=14 * energy * (pulse(motion.phase, 0.45, 0.07) + 0.7 * pulse(motion.phase, 0.52, 0.07)))
    _shrug(motion, puppet, energy, (0.88, 0.94))
    follow_through(motion, puppet)
    stand(motion, puppet)
    return motion.clip("idle")


def peck(puppet: Puppet, energy: float) -> Clip:
    """Look, bow down and peck twice, look again."""
    motion = Motion(puppet.rig, 3.2, 30)
    down = through(
        motion.phase,
        (0.0, 0),
        (0.18, 0),
        (0.21, -0.08),
        (0.3, 0.9),
        (0.335, 1.0),
        (0.38, 0.78),
        (0.42, 1.0),
        (0.47, 0.8),
        (0.51, 1.0),
        (0.66, 0),
        (0.9, 0),
    )
    lean = 34 * energy
    motion.turn(puppet.hips, pitch=lean * down)
    motion.move(forward=-0.03 * energy * puppet.size * down, up=-0.015 * energy * puppet.size * down)
    turn_head(
        motion,
        puppet,
        pitch=44 * energy * down,
        yaw=energy * through(motion.phase, (0.0, 0), (0.05, 20), (0.14, 20), (0.18, 0), (0.7, 0), (0.74, -24), (0.88, -24), (0.94, 0)),
    )
    if puppet.tail is not None:
        motion.turn(puppet.tail.joints[0], pitch=-0.25 * lean * down)
    breathe(motion, puppet, cycles=2, amount=0.8)
    follow_through(motion, puppet)
    stand(motion, puppet)
    return motion.clip("peck")


def hop(puppet: Puppet, energy: float) -> Clip:
    """Hop on the spot: crouch, spring, land softly; the wings open a little."""
    motion = Motion(puppet.rig, 1.0, 30)
    height = float(np.mean([leg.height for leg in puppet.legs])) if puppet.legs else 0.2 * puppet.size
    crouch = through(motion.phase, (0.0, 0.25), (0.16, 1.0), (0.3, -0.1), (0.5, 0), (0.66, 0.1), (0.78, 0.85), (0.92, 0.3))
    air = np.where((motion.phase > 0.28) & (motion.phase < 0.68), np.sin(np.pi * (motion.phase - 0.28) / 0.4), 0.0)
    jump = 0.45 * energy * max(height, 0.12 * puppet.size) * np.maximum(air, 0)
    motion.move(up=jump - 0.16 * energy * height * crouch)
    motion.turn(puppet.hips, pitch=energy * (9 * crouch - 7 * pulse(motion.phase, 0.4, 0.3)))
    turn_head(motion, puppet, pitch=-energy * (9 * crouch - 7 * pulse(motion.phase, 0.42, 0.3)))
    sway_tail(motion, puppet, cycles=1, degrees=0, up=0)
    for wing in puppet.wings:
        for joint, share in zip(wing.joints, spread(22 * energy, len(wing.joints)), strict=True):
            motion.turn(joint, roll=wing.sign * share * pulse(motion.phase, 0.42, 0.5))
    follow_through(motion, puppet, amount=1.3)
    for leg in puppet.legs:
        place = np.tile(motion.rig.joints[leg.end].astype(np.float64), (len(motion.phase), 1))
        place[:, 1] += jump
        plant(motion, leg, place, np.broadcast_to(np.eye(3), (len(motion.phase), 3, 3)))
    return motion.clip("hop")


def flap(puppet: Puppet, energy: float) -> Clip:
    """Open the wings, beat them a few times, fold them again."""
    motion = Motion(puppet.rig, 2.6, 30)
    spreading = through(motion.phase, (0.0, 0), (0.05, 0), (0.2, 1), (0.74, 1), (0.9, 0))
    beat = wave(motion.phase, 7, 0.1) * through(motion.phase, (0.0, 0), (0.16, 0), (0.26, 1), (0.68, 1), (0.78, 0))
    late = wave(motion.phase, 7, 0.28) * through(motion.phase, (0.0, 0), (0.16, 0), (0.26, 1), (0.68, 1), (0.78, 0))
    for wing in puppet.wings:
        aim(motion, wing.joints[0], (wing.sign, 0.25, -0.25), 0.75 * energy * spreading)
        for joint in wing.joints[1:]:
            aim(motion, joint, (wing.sign, 0.2, -0.3), 0.6 * energy * spreading)
        motion.turn(wing.joints[0], roll=wing.sign * 26 * energy * beat)
        for joint in wing.joints[1:]:
            motion.turn(joint, roll=wing.sign * 16 * energy * late)
    motion.turn(puppet.hips, pitch=-8 * energy * spreading)
    motion.move(up=-0.006 * energy * puppet.size * (1 + late) * spreading)
    turn_head(motion, puppet, pitch=energy * (5 * spreading + 2 * beat))
    follow_through(motion, puppet)
    stand(motion, puppet)
    return motion.clip("flap")


def _shrug(motion: Motion, puppet: Puppet, energy: float, at: tuple[float, ...]) -> None:
    """A short ruffle of folded wings."""
    ruffle = sum((pulse(motion.phase, centre, 0.08) for centre in at), np.zeros(len(motion.phase)))
    for wing in puppet.wings:
        for joint, share in zip(wing.joints, spread(10 * energy, len(wing.joints)), strict=True):
            motion.turn(joint, roll=wing.sign * share * ruffle)
