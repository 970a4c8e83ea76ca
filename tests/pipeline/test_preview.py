"""The turn that is planned, the bones that are drawn, and the stage from its folders to its files."""

import shutil
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rigshot_pipeline.assemble import load_asset
from rigshot_pipeline.asset import Asset, Clip, Floats, Pixels, Rig
from rigshot_pipeline.body import Projection
from rigshot_pipeline.errors import Cancelled, Refused, StageFailed
from rigshot_pipeline.options import Options
from rigshot_pipeline.preview import films
from rigshot_pipeline.preview.backdrop import backdrop, paper_colour, srgb
from rigshot_pipeline.preview.bones import bones_of, side_of
from rigshot_pipeline.preview.camera import orbit
from rigshot_pipeline.preview.films import GIF_BYTES, MP4_BYTES, POSTER_SIDE, SIDE
from rigshot_pipeline.preview.marks import treadmill, with_marks
from rigshot_pipeline.preview.studio import Studio
from rigshot_pipeline.preview.turntable import in_order, plan_turn, start_yaw
from rigshot_pipeline.stage import Outcome, Work
from rigshot_pipeline.stages import preview


def made(job_folder: Path) -> Asset:
    return load_asset({name: job_folder / name for name in ("standardise", "texture", "skin", "animate")}, name="dog")


def clip_of(seconds: float, *, joints: int, loop: bool = True) -> Clip:
    times = np.linspace(0, seconds, 5, dtype=np.float32)
    rotations = np.tile(np.array([0, 0, 0, 1], np.float32), (5, joints, 1))
    angle = np.linspace(0, 1, 5)
    rotations[:, 0, 1], rotations[:, 0, 3] = np.sin(angle / 2), np.cos(angle / 2)
    return Clip(name="turn", times=times, rotations=rotations, root_offset=np.zeros((5, 3), np.float32), loop=loop)


@pytest.mark.parametrize("seconds", [0.4, 0.93, 1.0, 1.7, 4.8, 9.0])
def test_a_turn_is_whole_and_so_are_the_rounds_of_its_clip(seconds: float, job_folder: Path) -> None:
    asset = made(job_folder)
    turn = plan_turn(asset, clip_of(seconds, joints=len(asset.rig.names)), first_yaw=-90)
    rounds = len(turn) / len(turn.poses)
    assert rounds == int(rounds), "the picture after the last is the first"
    assert len(turn) / turn.rate == pytest.approx(rounds * seconds, rel=0.06), "the clip keeps its speed"
    assert 30 <= len(turn) <= 100
    assert (100 / turn.rate) % 1 == pytest.approx(0, abs=1e-9), "a GIF can keep this rate"
    views = np.array([camera.axes[2] for camera in turn.cameras])
    angles = np.unwrap(np.arctan2(views[:, 0], views[:, 2]))
    assert np.allclose(np.diff(angles), 2 * np.pi / len(turn), atol=1e-5)
    assert views[0] @ [-1, 0, 0] > 0.9


def test_a_clip_without_a_loop_goes_out_and_comes_back(job_folder: Path) -> None:
    asset = made(job_folder)
    turn = plan_turn(asset, clip_of(1.2, joints=len(asset.rig.names), loop=False), first_yaw=0)
    moved = np.abs(turn.poses - turn.poses[0]).max((1, 2))
    steps = np.abs(np.diff(turn.poses, axis=0)).max((1, 2))
    assert moved.max() > 0.3
    assert moved[-1] == pytest.approx(0, abs=1e-5), "it ends where it began"
    assert steps.max() < 0.2 * moved.max(), "nothing jumps"
    assert (moved > 0.99 * moved.max()).sum() >= 5, "it stays at its end for a while"


def test_without_a_clip_it_stands_still(job_folder: Path) -> None:
    asset = made(job_folder)
    turn = plan_turn(asset, None, first_yaw=0)
    assert turn.poses.shape == (1, len(asset.mesh.vertices), 3)
    assert np.allclose(turn.poses[0], asset.mesh.vertices, atol=1e-6)


def test_no_pose_is_cropped_and_nothing_jumps(job_folder: Path) -> None:
    asset = made(job_folder)
    for clip in (asset.clips[0], clip_of(2.0, joints=len(asset.rig.names))):
        turn = plan_turn(asset, clip, first_yaw=-90)
        seen = np.stack(
            [camera.project(turn.poses[pose], width=1, height=1)[:, :2] for camera, pose in zip(turn.cameras, turn.pose, strict=True)]
        )
        assert seen.min() > 0.04
        assert seen.max() < 0.96
        assert max(np.ptp(seen[..., 0], axis=1).max(), np.ptp(seen[..., 1], axis=1).max()) > 0.7, "it fills the picture"
        assert len({(camera.span, camera.distance, camera.shift, tuple(camera.target)) for camera in turn.cameras}) == 1


def test_the_turn_starts_where_the_photo_was_taken() -> None:
    side = Projection(matrix=np.array([[0, 0, 9, 0], [0, -9, 0, 0], [-1, 0, 0, 0]], np.float32), size=9)
    front = Projection(matrix=np.array([[9, 0, 0, 0], [0, -9, 0, 0], [0, 0, 1, 0]], np.float32), size=9)
    assert start_yaw(side) == pytest.approx(-90)
    assert start_yaw(front) == pytest.approx(0)


def test_pictures_come_in_their_order_from_several_threads() -> None:
    assert list(in_order(lambda index: index * index, 50, threads=4)) == [index * index for index in range(50)]


def test_an_error_in_a_picture_comes_out_and_ends_the_drawing() -> None:
    drawn: list[int] = []

    def draw(index: int) -> int:
        drawn.append(index)
        if index == 5:
            raise ValueError("no paint left")
        return index

    with pytest.raises(ValueError, match="no paint left"):
        list(in_order(draw, 1000, threads=2))
    assert len(drawn) < 30


def test_the_clip_is_chosen_by_name_or_refused_with_what_there_is(job_folder: Path) -> None:
    clips = made(job_folder).clips
    assert preview.chosen_clip(clips, "auto") is clips[0]
    assert preview.chosen_clip(clips, "wag") is clips[1]
    assert preview.chosen_clip((), "auto") is None
    with pytest.raises(Refused) as refusal:
        preview.chosen_clip(clips, "fly")
    assert refusal.value.code == "no_such_clip"
    assert refusal.value.values == {"clip": "fly", "clips": "walk, wag"}


@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("leg_fore_left", "left"),
        ("ear_right_2", "right"),
        ("Shoulder.L", "left"),
        ("trunk", "centre"),
        ("lower_tail", "centre"),
        ("hand_r", "right"),
    ],
)
def test_a_joints_side_is_read_from_its_name(name: str, side: str) -> None:
    assert side_of(name) == side


def test_bones_follow_their_joints() -> None:
    rig = Rig(
        names=("root", "leg_left"),
        parents=np.array([-1, 0], np.int32),
        joints=np.array([[0, 0.5, 0], [0.2, 0.5, 0]], np.float32),
        tails=np.array([[0.2, 0.5, 0], [0.2, 0.1, 0]], np.float32),
    )
    bones = bones_of(rig)
    still = np.tile(np.eye(4, dtype=np.float32), (2, 1, 1))
    still[:, :3, 3] = rig.joints
    assert np.allclose(bones.posed(still).vertices, bones.mesh.vertices, atol=1e-6)
    assert np.linalg.norm(bones.mesh.vertices - [0.2, 0.1, 0], axis=1).min() < 1e-6, "a bone reaches its tail"
    moved = still.copy()
    moved[1, :3, 3] += [0, 1, 0]
    away = bones.posed(moved).vertices - bones.mesh.vertices
    assert np.allclose(away[bones.joint == 1], [0, 1, 0], atol=1e-6)
    assert np.allclose(away[bones.joint == 0], 0, atol=1e-6)
    assert not np.array_equal(bones.colours[bones.joint == 0][0], bones.colours[bones.joint == 1][0])


@pytest.mark.parametrize("colour", [(245, 245, 245), (15, 15, 15), (210, 130, 50), (60, 90, 170)])
def test_the_paper_stands_out_from_the_subject_and_is_pale(colour: tuple[int, int, int]) -> None:
    paper = paper_colour(np.tile(np.array(colour, np.uint8), (10, 1)))
    red, green, blue = srgb(paper)
    assert min(red, green, blue) > 190
    assert max(abs(red - colour[0]), abs(green - colour[1]), abs(blue - colour[2])) > 18
    assert max(red, green, blue) - min(red, green, blue) < 40
    sheet = backdrop(paper, width=60, height=60)
    assert sheet[28, 30].sum() > 1.1 * sheet[0, 0].sum(), "brightest behind the subject"


def test_the_studio_keeps_colours_true(job_folder: Path) -> None:
    asset = made(job_folder)
    studio = Studio.of(asset)
    turn = plan_turn(asset, None, first_yaw=-90)
    scene = studio.light(asset.mesh.vertices, turn.cameras[0], studio.backdrop(width=200, height=200))
    picture = studio.shoot(scene)
    empty: Pixels = studio.shoot(
        studio.light(asset.mesh.vertices + np.float32(50), turn.cameras[0], studio.backdrop(width=200, height=200))
    )
    body = np.abs(picture.astype(int) - empty).max(2) > 60
    coat = picture[body].astype(float).mean(0)
    painted = asset.albedo.reshape(-1, 3).astype(float).mean(0)
    assert np.abs(coat - painted).max() < 30, "the photo's colours, lit mildly"
    assert np.argsort(coat).tolist() == np.argsort(painted).tolist()


def work_on(job: Path, folder: Path, progress: Callable[[float], None] = lambda fraction: None, clip: str = "auto") -> Outcome:
    folder.mkdir()
    inputs = {name: job / name for name in preview.STAGE.reads}
    return preview.run(Work(folder=folder, inputs=inputs, options=Options(clip=clip, name="dog"), source=Path("none"), progress=progress))


@pytest.fixture(scope="module")
def outcome(job_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome, list[float]]:
    folder = tmp_path_factory.mktemp("preview") / "out"
    told: list[float] = []
    return folder, work_on(job_folder, folder, told.append), told


def test_the_stage_leaves_its_five_files_within_their_limits(outcome: tuple[Path, Outcome, list[float]]) -> None:
    folder, result, told = outcome
    assert {path.name for path in folder.iterdir()} == {"turntable.gif", "turntable.mp4", "skeleton.gif", "skeleton.mp4", "poster.png"}
    for name, limit in (
        ("turntable.gif", GIF_BYTES),
        ("skeleton.gif", GIF_BYTES),
        ("turntable.mp4", MP4_BYTES),
        ("skeleton.mp4", MP4_BYTES),
    ):
        assert 10_000 < (folder / name).stat().st_size <= limit
    assert result.metrics["clip"] == "walk"
    assert told == sorted(told)
    assert told[-1] <= 1
    assert len(told) > 30


def test_gifs_and_poster_are_what_they_should_be(outcome: tuple[Path, Outcome, list[float]]) -> None:
    folder, result, _ = outcome
    for name in ("turntable", "skeleton"):
        with Image.open(folder / f"{name}.gif") as image:
            assert image.size == (SIDE, SIDE)
            assert image.n_frames == result.metrics["pictures"]  # type: ignore[attr-defined]
            assert image.info["loop"] == 0
    with Image.open(folder / "poster.png") as image:
        assert image.size == (POSTER_SIDE, POSTER_SIDE)
        pixels = np.asarray(image).astype(float)
    assert np.abs(pixels - pixels[5, 5]).max(2).mean() > 5, "there is something on it"


def test_the_turntable_shows_the_animal_from_different_sides(outcome: tuple[Path, Outcome, list[float]]) -> None:
    with Image.open(outcome[0] / "turntable.gif") as image:
        frames = []
        for index in (0, image.n_frames // 4, image.n_frames - 1):  # type: ignore[attr-defined]
            image.seek(index)
            frames.append(np.asarray(image.convert("RGB")).astype(float))
    quarter, last = (np.abs(frames[0] - frames[place]).mean() for place in (1, 2))
    assert quarter > 2.5 * last, "the last picture leads to the first"


def test_the_films_tell_their_size_and_colours(outcome: tuple[Path, Outcome, list[float]]) -> None:
    data = (outcome[0] / "turntable.mp4").read_bytes()
    place = data.index(b"avc1", data.index(b"stsd"))
    assert struct.unpack(">HH", data[place + 28 : place + 32]) == (SIDE, SIDE)


def test_the_same_inputs_give_the_same_files(job_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(films, "SIDE", 128)
    monkeypatch.setattr(films, "POSTER_SIDE", 128)
    for cores in (1, 3):
        monkeypatch.setattr("os.sched_getaffinity", lambda pid, cores=cores: set(range(cores)))
        work_on(job_folder, tmp_path / str(cores))
    for path in (tmp_path / "1").iterdir():
        assert path.read_bytes() == (tmp_path / "3" / path.name).read_bytes(), path.name


@pytest.mark.parametrize("share", [0.3, 0.8])
def test_giving_up_ends_it_and_leaves_no_program_behind(
    share: float, job_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = tmp_path / "ffmpeg-that-never-ends"  # else a quick machine is done before anybody gives up
    encoder.write_text("#!/bin/sh\ncat > /dev/null\nexec sleep 600\n", encoding="utf-8")
    encoder.chmod(0o755)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(encoder))
    monkeypatch.setattr(films, "SIDE", 160)
    running: set[str] = set()

    def progress(fraction: float) -> None:
        if fraction >= share:
            running.update(commands_of_children())
            raise Cancelled

    with pytest.raises(Cancelled):
        work_on(job_folder, tmp_path / "out", progress)
    assert bool(running) == (share > 0.5), "only the later end finds encoders at work"
    assert not commands_of_children()


def commands_of_children() -> set[str]:
    """The command lines of the encoders that this process started and that still run."""
    commands: set[str] = set()
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # a thread or a program that has ended since
            for child in (task / "children").read_text().split():
                commands.add((Path("/proc") / child / "cmdline").read_text().replace("\0", " "))
    return {command for command in commands if "ffmpeg" in command or "sleep 600" in command}


def test_a_broken_encoder_breaks_the_stage(job_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(films, "SIDE", 64)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(shutil.which("false")))
    with pytest.raises(StageFailed) as failure:
        work_on(job_folder, tmp_path / "out")
    assert failure.value.code == "ffmpeg_failed"


def walking(speed: float, count: int = 20) -> Floats:
    """Poses of two feet: one stands and goes back with the floor, the other is in the air and comes forward."""
    phase = np.arange(count) / count
    poses = np.zeros((count, 8, 3), np.float32)
    for foot in (0, 1):
        turn = (phase + foot / 2) % 1
        standing = turn < 0.5
        along = np.where(standing, 0.25 - turn, turn - 0.75) * speed
        poses[:, 4 * foot : 4 * foot + 4, 2] = along[:, None]
        poses[:, 4 * foot : 4 * foot + 4, 1] = np.where(standing, 0.0, 0.1)[:, None]
    return poses


def test_the_floor_goes_with_the_standing_feet() -> None:
    mill = treadmill(walking(0.6), pictures=60, rate=20.0)
    assert mill is not None
    assert mill.step == pytest.approx(-0.6 / 20, rel=1e-3)
    rounds = 60 * abs(mill.step) / mill.spacing
    assert rounds == pytest.approx(round(rounds), abs=1e-6), "after the turn the marks lie as at its start"
    assert treadmill(walking(0.0), pictures=60, rate=20.0) is None
    assert treadmill(walking(0.6)[:1], pictures=60, rate=20.0) is None


def test_marks_move_on_the_floor_and_close_their_circle() -> None:
    mill = treadmill(walking(0.6), pictures=60, rate=20.0)
    assert mill is not None
    camera = orbit(-90, 12, target=np.array([0, 0.3, 0], np.float32), span=1.4, distance=4.0)
    paper = np.ones((120, 120, 3), np.float32)
    first, second, last = (with_marks(paper, mill, picture, camera) for picture in (0, 1, 60))
    assert (first < 0.95).any()
    assert np.abs(first - second).max() > 0.05
    assert np.abs(first - last).max() < 1e-3
    assert (first[:40] == 1).all(), "none above the horizon"
    assert (paper == 1).all(), "the paper itself stays clean"
