from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rigshot_pipeline import store
from rigshot_pipeline.asset import Clip, Mesh, Rig
from rigshot_pipeline.body import Body
from rigshot_pipeline.embedded.clips import default_clip, make_clips
from rigshot_pipeline.embedded.clips.ik import shortest_turn, two_bones
from rigshot_pipeline.embedded.clips.motion import lagged, through
from rigshot_pipeline.embedded.heat_weights import heat_weights
from rigshot_pipeline.embedded.rig_check import feet_figures, stretched_share
from rigshot_pipeline.embedded.skeleton import build_rig
from rigshot_pipeline.options import Options
from rigshot_pipeline.pose import clip_matrices, skin_vertices
from rigshot_pipeline.stage import Work
from rigshot_pipeline.stages import animate, skeleton, skin

Toy = Callable[[str], tuple[Mesh, Body]]
Playing = tuple[Mesh, Body, Rig, dict[str, Clip]]
EXPECTED = {
    "quadruped": {"walk", "trot", "idle", "look", "sit", "wag"},
    "stubby": {"walk", "trot", "idle", "look", "sit", "wag"},
    "biped": {"wave", "walk", "idle", "look"},
    "seated": {"idle", "look", "wag"},
    "bird": {"peck", "idle", "hop"},
    "fish": {"swim", "idle"},
    "snake": {"slither", "idle"},
    "object": {"bounce", "idle"},
}


@pytest.fixture(scope="session")
def playing(toy: Toy) -> Callable[[str], Playing]:
    @cache
    def make(name: str) -> Playing:
        mesh, body = toy(name)
        rig = build_rig(body)
        rig = replace(rig, weights=heat_weights(mesh, body, rig))
        return mesh, body, rig, {clip.name: clip for clip in make_clips(mesh, body, rig)}

    return make


@pytest.mark.parametrize("name", EXPECTED)
def test_every_plan_has_its_clips_and_they_loop_without_a_seam(playing: Callable[[str], Playing], name: str) -> None:
    _, body, rig, clips = playing(name)
    assert EXPECTED[name] <= set(clips)
    assert next(iter(clips)) == default_clip(body, tuple(clips.values()))
    for clip in clips.values():
        assert clip.loop
        assert clip.rotations.shape == (len(clip.times), len(rig.names), 4)
        assert np.allclose(np.linalg.norm(clip.rotations, axis=2), 1, atol=1e-5)
        assert np.allclose(np.abs((clip.rotations[0] * clip.rotations[-1]).sum(1)), 1, atol=1e-6)
        assert np.allclose(clip.root_offset[0], clip.root_offset[-1])
        steps = np.diff(np.concatenate([clip.rotations, clip.rotations[1:3]]), axis=0)
        bends = np.linalg.norm(np.diff(steps, axis=0), axis=2).max(1)
        assert bends[-2] <= 1.2 * bends[:-2].max() + 1e-4  # the velocity does not jump at the seam


@pytest.mark.parametrize("name", EXPECTED)
def test_no_clip_tears_the_skin_or_goes_below_the_ground(playing: Callable[[str], Playing], name: str) -> None:
    mesh, body, rig, clips = playing(name)
    for clip in clips.values():
        assert stretched_share(mesh, rig, clip, times=12) < 0.006, clip.name
        figures = feet_figures(mesh, body, rig, clip, times=32)
        assert figures.sink < 0.004, clip.name
        assert figures.slide < 0.008, clip.name


@pytest.mark.parametrize("name", EXPECTED)
def test_every_clip_can_be_seen(playing: Callable[[str], Playing], name: str) -> None:
    mesh, _, rig, clips = playing(name)
    for clip in clips.values():
        frames = np.stack(
            [skin_vertices(mesh.vertices, rig, clip_matrices(rig, clip, clip.seconds * share)) for share in (0, 0.3, 0.55, 0.8)]
        )
        assert np.ptp(frames, axis=0).max() > 0.015, clip.name


def heights(playing: Playing, clip: str, joints: list[str], times: int = 60) -> np.ndarray:
    """Heights (times, n) of joints while a clip plays."""
    _, _, rig, clips = playing
    rows = [rig.names.index(joint) for joint in joints]
    moments = np.arange(times) / times * clips[clip].seconds
    return np.stack([clip_matrices(rig, clips[clip], float(time))[rows, 1, 3] for time in moments])


LEGS = ["leg_hind_left_toe", "leg_fore_left_toe", "leg_hind_right_toe", "leg_fore_right_toe"]


def lift_phases(rows: np.ndarray) -> np.ndarray:
    """For every foot the share of the cycle at which it is highest."""
    turned = np.exp(2j * np.pi * np.arange(len(rows)) / len(rows)) @ (rows - rows.min(0))
    return np.asarray(np.angle(turned) / (2 * np.pi)) % 1.0


def test_a_walk_lifts_the_feet_in_lateral_sequence(playing: Callable[[str], Playing]) -> None:
    phases = lift_phases(heights(playing("quadruped"), "walk", LEGS))
    gaps = np.diff(np.concatenate([phases, phases[:1]])) % 1.0
    assert np.allclose(gaps, 0.25, atol=0.06)


def test_a_trot_lifts_diagonal_pairs(playing: Callable[[str], Playing]) -> None:
    hind_left, fore_left, hind_right, fore_right = lift_phases(heights(playing("quadruped"), "trot", LEGS))
    assert abs((hind_left - fore_right + 0.5) % 1 - 0.5) < 0.08
    assert abs((hind_right - fore_left + 0.5) % 1 - 0.5) < 0.08
    assert abs((hind_left - hind_right) % 1 - 0.5) < 0.08


def test_a_walk_keeps_each_foot_down_for_more_than_half_of_the_time(playing: Callable[[str], Playing]) -> None:
    rows = heights(playing("quadruped"), "walk", LEGS)
    down = (rows - rows.min(0) < 0.2 * np.ptp(rows, axis=0)).mean(0)
    assert ((down > 0.5) & (down < 0.85)).all()


def test_sitting_puts_the_hips_down_and_leaves_the_head_up(playing: Callable[[str], Playing]) -> None:
    hips, head = heights(playing("quadruped"), "sit", ["hips", "head"]).T
    assert hips.min() < 0.8 * hips[0]
    assert head[hips.argmin()] > 0.8 * head[0]


def test_waving_raises_one_hand_above_its_shoulder(playing: Callable[[str], Playing]) -> None:
    hands = heights(playing("biped"), "wave", ["arm_left_hand", "arm_right_hand", "arm_right_upper", "chest"])
    assert hands[:, 1].max() > hands[:, 2].max()
    assert np.ptp(hands[:, 0]) < 0.3 * np.ptp(hands[:, 1])


def test_looking_turns_the_head_to_both_sides(playing: Callable[[str], Playing]) -> None:
    _, _, rig, clips = playing("quadruped")
    clip, head = clips["look"], rig.names.index("head")
    ahead = np.array([clip_matrices(rig, clip, float(time))[head, :3, 2] for time in clip.times])
    yaw = np.degrees(np.arctan2(ahead[:, 0], ahead[:, 2]))
    assert yaw.max() > 20
    assert yaw.min() < -20


def test_who_sits_in_the_picture_gets_no_walk(playing: Callable[[str], Playing]) -> None:
    assert not {"walk", "trot", "sit"} & set(playing("seated")[3])


def test_a_lifted_paw_does_not_hinder_the_walk(toy: Toy) -> None:
    mesh, body = toy("quadruped")
    paw = [part.name for part in body.parts].index("leg_fore_left")
    lift = np.where(body.vertex_part == paw, np.clip(0.3 - mesh.vertices[:, 1], 0, 1) * 0.5, 0)[:, None] * np.array([0, 1, 0.8])
    mesh = replace(mesh, vertices=(mesh.vertices + lift).astype(np.float32))
    part = body.parts[paw]
    path = part.path + np.clip(0.3 - part.path[:, 1:2], 0, 1) * 0.5 * np.array([0, 1, 0.8])
    parts = tuple(replace(row, path=path.astype(np.float32)) if row is part else row for row in body.parts)
    body = replace(body, parts=parts)
    rig = build_rig(body)
    rig = replace(rig, weights=heat_weights(mesh, body, rig))
    clips = {clip.name: clip for clip in make_clips(mesh, body, rig)}
    figures = feet_figures(mesh, body, rig, clips["walk"], times=32)
    assert figures.sink < 0.004
    assert figures.slide < 0.01


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(st.floats(-0.5, 0.5), st.floats(-0.9, 0.2), st.floats(-0.6, 0.6)),
    st.floats(-0.3, 0.3),
    st.floats(0.05, 0.6),
    st.floats(0.05, 0.6),
)
def test_two_bones_reach_what_is_in_reach_and_point_at_the_rest(
    goal: tuple[float, float, float], bend: float, upper: float, lower: float
) -> None:
    thigh, shin = np.array([0.01, -upper, abs(bend) * upper + 0.01]), np.array([0.0, -lower, -0.01])
    end = np.array([goal])
    one, two = two_bones(np.zeros((1, 3)), end, np.eye(3)[None], thigh, shin)
    reached = (one @ thigh + two @ shin)[0]
    a, b, far = np.linalg.norm(thigh), np.linalg.norm(shin), np.linalg.norm(end)
    assert np.isfinite(reached).all()
    if abs(a - b) + 0.01 < far < 0.99 * (a + b):
        assert np.allclose(reached, end[0], atol=1e-4)
    elif far > 0.05:
        assert reached @ end[0] / (np.linalg.norm(reached) * far) > 0.999


def test_a_knee_keeps_pointing_forward_when_it_folds() -> None:
    thigh, shin = np.array([0.0, -0.5, 0.02]), np.array([0.0, -0.5, -0.02])
    goals = np.array([[0, -0.5, z] for z in np.linspace(-0.3, 0.3, 9)])
    one, _ = two_bones(np.zeros((9, 3)), goals, np.tile(np.eye(3), (9, 1, 1)), thigh, shin)
    knees = one @ thigh
    assert (np.cross(goals, knees)[:, 0] < 0).all()


def test_the_shortest_turn_turns() -> None:
    start, end = np.array([[0, -1.0, 0]]), np.array([[0, -0.6, 0.8]])
    assert np.allclose((shortest_turn(start, end) @ start[:, :, None])[:, :, 0], end)


def test_curves_hit_their_keys_and_repeat() -> None:
    phase = np.array([0.0, 0.25, 0.5, 1.0])
    assert np.allclose(through(phase, (0.0, 1.0), (0.25, 5.0), (0.5, -2.0)), [1, 5, -2, 1])


def test_a_spring_comes_late_and_loops() -> None:
    signal = np.sin(2 * np.pi * np.linspace(0, 1, 65))
    late = lagged(signal, 1.0, hertz=2.0)
    assert late[0] == pytest.approx(late[-1])
    assert signal[:-1].argmax() < late[:-1].argmax() < signal[:-1].argmax() + 16


def test_the_stages_write_what_the_contract_says(toy: Toy, tmp_path: Path) -> None:
    mesh, body = toy("quadruped")
    folders = {name: tmp_path / name for name in ("geometry", "skeleton", "skin", "animate")}
    for folder in folders.values():
        folder.mkdir()
    store.save_mesh(folders["geometry"] / "mesh.npz", mesh)
    store.save_body(folders["geometry"] / "body.npz", body)
    metrics = {}
    for stage in (skeleton.STAGE, skin.STAGE, animate.STAGE):
        work = Work(
            folder=folders[stage.name],
            inputs={read: folders[read] for read in stage.reads},
            options=Options(),
            source=tmp_path,
            progress=lambda _: None,
        )
        metrics |= stage.run(work).metrics
    rig = store.load_rig(folders["skin"] / "rig.npz")
    assert rig.weights is not None
    assert rig.weights.shape == (len(mesh.vertices), metrics["joints"])
    assert [clip.name for clip in store.load_clips(folders["animate"] / "clips.npz")] == str(metrics["clips"]).split()
    assert metrics["leg_bleed"] == 0
    assert metrics["default_clip"] == "walk"
