"""rigshot make from the outside: a whole process, real pictures, exit statuses, Ctrl-C."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from rigshot_pipeline.warm import toy_animal

STAGES = ["intake", "enhance", "standardise", "cutout", "geometry", "texture", "skeleton", "skin", "animate", "export", "preview", "report"]


def _command(*words: object) -> list[str]:
    return [sys.executable, "-m", "rigshot_bots.terminal", "make", *map(str, words)]


def _make(*words: object) -> tuple[int, list[dict[str, Any]], str]:
    answer = subprocess.run(_command(*words, "--json"), capture_output=True, text=True, check=False)
    assert "Traceback" not in answer.stderr
    return answer.returncode, [json.loads(line) for line in answer.stdout.splitlines()], answer.stderr


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, Any]]:
    """A photo, the folder of results, and what the first run said."""
    place = tmp_path_factory.mktemp("make")
    photo = place / "Bella the dog.png"
    Image.fromarray(toy_animal(alpha=True)).save(photo)
    status, lines, _ = _make(photo, "--out", place / "out")
    assert status == 0
    return photo, place / "out", lines[0]


def test_a_photo_becomes_every_file(made: tuple[Path, Path, dict[str, Any]]) -> None:
    photo, out, words = made
    assert words["status"] == "done"
    assert words["photo"] == str(photo)
    assert list(words["stages"]) == STAGES
    expected = {"gif", "mp4", "glb", "fbx", "obj", "mtl", "png", "poster.png", "report.png", "report.json", "skeleton.gif", "skeleton.mp4"}
    assert set(words["files"]) == expected
    assert all(Path(file).stat().st_size > 0 for file in words["files"].values())
    assert Path(words["files"]["gif"]).stat().st_size < 3_000_000
    assert Path(words["files"]["mp4"]).stat().st_size < 1_000_000
    assert Path(words["files"]["glb"]).parent == out / "Bella_the_dog"


def test_the_animal_has_four_legs_and_walks(made: tuple[Path, Path, dict[str, Any]]) -> None:
    stages = made[2]["stages"]
    assert stages["standardise"]["metrics"]["view"] == "side"
    assert stages["geometry"]["metrics"]["plan"] == "quadruped"
    assert stages["geometry"]["metrics"]["watertight"] is True
    names = json.loads((made[1] / "Bella_the_dog" / "stages" / "skin" / "rig.json").read_text())["names"]
    legs = {name.rsplit("_", 1)[0] for name in names if name.startswith("leg_")}
    assert legs >= {"leg_fore_left", "leg_fore_right", "leg_hind_left", "leg_hind_right"}


def test_another_clip_redoes_only_what_shows_it(made: tuple[Path, Path, dict[str, Any]]) -> None:
    photo, out, _ = made
    command = _command(photo, "--out", out, "--clip", "idle")
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    kept = [line.split()[0] for line in answer.stdout.splitlines() if "kept" in line]
    assert kept == STAGES[:-2]


def test_an_unknown_clip_is_refused_with_the_ones_there_are(made: tuple[Path, Path, dict[str, Any]]) -> None:
    photo, out, _ = made
    status, lines, _ = _make(photo, "--out", out, "--clip", "moonwalk")
    assert status == 3
    assert "walk" in lines[0]["error"]["sentence"]


def test_a_refused_photo_does_not_stop_the_others_and_the_status_says_so(tmp_path: Path, made: tuple[Path, Path, dict[str, Any]]) -> None:
    photo, out, _ = made
    page = tmp_path / "page.jpg"
    page.write_text("<html><body>no picture</body></html>")
    status, lines, said = _make(page, photo, "--out", out)
    assert status == 3
    assert [line["status"] for line in lines] == ["refused", "done"]
    assert lines[0]["error"]["sentence"] in said.replace("\n", " ")


def test_sentences_come_in_the_language_asked_for(tmp_path: Path) -> None:
    missing = tmp_path / "no such photo.jpg"
    _, english, _ = _make(missing, "--out", tmp_path / "out")
    _, chinese, _ = _make(missing, "--out", tmp_path / "out", "--language", "zh-TW")
    assert english[0]["error"]["code"] == chinese[0]["error"]["code"]
    assert english[0]["error"]["sentence"] != chinese[0]["error"]["sentence"]


def test_relative_paths_work(tmp_path: Path, made: tuple[Path, Path, dict[str, Any]]) -> None:
    (tmp_path / "toy.png").write_bytes(made[0].read_bytes())
    answer = subprocess.run(
        _command("toy.png", "--out", "out", "--formats", "glb"), cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stdout
    assert (tmp_path / "out" / "toy" / "toy.glb").is_file()
    assert not (tmp_path / "out" / "toy" / "toy.fbx").exists()


def test_an_empty_folder_is_told_and_not_passed_over(tmp_path: Path) -> None:
    answer = subprocess.run(_command(tmp_path, "--out", tmp_path / "out"), capture_output=True, text=True, check=False)
    assert answer.returncode == 3
    assert "no picture" in answer.stdout + answer.stderr


def test_ctrl_c_stops_cleanly_and_the_next_run_goes_on(tmp_path: Path) -> None:
    photo = tmp_path / "toy.png"
    Image.fromarray(toy_animal(alpha=True)).save(photo)
    out = tmp_path / "out"
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(_command(photo, "--out", out), text=True, **pipes) as run:
        while not (out / "toy" / "stages" / "geometry" / "stage.json").is_file():
            assert run.poll() is None
            time.sleep(0.05)
        run.send_signal(signal.SIGINT)
        said, complained = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "Traceback" not in said + complained
    assert not [path.name for path in (out / "toy" / "stages").iterdir() if path.name.startswith(".")]
    answer = subprocess.run(_command(photo, "--out", out), capture_output=True, text=True, check=True)
    assert [line for line in answer.stdout.splitlines() if "geometry" in line and "kept" in line]
