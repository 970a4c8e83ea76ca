"""A Telegram bot that is killed at the worst moments: what people sent is not lost, what they get comes once."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from chat_lab import LONG, Gate, Service, photo, until
from telegram_server import Someone, TelegramServer

from rigshot_queue import open_queue


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as server:
        yield server


@pytest.fixture
async def line(telegram: TelegramServer, service: Callable[..., Service]) -> Service:
    made = service(**telegram.environment, RIGSHOT_TELEGRAM__EDIT_SECONDS="0.2")
    made.worker()
    return made


async def test_killed_while_the_job_runs_and_again_before_it_is_brought(
    telegram: TelegramServer, line: Service, gate: Gate, person: int
) -> None:
    ada = Someone(server=telegram, id=person)
    bot = line.start("telegram")
    await ada.sends_photo(gate.photo("animate"))
    status = await telegram.seen("Teaching it to move", person)
    bot.kill()
    bot.wait()
    gate.open()
    async with open_queue(line.queue_settings, storage=line.storage_settings) as queue:

        async def done() -> bool:
            return [job.state for job in await queue.jobs(f"telegram:{person}")] == ["done"]

        await until(done)
        assert not telegram.said(person, kind="animation")
        telegram.hold("sendAnimation")
        bot = line.start("telegram")
        await telegram.until(lambda: telegram.count("sendAnimation"))
        bot.kill()  # Telegram has not taken it yet
        bot.wait()
        telegram.release("sendAnimation", carry_out=False)
        line.start("telegram")
        await telegram.until(lambda: len(telegram.said(person, kind="document")) == 2)
    assert len(telegram.said(person, kind="animation")) == 1
    assert status.text.startswith("✅ Done")
    assert len(telegram.menus) == 2
    assert telegram.count("setMyCommands") == 2


async def test_killed_between_the_film_and_the_files(telegram: TelegramServer, line: Service, person: int) -> None:
    ada = Someone(server=telegram, id=person)
    bot = line.start("telegram")
    telegram.hold("sendMediaGroup")
    await ada.sends_photo(photo())
    await telegram.until(lambda: telegram.count("sendMediaGroup"))
    bot.kill()
    bot.wait()
    telegram.release("sendMediaGroup", carry_out=False)
    line.start("telegram")
    await telegram.until(lambda: len(telegram.said(person, kind="document")) == 2)
    assert len(telegram.said(person, kind="animation")) == 1


async def test_killed_while_it_fetches_the_photo(telegram: TelegramServer, line: Service, person: int) -> None:
    ada = Someone(server=telegram, id=person)
    bot = line.start("telegram")
    telegram.hold("getFile")
    await ada.sends_photo(photo())
    await telegram.until(lambda: telegram.count("getFile"))
    await telegram.until(lambda: not telegram.waiting)  # Telegram believes that the bot has it
    bot.kill()
    bot.wait()
    telegram.release("getFile", carry_out=False)
    line.start("telegram")
    assert len(await telegram.animations(1, person)) == 1


async def test_photos_that_came_while_it_was_down_and_a_polite_stop(
    telegram: TelegramServer, line: Service, gate: Gate, person: int
) -> None:
    ada, bob = Someone(server=telegram, id=person), Someone(server=telegram, id=person + 100_000, language="zh-hant")
    await ada.sends_photo(photo())
    await bob.sends_photo(photo())
    bot = line.start("telegram")
    await telegram.animations(1, person)
    await telegram.animations(1, bob.id)
    await bob.sends_photo(gate.photo("cutout"))
    await telegram.seen("正在去除背景", bob.id)
    bot.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(bot.wait, LONG) == 0
    gate.open()
    line.start("telegram")
    await telegram.animations(2, bob.id)
    assert len(telegram.said(person, kind="animation")) == 1
    assert "Traceback" not in line.log("telegram")


async def test_links_work_where_there_is_a_public_address(
    telegram: TelegramServer, service: Callable[..., Service], person: int, free_port: int
) -> None:
    import aiohttp

    line = service(**telegram.environment, RIGSHOT_DOWNLOADS__PORT=str(free_port), RIGSHOT_PUBLIC_URL=f"http://127.0.0.1:{free_port}")
    for name in ("telegram", "downloads"):
        line.start(name)
    line.worker()
    await Someone(server=telegram, id=person).sends_photo(photo())
    (film,) = await telegram.animations(1, person)
    links = {button["text"]: button["url"] for row in film.buttons for button in row if "url" in button}
    assert list(links) == ["View in 3D", "GLB", "FBX"]
    assert "The links work until" in film.text
    async with aiohttp.ClientSession() as web:

        async def status(url: str) -> int:
            try:
                async with web.get(url) as answer:
                    return answer.status
            except aiohttp.ClientConnectionError:
                return 0

        for url in links.values():
            await until(lambda url=url: _equals(status(url), 200))
    assert not telegram.said(person, kind="document")


async def _equals(coming, expected: int) -> bool:  # type: ignore[no-untyped-def]
    return await coming == expected


async def test_an_address_without_a_dot_makes_no_link_buttons(
    telegram: TelegramServer, service: Callable[..., Service], person: int
) -> None:
    line = service(**telegram.environment, RIGSHOT_PUBLIC_URL="http://localhost:8780")
    line.start("telegram")
    line.worker()
    await Someone(server=telegram, id=person).sends_photo(photo())
    (film,) = await telegram.animations(1, person)
    assert "View in 3D" not in film.labels
    await telegram.until(lambda: len(telegram.said(person, kind="document")) == 2)


async def test_a_true_photo_through_the_true_pipeline(
    telegram: TelegramServer, line: Service, service: Callable[..., Service], person: int
) -> None:
    line = service(**telegram.environment)
    line.start("telegram")
    line.start("worker")
    sample = Path(__file__).resolve().parents[2] / "samples" / "sprite.png"
    await Someone(server=telegram, id=person, language="zh-TW").sends_file(sample.read_bytes(), "精靈.png", "image/png")
    (film,) = await telegram.animations(1, person)
    await telegram.until(lambda: len(telegram.said(person, kind="document")) == 2)
    ((name, content),) = film.files.items()
    assert name == "精靈.mp4"
    assert content[4:8] == b"ftyp"
    models = {name: content for message in telegram.said(person, kind="document") for name, content in message.files.items()}
    assert models["精靈.glb"][:4] == b"glTF"
    assert models["精靈.fbx"].startswith(b"Kaydara FBX Binary")
