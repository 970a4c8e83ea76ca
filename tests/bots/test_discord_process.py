"""The Discord bot's process: killed and started again at the worst moments, what it publishes, what it says when it cannot start."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from chat_lab import LONG, Gate, until
from discord_house import House, free_port
from discord_server import BOT

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "dog_in_the_park.jpg"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path) as house:
        yield house


async def test_links_lead_to_the_model(tmp_path: Path) -> None:
    port = free_port()
    async with House(tmp_path, RIGSHOT_PUBLIC_URL=f"http://127.0.0.1:{port}", RIGSHOT_DOWNLOADS__PORT=str(port)) as house:
        house.service.start("downloads")
        house.worker()
        await house.bot()
        corner = house.corner()
        await corner.ada.uses("rig", photo=house.photo())
        result = await corner.result()
        assert result.shown_files == ["mimi.gif"]
        assert result.labels[:3] == ["View in 3D", "GLB", "FBX"]
        async with aiohttp.ClientSession() as session:
            await until(lambda: _reached(session, f"http://127.0.0.1:{port}/healthz"))
            for label, content in (("GLB", b"3" * 300), ("FBX", b"3" * 300), ("View in 3D", b"<!doctype html>")):
                async with session.get(result.button(label)["url"]) as answer:
                    assert answer.status == 200
                    assert (await answer.read()).lower().startswith(content)


async def test_an_address_that_discord_takes_for_no_link_gives_way_to_the_files(tmp_path: Path) -> None:
    async with House(tmp_path, RIGSHOT_PUBLIC_URL="http://models:8780") as house:
        house.worker()
        await house.bot()
        corner = house.corner()
        await corner.ada.uses("rig", photo=house.photo())
        result = await corner.result()
        assert result.shown_files == ["mimi.gif", "mimi.glb", "mimi.fbx"]
        assert not [button for button in result.buttons if "url" in button]


async def _reached(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


async def test_a_bot_that_was_killed_goes_on_with_status_buttons_and_result(house: House, gate: Gate) -> None:
    bot = await house.bot()
    corner = house.corner()
    await corner.ada.uses("rig", photo=house.photo(hold={"cutout": str(gate.place)}))
    status = await corner.seen("You are next in line.")
    await house.kill(bot)
    house.worker()
    bot = await house.bot()
    await corner.seen("Cutting out the background…")
    await house.kill(bot)
    gate.open()
    await house.job(corner.ada, state="done")
    assert not corner.results()
    await house.bot()
    result = await corner.result()
    await corner.seen("Done in")
    assert result.reply_to == status.number
    await corner.ada.presses(result, "Again")
    await corner.result(2)
    assert len(corner.results()) == 2


async def test_a_bot_that_is_killed_while_it_sends_does_not_send_twice(house: House) -> None:
    house.worker()
    bot = await house.bot()
    corner = house.corner()
    house.discord.swallow = asyncio.Event()
    await corner.ada.uses("rig", photo=house.photo())
    await house.discord.swallow.wait()
    await house.kill(bot)
    house.discord.swallow = None
    await house.bot()
    (job,) = await house.jobs(corner.ada)
    assert await house.delivery(job.id) == "sent"
    await corner.seen("Done in")
    assert len(corner.results()) == 1


async def test_a_photo_that_was_on_its_way_in_is_taken_up_again(house: House) -> None:
    house.worker()
    bot = await house.bot()
    corner = house.corner()
    house.discord.slow_pictures = asyncio.Event()
    await corner.ada.uses("rig", photo=house.photo())
    await house.discord.slow_pictures.wait()
    await house.kill(bot)
    house.discord.slow_pictures = None
    assert not await house.jobs(corner.ada)
    await house.bot()
    await corner.result()
    assert len(await house.jobs(corner.ada)) == 1
    assert "notes:discord:order" not in await house.everything_in_redis()


async def test_a_bot_that_is_stopped_ends_well(house: House) -> None:
    bot = await house.bot()
    assert await house.stop(bot) == 0
    assert "Traceback" not in house.service.log("discord")


async def test_commands_are_published_only_when_they_have_changed(house: House) -> None:
    await house.stop(await house.bot())
    await house.stop(await house.bot())
    assert house.discord.published == 1
    note = f"rigshot:notes:discord:commands/{BOT}/everywhere"
    await house.queue.database.do("SET", note, "what another version has published")
    await house.stop(await house.bot())
    assert house.discord.published == 2
    await house.bot("--sync-guild", "7777777777777777")
    assert house.discord.commands["7777777777777777"] == house.discord.commands[""]


async def test_a_bot_waits_for_discord(house: House) -> None:
    down = {"RIGSHOT_DISCORD__API_URL": f"http://127.0.0.1:{free_port()}/api"}
    bot = house.service.start("discord", **down)
    await until(lambda: "discord.unreachable" in house.service.log("discord"))
    assert await house.stop(bot) == 0


@pytest.mark.parametrize(
    ("setting", "value", "status", "words"),
    [
        ("RIGSHOT_DISCORD__TOKEN", "nobody.knows.this-one", 2, "Discord does not accept the token"),
        ("RIGSHOT_DISCORD__API_URL", "discord.com", 1, "RIGSHOT_DISCORD__API_URL"),
        ("RIGSHOT_LINK_KEYS", "short", 1, "RIGSHOT_LINK_KEYS"),
    ],
)
async def test_what_is_set_wrong_is_said_in_a_sentence(house: House, setting: str, value: str, status: int, words: str) -> None:
    bot = house.service.start("discord", **{setting: value})
    assert await asyncio.to_thread(bot.wait, LONG) == status
    log = house.service.log("discord")
    assert words in log
    assert value not in log
    assert "Traceback" not in log


async def test_a_token_that_was_taken_back_ends_the_bot_with_a_sentence(house: House) -> None:
    house.discord.gateway.token = "a new one"
    bot = house.service.start("discord")
    assert await asyncio.to_thread(bot.wait, LONG) == 1
    assert "Discord cannot be reached" in house.service.log("discord")
    assert "Traceback" not in house.service.log("discord")


def test_without_a_token_the_bot_says_where_to_get_one(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "rigshot_bots.terminal", "discord", "--language", "zh-TW"]
    answer = subprocess.run(words, cwd=tmp_path, env={"LANG": "C.UTF-8"}, capture_output=True, text=True, check=False)
    assert answer.returncode == 2
    assert "沒有 token：請把 RIGSHOT_DISCORD__TOKEN 設成" in answer.stderr


def test_the_bot_loads_no_3d_library() -> None:
    code = (
        "import pkgutil, sys, rigshot_bots.discord as room\n"
        "names = [module.name for module in pkgutil.iter_modules(room.__path__)]\n"
        "for name in names: __import__(f'rigshot_bots.discord.{name}')\n"
        "assert 'courier' in names\n"
        "sys.exit(' '.join({'numpy', 'PIL', 'cv2', 'trimesh', 'scipy', 'numba', 'rigshot_pipeline'} & set(sys.modules)) or 0)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (0, "")


async def test_what_only_pretends_to_be_a_picture_is_refused_in_a_sentence(house: House) -> None:
    house.worker("chat_plan:DOOR")
    await house.bot()
    for number, content in enumerate((b"\x89PNG\r\n\x1a\n" + bytes(50), b"<svg onload=alert(1)>", b"GIF89a" + b"\xff" * 200), 1):
        corner = house.corner()
        await corner.ada.uses("rig", photo=house.discord.attachment(content, f"{number}.png"))
        job = await house.job(corner.ada, state="failed")
        assert job.failure is not None
        assert job.failure.kind == "bad_input"
        await corner.seen(job.failure.sentences["en"])
        assert not corner.results()


async def test_a_true_photo_goes_through_the_true_pipeline(house: House) -> None:
    house.worker("rigshot_pipeline.plan:PLAN")
    await house.bot()
    corner = house.corner()
    await corner.ada.uses("rig", photo=house.discord.attachment(SAMPLE.read_bytes(), SAMPLE.name, "image/jpeg"))
    result = await corner.result()
    assert [name.rpartition(".")[2] for name in result.shown_files] == ["gif", "glb", "fbx"]
    begins = [result.files[name][:6] for name in result.shown_files]
    assert begins[0] == b"GIF89a"
    assert begins[1][:4] == b"glTF"
    assert begins[2] == b"Kaydar"
