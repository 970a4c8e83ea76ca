"""The Discord bot when things go wrong: cut connections, limits, closed places, expired tokens, files that do not fit."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from chat_lab import Gate
from discord_house import House
from discord_messages import Channel, Failing, Shown
from discord_server import UPLOAD_LIMIT

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHANNEL_GONE, NO_ACCESS, NOT_TO_THIS_PERSON = (404, 10003), (403, 50001), (403, 50007)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with House(tmp_path_factory.mktemp("discord")) as house:
        house.worker()
        await house.bot()
        yield house
        assert "Traceback" not in house.service.log("discord"), house.service.log("discord")


def sizes(result: Shown) -> dict[str, int]:
    """The files that a person sees, by their ending."""
    return {name.rpartition(".")[2]: len(result.files[name]) for name in result.shown_files}


async def test_a_cut_connection_goes_on_where_it_was(house: House) -> None:
    corner = house.corner()
    resumed = house.discord.gateway.resumed
    await house.discord.gateway.cut()
    await corner.ada.uses("rig", photo=house.photo())
    await corner.result()
    assert house.discord.gateway.resumed == resumed + 1
    assert len(await house.jobs(corner.ada)) == 1


async def test_a_limit_is_waited_out(house: House) -> None:
    corner = house.corner()
    limit = {"message": "You are being rate limited.", "retry_after": 0.3, "global": False}
    channel = corner.channel.number
    house.discord.failing += [
        Failing(path=f"POST /channels/{channel}/messages", status=429, body=limit, times=2),
        Failing(path="PATCH /webhooks/", status=429, body=limit, times=2),
    ]
    await corner.ada.uses("rig", photo=house.photo())
    await corner.seen("Done in")
    assert len(corner.results()) == 1
    assert [failing.times for failing in house.discord.failing] == [0, 0]


async def test_a_result_that_discord_does_not_take_now_comes_later(house: House) -> None:
    corner = house.corner()
    posts = f"POST /channels/{corner.channel.number}/messages"
    house.discord.failing.append(Failing(path=posts, status=400, body={"code": 0, "message": "a bad moment"}))
    await corner.ada.uses("rig", photo=house.photo())
    await corner.result()
    assert await house.delivery((await house.job(corner.ada, state="done")).id) == "sent"
    assert len(corner.results()) == 1


async def test_the_status_goes_on_through_the_channel_when_the_token_is_dead(house: House, gate: Gate) -> None:
    corner = house.corner()
    asked = await corner.ada.uses("rig", photo=house.photo(hold={"cutout": str(gate.place)}))
    status = await corner.seen("Cutting out the background…")
    asked.dead = True
    gate.open()
    await corner.seen("Done in")
    assert status.ways[0] == "token"
    assert status.ways[-1] == "channel"


async def test_a_token_is_not_even_tried_after_its_time(house: House) -> None:
    corner = house.corner(age=16 * 60.0)
    await corner.ada.uses("rig", photo=house.photo())
    status = await corner.seen("Done in")
    assert set(status.ways[1:]) == {"channel"}


@pytest.mark.parametrize("refusal", [CHANNEL_GONE, NO_ACCESS])
async def test_a_result_for_a_closed_channel_comes_as_a_direct_message(house: House, gate: Gate, refusal: tuple[int, int]) -> None:
    corner = house.corner()
    await corner.ada.uses("rig", photo=house.photo(hold={"cutout": str(gate.place)}))
    await corner.seen("Cutting out the background…")
    corner.channel.refusal = refusal
    gate.open()
    direct = await house.discord.until(
        lambda: next((found for found in house.discord.channels.values() if found.recipient == corner.ada.id), None), "a direct channel"
    )
    result = await house.discord.result(direct)
    assert "I could not write where you asked me" in result.words
    assert result.reply_to is None
    assert not corner.results()


async def test_whoever_cannot_be_reached_is_given_up(house: House, gate: Gate) -> None:
    corner = house.corner()
    direct = Channel(number=house.discord.snowflake(), recipient=corner.ada.id, refusal=NOT_TO_THIS_PERSON)
    house.discord.channels[direct.number] = direct
    await corner.ada.uses("rig", photo=house.photo(hold={"cutout": str(gate.place)}))
    await corner.seen("Cutting out the background…")
    corner.channel.refusal = CHANNEL_GONE
    gate.open()
    job = await house.job(corner.ada, state="done")
    assert (await house.delivery(job.id)).startswith("undeliverable: 10003")
    assert await house.queue.models.load(job.id) is not None


async def test_a_blocked_direct_message_is_given_up(house: House, gate: Gate) -> None:
    corner = house.corner(guild=None)
    await corner.ada.writes("", [house.photo(hold={"cutout": str(gate.place)})])
    await corner.seen("Cutting out the background…")
    corner.channel.refusal = NOT_TO_THIS_PERSON
    gate.open()
    assert (await house.delivery((await house.job(corner.ada, state="done")).id)).startswith("undeliverable: 50007")


async def test_where_the_bot_is_no_member_the_result_comes_by_the_token(house: House) -> None:
    corner = house.corner(guild=None, group=True)
    corner.channel.refusal = NO_ACCESS
    await corner.ada.uses("rig", photo=house.photo())
    result = await corner.result()
    assert result.ways == ["token"]
    assert (await corner.seen("I cannot write here by myself")).seen_by == "Ada"
    await corner.seen("Done in")


async def test_where_the_bot_is_no_member_a_late_result_comes_as_a_direct_message(house: House) -> None:
    corner = house.corner(guild=5_555, age=16 * 60.0)
    corner.channel.refusal = NO_ACCESS
    await corner.ada.uses("rig", photo=house.photo())
    direct = await house.discord.until(
        lambda: next((found for found in house.discord.channels.values() if found.recipient == corner.ada.id), None), "a direct channel"
    )
    assert "I could not write where you asked me" in (await house.discord.result(direct)).words


async def test_a_channel_that_the_bot_may_not_write_in_is_told_at_once(house: House) -> None:
    corner = house.corner(app_permissions=1 << 10)
    corner.channel.refusal = NO_ACCESS
    await corner.ada.uses("rig", photo=house.photo())
    assert (await corner.seen("I cannot write here by myself")).seen_by == "Ada"
    assert (await corner.result()).ways == ["token"]


async def test_a_reply_that_is_not_allowed_is_sent_as_a_message(house: House) -> None:
    corner = house.corner()
    posts = f"POST /channels/{corner.channel.number}/messages"
    house.discord.failing.append(
        Failing(
            path=posts, status=400, body={"code": 160002, "message": "no history"}, times=9, when=lambda words: "message_reference" in words
        )
    )
    await corner.ada.uses("rig", photo=house.photo())
    assert (await corner.result()).reply_to is None


async def test_a_film_takes_the_place_of_an_animation_that_leaves_no_room(house: House) -> None:
    corner = house.corner(limit=100_000)
    await corner.ada.uses("rig", photo=house.photo(gif=70_000, mp4=20_000, glb=40_000))
    assert sizes(await corner.result()) == {"mp4": 20_000, "glb": 40_000, "fbx": 300}


async def test_a_file_that_does_not_fit_is_told_by_its_name(house: House) -> None:
    corner = house.corner(limit=100_000)
    await corner.ada.uses("rig", photo=house.photo("rex.jpg", gif=70_000, glb=4 * 2**20))
    result = await corner.result()
    assert sizes(result) == {"gif": 70_000, "fbx": 300}
    assert "The file rex.glb (4.0 MB) is too big for this chat" in result.words


async def test_what_discord_finds_too_large_after_all_is_sent_smaller(house: House) -> None:
    corner = house.corner()
    house.discord.upload_limit = 60_000
    await corner.ada.uses("rig", photo=house.photo(gif=70_000, mp4=10_000, glb=15_000))
    assert sizes(await corner.result()) == {"mp4": 10_000, "glb": 15_000, "fbx": 300}
    house.discord.upload_limit = UPLOAD_LIMIT
