"""What the tests of the line share: worker processes, photos for the small plan, waiting for something to come true."""

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

from rigshot_queue import Job, Queue, QueueSettings, Request

LONG = 120.0  # seconds; far more than anything takes, but a test must end


def request_of(person: str = "telegram:1", **more: Any) -> Request:
    """A request of a person."""
    return Request(**{"person": person, "platform": person.partition(":")[0], "title": "dog.jpg"} | more)


class Workers:
    """Worker processes on the small plan; they share the test's Redis by its data folder."""

    def __init__(self, settings: QueueSettings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._all: list[subprocess.Popen[bytes]] = []

    def start(self, *, plan: str = "small_plan:PLAN", **worker: Any) -> subprocess.Popen[bytes]:
        """A worker; ``worker`` are its settings."""
        wanted = {"reap_seconds": 1, "poll_seconds": 0.05, "plan": plan} | worker
        environment = {f"RIGSHOT_WORKER__{name.upper()}": str(value) for name, value in wanted.items()}
        environment |= {"RIGSHOT_DATA": str(self._settings.data), "PYTHONPATH": str(Path(__file__).parent)}
        log = (self._folder / f"worker-{len(self._all)}.log").open("wb")
        command = [sys.executable, "-m", "rigshot_bots.terminal", "worker"]
        with log:
            process = subprocess.Popen(command, env=os.environ | environment, stdout=log, stderr=subprocess.STDOUT, cwd=self._folder)
        self._all.append(process)
        return process

    def log(self, number: int = 0) -> str:
        """What a worker has said."""
        return (self._folder / f"worker-{number}.log").read_text()

    def stop(self) -> None:
        """End them all."""
        for process in self._all:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
                process.send_signal(signal.SIGINT)
        for process in self._all:
            try:
                process.wait(LONG)
            finally:
                process.kill()


def orders(**words: Any) -> bytes:
    """A photo for the small plan."""
    return json.dumps(words).encode()


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    return [int(word) for task in Path(f"/proc/{pid}/task").iterdir() for word in (task / "children").read_text().split()]


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent's question does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return False


async def until(true: Callable[[], Any]) -> Any:
    """Wait for a condition (a function or an async one) and answer with what it gave."""
    end = time.monotonic() + LONG
    while time.monotonic() < end:
        answer = true()
        if asyncio.iscoroutine(answer):
            answer = await answer
        if answer:
            return answer
        await asyncio.sleep(0.02)
    raise AssertionError("it never came true")


async def ended(queue: Queue, job: str) -> Job:
    """The job once it has ended."""

    async def look() -> Job | None:
        found = await queue.job(job)
        return found if found and found.finished else None

    found: Job = await until(look)
    return found


def starts(settings: QueueSettings, job: str) -> list[str]:
    """The stages that the small plan has begun for a job, in their order."""
    return [line.split()[0] for line in (settings.work / job / "starts").read_text().splitlines()]
