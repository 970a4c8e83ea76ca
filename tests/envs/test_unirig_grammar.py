"""The language of UniRig's skeletons: whatever the grammar lets through, decodes; it always comes to an end."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "envs" / "unirig"))

from rigshot_unirig.grammar import Grammar, State, Vocabulary
from rigshot_unirig.skeleton import Skeleton, bone_tails, detokenise, merged
from unirig_kit import DOG, skeleton_of, tokens_of

VOCABULARY = Vocabulary()


def grammar_for(skeleton_class: str, least: int = 3, most: int = 150) -> Grammar:
    return Grammar(vocabulary=VOCABULARY, skeleton_class=skeleton_class, least=least, most=most)


@st.composite
def sentences(draw: st.DrawFn) -> tuple[Grammar, list[int], int]:
    """A grammar, a sentence that it lets through token by token, and the budget; the draws prefer rare tokens."""
    least = draw(st.integers(1, 8))
    grammar = grammar_for(draw(st.sampled_from(["articulationxl", "vroid", "none"])), least, draw(st.integers(max(least, 60), 150)))
    state = grammar.start
    budget = grammar.need(state) + draw(st.integers(0, 300))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rare = draw(st.floats(0, 0.6))
    tokens: list[int] = []
    while not state.ended:
        kinds = grammar.kinds(state, budget - len(tokens))
        assert kinds, "there is always a way on"
        scarce = [kind for kind in kinds if kind not in ("coordinate", "eos")]
        kind = scarce[int(random.integers(len(scarce)))] if scarce and random.random() < rare else kinds[int(random.integers(len(kinds)))]
        choices = list(VOCABULARY.tokens(kind))
        token = int(random.choice(choices))
        assert grammar.mask(kinds)[token]
        tokens.append(token)
        after = grammar.step(state, token)
        assert after is not None
        state = after
    return grammar, tokens, budget


@settings(max_examples=150, deadline=None)
@given(sentences())
def test_whatever_is_let_through_decodes_within_the_budget(made: tuple[Grammar, list[int], int]) -> None:
    grammar, tokens, budget = made
    assert len(tokens) <= budget
    skeleton = detokenise([*grammar.prefix, *tokens], VOCABULARY)
    count = len(skeleton)
    assert grammar.least <= count <= grammar.most
    assert skeleton.parents[0] == -1
    assert (skeleton.parents[1:] >= 0).all() and (skeleton.parents < np.arange(count)).all()
    assert np.abs(skeleton.joints).max() < 1
    if grammar.templated:
        assert skeleton.template == "vroid" and skeleton.template_bones in (22, 52)
    tails = bone_tails(skeleton.joints, skeleton.parents)
    assert np.linalg.norm(tails - skeleton.joints, axis=1).min() > 0.003
    fewer = merged(skeleton)
    assert (fewer.parents < np.arange(len(fewer))).all()


@settings(max_examples=60, deadline=None)
@given(sentences(), st.data())
def test_what_is_masked_is_no_sentence(made: tuple[Grammar, list[int], int], data: st.DataObject) -> None:
    """A token that no budget would allow makes the state unknown; one that only the budget forbids does not."""
    grammar, tokens, _ = made
    state = grammar.start
    for token in tokens[: data.draw(st.integers(0, len(tokens) - 1))]:
        state = grammar.step(state, token) or State()
    allowed = grammar.mask(grammar.kinds(state, 10_000))
    forbidden = data.draw(st.sampled_from([int(token) for token in np.flatnonzero(~allowed)]))
    assert grammar.step(state, forbidden) is None


def test_a_budget_without_room_is_refused() -> None:
    grammar = grammar_for("vroid")
    assert grammar.need(grammar.start) == 1 + 22 * 3 + 1
    with pytest.raises(ValueError, match="67 tokens are too few"):
        grammar.kinds(grammar.start, 67)
    assert grammar.kinds(grammar.start, 68) == ("body",)
    with pytest.raises(ValueError, match="no room for 22"):
        grammar_for("vroid", 3, 20)


def test_six_coordinates_follow_a_branch_and_no_end_before() -> None:
    grammar = grammar_for("articulationxl", 1)
    state = grammar.start
    for token in (VOCABULARY.spring, 1, 2, 3, VOCABULARY.branch):
        state = grammar.step(state, token) or pytest.fail(f"token {token} is refused")
    for _ in range(6):
        assert grammar.kinds(state, 100) == ("coordinate",)
        state = grammar.step(state, 9) or pytest.fail("a coordinate is refused")
    assert grammar.kinds(state, 100) == ("coordinate", "branch", "eos")
    assert grammar.kinds(state, 4) == ("coordinate", "eos"), "three coordinates and the end fit, a branch does not"
    assert grammar.kinds(state, 3) == ("eos",)


def test_a_written_skeleton_is_read_again() -> None:
    joints, parents = skeleton_of(DOG)
    joints = (joints - [0, 0.5, 0]).astype(np.float32)
    tokens = [*grammar_for("articulationxl").prefix, *tokens_of(joints, parents), VOCABULARY.eos, VOCABULARY.pad]
    skeleton = detokenise(tokens, VOCABULARY)
    assert skeleton.parents.tolist() == parents.tolist()
    assert np.abs(skeleton.joints - joints).max() <= 2 / 256  # half a quantum of rounding, half of upstream's offset


@pytest.mark.parametrize(
    "tokens",
    [
        [],
        [257, 266, 258],
        [257, 266, 260, 258],
        [257, 266, 1, 2, 258],
        [257, 266, 1, 2, 3],
        [257, 266, 256, 1, 2, 3, 4, 5, 6, 258],
        [257, 266, 1, 2, 3, 256, 4, 5, 6, 258],
        [257, 266, 1, 2, 3, 256, 258],
        [257, 266, 1, 2, 3, 257, 4, 5, 6, 258],
        [257, 264, 261, 1, 2, 3, 258],
        [257, 3, 1, 2, 3, 258],
    ],
)
def test_what_is_no_skeleton_is_refused(tokens: list[int]) -> None:
    with pytest.raises(ValueError, match=r"token|bone"):
        detokenise(tokens, VOCABULARY)


def test_joints_at_one_place_become_one() -> None:
    joints = np.array([[0, 0, 0], [0, 0, 0], [0, 0.2, 0], [0, 0.2, 0], [0.3, 0.2, 0]], np.float32)
    skeleton = merged(Skeleton(joints=joints, parents=np.array([-1, 0, 1, 2, 3], np.int32)))
    assert skeleton.parents.tolist() == [-1, 0, 1]
    assert np.allclose(skeleton.joints, joints[[0, 2, 4]])


def test_tails_go_on_straight_and_leaves_go_a_little_further() -> None:
    joints = np.array([[0, 0, 0], [0, 0.4, 0], [0.4, 0.5, 0], [0.05, 0.9, 0]], np.float32)
    tails = bone_tails(joints, np.array([-1, 0, 1, 1], np.int32))
    assert np.allclose(tails[0], joints[1])
    assert np.allclose(tails[1], joints[3]), "of two children the straight one"
    assert np.allclose(tails[3], [0.075, 1.15, 0])


def test_the_vocabulary_is_upstreams() -> None:
    """Read from its configuration, the tokens are those that its tokeniser and the published weights have."""
    source = os.environ.get("RIGSHOT_UNIRIG_SOURCE")
    if not source:
        pytest.skip("RIGSHOT_UNIRIG_SOURCE names no checkout of UniRig")
    pytest.importorskip("yaml")
    from rigshot_unirig.settings import Settings

    found = Settings.of(Path(source))
    assert found.vocabulary == VOCABULARY
    assert found.vocabulary.size == 267
    assert (found.sampling.beams, found.sampling.most_tokens, found.sampling.skeleton_class) == (15, 2048, "articulationxl")
    assert found.sampling.extra == {"do_sample": True, "top_k": 5, "top_p": 0.95, "repetition_penalty": 3.0, "temperature": 1.5}
    assert (found.skeleton_points.count, found.skin_points.count, found.prior.grid) == (65536, 32768, 196)
