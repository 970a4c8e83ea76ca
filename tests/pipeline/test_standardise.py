"""The canonical square: its map, its margin, its fill; and the stage on a picture."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from rigshot_pipeline import store
from rigshot_pipeline.asset import Pixels
from rigshot_pipeline.embedded.canonical import MARGIN, canonical_frame, inside_picture, warp_colours, warp_map
from rigshot_pipeline.embedded.measuring import cut_sides
from rigshot_pipeline.embedded.turning import turn_picture
from rigshot_pipeline.errors import Refused
from rigshot_pipeline.options import Options
from rigshot_pipeline.stage import Outcome, StageName, Work
from rigshot_pipeline.stages.standardise import STAGE
from rigshot_pipeline.warm import toy_animal

Run = Callable[..., tuple[Path, Outcome]]


@pytest.fixture
def standardised(tmp_path: Path) -> Run:
    """Runs the stage on a picture as if intake and enhance had made it."""

    def run(picture: Pixels, *, kind: str = "photo", scale: float = 1.0, options: Options | None = None) -> tuple[Path, Outcome]:
        for stage in ("intake", "enhance", "standardise"):
            (tmp_path / stage).mkdir()
        store.save_json(tmp_path / "intake" / "photo.json", {"box": None})
        store.save_picture(tmp_path / "enhance" / "picture.png", picture)
        store.save_json(tmp_path / "enhance" / "picture.json", {"scale": scale, "kind": kind})
        inputs: dict[StageName, Path] = {name: tmp_path / name for name in STAGE.reads}
        work = Work(
            folder=tmp_path / "standardise",
            inputs=inputs,
            options=options or Options(),
            source=tmp_path,
            progress=lambda fraction: None,
        )
        return work.folder, STAGE.run(work)

    return run


def block() -> np.ndarray:
    mask = np.zeros((400, 600), bool)
    mask[100:300, 50:350] = True
    return mask


@pytest.mark.parametrize("turned", [0.0, 90.0, 12.0])
@pytest.mark.parametrize("mirrored", [False, True])
def test_the_subject_is_centred_with_its_margin(turned: float, mirrored: bool) -> None:
    frame = canonical_frame(block(), turned_degrees=turned, mirrored=mirrored)
    found = warp_map(block().astype(np.float32), frame) >= 0.5
    rows, columns = np.flatnonzero(found.any(1)), np.flatnonzero(found.any(0))
    assert 512 <= frame.size <= 1024
    assert max(len(rows), len(columns)) == pytest.approx((1 - 2 * MARGIN) * frame.size, abs=4)
    assert (rows[0] + rows[-1] + 1) / 2 == pytest.approx(frame.size / 2, abs=2)
    assert (columns[0] + columns[-1] + 1) / 2 == pytest.approx(frame.size / 2, abs=2)


def test_the_matrix_says_where_a_pixel_goes() -> None:
    picture = np.zeros((400, 600, 3), np.uint8)
    picture[118:123, 70:75] = 255
    frame = canonical_frame(block(), mirrored=True)
    column, row, _ = frame.matrix @ [72.5, 120.5, 1]
    warped = warp_colours(picture, frame)[..., 0].astype(float)
    rows, columns = np.indices(warped.shape)
    assert (columns * warped).sum() / warped.sum() + 0.5 == pytest.approx(column, abs=0.6)
    assert (rows * warped).sum() / warped.sum() + 0.5 == pytest.approx(row, abs=0.6)
    assert column > frame.size / 2


def test_beyond_the_photo_lies_background() -> None:
    mask = block()
    mask[:, :350] = True
    frame = canonical_frame(mask)
    outside = ~inside_picture(block().shape, frame)
    assert outside.any()
    assert not warp_map(np.ones(block().shape, np.float32), frame)[outside].any()
    clear = warp_colours(np.full((*block().shape, 4), 255, np.uint8), frame)
    assert not clear[outside, 3].any()
    assert clear[outside, :3].min() > 250


def test_sprites_keep_whole_pixels() -> None:
    sprite = np.random.default_rng(0).integers(0, 255, (30, 40, 3)).astype(np.uint8)
    frame = canonical_frame(np.ones((30, 40), bool), whole_steps=True, mirrored=True)
    assert frame.scale == pytest.approx(round(frame.scale))
    warped = warp_colours(sprite, frame, hard=True)
    inside = inside_picture(sprite.shape, frame)
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    area = warped[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    step = round(frame.scale)
    np.testing.assert_array_equal(area[step // 2 :: step, step // 2 :: step][:, ::-1], sprite)


def test_the_frame_that_cuts_a_subject_is_named() -> None:
    mask = np.zeros((200, 300), bool)
    mask[80:, 100:200] = True
    assert cut_sides(mask) == ("bottom",)
    mask[80:120, :100] = True
    assert cut_sides(mask) == ("left", "bottom")


def test_a_drawing_may_touch_the_edge_of_its_sheet() -> None:
    mask = np.zeros((300, 200), bool)
    mask[100:, 80:110] = True
    assert cut_sides(mask) == ("bottom",)
    assert cut_sides(mask, drawn=True) == ()


def test_a_side_view_comes_out_facing_right(standardised: Run) -> None:
    folder, _ = standardised(np.ascontiguousarray(toy_animal(alpha=True)[:, ::-1]))
    words = store.load_json(folder / "subject.json")
    assert words["view"] == "side"
    assert words["plan"] == "quadruped"
    assert words["mirrored"]
    assert np.linalg.det(np.array(words["canonical_from_photo"])) < 0
    assert store.load_picture(folder / "picture.png").shape[:2] == store.load_picture(folder / "subject.png").shape


def test_what_was_enlarged_is_mapped_from_the_photo(standardised: Run) -> None:
    large = cv2.resize(toy_animal(alpha=True), None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    folder, _ = standardised(large, scale=2.0)
    words = store.load_json(folder / "subject.json")
    subject = store.load_picture(folder / "subject.png") >= 128
    column, row, _ = np.array(words["canonical_from_photo"]) @ [150, 160, 1]
    assert subject[int(row), int(column)]


def test_a_person_may_say_the_view(standardised: Run) -> None:
    folder, _ = standardised(toy_animal(alpha=True), options=Options(view="front", subject="biped"))
    words = store.load_json(folder / "subject.json")
    assert (words["view"], words["plan"], words["mirrored"]) == ("front", "biped", False)


@pytest.mark.parametrize(("degrees", "mirrored"), [(20, False), (-20, True), (90, False), (180, True)])
def test_what_stands_askew_comes_out_upright(degrees: int, mirrored: bool, standardised: Run) -> None:
    animal = toy_animal(alpha=True)
    upright = np.ascontiguousarray(animal[:, ::-1]) if mirrored else animal
    folder, outcome = standardised(turn_picture(upright, degrees))
    words = store.load_json(folder / "subject.json")
    assert (degrees + words["turned_degrees"] + 180) % 360 - 180 == pytest.approx(0, abs=3)
    assert (words["view"], words["plan"], words["pose"], words["mirrored"]) == ("side", "quadruped", "standing", mirrored)
    found = store.load_picture(folder / "subject.png") >= 128
    wanted = warp_map((animal[..., 3] >= 128).astype(np.float32), canonical_frame(animal[..., 3] >= 128)) >= 0.5
    wanted = cv2.resize(wanted.astype(np.uint8), found.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    assert (found & wanted).sum() / (found | wanted).sum() > 0.85
    (advice,) = (advice for advice in outcome.advice if advice.code == "turned_upright")
    assert advice.values == {"degrees": abs(words["turned_degrees"])}


def test_a_sprite_that_lies_on_its_side_keeps_its_pixels(standardised: Run) -> None:
    small = cv2.resize(toy_animal(alpha=True), (64, 64), interpolation=cv2.INTER_NEAREST)
    folder, _ = standardised(turn_picture(small, -90), kind="sprite")
    words = store.load_json(folder / "subject.json")
    assert words["turned_degrees"] == 90
    step = np.hypot(*np.array(words["canonical_from_photo"])[:2, 0])
    assert step == pytest.approx(round(step))
    picture = store.load_picture(folder / "picture.png")
    assert set(map(tuple, picture[picture[..., 3] > 0])) <= set(map(tuple, small[small[..., 3] > 0]))


@pytest.mark.parametrize("turn", [0, 90])
def test_a_person_who_says_how_to_turn_has_decided(turn: int, standardised: Run) -> None:
    folder, outcome = standardised(turn_picture(toy_animal(alpha=True), 20), options=Options(turn=turn))
    assert store.load_json(folder / "subject.json")["turned_degrees"] == 0
    assert all(advice.code != "turned_upright" for advice in outcome.advice)


def test_a_running_dog_is_left_alone(shared_data: Path, standardised: Run) -> None:
    photo = cv2.cvtColor(cv2.imread(str(shared_data / "photo_pet" / "coral_dog_train_0.png")), cv2.COLOR_BGR2RGB)
    folder, _ = standardised(np.asarray(photo, np.uint8))
    assert store.load_json(folder / "subject.json")["turned_degrees"] == 0


def test_a_network_that_was_wished_for_and_is_not_here_is_missed(
    standardised: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RIGSHOT_CUTOUT_MODEL", "u2netp")
    monkeypatch.setenv("U2NET_HOME", str(tmp_path))
    assert STAGE.environment is not None
    with_wish = STAGE.environment(Options())
    _, outcome = standardised(toy_animal(alpha=True))
    assert [advice.values for advice in outcome.advice if advice.code == "weights_missing"] == [{"model": "u2netp"}]
    monkeypatch.delenv("RIGSHOT_CUTOUT_MODEL")
    assert STAGE.environment(Options()) != with_wish


def test_a_blank_photo_is_refused(shared_data: Path, standardised: Run) -> None:
    photo = cv2.cvtColor(cv2.imread(str(shared_data / "negative" / "cameratrap_blank.jpg")), cv2.COLOR_BGR2RGB)
    with pytest.raises(Refused) as refused:
        standardised(np.asarray(photo, np.uint8))
    assert refused.value.code == "no_subject"
