"""Levelling: what stands askew is found and measured, what stands upright is left alone."""

import cv2
import numpy as np
import pytest

from rigshot_pipeline.asset import Pixels
from rigshot_pipeline.embedded.levelling import upright_turn
from rigshot_pipeline.embedded.measuring import turned_sides
from rigshot_pipeline.embedded.mirror_axis import mirror_turn
from rigshot_pipeline.embedded.stance import stances
from rigshot_pipeline.embedded.turning import turn_picture
from rigshot_pipeline.warm import toy_animal

TILTS = (-30, -20, -10, 10, 20, 30)


def figure() -> Pixels:
    """Somebody seen from the front, with a face, cut out (400, 300, 4)."""
    picture = np.zeros((400, 300, 4), np.uint8)

    def draw(column: float, row: float, across: int, down: int, colour: tuple[int, int, int]) -> None:
        cv2.ellipse(picture, (round(column), round(row)), (across, down), 0, 0, 360, (*colour, 255), -1, cv2.LINE_AA)

    for side in (-1, 1):
        draw(150 + side * 35, 330, 18, 60, (60, 60, 120))
        draw(150 + side * 75, 210, 50, 16, (200, 150, 120))
    draw(150, 230, 60, 80, (180, 60, 60))
    draw(150, 100, 62, 60, (220, 180, 150))
    for side in (-1, 1):
        draw(150 + side * 24, 92, 10, 12, (20, 20, 20))
    draw(150, 125, 20, 8, (120, 30, 30))
    return picture


def runner() -> Pixels:
    """A long body in full gallop: fore legs stretched forward, hind legs back, its ground aslant (cut out)."""
    picture = np.zeros((300, 420, 4), np.uint8)
    cv2.ellipse(picture, (210, 130), (110, 36), 0, 0, 360, (150, 110, 60, 255), -1)
    cv2.ellipse(picture, (330, 95), (40, 28), -20, 0, 360, (150, 110, 60, 255), -1)
    for start, end in (((285, 150), (385, 185)), ((275, 155), (360, 215)), ((130, 150), (40, 215)), ((140, 155), (70, 245))):
        cv2.line(picture, start, end, (150, 110, 60, 255), 15, cv2.LINE_AA)
    return picture


def turn_of(picture: Pixels, *, lies: bool = False, whole_steps: bool = False) -> int:
    return upright_turn(picture, picture[..., 3] >= 128, lies=lies, whole_steps=whole_steps)


@pytest.mark.parametrize("tilt", TILTS)
def test_an_animal_on_tilted_ground_is_levelled(tilt: int) -> None:
    assert tilt + turn_of(turn_picture(toy_animal(alpha=True), tilt)) == pytest.approx(0, abs=3)


@pytest.mark.parametrize("tilt", TILTS)
def test_a_frontal_figure_is_straightened_about_its_axis(tilt: int) -> None:
    picture = turn_picture(figure(), tilt)
    assert tilt + turn_of(picture, lies=True) == pytest.approx(0, abs=2)
    assert turn_of(picture) == (turn_of(picture, lies=True) if abs(tilt) > 10 else 0)


@pytest.mark.parametrize("picture", [toy_animal(alpha=True), figure(), runner()], ids=["stands", "from the front", "runs"])
@pytest.mark.parametrize("lies", [False, True])
def test_what_is_upright_is_left_alone(picture: Pixels, lies: bool) -> None:
    assert turn_of(picture, lies=lies) == 0
    assert turn_of(np.ascontiguousarray(picture[:, ::-1]), lies=lies) == 0


@pytest.mark.parametrize("tilt", [-5, 4])
def test_a_slight_tilt_is_left_alone(tilt: int) -> None:
    assert turn_of(turn_picture(toy_animal(alpha=True), tilt)) == 0


@pytest.mark.parametrize("degrees", [90, 180, -90, 100])
def test_a_sheet_on_its_side_is_turned_but_a_photo_is_not(degrees: int) -> None:
    picture = turn_picture(toy_animal(alpha=True), degrees)
    assert (degrees + turn_of(picture, lies=True) + 180) % 360 - 180 == pytest.approx(0, abs=3)
    assert turn_of(picture) == 0


def test_a_sprite_is_turned_by_quarters_only() -> None:
    assert turn_of(turn_picture(toy_animal(alpha=True), 90), lies=True, whole_steps=True) == -90
    assert turn_of(turn_picture(toy_animal(alpha=True), 100), lies=True, whole_steps=True) == -90
    assert turn_of(turn_picture(toy_animal(alpha=True), 20), lies=True, whole_steps=True) == 0


def test_without_feet_in_the_picture_there_is_no_ground() -> None:
    picture = turn_picture(toy_animal(alpha=True), 20)
    assert upright_turn(picture, picture[..., 3] >= 128, feet=False) == 0


@pytest.mark.parametrize("degrees", [0, 20, 90])
def test_a_stance_names_ground_legs_and_trunk(degrees: int) -> None:
    found = stances(turn_picture(toy_animal(alpha=True), degrees)[..., 3] >= 128)[0]
    assert found.feet == 4
    assert found.apart > 1.9
    for witness in (found.ground, found.legs, found.trunk):
        assert witness == pytest.approx(-degrees, abs=3)


def test_a_ball_stands_on_nothing() -> None:
    ball = np.zeros((200, 200, 4), np.uint8)
    cv2.circle(ball, (100, 100), 80, (200, 80, 80, 255), -1)
    assert stances(ball[..., 3] >= 128) == ()
    assert turn_of(ball, lies=True) == 0


def test_colours_that_are_not_mirrored_speak_against_an_axis() -> None:
    askew = turn_picture(figure(), 20)
    assert mirror_turn(askew, askew[..., 3] >= 128) == pytest.approx(-20, abs=2)
    askew[..., :3] = np.random.default_rng(0).integers(0, 255, (4, 4, 3)).repeat(200, 0).repeat(200, 1)[: askew.shape[0], : askew.shape[1]]
    assert mirror_turn(askew, askew[..., 3] >= 128) is None


@pytest.mark.parametrize(("degrees", "side"), [(0, "left"), (20, "left"), (90, "top"), (180, "right"), (-90, "bottom"), (-100, "bottom")])
def test_a_cut_side_turns_with_the_picture(degrees: int, side: str) -> None:
    assert turned_sides(("left",), degrees) == (side,)
