"""The turntables as files: frames drawn by threads while finished ones are already being encoded."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path

import numpy as np

from ..asset import Asset, Floats, Pixels
from .bones import bones_of
from .camera import Camera, fit, orbit
from .encode import mp4_within
from .gif import gif_within
from .marks import treadmill, with_marks
from .raster import rasterise
from .studio import Studio
from .turntable import PITCH, Turn, in_order

__all__ = ["GIF_BYTES", "MP4_BYTES", "POSTER_SIDE", "SIDE", "poster", "write_films"]

SIDE = 480
"""Pixels of the square turntables: sharp in a chat, and a GIF of it fits in 3 MB."""
POSTER_SIDE = 768
GIF_BYTES = 3_000_000
MP4_BYTES = 1_000_000
_MP4_ROUNDS = 2  # for players that do not loop
_POSTER_YAWS = (25.0, 55.0)  # degrees beside the front between which a poster is taken
_POSTER_FILL = 0.78
_POSES, _GLANCE = 12, 160  # how many poses are tried for it, in pictures of how many pixels
_DRAWING = 0.7  # share of the progress that drawing takes; the rest is encoding
_LOOK = 0.1  # seconds between two looks at the encoders


def write_films(asset: Asset, studio: Studio, turn: Turn, folder: Path, *, progress: Callable[[float], None]) -> dict[str, int]:
    """Write turntable.gif, turntable.mp4, skeleton.gif and skeleton.mp4 into ``folder``; their sizes in bytes.

    ``progress(fraction)`` is called for every picture and while the encoders work; when it raises, they are killed.
    """
    studio = studio.at_distance(turn.cameras[0], side=SIDE)
    glass = studio.in_glass()
    ground = studio.backdrop(width=SIDE, height=SIDE)
    bones = bones_of(asset.rig)
    mill = treadmill(turn.poses, pictures=len(turn), rate=turn.rate)

    def both(index: int) -> tuple[Pixels, Pixels]:
        pose = turn.pose[index]
        floor = with_marks(ground, mill, index, turn.cameras[index]) if mill else ground
        scene = studio.light(turn.poses[pose], turn.cameras[index], floor)
        return studio.shoot(scene), glass.see_through(scene, bones.posed(turn.matrices[pose]), bones.colours)

    pairs: list[tuple[Pixels, Pixels]] = []
    with closing(in_order(both, len(turn))) as drawing:  # an error below stops the drawing at once
        for pair in drawing:
            pairs.append(pair)
            progress(_DRAWING * len(pairs) / len(turn))
    return _encoded({"turntable": [pair[0] for pair in pairs], "skeleton": [pair[1] for pair in pairs]}, turn.rate, folder, progress)


def poster(studio: Studio, turn: Turn, first_yaw: float) -> Pixels:
    """The one picture (POSTER_SIDE, POSTER_SIDE, 3) that stands for the model: from three quarters, in a moving pose."""
    side = -1.0 if first_yaw <= 0 else 1.0
    yaw = side * float(np.clip(abs(first_yaw), *_POSTER_YAWS))
    vertices = _telling_pose(turn, studio, orbit(yaw, PITCH))
    aimed = fit(orbit(yaw, PITCH, distance=turn.cameras[0].distance), vertices, fill=_POSTER_FILL)
    return studio.shoot(studio.light(vertices, aimed, studio.backdrop(width=POSTER_SIDE, height=POSTER_SIDE), samples=3))


def _telling_pose(turn: Turn, studio: Studio, camera: Camera) -> Floats:
    """The pose (V, 3) that covers most of the picture: the legs apart, nothing hidden behind something else."""
    step = max(len(turn.poses) // _POSES, 1)
    low, high = turn.poses.min((0, 1)), turn.poses.max((0, 1))
    wide = camera.moved(target=((low + high) / 2).astype(np.float32), span=float(np.linalg.norm(high - low)))

    def covered(vertices: Floats) -> int:
        points = wide.project(vertices, width=_GLANCE, height=_GLANCE)
        return int((rasterise(points, studio.mesh.faces, width=_GLANCE, height=_GLANCE).face >= 0).sum())

    return max(turn.poses[::step], key=covered)


def _encoded(films: Mapping[str, Sequence[Pixels]], rate: float, folder: Path, progress: Callable[[float], None]) -> dict[str, int]:
    stop = threading.Event()
    jobs: dict[str, Future[int]] = {}
    with ThreadPoolExecutor(2 * len(films)) as pool:
        try:
            for name, frames in films.items():
                jobs[f"{name}.gif"] = pool.submit(gif_within, frames, folder / f"{name}.gif", rate=rate, limit=GIF_BYTES, stop=stop)
                jobs[f"{name}.mp4"] = pool.submit(
                    mp4_within, frames, folder / f"{name}.mp4", rate=rate, limit=MP4_BYTES, rounds=_MP4_ROUNDS, stop=stop
                )
            while wait(jobs.values(), timeout=_LOOK).not_done:
                progress(_DRAWING + (1 - _DRAWING) * sum(job.done() for job in jobs.values()) / len(jobs))
        except BaseException:
            stop.set()
            raise
    return {name: job.result() for name, job in jobs.items()}
