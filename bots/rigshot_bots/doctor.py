"""``rigshot doctor``: looks at everything that Rigshot needs and says what is missing, in a sentence each."""

import argparse
import asyncio
import importlib.util
import shutil
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol
from urllib.parse import urlsplit

from .command import Command
from .texts import LANGUAGES, Language, say

if TYPE_CHECKING:
    from rigshot_queue import QueueSettings
    from rigshot_storage import StorageSettings

    from .settings import BotSettings

__all__ = ["COMMAND", "Finding", "examine"]

WELL, ILL = 0, 1
GB = 1_000_000_000
LEAST_FREE = 1.0
"""Gigabytes: a job leaves some 100 MB of stages while it can still be changed, and Redis and the log must never find the disk full."""
GROUP = "rigshot.doctor"
"""Entry points of rooms that are examined, too: functions from a language to findings."""
PATIENCE = 10.0
"""Seconds for a server to answer."""
MARKS = {"good": ("✓", "green"), "note": ("·", "yellow"), "bad": ("✗", "red")}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at: ``good``, a ``note`` (works, but know this), or ``bad`` (something does not work)."""

    level: Literal["good", "note", "bad"]
    sentence: str


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = f"Exit status: {WELL} nothing is wrong, {ILL} something does not work."
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="the language of sentences")


def _run(arguments: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)

    async def look() -> int:
        status = WELL
        async for finding in examine(arguments.language):
            mark, style = MARKS[finding.level]
            console.print(Text.assemble((f"{mark} ", style), finding.sentence))
            status = max(status, ILL if finding.level == "bad" else WELL)
        return status

    return asyncio.run(look())


async def examine(language: Language) -> AsyncIterator[Finding]:
    """Look at one thing after the other, the most needed first."""
    from pydantic import ValidationError

    from rigshot_queue import QueueSettings
    from rigshot_storage import StorageSettings, explain

    from .settings import BotSettings

    try:
        storage, queue, bots = StorageSettings(), QueueSettings(), BotSettings()
    except ValidationError as error:
        yield Finding(level="bad", sentence=say("doctor_settings_wrong", language, reason=explain(error)))
        return
    yield _disk(storage.data, language)
    async for finding in _line(queue, storage, language):
        yield finding
    yield await _downloads(storage, language)
    yield _viewer(language)
    yield _public_url(storage, language)
    yield await _telegram(bots, language)
    yield _discord(bots, language)
    for finding in await asyncio.to_thread(lambda: list(_of_other_rooms(language))):
        yield finding


class _Found(Protocol):
    """What another room's examination finds: like ``Finding``."""

    @property
    def level(self) -> Literal["good", "note", "bad"]: ...
    @property
    def sentence(self) -> str: ...


def _of_other_rooms(language: Language) -> Iterator[Finding]:
    """What the rooms on this machine have to say that this face does not know: the pipeline of its engines and of the graphics card."""
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        look: Callable[[Language], Iterable[_Found]] = point.load()
        for found in look(language):
            yield Finding(level=found.level, sentence=found.sentence)


def _disk(data: Path, language: Language) -> Finding:
    place = next(folder for folder in (data.absolute(), *data.absolute().parents) if folder.exists())
    gigabytes = shutil.disk_usage(place).free / GB
    if gigabytes < LEAST_FREE:
        return Finding(level="bad", sentence=say("doctor_disk_full", language, gigabytes=f"{gigabytes:.1f}", place=place))
    return Finding(level="good", sentence=say("doctor_disk", language, gigabytes=f"{gigabytes:.0f}"))


async def _line(settings: "QueueSettings", storage: "StorageSettings", language: Language) -> AsyncIterator[Finding]:
    from rigshot_queue import QueueUnavailable, open_queue

    try:
        async with open_queue(settings, storage=storage) as queue:
            overview = await queue.overview()
            there = "doctor_redis_there" if settings.redis_url else "doctor_redis_embedded"
            yield Finding(level="good", sentence=say(there, language, place=settings.data / "redis"))
            workers = sum(worker.alive for worker in overview.workers)
            if workers:
                yield Finding(level="good", sentence=say("doctor_workers", language, workers=workers))
            else:
                yield Finding(level="bad", sentence=say("doctor_no_worker", language))
            yield await _storage(storage, language)
    except QueueUnavailable as error:
        yield Finding(level="bad", sentence=say("doctor_redis_missing", language, reason=error.sentence(language)))


async def _storage(settings: "StorageSettings", language: Language) -> Finding:
    from rigshot_storage import StorageError, open_artifacts

    place = settings.s3.bucket or settings.data / "artifacts"
    try:
        artifacts = open_artifacts(settings)
        await artifacts.write("doctor/probe", b"probe")
        await artifacts.read("doctor/probe")
        await artifacts.delete("doctor")
    except (StorageError, OSError) as error:
        return Finding(level="bad", sentence=say("doctor_storage_broken", language, place=place, reason=error))
    return Finding(level="good", sentence=say("doctor_storage_there", language, place=place))


async def _downloads(settings: "StorageSettings", language: Language) -> Finding:
    import aiohttp

    url = settings.base_url
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as web, web.get(f"{url}/healthz") as answer:
            answer.raise_for_status()
    except (aiohttp.ClientError, TimeoutError):
        level: Literal["note", "bad"] = "bad" if settings.public_url else "note"  # nobody was given a link yet
        return Finding(level=level, sentence=say("doctor_downloads_missing", language, url=url))
    return Finding(level="good", sentence=say("doctor_downloads_there", language, url=url))


def _viewer(language: Language) -> Finding:
    from rigshot_storage.viewer import viewer_ready

    if viewer_ready():
        return Finding(level="good", sentence=say("doctor_viewer_there", language))
    return Finding(level="note", sentence=say("doctor_viewer_missing", language))


def _public_url(settings: "StorageSettings", language: Language) -> Finding:
    if settings.public_url is None:
        return Finding(level="note", sentence=say("doctor_no_public_url", language))
    host = urlsplit(settings.base_url).hostname or ""
    if "." not in host:
        return Finding(level="bad", sentence=say("doctor_public_url_local", language, host=host))
    return Finding(level="good", sentence=say("doctor_public_url", language, url=settings.base_url))


async def _telegram(settings: "BotSettings", language: Language) -> Finding:
    token = settings.telegram.token
    if token is None:
        return Finding(level="note", sentence=say("doctor_telegram_none", language))
    if importlib.util.find_spec("telegram") is None:
        return Finding(level="bad", sentence=say("doctor_extra_missing", language, platform="Telegram", extra="telegram"))
    from telegram import Bot
    from telegram.error import InvalidToken, TelegramError

    try:
        me = await Bot(token.get_secret_value(), base_url=str(settings.telegram.base_url)).get_me(read_timeout=PATIENCE)
    except InvalidToken:
        return Finding(level="bad", sentence=say("doctor_telegram_refused", language))
    except TelegramError as error:
        reason = str(error).replace(token.get_secret_value(), "…")
        return Finding(level="bad", sentence=say("doctor_telegram_away", language, reason=reason))
    return Finding(level="good", sentence=say("doctor_telegram", language, name=me.username))


def _discord(settings: "BotSettings", language: Language) -> Finding:
    if settings.discord.token is None:
        return Finding(level="note", sentence=say("doctor_discord_none", language))
    if importlib.util.find_spec("discord") is None:
        return Finding(level="bad", sentence=say("doctor_extra_missing", language, platform="Discord", extra="discord"))
    return Finding(level="good", sentence=say("doctor_discord", language))


COMMAND = Command(help="say what is missing, in a sentence each", configure=_configure, run=_run)
