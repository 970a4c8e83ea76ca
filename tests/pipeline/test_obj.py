"""The OBJ writer, read back by trimesh."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import trimesh
from PIL import Image

from rigshot_pipeline.asset import Asset
from rigshot_pipeline.formats.naming import object_names
from rigshot_pipeline.formats.obj import write_obj


def test_an_independent_reader_gets_mesh_and_texture(tube: Asset, tmp_path: Path) -> None:
    write_obj(tube, tmp_path / "tube.obj")
    scene = trimesh.load_scene(tmp_path / "tube.obj", process=False)
    (mesh,) = scene.geometry.values()
    assert isinstance(mesh, trimesh.Trimesh)
    assert isinstance(mesh.visual, trimesh.visual.TextureVisuals)
    assert mesh.visual.uv is not None
    assert tube.mesh.uv is not None
    faces = tube.mesh.faces
    np.testing.assert_allclose(mesh.vertices[mesh.faces], tube.mesh.vertices[faces], atol=1e-6)
    np.testing.assert_allclose(mesh.visual.uv[mesh.faces], tube.mesh.uv[faces] * [1, -1] + [0, 1], atol=1e-6)
    np.testing.assert_array_equal(np.asarray(mesh.visual.material.image), tube.albedo)


def test_points_are_shared_across_seams(tube: Asset, tmp_path: Path) -> None:
    write_obj(tube, tmp_path / "tube.obj")
    lines = (tmp_path / "tube.obj").read_text(encoding="utf-8").splitlines()
    points = np.array([line.split()[1:] for line in lines if line.startswith("v ")], float)
    faces = np.array([[corner.split("/")[0] for corner in line.split()[1:]] for line in lines if line.startswith("f ")], int) - 1
    closed = trimesh.Trimesh(points, faces, process=False)
    assert closed.is_watertight
    assert closed.volume > 0


def test_files_name_each_other_without_folders(tube: Asset, tmp_path: Path) -> None:
    write_obj(tube, tmp_path / "貓.v2.obj")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["貓.v2.mtl", "貓.v2.obj", "貓.v2.png"]
    text = (tmp_path / "貓.v2.obj").read_text(encoding="utf-8")
    material = (tmp_path / "貓.v2.mtl").read_text(encoding="utf-8")
    assert "mtllib 貓.v2.mtl\n" in text
    assert "map_Kd 貓.v2.png\n" in material
    (named,) = [line.split()[1:] for line in material.splitlines() if line.startswith("newmtl")]
    (used,) = [line.split()[1:] for line in text.splitlines() if line.startswith("usemtl")]
    assert named == used
    assert len(named) == 1
    with Image.open(tmp_path / "貓.v2.png") as picture:
        assert picture.size == tube.albedo.shape[1::-1]


def test_a_line_break_in_a_licence_stays_a_comment(tube: Asset, tmp_path: Path) -> None:
    write_obj(replace(tube, licences=("one\nv 1 2 3",)), tmp_path / "tube.obj")
    points = [line for line in (tmp_path / "tube.obj").read_text(encoding="utf-8").splitlines() if line.startswith("v ")]
    assert "v 1 2 3" not in points


def test_object_names_stay_apart() -> None:
    names = object_names(["a/b", "a_b", "a\x00_b", "", "x" * 100, "x" * 99], default="joint")
    assert names == ("a_b", "a_b_2", "a_b_3", "joint", "x" * 56, "x" * 56 + "_2")
    assert max(len(name.encode()) for name in names) < 63
