"""Blender opens what we export: the same bones, texture, size and motion arrive. Runs where bpy is installed."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rigshot_pipeline.asset import Asset, Clip, Floats, Rig
from rigshot_pipeline.formats.fbx import write_fbx
from rigshot_pipeline.formats.glb import write_glb
from rigshot_pipeline.formats.texture import encode_texture
from rigshot_pipeline.pose import clip_matrices, skin_vertices

ENVIRONMENT = Path(__file__).resolve().parents[2] / "envs" / "blender"
INSTALLED = Path("~/.local/share/rigshot/envs/blender/venv/bin/python")  # where "rigshot envs install blender" puts it
WAYS = [("glb", "python"), ("fbx", "python"), ("fbx", "native")]
IDS = ["GLB", "FBX, old importer", "FBX, new importer"]


@dataclass(frozen=True)
class Arrived:
    """What Blender says of a file, and the vertices that it shows, at rest and in every pose."""

    words: dict[str, Any]
    rest: Floats
    poses: list[Floats]


class Blender:
    """A warm worker of the environment."""

    def __init__(self, python: Path) -> None:
        command = [python, ENVIRONMENT / "worker.py"]
        environment = os.environ | {"PYTHONPATH": str(ENVIRONMENT.with_name("rigshot_env"))}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", env=environment
        )
        assert self._event()["event"] == "ready"

    def open(self, model: Path, importer: str, poses: list[dict[str, Any]], **outputs: Path) -> Arrived:
        vertices = model.with_suffix(".npz")
        paths = {"model": model, "vertices": vertices, **outputs}
        request = {
            "id": "1",
            "stage": "reimport",
            "paths": {name: str(path) for name, path in paths.items()},
            "parameters": {"importer": importer, "poses": poses},
        }
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        while (event := self._event())["event"] == "progress":
            pass
        assert event["event"] == "result", event
        with np.load(vertices) as data:
            return Arrived(event["values"], data["rest"], [data[f"pose_{place}"] for place in range(len(poses))])

    def _event(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        event: dict[str, Any] = json.loads(self.process.stdout.readline())
        return event


@pytest.fixture(scope="module")
def blender() -> Iterator[Blender]:
    python = Path(os.environ.get("RIGSHOT_BLENDER_PYTHON", INSTALLED)).expanduser()
    if not python.is_file():
        pytest.skip("Blender's environment is not installed: rigshot envs install blender, or set RIGSHOT_BLENDER_PYTHON")
    blender = Blender(python)
    with blender.process:
        yield blender
        blender.process.kill()


def write(asset: Asset, path: Path) -> Path:
    (write_glb if path.suffix == ".glb" else write_fbx)(asset, path)
    return path


def to_blender(points: Floats) -> Floats:
    """Our world in Blender's: +Z is up there, and what faces +Z here faces -Y."""
    return np.stack([points[:, 0], -points[:, 2], points[:, 1]], -1)


def as_written(asset: Asset, kind: str) -> tuple[Floats, Rig]:
    """Vertices and rig in the file's order: FBX shares points across seams."""
    if kind == "glb":
        return asset.mesh.vertices, asset.rig
    assert asset.mesh.source is not None
    assert asset.rig.weights is not None
    first = np.unique(asset.mesh.source, return_index=True)[1]
    return asset.mesh.vertices[first], replace(asset.rig, weights=asset.rig.weights[first])


def moments(clip: Clip, kind: str) -> list[float]:
    """Times to compare. Blender blends a GLB's quaternions as numbers: keys a quarter turn apart agree only on the keys."""
    if kind == "glb" and not clip.loop:
        return [float(time) for time in clip.times]
    return [0.0, 0.0713, 0.211, 0.4177, 0.55, 0.83, 1.1]


@pytest.mark.parametrize(("kind", "importer"), WAYS, ids=IDS)
def test_skin_and_clips_arrive(blender: Blender, tube: Asset, tmp_path: Path, kind: str, importer: str) -> None:
    moves = [(clip, time) for clip in tube.clips for time in moments(clip, kind)]
    poses = [{"clip": clip.name, "seconds": time} for clip, time in moves]
    arrived = blender.open(write(tube, tmp_path / f"tube.{kind}"), importer, poses)
    vertices, rig = as_written(tube, kind)
    np.testing.assert_allclose(arrived.rest, to_blender(vertices), atol=1e-6)
    for (clip, time), shown in zip(moves, arrived.poses, strict=True):
        ours = to_blender(skin_vertices(vertices, rig, clip_matrices(rig, replace(clip, loop=False), time)))
        error = np.linalg.norm(shown - ours, axis=1).max()
        assert error < 1e-3, f"{clip.name} at {time} s is {1000 * error:.2f} mm off"


@pytest.mark.parametrize(("kind", "importer"), WAYS, ids=IDS)
def test_bones_texture_and_lengths_arrive(blender: Blender, tube: Asset, tmp_path: Path, kind: str, importer: str) -> None:
    words = blender.open(write(tube, tmp_path / f"tube.{kind}"), importer, []).words
    (armature,) = words["armatures"]
    bones = {bone["name"]: bone for bone in armature["bones"]}
    assert {name: bone["parent"] for name, bone in bones.items()} == {"hip bone": None, "脊椎": "hip bone", "head.top": "脊椎"}
    heads = np.array([bones[name]["head"] for name in tube.rig.names], np.float32)
    np.testing.assert_allclose(heads, to_blender(tube.rig.joints), atol=1e-6)
    (mesh,) = words["meshes"]
    assert mesh["textured"]
    assert mesh["faces"] == len(tube.mesh.faces)
    assert sorted(mesh["groups"]) == sorted(tube.rig.names)
    (image,) = words["images"]
    assert image["size"] == [64, 64]
    assert image["bytes"] == len(encode_texture(tube.albedo, lossless=False).data)
    lengths = [(end - begin) / words["frames_per_second"] for begin, end in (action["range"] for action in words["actions"])]
    assert sorted(lengths) == pytest.approx([1.2, 1.5], abs=1e-3)


def test_scene_and_picture_are_written(blender: Blender, tube: Asset, tmp_path: Path) -> None:
    outputs = {"blend": tmp_path / "tube.blend", "picture": tmp_path / "tube.png"}
    blender.open(write(tube, tmp_path / "tube.glb"), "python", [{"clip": "sway side", "seconds": 0.3}], **outputs)
    assert outputs["picture"].read_bytes().startswith(b"\x89PNG")
    assert outputs["blend"].stat().st_size > 10_000
