"""The subcommand ``rigshot up``."""

import argparse
import asyncio
import signal
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

from ..command import Command
from ..texts import LANGUAGES, Language, say
from .services import SERVICES, Choice, choose
from .supervisor import Supervisor

if TYPE_CHECKING:
    import aiohttp
    from rich.console import Console

    from rigshot_storage import StorageSettings

    from ..settings import BotSettings

__all__ = ["COMMAND"]

DONE, FAILED, WRONG_SETTINGS = 0, 1, 2
_COLOURS = ("cyan", "green", "magenta", "yellow", "blue")
EACH_CARD = "gpus"
_GLANCE = 0.3  # seconds between two looks at whether the pages answer


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", type=_names, default=(), metavar="LIST", help=f"start only these of {', '.join(SERVICES)}")
    parser.add_argument(
        "--workers",
        type=_workers,
        default=1,
        metavar="N",
        help=f"so many photos are made at once (default: 1); {EACH_CARD}: one worker for every graphics card",
    )
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="the language of this command's own lines")


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    for name in names:
        if name not in SERVICES:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(SERVICES)}")
    return names


def _workers(text: str) -> int | str:
    if text == EACH_CARD:
        return text
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number of workers nor {EACH_CARD}")
    return int(text)


def _run(arguments: argparse.Namespace) -> int:
    # The libraries behind these take a second that --help need not wait for.
    from pydantic import ValidationError
    from rich.console import Console

    from rigshot_queue.cards import card_uuids
    from rigshot_storage import StorageSettings, explain

    from ..settings import BotSettings

    language: Language = arguments.language
    console = Console(stderr=True, highlight=False)
    try:
        settings, storage = BotSettings(), StorageSettings()
    except ValidationError as error:
        console.print(say("doctor_settings_wrong", language, reason=explain(error)), markup=False)
        return WRONG_SETTINGS
    each_card = arguments.workers == EACH_CARD
    cards = card_uuids() if each_card else ()
    if each_card and not cards:
        console.print(say("up_no_card", language), markup=False)
        return FAILED
    choice = choose(settings, only=arguments.only, workers=1 if each_card else arguments.workers, cards=cards)
    return asyncio.run(_Terminal(console, language).run(choice, settings, storage))


class _Terminal:
    """The one log: every line behind the coloured name of who said it."""

    def __init__(self, console: "Console", language: Language) -> None:
        self._console = console
        self._language: Language = language
        self._width = len("rigshot")

    async def run(self, choice: Choice, settings: "BotSettings", storage: "StorageSettings") -> int:
        self._width = max([self._width, *(len(service.name) for service in choice.services)])
        for name, code, values in choice.left_out:
            if code != "up_elsewhere":
                self.tell("up_left_out", service=name, reason=say(code, self._language, **values))
        if not choice.services:
            self.tell("up_nothing_left")
            return FAILED
        self.tell("up_starting", services=", ".join(service.name for service in choice.services))
        supervisor = Supervisor(choice.services, say=self.say, tell=self.tell)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._stop, supervisor)
        ready = asyncio.create_task(self._ready(choice, settings, storage))
        ended_well = await supervisor.run()
        ready.cancel()
        self.tell("up_stopped" if ended_well else "up_nothing_left")
        return DONE if ended_well else FAILED

    def say(self, name: str, line: str) -> None:
        """A line of a service's log."""
        from rich.text import Text

        colour = _COLOURS[zlib.crc32(name.split()[0].encode()) % len(_COLOURS)]
        self._console.print(Text.assemble((f"{name:<{self._width}} ", colour), ("│ ", "dim"), Text.from_ansi(line)), soft_wrap=True)

    def tell(self, code: str, **values: object) -> None:
        """A line of our own."""
        from rich.text import Text

        self._console.print(
            Text.assemble((f"{'rigshot':<{self._width}} ", "bold"), ("│ ", "dim"), (say(code, self._language, **values), "bold")),
            soft_wrap=True,
        )

    def _stop(self, supervisor: Supervisor) -> None:
        self.tell("up_stopping")
        supervisor.stop()

    async def _ready(self, choice: Choice, settings: "BotSettings", storage: "StorageSettings") -> None:
        """Say where to look as soon as the servers among the services answer."""
        import aiohttp

        names = {service.name for service in choice.services}
        web = _url(settings.web.host, settings.web.port)
        pages = [f"{_url(storage.downloads.host, storage.downloads.port)}/healthz"] if "downloads" in names else []
        pages += [web] if "web" in names else []
        async with aiohttp.ClientSession() as session:
            for page in pages:
                while not await _answers(session, page):
                    await asyncio.sleep(_GLANCE)
        place = say("up_web", self._language, url=web) if "web" in names else say("up_no_web", self._language)
        self.tell("up_ready", place=place)


async def _answers(session: "aiohttp.ClientSession", url: str) -> bool:
    import aiohttp

    with suppress(aiohttp.ClientError, TimeoutError):
        async with session.get(url, timeout=aiohttp.ClientTimeout(total=5)) as answer:
            return answer.status < 500
    return False


def _url(host: str, port: int) -> str:
    """Where a server of this machine is reached; one that listens everywhere is looked for here."""
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://{f'[{near}]' if ':' in near else near}:{port}"


COMMAND = Command(help="start everything that is configured, in one terminal", configure=_configure, run=_run)
