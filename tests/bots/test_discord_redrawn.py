"""Engines to choose from, and subjects redrawn by one, in Discord: whole processes, the engine a true child of the worker."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import redraw_lab
from chat_lab import until
from discord_house import House

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    engines = redraw_lab.engine_house(tmp_path_factory.mktemp("engines"))
    async with House(tmp_path_factory.mktemp("discord"), **engines) as house:
        house.worker(redraw_lab.PLAN_NAME)
        await house.bot()
        await until(house.queue.engines)
        yield house
        assert "Traceback" not in house.service.log("discord"), house.service.log("discord")


def cut_off(house: House) -> dict[str, Any]:
    """An attached photo of an animal whose tail is missing."""
    return house.discord.attachment(redraw_lab.photo(), "mimi.png", "image/png")


async def test_the_result_shows_before_and_after_and_keeps_both_when_its_buttons_change(house: House) -> None:
    corner = house.corner()
    await corner.ada.uses("settings")
    panel = await corner.seen("Made by: the best there is")
    await corner.ada.presses(panel, "How it is made")
    await corner.until(lambda: "Redrawing: ask me" in panel.text, "the second page")
    await corner.ada.presses(panel, "where it helps")
    await corner.until(lambda: "✓ where it helps" in panel.labels, "the choice")
    await corner.ada.uses("rig", photo=cut_off(house))
    result = await corner.result()
    assert result.shown_files == ["mimi.gif", "mimi_compare.jpg", "mimi.glb", "mimi.fbx"]
    assert "Left your photo, right how I had it redrawn" in result.words
    assert "Use my photo as it is" in result.labels
    before = result.words, result.shown_files, result.labels
    await corner.ada.presses(result, "Another movement")
    await corner.until(lambda: "Back" in result.labels, "a choice of movements")
    await corner.ada.presses(result, "Back")
    await corner.until(lambda: (result.words, result.shown_files, result.labels) == before, "all as it was")
    await corner.ada.presses(result, "Use my photo as it is")
    second = await corner.result(2)
    assert second.shown_files == ["mimi.gif", "mimi.glb", "mimi.fbx"]
    assert [(job.pose, job.request.wishes.repose) for job in await house.jobs(corner.ada)] == [
        ("redrawable", "never"),
        ("redrawn", "always"),
    ]


async def test_whoever_is_asked_decides_photo_by_photo(house: House) -> None:
    corner = house.corner(locale="zh-TW")
    await corner.ada.uses("rig", photo=cut_off(house))
    result = await corner.result()
    assert "我可以請引擎重畫成那樣" in result.words
    await corner.ben.presses(result, "重畫成站姿")
    assert (await corner.seen("This belongs to somebody else.")).seen_by == "Ben"
    await corner.ada.presses(result, "重畫成站姿")
    second = await corner.result(2)
    assert "左邊是你的照片" in second.words
    assert "用我原本的照片" in second.labels
