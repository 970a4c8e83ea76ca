"""The report's JSON and its sheet, made from a job's folder."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rigshot_pipeline import store, wording
from rigshot_pipeline.assemble import load_asset
from rigshot_pipeline.options import Options
from rigshot_pipeline.preview.canvas import WIDTH, Canvas, checkered, fitted
from rigshot_pipeline.preview.report_sheet import report_sheet
from rigshot_pipeline.reporting import facts
from rigshot_pipeline.stage import Outcome, StageName, Work
from rigshot_pipeline.stages import report


@pytest.fixture
def job(job_folder: Path, tmp_path: Path) -> Path:
    """A job of one's own to change, with a preview."""
    folder = tmp_path / "job"
    shutil.copytree(job_folder, folder)
    (folder / "preview").mkdir()
    store.save_picture(folder / "preview" / "poster.png", np.full((768, 768, 3), 200, np.uint8))
    record = {"stage": "preview", "engine": "embedded", "seconds": 2.25, "peak_mb": 410.5, "advice": []}
    store.save_json(folder / "preview" / "stage.json", record)
    return folder


def inputs_of(job: Path) -> dict[StageName, Path]:
    return {name: job / name for name in report.STAGE.reads}


def told(job: Path) -> dict[str, Any]:
    inputs = inputs_of(job)
    return facts(inputs, load_asset(inputs, name="dog"))


def run(job: Path, name: str = "dog") -> Outcome:
    folder = job / "report"
    folder.mkdir()
    return report.run(
        Work(folder=folder, inputs=inputs_of(job), options=Options(name=name), source=Path("none"), progress=lambda fraction: None)
    )


def change_record(job: Path, stage: str, **fields: object) -> None:
    path = job / stage / "stage.json"
    store.save_json(path, store.load_json(path) | fields)


def test_the_stage_reads_every_stage_before_it() -> None:
    from rigshot_pipeline.plan import PLAN

    assert report.STAGE.reads == tuple(stage.name for stage in PLAN if stage.name != "report")


def test_the_stage_writes_json_and_a_sheet(job: Path) -> None:
    outcome = run(job)
    assert sorted(path.name for path in (job / "report").iterdir()) == ["report.json", "report.png"]
    read = json.loads((job / "report" / "report.json").read_text(encoding="utf-8"))
    assert read["name"] == "dog"
    assert outcome.metrics["silhouette_iou"] == read["figures"]["silhouette_iou"]
    with Image.open(job / "report" / "report.png") as image:
        assert image.width == WIDTH
        pixels = np.asarray(image)
    paper = pixels[4, 4]
    rows = (np.abs(pixels.astype(int) - paper).max(2) > 12).any(1)
    assert rows[60:-60].mean() > 0.75, "no large empty place"
    assert not rows[:40].any(), "margins"
    assert not rows[-40:].any(), "margins"


def test_the_figures_are_those_of_the_model(job: Path) -> None:
    said = told(job)
    figures = said["figures"]
    assert figures["silhouette_iou"] > 0.99, "the cutout was drawn from the mesh itself"
    assert figures["watertight"] is True
    assert figures["limbs"] == 4
    assert figures["joints"] == 10
    assert figures["symmetry_error"] < 0.02
    assert [clip["name"] for clip in said["clips"]] == ["walk", "wag"]
    assert said["clips"][0]["over_2"] > 0, "the rigid weights tear at the hips"
    assert said["seconds"] == pytest.approx(10 * 0.5 + 2.25)
    assert said["peak_mb"] == 410.5
    assert [row["stage"] for row in said["stages"]] == list(report.STAGE.reads)


def test_the_summary_says_the_same_in_both_languages(job: Path) -> None:
    said = told(job)
    for key in ("summary", "licences"):
        english, chinese = said[key]["en"], said[key]["zh-TW"]
        assert len(english) == len(chinese) >= 3
        assert not any("{" in sentence or "_" in sentence for sentence in [*english, *chinese])
    assert "four-legged animal" in said["summary"]["en"][0]
    assert "四足動物" in said["summary"]["zh-TW"][0]
    assert any("stretches" in sentence and "walk" in sentence for sentence in said["summary"]["en"])


def test_a_poor_outline_is_said_to_be_poor(job: Path) -> None:
    cutout = store.load_picture(job / "cutout" / "cutout.png").copy()
    cutout[:, :240, 3] = 0
    store.save_picture(job / "cutout" / "cutout.png", cutout)
    said = told(job)
    assert said["figures"]["silhouette_iou"] < 0.8
    assert any("only to" in sentence for sentence in said["summary"]["en"])


def test_engines_and_the_licences_of_their_weights_are_named(job: Path) -> None:
    assert list(told(job)["engines"]) == ["embedded"]
    change_record(job, "standardise", engine="rembg:isnet-general-use")
    said = told(job)
    assert said["engines"]["rembg:isnet-general-use"] == ["standardise"]
    assert any("isnet-general-use" in sentence and "Apache-2.0" in sentence for sentence in said["licences"]["en"])
    assert any("ffmpeg" in sentence for sentence in said["licences"]["en"])


def test_the_advice_of_all_stages_is_gathered_in_words(job: Path) -> None:
    code = "feet_cut"
    change_record(job, "standardise", advice=[{"code": code, "values": {}, "level": "warning"}])
    advice = told(job)["advice"]
    assert len(advice) == 1
    assert advice[0]["stage"] == "standardise"
    assert advice[0]["level"] == "warning"
    assert advice[0]["en"] == wording.sentence(code)
    assert advice[0]["zh-TW"] == wording.sentence(code, {}, "zh-TW")


def test_a_model_without_clips_and_with_a_long_name_fits_the_sheet(job: Path) -> None:
    store.save_clips(job / "animate" / "clips.npz", ())
    change_record(job, "cutout", advice=[{"code": "cutout_doubtful", "values": {}, "level": "warning"}] * 12)
    run(job, name="a_very_long_name_of_a_photo_that_somebody_took_in_2026_of_a_dog")
    with Image.open(job / "report" / "report.png") as image:
        assert image.width == WIDTH
        assert image.height < 5000


def test_an_rgba_picture_and_an_empty_cutout_can_be_shown(job: Path) -> None:
    picture = store.load_picture(job / "standardise" / "picture.png")
    with_alpha = np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])
    for stage, name in (("intake", "photo.png"), ("enhance", "picture.png"), ("standardise", "picture.png")):
        store.save_picture(job / stage / name, with_alpha)
    store.save_picture(job / "cutout" / "cutout.png", np.dstack([picture, np.zeros(picture.shape[:2], np.uint8)]))
    inputs = inputs_of(job)
    asset = load_asset(inputs, name="dog")
    assert report_sheet(inputs, asset, facts(inputs, asset), first_yaw=-90).shape[1] == WIDTH


def test_words_break_at_the_width_they_are_given() -> None:
    canvas = Canvas(height=400)
    one = canvas.write("one line", x=80, y=10, size=20, width=600)
    many = canvas.write("this sentence is much too long for one line of this width", x=80, y=60, size=20, width=200)
    assert many > 2.5 * one
    canvas.y = 300
    page = canvas.finish()
    assert (np.abs(page.astype(int) - page[0, 0]).max(2) > 30)[:, 290:].sum() == 0, "nothing beyond the width"


def test_pictures_of_any_shape_are_shown_whole() -> None:
    wide = np.zeros((20, 80, 3), np.uint8)
    shown = fitted(wide, 100, (255, 255, 255))
    dark = np.argwhere(shown.max(2) < 40)
    assert np.ptp(dark[:, 1]) == pytest.approx(99, abs=2)
    assert np.ptp(dark[:, 0]) == pytest.approx(24, abs=2)
    clear = np.zeros((64, 64, 4), np.uint8)
    assert len(np.unique(checkered(clear, 96))) == 2


def test_likeness_and_limbs_are_told_in_words_and_the_coach_uses_them(job: Path) -> None:
    said = told(job)
    figures = said["figures"]
    assert figures["identity"] > 0.85, "the coat was painted from the picture itself"
    assert (figures["limbs"], figures["limbs_with_chain"]) == (4, 0), "a joint for every part, no chains"
    assert any("like your picture" in sentence and "only" not in sentence for sentence in said["summary"]["en"])
    assert any("0 bend at joints of their own" in sentence for sentence in said["summary"]["en"])
    assert run(job).advice == ()
    shutil.rmtree(job / "report")
    store.save_picture(job / "texture" / "albedo.png", np.full((512, 512, 3), (30, 60, 220), np.uint8))
    assert {advice.code for advice in run(job).advice} == {"result_unlike"}
    assert any("are only" in sentence for sentence in told(job)["summary"]["en"])
