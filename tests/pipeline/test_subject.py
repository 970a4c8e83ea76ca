"""Finding the subject: alpha, paper, colours, boxes and masks."""

import cv2
import numpy as np
import pytest

from rigshot_pipeline.asset import Pixels
from rigshot_pipeline.embedded.subject import Subject, find_subject
from rigshot_pipeline.embedded.subject.passepartout import inner_picture
from rigshot_pipeline.embedded.subject.pieces import choose_pieces, filled
from rigshot_pipeline.models import CLASSICAL
from rigshot_pipeline.options import Box

TRUTH = np.zeros((240, 320), np.uint8)
cv2.ellipse(TRUTH, (160, 130), (70, 45), 0, 0, 360, 255, -1)
TRUTH_MASK = TRUTH > 0


def iou(subject: Subject, truth: np.ndarray = TRUTH_MASK) -> float:
    found = subject.probability >= 0.5
    return float((found & truth).sum() / (found | truth).sum())


def brown_on_lawn() -> Pixels:
    grain = np.random.default_rng(0).normal(0, 18, (*TRUTH.shape, 1))
    lawn, fur = np.array([70, 120, 50]), np.array([150, 100, 60])
    return np.clip(np.where(TRUTH_MASK[..., None], fur, lawn) + grain, 0, 255).astype(np.uint8)


def test_transparency_is_taken_as_it_is() -> None:
    picture = np.dstack([brown_on_lawn(), TRUTH])
    subject = find_subject(picture, kind="photo")
    assert subject.source == "alpha"
    assert subject.confidence == 1
    assert iou(subject) == 1


def test_an_opaque_alpha_channel_is_no_cutout() -> None:
    picture = np.dstack([brown_on_lawn(), np.full_like(TRUTH, 255)])
    assert find_subject(picture, kind="photo", model=CLASSICAL).source != "alpha"


def test_of_a_sprite_sheet_one_is_chosen_and_the_others_told() -> None:
    sheet = np.zeros((40, 200, 4), np.uint8)
    for left in (5, 55, 105, 155):
        sheet[5:35, left : left + 30] = 200, 80, 80, 255
    subject = find_subject(sheet, kind="sprite")
    assert subject.box is not None
    assert subject.box.width == 30
    assert len(subject.others) == 3


def test_a_drawn_outline_gives_its_filled_silhouette() -> None:
    light = np.linspace(205, 245, 320)[None, :, None]
    paper = np.broadcast_to(light, (240, 320, 3)).astype(np.uint8).copy()
    cv2.ellipse(paper, (160, 130), (70, 45), 0, 0, 357, (60, 60, 90), 3)
    subject = find_subject(paper, kind="drawing")
    assert subject.source == "flat"
    assert iou(subject) > 0.9


def test_a_sprite_that_fills_its_tile_is_told_from_the_sheet() -> None:
    sheet = np.full((32, 32, 3), 255, np.uint8)
    truth = np.zeros((32, 32), bool)
    truth[4:28, 8:24] = truth[0:32, 12:20] = truth[12:18, 0:32] = True
    sheet[truth] = 200, 40, 40
    subject = find_subject(sheet, kind="sprite")
    assert subject.source == "flat"
    assert iou(subject, truth) > 0.9


def test_a_render_before_a_plain_ground_has_the_outline_of_its_colours() -> None:
    grain = np.random.default_rng(0).normal(0, 18, (*TRUTH.shape, 1))
    picture = np.where(TRUTH_MASK[..., None], np.array([150, 100, 60]) + grain, 200)
    subject = find_subject(np.clip(picture, 0, 255).astype(np.uint8), kind="photo")
    assert subject.source == "flat"
    assert iou(subject) > 0.97


def test_colours_alone_find_fur_on_a_lawn() -> None:
    subject = find_subject(brown_on_lawn(), kind="photo", model=CLASSICAL)
    assert subject.source == "grabcut"
    assert iou(subject) > 0.9


def test_a_box_picks_one_of_two() -> None:
    picture = brown_on_lawn()
    wide = np.concatenate([picture, picture], axis=1)
    truth = np.concatenate([np.zeros_like(TRUTH_MASK), TRUTH_MASK], axis=1)
    subject = find_subject(wide, kind="photo", model=CLASSICAL, box=Box(left=405, top=80, width=150, height=100))
    assert iou(subject, truth) > 0.85
    assert not (subject.probability[:, :400] >= 0.5).any()


def test_a_persons_mask_is_trusted() -> None:
    subject = find_subject(brown_on_lawn(), kind="photo", mask=TRUTH)
    assert subject.source == "mask"
    assert iou(subject) == 1


def test_the_same_seed_gives_the_same_subject() -> None:
    first, second = (find_subject(brown_on_lawn(), kind="photo", model=CLASSICAL, seed=3).probability for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_picture_of_one_colour_breaks_nothing(value: int) -> None:
    subject = find_subject(np.full((120, 160, 3), value, np.uint8), kind="photo", model=CLASSICAL)
    assert subject.probability.shape == (120, 160)
    assert np.isfinite(subject.probability).all()


def test_a_white_mat_is_not_part_of_the_photo() -> None:
    matted = np.full((280, 360, 3), 255, np.uint8)
    matted[20:260, 20:340] = brown_on_lawn()
    inner = inner_picture(matted)
    assert abs(inner.left - 20) <= 3
    assert abs(inner.width - 320) <= 6
    assert inner_picture(brown_on_lawn()) == Box(left=0, top=0, width=320, height=240)


def test_near_pieces_stay_crumbs_go_and_small_holes_close() -> None:
    mask = np.zeros((200, 200), bool)
    mask[50:150, 50:150] = True
    mask[48:52, 152:160] = True
    mask[5:8, 5:8] = True
    mask[90:95, 90:95] = False
    mask[110:140, 100:130] = False
    chosen, others = choose_pieces(mask)
    assert chosen[50, 155]
    assert not chosen[6, 6]
    assert others == ()
    closed = filled(chosen)
    assert closed[92, 92]
    assert not closed[120, 115]
