"""The web page's server over HTTP: who may have which file, which doors are shut, what its answers carry."""

import re
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Iterator

import aiohttp
import pytest
from chat_lab import Service, photo, until
from web_lab import House, a_house, page_address

from rigshot_bots.web.visitors import COOKIE, person_of
from rigshot_queue import Queue, Request, open_queue
from rigshot_storage import Model, Models, open_artifacts

FOREIGN = re.compile(r"""(?:src|href|content)=["'](?:https?:)?//""")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One for all tests."""
    with a_house(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture
async def queue(house: House) -> AsyncGenerator[Queue]:
    """The line behind the page."""
    async with open_queue(house.service.queue_settings) as queue:
        yield queue


@pytest.fixture
async def session(house: House) -> AsyncGenerator[aiohttp.ClientSession]:
    """A client of the server that keeps no cookies."""
    async with aiohttp.ClientSession(house.address, cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


async def _made(house: House, queue: Queue, token: str) -> Model:
    """A finished model of the visitor with that cookie."""
    job = await queue.submit(Request(person=person_of(token), platform="web", title="小狗"), [photo()])
    models = Models(open_artifacts(house.service.storage_settings), house.service.storage_settings)
    model: Model = await until(lambda: models.load(job.id))
    return model


async def test_a_visitor_gets_the_files_of_own_jobs_and_of_no_other(house: House, queue: Queue, session: aiohttp.ClientSession) -> None:
    token = secrets.token_urlsafe(24)
    model = await _made(house, queue, token)
    file = model.file("turntable.mp4")
    assert file is not None
    path = f"/files/{model.job}/{file.kind}/whatever.mp4"
    mine = {"Cookie": f"{COOKIE}={token}"}
    async with session.get(path, headers=mine) as answer:
        whole = await answer.read()
        assert (answer.status, answer.content_type, len(whole)) == (200, "video/mp4", file.size)
        assert "%E5%B0%8F%E7%8B%97" in answer.headers["Content-Disposition"]
        tag = answer.headers["ETag"]
    for headers in ({}, {"Cookie": f"{COOKIE}={secrets.token_urlsafe(24)}"}, {"Cookie": f"{COOKIE}=x"}):
        async with session.get(path, headers=headers) as answer:
            assert answer.status == 404
    for other in (path.replace(model.job, "0" * 26), path.replace(model.job, "x"), path.replace("turntable.mp4", "model.json")):
        async with session.get(other, headers=mine) as answer:
            assert answer.status == 404
    async with session.get(path, headers=mine | {"If-None-Match": tag}) as answer:
        assert answer.status == 304


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=100-", 206, slice(100, None)),
        ("bytes=-7", 206, slice(-7, None)),
        ("bytes=5-999999999", 206, slice(5, None)),
        ("bytes=999999999-", 416, slice(0, 0)),
        ("bytes=9-5", 416, slice(0, 0)),
        ("bytes=-0", 416, slice(0, 0)),
        ("bytes=-", 200, slice(None)),
        ("lines=1-2", 200, slice(None)),
        ("bytes=0-1,4-5", 200, slice(None)),
    ],
)
async def test_films_are_handed_out_in_parts(
    asked: str, status: int, part: slice, house: House, queue: Queue, session: aiohttp.ClientSession
) -> None:
    token = "part" * 8
    known = await queue.jobs(person_of(token))
    job = known[0].id if known else (await _made(house, queue, token)).job
    headers = {"Cookie": f"{COOKIE}={token}"}
    async with session.get(f"/files/{job}/turntable.mp4/a", headers=headers) as answer:
        whole = await answer.read()
    async with session.get(f"/files/{job}/turntable.mp4/a", headers=headers | {"Range": asked}) as answer:
        assert answer.status == status
        assert await answer.read() == whole[part]


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ({}, "en"),
        ({"Accept-Language": "zh-TW,zh;q=0.9,en;q=0.8"}, "zh-TW"),
        ({"Accept-Language": "de-DE,de;q=0.9"}, "en"),
        ({"Accept-Language": "zh-TW", "Cookie": "rigshot_language=en"}, "en"),
        ({"Cookie": "rigshot_language=zh-TW"}, "zh-TW"),
    ],
)
async def test_the_page_speaks_the_language_chosen_last_or_the_browsers(
    headers: dict[str, str], language: str, session: aiohttp.ClientSession
) -> None:
    async with session.get("/?job=abc", headers=headers) as answer:
        assert answer.url.path == f"/{language}/"
        assert answer.url.query_string == "job=abc"
        page = await answer.text()
        assert f'lang="{language}"' in page
        assert f"rigshot_language={language};" in " ".join(answer.headers.getall("Set-Cookie"))


async def test_a_page_names_no_other_host_and_its_policy_allows_none(session: aiohttp.ClientSession) -> None:
    async with session.get("/en/") as answer:
        page, headers = await answer.text(), answer.headers
    assert FOREIGN.findall(page.partition("</head>")[0]) == []
    assert "http" not in headers["Content-Security-Policy"]
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    cookie = next(cookie for cookie in headers.getall("Set-Cookie") if cookie.startswith(COOKIE))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    async with session.get("/en/", headers={"X-Forwarded-Proto": "https"}) as answer:
        assert any(cookie.startswith(COOKIE) and "Secure" in cookie for cookie in answer.headers.getall("Set-Cookie"))


async def test_a_visitors_cookie_stays_and_tells_nothing_of_the_person(session: aiohttp.ClientSession) -> None:
    token = secrets.token_urlsafe(24)
    async with session.get("/en/", headers={"Cookie": f"{COOKIE}={token}"}) as answer:
        assert any(cookie.startswith(f"{COOKIE}={token};") for cookie in answer.headers.getall("Set-Cookie"))
    assert token not in person_of(token)
    assert person_of(token) != person_of(secrets.token_urlsafe(24))


@pytest.mark.parametrize(
    "door",
    [
        "gradio_api/info",
        "gradio_api/openapi.json",
        "gradio_api/proxy=https://example.org/",
        "gradio_api/queue/join",
        "gradio_api/token",
        "gradio_api/runs",
        "monitoring",
        "login",
        "gradio_api/vibe-code",
        "%2e%2e/%2e%2e/etc/passwd",
    ],
)
async def test_doors_of_gradio_that_the_page_does_not_use_are_shut(door: str, session: aiohttp.ClientSession) -> None:
    for method in ("GET", "POST"):
        async with session.request(method, f"/en/{door}") as answer:
            assert answer.status == 404


async def test_it_says_that_it_lives(session: aiohttp.ClientSession) -> None:
    async with session.get("/healthz") as answer:
        assert (answer.status, await answer.text()) == (200, "ok")


def test_a_taken_port_is_one_sentence(house: House) -> None:
    port = house.address.rpartition(":")[2]
    environment = house.service.environment | {"RIGSHOT_WEB__PORT": port}
    command = [sys.executable, "-m", "rigshot_bots.terminal", "web"]
    answer = subprocess.run(command, env=environment, cwd=house.service.folder, capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert answer.stderr == f"Port {port} is taken by another program. Stop that one, or choose another port with RIGSHOT_WEB__PORT.\n"


def test_wrong_settings_are_one_sentence(house: House) -> None:
    environment = house.service.environment | {"RIGSHOT_WEB__PORT": "99999"}
    command = [sys.executable, "-m", "rigshot_bots.terminal", "web"]
    answer = subprocess.run(command, env=environment, cwd=house.service.folder, capture_output=True, text=True, check=False)
    assert answer.returncode == 2
    assert "RIGSHOT_WEB__PORT" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


async def test_it_stops_cleanly_while_a_page_is_open(service: Callable[..., Service]) -> None:
    house = service()
    process = house.start("web", RIGSHOT_WEB__PORT="0")
    address = page_address(house, process)
    async with aiohttp.ClientSession() as session, session.get(f"{address}/en/gradio_api/heartbeat/abc") as answer:
        assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        assert await until(lambda: process.poll() is not None)
    assert process.returncode == 0
    assert "Traceback" not in house.log("web")


def test_the_page_knows_no_3d_library_of_ours_and_the_command_not_even_gradio() -> None:
    for module, strangers in (
        ("rigshot_bots.web", "gradio numpy fastapi pydantic"),
        ("rigshot_bots.web.server", "rigshot_pipeline trimesh cv2 scipy onnxruntime"),
    ):
        code = f"import sys, {module}; print(sorted(set({strangers.split()}) & set(sys.modules)))"
        answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert answer.stdout.strip() == "[]"


async def test_nothing_is_left_to_be_delivered(house: House, queue: Queue) -> None:
    model = await _made(house, queue, secrets.token_urlsafe(24))

    async def marked() -> bool:
        found = await queue.job(model.job)
        return found is not None and found.delivery == "sent"

    assert await until(marked)


def test_the_port_is_an_address_of_this_machine(house: House) -> None:
    host, port = house.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10):
        assert host == "127.0.0.1"  # nobody else's, unless it is asked for
