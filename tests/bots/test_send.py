"""``rigshot send`` and ``rigshot doctor`` as processes, with a worker beside them."""

import asyncio
import getpass
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import redraw_lab
from chat_lab import LONG, Gate, Service, photo, until
from telegram_server import TelegramServer

from rigshot_queue import Queue, open_queue

pytestmark = pytest.mark.asyncio(loop_scope="module")
ME = f"terminal:{getpass.getuser()}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Service, Queue]]:
    service = Service(tmp_path_factory.mktemp("send"), RIGSHOT_LIMITS__ACTIVE_PER_PERSON="2")
    try:
        async with open_queue(service.queue_settings, storage=service.storage_settings) as queue:
            service.worker()
            yield service, queue
    finally:
        await asyncio.to_thread(service.stop)


async def run(service: Service, *words: str, **environment: str) -> tuple[int, str]:
    """The exit status of ``rigshot WORDS`` and what it said."""
    name = words[0]
    before = len(service.log(name)) if (service.folder / f"{name}.log").exists() else 0
    process = service.start(*words, **environment)
    status = await asyncio.to_thread(process.wait, LONG)
    return status, service.log(name)[before:]


def lay(service: Service, name: str, content: bytes) -> str:
    (service.folder / name).write_bytes(content)
    return name


async def test_more_photos_than_the_line_takes_at_once_all_come_back(line: tuple[Service, Queue]) -> None:
    service, _ = line
    names = [lay(service, f"dog{number}.png", photo(number=number)) for number in range(4)]
    status, said = await run(service, "send", "--formats", "glb,fbx", *names)
    assert status == 0, said
    for number in range(4):
        folder = service.folder / "out" / f"dog{number}"
        assert {f"dog{number}.{ending}" for ending in ("glb", "fbx", "mp4", "gif")} <= {file.name for file in folder.iterdir()}
    assert "! The subject is very dark" in said


async def test_a_folder_stands_for_its_pictures(line: tuple[Service, Queue]) -> None:
    service, _ = line
    (service.folder / "pets").mkdir()
    (service.folder / "empty").mkdir()
    for name, content in (("a.png", photo()), ("b.jpg", photo()), ("notes.txt", b"-")):
        (service.folder / "pets" / name).write_bytes(content)
    status, said = await run(service, "send", "--formats", "glb,fbx", "pets", "empty", "--out", "zoo")
    assert status == 3
    assert {folder.name for folder in (service.folder / "zoo").iterdir()} == {"a", "b"}
    assert "There is no picture file at empty." in said


async def test_stages_are_told_as_they_pass(line: tuple[Service, Queue], gate: Gate) -> None:
    service, _ = line
    before = len(service.log("send"))
    process = service.start("send", "--formats", "glb,fbx", lay(service, "watched.png", gate.photo("cutout")))
    await until(lambda: "Cutting out the background" in service.log("send")[before:])
    gate.open()
    assert await asyncio.to_thread(process.wait, LONG) == 0


async def test_a_refused_photo_and_a_missing_one_are_told_apart_from_a_broken_job(line: tuple[Service, Queue]) -> None:
    service, _ = line
    status, said = await run(service, "send", lay(service, "bad.png", photo(refuse=["cutout"])), "nowhere.png", "--language", "zh-TW")
    assert status == 3
    assert "這個檔案有 99 MB" in said
    assert "nowhere.png 沒有圖片檔" in said
    status, said = await run(service, "send", lay(service, "hard.png", photo(**{"break": ["cutout"]})))
    assert status == 1
    assert "Traceback" not in said


async def test_what_is_left_in_line_can_be_fetched(line: tuple[Service, Queue], gate: Gate) -> None:
    service, _ = line
    status, said = await run(service, "send", "--formats", "glb,fbx", "--detach", lay(service, "slow.png", gate.photo()))
    assert status == 0
    (job,) = set(re.findall(r"--fetch (\w{26})", said))
    gate.open()
    status, said = await run(service, "send", "--fetch", job, "--out", "fetched")
    assert status == 0, said
    assert (service.folder / "fetched" / "slow" / "slow.glb").read_bytes().startswith(b"model")
    status, said = await run(service, "send", "--fetch", "0" * 26)
    assert status == 3
    assert "There is no job" in said


async def test_ctrl_c_takes_it_out_of_the_line(line: tuple[Service, Queue], gate: Gate) -> None:
    service, queue = line
    process = service.start("send", lay(service, "held.png", gate.photo()))

    async def running() -> bool:
        return any(job.state == "running" for job in await queue.jobs(ME))

    await until(running)
    process.send_signal(signal.SIGINT)
    assert await asyncio.to_thread(process.wait, LONG) == 130

    async def cancelled() -> bool:
        return (await queue.jobs(ME))[0].state == "cancelled"

    await until(cancelled)
    assert "Traceback" not in service.log("send")


async def test_the_doctor_is_content_and_says_what_could_be_had(line: tuple[Service, Queue]) -> None:
    service, queue = line

    async def worker_seen() -> bool:
        return any(worker.alive for worker in (await queue.overview()).workers)

    await until(worker_seen)
    async with TelegramServer() as telegram:
        status, said = await run(service, "doctor", **telegram.environment)
        assert status == 0, said
        assert "✓ Telegram knows the bot as @rigshot_test_bot." in said
        assert "· RIGSHOT_PUBLIC_URL is not set" in said
        assert "· No Discord bot" in said
        wrong = telegram.environment | {"RIGSHOT_TELEGRAM__TOKEN": "1:wrong-wrong-wrong"}
        status, said = await run(service, "doctor", "--language", "zh-TW", **wrong)
    assert status == 1
    assert "✗ Telegram 不接受 RIGSHOT_TELEGRAM__TOKEN" in said
    assert "wrong-wrong" not in said


async def test_the_doctor_finds_every_fault(tmp_path: Path, free_port: int) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "artifacts").write_text("a file where a folder should be")
    service = Service(tmp_path, RIGSHOT_PUBLIC_URL="http://localhost:1", RIGSHOT_DOWNLOADS__PORT=str(free_port))
    status, said = await run(service, "doctor")
    assert status == 1
    for words in (
        "✗ No worker is alive",
        "✗ Models cannot be stored",
        "✗ No download server answers",
        "✗ RIGSHOT_PUBLIC_URL has the host “localhost”",
    ):
        assert words in said, said
    status, said = await run(service, "doctor", REDIS_URL=f"redis://127.0.0.1:{free_port}")
    assert "✗ Redis does not answer" in said
    status, said = await run(service, "doctor", RIGSHOT_WEB__PORT="many")
    assert status == 1
    assert "✗ The settings cannot be read: RIGSHOT_WEB__PORT" in said
    assert "Traceback" not in service.log("doctor")


async def test_an_engine_redraws_and_one_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    engines = redraw_lab.engine_house(tmp_path)
    service = Service(tmp_path, **engines)
    try:
        async with open_queue(service.queue_settings, storage=service.storage_settings) as queue:
            redraw_lab.redrawing_worker(service)
            await until(queue.engines)
            name = lay(service, "mimi.png", redraw_lab.photo())
            status, said = await run(service, "send", "--formats", "glb,fbx", name)
            assert status == 0, said
            assert "with --repose an engine redraws it so" in said
            status, said = await run(service, "send", "--formats", "glb,fbx", name, "--engine", "studio", "--repose", "--out", "redrawn")
            assert status == 0, said
            assert "mimi_compare.jpg shows before and after" in said
            assert {"mimi_compare.jpg", "mimi_redrawn.png"} <= {file.name for file in (service.folder / "redrawn" / "mimi").iterdir()}
            status, said = await run(service, "send", name, "--engine", "nobody")
            assert status == 3
            assert "There is no engine “nobody” at work here; there are auto, embedded, studio." in said
            status, said = await run(service, "send", name, "--engine", "No body")
            assert status == 2
            assert "'No body' is no engine's name" in said
            assert "Traceback" not in service.log("send")
    finally:
        await asyncio.to_thread(service.stop)


async def test_without_an_engine_nothing_is_redrawn(line: tuple[Service, Queue]) -> None:
    service, queue = line
    await until(lambda: _told(queue))
    status, said = await run(service, "send", lay(service, "plain.png", photo()), "--repose")
    assert status == 3
    assert "No engine at work here can redraw a subject (--repose)." in said


async def _told(queue: Queue) -> bool:
    return await queue.engines() == ()


async def test_a_bot_without_a_token_or_with_a_wrong_one_says_so(tmp_path: Path) -> None:
    service = Service(tmp_path)
    assert (await run(service, "telegram"))[0] == 2
    assert "RIGSHOT_TELEGRAM__TOKEN" in service.log("telegram")
    async with TelegramServer() as telegram:
        status, said = await run(service, "telegram", **telegram.environment | {"RIGSHOT_TELEGRAM__TOKEN": "1:wrong-wrong-wrong"})
    assert status == 2
    assert "Telegram does not accept the token" in said
    assert "wrong-wrong" not in said
