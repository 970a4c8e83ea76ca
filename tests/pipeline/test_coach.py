"""The photo coach: what it says of which photo."""

from dataclasses import replace

import pytest

from rigshot_pipeline import wording
from rigshot_pipeline.coach import FrameSide, Measures, advise

GOOD = Measures(
    kind="photo",
    pixels=600,
    cut=(),
    others=0,
    highlights=80.0,
    burnt=0.02,
    sharpness=0.4,
    likeness=0.3,
    confidence=0.8,
    compactness=0.7,
    pose="standing",
    turned=0,
)


def codes(measures: Measures) -> list[str]:
    return [advice.code for advice in advise(measures)]


def test_a_good_photo_is_left_in_peace() -> None:
    assert advise(GOOD) == ()


@pytest.mark.parametrize(
    ("cut", "code"),
    [(("bottom",), "feet_cut"), (("top",), "head_cut"), (("left",), "left_cut"), (("left", "top", "bottom"), "close_up")],
)
def test_each_cut_side_has_its_sentence(cut: tuple[FrameSide, ...], code: str) -> None:
    assert codes(replace(GOOD, cut=cut)) == [code]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (replace(GOOD, others=1), "several_subjects"),
        (replace(GOOD, highlights=12.0), "too_dark"),
        (replace(GOOD, burnt=0.5), "over_exposed"),
        (replace(GOOD, pixels=90), "too_small"),
        (replace(GOOD, sharpness=0.01), "blurred"),
        (replace(GOOD, likeness=0.9), "merges_with_background"),
        (replace(GOOD, pose="lying", compactness=0.96), "curled_up"),
        (replace(GOOD, turned=-20), "turned_upright"),
    ],
)
def test_each_fault_has_its_sentence_in_both_languages(bad: Measures, code: str) -> None:
    (advice,) = advise(bad)
    assert advice.code == code
    for language in wording.LANGUAGES:
        assert "{" not in wording.sentence(code, advice.values, language)


def test_light_is_no_matter_in_a_drawing() -> None:
    assert codes(replace(GOOD, kind="drawing", highlights=5.0, likeness=1.0)) == []


def test_colours_like_the_background_do_not_matter_to_an_outline_that_is_sure() -> None:
    assert codes(replace(GOOD, likeness=0.9, confidence=0.95)) == []


def test_a_person_reads_by_how_much_the_picture_was_turned_and_how_to_keep_it() -> None:
    (advice,) = advise(replace(GOOD, turned=-20))
    assert advice.level == "note"
    for language in wording.LANGUAGES:
        sentence = wording.sentence(advice.code, advice.values, language)
        assert "20°" in sentence
        assert "--turn 0" in sentence
