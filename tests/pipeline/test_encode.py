"""GIFs decoded by Pillow, films looked at box by box, and the program ffmpeg when it is missing, fails or must stop."""

import io
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageSequence

from rigshot_pipeline.asset import Pixels
from rigshot_pipeline.errors import Cancelled, StageFailed
from rigshot_pipeline.preview.encode import ffmpeg_program, mp4_within
from rigshot_pipeline.preview.gif import encode_gif, gif_within
from rigshot_pipeline.preview.palette import METRIC, film_palette


def film(count: int = 12, side: int = 64, seed: int = 0) -> list[Pixels]:
    """A furry disc that wanders over a soft gradient."""
    fur = cv2.GaussianBlur(np.random.default_rng(seed).normal(0, 1, (side, side)), (0, 0), 1.2)
    coat = np.clip(np.array([170, 120, 80]) + 90 * fur[..., None], 0, 255)
    rows, columns = np.mgrid[0:side, 0:side]
    ground = np.stack([205 + rows * 30 // side, 212 + rows * 20 // side, 220 + columns * 10 // side], 2)
    frames: list[Pixels] = []
    for place in range(count):
        inside = np.hypot(rows - side / 2, columns - side / 4 - place * side / 2 / count) < side / 5
        frames.append(np.where(inside[..., None], np.roll(coat, place, 1), ground).astype(np.uint8))
    return frames


def decoded(data: bytes) -> list[Pixels]:
    with Image.open(io.BytesIO(data)) as image:
        return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)]


def metric_distance(a: Pixels, b: Pixels) -> np.ndarray:
    return np.linalg.norm((a.astype(float) - b) * METRIC, axis=2)


def test_few_colours_come_back_exactly() -> None:
    random = np.random.default_rng(5)
    # Multiples of 8 lie so far apart that neither the dither nor a bin mixes them.
    colours = (random.permutation(32**3)[:200, None] // [1, 32, 1024] % 32 * 8).astype(np.uint8)
    frames = [colours[random.integers(0, len(colours), (90, 110))] for _ in range(4)]
    back = decoded(encode_gif(frames, rate=20.0, tolerance=0.0))
    assert len(back) == 4
    for frame, seen in zip(frames, back, strict=True):
        assert np.abs(frame.astype(int) - seen).max() <= 1


def test_noise_that_fills_the_dictionary_many_times_survives() -> None:
    frames = [np.random.default_rng(seed).integers(0, 256, (200, 210, 3)).astype(np.uint8) for seed in range(3)]
    back = decoded(encode_gif(frames, rate=20.0, tolerance=0.0))
    # 255 colours over all of the cube lie some 30 grey levels apart.
    assert max(metric_distance(frame, seen).mean() for frame, seen in zip(frames, back, strict=True)) < 20


@pytest.mark.parametrize("tolerance", [0.0, 6.0, 28.0])
def test_the_error_stays_within_the_palette_and_the_tolerance(tolerance: float) -> None:
    frames = film()
    worst = max(
        metric_distance(frame, seen).max()
        for frame, seen in zip(frames, decoded(encode_gif(frames, rate=20.0, tolerance=tolerance)), strict=True)
    )
    exact = max(
        metric_distance(frame, seen).max()
        for frame, seen in zip(frames, decoded(encode_gif(frames, rate=20.0, tolerance=0.0)), strict=True)
    )
    assert worst <= max(exact, tolerance + 0.5, 4.5)


def test_a_tolerance_makes_it_smaller_and_a_still_picture_costs_next_to_nothing() -> None:
    frames = film(side=120)
    exact, lossy = (len(encode_gif(frames, rate=20.0, tolerance=tolerance)) for tolerance in (0.0, 6.0))
    assert lossy < 0.85 * exact
    once = len(encode_gif(frames[:1], rate=20.0, tolerance=0.0))
    assert len(encode_gif(frames[:1] * 10, rate=20.0, tolerance=0.0)) < once + 9 * 40


def test_it_loops_for_ever_at_its_rate() -> None:
    with Image.open(io.BytesIO(encode_gif(film(3), rate=20.0, tolerance=6.0))) as image:
        assert image.info["loop"] == 0
        assert image.info["duration"] == 50


def test_a_gif_is_made_to_fit_and_says_when_it_cannot(tmp_path: Path) -> None:
    frames = film(6, side=160)
    free = gif_within(frames, tmp_path / "free.gif", rate=20.0, limit=10**7)
    squeezed = gif_within(frames, tmp_path / "small.gif", rate=20.0, limit=free * 2 // 3)
    assert squeezed == (tmp_path / "small.gif").stat().st_size <= free * 2 // 3
    assert len(decoded((tmp_path / "small.gif").read_bytes())) == 6
    with pytest.raises(StageFailed) as failure:
        gif_within(frames, tmp_path / "none.gif", rate=20.0, limit=500)
    assert failure.value.code == "film_too_large"
    assert not (tmp_path / "none.gif").exists()


def test_the_same_frames_give_the_same_gif() -> None:
    assert encode_gif(film(), rate=20.0, tolerance=10.0) == encode_gif(film(), rate=20.0, tolerance=10.0)


def test_the_palette_holds_the_backdrop_finely_and_the_subject_too() -> None:
    frames = film(side=128)
    palette = film_palette(frames, 255).astype(float) * METRIC
    for pixels, close in ((frames[0][:8].reshape(-1, 3), 2.5), (frames[0][60:68, 30:38].reshape(-1, 3), 14)):
        away = np.linalg.norm(pixels[:, None] * METRIC - palette[None], axis=2).min(1)
        assert away.max() < close


def played(path: Path, *, side: int) -> Pixels:
    raw = subprocess.run(
        [ffmpeg_program(), "-loglevel", "error", "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], capture_output=True
    )
    return np.frombuffer(raw.stdout, np.uint8).reshape(-1, side, side, 3)


def boxes(data: bytes) -> list[str]:
    names, place = [], 0
    while place < len(data):
        size, name = struct.unpack(">I4s", data[place : place + 8])
        names.append(name.decode())
        place += size
    return names


def test_a_film_is_what_phones_play(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    size = mp4_within(film(20), path, rate=20.0, limit=10**6, rounds=2)
    data = path.read_bytes()
    assert size == len(data)
    assert boxes(data).index("moov") < boxes(data).index("mdat"), "the index stands in front"
    assert b"avc1" in data
    assert len(played(path, side=64)) == 40
    said = subprocess.run([ffmpeg_program(), "-i", str(path)], capture_output=True, text=True).stderr
    assert "h264" in said
    assert "yuv420p" in said
    assert "64x64" in said
    assert "20 fps" in said
    assert "Duration: 00:00:02.00" in said
    assert sorted(tmp_path.iterdir()) == [path], "no half-made file is left"


def test_the_colours_of_a_film_are_true(tmp_path: Path) -> None:
    colour = np.array([200, 90, 40], np.uint8)
    mp4_within([np.tile(colour, (64, 64, 1))] * 5, tmp_path / "film.mp4", rate=20.0, limit=10**6)
    seen = played(tmp_path / "film.mp4", side=64)[0]
    assert np.abs(seen.astype(int) - colour).max() <= 6


def test_a_film_gives_up_quality_to_fit(tmp_path: Path) -> None:
    frames = [np.random.default_rng(seed).integers(0, 256, (128, 128, 3)).astype(np.uint8) for seed in range(10)]
    free = mp4_within(frames, tmp_path / "free.mp4", rate=20.0, limit=10**7)
    assert mp4_within(frames, tmp_path / "small.mp4", rate=20.0, limit=free * 3 // 4) <= free * 3 // 4
    with pytest.raises(StageFailed) as failure:
        mp4_within(frames, tmp_path / "none.mp4", rate=20.0, limit=2000)
    assert failure.value.code == "film_too_large"


def test_a_missing_ffmpeg_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(tmp_path / "nowhere"))
    with pytest.raises(StageFailed) as failure:
        mp4_within(film(2), tmp_path / "film.mp4", rate=20.0, limit=10**6)
    assert failure.value.code == "no_ffmpeg"
    assert list(tmp_path.iterdir()) == []


def test_ffmpegs_own_last_words_are_handed_on(tmp_path: Path) -> None:
    odd = [np.zeros((33, 33, 3), np.uint8)] * 3
    with pytest.raises(StageFailed) as failure:
        mp4_within(odd, tmp_path / "film.mp4", rate=20.0, limit=10**6)
    assert failure.value.code == "ffmpeg_failed"
    assert str(failure.value.values["line"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("encode", [mp4_within, gif_within])
def test_a_wish_to_stop_ends_an_encoder_half_way(encode: Callable[..., int], tmp_path: Path) -> None:
    stop = threading.Event()

    class Watched(list[Pixels]):
        """Frames that tell to stop when the fifth is taken for the second time (the GIF looks at all of them first)."""

        taken = 0

        def __iter__(self) -> Iterator[Pixels]:
            for number, frame in enumerate(super().__iter__()):
                self.taken += 1
                if number == 5:
                    stop.set()
                yield frame

    frames = Watched(np.random.default_rng(seed).integers(0, 256, (64, 64, 3)).astype(np.uint8) for seed in range(40))
    with pytest.raises(Cancelled):
        encode(frames, tmp_path / "film", rate=20.0, limit=10**9, stop=stop)
    assert frames.taken < len(frames)
    assert list(tmp_path.iterdir()) == []
    children = {int(child) for task in Path("/proc/self/task").iterdir() for child in (task / "children").read_text().split()}
    assert not any("ffmpeg" in Path(f"/proc/{child}/cmdline").read_text() for child in children), "the program is gone"
