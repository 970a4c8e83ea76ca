"""Keeps every status message true: one small task for each job on its way, which edits only what changed.

    async with StatusKeeper(conversation, show=edit_message, pace=lambda job: 5.0) as keeper:
        await keeper.resume()        # the jobs that were on their way when the bot stopped
        keeper.follow(job)           # a new one

``show(job, answer)`` puts the answer into the job's status message (``job.request.origin`` says where); it may take as long as
the platform's rate limit asks for, and raises ``Vanished`` when that message or its chat is gone. ``pace(job)`` are the
seconds that must lie between two edits of the same message. The last word on a job (done, failed) is not said here but
by the delivery; only a job that its owner stopped ends here.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import structlog

from rigshot_queue import Job, QueueUnavailable

from .conversation import ACTIVE, Conversation
from .messages import Answer

__all__ = ["StatusKeeper", "Vanished"]

LOOK_RUNNING = 1.0
"""Seconds between two looks at a running job: stages last from half a second on."""
LOOK_WAITING = 2.0
"""Seconds for each place ahead in line: the last of a thousand need not look as often as the next one."""
LOOK_AT_MOST = 60.0
AWAY = 5.0
"""Seconds until the next try while the queue cannot be reached."""

log = structlog.get_logger()


class Vanished(Exception):
    """The message or its chat is gone: nobody needs to follow this job here any more."""


@dataclass(kw_only=True)
class _Kept:
    """A job whose message is kept: as it was last seen, the task that keeps it, and the lock that is held during an edit."""

    job: Job
    task: asyncio.Task[None]
    editing: asyncio.Lock


class StatusKeeper:
    """The status messages of one bot; use it as an asynchronous context."""

    def __init__(self, conversation: Conversation, *, show: Callable[[Job, Answer], Awaitable[None]], pace: Callable[[Job], float]) -> None:
        self._conversation = conversation
        self._show = show
        self._pace = pace
        self._kept: dict[str, _Kept] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        tasks = [kept.task for kept in self._kept.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def followed(self) -> tuple[Job, ...]:
        """The jobs whose messages are kept at the moment, as they were last seen."""
        return tuple(kept.job for kept in self._kept.values())

    async def resume(self) -> None:
        """Follow every job of this platform that is on its way."""
        overview = await self._conversation.queue.overview()
        for job in (*overview.running, *overview.waiting):
            if job.request.platform == self._conversation.platform:
                self.follow(job)

    def follow(self, job: Job) -> None:
        """Keep the status message of a job, beginning at once."""
        if job.id not in self._kept:
            editing = asyncio.Lock()
            task = asyncio.create_task(self._keep(job.id, editing), name=f"status of {job.id}")
            self._kept[job.id] = _Kept(job=job, task=task, editing=editing)
            task.add_done_callback(lambda _: self._kept.pop(job.id))

    async def release(self, job: str) -> None:
        """Leave a job's message to whoever says its last word; returns when no edit of ours is under way any more."""
        kept = self._kept.get(job)
        if kept is not None:
            async with kept.editing:
                kept.task.cancel()
            await asyncio.wait([kept.task])

    async def _keep(self, job: str, editing: asyncio.Lock) -> None:
        shown: Answer | None = None
        while True:
            latest = await self._look(job)
            if latest is None or latest.state not in (*ACTIVE, "cancelled"):
                return
            self._kept[job].job = latest
            try:
                answer = await self._conversation.shown(latest)
                if answer != shown:
                    async with editing:
                        await self._show(latest, answer)
                    shown = answer
                    await asyncio.sleep(self._pace(latest))
            except Vanished:
                return
            except Exception as error:  # a line that broke for a moment, or trouble at the platform: the next look tries again
                log.warning("status.not_shown", job=job, reason=repr(error))
                await asyncio.sleep(AWAY)
            if latest.state == "cancelled":
                return
            await asyncio.sleep(await self._until_next_look(latest))

    async def _until_next_look(self, job: Job) -> float:
        if job.state == "running":
            return LOOK_RUNNING
        try:
            place = await self._conversation.queue.place(job.id)
        except QueueUnavailable:
            return AWAY
        return min(LOOK_WAITING * max(place.position if place else 0, 1), LOOK_AT_MOST)

    async def _look(self, job: str) -> Job | None:
        while True:
            try:
                return await self._conversation.queue.job(job)
            except QueueUnavailable:
                log.warning("status.queue_away", job=job)
                await asyncio.sleep(AWAY)
