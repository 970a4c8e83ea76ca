"""Redis as this room uses it: commands that wait out a short absence, scripts by name, errors with a sentence."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cache
from hashlib import sha1
from importlib.resources import files
from itertools import chain, repeat
from typing import Any, TypeVar

from redis import exceptions
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.connection import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from .errors import QueueUnavailable

__all__ = ["PATIENT", "PROMPT", "Database", "pool", "scored"]

# Seconds for which a command waits for a Redis that is away. A person at a chat must hear of trouble within two; a worker can
# wait out a restart of Redis, which reads its log anew.
PROMPT, PATIENT = 1.5, 60.0
_PAUSES = (0.02, 0.05, 0.1, 0.2, 0.5)  # seconds between tries; the last one from then on
_ANSWER_SECONDS = 15  # longer than any command of ours blocks (deliveries: 1 s)
_AWAY = (exceptions.ConnectionError, exceptions.TimeoutError, exceptions.BusyLoadingError, OSError)
_T = TypeVar("_T")


def pool(url: str, *, retry: Retry | None = None, text: bool = True) -> ConnectionPool:
    """Connections to ``url``; ``text``: answers are str and not bytes; ``retry``: how redis-py tries again by itself."""
    made: ConnectionPool = ConnectionPool.from_url(
        url,
        decode_responses=text,
        retry=retry or Retry(NoBackoff(), 0),
        retry_on_error=list(_AWAY) if retry else [],
        socket_connect_timeout=2,
        socket_timeout=_ANSWER_SECONDS,
    )
    return made


class Database:
    """A Redis. Every method raises QueueUnavailable when Redis stays away longer than ``patience`` seconds.

    What is sent again may have been done before the line broke: every script gives the same result when it is run twice.
    """

    def __init__(self, url: str, *, patience: float = PROMPT) -> None:
        self.url = url
        self._patience = patience
        # What redis-py says of its answers fits neither its synchronous nor its asynchronous half: we know what we ask for.
        self._redis: Any = Redis(connection_pool=pool(url))

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()
        await self._redis.connection_pool.disconnect()

    async def do(self, *words: str | float) -> Any:
        """One command."""
        return await self._patiently(lambda: self._redis.execute_command(*words))

    async def together(self, *commands: tuple[str | float, ...]) -> list[Any]:
        """Several commands in one transaction."""

        async def send() -> list[Any]:
            async with self._redis.pipeline(transaction=True) as batch:
                for words in commands:
                    batch.execute_command(*words)
                answers: list[Any] = await batch.execute()
                return answers

        return await self._patiently(send)

    async def run(self, name: str, *arguments: str | float) -> Any:
        """The script ``lua/NAME.lua`` with its arguments; atomic."""
        text, digest = _script(name)

        async def send() -> Any:
            try:
                return await self._redis.execute_command("EVALSHA", digest, 0, *arguments)
            except exceptions.NoScriptError:
                return await self._redis.execute_command("EVAL", text, 0, *arguments)

        return await self._patiently(send)

    async def _patiently(self, send: Callable[[], Awaitable[_T]]) -> _T:
        end = time.monotonic() + self._patience
        for pause in chain(_PAUSES, repeat(_PAUSES[-1])):
            try:
                return await _cancellable(send)
            except _AWAY as error:
                if time.monotonic() + pause > end:
                    raise QueueUnavailable("queue_unavailable") from error
                await asyncio.sleep(pause)
            except exceptions.RedisError as error:
                raise QueueUnavailable("queue_unavailable") from error
        raise AssertionError("the pauses never end")

    @asynccontextmanager
    async def hearing(self, channel: str) -> AsyncGenerator[PubSub]:
        """A subscription."""
        pubsub: PubSub = self._redis.pubsub()
        try:
            await pubsub.subscribe(channel)
            yield pubsub
        except (exceptions.RedisError, OSError) as error:
            raise QueueUnavailable("queue_unavailable") from error
        finally:
            await asyncio.shield(pubsub.aclose())  # type: ignore[no-untyped-call]


async def _cancellable(send: Callable[[], Awaitable[_T]]) -> _T:
    """``send``, which does not go on after a cancellation.

    redis-py sends through ``asyncio.wait_for``, which before Python 3.12 loses a cancellation that comes just when it is done.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    if before:
        # The last words of a task that was stopped. With Python before 3.11.3 (Debian 12 has 3.11.2) redis-py's time-outs would take
        # the cancellation that was for one that comes now; another task has none.
        return await asyncio.shield(asyncio.ensure_future(send()))
    try:
        return await send()
    finally:
        if task and task.cancelling() > before:
            raise asyncio.CancelledError


def scored(words: Sequence[str]) -> list[tuple[str, float]]:
    """The answer to a question WITHSCORES: members with their scores."""
    return [(member, float(score)) for member, score in zip(words[::2], words[1::2], strict=True)]


@cache
def _script(name: str) -> tuple[str, str]:
    folder = files("rigshot_queue") / "lua"
    text = "\n".join((folder / f"{part}.lua").read_text(encoding="utf-8") for part in ("common", name))
    return text, sha1(text.encode(), usedforsecurity=False).hexdigest()
