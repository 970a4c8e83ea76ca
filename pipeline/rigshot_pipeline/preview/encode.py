"""Frames to MP4 through the ffmpeg program that imageio-ffmpeg brings.

ffmpeg's build is GPL: it runs as a program of its own, which reads raw pictures from its standard input and writes a
file; nothing of it is linked into this process.
"""

import subprocess
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import imageio_ffmpeg

from ..asset import Pixels
from ..errors import Cancelled, StageFailed

__all__ = ["ffmpeg_program", "mp4_within"]

_POLL = 0.05  # seconds between two looks at whether to stop
_PLAIN = ("-movflags", "+faststart", "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact")

_QUALITIES = (18, 22, 27, 33)  # x264's constant rate factors: the first that fits is taken


def ffmpeg_program() -> str:
    """The path of the ffmpeg program. Raises ``StageFailed`` when there is none."""
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise StageFailed("no_ffmpeg") from error


def mp4_within(
    frames: Sequence[Pixels], path: Path, *, rate: float, limit: int, rounds: int = 1, stop: threading.Event | None = None
) -> int:
    """Write ``frames`` (H, W, 3; even sides) as an H.264 film of at most ``limit`` bytes that every phone plays.

    ``rate`` pictures a second; the film shows them ``rounds`` times over, for players that do not loop. Returns its
    size. Raises ``Cancelled`` when ``stop`` is set (the program is killed), ``StageFailed`` when ffmpeg is not
    there, fails, or the film does not fit.
    """
    stop = stop or threading.Event()
    once = path.with_name(f"{path.stem}.once.mp4")
    height, width = frames[0].shape[:2]
    raw = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", f"{rate:g}", "-i", "pipe:0")
    try:
        for quality in _QUALITIES:
            _run((*raw, *_h264(quality), str(once)), frames, stop)
            if once.stat().st_size * rounds <= limit:
                # The packets are copied, not coded again: a round more takes no time.
                _run(("-stream_loop", str(rounds - 1), "-i", str(once), "-c", "copy", *_PLAIN, str(path)), (), stop)
                return path.stat().st_size
    finally:
        once.unlink(missing_ok=True)
    raise StageFailed("film_too_large", limit_mb=round(limit / 1e6, 1))


def _h264(quality: int) -> tuple[str, ...]:
    """One thread: with several the file would depend on the machine. Slower presets gave no smaller files here."""
    colours = ("-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p")
    tags = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv")
    coder = ("-c:v", "libx264", "-preset", "veryfast", "-crf", str(quality), "-threads", "1")
    return (*colours, *coder, *tags, *_PLAIN)


def _run(arguments: tuple[str, ...], frames: Sequence[Pixels], stop: threading.Event) -> None:
    """Run ffmpeg, feed it ``frames``, and wait for its end."""
    command = [ffmpeg_program(), "-y", "-loglevel", "error", "-nostats", *arguments]
    with tempfile.TemporaryFile() as said:
        try:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said)
        except OSError as error:
            raise StageFailed("no_ffmpeg") from error
        try:
            _feed(process, frames, stop)
            while process.poll() is None:
                if stop.wait(_POLL):
                    raise Cancelled
        finally:
            process.kill()  # only one that is still at work: an error of ours or a wish to stop
            process.wait()
        if process.returncode != 0:
            said.seek(0)
            lines = said.read().decode(errors="replace").strip().splitlines()
            raise StageFailed("ffmpeg_failed", line=lines[-1] if lines else f"exit {process.returncode}")


def _feed(process: subprocess.Popen[bytes], frames: Sequence[Pixels], stop: threading.Event) -> None:
    """Write all frames to the program's input and close it; a program that ended early says why itself."""
    assert process.stdin is not None
    with suppress(BrokenPipeError), process.stdin as pipe:
        for frame in frames:
            if stop.is_set():
                raise Cancelled
            pipe.write(frame.tobytes())
