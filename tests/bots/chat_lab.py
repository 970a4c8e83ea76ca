"""What the tests of the chat faces share: whole processes on a data folder of their own, and the gates of the small plan."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from rigshot_pipeline.engines.places import HOME
from rigshot_queue import QueueSettings
from rigshot_storage import StorageSettings

HERE = Path(__file__).parent
LONG = 120.0  # seconds; far more than anything takes, but a test must end


class Service:
    """Processes of ``rigshot`` that share a data folder, and so a Redis and a storage."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("RIGSHOT_", "REDIS_"))}
        clean[HOME] = str(folder / "no-engines")  # those that a developer has installed are not part of a test
        self.environment = clean | {"RIGSHOT_DATA": str(folder / "data")} | environment
        self._all: list[subprocess.Popen[bytes]] = []

    @property
    def queue_settings(self) -> QueueSettings:
        """For a look into the same line."""
        return QueueSettings(data=self.folder / "data")

    @property
    def storage_settings(self) -> StorageSettings:
        """For a look into the same storage."""
        return StorageSettings(data=self.folder / "data")

    def start(self, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        """``rigshot WORDS``."""
        with (self.folder / f"{words[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "rigshot_bots.terminal", *words],
                env=self.environment | environment,
                cwd=self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._all.append(process)
        return process

    def worker(self, plan: str = "chat_plan:PLAN") -> subprocess.Popen[bytes]:
        """A worker on a plan of the tests."""
        wanted = {"LEASE_SECONDS": "5", "REAP_SECONDS": "1", "POLL_SECONDS": "0.05", "PLAN": plan}
        paths = os.pathsep.join(map(str, (HERE, HERE.parent / "queue", HERE.parent / "tools")))
        return self.start("worker", PYTHONPATH=paths, **{f"RIGSHOT_WORKER__{name}": value for name, value in wanted.items()})

    def log(self, name: str) -> str:
        """What the processes of a command have said."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")

    def stop(self) -> None:
        """End them all."""
        for process in self._all:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
                process.send_signal(signal.SIGINT)
        stuck: list[object] = []
        for process in self._all:
            try:
                process.wait(LONG)
            except subprocess.TimeoutExpired:
                stuck.append(process.args)
                process.kill()
                process.wait()
        assert not stuck, f"these would not stop: {stuck}"


class Gate:
    """A file that lets a held stage go on once it exists."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def photo(self, stage: str = "animate", **orders: Any) -> bytes:
        """A photo for the small plan that waits at this gate."""
        return json.dumps({"hold": {stage: str(self.place)}, **orders}).encode()

    def open(self) -> None:
        """Let them pass."""
        self.place.touch()


def photo(**orders: Any) -> bytes:
    """A photo for the small plan."""
    return json.dumps(orders).encode()


async def until(true: Callable[[], Any]) -> Any:
    """Wait for a condition (a function or an async one) and answer with what it gave."""
    end = time.monotonic() + LONG
    while time.monotonic() < end:
        answer = true()
        if asyncio.iscoroutine(answer):
            answer = await answer
        if answer:
            return answer
        await asyncio.sleep(0.05)
    raise AssertionError("it never came true")
