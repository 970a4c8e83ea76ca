"""A whole Telegram bot and a whole worker against a server that speaks the Bot API; each test brings people of its own."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from chat_lab import Gate, Service, photo, until
from telegram_server import TOKEN, Failing, Someone, TelegramServer

from rigshot_bots.messages import owner_mark
from rigshot_queue import Queue, open_queue

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Chat:
    """The server with the bot behind it, and a look into its line."""

    def __init__(self, telegram: TelegramServer, queue: Queue, service: Service) -> None:
        self.telegram = telegram
        self.queue = queue
        self.service = service

    def somebody(self, person: int, language: str = "en", **where: int) -> Someone:
        return Someone(server=self.telegram, id=person, language=language, **where)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chat(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Chat]:
    async with TelegramServer() as telegram:
        service = Service(
            tmp_path_factory.mktemp("telegram"),
            **telegram.environment,
            RIGSHOT_LIMITS__ACTIVE_PER_PERSON="2",
            RIGSHOT_TELEGRAM__EDIT_SECONDS="0.2",
        )
        try:
            async with open_queue(service.queue_settings, storage=service.storage_settings) as queue:
                service.start("telegram")
                service.worker()
                yield Chat(telegram, queue, service)
        finally:
            await asyncio.to_thread(service.stop)  # the server that they talk to runs in this loop
        assert TOKEN not in service.log("telegram")
        assert "Traceback" not in service.log("telegram"), service.log("telegram")


async def test_a_photo_becomes_one_animation_and_its_status_follows_it(chat: Chat, gate: Gate, person: int) -> None:
    telegram, ada = chat.telegram, chat.somebody(person)
    await ada.sends_photo(gate.photo("animate"))
    status = await telegram.seen("Teaching it to move", person)
    assert status.labels == ["Stop"]
    assert "▰" in status.text
    assert "💡 The subject is very dark" in status.text
    gate.open()
    (film,) = await telegram.animations(1, person)
    await telegram.until(lambda: len(telegram.said(person, kind="document")) == 2)
    assert film.reply_to == next(message.number for message in telegram.messages.values() if message.chat == person)
    assert "a four-legged animal that can walk, wag" in film.text
    assert film.facts == {"width": 64, "height": 48, "duration": 1}
    assert film.labels == ["Again", "Another movement", "New skeleton", "Delete"]
    assert status.text.startswith("✅ Done in")
    assert status.labels == []
    assert [name for message in telegram.said(person, kind="document") for name in message.files] == ["photo.glb", "photo.fbx"]
    assert len(telegram.said(person, kind="animation")) == 1


async def test_whoever_waits_sees_the_place_and_the_time(chat: Chat, gate: Gate, person: int) -> None:
    telegram, first, second = chat.telegram, chat.somebody(person), chat.somebody(person + 100_000, "zh-hans")
    await first.sends_photo(gate.photo("cutout"))
    await telegram.seen("Cutting out the background", person)
    await second.sends_photo(photo())
    status = await telegram.seen("下一個就輪到你了", second.id)
    assert "後完成" in status.text
    await second.writes("/queue")
    assert "排隊中：1 張。製作中：1 張。" in (await telegram.seen("排隊中", second.id)).text
    gate.open()
    assert "主角是四足動物，會走路、搖尾巴" in (await telegram.animations(1, second.id))[0].text
    assert len(await telegram.animations(1, person)) == 1


async def test_the_same_update_twice_makes_one_job(chat: Chat, person: int) -> None:
    telegram, ada = chat.telegram, chat.somebody(person)
    update = await ada.sends_photo(photo())
    await telegram.animations(1, person)
    await telegram.repeat(update | {"update_id": update["update_id"] + 100_000})
    await telegram.until(lambda: [m for m in telegram.messages.values() if m.chat == person and m.deleted])
    assert len(await chat.queue.jobs(f"telegram:{person}")) == 1
    assert len(telegram.said(person, kind="animation")) == 1
    assert [message.text[:6] for message in telegram.said(person, kind="text")] == ["✅ Done"]


@pytest.mark.parametrize("stage", ["waiting", "running"])
async def test_the_stop_button_stops(chat: Chat, gate: Gate, person: int, stage: str) -> None:
    telegram, ada, other = chat.telegram, chat.somebody(person), chat.somebody(person + 100_000)
    if stage == "waiting":
        await other.sends_photo(gate.photo("cutout"))
        await telegram.seen("Cutting out", other.id)
    await ada.sends_photo(gate.photo("cutout"))
    status = await telegram.seen("next in line" if stage == "waiting" else "Cutting out", person)
    await ada.presses(status, "Stop")
    await telegram.until(lambda: status.text.startswith("Stopped."))
    (job,) = await until(lambda: _in_state(chat, person, "cancelled"))
    gate.open()
    assert status.labels == []
    assert telegram.said(person) == [status]
    assert not await chat.queue.artifacts.list(f"originals/{job.id}")


async def _in_state(chat: Chat, person: int, state: str) -> list:  # type: ignore[type-arg]
    jobs = await chat.queue.jobs(f"telegram:{person}")
    return jobs if jobs and all(job.state == state for job in jobs) else []


async def test_cancel_asks_which_one(chat: Chat, gate: Gate, person: int) -> None:
    telegram, ada = chat.telegram, chat.somebody(person)
    await ada.sends_file(gate.photo("cutout"), "dog.png", "image/png")
    await ada.sends_file(gate.photo("cutout"), "cat.png", "image/png")
    await telegram.seen("Cutting out", person)
    await telegram.seen("next in line", person)
    await ada.writes("/cancel")
    question = await telegram.seen("Which one shall I stop?", person)
    assert sorted(question.labels) == ["Stop “cat.png”", "Stop “dog.png”"]
    await ada.presses(question, "cat.png")
    await telegram.until(lambda: question.text.startswith("Stopped."))
    await ada.writes("/cancel")
    await until(lambda: _in_state(chat, person, "cancelled"))


async def test_a_third_photo_is_told_to_wait(chat: Chat, gate: Gate, person: int) -> None:
    telegram, ada = chat.telegram, chat.somebody(person)
    for _ in range(3):
        await ada.sends_photo(gate.photo("cutout"))
    await telegram.seen("You have 2 photos in the line already", person)
    gate.open()
    await telegram.animations(2, person)


async def test_a_flood_delays_and_neither_loses_nor_doubles(chat: Chat, person: int) -> None:
    telegram, ada = chat.telegram, chat.somebody(person)
    mine = {"when": lambda words: words["chat_id"] == str(person), "parameters": {"retry_after": 1}}
    telegram.failing += [
        Failing(method="sendMessage", status=429, description="Too Many Requests: retry after 1", **mine),
        Failing(method="sendAnimation", status=429, description="Too Many Requests: retry after 1", times=2, **mine),
        Failing(method="sendMediaGroup", status=502, description="Bad Gateway", when=mine["when"]),
    ]
    await ada.sends_photo(photo())
    await telegram.until(lambda: len(telegram.said(person, kind="document")) == 2)
    assert len(telegram.said(person, kind="animation")) == 1
    await until(lambda: _delivered(chat, person, "sent"))


async def _delivered(chat: Chat, person: int, how: str) -> bool:
    (job,) = await chat.queue.jobs(f"telegram:{person}")
    return job.delivery.startswith(how)


async def test_whoever_blocked_the_bot_is_left_alone(chat: Chat, gate: Gate, person: int) -> None:
    telegram, ada, other = chat.telegram, chat.somebody(person), chat.somebody(person + 100_000)
    await ada.sends_photo(gate.photo("cutout"))
    await telegram.seen("Cutting out", person)
    telegram.blocked.add(person)
    gate.open()
    await until(lambda: _delivered(chat, person, "undeliverable"))
    await other.sends_photo(photo())
    await telegram.animations(1, other.id)
    assert not telegram.said(person, kind="animation")


async def test_files_that_are_too_big_get_one_sentence(chat: Chat, person: int) -> None:
    telegram, ada = chat.telegram, chat.somebody(person)
    fetched = telegram.count("getFile")
    await ada.sends_file(b"x", "huge.png", "image/png", declared=25_000_000)
    assert "25 MB and I can take 20 MB" in (await telegram.seen("This file has", person)).text
    assert telegram.count("getFile") == fetched
    await ada.sends_file(bytes(21_000_000), "sly.png", "image/png", declared=1000)
    telegram.served_in_pieces.add(f"file{len(telegram.files) - 1}")
    await telegram.seen("larger than the 20 MB", person)
    assert len(telegram.said(person)) == 2
    assert not await chat.queue.jobs(f"telegram:{person}")


async def test_an_album_is_asked_about(chat: Chat, person: int) -> None:
    telegram, ada = chat.telegram, chat.somebody(person)
    await ada.sends_album([photo(number=number) for number in range(3)])
    question = await telegram.seen("You sent 3 pictures", person)
    await ada.presses(question, "One model")
    await telegram.animations(1, person)
    assert question.text.startswith("One model of your 3 pictures")
    assert question.labels == []
    assert len(await chat.queue.jobs(f"telegram:{person}")) == 1
    await ada.sends_album([photo(number=number) for number in range(2)], group="78")
    question = await telegram.seen("You sent 2 pictures", person)
    await ada.presses(question, "A model of each")
    films = await telegram.animations(3, person)
    assert len({film.reply_to for film in films}) == 3
    await ada.presses(question, "", data=f"views:{_mark(person)}:78")
    await telegram.until(lambda: question.text.startswith("I no longer have"))


def _mark(person: int) -> str:
    return owner_mark(f"telegram:{person}")


async def test_more_views_than_a_job_takes_are_left_out(chat: Chat, person: int) -> None:
    telegram, ada = chat.telegram, chat.somebody(person)
    await ada.sends_album([photo(number=number) for number in range(6)], group="80")
    question = await telegram.seen("You sent 6 pictures", person)
    await ada.presses(question, "One model")
    await telegram.animations(1, person)
    assert question.text.startswith("One model of the first 4 of your 6 pictures")


async def test_in_a_group_only_rig_counts_and_only_the_owner_may_press(chat: Chat, person: int) -> None:
    telegram, group = chat.telegram, -person
    ada, bob = chat.somebody(person, chat=group, thread=7), chat.somebody(person + 100_000, "zh-hant", chat=group)
    bobs = (await bob.sends_photo(photo()))["message"]
    await ada.writes("/rig@rigshot_test_bot", reply_to=bobs)
    (film,) = await telegram.animations(1, group)
    assert film.thread == 7
    await bob.presses(film, "Again")
    await telegram.until(lambda: any("這是別人的" in toast for toast in telegram.toasts))
    await bob.sends_photo(photo(), caption="/rig 我家的狗")
    films = await telegram.animations(2, group)
    assert films[1].thread is None
    await ada.writes("/rig")
    await telegram.seen("Reply /rig to a message with a photo", group)
    assert len(telegram.said(group, kind="animation")) == 2


async def test_what_is_said_of_films_stickers_and_files(chat: Chat, person: int) -> None:
    telegram, ada = chat.telegram, chat.somebody(person)
    film = {"file_id": "f", "file_unique_id": "f", "width": 64, "height": 48, "duration": 1}
    gif = {"file_id": "g", "file_unique_id": "g", "file_name": "cat.gif", "mime_type": "video/mp4"}
    sticker = {"file_id": telegram.keep(photo()), "file_unique_id": "s", "width": 512, "height": 512, "type": "regular"}
    moving, still = sticker | {"is_animated": True, "is_video": False}, sticker | {"is_animated": False, "is_video": False}
    said = {
        "That one moves already": [{"video": film}, {"animation": film | gif, "document": gif}, {"sticker": moving}],
        "Shall I make this sticker move?": [{"sticker": still}],
        "That is not a picture": [
            {"voice": film},
            {"location": {"latitude": 25.0, "longitude": 121.5}},
            {"dice": {"emoji": "🎲", "value": 3}},
        ],
    }
    for words, messages in said.items():
        for message in messages:
            number = len(telegram.said(person))
            sent = await ada.sends(message)
            await telegram.until(lambda number=number: len(telegram.said(person)) > number)
            assert telegram.said(person)[-1].text.startswith(words), message
            if message.get("sticker") == still:
                asked = sent["message"]
    await ada.sends_file(b"<svg/>", "x.svg", "image/svg+xml")
    await telegram.until(lambda: telegram.said(person)[-1].reply_to)
    assert not await chat.queue.jobs(f"telegram:{person}")
    await ada.writes("/rig", reply_to=asked)
    await ada.sends_file(photo(), "dog.JPG", "application/octet-stream")
    await telegram.animations(2, person)


async def test_in_a_group_a_film_is_answered_and_nobody_in_disguise_gets_a_model(chat: Chat, person: int) -> None:
    telegram, group = chat.telegram, -person
    ada = chat.somebody(person, chat=group)
    film = {"file_id": "f", "file_unique_id": "f", "width": 64, "height": 48, "duration": 1}
    await ada.sends({"video": film})
    await ada.sends({"video": film, "caption": "/rig"})
    await telegram.seen("Reply /rig to a message with a photo", group)
    masked = {"sender_chat": {"id": group, "type": "supergroup", "title": "Pets"}}
    await ada.sends_photo(photo(), caption="/rig", **masked)
    await telegram.seen("in the name of a group or channel", group)
    await ada.sends_photo(photo(), caption="/rig", is_automatic_forward=True, **masked)
    await ada.sends({"text": "/settings", "entities": [{"type": "bot_command", "offset": 0, "length": 9}], **masked})
    await telegram.until(lambda: len(telegram.said(group)) == 3)
    await ada.sends_photo(photo(), caption="/rig")
    await telegram.animations(1, group)
    assert [message.text[:12] for message in telegram.said(group, kind="text")].count("I cannot tel") == 2
    assert len(await chat.queue.jobs(f"telegram:{person}")) == 1


async def test_a_group_that_moves_gets_its_film(chat: Chat, gate: Gate, person: int) -> None:
    telegram, old, new = chat.telegram, -person, -person - 10**12
    ada = chat.somebody(person, chat=old)
    await ada.sends_photo(gate.photo("cutout"), caption="/rig")
    await telegram.seen("Cutting out", old)
    telegram.moved[old] = new
    gate.open()
    await telegram.animations(1, new)


async def test_the_buttons_below_a_model(chat: Chat, person: int) -> None:
    telegram, ada = chat.telegram, chat.somebody(person)
    await ada.sends_photo(photo())
    (film,) = await telegram.animations(1, person)
    await ada.presses(film, "Another movement")
    await telegram.until(lambda: film.labels == ["Walk", "Wag", "Back"])
    await ada.presses(film, "Wag")
    await telegram.animations(2, person)
    assert film.labels == ["Again", "Another movement", "New skeleton", "Delete"]
    await ada.presses(film, "New skeleton")
    await telegram.animations(3, person)
    await ada.presses(film, "Again")
    films = await telegram.animations(4, person)
    jobs = await chat.queue.jobs(f"telegram:{person}")
    assert [(job.request.wishes.clip, job.request.redo, job.request.wishes.seed) for job in reversed(jobs)] == [
        ("auto", None, 0),
        ("wag", None, 0),
        ("auto", "skeleton", 1),
        ("auto", None, 1),
    ]
    assert all(other.reply_to == film.number for other in films[1:])
    await ada.presses(film, "Delete")
    await telegram.until(lambda: film.labels == ["Yes, delete it", "Back"])
    await ada.presses(film, "Yes")
    await telegram.seen("Deleted: the photo", person)
    assert film.deleted
    assert not await chat.queue.artifacts.list(f"jobs/{jobs[-1].id}")
    await ada.presses(films[1], "", data=f"again:{jobs[-1].id}")
    await telegram.until(lambda: any("has been deleted" in toast for toast in telegram.toasts))


async def test_settings_change_the_language_and_the_files(chat: Chat, person: int) -> None:
    telegram, mei = chat.telegram, chat.somebody(person, "zh-hant")
    await mei.writes("/settings")
    panel = await telegram.seen("你的設定", person)
    assert "✓ 跟隨平台" in panel.labels
    await mei.presses(panel, "English")
    await telegram.until(lambda: panel.text.startswith("Your settings"))
    await mei.presses(panel, "GLB", data=panel.button("GLB")["callback_data"])
    await telegram.until(lambda: "Files: GLB\n" in panel.text)
    await mei.sends_photo(photo())
    (film,) = await telegram.animations(1, person)
    assert film.text.startswith("✨ Here it is")
    await telegram.until(lambda: telegram.said(person, kind="document"))
    assert [name for message in telegram.said(person, kind="document") for name in message.files] == ["photo.glb"]


async def test_delete_asks_and_then_leaves_nothing(chat: Chat, gate: Gate, person: int) -> None:
    telegram, ada = chat.telegram, chat.somebody(person)
    await ada.sends_photo(photo())
    await telegram.animations(1, person)
    await ada.sends_album([photo(), photo()], group="79")
    await telegram.seen("You sent 2 pictures", person)
    await ada.writes("/settings")
    await ada.presses(await telegram.seen("Your settings", person), "bird")
    await ada.sends_photo(gate.photo("cutout"))
    running = await telegram.seen("Cutting out", person)
    jobs = await chat.queue.jobs(f"telegram:{person}")
    await ada.writes("/delete")
    question = await telegram.seen("Delete everything of yours?", person)
    await ada.presses(question, "No")
    await telegram.until(lambda: question.text == "Nothing was deleted.")
    assert len(await chat.queue.jobs(f"telegram:{person}")) == 2
    await ada.writes("/delete")
    question = await telegram.seen("Delete everything of yours?", person)
    await ada.presses(question, "Yes")
    await telegram.until(lambda: question.text.startswith("All of it is deleted (2 photos"))
    await telegram.until(lambda: running.deleted)
    gate.open()
    names = (str(person), _mark(person), *(job.id for job in jobs))

    async def nothing_is_left() -> bool:  # the worker's lease runs out by itself
        return not [key for key in await chat.queue.database.do("KEYS", "*") if any(name in key for name in names)]

    await until(nothing_is_left)
    assert not [file for job in jobs for file in await chat.queue.artifacts.list(f"jobs/{job.id}")]


async def test_every_command_is_answered_in_both_languages(chat: Chat, person: int) -> None:
    telegram = chat.telegram
    chinese, english = chat.somebody(person, "zh-hant"), chat.somebody(person + 100_000, "de")
    commands = ("start", "help", "queue", "status", "cancel", "settings", "delete", "privacy", "rig")
    for someone in (chinese, english):
        for number, command in enumerate(commands, start=1):
            await someone.writes(f"/{command}")
            await telegram.until(lambda someone=someone, number=number: len(telegram.said(someone.id)) == number)
        await someone.writes("hello")
        await telegram.until(lambda someone=someone: len(telegram.said(someone.id)) == len(commands) + 1)
        await someone.sends_file(b"%PDF", "a.pdf", "application/pdf")
        await telegram.until(lambda someone=someone: len(telegram.said(someone.id)) == len(commands) + 2)
    for here, there in zip(telegram.said(chinese.id), telegram.said(english.id), strict=True):
        assert here.text != there.text
        assert any("一" <= letter <= "鿿" for letter in here.text)
        assert not any("一" <= letter <= "鿿" for letter in there.text)
    assert {menu["command"] for menu in telegram.menus["zh"]} == {menu["command"] for menu in telegram.menus[""]}


async def test_a_broken_answer_is_said_and_has_a_number(chat: Chat, person: int) -> None:
    telegram, ada = chat.telegram, chat.somebody(person)
    await ada.sends_photo(photo(**{"break": ["cutout"]}))
    answer = await telegram.seen("Something broke", person)
    assert answer.labels == ["Again"]
    await ada.sends_photo(photo(refuse=["cutout"]))
    refusal = await telegram.seen("This file has 99 MB", person)
    assert refusal.labels == []
