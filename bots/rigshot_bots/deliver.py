"""Brings what is ready to the people: every job that ended, exactly once.

    await deliver(conversation, courier)      # runs until it is cancelled

The queue's stream hands out a delivery until it is marked as sent: after a crash, or when the platform is away, it comes
again. A courier is the platform's part of it::

    class Courier(Protocol):
        async def bring(self, parcel: Parcel) -> None

``parcel.answer`` is the text with its buttons, ``parcel.model`` the finished model (None: there is only a sentence),
``await parcel.fetch("turntable.mp4")`` a file of it on this disk for as long as ``bring`` runs. Every message that is sent goes
through ``await parcel.once("film", send)``: what has arrived is noted, so that a second attempt (a crash between film
and files) sends only what is missing. ``bring`` returns when all has arrived, and raises

* ``Unreachable(reason)``: the person blocked the bot, the chat is gone. Never tried again; the model stays where it is.
* ``NotNow(seconds)``: the platform asks for patience.
* anything else: logged, tried again after a growing pause, given up after a day.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import structlog

from rigshot_queue import Delivery, Job, QueueUnavailable
from rigshot_storage import MissingArtifact, Model

from .conversation import Conversation
from .messages import Answer
from .results import ended_answer
from .texts import Language, say

__all__ = ["Courier", "NotNow", "Parcel", "Unreachable", "deliver"]

AT_ONCE = 8
"""Deliveries under way at the same time: one slow upload must not hold up the others, and each holds a few MB."""
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 600.0
AWAY = 1.0
"""Seconds until the next try while the queue cannot be reached."""
GIVE_UP = 86400.0
"""Seconds after which a delivery that fails for no reason the platform names is given up."""

log = structlog.get_logger()


class Unreachable(Exception):
    """The person cannot be reached, now or later."""


class NotNow(Exception):
    """The platform asks to be left alone for ``seconds``."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"not for {seconds} seconds")
        self.seconds = seconds


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """What is brought to a person: the ``answer``, and the ``model`` with its files where there is one.

    ``beside``: what goes with the model's file ``compare.jpg``; None where its subject was not redrawn.
    """

    job: Job
    answer: Answer
    beside: Answer | None = None
    model: Model | None
    conversation: Conversation
    folder: Path
    _sent: set[str] = field(default_factory=set[str])

    @property
    def language(self) -> Language:
        """The language in which the person asked."""
        return self.job.request.language

    async def fetch(self, kind: str) -> Path | None:
        """A file of the model under the name that people are to see; None where the model has no such file."""
        file = self.model.file(kind) if self.model else None
        if file is None:
            return None
        target = self.folder / kind / file.name
        target.parent.mkdir(exist_ok=True)
        await self.conversation.artifacts.fetch(file.key, target)
        return target

    async def once(self, part: str, send: Callable[[], Awaitable[object]]) -> None:
        """Send a part of the parcel unless an earlier attempt has sent it."""
        note = f"part/{self.job.id}/{part}"
        self._sent.add(note)
        if await self.conversation.notes.read(note) is not None:
            return
        await send()
        while True:  # it has arrived: to lose this note would be to send it twice
            try:
                await self.conversation.notes.write(note, "sent")
                break
            except QueueUnavailable:
                await asyncio.sleep(AWAY)

    async def forget_parts(self) -> None:
        """The whole parcel counts as sent: its parts need not be known any more."""
        with suppress(QueueUnavailable):  # they expire
            for note in self._sent:
                await self.conversation.notes.delete(note)


class Courier(Protocol):
    """The platform's part of a delivery; see the module's text."""

    async def bring(self, parcel: Parcel) -> None:
        """Bring a parcel. Raises Unreachable, NotNow."""
        ...


async def deliver(conversation: Conversation, courier: Courier) -> None:
    """Bring everything that is or becomes ready on the conversation's platform, until cancelled."""
    gate = asyncio.Semaphore(AT_ONCE)
    under_way: set[asyncio.Task[None]] = set()

    def arrived(task: asyncio.Task[None]) -> None:
        under_way.discard(task)
        gate.release()

    try:
        async for delivery in conversation.queue.deliveries(conversation.platform):
            await gate.acquire()
            task = asyncio.create_task(_bring(conversation, courier, delivery))
            under_way.add(task)
            task.add_done_callback(arrived)
    finally:
        if under_way:  # what is on its way arrives: a film that is cut off in the middle would be sent twice
            await asyncio.wait(under_way)


async def _bring(conversation: Conversation, courier: Courier, delivery: Delivery) -> None:
    job = delivery.job
    with tempfile.TemporaryDirectory(prefix="rigshot-") as folder:
        try:
            parcel = await _packed(conversation, job, Path(folder))
            await courier.bring(parcel)
        except NotNow as wait:
            log.info("delivery.later", job=job.id, seconds=wait.seconds)
            await delivery.later(wait.seconds)
            return
        except Unreachable as error:
            log.info("delivery.unreachable", job=job.id, reason=str(error))
            await delivery.undeliverable(str(error))
            return
        except Exception as error:
            await _postpone(delivery, error)
            return
        await delivery.sent()
        await parcel.forget_parts()
        log.info("delivery.sent", job=job.id, state=job.state)


async def _packed(conversation: Conversation, job: Job, folder: Path) -> Parcel:
    """The parcel of a job: its model, or the sentence that tells why there is none."""
    model = await conversation.models.load(job.id) if job.state == "done" else None
    beside: Answer | None = None
    if model is not None:
        answer, beside = conversation.made(job, model), conversation.redrawn(job, model)
    elif job.state == "done":
        answer = Answer(text=say("result_lost", job.request.language))
    else:
        answer = ended_answer(job, job.request.language)
    return Parcel(job=job, answer=answer, beside=beside, model=model, conversation=conversation, folder=folder)


async def _postpone(delivery: Delivery, error: Exception) -> None:
    age = time.time() - (delivery.job.ended or 0)
    if age > GIVE_UP or isinstance(error, MissingArtifact):
        log.error("delivery.given_up", job=delivery.job.id, exc_info=error)
        await delivery.undeliverable(f"{type(error).__name__}: {error}")
        return
    # As long again as it has been tried already: no count needs to be kept, and a restart changes nothing.
    pause = min(max(age, FIRST_PAUSE), LONGEST_PAUSE)
    log.warning("delivery.failed", job=delivery.job.id, seconds=pause, reason=repr(error))
    await delivery.later(pause)
