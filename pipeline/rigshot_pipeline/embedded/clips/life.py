"""What makes a still body look alive, shared by all plans: breath, glances, ears and a tail that follow late."""

import numpy as np
from scipy.spatial.transform import Rotation

from .motion import Array, Motion, lagged, pulse, spread, wave
from .puppet import Puppet

_AIR = 0.01  # of the size: the air that stays below a tail

__all__ = ["breathe", "follow_through", "keep_off_ground", "nod", "sway_tail", "swing_aside", "turn_head", "twitch_ears"]


def breathe(motion: Motion, puppet: Puppet, *, cycles: int, amount: float = 1.0) -> None:
    """Lift the chest and let it sink; the head stays level. ``amount`` 1 is a resting animal's."""
    breath = wave(motion.phase, cycles)
    shares = spread(-1.6 * amount, max(len(puppet.trunk) - 1, 1), 1.3)
    for joint, share in zip(puppet.trunk[1:] or puppet.trunk, shares, strict=False):
        motion.turn(joint, pitch=share * breath)
    if puppet.walks:  # who sits would be pressed into the ground
        motion.move(up=0.004 * amount * puppet.size * (wave(motion.phase, cycles, 0.1) - 1) / 2)
    for joint in puppet.gaze:
        motion.turn(joint, pitch=1.6 * amount / len(puppet.gaze) * wave(motion.phase, cycles, 0.12))


def turn_head(
    motion: Motion, puppet: Puppet, *, yaw: "Array | float" = 0.0, pitch: "Array | float" = 0.0, roll: "Array | float" = 0.0
) -> None:
    """Share a turn of the head among chest, neck and head; the head gets most and, alone, the roll."""
    gaze = puppet.gaze
    shares = spread(1.0, len(gaze), 1.7)
    for joint, share in zip(gaze, shares, strict=True):
        motion.turn(joint, yaw=share * np.asarray(yaw), pitch=share * np.asarray(pitch))
    motion.turn(gaze[-1], roll=roll)


def nod(motion: Motion, puppet: Puppet, degrees: Array) -> None:
    """Pitch neck and head against each other: the head goes up and down and stays level."""
    first, last = puppet.gaze[0], puppet.gaze[-1]
    if first == last:
        motion.turn(first, pitch=0.5 * degrees)
        return
    motion.turn(first, pitch=degrees)
    motion.turn(last, pitch=-0.75 * degrees)


def sway_tail(motion: Motion, puppet: Puppet, *, cycles: float, degrees: float, lag: float = 0.09, up: float = 0.0) -> None:
    """A sideways wave that runs along the tail; every joint is late by ``lag`` of a period. ``up`` degrees lift it."""
    if puppet.tail is None:
        return
    shares = spread(1.0, len(puppet.tail.joints), 1.15)
    for place, (joint, share) in enumerate(zip(puppet.tail.joints, shares, strict=True)):
        swing_aside(motion, joint, degrees * share * wave(motion.phase, cycles, lag * place))
        motion.turn(joint, pitch=up * share)


def swing_aside(motion: Motion, joint: int, degrees: Array) -> None:
    """Swing a bone to the side whatever way it points: a level tail turns by yaw, a hanging one by roll, not about itself."""
    bone = motion.rig.tails[joint] - motion.rig.joints[joint]
    reach = max(float(np.hypot(bone[1], bone[2])), 1e-6)
    motion.turn(joint, yaw=-bone[2] / reach * degrees, roll=bone[1] / reach * degrees)


def twitch_ears(motion: Motion, puppet: Puppet, *, at: tuple[float, ...], degrees: float = 16.0) -> None:
    """Quick double flicks, the left and the right ear in turn, at the phases ``at``."""
    for place, ear in enumerate(puppet.ears):
        for number, centre in enumerate(at):
            if (number + place) % 2:
                continue
            flick = pulse(motion.phase, centre, 0.22 / motion.seconds) + 0.6 * pulse(
                motion.phase, centre + 0.3 / motion.seconds, 0.2 / motion.seconds
            )
            for depth, joint in enumerate(ear.joints):
                share = degrees / len(ear.joints) * (1 + 0.3 * depth)
                motion.turn(joint, pitch=0.5 * share * flick, roll=-ear.sign * share * flick)


def follow_through(motion: Motion, puppet: Puppet, *, amount: float = 1.0) -> None:
    """Let ears and tail come late: each hangs on a soft spring that is shaken by what it grows from."""
    rows = [(ear.joints, 4.0, 0.5) for ear in puppet.ears]
    if puppet.tail is not None:
        rows.append((puppet.tail.joints, 2.2, 0.6))
    rows += [(row.joints, 3.2, 0.5) for row in puppet.others]
    rotations, positions = motion.world()
    for joints, hertz, gain in rows:
        parent = int(motion.rig.parents[joints[0]])
        shaken = Rotation.from_matrix(rotations[:, parent]).as_rotvec(degrees=True)
        fall = _acceleration(positions[:, joints[0], 1], motion.seconds)
        # Tails point backward, ears up: an upward push presses a tail's tip down (pitch against the push).
        behind = motion.rig.tails[joints[-1], 2] < motion.rig.joints[joints[0], 2] - 0.02
        shaken[:, 0] += (1 if behind else -1) * np.clip(fall * 25.0, -14, 14)
        shaken -= shaken[:-1].mean(0)
        for depth, joint in enumerate(joints):
            own = hertz / (1 + 0.25 * depth)
            late = [lagged(shaken[:, axis], motion.seconds, hertz=own) - shaken[:, axis] for axis in range(3)]
            share = amount * gain * (0.6 + 0.4 * depth) / len(joints) * 1.6
            motion.turn(joint, pitch=share * late[0], yaw=share * late[1], roll=share * late[2])


def keep_off_ground(motion: Motion, puppet: Puppet) -> None:
    """Bend tails and loose limbs up where they would dip into the ground: each bone's end stays as high as in the bind
    pose or, if that was high, as high as the part is thick."""
    joints, tails = motion.rig.joints.astype(np.float64), motion.rig.tails.astype(np.float64)
    for row in [*puppet.others, *([puppet.tail] if puppet.tail else [])]:
        outward = (tails[row.joints[-1]] - joints[row.joints[0]]) * [1, 0, 1]
        reach = float(np.linalg.norm(outward))
        # One plane for all keys, or a hanging tail would flip from side to side: outwards, backwards if it hangs straight.
        outward = outward / reach if reach > 0.2 * row.length else np.array([0.0, 0.0, -1.0])
        axis = np.cross(outward, [0.0, 1.0, 0.0])
        for joint, thick in zip(row.joints, row.thick, strict=True):
            rotations, positions = motion.world()
            bone = rotations[:, joint] @ (tails[joint] - joints[joint])
            floor = min(float(tails[joint, 1]), thick + _AIR * puppet.size) - positions[:, joint, 1]
            if (bone[:, 1] >= floor).all():
                continue
            # Any bone that could touch the ground is held on its own side of the plumb line, so that no key jumps.
            along = bone @ outward
            reach_up = np.maximum(np.hypot(along, bone[:, 1]), 1e-6)
            wanted = np.arcsin(np.clip(floor / reach_up, -1, 0.95))
            near = np.clip((floor / reach_up + 1) / 0.15, 0, 1)
            angle = near * np.maximum(wanted - np.arctan2(bone[:, 1], along), 0.0)
            turn = Rotation.from_rotvec(axis * angle[:, None]).as_matrix()
            carried = rotations[:, int(motion.rig.parents[joint])]
            motion.local[:, joint] = np.swapaxes(carried, 1, 2) @ turn @ carried @ motion.local[:, joint]


def _acceleration(height: Array, seconds: float) -> Array:
    """The second derivative (K,) of a looping height in sizes per square second, mildly low-passed."""
    spectrum = np.fft.rfft(height[:-1])
    turning = 2 * np.pi * np.arange(len(spectrum)) / seconds
    smooth = np.exp(-((turning / (2 * np.pi * 5)) ** 2))
    answer = np.fft.irfft(-(turning**2) * spectrum * smooth, len(height) - 1)
    looped: Array = np.concatenate([answer, answer[:1]])
    return looped
