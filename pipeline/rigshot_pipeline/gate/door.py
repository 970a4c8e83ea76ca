"""The parent's side of the gate: opens the person's file, has the child decode it, and trusts nothing that comes back."""

import errno
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..asset import Pixels
from ..errors import Refused
from ..wording.intake import TEXTS
from .child import ANSWER, PIXELS
from .kinds import FORMATS
from .limits import MAX_BYTES, MAX_SIDE, WALL_SECONDS

__all__ = ["Decoded", "admit", "decode"]

_MAX_ANSWER = 64 * 1024
_GLANCE_SECONDS = 0.05
"""How often the parent looks whether the person has given up."""
_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "MALLOC_ARENA_MAX": "2",  # an arena for every thread would count against the address space
}


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """What the child made of a file.

    ``pixels`` (rows, columns, 3 or 4) uint8 sRGB, upright; ``format`` Pillow's name; ``width``, ``height`` of the
    upright original in pixels; ``frames`` in the file, ``pages``: they are several pictures and not a motion;
    ``turned`` as the EXIF orientation asked; ``cut`` the file ended too early, ``missing`` share of rows lost by that.
    """

    pixels: Pixels
    format: str
    width: int
    height: int
    frames: int
    pages: bool
    turned: bool
    cut: bool
    missing: float

    def __post_init__(self) -> None:
        if self.format not in FORMATS or min(self.width, self.height, self.frames) < 1 or not 0 <= self.missing <= 1:
            raise ValueError("a decoded picture with impossible figures")


def admit(path: Path) -> BinaryIO:
    """Open a person's file for reading, without ever waiting for it. Raises ``Refused`` unless it is a regular, readable
    file of at most ``limits.MAX_BYTES``, reached directly or through symbolic links."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # before opening: a device may act on being opened
            raise Refused("file_not_regular")
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError:  # a zero byte in the name
        raise Refused("file_missing") from None
    except OSError as error:
        known = {errno.EACCES: "file_forbidden", errno.EPERM: "file_forbidden"}
        raise Refused(known.get(error.errno or 0, "file_missing")) from error
    file = os.fdopen(descriptor, "rb")
    found = os.fstat(descriptor)
    code = "file_not_regular" if not stat.S_ISREG(found.st_mode) else "file_empty" if found.st_size == 0 else ""
    if found.st_size > MAX_BYTES:
        code = "file_too_big"
    if code:
        file.close()
        raise Refused(code, megabytes=round(found.st_size / 2**20), most=MAX_BYTES // 2**20)
    return file


def decode(file: BinaryIO, *, scratch: Path, alive: Callable[[], None] = lambda: None) -> Decoded:
    """Have a confined child decode the open ``file``. ``scratch``: a folder for the exchange, left as it was.

    ``alive`` is called while the child works and may raise to end it. Raises ``Refused`` for whatever is wrong with the
    picture, a child that died of it included, and RuntimeError when the child could not even begin.
    """
    with tempfile.TemporaryDirectory(prefix=".gate-", dir=scratch) as name:
        folder = Path(name)
        code, complaint = _carry_out(file, folder, alive)
        if code == 0:
            return _read(folder)
        if code == -signal.SIGXCPU:
            raise Refused("picture_too_slow")
        if code < 0:
            raise Refused("picture_kills")
        raise RuntimeError(f"the decoding child failed with {code}: {complaint}")


def _carry_out(file: BinaryIO, folder: Path, alive: Callable[[], None]) -> tuple[int, str]:
    command = [sys.executable, "-I", "-m", f"{__package__}.child", str(folder)]
    with (folder / "complaints").open("wb") as complaints:
        file.seek(0)
        child = subprocess.Popen(command, stdin=file, stdout=subprocess.DEVNULL, stderr=complaints, env=_ENVIRONMENT, cwd=folder)
        try:
            end = time.monotonic() + WALL_SECONDS
            while (code := _waited(child)) is None:
                if time.monotonic() > end:
                    raise Refused("picture_too_slow")
                alive()
        finally:
            child.kill()
            child.wait()
    with (folder / "complaints").open("rb") as complaints:
        return code, complaints.read(_MAX_ANSWER).decode(errors="replace")[-2000:]


def _waited(child: subprocess.Popen[bytes]) -> int | None:
    try:
        return child.wait(_GLANCE_SECONDS)
    except subprocess.TimeoutExpired:
        return None


def _read(folder: Path) -> Decoded:
    """The child's answer, believed only as far as it can be checked: a hostile file may have written it."""
    try:
        with (folder / ANSWER).open("rb") as file:
            answer: dict[str, Any] = json.loads(file.read(_MAX_ANSWER))
        if "refused" in answer:
            raise _refusal(answer)
        shape = tuple(int(answer.pop(key)) for key in ("rows", "columns", "channels"))
        if not (1 <= shape[0] <= MAX_SIDE and 1 <= shape[1] <= MAX_SIDE and shape[2] in (3, 4)):
            raise ValueError("a decoded picture of an impossible shape")
        pixels = np.fromfile(folder / PIXELS, np.uint8, count=shape[0] * shape[1] * shape[2]).reshape(shape)
        return Decoded(pixels=pixels, **answer)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Refused("picture_kills") from error


def _refusal(answer: dict[str, Any]) -> Refused:
    code, values = answer["refused"], answer["values"]
    if code not in TEXTS or not all(isinstance(value, int) or (isinstance(value, str) and len(value) < 20) for value in values.values()):
        raise ValueError("an unknown refusal")
    return Refused(code, **values)
