"""The web page in a browser: whole processes, and visitors who know nothing of each other."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from chat_lab import Gate, Service, photo, until
from chromium import chromium
from PIL import Image, ImageChops
from web_lab import FAKE_CAMERA, Guest, House, a_guest, a_house, picture, start_page

from rigshot_bots.texts import say
from rigshot_queue import Job, Queue, Request, open_queue

pytestmark = pytest.mark.skipif(chromium() is None, reason="needs Chromium")
NewGuest = Callable[..., Awaitable[Guest]]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One for all tests: to the page, every test's visitors are people of their own."""
    with a_house(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture
async def queue(house: House) -> AsyncGenerator[Queue]:
    """The line behind the page."""
    async with open_queue(house.service.queue_settings) as queue:
        yield queue


@pytest.fixture
async def guest(house: House, tmp_path: Path) -> AsyncGenerator[NewGuest]:
    """A maker of guests, each with a browser of their own; they leave with the test."""
    async with AsyncExitStack() as stack:
        number = 0

        async def come(address: str = house.address, *flags: str) -> Guest:
            nonlocal number
            number += 1
            return await stack.enter_async_context(a_guest(address, tmp_path / f"browser{number}", *flags))

        yield come


@pytest.fixture
def photo_file(tmp_path: Path) -> Callable[..., Path]:
    """A maker of photos for the small plan."""

    def make(content: bytes = b"{}", name: str = "小狗.png") -> Path:
        place = tmp_path / name
        place.write_bytes(content)
        return place

    return make


async def busy(queue: Queue, gate: Gate) -> Job:
    """Somebody else's job that holds the worker until the gate opens."""
    job = await queue.submit(Request(person="telegram:7", platform="telegram"), [gate.photo("intake")])
    await until(lambda: _state(queue, job.id, "running"))
    return job


async def _state(queue: Queue, job: str, state: str) -> bool:
    found = await queue.job(job)
    return found is not None and found.state == state


async def sent(guest: Guest, photo: Path) -> str:
    """Send a photo; the id of its job."""
    await guest.choose(photo)
    await guest.press("#rs-make")
    await guest.tab.until("location.search.includes('job=')")
    return await guest.job()


async def test_a_photo_waits_runs_survives_a_reload_and_becomes_a_model(
    queue: Queue, guest: NewGuest, gate: Gate, tmp_path: Path, photo_file: Callable[..., Path]
) -> None:
    first, second = Gate(tmp_path / "first"), Gate(tmp_path / "second")
    await busy(queue, first)
    one = await guest()
    await one.come()
    job = await sent(one, photo_file(second.photo("animate")))
    await one.reads(say("web_next", "en"), ".rs-way h2")
    first.open()
    await one.reads(say("stage_animate", "en"), ".rs-way h2")
    assert int(await one.tab.value("document.querySelector('.rs-bar').ariaValueNow")) > 0

    await one.tab.call("Page.reload")
    await one.reads(say("stage_animate", "en"), ".rs-way h2")
    assert await one.job() == job

    await one.come()  # the bare address finds what is under way, too
    await one.reads(say("stage_animate", "en"), ".rs-way h2")
    second.open()
    await one.reads(say("web_done", "en"), ".rs-done")
    assert await one.job() == job
    await one.tab.until("document.querySelector('#rs-film video').readyState >= 2")  # the film came, and can be played
    assert (await queue.job(job)).request.title == "小狗"  # type: ignore[union-attr]
    labels = await one.tab.value("[...document.querySelectorAll('.rs-files b')].map(label => label.innerText)")
    assert labels == ["GLB", "FBX", "MP4", "GIF"]
    fetched = await one.tab.value("fetch(document.querySelector('.rs-files a').href).then(answer => answer.text())")
    assert fetched == "model"
    await one.sees(".rs-mine [aria-current] img")
    assert one.elsewhere == []
    assert one.tab.complaints == []


async def test_on_a_phone_the_model_comes_into_view_and_not_the_form(guest: NewGuest, photo_file: Callable[..., Path]) -> None:
    one = await guest()
    await one.come(width=390, height=844)
    job = await sent(one, photo_file())
    await one.sees(".rs-done")
    await one.come(f"en/?job={job}", width=390, height=844)
    await one.sees(".rs-done")
    await one.tab.until("document.getElementById('rs-get').getBoundingClientRect().top < innerHeight / 2")


async def test_another_movement_another_guess_and_a_new_skeleton_are_new_jobs_of_the_same_photo(
    queue: Queue, guest: NewGuest, photo_file: Callable[..., Path]
) -> None:
    one = await guest()
    await one.come()
    jobs = [await sent(one, photo_file())]
    for selector in ("#rs-clips label:nth-of-type(2) input", "#rs-guess", "#rs-rig"):
        await one.sees(f"#rs-film video[src*='{jobs[-1]}']")
        await one.press(selector)
        await one.tab.until(f"!location.search.includes('{jobs[-1]}')")
        jobs.append(await one.job())
    await one.sees(f"#rs-film video[src*='{jobs[-1]}']")
    requests = [found.request for job in jobs if (found := await queue.job(job))]
    assert [request.after for request in requests] == [None, *jobs[:-1]]
    assert [request.wishes.clip for request in requests] == ["auto", "wag", "wag", "wag"]
    assert [request.wishes.seed for request in requests] == [0, 0, 1, 2]
    assert [request.redo for request in requests] == [None, None, None, "skeleton"]


async def test_a_box_and_wishes_arrive_as_they_were_drawn_and_chosen(queue: Queue, guest: NewGuest, tmp_path: Path) -> None:
    one = await guest()
    await one.come("zh-TW/", language="zh-TW")
    await one.choose(picture(tmp_path / "two_dogs.png", (400, 300)))
    await one.press("#rs-more button")
    await one.tab.until("document.querySelector('.rs-canvas img')?.naturalWidth === 400")
    await asyncio.sleep(0.3)  # the part unfolds, and the mouse needs it at rest
    await one.draw(".rs-canvas img", (0.75, 0.9, 0.25, 0.1))
    await one.sees(".rs-frame:not([hidden])")
    await one.press("#rs-formats label:nth-of-type(3) input")
    await one.press("#rs-make")
    await one.tab.until("location.search.includes('job=')")
    found = await queue.job(await one.job())
    assert found is not None
    assert found.request.language == "zh-TW"
    assert found.request.wishes.formats == ("glb", "fbx", "obj")
    box = found.request.wishes.box
    assert box is not None
    assert all(abs(side - wanted) <= 3 for side, wanted in zip(box, (100, 30, 200, 240), strict=True)), box


async def test_stop_while_it_waits_and_while_it_runs(
    queue: Queue, guest: NewGuest, tmp_path: Path, photo_file: Callable[..., Path]
) -> None:
    first, second = Gate(tmp_path / "first"), Gate(tmp_path / "second")
    await busy(queue, first)
    one = await guest()
    await one.come()
    waiting = await sent(one, photo_file(second.photo("cutout")))
    await one.press("#rs-stop")
    await one.reads(say("web_stopped", "en"), ".rs-ended")
    assert await _state(queue, waiting, "cancelled")
    first.open()
    await one.press("#rs-make")
    await one.reads(say("stage_cutout", "en"), ".rs-way")
    await one.press("#rs-stop")
    await one.reads(say("web_stopped", "en"), ".rs-ended")
    assert await _state(queue, await one.job(), "cancelled")
    second.open()
    await one.press("#rs-repeat")
    await one.sees(".rs-done")


async def test_limits_and_missing_photos_are_sentences(queue: Queue, guest: NewGuest, gate: Gate, photo_file: Callable[..., Path]) -> None:
    one = await guest()
    await one.come()
    await one.press("#rs-make")
    await one.reads(say("web_no_photo", "en"), "#rs-notice")
    await one.choose(photo_file(gate.photo("intake")))
    known = {""}
    for _ in range(3):
        await one.press("#rs-make")
        await one.tab.until(f"!{list(known)}.includes(new URLSearchParams(location.search).get('job') ?? '')")
        known.add(await one.job())
    await one.press("#rs-make")
    await one.reads("You have 3 photos in the line already", "#rs-notice")
    await one.sees(".rs-way")  # what was there is still there
    assert await one.tab.value("document.querySelectorAll('.rs-mine li').length") == 3


async def test_names_and_failures_are_words_and_never_markup(guest: NewGuest, photo_file: Callable[..., Path]) -> None:
    one = await guest()
    await one.come()
    name = "<img src=x onerror='window.broken=1'>"
    await sent(one, photo_file(photo(**{"break": ["cutout"]}), name=f"{name}.png"))
    await one.reads(say("web_failed", "en"), ".rs-ended")
    await one.sees("#rs-repeat")  # it was not the photo's fault
    assert await one.tab.value("document.querySelector('.rs-name').innerText") == name
    assert await one.tab.value("window.broken") is None


async def test_nobody_sees_the_job_of_another(queue: Queue, guest: NewGuest, photo_file: Callable[..., Path]) -> None:
    one, other = await guest(), await guest()
    await one.come()
    job = await sent(one, photo_file())
    await one.sees(".rs-done")
    film = await one.tab.value("document.querySelector('#rs-film video').src")
    await other.come(f"en/?job={job}")
    await other.reads(say("web_lost", "en"), "#rs-notice")
    assert await other.text("#rs-mine") == ""
    assert await one.tab.value(f"fetch({film!r}).then(answer => answer.status)") == 200
    assert await other.tab.value(f"fetch({film!r}).then(answer => answer.status)") == 404


async def test_delete_my_data_leaves_nothing(house: House, queue: Queue, guest: NewGuest, photo_file: Callable[..., Path]) -> None:
    one = await guest()
    await one.come()
    job = await sent(one, photo_file())
    await one.sees(".rs-done")
    found = await queue.job(job)
    assert found is not None
    await one.press("#rs-wipe")
    await one.press("#rs-wipe-no")
    assert await queue.jobs(found.request.person)
    await one.press("#rs-wipe")
    await one.press("#rs-wipe-yes")
    await one.reads("Nothing of yours is left here", "#rs-notice")
    assert await queue.jobs(found.request.person) == []
    assert not list((house.service.folder / "data").rglob(f"*{job}*"))
    assert await one.job() == ""
    assert not await one.tab.value("!!document.querySelector('#rs-photo img')")


async def test_the_camera_takes_a_photo(house: House, queue: Queue, guest: NewGuest) -> None:
    one = await guest(house.address, *FAKE_CAMERA)
    await one.come()
    await one.press("#rs-photo .source-selection button:nth-of-type(2)")
    await one.press("#rs-photo [title='grant webcam access'] button")
    await one.tab.until("document.querySelector('#rs-photo video')?.videoWidth > 0")
    await one.press("#rs-photo .photo-capture")
    await one.sees("#rs-photo .image-frame img")
    await one.press("#rs-make")
    await one.tab.until("location.search.includes('job=')")
    assert await queue.job(await one.job())


async def test_the_true_pipeline_shows_its_steps_and_a_model_that_moves(
    guest: NewGuest, service: Callable[..., Service], tmp_path: Path
) -> None:
    house = service()
    house.start("worker")
    one = await guest(start_page(house))
    await one.come()
    bad = tmp_path / "holiday.png"
    bad.write_bytes(b"<html>no picture</html>" * 100)
    await sent(one, bad)
    await one.reads("not a picture", ".rs-ended")
    assert not await one.tab.value("!!document.querySelector('#rs-repeat')?.offsetWidth")

    await one.press("[data-sample=sprite]")
    await one.sees(".rs-done")
    await one.press("#rs-views button[role=tab]:nth-of-type(3)")
    await one.tab.until("[...document.querySelectorAll('.rs-steps img')].filter(image => image.naturalWidth).length === 3")
    await one.press("#rs-views button[role=tab]:nth-of-type(2)")
    await one.sees("#rs-model canvas")
    looks = [await _look(one, tmp_path)]
    await until(lambda: _moved(one, tmp_path, looks))
    assert one.elsewhere == []
    assert one.tab.complaints == []


async def _look(one: Guest, folder: Path) -> Image.Image:
    """The 3D view as it stands."""
    await one.tab.photograph(folder / "look.png", whole=False)
    place = "document.querySelector('#rs-model canvas').getBoundingClientRect()"
    sides = await one.tab.value(f"(() => {{ const r = {place}; return [r.left, r.top, r.right, r.bottom].map(Math.floor); }})()")
    with Image.open(folder / "look.png") as page:
        return page.convert("RGB").crop(sides)


async def _moved(one: Guest, folder: Path, looks: list[Image.Image]) -> bool:
    """Whether the view shows three different moments of something coloured: first it is empty, then it stands, then it moves."""
    look = await _look(one, folder)
    if max(high - low for low, high in look.getextrema()) > 100 and ImageChops.difference(look, looks[-1]).getbbox():
        looks.append(look)
    return len(looks) > 3
