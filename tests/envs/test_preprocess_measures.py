"""Tiles, likeness, posture and the verdict of the preprocess environment: NumPy alone, without torch."""

import itertools
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "envs" / "preprocess"))

from rigshot_preprocess.likeness import Likeness, Subject, compare, lab_from_rgb
from rigshot_preprocess.posture import Point, facing_of, outline_scores, point_scores, view_score
from rigshot_preprocess.tiling import Weave, tile_starts, tiles_of
from rigshot_preprocess.verdict import SAME, Candidate, decide


@given(length=st.integers(1, 3000), tile=st.integers(8, 400), overlap=st.integers(0, 390))
def test_tiles_cover_a_side_and_share_what_they_should(length: int, tile: int, overlap: int) -> None:
    if overlap >= tile:
        with pytest.raises(ValueError, match="does not fit"):
            tile_starts(length, tile, overlap)
        return
    starts = tile_starts(length, tile, overlap)
    assert starts[0] == 0
    if length <= tile:
        assert starts == [0]
        return
    assert starts[-1] == length - tile
    assert all(0 < after - before <= tile - overlap for before, after in itertools.pairwise(starts))


def test_a_woven_picture_is_the_picture() -> None:
    picture = np.random.default_rng(1).random((50, 71, 3), np.float32)
    for side in (16, 33, 200):
        weave = Weave(50, 71, scale=2, overlap=6)
        for tile in tiles_of(50, 71, tile=side, overlap=6):
            weave.lay(tile, picture[tile.rows, tile.columns].repeat(2, 0).repeat(2, 1))
        np.testing.assert_allclose(weave.picture(), picture.repeat(2, 0).repeat(2, 1), atol=1e-5)


def test_a_seam_between_tiles_that_differ_is_a_slope() -> None:
    weave = Weave(16, 40, scale=1, overlap=8)
    for number, tile in enumerate(tiles_of(16, 40, tile=24, overlap=8)):
        weave.lay(tile, np.full((16, 24, 3), number, np.float32))
    row = weave.picture()[3, :, 0]
    assert row[0] == 0
    assert row[-1] == 1
    assert 0 < np.diff(row).max() < 0.2
    assert (np.diff(row) >= 0).all()


def test_lab_has_the_known_corners() -> None:
    colours = np.array([[1, 1, 1], [0, 0, 0], [1, 0, 0], [0, 0, 1]], np.float32)
    known = [[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.20], [32.30, 79.19, -107.86]]
    np.testing.assert_allclose(lab_from_rgb(colours), known, atol=0.05)


def animal(coat: tuple[float, float, float], *, seed: int = 0, pose: int = 0, count: int = 200) -> Subject:
    """Patches in four directions (parts), a little noise on each; the pose changes which of them there are how often."""
    random = np.random.default_rng(seed + 100 * pose)
    directions = np.random.default_rng(9).standard_normal((4, 32))
    shares = np.array([0.4, 0.3, 0.2, 0.1]) if pose == 0 else np.array([0.3, 0.3, 0.25, 0.15])
    parts = random.choice(4, count, p=shares)
    patches = directions[parts] + 0.2 * random.standard_normal((count, 32))
    colours = np.array(coat)[None] + np.array([[0, 0, 0], [15, 0, 5], [-20, 2, 0], [0, 0, 10]])[parts] + random.standard_normal((count, 3))
    whole = np.random.default_rng(4).standard_normal(32) + 0.3 * random.standard_normal(32)
    return Subject(whole=whole.astype(np.float32), patches=patches.astype(np.float32), colours=colours.astype(np.float32))


def test_the_same_animal_in_another_pose_is_more_alike_than_another_coat() -> None:
    ginger, grey = (65.0, 20.0, 40.0), (55.0, 0.0, 0.0)
    itself = compare(animal(ginger), animal(ginger))
    posed = compare(animal(ginger), animal(ginger, pose=1))
    other = compare(animal(ginger), animal(grey, pose=1))
    assert itself.identity == pytest.approx(1, abs=1e-3)
    assert posed.identity > 0.9
    assert other.colours < 0.3
    assert posed.identity - other.identity > 0.2


def test_light_counts_less_than_hue() -> None:
    photo = animal((60.0, 10.0, 20.0))
    darker, redder = animal((45.0, 10.0, 20.0), pose=1), animal((60.0, 25.0, 20.0), pose=1)
    assert compare(photo, darker).colours > compare(photo, redder).colours


def test_a_part_that_is_hidden_says_nothing_and_nothing_alike_is_nothing() -> None:
    photo = animal((60.0, 10.0, 20.0))
    visible = photo.patches @ np.random.default_rng(9).standard_normal((4, 32)).astype(np.float32).T
    keep = visible.argmax(1) != 0
    hidden = Subject(whole=photo.whole, patches=photo.patches[keep], colours=photo.colours[keep])
    assert compare(photo, hidden).identity > 0.95
    one = Subject(whole=photo.whole, patches=photo.patches[:1], colours=photo.colours[:1])
    assert compare(one, one).identity == pytest.approx(1, abs=1e-5)
    against = Likeness(whole=0.0, parts=0.0, colours=0.0)
    assert against.identity == 0


def standing_dog(*, legs: int = 4, height: int = 90) -> NDArray[np.bool_]:
    """A trunk, a head and legs, in a frame of 160 by 220."""
    mask = np.zeros((160, 220), bool)
    mask[40:80, 50:160] = True  # trunk
    mask[25:60, 150:185] = True  # head
    for leg in range(legs):
        left = (52, 66, 132, 146)[leg]
        mask[80 : 40 + height, left : left + 8] = True
    return mask


def lying_dog() -> NDArray[np.bool_]:
    mask = np.zeros((160, 220), bool)
    mask[80:120, 40:190] = True
    mask[60:100, 160:205] = True
    return mask


def test_a_standing_outline_is_better_than_a_lying_or_a_cut_one() -> None:
    standing = outline_scores(standing_dog(), plan="quadruped", view="side")
    assert standing == {"whole": 1.0, "aspect": 1.0, "legs": 1.0, "daylight": 1.0}
    lying = outline_scores(lying_dog(), plan="quadruped", view="side")
    assert lying["daylight"] < 0.5
    assert lying["legs"] < 0.5
    assert lying["aspect"] < 0.7
    cut = outline_scores(standing_dog()[:95], plan="quadruped", view="side")
    assert cut["whole"] < 1
    scores = [view_score(mask, {}, plan="quadruped", view="side") for mask in (standing_dog(), standing_dog()[:95], lying_dog())]
    assert scores[0] == 1
    assert scores[0] > scores[1] > scores[2]
    assert view_score(np.zeros((10, 10), bool), {}, plan="quadruped", view="side") == 0


def test_specks_are_no_feet_and_plans_ask_for_their_own() -> None:
    speckled = standing_dog(legs=2)
    speckled[128, ::4] = True
    assert outline_scores(speckled, plan="quadruped", view="side")["legs"] == pytest.approx(2 / 3)
    assert set(outline_scores(standing_dog(), plan="object", view="side")) == {"whole"}
    assert set(outline_scores(standing_dog(), plan="bird", view="side")) == {"whole", "aspect"}


def dog_points(*, lying: bool = False, sure: float = 0.9) -> dict[str, Point]:
    paw = 95 if lying else 130
    places = {"neck": (150, 50), "root_of_tail": (55, 45)}
    for side, shift in (("left", 0), ("right", 8)):
        for leg, (top, middle, end) in (("front", ("shoulder", "elbow", "front_paw")), ("hind", ("hip", "knee", "back_paw"))):
            x = (140 if leg == "front" else 62) + shift
            places |= {f"{side}_{top}": (x, 70), f"{side}_{middle}": (x + (25 if lying else 4), (70 + paw) // 2), f"{side}_{end}": (x, paw)}
    return {name: Point(x=x, y=y, score=sure) for name, (x, y) in places.items()}


def test_key_points_tell_a_stand_from_a_crouch() -> None:
    standing, lying = point_scores(dog_points(), view="side"), point_scores(dog_points(lying=True), view="side")
    assert standing == pytest.approx({"standing": 1.0, "straight": 1.0, "level": 1.0, "profile": 1.0}, abs=0.01)
    assert lying["standing"] < 0.7
    assert lying["straight"] < 0.3
    assert point_scores(dog_points(), view="front")["profile"] < 0.1
    assert point_scores(dog_points(), view="three_quarter")["profile"] < 1


def test_points_that_nobody_is_sure_of_do_not_count() -> None:
    assert point_scores(dog_points(sure=0.1), view="side") == {}
    only = {name: point for name, point in dog_points().items() if "left" in name}
    assert point_scores(only, view="side") == {}  # without neck and tail there is no trunk
    mask = standing_dog()
    assert view_score(mask, dog_points(sure=0.1), plan="quadruped", view="side") == view_score(mask, {}, plan="quadruped", view="side")
    assert view_score(mask, dog_points(lying=True), plan="quadruped", view="side") < 0.8


def test_the_head_says_where_it_looks() -> None:
    assert facing_of(dog_points()) == "right"
    mirrored = {name: Point(x=220 - point.x, y=point.y, score=point.score) for name, point in dog_points().items()}
    assert facing_of(mirrored) == "left"
    towards = dog_points() | {"neck": Point(x=70, y=50, score=0.9)}
    assert facing_of(towards) is None
    assert facing_of(dog_points(sure=0.1)) is None
    assert facing_of({}) is None


STANDING = (
    "khronos_Fox",
    "quaternius_Cow",
    "quaternius_Deer",
    "quaternius_Horse",
    "quaternius_Husky",
    "quaternius_Stag",
    "quaternius_Wolf",
)


def test_animals_that_people_modelled_stand_well_from_their_side(shared_data: Path) -> None:
    for name in STANDING:
        mesh = trimesh.load(shared_data / "gt_rig" / f"{name}.glb", force="mesh")
        corners = mesh.vertices[:, [2, 1]] - mesh.vertices[:, [2, 1]].min(0)
        pixels = np.round(corners * (400 / corners.max()) + 40).astype(np.int32)
        height, width = pixels[:, 1].max() + 40, pixels[:, 0].max() + 40
        picture = np.zeros((height, width), np.uint8)
        for triangle in mesh.faces:
            cv2.fillConvexPoly(picture, np.column_stack([pixels[triangle, 0], height - pixels[triangle, 1]]), 255)
        assert view_score(picture > 0, {}, plan="quadruped", view="side") > 0.85, name


def test_pets_that_sit_or_lie_or_are_cut_do_not(shared_data: Path) -> None:
    masks = sorted((shared_data / "photo_pet").glob("oxpet_*.mask.png"))
    assert len(masks) >= 10
    for path in masks:
        colours = cv2.imread(str(path)).astype(int)
        ground = np.median(np.concatenate([colours[0], colours[:, 0], colours[:, -1]]), 0)
        mask = np.abs(colours - ground).max(-1) > 60
        assert view_score(mask, {}, plan="quadruped", view="side") < 0.5, path.name


def candidate(identity: float, view: float, seed: int = 0) -> Candidate:
    return Candidate(seed=seed, identity=identity, view_score=view)


def test_the_best_of_those_that_are_the_same_and_stand_better() -> None:
    verdict = decide([candidate(0.7, 0.9), candidate(0.9, 0.85), candidate(0.5, 1.0)], photo=0.3)
    assert (verdict.chosen, verdict.reason) == (1, "better_view")


def test_none_is_better_than_the_photo() -> None:
    assert decide([candidate(0.95, 0.75), candidate(0.7, 0.95)], photo=0.72).chosen is None  # too little is won
    assert decide([candidate(0.95, 0.75)], photo=0.72).reason == "photo_is_as_good"
    assert decide([candidate(SAME - 0.01, 1.0)], photo=0.0).reason == "not_the_same_subject"
    assert decide([candidate(0.9, 0.0)], photo=0.0).chosen is None


def test_of_equals_the_first() -> None:
    assert decide([candidate(0.8, 0.8, 1), candidate(0.8, 0.8, 2)], photo=0.1).chosen == 0
