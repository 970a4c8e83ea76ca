"""What people are shown of a redrawn subject, and who is offered one."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_engine import EngineLab

from rigshot_pipeline.offers import EngineOffer, engines_on_offer
from rigshot_pipeline.options import Options
from rigshot_pipeline.preview.side_by_side import side_by_side
from rigshot_pipeline.redrawn import comparison, pose_of
from rigshot_pipeline.store import save_json, save_picture

WORKER = 'raise SystemExit(main(engine="tiny", stages={"standardise": lambda job: {}}))'
SITTING = {
    "kind": "photo",
    "view": "side",
    "view_confidence": 0.9,
    "plan": "quadruped",
    "plan_confidence": 0.9,
    "pose": "sitting",
    "lean": 0.3,
    "cut": [],
}


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EngineLab:
    """A house of engines with one that redraws."""
    (tmp_path / "engines").mkdir()
    lab = EngineLab(tmp_path / "engines")
    for name, value in lab.variables.items():
        monkeypatch.setenv(name, value)
    lab.put_in_place(lab.engine(WORKER, stages=("standardise", "geometry")))
    return lab


def stages(folder: Path, **seen: object) -> Path:
    """A finished job's folder as far as it tells how the subject was seen."""
    (folder / "standardise").mkdir(parents=True)
    save_json(folder / "standardise" / "subject.json", SITTING | seen)
    return folder


@pytest.mark.parametrize(
    ("seen", "options", "pose"),
    [
        ({}, Options(), "redrawable"),
        ({"pose": "standing"}, Options(), ""),
        ({"pose": "standing", "cut": ["left"]}, Options(), "redrawable"),
        ({"pose": "standing", "view": "front", "plan": "biped"}, Options(), ""),
        ({"kind": "drawing"}, Options(), ""),
        ({}, Options(repose=True), ""),
        ({}, Options(view="side"), ""),
        ({}, Options(engine="embedded"), ""),
        ({}, Options(engine="nobody"), ""),
    ],
)
@pytest.mark.usefixtures("lab")
def test_a_subject_may_be_redrawn_where_an_engine_would_do_it(tmp_path: Path, seen: dict[str, object], options: Options, pose: str) -> None:
    assert pose_of(stages(tmp_path / "job", **seen), options) == pose


def test_without_an_engine_nobody_is_asked(tmp_path: Path) -> None:
    assert pose_of(stages(tmp_path / "job"), Options()) == ""


@pytest.mark.usefixtures("lab")
def test_an_outline_that_the_photo_brought_along_is_not_redrawn(tmp_path: Path) -> None:
    job = stages(tmp_path / "job")
    (job / "intake").mkdir()
    save_picture(job / "intake" / "mask.png", np.zeros((4, 4), np.uint8))
    assert pose_of(job, Options()) == ""


def test_a_redrawn_subject_is_compared(tmp_path: Path) -> None:
    job = stages(tmp_path / "job")
    assert comparison(job) is None
    for name, shade in (("before", 40), ("after", 200)):
        save_picture(job / "standardise" / f"{name}.png", np.full((300, 200, 3), shade, np.uint8))
    assert pose_of(job, Options(repose=True)) == "redrawn"
    place = comparison(job)
    assert place == job / "compare.jpg"
    assert place.read_bytes()[:3] == b"\xff\xd8\xff"


@pytest.mark.parametrize(("before", "after"), [((50, 40), (700, 900)), ((9, 3000), (3000, 9)), ((400, 400), (1, 1))])
def test_two_pictures_of_any_shape_stand_beside_each_other(before: tuple[int, int], after: tuple[int, int]) -> None:
    dark, light = (np.full((*shape, 3), shade, np.uint8) for shape, shade in ((before, 20), (after, 130)))
    with Image.open(BytesIO(side_by_side(dark, light))) as picture:
        pixels = np.asarray(picture.convert("L"))
    assert max(picture.size) < 3000
    row = pixels[len(pixels) // 2]
    darks, lights = np.flatnonzero(np.abs(row.astype(int) - 20) < 12), np.flatnonzero(np.abs(row.astype(int) - 130) < 12)
    assert darks.max() < lights[lights > pixels.shape[1] // 3].max()


@pytest.mark.usefixtures("lab")
def test_engines_are_offered_for_the_stages_that_they_can_do() -> None:
    assert engines_on_offer(["intake", "standardise", "geometry"]) == (
        EngineOffer(name="tiny", title="Tiny", stages=("standardise", "geometry")),
    )
    assert engines_on_offer(["intake", "export"]) == ()


def test_an_engine_that_is_not_installed_is_not_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = EngineLab(tmp_path)
    for name, value in lab.variables.items():
        monkeypatch.setenv(name, value)
    lab.engine(WORKER, stages=("standardise",))
    assert engines_on_offer(["standardise"]) == ()
