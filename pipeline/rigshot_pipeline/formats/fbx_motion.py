"""Clips as FBX keeps them: Euler angles, and numbers that run straight from key to key."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..asset import Clip, Floats
from ..pose import quaternion_matrices, sample_clip

__all__ = ["EulerTrack", "euler_angles", "euler_track"]

Angles = NDArray[np.float64]

_TOLERANCE = np.radians(0.05)
"""How far a joint may stray from the clip between two keys: at the end of a limb half a metre long, 0.4 mm."""

_SHORTEST = 1 / 240
"""Seconds between two keys below which none is added: a quarter of a frame of the fastest screens in use."""

_LOCKED = 1 - 1e-7
"""Sine of the middle angle above which the other two turn about one axis."""


@dataclass(frozen=True, kw_only=True)
class EulerTrack:
    """``times`` (K,) seconds; ``angles`` (K, J, 3) degrees about x, y, z in this order, steady over time; ``root_offset`` (K, 3)."""

    times: NDArray[np.float64]
    angles: Angles
    root_offset: Floats


def euler_track(clip: Clip) -> EulerTrack:
    """``clip`` with as many more keys as it takes for straight lines between angles to follow its slerps."""
    still = replace(clip, loop=False)  # the last key is its own, not the first one's again

    @cache  # a middle that is found missing is asked for again, as a key
    def sample(time: float) -> tuple[Floats, Floats]:
        return sample_clip(still, time)

    times = clip.times.astype(np.float64)
    while True:
        angles = euler_angles(_rotations(sample, times))
        middles = (times[1:] + times[:-1]) / 2
        strays = _strays(_rotations(sample, middles), (angles[1:] + angles[:-1]) / 2)
        missing = middles[(strays > _TOLERANCE) & (np.diff(times) > _SHORTEST)]
        if not len(missing):
            offsets = np.stack([sample(time)[1] for time in times.tolist()])
            return EulerTrack(times=times, angles=np.degrees(angles), root_offset=offsets)
        times = np.sort(np.concatenate([times, missing]))


def euler_angles(rotations: Floats) -> Angles:
    """Radians (K, J, 3) about x, then y, then z, fixed axes, of quaternions (K, J, 4), each near to the key before.

    Every rotation has two such triples, each up to whole turns; where the middle angle is a right angle, infinitely many.
    """
    matrices = quaternion_matrices(rotations)
    angles = np.zeros((*rotations.shape[:2], 3))
    before = np.zeros((rotations.shape[1], 3))
    for key, matrix in enumerate(matrices):
        angles[key] = before = _nearest_triple(matrix.astype(np.float64), before)
    return angles


def _nearest_triple(matrix: Angles, before: Angles) -> Angles:
    sine = np.clip(-matrix[:, 2, 0], -1, 1)
    locked = np.abs(sine) > _LOCKED
    x = np.where(locked, before[:, 0], np.arctan2(matrix[:, 2, 1], matrix[:, 2, 2]))
    # locked: only z - x (or z + x) is left of the two, and the matrix's second column tells which
    turned = np.arctan2(-matrix[:, 0, 1], matrix[:, 1, 1]) + np.sign(sine) * x
    z = np.where(locked, turned, np.arctan2(matrix[:, 1, 0], matrix[:, 0, 0]))
    first = np.stack([x, np.arcsin(sine), z], -1)
    other = np.stack([x + np.pi, np.pi - first[:, 1], z + np.pi], -1)
    first, other = (triple + 2 * np.pi * np.round((before - triple) / (2 * np.pi)) for triple in (first, other))
    nearer = np.abs(first - before).sum(-1) <= np.abs(other - before).sum(-1)
    return np.where(nearer[:, None], first, other)


def _rotations(sample: Callable[[float], tuple[Floats, Floats]], times: NDArray[np.float64]) -> Floats:
    return np.stack([sample(time)[0] for time in times.tolist()]) if len(times) else np.zeros((0, 1, 4), np.float32)


def _strays(rotations: Floats, angles: Angles) -> NDArray[np.float64]:
    """The largest angle (K,) in radians between any joint's quaternions (K, J, 4) and its Euler ``angles`` (K, J, 3)."""
    difference = quaternion_matrices(rotations) - _euler_matrices(angles)
    # two rotations an angle a apart differ by 2 sqrt(2) sin(a / 2) in the Frobenius norm
    largest: NDArray[np.float64] = np.sqrt(np.square(difference).sum((-1, -2))).max(-1, initial=0.0) / np.sqrt(2)
    return largest


def _euler_matrices(angles: Angles) -> Angles:
    (cx, cy, cz), (sx, sy, sz) = np.moveaxis(np.cos(angles), -1, 0), np.moveaxis(np.sin(angles), -1, 0)
    rows = [
        [cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx],
        [sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx],
        [-sy, cy * sx, cy * cx],
    ]
    return np.stack([np.stack(row, -1) for row in rows], -2)
