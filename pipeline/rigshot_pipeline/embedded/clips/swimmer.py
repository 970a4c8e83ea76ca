"""The clips of fish and snakes: a wave that runs from the head to the tail."""

from collections.abc import Callable

import numpy as np
from scipy.spatial.transform import Rotation

from ...asset import Clip
from .life import breathe, follow_through, turn_head
from .motion import Array, Motion, pulse, through, wave
from .puppet import Puppet

__all__ = ["drift", "rest", "slither", "swim"]


def drift(puppet: Puppet, energy: float) -> Clip:
    """A fish that hovers: a slow tail, paddling fins, a little up and down."""
    motion = Motion(puppet.rig, 4.0, 20)
    _undulate(motion, puppet, lambda s: (0.006 + 0.045 * s**2) * energy, cycles=2, waves=0.8)
    _paddle(motion, puppet, energy, cycles=4)
    motion.move(up=0.02 * puppet.size * (1 + wave(motion.phase, 1)))
    motion.turn(puppet.hips, pitch=2.0 * energy * wave(motion.phase, 1, 0.2), roll=2.0 * energy * wave(motion.phase, 1, 0.4))
    return motion.clip("idle")


def swim(puppet: Puppet, energy: float) -> Clip:
    """A fish that swims: the wave grows towards the tail (carangiform, after Videler and Hess 1984)."""
    motion = Motion(puppet.rig, 1.2, 30)
    _undulate(motion, puppet, lambda s: (0.016 - 0.03 * s + 0.12 * s**2) * energy, cycles=1, waves=0.95)
    _paddle(motion, puppet, energy, cycles=2)
    motion.move(up=0.006 * puppet.size * (1 + wave(motion.phase, 2)))
    motion.turn(puppet.hips, roll=3.0 * energy * wave(motion.phase, 1, 0.1))
    return motion.clip("swim")


def slither(puppet: Puppet, energy: float) -> Clip:
    """A snake that winds along: an even wave, the head calm."""
    motion = Motion(puppet.rig, 1.8, 30)
    _undulate(motion, puppet, lambda s: (0.030 + 0.026 * s) * energy, cycles=1, waves=1.55)
    rotations, _ = motion.world()
    carried = Rotation.from_matrix(rotations[:, puppet.chest]).as_rotvec(degrees=True)
    turn_head(motion, puppet, yaw=-0.6 * carried[:, 1], pitch=-2 * energy)
    return motion.clip("slither")


def rest(puppet: Puppet, energy: float) -> Clip:
    """A snake at rest: it breathes, sways and looks about with a raised head."""
    motion = Motion(puppet.rig, 4.4, 20)
    _undulate(motion, puppet, lambda s: 0.007 + 0.006 * s, cycles=1, waves=1.2)
    breathe(motion, puppet, cycles=2, amount=0.3)
    front = puppet.trunk[-4:]
    lift = energy * through(motion.phase, (0.0, 0), (0.1, 0), (0.3, 1), (0.7, 1), (0.92, 0))
    for joint in front:
        motion.turn(joint, pitch=-26 / len(front) * lift)
    turn_head(
        motion,
        puppet,
        pitch=22 * lift,
        yaw=energy * through(motion.phase, (0.0, 0), (0.28, 0), (0.38, 24), (0.48, 22), (0.58, -22), (0.68, -20), (0.8, 0)),
    )
    follow_through(motion, puppet)
    return motion.clip("idle")


def _undulate(motion: Motion, puppet: Puppet, swing: Callable[[Array], Array], *, cycles: int, waves: float) -> None:
    """Lay the chain from the head to the tail's tip along a travelling sideways wave.

    ``swing`` gives the wave's height in body lengths at shares 0 (head) .. 1 (tail tip) of the length, ``waves`` how many
    waves lie on the body. Every bone is turned to the wave's slope at its middle; the body's mean stays in its place.
    """
    rig = motion.rig
    chain = [*(puppet.tail.joints[::-1] if puppet.tail else ()), *puppet.trunk, *puppet.gaze]
    chain = list(dict.fromkeys(chain))
    middles = (rig.joints[chain] + rig.tails[chain]) / 2
    steps = np.linalg.norm(np.diff(middles, axis=0), axis=1)
    place = 1 - np.concatenate([[0], np.cumsum(steps)]) / max(float(steps.sum()), 1e-9)
    delta = 1e-3
    yaw: dict[int, Array] = {}
    for joint, share in zip(chain, place, strict=True):
        behind, ahead = (
            swing(np.array(at)) * np.sin(2 * np.pi * (cycles * motion.phase - waves * at)) for at in (share + delta, share - delta)
        )
        yaw[joint] = np.degrees(np.arctan((ahead - behind) / (2 * delta)))
    for joint in chain:
        parent = int(rig.parents[joint])
        motion.turn(joint, yaw=yaw[joint] - yaw.get(parent, np.zeros(len(motion.phase))))
    _, positions = motion.world()
    motion.move(left=-(positions[:, chain, 0] - rig.joints[chain, 0]).mean(1))


def _paddle(motion: Motion, puppet: Puppet, energy: float, *, cycles: int) -> None:
    for number, fin in enumerate(puppet.others):
        for depth, joint in enumerate(fin.joints):
            late = 0.12 * depth + 0.08 * number
            beat = energy * 13 * wave(motion.phase, cycles, late) + 3 * pulse(motion.phase, 0.5, 0.6)
            if fin.sign:
                motion.turn(joint, roll=fin.sign * beat, yaw=-0.6 * fin.sign * beat)
            else:
                motion.turn(joint, yaw=0.6 * beat)
