"""Engines to choose from, and subjects redrawn by one, on the web page in a browser."""

from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import pytest
import redraw_lab
from chat_lab import until
from chromium import chromium
from web_lab import Guest, House, a_guest, a_house, picture

from rigshot_bots.texts import say
from rigshot_queue import Queue, open_queue

pytestmark = pytest.mark.skipif(chromium() is None, reason="needs Chromium")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A page whose worker has an engine."""
    engines = redraw_lab.engine_house(tmp_path_factory.mktemp("engines"))
    with a_house(tmp_path_factory.mktemp("house"), redraw_lab.redrawing_worker, **engines) as house:
        yield house


@pytest.fixture
async def queue(house: House) -> AsyncGenerator[Queue]:
    """The line behind the page, once its worker has told what it has."""
    async with open_queue(house.service.queue_settings) as queue:
        await until(queue.engines)
        yield queue


@pytest.fixture
async def guest(house: House, tmp_path: Path) -> AsyncGenerator[Guest]:
    """A guest who knows nothing yet."""
    async with a_guest(house.address, tmp_path / "browser") as guest:
        yield guest


async def test_a_subject_is_redrawn_refused_and_redrawn_again(queue: Queue, guest: Guest, tmp_path: Path) -> None:
    (tmp_path / "mimi.png").write_bytes(redraw_lab.photo())
    await guest.come()
    await guest.choose(tmp_path / "mimi.png")
    await guest.press("#rs-more button")
    await guest.pick("#rs-engine", "Studio")
    await guest.pick("#rs-repose", say("settings_repose_always", "en"))
    await guest.press("#rs-make")
    await guest.reads(say("web_redrawn", "en"), "#rs-pose")
    await guest.tab.until("document.querySelector('.rs-pose img')?.naturalWidth > 0")
    first = await guest.job()
    await guest.press("#rs-as-it-is")
    await guest.tab.until(f"!location.search.includes('{first}')")
    await guest.sees(f"#rs-film video[src*='{await guest.job()}']")
    assert not await guest.tab.value("document.querySelector('#rs-pose')?.getClientRects().length > 0")  # refused: not asked again
    jobs = [found for job in (first, await guest.job()) if (found := await queue.job(job))]
    assert [(job.pose, job.request.wishes.engine, job.request.wishes.repose) for job in jobs] == [
        ("redrawn", "studio", "always"),
        ("redrawable", "studio", "never"),
    ]
    assert guest.elsewhere == []
    assert guest.tab.complaints == []


async def test_whoever_chose_nothing_is_asked(queue: Queue, guest: Guest, tmp_path: Path) -> None:
    (tmp_path / "mimi.png").write_bytes(redraw_lab.photo())
    await guest.come("zh-TW/", language="zh-TW")
    await guest.choose(tmp_path / "mimi.png")
    await guest.press("#rs-make")
    await guest.reads(say("redraw_offer", "zh-TW"), "#rs-pose")
    await guest.press("#rs-redraw")
    await guest.reads(say("web_redrawn", "zh-TW"), "#rs-pose")
    found = await queue.job(await guest.job())
    assert found is not None
    assert found.pose == "redrawn"


async def test_without_engines_there_is_nothing_to_choose(guest: Guest, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    with a_house(tmp_path / "plain") as plain:
        guest.address = plain.address
        await guest.come()
        await guest.choose(picture(tmp_path / "dog.png"))
        await guest.press("#rs-more button")
        await guest.sees("#rs-clip")
        assert not await guest.tab.value("!!document.querySelector('#rs-engine, #rs-repose')?.getClientRects().length")
