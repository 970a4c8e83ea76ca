"""rigshot evaluate: preparations that are left out for real, runs that go on where they stopped, tables and pictures."""

import argparse
import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from rigshot_pipeline import store
from rigshot_pipeline.commands.evaluate import COMMAND
from rigshot_pipeline.embedded.canonical import MARGIN
from rigshot_pipeline.evaluation.runs import variant
from rigshot_pipeline.options import Options, Preparation
from rigshot_pipeline.run import run_job
from rigshot_pipeline.warm import toy_animal


def evaluate(*words: object) -> int:
    parser = argparse.ArgumentParser()
    COMMAND.configure(parser)
    return COMMAND.run(parser.parse_args([str(word) for word in words]))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small photo of a toy on a two-coloured ground, with its true mask beside it."""
    folder = tmp_path_factory.mktemp("pictures")
    animal = cv2.resize(toy_animal(alpha=True), None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
    height, width = animal.shape[:2]
    ground = np.zeros((height + 60, width + 110, 3), np.uint8)
    ground[:] = (96, 140, 180)
    ground[height // 2 :] = (90, 130, 70)
    ground = np.clip(ground + np.random.default_rng(1).normal(0, 6, ground.shape), 0, 255).astype(np.uint8)
    alpha = np.zeros(ground.shape[:2], np.uint8)
    part = (slice(20, 20 + height), slice(70, 70 + width))
    alpha[part] = animal[..., 3]
    share = alpha[part][..., None] / 255
    ground[part] = (animal[..., :3] * share + ground[part] * (1 - share)).astype(np.uint8)
    Image.fromarray(ground).save(folder / "toy.png")
    Image.fromarray(alpha).save(folder / "toy.mask.png")
    return folder


def prepared(pictures: Path, folder: Path, *names: Preparation) -> Path:
    run_job(pictures / "toy.png", folder, options=Options(engine="embedded", prepare=names), until="cutout")
    return folder


def test_without_resolution_the_picture_stays_as_it_came(pictures: Path, tmp_path: Path) -> None:
    folder = prepared(pictures, tmp_path, "pose", "cutout")
    assert (folder / "enhance" / "picture.png").read_bytes() == (folder / "intake" / "photo.png").read_bytes()
    assert store.load_json(folder / "enhance" / "picture.json")["scale"] == 1
    run_job(pictures / "toy.png", folder, options=Options(engine="embedded"), until="enhance")
    assert store.load_json(folder / "enhance" / "picture.json")["scale"] > 1


def test_without_pose_the_whole_photo_is_the_canonical_square(pictures: Path, tmp_path: Path) -> None:
    folder = prepared(pictures, tmp_path, "cutout")
    subject = store.load_json(folder / "standardise" / "subject.json")
    height, width = store.load_picture(folder / "intake" / "photo.png").shape[:2]
    size = store.load_picture(folder / "standardise" / "picture.png").shape[0]
    matrix = np.array(subject["canonical_from_photo"])
    assert (subject["mirrored"], subject["turned_degrees"]) == (False, 0)
    (left, right), (top, bottom), _ = (matrix @ np.array([[0, 0, 1], [width, height, 1]]).T).tolist()
    assert max(right - left, bottom - top) == pytest.approx(size, abs=1)
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((size / 2, size / 2), abs=1)
    run_job(pictures / "toy.png", folder, options=Options(engine="embedded"), until="standardise")
    found = store.load_picture(folder / "standardise" / "subject.png") > 127
    rows, columns = np.flatnonzero(found.any(1)), np.flatnonzero(found.any(0))
    assert max(len(rows), len(columns)) == pytest.approx((1 - 2 * MARGIN) * len(found), rel=0.02)


def test_without_cutout_nothing_but_the_frames_colour_is_asked(pictures: Path, tmp_path: Path) -> None:
    folder = prepared(pictures, tmp_path, "resolution", "pose")
    cutout = store.load_picture(folder / "cutout" / "cutout.png")
    assert set(np.unique(cutout[..., 3])) <= {0, 255}
    assert store.load_json(folder / "cutout" / "cutout.json")["method"] == "unlike the frame"
    picture = store.load_picture(folder / "standardise" / "picture.png")
    assert (cutout[..., :3] == picture[..., :3]).all()
    run_job(pictures / "toy.png", folder, options=Options(engine="embedded"), until="cutout")
    assert "matting" in store.load_json(folder / "cutout" / "cutout.json")["method"]


def test_variants_are_none_all_or_names_in_the_order_of_the_stages() -> None:
    assert variant("none") == ()
    assert variant("all") == ("resolution", "pose", "cutout")
    assert variant("cutout+resolution") == ("resolution", "cutout")
    with pytest.raises(ValueError, match="sharpen"):
        variant("pose+sharpen")


def test_an_evaluation_measures_shows_and_goes_on(pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--set", pictures, "--variants", "none,all", "--degrade", "small-2", "--until", "texture", "--out", tmp_path)
    assert evaluate(*words) == 0
    with (tmp_path / "rows.csv").open(encoding="utf-8") as stream:
        rows = {(row["hardship"], row["variant"]): row for row in csv.DictReader(stream)}
    assert set(rows) == {(hardship, name) for hardship in ("unspoilt", "small-2") for name in ("none", "all")}
    assert all(row["outcome"] == "model" for row in rows.values())
    best = rows["unspoilt", "all"]
    assert float(best["silhouette_iou"]) > 0.85
    assert float(best["identity"]) > float(rows["unspoilt", "none"]["identity"]) - 0.05
    assert 0 <= float(best["background_bleed"]) < 0.05
    text = (tmp_path / "tables.md").read_text(encoding="utf-8")
    assert text in capsys.readouterr().out
    assert "| small-2 |" in text
    assert "<polyline" in (tmp_path / "curves_identity.svg").read_text(encoding="utf-8")
    with Image.open(tmp_path / "gallery_00.jpg") as gallery:
        assert gallery.width == 1100
    assert not (tmp_path / "jobs").exists() or not any((tmp_path / "jobs").iterdir())
    first = sorted(file.stat().st_mtime_ns for file in (tmp_path / "rows").iterdir())
    (next((tmp_path / "rows").glob("*small-2__all.json"))).unlink()
    assert evaluate(*words, "--jobs", 2) == 0
    second = sorted(file.stat().st_mtime_ns for file in (tmp_path / "rows").iterdir())
    assert len(set(first) & set(second)) == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "nothing to measure"),
        (("--set", "nowhere"), "nowhere is not a folder"),
        (("--set", ".", "--variants", "best"), "best: there are none, all"),
        (("--set", ".", "--degrade", "burnt"), "burnt: there are small"),
        (("--truth", ".", "--views", "above"), "above: there are the views"),
    ],
)
def test_wrong_words_get_a_sentence(words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(*words) == 2
    assert said in capsys.readouterr().err


def test_rigged_models_are_photographed_and_measured_against_themselves(shared_data: Path, tmp_path: Path) -> None:
    words = ("--truth", shared_data / "gt_rig", "--only", "Fox", "--views", "left", "--variants", "all", "--out", tmp_path)
    assert evaluate(*words) == 0
    with (tmp_path / "rows.csv").open(encoding="utf-8") as stream:
        row = next(csv.DictReader(stream))
    assert float(row["volume_iou"]) > 0.65
    assert float(row["chamfer"]) < 0.02
    assert float(row["j2j"]) < 0.06
    assert float(row["motion_mean"]) < 0.6 * float(row["motion_still"])
