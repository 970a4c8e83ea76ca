"""Services of whole processes for the chat tests."""

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from chat_lab import Gate, Service

_NUMBERS = itertools.count(1)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Callable[..., Service]]:
    """A maker of services, each with the settings it is given; their processes end with the test."""
    made: list[Service] = []

    def make(**environment: str) -> Service:
        folder = tmp_path / f"service{len(made)}"
        folder.mkdir()
        made.append(Service(folder, **environment))
        return made[-1]

    yield make
    for service in made:
        await asyncio.to_thread(service.stop)  # the servers that they talk to run in this loop


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """A gate for held stages; open at the latest when the test ends."""
    gate = Gate(tmp_path / f"gate{next(_NUMBERS)}")
    yield gate
    gate.open()


@pytest.fixture
def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def person() -> int:
    """The id of a person whom no other test knows."""
    return 5000 + next(_NUMBERS)
