"""The model's page: what previews of links read, what people see, and the page in a real browser."""

import re
from collections.abc import AsyncGenerator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from chromium import Tab, browser_tab, chromium
from places import JOB, NOW, Place
from pydantic import HttpUrl, SecretStr

from rigshot_pipeline.asset import Asset
from rigshot_pipeline.formats.glb import write_glb
from rigshot_storage import Model, ModelFile, StorageSettings, media_type, open_artifacts
from rigshot_storage.server import build_app
from rigshot_storage.viewer import page, texts, viewer_ready, viewer_script
from rigshot_storage.viewer.language import choose

Client = TestClient[web.Request, web.Application]

needs_browser = pytest.mark.skipif(chromium() is None or not viewer_ready(), reason="needs Chromium and the 3D view (make viewer)")


class Page(HTMLParser):
    """What is in a page, as programs see it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def meta(self, name: str) -> str | None:
        found = [tag.get("content") for tag in self.all("meta") if name in (tag.get("name"), tag.get("property"))]
        assert len(found) <= 1, name
        return found[0] if found else None


async def read(client: Client, place: Place, language: str | None = "en") -> tuple[Page, str]:
    parts = urlsplit(place.links.viewer(JOB))
    headers = {} if language is None else {"Accept-Language": language}
    answer = await client.get(f"{parts.path.removeprefix('/models')}?{parts.query}", headers=headers)
    assert answer.status == 200
    text = await answer.text()
    return Page(text), text


async def test_a_preview_of_the_link_finds_all_it_needs(client: Client, place: Place) -> None:
    await place.publish()
    shown, _ = await read(client, place)
    assert shown.meta("og:title") == shown.meta("twitter:title") == "Mimi 的貓"
    assert shown.meta("og:image") == shown.meta("twitter:image") == f"https://example.org/models/p/{JOB}.png"
    assert (shown.meta("og:image:width"), shown.meta("og:image:height")) == ("768", "640")
    assert shown.meta("twitter:card") == "summary_large_image"
    assert shown.meta("og:url") == place.links.viewer(JOB)
    assert shown.meta("robots") == "noindex, nofollow"
    assert shown.meta("og:description") == (
        "A 3D model made from a photo, with a skeleton and 2 movements. Turn it around, download it as GLB."
    )


async def test_scripts_come_from_here_and_none_is_inline(client: Client, place: Place) -> None:
    await place.publish()
    parts = urlsplit(place.links.viewer(JOB))
    answer = await client.get(f"{parts.path.removeprefix('/models')}?{parts.query}")
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == "'self' 'wasm-unsafe-eval'"
    text = await answer.text()
    assert not re.search(r"\son\w+=", text)
    shown = Page(text)
    for way in [tag["src"] for tag in shown.all("script")] + [tag["href"] for tag in shown.all("link")]:
        assert way is not None
        assert way.startswith("../static/")
    assert re.findall(r"<script[^>]*>(.*?)</script>", text, re.DOTALL) == [""] * len(shown.all("script"))


async def test_every_file_has_a_button_with_its_size(client: Client, place: Place) -> None:
    await place.publish()
    shown, text = await read(client, place)
    downloads = {tag["download"]: tag["href"] for tag in shown.all("a") if "download" in tag}
    assert set(downloads) == {"Mimi 的貓.glb", "Mimi 的貓.poster.png", "Mimi 的貓.turntable.mp4"}
    assert ">1.0 MB<" in text
    for way in downloads.values():
        assert way is not None
        assert (await client.get(way.removeprefix(".."))).status == 200


async def test_links_on_the_page_end_with_the_model(client: Client, place: Place) -> None:
    await place.publish(expires=NOW + 1000)
    shown, text = await read(client, place)
    ways = [tag["href"] or "" for tag in shown.all("a") if "download" in tag]
    assert ways
    assert all(f"?e={int(NOW) + 1000}&" in way for way in ways)
    assert "in 1 hour" in text


async def test_both_languages(client: Client, place: Place) -> None:
    await place.publish()
    _, english = await read(client, place, "en-GB,en;q=0.9")
    _, chinese = await read(client, place, "zh-Hant-TW,zh;q=0.9,en;q=0.8")
    _, owners = await read(client, place, None)
    assert 'lang="en"' in english
    assert "Four legs · 2 movements" in english
    assert 'lang="zh-TW"' in chinese
    assert "四足 · 2 個動作" in chinese
    assert 'lang="zh-TW"' in owners
    for text, other in ((english, "zh-TW"), (chinese, "en")):
        switch = next(tag["href"] for tag in Page(text).all("a") if "download" not in tag)
        assert switch is not None
        answer = await client.get(f"/m/{JOB}{switch}", headers={"Accept-Language": "en" if other == "zh-TW" else "zh-TW"})
        assert answer.headers["Content-Language"] == other


async def test_a_model_without_name_clips_and_pictures_has_a_page_too(client: Client, place: Place) -> None:
    model = await place.publish()
    bare = {"title": " ", "clips": (), "body_plan": "spider", "licences": (), "files": model.files[:1]}
    await place.publish(**bare)
    shown, text = await read(client, place)
    assert shown.meta("og:title") == "A model"
    assert shown.meta("og:image") is None
    assert "spider" not in text
    await place.publish(**{**bare, "files": ()})
    shown, text = await read(client, place)
    assert not shown.all("model-viewer")


async def test_the_page_shows_what_became_of_the_photo(client: Client, place: Place) -> None:
    model = await place.publish()
    poster = model.file("poster.png")
    assert poster is not None
    steps = tuple(replace(poster, kind=kind) for kind in ("after.png", "before.png", "standardised.png"))
    await place.publish(files=(*model.files, *steps))
    shown, text = await read(client, place)
    pictures = [tag for tag in shown.all("img") if tag.get("loading") == "lazy"]
    assert [tag["alt"] for tag in pictures] == ["The photo", "Straightened", "Cut out"]
    assert [(tag["width"], tag["height"]) for tag in pictures] == [("768", "640")] * 3
    assert text.count("--ratio: 1.2") == 3


async def test_a_poster_that_is_no_png_does_no_harm(client: Client, place: Place) -> None:
    await place.publish()
    await place.artifacts.write(f"jobs/{JOB}/1/poster.png", b"GIF")
    shown, _ = await read(client, place)
    assert shown.meta("og:image") is not None
    assert shown.meta("og:image:width") is None


def rendered(*, viewer: str | None) -> str:
    files = (
        ModelFile(kind="glb", key=f"jobs/{JOB}/1/a.glb", name="a.glb", media_type="model/gltf-binary", size=10),
        ModelFile(kind="turntable.mp4", key=f"jobs/{JOB}/1/a.mp4", name="a.mp4", media_type="video/mp4", size=10),
    )
    model = Model(
        job=JOB,
        owner="a",
        title="a",
        language="en",
        created=0,
        expires=1,
        files=files,
        clips=("walk",),
        body_plan="bird",
        licences=(),
    )
    return page.model_page(
        model,
        language="en",
        around=page.Surroundings(root="../", static=lambda name: f"static/{name}", viewer=viewer),
        signed=lambda kind: f"f/{kind}",
        poster="https://example.org/p.png",
        sizes={},
        address="https://example.org/m",
        switch="?",
        expires=1,
        now=0,
    )


def test_without_the_3d_view_the_page_shows_the_film_and_says_how_to_get_it() -> None:
    text = rendered(viewer=None)
    assert not Page(text).all("model-viewer")
    assert "make viewer" in text
    assert "autoplay" in Page(text).all("video")[0]
    assert "data-clip" not in text
    text = rendered(viewer="static/model-viewer.js")
    assert Page(text).all("model-viewer")
    assert "make viewer" not in text


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("de", "en"),
        ("zh", "zh-TW"),
        ("ZH-hk;q=0.3, fr", "zh-TW"),
        ("en;q=0.4, zh-TW;q=0.6", "zh-TW"),
        ("en, zh", "en"),
        ("zh;q=0", "en"),
        (",,;;q=9", "en"),
        ("zh" * 9999, "en"),
    ],
)
def test_the_visitors_language(accepted: str, language: str) -> None:
    assert choose(accepted) == language


def test_times_in_words() -> None:
    assert texts.date(0, "en") == "1 January 1970"
    assert texts.date(0, "zh-TW") == "1970 年 1 月 1 日"
    assert [texts.days_left(days * 86400, "en") for days in (6.5, 2, 1.5, 0.001)] == ["in 6 days", "in 2 days", "in 36 hours", "in 1 hour"]


def test_every_clip_and_body_plan_of_the_pipeline_has_a_name_in_both_languages() -> None:
    from rigshot_pipeline.embedded import clips as room
    from rigshot_pipeline.terms import BODY_PLANS

    sources = Path(room.__file__).parent.glob("*.py")
    names = {name for file in sources for name in re.findall(r'motion\.clip\("(\w+)"', file.read_text(encoding="utf-8"))}
    assert {"walk", "swim", "bounce"} <= names
    for name in names:
        assert texts.clip(name, "zh-TW") != name.capitalize(), name
    assert all(texts.body_plan(plan, "zh-TW") for plan in BODY_PLANS)


# --- in a browser -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def glb(tmp_path_factory: pytest.TempPathFactory, tube: Asset) -> Path:
    """A real model with two clips."""
    file = tmp_path_factory.mktemp("glb") / "tube.glb"
    write_glb(tube, file)
    return file


@pytest.fixture
async def address(tmp_path: Path, glb: Path, tube: Asset) -> AsyncGenerator[str]:
    """The page of that model at a running server."""
    settings = StorageSettings(data=tmp_path / "data", link_keys=(SecretStr("a key for the browser"),))
    place = Place(kind="folder", settings=settings, artifacts=open_artifacts(settings), files=tmp_path)
    key = f"jobs/{JOB}/1/model.glb"
    await place.artifacts.put(key, glb)
    file = ModelFile(kind="glb", key=key, name="tube.glb", media_type=media_type(key), size=glb.stat().st_size)
    model = await place.publish()
    clips = (*(clip.name for clip in tube.clips), "no such clip")
    await place.publish(files=(file, *(other for other in model.files if other.kind != "glb")), clips=clips)
    await place.artifacts.put(key, glb)
    async with TestServer(build_app(settings, artifacts=place.artifacts, clock=place.clock)) as server:
        base = str(server.make_url("/")).rstrip("/")
        here = settings.model_copy(update={"public_url": HttpUrl(base)})
        yield Place(kind="folder", settings=here, artifacts=place.artifacts, files=tmp_path).links.viewer(JOB)


VIEW = "document.documentElement.dataset.view"
PICTURE = "document.querySelector('model-viewer').toDataURL()"


async def show(tab: Tab, address: str, **taste: object) -> None:
    await tab.open(address, **taste)  # type: ignore[arg-type]
    await tab.until(f"{VIEW} !== undefined")


@needs_browser
async def test_the_model_is_drawn_moves_and_changes_its_clip(address: str, tmp_path: Path, tube: Asset) -> None:
    async with browser_tab(tmp_path / "profile") as tab:
        await show(tab, address, width=640, height=700)
        assert await tab.value(VIEW) == "live"
        assert await tab.value("document.querySelector('model-viewer').availableAnimations") == [clip.name for clip in tube.clips]
        visible = "[...document.querySelectorAll('[data-clip]')].filter(b => !b.hidden).map(b => b.dataset.clip)"
        assert await tab.value(visible) == [clip.name for clip in tube.clips]
        first = await tab.value(PICTURE)
        await tab.until(f"{PICTURE} !== {first!r}")  # it moves
        await tab.value("document.querySelectorAll('[data-clip]')[1].click()")
        assert await tab.value("document.querySelector('model-viewer').animationName") == tube.clips[1].name
        assert await tab.value("document.querySelector('[aria-pressed=true]').dataset.clip") == tube.clips[1].name
        await tab.value("document.querySelector('.stage .toggle').click()")
        await tab.until("document.querySelector('model-viewer').paused")
        assert await tab.value("document.querySelector('.stage .toggle').ariaLabel") == "Play"
        assert tab.complaints == []
        host = urlsplit(address).netloc
        assert {urlsplit(url).netloc for url in tab.requests if url.startswith("http")} == {host}


@needs_browser
async def test_whoever_wants_no_motion_gets_none(address: str, tmp_path: Path) -> None:
    async with browser_tab(tmp_path / "profile") as tab:
        await show(tab, address, still=True)
        assert await tab.value("document.querySelector('model-viewer').paused")
        assert await tab.value("[...document.querySelectorAll('figure video')].every(film => film.paused && film.controls)")


@needs_browser
async def test_a_browser_without_3d_shows_the_film(address: str, tmp_path: Path) -> None:
    async with browser_tab(tmp_path / "profile", "--disable-3d-apis") as tab:
        await show(tab, address, language="zh-TW")
        assert await tab.value(VIEW) == "film"
        assert await tab.value("document.querySelector('model-viewer').getBoundingClientRect().width") == 0
        assert await tab.value("document.querySelector('.stage video').getBoundingClientRect().width") > 300
        assert "無法顯示 3D" in await tab.value("document.querySelector('.show').innerText")
        assert await tab.value("document.querySelector('.clips').getBoundingClientRect().height") == 0


@needs_browser
async def test_nothing_sticks_out_of_any_window(address: str, tmp_path: Path) -> None:
    small = "[...document.querySelectorAll('button, .formats a')].filter(b => b.offsetHeight && b.offsetHeight < 40).length"
    # Drawing without a GPU is slow and beside the point here: only what else a drawing browser shows is brought back.
    async with browser_tab(tmp_path / "profile", "--disable-3d-apis") as tab:
        for language in ("en", "zh-TW"):
            await show(tab, address, language=language, still=True)
            await tab.value("document.querySelectorAll('.live').forEach(part => { part.hidden = false; })")
            assert await tab.value("document.querySelector('.clips').offsetHeight") > 40
            for width in (320, 390, 768, 1280):
                await tab.resize(width, 800)
                await tab.until(f"innerWidth === {width}")
                assert await tab.value("document.documentElement.scrollWidth") == width
                assert await tab.value(small) == 0  # a finger is 40 px wide


def test_the_3d_view_is_pinned_by_hash_and_the_lock_names_no_address() -> None:
    import json

    from rigshot_storage.viewer import FOLDER

    lock = json.loads((FOLDER / "package-lock.json").read_text(encoding="utf-8"))
    package = lock["packages"]["node_modules/@google/model-viewer"]
    assert viewer_script() == f"model-viewer-{package['version']}.min.js"
    for name, entry in lock["packages"].items():
        assert "resolved" not in entry
        assert name == "" or entry["integrity"].startswith("sha512-")
