"""``rigshot downloads`` as people start it: a process of its own."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession
from places import JOB, Place
from pydantic import SecretStr

from rigshot_storage import StorageSettings, open_artifacts

KEY = "a key for the process"
PATIENCE = 120  # seconds on a busy machine


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def downloads(data: Path, port: int, **more: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    values = {"RIGSHOT_DATA": str(data), "RIGSHOT_DOWNLOADS__PORT": str(port), "RIGSHOT_LINK_KEYS": KEY, **more}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "rigshot_bots.terminal",
        "downloads",
        env={**os.environ, **values},
        cwd=data,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def first_line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).decode()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_serves_and_stops_cleanly(tmp_path: Path, session: ClientSession, number: signal.Signals) -> None:
    port = free_port()
    settings = StorageSettings(data=tmp_path, link_keys=(SecretStr(KEY),), downloads={"port": port})  # type: ignore[arg-type]
    place = Place(kind="folder", settings=settings, artifacts=open_artifacts(settings), files=tmp_path)
    await place.publish()
    async with downloads(tmp_path, port) as process:
        assert f"http://127.0.0.1:{port}" in await first_line(process)
        link = place.links.url(JOB, "glb")
        async with session.get(link) as answer:
            assert answer.status == 200
        process.send_signal(number)
        out, log = await asyncio.wait_for(process.communicate(), PATIENCE)
        assert process.returncode == 0
        assert out.decode() == "Stopped.\n"
        # The log names what was asked for, and never the signature.
        assert f"GET /f/{JOB}/glb 200" in log.decode()
        assert urlsplit(link).query.rpartition("=")[2] not in log.decode()


async def test_a_taken_port_is_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        async with downloads(tmp_path, port) as process:
            out, log = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 1
    assert out == b""
    assert f"Port {port} is taken by another program" in log.decode()
    assert "RIGSHOT_DOWNLOADS__PORT" in log.decode()
    assert "Traceback" not in log.decode()


async def test_a_wrong_setting_is_a_sentence(tmp_path: Path) -> None:
    async with downloads(tmp_path, free_port(), RIGSHOT_LINK_DAYS="many") as process:
        _, log = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 2
    assert log.decode().startswith("RIGSHOT_LINK_DAYS: ")
    assert "Traceback" not in log.decode()


async def test_an_address_that_is_not_ours_is_a_sentence(tmp_path: Path) -> None:
    async with downloads(tmp_path, free_port(), RIGSHOT_DOWNLOADS__HOST="192.0.2.1") as process:
        _, log = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 1
    assert "RIGSHOT_DOWNLOADS__HOST" in log.decode()
    assert "Traceback" not in log.decode()
