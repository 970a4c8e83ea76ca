"""Seeing a job change: told by Redis' channels, and looked up now and then because a channel forgets."""

from collections.abc import AsyncIterator, Awaitable, Callable

from .database import Database
from .errors import QueueUnavailable
from .keys import changed
from .values import Job

__all__ = ["watch"]

_LOOK_SECONDS = 2.0  # what a restart of Redis or a cut line swallowed is seen after so long


async def watch(database: Database, job: str, read: Callable[[str], Awaitable[Job | None]]) -> AsyncIterator[Job]:
    """The job now and after every change; ends with its terminal state, or when it is forgotten."""
    last: Job | None = None
    while True:
        try:
            async with database.hearing(changed(job)) as channel:
                while True:
                    now = await read(job)
                    if now is None:
                        return
                    if now != last:
                        yield now
                        last = now
                    if now.finished:
                        return
                    await channel.get_message(ignore_subscribe_messages=True, timeout=_LOOK_SECONDS)
        except QueueUnavailable:
            if last is None:
                raise  # nobody has seen anything yet: let the caller say so
