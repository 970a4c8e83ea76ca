"""Results end on top of the job's folder, and no photo's results overwrite another's."""

from pathlib import Path

import pytest

from rigshot_pipeline.delivery import claim_folder, deliver, give_back, safe_stem


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Bella", "Bella"),
        ("IMG 0001 (2)", "IMG_0001__2"),
        ("小花", "小花"),
        ("../../etc/passwd", "etc_passwd"),
        ("a\x00b\nc", "a_b_c"),
        ("...", "photo"),
        ("Con", "Con_"),
        ("lpt1", "lpt1_"),
        ("console", "console"),
        ("x" * 300, "x" * 60),
    ],
)
def test_a_stem_is_safe_for_every_file_system(name: str, stem: str) -> None:
    assert safe_stem(name) == stem


def test_two_photos_of_one_name_get_two_folders_and_keep_them(tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = claim_folder(out, tmp_path / "a" / "cat.jpg")
    second = claim_folder(out, tmp_path / "b" / "cat.jpg")
    assert [first.name, second.name] == ["cat", "cat-2"]
    assert claim_folder(out, tmp_path / "b" / "cat.jpg") == second
    assert claim_folder(out, tmp_path / "a" / "cat.jpg") == first


def test_a_folder_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    assert claim_folder(tmp_path, tmp_path / "cat.jpg").name == "cat-2"


def test_a_folder_in_which_nothing_was_made_is_given_back(tmp_path: Path) -> None:
    refused, begun, own = (claim_folder(tmp_path, tmp_path / f"{name}.jpg") for name in ("refused", "begun", "own"))
    _stages(begun, {"intake/stage.json": "{}"})
    (own / "notes.txt").write_text("the person's own")
    for folder in (refused, begun, own):
        give_back(folder)
    assert [folder.exists() for folder in (refused, begun, own)] == [False, True, True]


def _stages(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / "stages" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_deliverables_are_copied_and_old_ones_go(tmp_path: Path) -> None:
    folder = tmp_path / "cat"
    _stages(folder, {"export/cat.glb": "1", "export/cat.fbx": "2", "export/stage.json": "{}", "preview/turntable.gif": "3"})
    assert set(deliver(folder)) == {"glb", "fbx", "gif"}
    (folder / "notes.txt").write_text("the person's own")
    (folder / "stages" / "export" / "cat.fbx").unlink()
    assert set(deliver(folder)) == {"glb", "gif"}
    assert sorted(path.name for path in folder.iterdir()) == ["cat.gif", "cat.glb", "notes.txt", "stages"]


def test_editing_a_deliverable_does_not_touch_the_stage(tmp_path: Path) -> None:
    folder = tmp_path / "cat"
    _stages(folder, {"export/cat.glb": "1"})
    deliver(folder)["glb"].write_text("edited")
    assert (folder / "stages" / "export" / "cat.glb").read_text() == "1"
