"""What the tests of the web page share: the page's process, and a visitor with a browser of their own."""

import json
import re
import subprocess
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from chat_lab import LONG, Service
from chromium import Tab, browser_tab
from PIL import Image

FAKE_CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


@dataclass(frozen=True)
class House:
    """A page with a worker behind it."""

    service: Service
    address: str


@contextmanager
def a_house(folder: Path, work: Callable[[Service], object] = Service.worker, **environment: str) -> Iterator[House]:
    """A page and the worker that ``work`` starts (a quick one) on a data folder of their own."""
    service = Service(folder, **environment)
    try:
        work(service)
        yield House(service, start_page(service))
    finally:
        service.stop()


def start_page(service: Service, **environment: str) -> str:
    """Start ``rigshot web`` on a free port; its address."""
    return page_address(service, service.start("web", **{"RIGSHOT_WEB__PORT": "0"} | environment))


def page_address(service: Service, process: subprocess.Popen[bytes]) -> str:
    """Where a page that was started listens, once it does."""
    end = time.monotonic() + LONG
    while time.monotonic() < end:
        assert process.poll() is None, service.log("web")
        if found := re.search(r"web\.listening.*(http://[\w.:]+)", re.sub(r"\x1b\[[0-9;]*m", "", service.log("web"))):
            return found[1]
        time.sleep(0.05)
    raise AssertionError("the page never came up")


class Guest:
    """Somebody with a browser at the page."""

    def __init__(self, tab: Tab, address: str) -> None:
        self.tab = tab
        self.address = address

    async def come(self, path: str = "en/", *, language: str = "en", width: int = 1280, height: int = 2200) -> None:
        """Open the page and wait until it is there."""
        await self.tab.open(f"{self.address}/{path}", width=width, height=height, language=language)
        await self.ready()

    async def ready(self) -> None:
        """Wait until the page has told what there is."""
        await self.sees(".rs-stage, .rs-way, .rs-ended")

    async def sees(self, selector: str) -> None:
        """Wait until something is on the page."""
        await self.tab.until(f"!!document.querySelector({json.dumps(selector)})")

    async def reads(self, words: str, selector: str = "body") -> None:
        """Wait until words can be read."""
        await self.tab.until(f"document.querySelector({json.dumps(selector)})?.innerText.includes({json.dumps(words)})")

    async def text(self, selector: str) -> str:
        """What can be read there."""
        return str(await self.tab.value(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"))

    async def press(self, selector: str) -> None:
        """Press something as soon as it can be seen."""
        await self.tab.until(f"document.querySelector({json.dumps(selector)})?.getClientRects().length > 0")
        await self.tab.value(f"document.querySelector({json.dumps(selector)}).click()")

    async def choose(self, photo: Path) -> None:
        """Put a file on the page and wait until it has arrived."""
        await self.sees("#rs-photo input[type=file]")
        root = (await self.tab.call("DOM.getDocument"))["root"]["nodeId"]
        field = (await self.tab.call("DOM.querySelector", nodeId=root, selector="#rs-photo input[type=file]"))["nodeId"]
        await self.tab.call("DOM.setFileInputFiles", nodeId=field, files=[str(photo)])
        await self.sees("#rs-photo .image-frame img")

    async def pick(self, field: str, words: str) -> None:
        """Choose from one of Gradio's lists, which open for a true mouse only."""
        await self.tab.until(f"document.querySelector('{field} input')?.getClientRects().length > 0")
        await self.draw(f"{field} input", (0.5, 0.5, 0.5, 0.5))
        option = f"[...document.querySelectorAll('{field} [role=option]')].find(option => option.innerText.includes({words!r}))"
        await self.tab.until(f"!!{option}")
        await self.tab.value(f"{option}.dispatchEvent(new MouseEvent('mousedown', {{bubbles: true}}))")
        await self.tab.until(f"document.querySelector('{field} input').value.includes({words!r})")

    async def draw(self, selector: str, box: tuple[float, float, float, float]) -> None:
        """Draw from corner to corner with the mouse, in fractions of an element's sides."""
        place = f"document.querySelector({json.dumps(selector)}).getBoundingClientRect()"
        left, top, width, height = await self.tab.value(f"(() => {{ const r = {place}; return [r.left, r.top, r.width, r.height]; }})()")
        corners = [(left + width * x, top + height * y) for x, y in (box[:2], box[2:])]
        for kind, (x, y), buttons in (
            ("mousePressed", corners[0], 1),
            ("mouseMoved", corners[1], 1),
            ("mouseReleased", corners[1], 0),
        ):
            await self.tab.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=buttons, clickCount=1)

    async def job(self) -> str:
        """The job that the page shows, by its address."""
        return str(await self.tab.value("new URLSearchParams(location.search).get('job') ?? ''"))

    @property
    def elsewhere(self) -> list[str]:
        """What the browser has asked of anybody but the page's server."""
        return [url for url in self.tab.requests if not url.startswith((f"{self.address}/", "data:", "blob:"))]


@asynccontextmanager
async def a_guest(address: str, folder: Path, *flags: str) -> AsyncGenerator[Guest]:
    """A guest whose browser knows nothing yet."""
    folder.mkdir()
    async with browser_tab(folder, *flags) as tab:
        yield Guest(tab, address)


def picture(place: Path, size: tuple[int, int] = (400, 300)) -> Path:
    """A picture that a browser can show."""
    Image.radial_gradient("L").resize(size).save(place)
    return place
