"""A clip in the making: rotations of all joints at all keys, turned about the body's axes, with lag and easing."""

from collections.abc import Sequence

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.spatial.transform import Rotation

from ...asset import Clip, Rig

__all__ = ["Array", "Motion", "between", "lagged", "pulse", "through", "wave"]

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


class Motion:
    """The keys of one clip.

    ``phase`` (K,) runs from 0 to 1, both ends included; ``local`` (K, J, 3, 3) rotations relative to the bind
    pose; ``offset`` (K, 3) metres added to the root. Angles are degrees about the world's axes as seen from the
    joint's parent: pitch about +X (positive: nose down, a hanging limb's end backward), yaw about +Y (positive: to the
    left), roll about +Z (positive: left side up).
    """

    def __init__(self, rig: Rig, seconds: float, rate: float) -> None:
        keys = max(round(seconds * rate), 8) + 1
        self.rig = rig
        self.seconds = seconds
        self.phase: Array = np.linspace(0.0, 1.0, keys)
        self.local: Array = np.tile(np.eye(3), (keys, len(rig.names), 1, 1))
        self.offset: Array = np.zeros((keys, 3))

    def turn(self, joint: int, *, pitch: "Array | float" = 0.0, yaw: "Array | float" = 0.0, roll: "Array | float" = 0.0) -> None:
        """Turn a joint further, first by roll, then by pitch, then by yaw (each (K,) or one number, degrees)."""
        zero = np.zeros(len(self.phase))
        angles = np.stack([zero + yaw, zero + pitch, zero + roll], 1)
        self.local[:, joint] = Rotation.from_euler("YXZ", angles, degrees=True).as_matrix() @ self.local[:, joint]

    def move(self, *, left: "Array | float" = 0.0, up: "Array | float" = 0.0, forward: "Array | float" = 0.0) -> None:
        """Move the whole subject (metres)."""
        self.offset += np.stack([np.zeros(len(self.phase)) + way for way in (left, up, forward)], 1)

    def world(self) -> tuple[Array, Array]:
        """World rotations (K, J, 3, 3) and positions (K, J, 3) of the joints."""
        rotations = self.local.copy()
        positions = np.tile(self.rig.joints.astype(np.float64), (len(self.phase), 1, 1))
        positions[:, 0] += self.offset
        for joint in range(1, len(self.rig.names)):
            parent = int(self.rig.parents[joint])
            rotations[:, joint] = rotations[:, parent] @ self.local[:, joint]
            step = (self.rig.joints[joint] - self.rig.joints[parent]).astype(np.float64)
            positions[:, joint] = positions[:, parent] + rotations[:, parent] @ step
        return rotations, positions

    def clip(self, name: str) -> Clip:
        """The finished, looping clip; its last key is its first."""
        self.local[-1], self.offset[-1] = self.local[0], self.offset[0]
        keys, joints = self.local.shape[:2]
        quaternions = Rotation.from_matrix(self.local.reshape(-1, 3, 3)).as_quat().reshape(keys, joints, 4)
        for key in range(1, keys):  # neighbours on one half of the sphere, so that importers that blend linearly agree
            flip = (quaternions[key] * quaternions[key - 1]).sum(1) < 0
            quaternions[key, flip] *= -1
        return Clip(
            name=name,
            times=(self.phase * self.seconds).astype(np.float32),
            rotations=quaternions.astype(np.float32),
            root_offset=self.offset.astype(np.float32),
        )


def wave(phase: Array, cycles: float = 1.0, lag: float = 0.0) -> Array:
    """A sine that runs ``cycles`` times in a loop, late by ``lag`` of its own period."""
    return np.sin(2 * np.pi * (cycles * phase - lag))


def pulse(phase: Array, centre: float, width: float) -> Array:
    """0..1..0: one smooth bump of a loop around ``centre``, ``width`` wide from foot to foot."""
    away = (phase - centre + 0.5) % 1.0 - 0.5
    return np.where(np.abs(away) < width / 2, 0.5 + 0.5 * np.cos(2 * np.pi * away / width), 0.0)


def through(phase: Array, *keys: tuple[float, float]) -> Array:
    """A curve through (phase, value) keys: eases in and out of every extreme, never overshoots, and repeats.

    Phases rise within [0, 1); the method is Fritsch and Carlson's monotone cubic on three laps of the loop.
    """
    at, values = (np.array(column, np.float64) for column in zip(*keys, strict=True))
    laps = np.concatenate([at - 1, at, at + 1])
    curve: Array = PchipInterpolator(laps, np.tile(values, 3))(phase % 1.0)
    return curve


def between(start: Array, end: Array, blend: Array) -> Array:
    """Rotations (K, 3, 3) a share ``blend`` (K,) of the way from ``start`` to ``end``, along the shortest turn."""
    turn = Rotation.from_matrix(end @ np.swapaxes(start, -1, -2)).as_rotvec()
    return Rotation.from_rotvec(turn * blend[:, None]).as_matrix() @ start


def lagged(signal: Array, seconds: float, *, hertz: float, damping: float = 0.35) -> Array:
    """What a damped spring of its own frequency makes of a looping ``signal`` (K,): late, and a little over the mark.

    Solved over the spectrum of the loop, so that the answer loops as well: H = w^2 / (w^2 - f^2 + 2 i d w f).
    """
    spectrum = np.fft.rfft(signal[:-1])
    turning = 2 * np.pi * np.arange(len(spectrum)) / seconds
    own = 2 * np.pi * hertz
    answer = np.fft.irfft(spectrum * own**2 / (own**2 - turning**2 + 2j * damping * own * turning), len(signal) - 1)
    looped: Array = np.concatenate([answer, answer[:1]])
    return looped


def spread(total: float, count: int, growth: float = 1.0) -> Sequence[float]:
    """``total`` shared out among ``count`` joints, each ``growth`` times its predecessor's share."""
    shares = growth ** np.arange(count, dtype=np.float64)
    return [float(share) for share in total * shares / shares.sum()]
