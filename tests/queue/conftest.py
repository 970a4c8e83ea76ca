"""A real Redis for every test, and whole worker processes."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from queue_lab import Workers

from rigshot_queue import Queue, QueueSettings, open_queue


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> QueueSettings:
    """Settings of a line of its own; nothing of the developer's environment."""
    for name in [name for name in os.environ if name.startswith(("RIGSHOT_", "REDIS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return QueueSettings(data=tmp_path / "data")


@pytest.fixture
async def queue(settings: QueueSettings) -> AsyncIterator[Queue]:
    """An open line."""
    async with open_queue(settings) as queue:
        yield queue


@pytest.fixture
def workers(settings: QueueSettings, tmp_path: Path) -> Iterator[Workers]:
    """A starter of worker processes, which end with the test."""
    workers = Workers(settings, tmp_path)
    yield workers
    workers.stop()
