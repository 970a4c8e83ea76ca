"""What a silhouette is taken for: on drawn shapes, and on rigged animals rendered from known directions."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

from rigshot_pipeline.embedded.measures import measure
from rigshot_pipeline.embedded.reading import read_silhouette
from rigshot_pipeline.embedded.silhouette import silhouette_of

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def truth(shared_data: Path) -> ModuleType:
    """The benchmark's reader of rigged animals."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        spec = importlib.util.spec_from_file_location("geometry_truth", ROOT / "benchmarks" / "geometry_truth.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["geometry_truth"] = module
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))
    return module


def rendered(
    truth: ModuleType, shared_data: Path, name: str, yaw: float, clip: str | None = None, seconds: float = 0.0, pitch: float = 0.0
) -> NDArray[np.bool_]:
    rig = truth.load_truth(shared_data / "gt_rig" / f"{name}.glb", clip=clip, seconds=seconds)
    mask: NDArray[np.bool_] = truth.truth_silhouette(rig, yaw, pitch)[1]
    return mask


SIDES = (
    "khronos_Fox",
    "quaternius_Cow",
    "quaternius_Deer",
    "quaternius_Horse",
    "quaternius_Husky",
    "quaternius_ShibaInu",
    "quaternius_Wolf",
)


@pytest.mark.parametrize("name", SIDES)
def test_standing_animals_are_read_from_their_side(truth: ModuleType, shared_data: Path, name: str) -> None:
    mask = rendered(truth, shared_data, name, -90)
    for picture, facing in ((mask, "right"), (mask[:, ::-1], "left")):
        reading = read_silhouette(np.ascontiguousarray(picture))
        assert (reading.plan, reading.view, reading.pose, reading.facing) == ("quadruped", "side", "standing", facing)
        assert reading.heading == pytest.approx(90, abs=3)


@pytest.mark.parametrize("name", SIDES)
def test_walking_animals_keep_their_head_and_plan(truth: ModuleType, shared_data: Path, name: str) -> None:
    reading = read_silhouette(rendered(truth, shared_data, name, -90, "walk", 0.3))
    assert (reading.plan, reading.facing) == ("quadruped", "right")


@pytest.mark.parametrize("name", ["khronos_Fox", "quaternius_Husky", "quaternius_Deer"])
def test_animals_that_face_the_viewer_are_frontal(truth: ModuleType, shared_data: Path, name: str) -> None:
    reading = read_silhouette(rendered(truth, shared_data, name, 0))
    assert (reading.plan, reading.view, reading.facing) == ("quadruped", "front", "front")


@pytest.mark.parametrize("heading", [35, 45, 55])
def test_the_outline_gives_the_heading(truth: ModuleType, shared_data: Path, heading: float) -> None:
    for name in ("khronos_Fox", "quaternius_Cow", "quaternius_Deer"):
        reading = read_silhouette(rendered(truth, shared_data, name, -heading, pitch=8))
        assert (reading.view, reading.facing) == ("three_quarter", "right")
        assert reading.heading == pytest.approx(heading, abs=15)


def test_level_feet_are_those_of_an_animal_square_to_the_camera(truth: ModuleType, shared_data: Path) -> None:
    """Only a camera on the ground sees them so of a turned one: that is told apart by nothing."""
    assert read_silhouette(rendered(truth, shared_data, "quaternius_Deer", -55)).heading == 90
    assert read_silhouette(rendered(truth, shared_data, "quaternius_Deer", -55, pitch=8)).heading < 75


def test_other_evidence_of_the_head_turns_the_animal_round(truth: ModuleType, shared_data: Path) -> None:
    reading = read_silhouette(rendered(truth, shared_data, "quaternius_Cow", -50, pitch=8))
    other = reading.leaning_to(-9)
    assert other.facing == "left"
    assert other.heading == pytest.approx(180 - reading.heading, abs=25), "the same outline, seen from behind"


@pytest.mark.parametrize("name", ["quaternius_Shark", "quaternius_Dolphin"])
def test_fish_are_fish_in_drawings_and_swim_to_their_head(truth: ModuleType, shared_data: Path, name: str) -> None:
    reading = read_silhouette(rendered(truth, shared_data, name, -90), kind="drawing")
    assert (reading.plan, reading.view, reading.facing) == ("fish", "side", "right")


def test_a_person_corrects_plan_and_view_and_the_facing_follows() -> None:
    mask = np.zeros((200, 200), bool)
    mask[60:140, 30:170] = True
    mask[40:80, 130:170] = True
    reading = read_silhouette(mask)
    side = reading.seen_as(plan="quadruped", view="side")
    assert (side.plan, side.view, side.facing, side.heading) == ("quadruped", "side", reading.leaning, 90)
    front = side.seen_as(view="front")
    assert (front.facing, front.heading) == ("front", 0)
    assert reading.leaning_to(-5.0).leaning == "left"


def test_reading_does_not_depend_on_size_or_margin() -> None:
    mask = np.zeros((120, 160), bool)
    mask[40:80, 30:120] = True
    mask[80:110, 35:43] = mask[80:110, 100:108] = True
    mask[20:50, 115:135] = True
    small = read_silhouette(mask)
    large = read_silhouette(np.pad(np.kron(mask, np.ones((5, 5), bool)), 200))
    assert (small.plan, small.view, small.pose, small.facing) == (large.plan, large.view, large.pose, large.facing)


def test_gaps_between_feet_are_measured() -> None:
    mask = np.zeros((100, 100), bool)
    mask[10:60, 10:90] = True
    mask[60:90, 15:30] = mask[60:90, 70:85] = True
    seen = measure(mask, smooth=0.0)
    assert len(seen.gaps) == 1
    assert seen.gaps[0].place == pytest.approx(0.5, abs=0.03)
    assert seen.gaps[0].height == pytest.approx(0.375, abs=0.03)
    assert len(seen.legs) == 2


def test_only_the_largest_piece_counts_and_specks_are_closed() -> None:
    mask = np.zeros((200, 200), bool)
    mask[50:150, 50:150] = True
    mask[100:102, 100:102] = False
    mask[5:12, 5:12] = True
    silhouette = silhouette_of(mask)
    assert silhouette.mask.sum() == pytest.approx(
        silhouette.mask[silhouette.box[1] : silhouette.box[3], silhouette.box[0] : silhouette.box[2]].size
    )


def test_empty_mask_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        read_silhouette(np.zeros((50, 50), bool))
