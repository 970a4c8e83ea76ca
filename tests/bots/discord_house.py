"""A whole Rigshot for the Discord tests: the bot's process, workers, a Redis of their own, and the tests' Discord."""

import asyncio
import itertools
import json
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from chat_lab import Service, until
from discord_messages import Channel, Shown
from discord_people import Someone
from discord_server import PATIENCE, TOKEN, DiscordServer

from rigshot_queue import Job, Queue, open_queue

GUILD = 7777_7777_7777_7777
_NUMBERS = itertools.count(111_111)


class House:
    """Use it as an asynchronous context; ``settings`` are environment variables for every process."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.discord = DiscordServer()
        self.discord.guilds.add(GUILD)
        self._folder = folder
        self._settings = settings
        self._stack = AsyncExitStack()
        self.service: Service
        self.queue: Queue

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.discord)
        self.service = Service(self._folder, **self.discord.environment, **self._settings)
        self._stack.push_async_callback(asyncio.to_thread, self.service.stop)
        look = open_queue(self.service.queue_settings, storage=self.service.storage_settings)
        self.queue = await self._stack.enter_async_context(look)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._stack.aclose()
        logs = {log.name: log.read_text(encoding="utf-8") for log in self._folder.glob("*.log")}
        if error is not None:
            sys.stdout.writelines(f"── {name}\n{text}" for name, text in logs.items())
        assert TOKEN not in logs.get("discord.log", "")

    # --- processes --------------------------------------------------------------------------------------------------

    async def bot(self, *words: str) -> subprocess.Popen[bytes]:
        """A bot that is connected."""
        process = self.service.start("discord", *words)
        await until(lambda: self.discord.gateway.online.is_set() or process.poll() is not None)
        assert process.poll() is None, self.service.log("discord")
        return process

    def worker(self, plan: str = "discord_plan:PLAN") -> subprocess.Popen[bytes]:
        """A worker on the small plan, or on another."""
        return self.service.worker(plan)

    async def kill(self, process: subprocess.Popen[bytes]) -> None:
        """kill -9."""
        process.kill()
        await asyncio.to_thread(process.wait)
        await until(lambda: not self.discord.gateway.online.is_set())

    async def stop(self, process: subprocess.Popen[bytes]) -> int:
        """SIGTERM; the exit status."""
        process.terminate()
        return await asyncio.to_thread(process.wait, PATIENCE)

    # --- people and places --------------------------------------------------------------------------------------------

    def corner(self, **more: Any) -> "Corner":
        """A channel of its own with people whom no other test knows."""
        return Corner(self, **more)

    def photo(self, name: str = "mimi.jpg", **orders: Any) -> dict[str, Any]:
        """An attached photo for the small plan."""
        return self.discord.attachment(json.dumps(orders).encode(), name, "image/jpeg")

    def place(self, name: str) -> Path:
        """A place for a file."""
        return self._folder / name

    # --- the line -------------------------------------------------------------------------------------------------------

    async def job(self, person: Someone, *, state: str, number: int = 1) -> Job:
        """The newest job of a person, once there are ``number`` and it has come into a state."""

        async def look() -> Job | None:
            jobs = await self.jobs(person)
            return jobs[0] if len(jobs) >= number and jobs[0].state == state else None

        found: Job = await until(look)
        return found

    async def jobs(self, person: Someone) -> list[Job]:
        """The jobs of a person, the newest first."""
        return await self.queue.jobs(f"discord:{person.id}")

    async def delivery(self, job: str) -> str:
        """How the delivery of a job ended."""

        async def look() -> str:
            found = await self.queue.job(job)
            return found.delivery if found and found.delivery != "sending" else ""

        found: str = await until(look)
        return found

    async def everything_in_redis(self) -> str:
        """All that stands there, as text."""
        database = self.queue.database
        lines: list[str] = []
        for key in await database.do("KEYS", "*"):
            kind = await database.do("TYPE", key)
            reading = {"string": ("GET", key), "hash": ("HGETALL", key), "set": ("SMEMBERS", key), "zset": ("ZRANGE", key, 0, -1)}
            lines.append(f"{key} {await database.do(*reading.get(kind, ('XRANGE', key, '-', '+')))}")
        return "\n".join(lines)

    def stored(self) -> list[str]:
        """All files but Redis' own."""
        data = self.service.queue_settings.data
        return [str(file.relative_to(data)) for file in data.rglob("*") if file.is_file() and file.relative_to(data).parts[0] != "redis"]


class Corner:
    """A channel: of the server where the bot is (``guild``), of another one, direct, or of a group; and two people in it."""

    def __init__(self, house: House, *, guild: int | None = GUILD, group: bool = False, **more: Any) -> None:
        self.house = house
        self.discord = house.discord
        self.channel = Channel(number=self.discord.snowflake(), guild=guild, group=group)
        self.discord.channels[self.channel.number] = self.channel
        self.ada = Someone(server=self.discord, id=next(_NUMBERS), name="Ada", channel=self.channel, **more)
        self.ben = Someone(server=self.discord, id=next(_NUMBERS), name="Ben", channel=self.channel) if guild else self.ada

    async def seen(self, words: str) -> Shown:
        """The bot's newest message here that says ``words``, as soon as there is one."""
        return await self.discord.seen(words, self.channel)

    async def result(self, number: int = 1) -> Shown:
        """The ``number``-th message here with a model, as soon as there is one."""
        return await self.discord.result(self.channel, number=number)

    def results(self) -> list[Shown]:
        """The messages here with a model."""
        return self.discord.results(self.channel)

    def said(self) -> list[Shown]:
        """The bot's messages that stand here."""
        return self.discord.said(self.channel)

    async def until(self, look: Callable[[], Any], what: str) -> Any:
        """Wait until something is true of the messages."""
        return await self.discord.until(look, what)


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])
