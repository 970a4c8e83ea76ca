"""What a bot has to bring to people: a Redis stream with a consumer group, and a mark at the job once it is sent.

An entry stays pending until it is acknowledged; whoever hands one out holds ``rigshot:sending:JOB`` and renews it, so that a
bot that was killed blocks its last delivery only for ``HOLD_SECONDS``, and two processes of one bot never send the same.
What cannot be known: a bot killed after the chat server had taken the message and before the mark sends it again (``again``).
"""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from redis.exceptions import ResponseError

from .database import Database
from .errors import QueueUnavailable
from .keys import sending, stream
from .values import Job

__all__ = ["Deliveries", "Delivery"]

GROUP = "bots"
HOLD_SECONDS = 10.0
_BLOCK_SECONDS = 1.0  # for new entries; then the pending ones are looked through again
_BATCH = 20
_TROUBLE_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A job that has ended and whose person does not know yet.

    ``again``: an earlier attempt began to send and never said how it ended. Call one of the three methods in the end.
    """

    job: Job
    again: bool
    _end: Callable[[str], Awaitable[None]]
    _later: Callable[[float], Awaitable[None]]

    async def sent(self) -> None:
        """The person has it."""
        await self._end("sent")

    async def undeliverable(self, reason: str) -> None:
        """The person cannot be reached any more (blocked, channel gone); it is not tried again."""
        await self._end(f"undeliverable: {reason}")

    async def later(self, seconds: float) -> None:
        """It failed for now: hand it out again after ``seconds``."""
        await self._later(seconds)


class Deliveries:
    """``async for delivery in queue.deliveries("telegram")``: first what lay there, then what comes; never ends by itself."""

    def __init__(
        self, database: Database, platform: str, read: Callable[[str], Awaitable[Job | None]], *, hold: float = HOLD_SECONDS
    ) -> None:
        self._hold = hold
        self._database = database
        self._platform = platform
        self._stream = stream(platform)
        self._consumer = socket.gethostname()
        self._read = read
        self._token = secrets.token_hex(8)
        self._held: set[str] = set()

    async def __aiter__(self) -> AsyncIterator[Delivery]:
        renewal = asyncio.create_task(self._renew())
        try:
            while True:
                try:
                    await self._make_group()
                    async for entry, job in self._entries():
                        delivery = await self._take(entry, job)
                        if delivery is not None:
                            yield delivery
                except QueueUnavailable:  # Redis restarts: what is pending stays pending
                    await asyncio.sleep(_TROUBLE_SECONDS)
        finally:
            renewal.cancel()
            with suppress(asyncio.CancelledError):
                await renewal

    async def _make_group(self) -> None:
        try:
            await self._database.do("XGROUP", "CREATE", self._stream, GROUP, "0", "MKSTREAM")
        except QueueUnavailable as error:
            if not (isinstance(error.__cause__, ResponseError) and "BUSYGROUP" in str(error.__cause__)):
                raise

    async def _entries(self) -> AsyncIterator[tuple[str, str]]:
        """Pending entries, ours and those of consumers that have vanished, oldest first; then new ones; once around."""
        start = "0-0"
        while True:
            answer: list[Any] = await self._database.do("XAUTOCLAIM", self._stream, GROUP, self._consumer, 0, start, "COUNT", _BATCH)
            for entry, words in answer[1]:
                if words is not None:  # deleted from the stream: its person was forgotten
                    yield entry, words["job"]
            start = answer[0]
            if start == "0-0":
                break
        group = ("GROUP", GROUP, self._consumer, "COUNT", _BATCH, "BLOCK", int(_BLOCK_SECONDS * 1000))
        new = await self._database.do("XREADGROUP", *group, "STREAMS", self._stream, ">")
        for _, entries in new or ():
            for entry, words in entries:
                yield entry, words["job"]

    async def _take(self, entry: str, job: str) -> Delivery | None:
        if job in self._held:
            return None
        words = (self._platform, GROUP, entry, job)
        verdict = await self._database.run("take", *words, self._token, int(self._hold * 1000))
        if verdict in ("over", "taken"):
            return None
        found = await self._read(job)
        if found is None:  # forgotten this very moment
            return None
        self._held.add(job)

        async def end(what: str) -> None:
            while True:  # the person has it: to lose the mark now would be to send it twice
                try:
                    await self._database.run("delivered", *words, what)
                    break
                except QueueUnavailable:
                    await asyncio.sleep(_TROUBLE_SECONDS)
            self._held.discard(job)

        async def later(seconds: float) -> None:
            self._held.discard(job)  # first: the renewal must not take it back
            await self._database.run("later", job, max(int(seconds * 1000), 1))

        return Delivery(job=found, again=verdict == "again", _end=end, _later=later)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._hold / 3)
            with suppress(QueueUnavailable):
                for job in tuple(self._held):
                    await self._database.do("SET", sending(job), self._token, "PX", int(self._hold * 1000), "XX")
