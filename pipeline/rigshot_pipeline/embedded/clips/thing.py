"""The clips of things without limbs: they sway, and they hop like a toy that wants to be played with."""

import numpy as np

from ...asset import Clip
from .life import follow_through
from .motion import Motion, pulse, spread, through, wave
from .puppet import Puppet

__all__ = ["bounce", "sway"]


def sway(puppet: Puppet, energy: float) -> Clip:
    """The foot stands, the top sways late, as a plant in a light wind."""
    motion = Motion(puppet.rig, 3.6, 20)
    inner = puppet.trunk[1:] or puppet.trunk
    for place, (joint, share) in enumerate(zip(inner, spread(11 * energy, len(inner)), strict=True)):
        motion.turn(joint, roll=share * wave(motion.phase, 1, 0.06 * place), pitch=0.4 * share * wave(motion.phase, 2, 0.06 * place + 0.1))
    for number, row in enumerate((*puppet.others, *puppet.arms, *puppet.wings, *puppet.legs)):
        for depth, joint in enumerate(row.joints):
            motion.turn(joint, roll=(row.sign or 1) * 5 * energy * wave(motion.phase, 2, 0.1 * depth + 0.07 * number))
    follow_through(motion, puppet)
    return motion.clip("idle")


def bounce(puppet: Puppet, energy: float) -> Clip:
    """Lean, hop to one side, hop to the other, turn a little each time."""
    motion = Motion(puppet.rig, 1.6, 30)
    half = (2 * motion.phase) % 1.0
    air = np.where((half > 0.3) & (half < 0.75), np.sin(np.pi * (half - 0.3) / 0.45), 0.0)
    side = through(motion.phase, (0.0, -1), (0.12, -1), (0.4, 1), (0.62, 1), (0.9, -1))
    motion.move(up=0.11 * energy * puppet.size * np.maximum(air, 0), left=0.03 * energy * puppet.size * side)
    motion.turn(puppet.hips, yaw=14 * energy * side, roll=-5 * energy * side * np.abs(side))
    inner = puppet.trunk[1:] or puppet.trunk
    for place, (joint, share) in enumerate(zip(inner, spread(1.0, len(inner)), strict=True)):
        bow = through(half, (0.0, 0.2), (0.2, 1), (0.4, -0.6), (0.6, 0), (0.84, 0.9), (0.95, 0.3))
        motion.turn(joint, pitch=share * 9 * energy * bow, roll=share * 10 * energy * wave(motion.phase, 1, 0.3 + 0.05 * place))
    for row in (*puppet.others, *puppet.arms, *puppet.wings):
        for joint in row.joints:
            motion.turn(joint, roll=(row.sign or 1) * 9 * energy * (pulse(half, 0.5, 0.5) - 0.3))
    follow_through(motion, puppet)
    return motion.clip("bounce")
