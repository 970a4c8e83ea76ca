"""The clips of those whose legs do not carry them in the picture (seated, lying, frontal toys): idle, look, wag (wiggle without a tail)."""

from ...asset import Clip
from .gait import stand
from .life import breathe, follow_through, sway_tail, turn_head, twitch_ears
from .motion import Motion, pulse, spread, through, wave
from .puppet import Puppet

__all__ = ["idle", "look", "wag"]


def idle(puppet: Puppet, energy: float) -> Clip:
    """Breathing, a slow sway of the whole trunk, glances, an ear's flick."""
    motion = Motion(puppet.rig, 4.8, 20)
    breathe(motion, puppet, cycles=2, amount=1.3 * _freedom(puppet) ** 0.5)
    inner = puppet.trunk[1:] or puppet.trunk
    for joint, share in zip(inner, spread(2.4 * energy * _freedom(puppet), len(inner)), strict=True):
        motion.turn(joint, roll=share * wave(motion.phase, 1, 0.05))
    turn_head(
        motion,
        puppet,
        yaw=energy * through(motion.phase, (0.0, 0), (0.12, 0), (0.26, 13), (0.46, 11), (0.6, -9), (0.8, -7), (0.92, 0)),
        pitch=energy * through(motion.phase, (0.0, 0), (0.3, -4), (0.6, 3), (0.85, 0)),
        roll=energy * through(motion.phase, (0.1, 0), (0.34, 6), (0.46, 6), (0.64, -4), (0.86, 0)),
    )
    _limbs(motion, puppet, energy)
    sway_tail(motion, puppet, cycles=2, degrees=26 * energy)
    twitch_ears(motion, puppet, at=(0.3, 0.72))
    follow_through(motion, puppet)
    stand(motion, puppet)
    return motion.clip("idle")


def look(puppet: Puppet, energy: float) -> Clip:
    """Look to both sides and tilt the head at you, as if a word had been said."""
    motion = Motion(puppet.rig, 4.4, 20)
    yaw = energy * through(motion.phase, (0.0, 0), (0.06, -2), (0.16, 30), (0.3, 28), (0.44, -28), (0.56, -26), (0.64, 0), (0.92, 0))
    breathe(motion, puppet, cycles=2, amount=1.2 * _freedom(puppet) ** 0.5)
    inner = puppet.trunk[1:] or puppet.trunk
    for joint, share in zip(inner, spread(0.2 * _freedom(puppet), len(inner), 1.4), strict=True):
        motion.turn(joint, yaw=share * yaw)
    turn_head(
        motion,
        puppet,
        yaw=0.8 * yaw,
        pitch=energy * through(motion.phase, (0.0, 0), (0.16, -4), (0.36, 5), (0.46, -4), (0.62, 2), (0.7, -3), (0.9, 0)),
        roll=energy * through(motion.phase, (0.0, 0), (0.2, 5), (0.36, -2), (0.5, -5), (0.62, 0), (0.69, 16), (0.84, 15), (0.94, 0)),
    )
    for ear in puppet.ears:
        prick = energy * (pulse(motion.phase, 0.11, 0.2) + pulse(motion.phase, 0.4, 0.2) + pulse(motion.phase, 0.66, 0.16))
        for joint in ear.joints:
            motion.turn(joint, pitch=7.0 * prick / len(ear.joints), roll=-ear.sign * 4.0 * prick / len(ear.joints))
    _limbs(motion, puppet, energy)
    sway_tail(motion, puppet, cycles=2, degrees=24 * energy)
    twitch_ears(motion, puppet, at=(0.52, 0.78), degrees=12)
    follow_through(motion, puppet)
    stand(motion, puppet)
    return motion.clip("look")


def wag(puppet: Puppet, energy: float) -> Clip:
    """Joy while seated: the tail beats, the trunk wriggles, the head bobs from side to side."""
    motion = Motion(puppet.rig, 2.0, 30)
    inner = puppet.trunk[1:] or puppet.trunk
    for place, (joint, share) in enumerate(zip(inner, spread(5.0 * energy * _freedom(puppet), len(inner)), strict=True)):
        motion.turn(joint, yaw=share * wave(motion.phase, 4, 0.06 * place), roll=1.0 * share * wave(motion.phase, 2, 0.05 * place))
    turn_head(
        motion,
        puppet,
        roll=9 * energy * wave(motion.phase, 2, 0.16),
        pitch=energy * (-4 + 3.5 * wave(motion.phase, 4, 0.2)),
        yaw=-3 * energy * wave(motion.phase, 4, 0.1),
    )
    _limbs(motion, puppet, 1.6 * energy, cycles=4)
    sway_tail(motion, puppet, cycles=4, degrees=80 * energy, lag=0.08)
    follow_through(motion, puppet, amount=1.2)
    stand(motion, puppet)
    return motion.clip("wag" if puppet.tail else "wiggle")


def _freedom(puppet: Puppet) -> float:
    """How far the trunk may move: legs that hang from the chest and stand on the ground hold it."""
    return 0.25 if any(puppet.rig.parents[leg.joints[0]] != puppet.hips for leg in puppet.legs) else 1.0


def _limbs(motion: Motion, puppet: Puppet, energy: float, cycles: int = 2) -> None:
    """Arms, wings and other limbs move a little with the breath."""
    for number, row in enumerate((*puppet.arms, *puppet.wings, *puppet.others)):
        for depth, joint in enumerate(row.joints):
            late = 0.1 + 0.07 * depth + 0.05 * (number % 2)
            motion.turn(
                joint,
                roll=row.sign * 3.5 * energy * wave(motion.phase, cycles, late),
                pitch=2.0 * energy * wave(motion.phase, cycles, late + 0.2),
            )
