"""How long the pictures take: a dog of capsules, or the asset of a finished job, through every step of the stage preview.

    python benchmarks/preview.py [--job out/NAME/stages] [--rounds 3]

Prints the median wall time and the CPU time (this process and its children) of each step, and the files' sizes.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import trimesh

from rigshot_pipeline.assemble import load_asset
from rigshot_pipeline.asset import Asset, Clip, Mesh, Rig
from rigshot_pipeline.preview import gif, ground, light, raster
from rigshot_pipeline.preview.films import SIDE, poster, write_films
from rigshot_pipeline.preview.studio import Studio
from rigshot_pipeline.preview.turntable import Turn, plan_turn


def main() -> int:
    """Run the steps and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--job", type=Path, help="the folder with the stages' folders of a finished job")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    asset = _of_job(arguments.job) if arguments.job else toy_asset()
    for room in (raster, light, ground, gif):
        room.warm()
    turn = plan_turn(asset, asset.clips[0] if asset.clips else None, first_yaw=-90)
    studio = Studio.of(asset)
    print(f"{len(asset.mesh.faces)} triangles, texture {asset.albedo.shape[1]}, {len(turn)} pictures of {SIDE} pixels\n")
    print(f"{'step':<22} {'wall s':>8} {'cpu s':>8}")
    steps: dict[str, Callable[[], object]] = {
        "plan and poses": lambda: plan_turn(asset, asset.clips[0] if asset.clips else None, first_yaw=-90),
        "ambient occlusion": lambda: Studio.of(asset),
        "poster": lambda: poster(studio, turn, -90),
        "one picture, 1 thread": lambda: _one(studio, turn),
    }
    for name, step in steps.items():
        _row(name, step, arguments.rounds)
    with tempfile.TemporaryDirectory() as folder:
        _row("four films", lambda: write_films(asset, studio, turn, Path(folder), progress=lambda _: None), arguments.rounds)
        print()
        for path in sorted(Path(folder).iterdir()):
            print(f"{path.name:<22} {path.stat().st_size / 1000:8.0f} kB")
    return 0


def toy_asset() -> Asset:
    """A body of 20 000 triangles with a noisy texture and a clip in which it sways."""
    made = trimesh.creation.icosphere(5)
    vertices = (made.vertices * [0.2, 0.25, 0.5] + [0, 0.25, 0]).astype(np.float32)
    uv = np.stack([np.arctan2(vertices[:, 0], vertices[:, 2]) / (2 * np.pi) + 0.5, 1 - vertices[:, 1] / 0.5], 1).astype(np.float32)
    coat = np.random.default_rng(0).normal(0, 30, (1024, 1024, 1)) + np.array([180, 130, 80])
    joints = np.array([[0, 0.25, -0.4], [0, 0.25, 0]], np.float32)
    share = np.clip(vertices[:, 2] + 0.5, 0, 1)
    rig = Rig(
        names=("root", "chest"),
        parents=np.array([-1, 0], np.int32),
        joints=joints,
        tails=joints + np.array([0, 0, 0.4], np.float32),
        weights=np.stack([1 - share, share], 1).astype(np.float32),
    )
    times = np.linspace(0, 1.2, 13, dtype=np.float32)
    rotations = np.tile(np.array([0, 0, 0, 1], np.float32), (13, 2, 1))
    half = 0.15 * np.sin(2 * np.pi * times / 1.2)
    rotations[:, 1, 1], rotations[:, 1, 3] = np.sin(half), np.cos(half)
    clip = Clip(name="sway", times=times, rotations=rotations, root_offset=np.zeros((13, 3), np.float32))
    mesh = Mesh(vertices=vertices, faces=made.faces.astype(np.int32), uv=uv)
    return Asset(name="toy", mesh=mesh, albedo=np.clip(coat, 0, 255).astype(np.uint8), rig=rig, clips=(clip,))


def _of_job(job: Path) -> Asset:
    return load_asset({name: job / name for name in ("standardise", "texture", "skin", "animate")}, name="job")


def _one(studio: Studio, turn: Turn) -> None:
    near = studio.at_distance(turn.cameras[0], side=SIDE)
    near.shoot(near.light(turn.poses[0], turn.cameras[0], near.backdrop(width=SIDE, height=SIDE)))


def _row(name: str, step: Callable[[], object], rounds: int) -> None:
    walls, cpus = [], []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), _cpu()
        step()
        walls.append(time.perf_counter() - wall)
        cpus.append(_cpu() - cpu)
    print(f"{name:<22} {statistics.median(walls):8.3f} {statistics.median(cpus):8.3f}", flush=True)


def _cpu() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


if __name__ == "__main__":
    raise SystemExit(main())
