"""The download server over real HTTP: links, ranges, conditions, names, and what people see when there is nothing."""

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from places import GLB, JOB, NOW, OTHER_JOB, PNG, Clock, Place, only_folder, only_s3
from pydantic import HttpUrl

from rigshot_storage import StorageSettings
from rigshot_storage.server import build_app

Client = TestClient[web.Request, web.Application]


def here(url: str) -> str:
    """A public link as the proxy hands it on, without the public path."""
    parts = urlsplit(url)
    return f"{parts.path.removeprefix('/models')}?{parts.query}"


@pytest.fixture
async def glb(place: Place) -> str:
    """The way to the GLB of a published model."""
    await place.publish()
    return here(place.links.url(JOB, "glb"))


async def test_a_file_comes_whole_with_its_name_and_protection(client: Client, glb: str) -> None:
    answer = await client.get(glb)
    assert answer.status == 200
    assert await answer.read() == GLB
    assert answer.headers["Content-Type"] == "model/gltf-binary"
    assert answer.headers["Content-Length"] == str(len(GLB))
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Content-Disposition"] == "attachment; filename=\"Mimi __.glb\"; filename*=UTF-8''Mimi%20%E7%9A%84%E8%B2%93.glb"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"


async def test_films_open_in_the_browser(client: Client, place: Place) -> None:
    await place.publish()
    answer = await client.get(here(place.links.url(JOB, "turntable.mp4")))
    assert answer.headers["Content-Type"] == "video/mp4"
    assert answer.headers["Content-Disposition"].startswith("inline; ")


async def test_head_tells_the_size_and_sends_nothing(client: Client, glb: str) -> None:
    answer = await client.head(glb, headers={"Range": "bytes=0-3"})
    assert answer.status == 200
    assert answer.headers["Content-Length"] == str(len(GLB))
    assert await answer.read() == b""


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("bytes=0-3", slice(0, 4)),
        ("bytes=0-0", slice(0, 1)),
        ("bytes=500000-", slice(500_000, None)),
        ("bytes=-7", slice(-7, None)),
        ("bytes=1000-99999999", slice(1000, None)),
        ("bytes=-99999999", slice(0, None)),
        ("Bytes= 4 - 9", slice(4, 10)),
    ],
)
async def test_a_range(client: Client, glb: str, wanted: str, part: slice) -> None:
    answer = await client.get(glb, headers={"Range": wanted})
    assert answer.status == 206
    assert await answer.read() == GLB[part]
    start, end, _ = part.indices(len(GLB))
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(GLB)}"
    assert answer.headers["Content-Length"] == str(end - start)


@pytest.mark.parametrize("wanted", ["bytes=5-2", "bytes=-", "bytes=0-1,5-6", "cats=0-1", "bytes=x-y", "nonsense"])
async def test_what_is_no_single_range_is_answered_with_the_whole_file(client: Client, glb: str, wanted: str) -> None:
    answer = await client.get(glb, headers={"Range": wanted})
    assert answer.status == 200
    assert await answer.read() == GLB


@pytest.mark.parametrize("wanted", [f"bytes={len(GLB)}-", "bytes=99999999-", "bytes=-0"])
async def test_a_range_beyond_the_end(client: Client, glb: str, wanted: str) -> None:
    answer = await client.get(glb, headers={"Range": wanted})
    assert answer.status == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(GLB)}"


async def test_a_client_that_has_the_file_gets_no_second_copy(client: Client, glb: str) -> None:
    first = await client.get(glb)
    tag, changed = first.headers["ETag"], first.headers["Last-Modified"]
    await first.read()
    for headers in ({"If-None-Match": tag}, {"If-None-Match": f'"other", W/{tag}'}, {"If-None-Match": "*"}, {"If-Modified-Since": changed}):
        answer = await client.get(glb, headers=headers)
        assert answer.status == 304, headers
        assert await answer.read() == b""
        assert answer.headers["ETag"] == tag
    for headers in (
        {"If-None-Match": '"other"'},
        {"If-Modified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"},
        {"If-None-Match": '"other"', "If-Modified-Since": changed},
        {"If-Match": tag},
        {"If-Unmodified-Since": changed},
    ):
        assert (await client.get(glb, headers=headers)).status == 200, headers
    for headers in ({"If-Match": '"other"'}, {"If-Unmodified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"}):
        assert (await client.get(glb, headers=headers)).status == 412, headers


async def test_a_download_is_resumed_only_when_the_file_is_the_same(client: Client, glb: str, place: Place) -> None:
    first = await client.get(glb, headers={"Range": "bytes=0-99"})
    tag, changed = first.headers["ETag"], first.headers["Last-Modified"]
    await first.read()
    for same in (tag, changed):
        assert (await client.get(glb, headers={"Range": "bytes=100-", "If-Range": same})).status == 206
    for other in ('"other"', f"W/{tag}", "Mon, 01 Jan 2001 00:00:00 GMT", "Thu, 01 Jan 2099 00:00:00 GMT"):
        assert (await client.get(glb, headers={"Range": "bytes=100-", "If-Range": other})).status == 200
    await place.publish(attempt=2, content=GLB[::-1])
    answer = await client.get(glb, headers={"Range": "bytes=100-", "If-Range": tag})
    assert answer.status == 200
    assert await answer.read() == GLB[::-1]


async def test_many_clients_at_once_get_what_they_asked_for(client: Client, glb: str) -> None:
    async def part(number: int) -> None:
        answer = await client.get(glb, headers={"Range": f"bytes={number * 1000}-{number * 1000 + 300_000}"})
        assert await answer.read() == GLB[number * 1000 : number * 1000 + 300_001]

    await asyncio.gather(*(part(number) for number in range(40)))


async def test_a_client_that_leaves_does_no_harm(client: Client, place: Place) -> None:
    await place.publish(content=GLB * 30)
    way = here(place.links.url(JOB, "glb"))
    for _ in range(3):
        answer = await client.get(way)
        await answer.content.readexactly(1000)
        answer.close()
    answer = await client.get(way)
    assert len(await answer.read()) == 30 * len(GLB)


async def test_reading_changes_nothing(client: Client, place: Place) -> None:
    await place.publish()
    before = await place.artifacts.entries("jobs")
    for way in (place.links.url(JOB, "glb"), place.links.viewer(JOB), place.links.poster(JOB)):
        for _ in range(3):
            answer = await client.get(here(way), headers={"User-Agent": "TelegramBot (like TwitterBot)"})
            assert answer.status == 200
            await answer.read()
    assert await place.artifacts.entries("jobs") == before


async def test_nothing_but_reading_is_allowed(client: Client, glb: str, place: Place) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert (await client.request(method, glb)).status == 405
    assert (await client.get(glb)).status == 200


async def test_the_poster_needs_no_signature_and_may_be_kept(client: Client, place: Place) -> None:
    await place.publish()
    answer = await client.get(f"/p/{JOB}.png")
    assert await answer.read() == PNG
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert (await client.get(f"/p/{OTHER_JOB}.png")).status == 410


async def test_a_bad_link_says_so(client: Client, glb: str) -> None:
    for way in (glb.partition("?")[0], glb[:-1], glb.replace("/glb", "/turntable.mp4"), f"/m/{JOB}", glb.replace(JOB, OTHER_JOB)):
        answer = await client.get(way)
        assert answer.status == 403
        assert "This link is not complete" in await answer.text()


async def test_an_expired_link_says_so_in_the_readers_language(client: Client, place: Place) -> None:
    await place.publish()
    ways = [here(place.links.viewer(JOB)), here(place.links.url(JOB, "glb"))]
    place.clock.now = NOW + 7 * 86400
    for way in ways:
        answer = await client.get(way, headers={"Accept-Language": "zh-TW,zh;q=0.9,en;q=0.5"})
        assert answer.status == 410
        page = await answer.text()
        assert 'lang="zh-TW"' in page
        assert "這個連結已經過期" in page
        assert "重新傳送照片" in page
        page = await (await client.get(way, headers={"Accept-Language": "de, en;q=0.7"})).text()
        assert "This link has expired" in page
        assert "send the photo again" in page


async def test_a_deleted_model_is_gone_at_once(client: Client, glb: str, place: Place) -> None:
    assert (await client.get(glb)).status == 200
    await place.models.delete(JOB)
    for way in (glb, here(place.links.viewer(JOB)), f"/p/{JOB}.png"):
        answer = await client.get(way)
        assert answer.status == 410
        assert "no longer here" in await answer.text()


async def test_a_model_whose_time_is_over_is_gone_before_the_sweep(client: Client, place: Place) -> None:
    await place.publish(expires=NOW + 100)
    way = here(place.links.viewer(JOB))
    place.clock.now = NOW + 101
    assert (await client.get(way)).status == 410


async def test_a_kind_that_the_model_lacks_is_not_found(client: Client, place: Place) -> None:
    await place.publish()
    assert (await client.get(here(place.links.url(JOB, "fbx")))).status == 404


@pytest.mark.parametrize("way", ["/", "/m/", "/m/x", "/f/x/glb", "/static/", "/static/nothing.css", "/favicon.ico", "/a/b/c/d"])
async def test_other_ways_lead_to_a_friendly_page(client: Client, way: str) -> None:
    answer = await client.get(way)
    assert answer.status == 404
    page = await answer.text()
    assert "There is nothing here" in page
    style = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
    assert (await client.get(str(answer.url.join(answer.url.__class__(style)).relative()))).status == 200


async def raw(client: Client, target: str) -> tuple[int, bytes]:
    """Ask for exactly this target, which a well-behaved client would tidy up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    writer.write(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    data = await reader.read()
    writer.close()
    await writer.wait_closed()
    return int(data.split()[1]), data


@pytest.mark.parametrize(
    "target",
    [
        "/static/../../settings.py",
        "/static/..%2f..%2fsettings.py",
        "/static/%2e%2e/page.py",
        "/static/....//page.py",
        "/static//etc/passwd",
        "/static/page.css%00.png",
        f"/f/{JOB}/..%2f..%2f..%2flink_key",
        f"/f/{JOB}/../../link_key",
        f"/f/{JOB}/%2e%2e",
        f"/p/..%2f{JOB}.png",
        "//etc/passwd",
        "/%00",
        "/m/%ff%fe",
    ],
)
async def test_no_way_leads_out(client: Client, place: Place, target: str) -> None:
    await place.publish()
    secret = place.settings.data / "link_key"
    secret.parent.mkdir(parents=True, exist_ok=True)
    secret.write_text("password")
    status, data = await raw(client, target)
    assert status in (400, 403, 404)
    assert b"password" not in data
    assert b"import" not in data


@only_folder
async def test_a_file_that_is_a_link_out_of_the_folder_is_not_found(client: Client, glb: str, place: Place) -> None:
    file = place.settings.data / "artifacts" / "jobs" / JOB / "1" / "model.glb"
    file.unlink()
    file.symlink_to("/etc/passwd")
    assert (await client.get(glb)).status == 404


@pytest.mark.parametrize(
    ("name", "header"),
    [
        (
            'a"b\r\nSet-Cookie: x=1.glb',
            "attachment; filename=\"a_b__Set-Cookie_ x_1.glb\"; filename*=UTF-8''a%22b__Set-Cookie%3A%20x%3D1.glb",
        ),
        ("../../etc/passwd", "attachment; filename=\"_.._etc_passwd\"; filename*=UTF-8''_.._etc_passwd"),
        ("evil\u202egpj.exe", "attachment; filename=\"evil_gpj.exe\"; filename*=UTF-8''evil_gpj.exe"),
        ("", "attachment; filename=\"model\"; filename*=UTF-8''model"),
        ("🐈\ud800.glb", "attachment; filename=\"__.glb\"; filename*=UTF-8''%F0%9F%90%88_.glb"),
    ],
)
def test_hostile_names_stay_names(name: str, header: str) -> None:
    from rigshot_storage.media import content_disposition

    assert content_disposition(name) == header


async def test_titles_cannot_write_into_the_page(client: Client, place: Place) -> None:
    await place.publish(title='"><script>alert(1)</script>', clips=('"><img src=x>',), licences=("<b>",))
    page = await (await client.get(here(place.links.viewer(JOB)))).text()
    assert "<script>alert" not in page
    assert "<img src=x>" not in page
    assert "<b>" not in page.partition('class="wide licences"')[2]


@pytest.mark.parametrize("kept", [True, False], ids=["the proxy keeps the path", "the proxy strips the path"])
async def test_behind_a_proxy_with_a_path(place: Place, kept: bool) -> None:
    """A real reverse proxy before the server, at the path of RIGSHOT_PUBLIC_URL."""
    await place.publish()
    async with TestServer(build_app(place.settings, artifacts=place.artifacts, clock=place.clock)) as server, TestClient(server) as behind:

        async def forward(request: web.Request) -> web.Response:
            path = request.raw_path if kept else request.raw_path.removeprefix("/models")
            answer = await behind.get(path, headers={name: value for name, value in request.headers.items() if name != "Host"})
            return web.Response(status=answer.status, body=await answer.read(), headers=answer_headers(answer.headers))

        proxy = web.Application()
        proxy.router.add_get("/models/{rest:.*}", forward)
        async with TestClient(TestServer(proxy)) as outside:
            page_way = urlsplit(place.links.viewer(JOB))
            answer = await outside.get(f"{page_way.path}?{page_way.query}")
            assert answer.status == 200
            page = await answer.text()
            for way in attributes(page, "href") + attributes(page, "src"):
                if not way.startswith("?"):
                    assert (await outside.get(str(answer.url.join(answer.url.__class__(way)).relative()))).status == 200, way
            missing = await outside.get("/models/a/b")
            assert missing.status == 404
            assert '"../static/page.css' in await missing.text()


def answer_headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in ("Content-Length", "Transfer-Encoding", "Connection")}


def attributes(page: str, name: str) -> list[str]:
    return [part.partition('"')[0].replace("&amp;", "&") for part in page.split(f'{name}="')[1:]]


@only_s3
async def test_a_storage_that_does_not_answer_is_a_page_and_the_server_lives(place: Place) -> None:
    settings = place.settings.model_copy(update={"s3": place.settings.s3.model_copy(update={"endpoint": HttpUrl("http://127.0.0.1:9")})})
    async with TestClient(TestServer(build_app(settings, clock=place.clock))) as client:
        answer = await client.get(here(place.links.viewer(JOB)))
        assert answer.status == 503
        assert "try again in a minute" in await answer.text()
        assert await (await client.get("/healthz")).text() == "ok\n"


async def test_the_server_sweeps(place: Place) -> None:
    await place.publish(JOB, expires=NOW - 1)
    await place.publish(OTHER_JOB, expires=NOW + 1000)
    app = build_app(place.settings, artifacts=place.artifacts, clock=Clock(NOW), sweep_every=0.05)
    async with TestClient(TestServer(app)), asyncio.timeout(60):
        while await place.models.load(JOB) is not None:
            await asyncio.sleep(0.02)
    assert await place.models.load(OTHER_JOB) is not None


@only_folder
async def test_a_sweep_that_fails_does_not_end_the_sweeping(place: Place) -> None:
    artifacts = place.settings.data / "artifacts"
    artifacts.parent.mkdir(parents=True)
    artifacts.symlink_to(artifacts)  # a circle: every look at it fails
    app = build_app(place.settings, artifacts=place.artifacts, clock=Clock(NOW), sweep_every=0.05)
    async with TestClient(TestServer(app)) as client, asyncio.timeout(60):
        assert (await client.get("/healthz")).status == 200
        artifacts.unlink()
        await place.publish(JOB, expires=NOW - 1)
        while await place.models.load(JOB) is not None:
            await asyncio.sleep(0.02)


async def test_a_default_server_stands_on_the_folder_of_the_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    settings = StorageSettings(data=tmp_path_factory.mktemp("data"))
    async with TestClient(TestServer(build_app(settings))) as client:
        assert (await client.get("/")).status == 404
