"""The stage export on folders as the stages before it leave them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rigshot_pipeline.assemble import load_asset
from rigshot_pipeline.asset import Asset, Mesh, Rig
from rigshot_pipeline.options import Format, Options
from rigshot_pipeline.stage import StageName, Work
from rigshot_pipeline.stages.export import STAGE
from rigshot_pipeline.store import save_clips, save_json, save_mesh, save_picture, save_rig
from rigshot_pipeline.wording import sentence


@pytest.fixture
def inputs(tube: Asset, tmp_path: Path) -> Mapping[StageName, Path]:
    """The folders that the stage reads; the rig's weights belong to the welded mesh."""
    return leave(tube, tmp_path, kind="photo")


def leave(asset: Asset, folder: Path, *, kind: str) -> Mapping[StageName, Path]:
    folders: dict[StageName, Path] = {name: folder / name for name in STAGE.reads}
    for path in folders.values():
        path.mkdir(exist_ok=True)
    save_json(folders["standardise"] / "subject.json", {"kind": kind, "mirrored": False})
    save_mesh(folders["texture"] / "mesh.npz", asset.mesh)
    save_picture(folders["texture"] / "albedo.png", asset.albedo)
    save_rig(folders["skin"] / "rig.npz", welded_rig(asset))
    save_clips(folders["animate"] / "clips.npz", asset.clips)
    return folders


def welded_rig(asset: Asset) -> Rig:
    assert asset.mesh.source is not None
    assert asset.rig.weights is not None
    return replace(asset.rig, weights=asset.rig.weights[np.unique(asset.mesh.source, return_index=True)[1]])


def work(
    inputs: Mapping[StageName, Path], folder: Path, *, name: str = "my_cat", formats: tuple[Format, ...] = ("glb", "fbx", "obj")
) -> Work:
    folder.mkdir()
    options = Options(formats=formats, name=name)
    return Work(folder=folder, inputs=inputs, options=options, source=folder, progress=lambda fraction: None)


def test_the_asset_comes_back_from_the_folders(inputs: Mapping[StageName, Path], tube: Asset) -> None:
    asset = load_asset(inputs, name="tube")
    assert asset.rig.weights is not None
    assert tube.rig.weights is not None
    np.testing.assert_array_equal(asset.rig.weights, tube.rig.weights)
    np.testing.assert_array_equal(asset.albedo, tube.albedo)
    assert [clip.name for clip in asset.clips] == [clip.name for clip in tube.clips]
    assert not asset.nearest
    assert asset.licences


def test_sprites_keep_their_hard_pixels(tube: Asset, tmp_path: Path) -> None:
    assert load_asset(leave(tube, tmp_path, kind="sprite"), name="tube").nearest


def test_an_unsplit_mesh_takes_the_weights_as_they_are(tube: Asset, tmp_path: Path) -> None:
    folders = leave(tube, tmp_path, kind="photo")
    mesh = replace(tube.mesh, source=None)
    save_mesh(folders["texture"] / "mesh.npz", mesh)
    save_rig(folders["skin"] / "rig.npz", tube.rig)
    asset = load_asset(folders, name="tube")
    np.testing.assert_array_equal(asset.rig.weights, tube.rig.weights)


def test_folders_that_do_not_fit_are_an_error(inputs: Mapping[StageName, Path], tube: Asset) -> None:
    assert tube.mesh.source is not None
    mesh: Mesh = replace(tube.mesh, source=tube.mesh.source + 1)
    save_mesh(inputs["texture"] / "mesh.npz", mesh)
    with pytest.raises(ValueError, match="refers to vertex"):
        load_asset(inputs, name="tube")


def test_every_format_is_written(inputs: Mapping[StageName, Path], tmp_path: Path) -> None:
    outcome = STAGE.run(work(inputs, tmp_path / "export"))
    assert sorted(path.name for path in (tmp_path / "export").iterdir()) == [
        "my_cat.fbx",
        "my_cat.glb",
        "my_cat.mtl",
        "my_cat.obj",
        "my_cat.png",
    ]
    assert outcome.metrics["joints"] == 3
    assert outcome.metrics["clips"] == 2
    assert outcome.metrics["glb_bytes"] == (tmp_path / "export" / "my_cat.glb").stat().st_size
    assert outcome.advice == ()


def test_only_what_was_asked_for_and_a_word_about_the_rest(inputs: Mapping[StageName, Path], tmp_path: Path) -> None:
    outcome = STAGE.run(work(inputs, tmp_path / "export", name="貓", formats=("glb",)))
    assert [path.name for path in (tmp_path / "export").iterdir()] == ["貓.glb"]
    (advice,) = outcome.advice
    assert advice.level == "note"
    assert sentence(advice.code, advice.values) == "Not written because you did not ask for it: FBX, OBJ."


def test_same_inputs_same_bytes(inputs: Mapping[StageName, Path], tmp_path: Path) -> None:
    for name in ("first", "second"):
        STAGE.run(work(inputs, tmp_path / name))
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()
