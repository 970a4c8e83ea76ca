"""The network that ships: its file, what it answers, and what it says of its own doubt."""

import hashlib
import json
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np

from rigshot_pipeline.embedded.subject.certainty import SURE, chance_right, doubt, holes_and_blobs
from rigshot_pipeline.embedded.subject.looks import look_closer, look_within
from rigshot_pipeline.embedded.subject.own_network import subject_probability
from rigshot_pipeline.embedded.subject.search import search_parts
from rigshot_pipeline.options import Box

HOME = files("rigshot_pipeline") / "embedded" / "cutout_network"


def overlap(found: np.ndarray, truth: np.ndarray) -> float:
    return float((found & truth).sum() / max(int((found | truth).sum()), 1))


def test_the_file_is_small_and_the_one_that_was_trained() -> None:
    facts, data = json.loads((HOME / "network.json").read_text()), (HOME / "network.onnx").read_bytes()
    assert hashlib.sha256(data).hexdigest() == facts["sha256"]
    assert len(data) <= 9_000_000
    assert "CC BY-SA" in (HOME / "LICENSE").read_text()
    assert "Oxford-IIIT Pet" in (HOME / "MODEL_CARD.md").read_text()


def test_a_mirrored_look_is_the_mirrored_answer_to_the_mirrored_photo(shared_data: Path) -> None:
    picture = np.asarray(cv2.imread(str(shared_data / "photo_pet" / "oxpet_Bombay_182.jpg")))[..., ::-1]
    mirrored = subject_probability(np.ascontiguousarray(picture), mirrored=True)
    turned = subject_probability(np.ascontiguousarray(picture[:, ::-1]))
    assert np.abs(mirrored - turned[:, ::-1]).mean() < 1e-3


def test_nothing_is_found_with_certainty_where_nothing_is(shared_data: Path) -> None:
    night = np.asarray(cv2.imread(str(shared_data / "negative" / "cameratrap_blank.jpg")))[..., ::-1]
    assert doubt(subject_probability(np.ascontiguousarray(night))) > 0.25


def test_pictures_of_any_shape_are_taken() -> None:
    random = np.random.default_rng(0)
    for shape in ((1, 1), (3, 700), (500, 20)):
        found = subject_probability(random.integers(0, 256, (*shape, 3), dtype=np.uint8))
        assert found.shape == shape
        assert np.isfinite(found).all()


def rabbit(shared_data: Path) -> tuple[np.ndarray, np.ndarray]:
    folder = shared_data / "photo_pet"
    picture = cv2.cvtColor(cv2.imread(str(folder / "gfm_am2k_5.jpg")), cv2.COLOR_BGR2RGB)
    matte = cv2.imread(str(folder / "gfm_am2k_5.alpha_matte.png"), cv2.IMREAD_GRAYSCALE)
    return np.asarray(picture), cv2.resize(matte, picture.shape[1::-1]) > 127


def test_a_clear_subject_is_found_and_called_sure(shared_data: Path) -> None:
    picture, truth = rabbit(shared_data)
    seen = look_closer(picture)
    assert overlap(seen.probability >= 0.5, truth) > 0.95
    assert chance_right(seen.probability) >= SURE


def test_of_a_box_nothing_outside_is_subject(shared_data: Path) -> None:
    picture, truth = rabbit(shared_data)
    rows, columns = np.flatnonzero(truth.any(1)), np.flatnonzero(truth.any(0))
    box = Box(left=int(columns[0]), top=int(rows[0]), width=int(np.ptp(columns)) // 2, height=int(np.ptp(rows)) + 1)
    seen = look_within(picture, box)
    assert not seen.probability[:, box.left + box.width :].any()
    assert (seen.probability[:, : box.left + box.width] >= 0.5).any()


def test_a_subject_lost_in_a_dark_scene_is_found_in_a_part_of_it(shared_data: Path) -> None:
    night = np.asarray(cv2.imread(str(shared_data / "photo_animal" / "cameratrap_ocelot.jpg")))[..., ::-1]
    picture = cv2.resize(np.ascontiguousarray(night), (1024, 768), interpolation=cv2.INTER_AREA)
    assert doubt(look_closer(picture).probability) > 0.35
    seen = search_parts(picture)
    assert seen is not None
    rows, columns = np.flatnonzero((seen.probability >= 0.5).any(1)), np.flatnonzero((seen.probability >= 0.5).any(0))
    # Where somebody who looks at the picture sees the ocelot; the tip of its tail is black before black.
    np.testing.assert_allclose([columns[0], rows[0], columns[-1], rows[-1]], [55, 430, 578, 634], atol=30)


def test_no_part_of_an_empty_scene_holds_a_subject(shared_data: Path) -> None:
    night = np.asarray(cv2.imread(str(shared_data / "negative" / "cameratrap_blank.jpg")))[..., ::-1]
    assert search_parts(np.ascontiguousarray(night)) is None


def test_holes_and_blobs_lower_the_chance() -> None:
    soft = np.zeros((400, 500), np.float32)
    cv2.circle(soft, (250, 200), 120, 1.0, -1)
    soft = cv2.GaussianBlur(soft, (0, 0), 1.5)
    hole, blob = soft.copy(), soft.copy()
    cv2.circle(hole, (250, 200), 50, 0.6, -1)
    cv2.circle(blob, (440, 60), 50, 0.4, -1)
    assert holes_and_blobs(soft) == (0.0, 0.0)
    assert 0.1 < (holes_and_blobs(hole) or (0, 0))[0] < 0.3
    assert 0.1 < (holes_and_blobs(blob) or (0, 0))[1] < 0.3
    assert chance_right(soft) > chance_right(blob) > chance_right(hole)
    assert chance_right(np.zeros((400, 500), np.float32)) == 0.0


def test_doubt_counts_open_areas_and_not_the_soft_rim_of_fur() -> None:
    inside = np.zeros((400, 500), np.float32)
    cv2.circle(inside, (250, 200), 120, 1.0, -1)
    soft = cv2.GaussianBlur(inside, (0, 0), 1.5)
    hole = soft.copy()
    cv2.circle(hole, (250, 200), 50, 0.6, -1)
    assert doubt(soft) < 0.01
    assert 0.1 < doubt(hole) < 0.3
    assert doubt(np.zeros((400, 500), np.float32)) == 1.0
