"""The turntable: the camera walks around the model once while a clip plays, and ends where it began."""

import os
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from ..asset import Asset, Clip, Floats
from ..body import Projection
from ..pose import clip_matrices, skin_vertices
from .camera import Camera, orbit

__all__ = ["PITCH", "Turn", "in_order", "plan_turn", "start_yaw"]

Picture = TypeVar("Picture")

PITCH = 12.0
"""Degrees above the floor: the view shows a little of the back and lays the shadow open."""
_SECONDS = 3.6  # of one turn: slow enough to look, short enough for a GIF of 3 MB
_RATES = (
    25.0,
    20.0,
    100 / 6,
    100 / 7,
    12.5,
    10.0,
)  # pictures a second that a GIF, which counts in hundredths of a second, can keep exactly
_PICTURES = 80  # at most
_HOLD = 0.8  # seconds that a clip which does not loop stays at its end before it goes back
_FILL = 0.82  # share of the picture's side that the widest pose takes
_HEADROOM = 0.015  # share of the side by which the model stands above the middle, for its shadow
_DISTANCE = 3.2  # viewer's distance in widths of the subject: a portrait lens of about 20 degrees
_SAMPLE = 4000  # vertices that decide the framing
_AHEAD = 3  # pictures for each thread that may be finished before they are asked for: bounds the memory


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A planned turn: for each picture a camera and the index of its pose.

    ``poses`` (P, V, 3) the vertices of one round of the clip, ``matrices`` (P, J, 4, 4) its joints; ``rate`` pictures a
    second.
    """

    cameras: tuple[Camera, ...]
    pose: tuple[int, ...]
    poses: Floats
    matrices: Floats
    rate: float

    def __len__(self) -> int:
        return len(self.cameras)


def start_yaw(projection: Projection) -> float:
    """The yaw in degrees from which the model looks like the photo."""
    x, _, z = (float(value) for value in projection.viewer)
    return float(np.degrees(np.arctan2(x, z)))


def plan_turn(asset: Asset, clip: Clip | None, *, first_yaw: float) -> Turn:
    """Plan one turn around ``asset`` from ``first_yaw`` degrees on while ``clip`` plays (None: it stands still).

    The clip plays a whole number of times, so that the last picture leads to the first; one that does not loop
    goes to its end, waits and goes back. The framing is one for all pictures: no pose is cropped, nothing jumps.
    """
    times, rounds, rate = _clip_times(clip)
    rest = np.tile(np.array([0, 0, 0, 1], np.float32), (len(asset.rig.names), 1))
    still = Clip(name="", times=np.zeros(1, np.float32), rotations=rest[None], root_offset=np.zeros((1, 3), np.float32))
    matrices = np.stack([clip_matrices(asset.rig, clip or still, time) for time in times])
    poses = np.stack([skin_vertices(asset.mesh.vertices, asset.rig, pose) for pose in matrices]).astype(np.float32)
    count = len(times) * rounds
    yaws = [first_yaw + 360 * index / count for index in range(count)]
    pose = tuple(index % len(times) for index in range(count))
    return Turn(cameras=_framed(poses, pose, yaws), pose=pose, poses=poses, matrices=matrices, rate=rate)


def in_order(draw: Callable[[int], Picture], count: int, *, threads: int | None = None) -> Generator[Picture]:
    """The results of ``draw(0)`` to ``draw(count - 1)`` in their order, made by as many threads as there are cores.

    Closing the iterator (or an error in it) waits for the pictures under way and draws no further ones.
    """
    workers = threads or _cores()
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Picture]] = deque()
        try:
            for index in range(count):
                waiting.append(pool.submit(draw, index))
                if len(waiting) >= workers * _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _clip_times(clip: Clip | None) -> tuple[list[float], int, float]:
    """The moments of one round of the clip, how often it is played, and the rate."""
    if clip is None or clip.seconds <= 0:
        rate = _rate(_SECONDS)
        return [0.0], round(_SECONDS * rate), rate
    length = clip.seconds if clip.loop else 2 * (clip.seconds + _HOLD)
    rounds = max(1, round(_SECONDS / length))
    rate = _rate(length * rounds)
    count = max(round(length * rate), 2)
    moments = np.arange(count) * length / count
    if not clip.loop:
        # Out, wait, back, wait; slowing down at both ends as a body does.
        moments = np.interp(moments, np.cumsum([0, clip.seconds, _HOLD, clip.seconds, _HOLD]), [0, clip.seconds, clip.seconds, 0, 0])
    return [float(moment) for moment in moments], rounds, rate


def _rate(seconds: float) -> float:
    return next((rate for rate in _RATES if seconds * rate <= _PICTURES + 0.5), _RATES[-1])


def _framed(poses: Floats, pose: tuple[int, ...], yaws: list[float]) -> tuple[Camera, ...]:
    """Cameras that walk around one axis, with one span, so that every picture holds its whole pose."""
    step = max(poses.shape[1] // _SAMPLE, 1)
    points = poses[:, ::step]
    low, high = points.min((0, 1)), points.max((0, 1))
    target = (low + high) / 2
    distance = _DISTANCE * float((high - low).max())
    cameras = [orbit(yaw, PITCH, target=target, span=1.0, distance=distance) for yaw in yaws]
    seen = [camera.project(points[index], width=1, height=1)[:, :2] - 0.5 for camera, index in zip(cameras, pose, strict=True)]
    half = max(float(np.abs(places[:, 0]).max()) for places in seen)
    top, bottom = min(float(places[:, 1].min()) for places in seen), max(float(places[:, 1].max()) for places in seen)
    span = max(2 * half, bottom - top) / _FILL
    shift = (0.0, -(top + bottom) / 2 / span - _HEADROOM)
    return tuple(Camera(axes=camera.axes, target=target, span=span, distance=distance, shift=shift) for camera in cameras)
