"""The FBX writer against ufbx, a reader that shares no code with it."""

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rigshot_pipeline.asset import Asset, Clip, Floats
from rigshot_pipeline.formats.fbx import write_fbx
from rigshot_pipeline.formats.fbx_motion import euler_angles, euler_track
from rigshot_pipeline.formats.texture import EncodedTexture, encode_texture
from rigshot_pipeline.pose import clip_matrices, quaternion_matrices, sample_clip, skin_vertices

READER = Path(__file__).resolve().parents[1] / "tools" / "read_fbx.py"
TIMES = (0.0, 0.1, 0.313, 0.55, 0.7777, 1.0, 1.2, 1.49)


def read(path: Path, *times: float) -> tuple[dict[str, Any], dict[str, Any]]:
    """Findings and arrays of ufbx."""
    arrays = path.with_suffix(".npz")
    command = [sys.executable, *(str(word) for word in (READER, path, arrays, *times))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    with np.load(arrays) as data:
        return json.loads(done.stdout), dict(data)


def welded(asset: Asset) -> tuple[Floats, Floats]:
    assert asset.mesh.source is not None
    assert asset.rig.weights is not None
    first = np.unique(asset.mesh.source, return_index=True)[1]
    return asset.mesh.vertices[first], asset.rig.weights[first]


def test_structure(tube: Asset, tmp_path: Path) -> None:
    write_fbx(tube, tmp_path / "tube.fbx")
    found, arrays = read(tmp_path / "tube.fbx")
    assert found["version"] == 7400
    assert found["warnings"] == []
    assert found["unit_meters"] == pytest.approx(0.01)
    assert found["axes"] == [0, 2, 4]  # +X, +Y, +Z
    assert found["bind_poses"] == 1
    assert [(row["name"], row["parent"]) for row in found["nodes"] if row["bone"]] == [
        ("hip bone", ""),
        ("脊椎", "hip bone"),
        ("head.top", "脊椎"),
    ]
    assert found["clusters"] == list(tube.rig.names)
    assert [(row["name"], row["begin"]) for row in found["stacks"]] == [("sway side", 0), ("翻滾", 0)]
    assert [row["end"] for row in found["stacks"]] == pytest.approx([1.2, 1.5])
    assert found["roughness"] == pytest.approx(0.85)
    np.testing.assert_allclose(arrays["bind"] / 100, tube.rig.joints, atol=1e-6)


def test_mesh_is_welded_and_keeps_its_seams(tube: Asset, tmp_path: Path) -> None:
    write_fbx(tube, tmp_path / "tube.fbx")
    found, arrays = read(tmp_path / "tube.fbx")
    points, weights = welded(tube)
    faces = tube.mesh.faces
    assert tube.mesh.uv is not None
    assert tube.mesh.normals is not None
    assert found["faces"] == len(faces)
    np.testing.assert_allclose(arrays["vertices"] / 100, points, atol=1e-6)
    np.testing.assert_allclose(arrays["vertices"][arrays["corners"]] / 100, tube.mesh.vertices[faces.ravel()], atol=1e-6)
    np.testing.assert_allclose(arrays["uv"], tube.mesh.uv[faces.ravel()] * [1, -1] + [0, 1], atol=1e-6)
    np.testing.assert_allclose(arrays["normals"], tube.mesh.normals[faces.ravel()], atol=1e-6)
    np.testing.assert_allclose(arrays["weights"], weights, atol=1e-6)
    np.testing.assert_allclose(arrays["weights"].sum(1), 1, atol=1e-6)


def test_clips_move_the_skin_as_ours_do(tube: Asset, tmp_path: Path) -> None:
    write_fbx(tube, tmp_path / "tube.fbx")
    _, arrays = read(tmp_path / "tube.fbx", *TIMES)
    points, weights = welded(tube)
    rig = replace(tube.rig, weights=weights)
    for place, clip in enumerate(tube.clips):
        for time in TIMES:
            ours = skin_vertices(points, rig, clip_matrices(rig, replace(clip, loop=False), time))
            error = np.linalg.norm(arrays[f"pose_{place}_{time}"] / 100 - ours, axis=1).max()
            assert error < 1e-3, f"{clip.name} at {time} s is {1000 * error:.2f} mm off"


def test_texture_is_embedded_byte_for_byte(tube: Asset, tmp_path: Path) -> None:
    texture = encode_texture(tube.albedo, lossless=False)
    write_fbx(tube, tmp_path / "貓 tube.fbx", texture=texture)
    found, _ = read(tmp_path / "貓 tube.fbx")
    assert found["texture"] == {"name": f"貓 tube{texture.suffix}", "sha256": hashlib.sha256(texture.data).hexdigest(), "linked": True}


def test_same_asset_same_bytes(tube: Asset, tmp_path: Path) -> None:
    texture = EncodedTexture(data=b"the texture", mime="image/png")
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        write_fbx(tube, tmp_path / name / "tube.fbx", texture=texture)
    assert (tmp_path / "first" / "tube.fbx").read_bytes() == (tmp_path / "second" / "tube.fbx").read_bytes()


def test_names_that_would_break_the_format(tube: Asset, tmp_path: Path) -> None:
    names = ('a\x00\x01b"c', "a/b\\c|d:e", "長" * 200)
    rig = replace(tube.rig, names=names)
    clips = tuple(replace(clip, name=name) for clip, name in zip(tube.clips, ("\ud800", "\x00\x01"), strict=True))
    write_fbx(replace(tube, rig=rig, clips=clips, name="\n"), tmp_path / "tube.fbx")
    found, _ = read(tmp_path / "tube.fbx")
    assert [row["name"] for row in found["nodes"] if row["bone"]] == ["ab_c", "a_b_c_d_e", "長" * 18]
    assert [row["name"] for row in found["stacks"]] == ["clip", "clip_2"]


def test_no_clips_single_keys_and_joints_without_weights(tube: Asset, tmp_path: Path) -> None:
    assert tube.rig.weights is not None
    weights = np.zeros_like(tube.rig.weights)
    weights[:, 1] = 1
    bare = replace(tube, rig=replace(tube.rig, weights=weights), clips=())
    write_fbx(bare, tmp_path / "bare.fbx")
    found, arrays = read(tmp_path / "bare.fbx")
    assert found["stacks"] == []
    assert found["clusters"] == list(tube.rig.names)
    assert arrays["weights"].sum(0).tolist() == [0, len(arrays["weights"]), 0]
    wild = tube.clips[1]
    pose = Clip(name="pose", times=wild.times[:1], rotations=wild.rotations[1:2], root_offset=wild.root_offset[1:2], loop=False)
    write_fbx(replace(bare, clips=(pose,)), tmp_path / "pose.fbx")
    found, arrays = read(tmp_path / "pose.fbx", 0.0, 0.5)
    assert [(row["name"], row["end"]) for row in found["stacks"]] == [("pose", 0)]
    rig = replace(tube.rig, weights=np.tile(np.array([[0, 1, 0]], np.float32), (len(arrays["vertices"]), 1)))
    ours = skin_vertices(welded(tube)[0], rig, clip_matrices(rig, pose, 0))
    np.testing.assert_allclose(arrays["pose_0_0.0"] / 100, ours, atol=1e-3)
    np.testing.assert_allclose(arrays["pose_0_0.5"] / 100, ours, atol=1e-3)


def test_euler_angles_are_steady_and_right(tube: Asset) -> None:
    clip = tube.clips[1]
    times = np.linspace(0, clip.seconds, 400)
    rotations = np.stack([sample_clip(clip, float(time))[0] for time in times])
    angles = euler_angles(rotations)
    x, y, z = (np.stack([np.sin(half), np.cos(half)]) for half in np.moveaxis(angles / 2, -1, 0))
    turned = np.stack(
        [  # the quaternion of z after y after x
            x[0] * y[1] * z[1] - x[1] * y[0] * z[0],
            x[1] * y[0] * z[1] + x[0] * y[1] * z[0],
            x[1] * y[1] * z[0] - x[0] * y[0] * z[1],
            x[1] * y[1] * z[1] + x[0] * y[0] * z[0],
        ],
        -1,
    ).astype(np.float32)
    np.testing.assert_allclose(quaternion_matrices(turned), quaternion_matrices(rotations), atol=1e-3)
    assert np.abs(np.diff(angles, axis=0)).max() < np.pi  # never the long way round


def test_a_slow_turn_needs_no_keys_of_its_own() -> None:
    half = np.linspace(0, 1, 5)
    quaternions = np.stack([np.sin(half), 0 * half, 0 * half, np.cos(half)], -1)[:, None].astype(np.float32)
    clip = Clip(name="nod", times=np.linspace(0, 1, 5, dtype=np.float32), rotations=quaternions, root_offset=np.zeros((5, 3), np.float32))
    track = euler_track(clip)
    np.testing.assert_allclose(track.times, clip.times)
    np.testing.assert_allclose(track.angles[:, 0], np.degrees(np.stack([2 * half, 0 * half, 0 * half], -1)), atol=1e-3)


@pytest.mark.parametrize("broken", ["normals", "uv", "weights", "infinite", "negative"])
def test_refuses_what_no_reader_could_show(tube: Asset, tmp_path: Path, broken: str) -> None:
    assert tube.rig.weights is not None
    match broken:
        case "normals":
            asset = replace(tube, mesh=replace(tube.mesh, normals=None))
        case "uv":
            asset = replace(tube, mesh=replace(tube.mesh, uv=None))
        case "weights":
            asset = replace(tube, rig=replace(tube.rig, weights=None))
        case "infinite":
            asset = replace(tube, mesh=replace(tube.mesh, vertices=np.full_like(tube.mesh.vertices, np.inf)))
        case _:
            asset = replace(tube, rig=replace(tube.rig, weights=-tube.rig.weights))
    with pytest.raises(ValueError, match=r"normals|uv|weights|finite"):
        write_fbx(asset, tmp_path / "tube.fbx")
