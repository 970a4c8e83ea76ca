"""Engines to choose from, and subjects redrawn by one, in Telegram: whole processes, the engine a true child of the worker."""

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO

import pytest
import pytest_asyncio
import redraw_lab
from chat_lab import Service, until
from PIL import Image
from telegram_server import Shown, Someone, TelegramServer

from rigshot_bots.messages import owner_mark
from rigshot_queue import Job, Queue, open_queue

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Chat:
    """The server with the bot behind it, and a look into its line."""

    def __init__(self, telegram: TelegramServer, queue: Queue, service: Service) -> None:
        self.telegram = telegram
        self.queue = queue
        self.service = service
        self.bot = service.start("telegram")

    async def jobs(self, person: int) -> list[Job]:
        """A person's jobs, the oldest first."""
        return (await self.queue.jobs(f"telegram:{person}"))[::-1]

    async def comparisons(self, person: int, number: int = 1) -> list[Shown]:
        """The pictures before and after, once there are that many."""
        return await self.telegram.until(lambda: found if len(found := self.telegram.said(person, kind="photo")) >= number else None)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chat(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Chat]:
    engines = redraw_lab.engine_house(tmp_path_factory.mktemp("engines"))
    async with TelegramServer() as telegram:
        service = Service(tmp_path_factory.mktemp("telegram"), **telegram.environment, **engines, RIGSHOT_TELEGRAM__EDIT_SECONDS="0.2")
        try:
            async with open_queue(service.queue_settings, storage=service.storage_settings) as queue:
                redraw_lab.redrawing_worker(service)
                await until(queue.engines)
                yield Chat(telegram, queue, service)
        finally:
            await asyncio.to_thread(service.stop)
        assert "Traceback" not in service.log("telegram"), service.log("telegram")


async def choose(ada: Someone, *labels: str) -> Shown:
    """Open the settings' second page and press there; the panel."""
    await ada.writes("/settings")
    panel = await _panel(ada)
    await ada.presses(panel, "How it is made")
    await ada.server.until(lambda: "Back" in panel.labels)
    for label in labels:
        await ada.presses(panel, label)
        await ada.server.until(lambda label=label: f"✓ {label}" in panel.labels)
    return panel


async def _panel(ada: Someone) -> Shown:
    return await ada.server.seen("Your settings", ada.id)


async def test_the_panel_offers_what_workers_have_and_keeps_it(chat: Chat, person: int) -> None:
    ada = Someone(server=chat.telegram, id=person)
    await ada.writes("/settings")
    panel = await _panel(ada)
    assert panel.text.endswith("Made by: the best there is")
    await ada.presses(panel, "How it is made")
    await chat.telegram.until(lambda: "Redrawing: ask me" in panel.text)
    assert panel.labels == ["✓ the best there is", "Rigshot's own", "Studio", "✓ ask me", "where it helps", "never", "Back"]
    await ada.presses(panel, "Studio")
    await chat.telegram.until(lambda: panel.text.startswith("Made by: Studio"))
    await ada.presses(panel, "never")
    await chat.telegram.until(lambda: "Redrawing: never" in panel.text)
    await ada.presses(panel, "Back")
    await chat.telegram.until(lambda: panel.text.endswith("Made by: Studio"))
    kept = await chat.queue.preferences(f"telegram:{person}")
    assert (kept.engine, kept.repose) == ("studio", "never")
    await ada.presses(panel, "", data=f"set:{panel.button('GLB')['callback_data'].split(':')[1]}:engine:nobody")
    await chat.telegram.until(lambda: any("older time" in toast for toast in chat.telegram.toasts))


async def test_a_redrawn_subject_comes_with_before_and_after_and_can_be_refused(chat: Chat, person: int) -> None:
    telegram, ada = chat.telegram, Someone(server=chat.telegram, id=person)
    await choose(ada, "where it helps")
    await ada.sends_photo(redraw_lab.photo())
    (film,) = await telegram.animations(1, person)
    (picture,) = await chat.comparisons(person)
    assert picture.text.startswith("✏️ Left your photo, right how I had it redrawn")
    assert picture.labels == ["Use my photo as it is"]
    assert "Use my photo as it is" in film.labels
    assert "redrew your photo" not in film.text  # the picture says it
    (content,) = picture.files.values()
    with Image.open(BytesIO(content)) as shown:
        assert (shown.format, shown.width > shown.height) == ("JPEG", True)
    await ada.presses(picture, "Use my photo as it is")
    films = await telegram.animations(2, person)
    assert films[1].reply_to == picture.number
    first, second = await chat.jobs(person)
    assert (first.pose, first.engines["standardise"], first.request.wishes.repose) == ("redrawn", "studio:padding", "always")
    assert (second.pose, second.request.after, second.request.wishes.repose) == ("redrawable", first.id, "never")
    assert "Redraw it standing" not in films[1].labels  # who has just refused is not asked again
    assert len(telegram.said(person, kind="photo")) == 1
    await ada.presses(film, "Delete")
    await telegram.until(lambda: "Yes, delete it" in film.labels)
    await ada.presses(film, "Yes")
    await telegram.until(lambda: film.deleted and picture.deleted)


async def test_delete_leaves_no_note_of_a_comparison(chat: Chat, person: int) -> None:
    telegram, ada = chat.telegram, Someone(server=chat.telegram, id=person)
    await choose(ada, "where it helps")
    await ada.sends_photo(redraw_lab.photo())
    await chat.comparisons(person)
    await until(lambda: _kept(chat, person))
    await ada.writes("/delete")
    question = await telegram.seen("Delete everything of yours?", person)
    await ada.presses(question, "Yes")
    await telegram.until(lambda: question.text.startswith("All of it is deleted"))
    assert not await _kept(chat, person)


async def _kept(chat: Chat, person: int) -> list[str]:
    """The notes that lead to a person's comparisons."""
    found: list[str] = await chat.queue.database.do("KEYS", f"rigshot:notes:telegram:beside/{owner_mark(f'telegram:{person}')}/*")
    return found


async def test_whoever_is_asked_decides_photo_by_photo(chat: Chat, person: int) -> None:
    telegram, mei = chat.telegram, Someone(server=chat.telegram, id=person, language="zh-hant")
    await mei.sends_photo(redraw_lab.photo())
    (film,) = await telegram.animations(1, person)
    assert "我可以請引擎重畫成那樣" in film.text
    await mei.presses(film, "重畫成站姿")
    (picture,) = await chat.comparisons(person)
    assert picture.text.startswith("✏️ 左邊是你的照片")
    assert picture.labels == ["用我原本的照片"]
    assert [job.pose for job in await chat.jobs(person)] == ["redrawable", "redrawn"]


async def test_nobody_is_asked_about_a_photo_that_shows_it_well(chat: Chat, person: int) -> None:
    telegram, ada = chat.telegram, Someone(server=chat.telegram, id=person)
    await choose(ada, "where it helps")
    await ada.sends_photo(redraw_lab.whole())
    (film,) = await telegram.animations(1, person)
    assert film.labels == ["Again", "Another movement", "New skeleton", "Delete"]
    assert (await chat.jobs(person))[0].pose == ""


async def test_a_drawing_that_is_no_better_is_said(chat: Chat, person: int) -> None:
    telegram, ada = chat.telegram, Someone(server=chat.telegram, id=person)
    await choose(ada, "where it helps")
    await ada.sends_photo(redraw_lab.photo())
    (film,) = await telegram.animations(1, person)
    await chat.comparisons(person)
    await ada.presses(film, "Again")  # the next seed, for which the engine finds nothing
    films = await telegram.animations(2, person)
    assert "no drawing was better than your photo" in films[1].text
    assert len(telegram.said(person, kind="photo")) == 1


async def test_an_engine_that_is_gone_is_not_waited_for(chat: Chat, person: int) -> None:
    ada = Someone(server=chat.telegram, id=person)
    await chat.queue.prefer(f"telegram:{person}", engine="step1x3d")
    await ada.sends_photo(redraw_lab.whole())
    await chat.telegram.animations(1, person)
    (job,) = await chat.jobs(person)
    assert job.request.wishes.engine == "auto"


async def test_killed_between_film_and_comparison_neither_is_lost_nor_doubled(chat: Chat, person: int) -> None:
    telegram, ada = chat.telegram, Someone(server=chat.telegram, id=person)
    await choose(ada, "where it helps")
    telegram.hold("sendPhoto")
    await ada.sends_photo(redraw_lab.photo())
    await telegram.until(lambda: any(name == "sendPhoto" and words["chat_id"] == str(person) for name, words in telegram.calls))
    chat.bot.kill()
    chat.bot.wait()
    telegram.release("sendPhoto", carry_out=False)
    chat.bot = chat.service.start("telegram")
    await telegram.until(lambda: len(telegram.said(person, kind="document")) == 2)
    assert len(telegram.said(person, kind="animation")) == len(telegram.said(person, kind="photo")) == 1
