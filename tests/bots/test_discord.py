"""The Discord bot as a whole process, against a server that speaks Discord's protocols: what people do and see."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from chat_lab import Gate
from discord_house import House
from discord_messages import COMPONENTS_V2

from rigshot_bots.messages import owner_mark

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with House(tmp_path_factory.mktemp("discord"), RIGSHOT_LIMITS__PHOTO_MB="1") as house:
        house.worker()
        await house.bot()
        yield house
        assert "Traceback" not in house.service.log("discord"), house.service.log("discord")
        assert house.discord.limited == 0


async def test_a_photo_becomes_one_animation_and_its_status_follows_it(house: House, gate: Gate) -> None:
    corner = house.corner()
    asked = await corner.ada.uses("rig", photo=house.photo(hold={"cutout": str(gate.place)}))
    status = await corner.seen("Cutting out the background…")
    assert asked.answered == 5
    assert status.number == asked.original
    assert status.labels == ["Stop"]
    assert "▱" in status.text
    gate.open()
    result = await corner.result()
    await corner.seen("Done in")
    assert result.reply_to == status.number
    assert (result.ways, result.pinged) == (["channel"], ["Ada"])
    assert "a four-legged animal that can walk, sit" in result.words
    assert result.shown_files == ["mimi.gif", "mimi.glb", "mimi.fbx"]
    assert [len(result.files[name]) for name in result.shown_files] == [200, 300, 300]
    assert result.labels == ["Again", "Another movement", "New skeleton", "Delete"]
    assert not status.labels
    assert set(status.ways) == {"token"}
    assert len(corner.results()) == 1
    assert await house.delivery((await house.jobs(corner.ada))[0].id) == "sent"


async def test_whoever_waits_sees_the_place_and_the_time(house: House, gate: Gate) -> None:
    corner = house.corner()
    await corner.ben.uses("rig", photo=house.photo(hold={"cutout": str(gate.place)}))
    await corner.seen("Cutting out the background…")
    await corner.ada.uses("rig", photo=house.photo())
    status = await corner.seen("You are next in line.")
    assert "Ready in" in status.text
    await corner.ada.uses("queue")
    assert "In line: 1. Being made right now: 1." in (await corner.seen("In line:")).text
    gate.open()
    await corner.result(2)


async def test_subject_and_movement_can_be_chosen(house: House) -> None:
    corner = house.corner()
    await corner.ada.uses("rig", photo=house.photo("我的 狗.jpg"), subject="bird", movement="sit")
    result = await corner.result()
    assert result.files[result.shown_files[0]].startswith(b"GIF sit bird")
    assert all(name.isascii() for name in result.shown_files)


async def test_what_is_no_picture_is_refused_to_the_person_alone(house: House) -> None:
    corner = house.corner()
    await corner.ada.uses("rig", photo=house.discord.attachment(b"hello", "notes.txt", "text/plain"))
    assert (await corner.seen("That is not a picture.")).seen_by == "Ada"
    await corner.ada.uses("rig", photo=house.discord.attachment(b"hello", "walk.mp4", "video/mp4"))
    assert (await corner.seen("That one moves already")).seen_by == "Ada"
    assert not await house.jobs(corner.ada)


@pytest.mark.parametrize(("declared", "words"), [(50 * 2**20, "has 50 MB and I can take 1 MB"), (10, "larger than the 1 MB")])
async def test_a_photo_that_is_too_big_is_not_taken_whatever_it_says_of_itself(house: House, declared: int, words: str) -> None:
    corner = house.corner()
    await corner.ada.uses("rig", photo=house.discord.attachment(bytes(2**20 + 1), "huge.png", declared=declared))
    assert not (await corner.seen(words)).labels
    assert not await house.jobs(corner.ada)


async def test_a_photo_that_is_gone_is_asked_for_once_more(house: House) -> None:
    corner, photo = house.corner(), house.photo()
    house.discord.uploads.clear()
    await corner.ada.uses("rig", photo=photo)
    await corner.seen("did not reach me in one piece")


async def test_the_menu_of_a_message_takes_its_picture(house: House) -> None:
    corner = house.corner()
    written = await corner.ben.writes("look at him", [house.photo("rex.png")])
    await corner.ada.opens_menu("Rig this photo", written)
    assert (await corner.result()).pinged == ["Ada"]
    await corner.ada.opens_menu("Rig this photo", await corner.ben.writes("no picture here"))
    assert (await corner.seen("There is no picture in this message.")).seen_by == "Ada"


async def test_a_direct_message_takes_its_picture(house: House) -> None:
    corner = house.corner(guild=None)
    await corner.ada.writes("hello?")
    await corner.seen("I only understand pictures")
    written = await corner.ada.writes("", [house.photo()])
    result = await corner.result()
    status = house.discord.messages[result.reply_to or 0]
    assert status.reply_to == written.number
    assert "Got your photo" in status.texts[0]
    assert not result.pinged


async def test_a_message_that_discord_tells_of_twice_is_taken_once(house: House) -> None:
    corner = house.corner(guild=None)
    written = await corner.ada.writes("", [house.photo()])
    await corner.seen("Done in")
    await corner.ada.writes(again=written)
    messages = house.discord.messages
    surplus = await corner.until(lambda: [m for m in messages.values() if m.channel == corner.channel.number and m.deleted], "no surplus")
    assert [message.texts for message in surplus] == [["📷 Got your photo, one moment…"]]
    assert len(corner.results()) == len(await house.jobs(corner.ada)) == 1


async def test_several_pictures_may_be_views_of_one(house: House) -> None:
    corner = house.corner(guild=None)
    await corner.ada.writes("", [house.photo("left.jpg"), house.photo("right.jpg")])
    question = await corner.seen("You sent 2 pictures.")
    press = question.button("One model")["custom_id"]
    await corner.ada.presses(question, "One model")
    await corner.result()
    assert "One model of your 2 pictures" in question.text
    assert not question.labels
    await corner.ada.presses(question, "", press=press)
    await corner.seen("I no longer have these pictures")
    assert len(await house.jobs(corner.ada)) == 1


async def test_several_pictures_may_become_a_model_each(house: House) -> None:
    corner = house.corner()
    written = await corner.ben.writes("mine", [house.photo("a.jpg"), house.photo("b.jpg")])
    await corner.ada.opens_menu("Rig this photo", written)
    question = await corner.seen("You sent 2 pictures.")
    assert question.seen_by == "Ada"
    await corner.ben.presses(question, "A model of each")
    assert (await corner.seen("This belongs to somebody else.")).seen_by == "Ben"
    await corner.ada.presses(question, "A model of each")
    await corner.result(2)
    assert {job.request.title for job in await house.jobs(corner.ada)} == {"a.jpg", "b.jpg"}
    assert not await house.jobs(corner.ben)


async def test_further_attachments_of_the_command_are_views(house: House, gate: Gate) -> None:
    corner = house.corner()
    hold = {"hold": {"intake": str(gate.place)}}
    await corner.ada.uses("rig", photo=house.photo("left.jpg", **hold), second_view=house.photo("right.jpg"))
    job = await house.job(corner.ada, state="running")
    assert len(await house.queue.artifacts.list(f"originals/{job.id}")) == 2
    gate.open()
    await corner.result()


async def test_a_waiting_photo_can_be_stopped_by_its_owner(house: House, gate: Gate) -> None:
    corner = house.corner()
    await corner.ben.uses("rig", photo=house.photo(hold={"cutout": str(gate.place)}))
    await corner.seen("Cutting out the background…")
    await corner.ada.uses("rig", photo=house.photo())
    status = await corner.seen("You are next in line.")
    await corner.ben.presses(status, "Stop")
    assert (await corner.seen("This belongs to somebody else.")).seen_by == "Ben"
    await corner.ada.presses(status, "Stop")
    await house.job(corner.ada, state="cancelled")
    await corner.until(lambda: status.text.startswith("Stopped.") and not status.labels, "stopped")
    gate.open()
    await corner.result()


async def test_a_photo_at_work_can_be_stopped_by_the_command(house: House, gate: Gate) -> None:
    corner = house.corner()
    await corner.ada.uses("rig", photo=house.photo(hold={"cutout": str(gate.place)}))
    status = await corner.seen("Cutting out the background…")
    await corner.ada.uses("cancel")
    await corner.until(lambda: [m for m in corner.said() if m.text.startswith("Stopped.") and m.seen_by == "Ada"], "the answer")
    await house.job(corner.ada, state="cancelled")
    await corner.until(lambda: status.text.startswith("Stopped.") and not status.labels, "stopped")
    assert not corner.results()


async def test_another_movement_and_another_skeleton(house: House) -> None:
    corner = house.corner()
    await corner.ada.uses("rig", photo=house.photo())
    result = await corner.result()
    before = result.words, result.shown_files, result.labels
    await corner.ada.presses(result, "Another movement")
    await corner.until(lambda: result.labels == ["Walk", "Sit", "Idle", "Back"], "a choice of movements")
    assert (result.words, result.shown_files) == before[:2]
    await corner.ada.presses(result, "Sit")
    second = await corner.result(2)
    assert second.files["mimi.gif"].startswith(b"GIF sit")
    assert (result.words, result.shown_files, result.labels) == before
    await corner.ada.presses(second, "New skeleton")
    await corner.result(3)
    _, _, first = reversed(await house.jobs(corner.ada))
    assert first.request.redo == "skeleton"


async def test_a_result_is_deleted_by_its_owner_alone(house: House) -> None:
    corner = house.corner()
    await corner.ada.uses("rig", photo=house.photo())
    result = await corner.result()
    press = result.button("Again")["custom_id"]
    await corner.ben.presses(result, "Delete")
    assert (await corner.seen("This belongs to somebody else.")).seen_by == "Ben"
    await corner.ada.presses(result, "Delete")
    await corner.until(lambda: result.labels == ["Yes, delete it", "Back"], "the question")
    await corner.ada.presses(result, "Yes, delete it")
    await corner.until(lambda: result.words.startswith("Deleted:"), "deleted")
    assert not result.files
    assert not result.labels
    await corner.ada.presses(result, "", press=press)
    assert (await corner.seen("This model has been deleted.")).seen_by == "Ada"


async def test_commands_answer_the_person_alone(house: House) -> None:
    corner = house.corner()
    for command, words in {
        "help": "What makes a good photo",
        "privacy": "What I keep",
        "queue": "Nobody is waiting.",
        "status": "You have no photo in line.",
        "cancel": "There is nothing to stop",
        "settings": "Language: as on this platform",
    }.items():
        await corner.ada.uses(command)
        assert (await corner.seen(words)).seen_by == "Ada"
    direct = house.corner(guild=None)
    await direct.ada.uses("queue")
    assert not (await direct.seen("Nobody is waiting.")).seen_by


async def test_each_person_is_answered_in_their_language(house: House) -> None:
    corner, direct = house.corner(locale="zh-TW"), house.corner(guild=None)
    await corner.ada.uses("rig", photo=house.photo())
    assert "主角是四足動物，會走路、坐下" in (await corner.result()).words
    await corner.seen("完成了，花了")
    await corner.ada.uses("settings")
    panel = await corner.seen("語言：跟隨平台")
    await corner.ada.presses(panel, "English")
    await corner.until(lambda: "Language: English" in panel.text, "the panel in English")
    await corner.ada.uses("status")
    await corner.seen("You have no photo in line.")
    await direct.ada.writes("hi")
    await direct.seen("I only understand pictures")


async def test_a_direct_message_is_answered_in_the_language_of_the_last_job(house: House) -> None:
    corner = house.corner(guild=None, locale="zh-TW")
    await corner.ada.uses("rig", photo=house.photo())
    await corner.result()
    await corner.ada.writes("hi")
    await corner.seen("我只看得懂圖片")


async def test_a_refused_photo_is_explained(house: House) -> None:
    corner = house.corner()
    await corner.ada.uses("rig", photo=house.photo(refuse="cutout"))
    await corner.seen("This one did not work out; the reason is below.")
    (reason,) = [message for message in corner.said() if message.reply_to]
    assert reason.pinged == ["Ada"]
    assert not reason.flags & COMPONENTS_V2


async def test_delete_leaves_nothing(house: House) -> None:
    corner = house.corner()
    ada = corner.ada
    await ada.uses("rig", photo=house.photo("secret.jpg"))
    await corner.seen("Done in")
    await ada.opens_menu("Rig this photo", await ada.writes("", [house.photo("a.jpg"), house.photo("b.jpg")]))
    await corner.seen("You sent 2 pictures.")
    await ada.uses("settings")
    await ada.presses(await corner.seen("Language:"), "English")
    await corner.seen("Saved.")
    (job,) = await house.jobs(ada)
    await ada.uses("delete")
    question = await corner.seen("Delete everything of yours?")
    await corner.ben.presses(question, "Yes, delete everything")
    assert (await corner.seen("This belongs to somebody else.")).seen_by == "Ben"
    await ada.presses(question, "Yes, delete everything")
    await corner.until(lambda: not [m for m in corner.said() if not m.seen_by], "the result goes, and the status message")
    assert not question.labels
    left = await house.everything_in_redis()
    assert [word for word in (f"discord:{ada.id}", owner_mark(f"discord:{ada.id}"), "secret.jpg") if word in left] == []
    assert [file for file in house.stored() if job.id in file] == []


async def test_hostile_words_in_a_button_break_nothing(house: House) -> None:
    corner = house.corner()
    await corner.ada.uses("rig", photo=house.photo())
    result = await corner.result()
    for press in ("again:", "clip:0:0", "set:x:y:z", "views:1", "each:a:b:c", "nonsense:::", "wipe:*", "x" * 100):
        await corner.ada.presses(result, "", press=press)
    await corner.ada.uses("status")
    await corner.seen("You have no photo in line.")
    assert len(await house.jobs(corner.ada)) == 1


async def test_commands_are_published_in_both_languages(house: House) -> None:
    commands = {command["name"]: command for command in house.discord.commands[""]}
    assert set(commands) == {"rig", "Rig this photo", "queue", "status", "cancel", "settings", "delete", "help", "privacy"}
    assert commands["rig"]["description_localizations"]["zh-TW"] == "把照片變成會動的 3D 模型"
    assert commands["Rig this photo"]["name_localizations"]["zh-TW"] == "做成 3D 模型"
    photo, subject, *_ = commands["rig"]["options"]
    assert (photo["name"], photo["name_localizations"]["zh-TW"], photo["required"]) == ("photo", "照片", True)
    assert {choice["name_localizations"]["zh-TW"] for choice in subject["choices"]} >= {"鳥", "魚"}


async def test_the_bot_asks_for_no_privileged_intent(house: House) -> None:
    guilds, direct_messages = 1 << 0, 1 << 12
    assert house.discord.gateway.intents == guilds | direct_messages
