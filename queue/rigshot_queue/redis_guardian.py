"""``python redis_guardian.py FOLDER SOCKET SERVER``: keeps a Redis server alive while anybody uses it.

Belongs to no other process of ours: it outlives whoever started it, starts the server again when that dies, and stops it
when nobody holds the lock ``users`` any more. The server dies with it. Standard library only: it stays small.
"""

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

__all__ = ["main"]

GLANCE_SECONDS = 0.2
PATIENCE_SECONDS = 2.0
CALM_SECONDS = 5  # a server that lived so long may be started again at once
MOST_DEATHS = 5  # in a row and quickly: its files are broken, and starting it once more will not mend them
STOP_SECONDS = 10
_PR_SET_PDEATHSIG = 1


def main(folder: Path, place: Path, server: Path) -> int:
    """Guard until the last user is gone."""
    guardian = (folder / "guardian").open("ab")
    end = time.monotonic() + PATIENCE_SECONDS
    while not _mine(guardian):  # somebody who looks whether there is a guardian holds the lock for a moment
        if time.monotonic() > end:
            sys.exit("another guardian is at work")
        time.sleep(PATIENCE_SECONDS / 100)
    if os.fork():  # the lock goes on in the child
        os._exit(0)
    os.setsid()
    _close_streams(folder / "redis.log")
    users = (folder / "users").open("ab")
    process = _start(folder, place, server)
    begun, deaths = time.monotonic(), 0
    while not _mine(users):
        time.sleep(GLANCE_SECONDS)
        if process.poll() is None:
            continue
        deaths = 0 if time.monotonic() - begun > CALM_SECONDS else deaths + 1
        if deaths == MOST_DEATHS:
            return 1
        process, begun = _start(folder, place, server), time.monotonic()
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    place.unlink(missing_ok=True)
    return 0


def _start(folder: Path, place: Path, server: Path) -> subprocess.Popen[bytes]:
    options = {
        "port": "0",
        "unixsocket": str(place),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "always",  # 4 ms a write on a slow disk: nothing at our rate, and no job is lost with the power
        "save": "",
        "maxmemory-policy": "noeviction",
        "databases": "1",
        "loglevel": "warning",
        "logfile": str(folder / "redis.log"),
    }
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    return subprocess.Popen([str(server), *words], stdin=subprocess.DEVNULL, preexec_fn=_die_with_parent, cwd=folder)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _mine(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _close_streams(log: Path) -> None:
    """Nobody waits for what the guardian says: it goes to the server's log."""
    null, out = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(null, 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.close(null)
    os.close(out)


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
