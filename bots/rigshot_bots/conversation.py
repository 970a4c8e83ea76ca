"""The conversation: what Rigshot answers to a photo, a command or a pressed button, whatever the platform.

A face turns what its platform says into these calls, and the answers into messages of its platform::

    async with open_conversation("discord") as conversation:       # joins the queue and the storage
        answer = await conversation.help(visitor)                  # start, help, privacy, overview, status, cancel, settings, ask_delete
        reception = await conversation.accept(visitor, [photo], origin={...}, key="tg123")
        pressed = await conversation.press(visitor, data)          # data of a button, as the core gave it out

* Photos and "again": put the status message up *first* (``received(visitor)`` is its text), then call ``accept`` (or
  ``rerun``) with an ``origin`` that holds what is needed to find the chat and that message again, then show
  ``reception.answer`` in it. So a bot that dies at any moment finds its messages again. When ``reception.fresh`` is False,
  the same message had been taken before: the new status message is surplus and goes away.
* Whoever owns a job is checked here, never in a face.
* Refusals are answers, not exceptions: a limit, a file that is too large, a queue that cannot be reached.
"""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from rigshot_queue import Gone, Job, LimitReached, Platform, Queue, QueueSettings, QueueUnavailable, Request, TooLarge, Wishes, open_queue
from rigshot_storage import Artifacts, Links, Model, Models, StorageSettings

from . import panels
from .messages import Answer, Button, Press, Pressed, Reception, Rerun, Rows, Visitor, owner_mark
from .notes import Notes
from .pressing import answer_press
from .results import COMPARISON, made_answer, model_buttons, redrawn_answer
from .status import status_answer, status_text
from .texts import Language, language_of, say
from .times import photo_name

__all__ = ["Conversation", "open_conversation"]

ACTIVE = ("waiting", "running")
T = TypeVar("T")


@asynccontextmanager
async def open_conversation(platform: Platform) -> AsyncGenerator["Conversation"]:
    """Join the queue and the storage as the environment's settings say. Raises pydantic's ValidationError, QueueUnavailable."""
    storage = StorageSettings()
    async with open_queue(QueueSettings(), storage=storage) as queue:
        yield Conversation(platform=platform, queue=queue, links=Links(storage), storage=storage)


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """The core on one platform; its parts may be used directly where a face needs more (``queue.watch``, ``artifacts.fetch``)."""

    platform: Platform
    queue: Queue
    links: Links
    storage: StorageSettings

    @property
    def artifacts(self) -> Artifacts:
        """Where the files are."""
        return self.queue.artifacts

    @property
    def models(self) -> Models:
        """The finished models."""
        return self.queue.models

    @property
    def notes(self) -> Notes:
        """What the face has to remember."""
        return Notes(self.queue, self.platform)

    # --- who speaks -------------------------------------------------------------------------------------------------

    async def language(self, visitor: Visitor) -> Language:
        """The language the person chose in /settings, else the platform's. Falls back to the platform's while the queue is away."""
        try:
            chosen = (await self.queue.preferences(visitor.person)).language
        except QueueUnavailable:
            chosen = None
        return chosen or language_of(visitor.language_code)

    # --- commands ---------------------------------------------------------------------------------------------------

    @property
    def commands(self) -> Mapping[str, Callable[[Visitor], Awaitable[Answer]]]:
        """Every command by the name that people type; a face offers those that its platform has use for."""
        return {
            "start": self.start,
            "help": self.help,
            "queue": self.overview,
            "status": self.status,
            "cancel": self.cancel,
            "settings": self.settings,
            "delete": self.ask_delete,
            "privacy": self.privacy,
        }

    async def start(self, visitor: Visitor) -> Answer:
        """/start: what this is."""
        return Answer(text=say("start", await self.language(visitor), days=self._days))

    async def help(self, visitor: Visitor) -> Answer:
        """/help: what makes a good photo, and the commands."""
        language = await self.language(visitor)
        return Answer(text=say("help", language, sending=say(f"sending_{self.platform}", language)))

    async def privacy(self, visitor: Visitor) -> Answer:
        """/privacy: what is kept and how long."""
        return Answer(text=say("privacy", await self.language(visitor), days=self._days))

    async def overview(self, visitor: Visitor) -> Answer:
        """/queue: how long the line is, and where the person's own photos stand."""
        language = await self.language(visitor)
        try:
            overview = await self.queue.overview()
            mine = await self._active(visitor)
            lines = [panels.line_of(overview, language), *await self._rows(mine, language, "queue_yours")]
        except QueueUnavailable:
            lines = [say("busy_command", language)]
        return Answer(text="\n".join(lines))

    async def status(self, visitor: Visitor) -> Answer:
        """/status: the person's photos in line, or the latest one."""
        language = await self.language(visitor)
        try:
            jobs = await self.queue.jobs(visitor.person)
            active = [job for job in jobs if job.state in ACTIVE]
            if active:
                return Answer(
                    text="\n\n".join([(await self._named(job, language)) for job in active]), buttons=self._stops(active, language)
                )
            text = say("status_none", language)
            if jobs:
                text += "\n\n" + say("status_latest", language, row=await self._named(jobs[0], language))
            return Answer(text=text)
        except QueueUnavailable:
            return Answer(text=say("busy_command", language))

    async def cancel(self, visitor: Visitor) -> Answer:
        """/cancel: stops the only photo in line, asks which one where there are several."""
        language = await self.language(visitor)
        try:
            active = await self._active(visitor)
            if not active:
                return Answer(text=say("cancel_none", language))
            if len(active) > 1:
                return Answer(text=say("cancel_which", language), buttons=self._stops(active, language))
            return await self.stop(active[0], language)
        except QueueUnavailable:
            return Answer(text=say("busy_command", language))

    async def settings(self, visitor: Visitor) -> Answer:
        """/settings: a panel with a button for every choice."""
        try:
            preferences = await self.queue.preferences(visitor.person)
            engines = await self.queue.engines() or ()
        except QueueUnavailable:
            return Answer(text=say("busy_command", language_of(visitor.language_code)))
        return panels.settings_panel(visitor, preferences, engines)

    async def ask_delete(self, visitor: Visitor) -> Answer:
        """/delete: asks before anything is deleted."""
        language = await self.language(visitor)
        mark = (owner_mark(visitor.person),)
        sure = Button(label=say("wipe_sure", language), press=str(Press(action="wipe", words=mark)), danger=True)
        keep = Button(label=say("wipe_keep", language), press=str(Press(action="keep", words=mark)))
        return Answer(text=say("wipe_ask", language), buttons=((sure,), (keep,)))

    async def sentence(self, visitor: Visitor, code: str, **values: object) -> Answer:
        """Any sentence of the texts in the person's language, for what only a face can notice."""
        return Answer(text=say(code, await self.language(visitor), **values))

    async def ask_album(self, visitor: Visitor, photos: int, key: str) -> Answer:
        """Asks whether several pictures are views of one subject; the presses are "views" and "each" with ``key``, for the face."""
        language = await self.language(visitor)
        words = (owner_mark(visitor.person), key)
        one = Button(label=say("album_views", language), press=str(Press(action="views", words=words)))
        each = Button(label=say("album_each", language), press=str(Press(action="each", words=words)))
        return Answer(text=say("album_ask", language, photos=photos), buttons=((one, each),))

    def album_parts(self, action: str, pictures: Sequence[T]) -> list[Sequence[T]]:
        """Which pictures of an album belong to which job: as many as one job takes, where they are views of one subject."""
        if action == "views":
            return [pictures[: self.queue.settings.limits.photos]]
        return [[picture] for picture in pictures]

    async def album_begun(self, visitor: Visitor, action: str, photos: int) -> Answer:
        """What takes the place of the question about an album."""
        most = self.queue.settings.limits.photos
        code = "album_split" if action != "views" else "album_taken" if photos <= most else "album_taken_some"
        return await self.sentence(visitor, code, photos=photos, most=most)

    # --- photos -----------------------------------------------------------------------------------------------------

    async def received(self, visitor: Visitor, *, again: bool = False) -> Answer:
        """The first words of a status message, before the photo is here (or before a job is made ``again``)."""
        return await self.sentence(visitor, "received_again" if again else "received")

    async def accept(
        self,
        visitor: Visitor,
        photos: Sequence[Path | bytes],
        *,
        origin: Mapping[str, Any],
        key: str | None = None,
        title: str = "",
        wishes: Mapping[str, str] | None = None,
    ) -> Reception:
        """Put a photo (several: views of one subject) into the line; ``key`` is the same whenever the same message comes again.

        ``wishes``: ``subject`` and ``clip``, where the person said so together with the photo; else the preferences hold.
        """
        language = await self.language(visitor)
        try:
            preferences = await self.queue.preferences(visitor.person)
            kept = {"subject": preferences.subject, "formats": preferences.formats, "repose": preferences.repose}
            wanted: dict[str, Any] = {**kept, "engine": await self.engine(preferences.engine), **(wishes or {})}
            request = Request(
                person=visitor.person,
                platform=self.platform,
                language=language,
                wishes=Wishes(**wanted),
                origin=dict(origin),
                title=title,
                key=key,
            )
            job = await self.queue.submit(request, photos)
        except QueueUnavailable:
            return Reception(answer=Answer(text=say("busy", language)))
        except (LimitReached, TooLarge) as refusal:
            return Reception(answer=Answer(text=refusal.sentence(language)), full=isinstance(refusal, LimitReached))
        return await self._taken_in(job, origin, language)

    async def rerun(self, visitor: Visitor, wish: Rerun, *, origin: Mapping[str, Any], key: str | None = None) -> Reception:
        """Carry out what a press asked for: a new job that keeps what the old one has finished."""
        language = await self.language(visitor)
        try:
            old = await self.queue.job(wish.job)
            if old is None:
                raise Gone("job_gone")
            job = await self.queue.again(
                wish.job,
                redo=wish.redo,
                clip=wish.clip,
                seed=old.request.wishes.seed + 1 if wish.other_seed else None,
                repose=wish.repose,
                engine=await self.engine(old.request.wishes.engine),
                origin=dict(origin),
                key=key,
            )
        except QueueUnavailable:
            return Reception(answer=Answer(text=say("busy_command", language)))
        except (LimitReached, Gone) as refusal:
            return Reception(answer=Answer(text=refusal.sentence(language)))
        return await self._taken_in(job, origin, language)

    async def engine(self, chosen: str) -> str:
        """The engine that a person chose once; auto where workers do not have it any more, for nobody should wait for a refusal."""
        if chosen in panels.ENGINES:
            return chosen
        engines = await self.queue.engines()
        return chosen if engines is None or chosen in [engine.name for engine in engines] else "auto"

    async def _taken_in(self, job: Job, origin: Mapping[str, Any], language: Language) -> Reception:
        answer = status_answer(job, await self.queue.place(job.id), language)
        return Reception(answer=answer, job=job, fresh=dict(job.request.origin) == dict(origin))

    # --- buttons ----------------------------------------------------------------------------------------------------

    async def press(self, visitor: Visitor, data: str) -> Pressed:
        """What to do about a pressed button; whoever may not press it gets a notice that says so."""
        press = Press.read(data)
        language = await self.language(visitor)
        try:
            return await answer_press(self, visitor, press, language)
        except QueueUnavailable:
            return Pressed(notice=say("busy_command", language))

    # --- for the loops of a face --------------------------------------------------------------------------------------

    def made(self, job: Job, model: Model) -> Answer:
        """What goes with the animation of a finished job."""
        return made_answer(job, model, self.links, self._lifetime(model), job.request.language)

    def redrawn(self, job: Job, model: Model) -> Answer | None:
        """What goes with the comparison of a finished job (its file ``compare.jpg``); None where nothing was redrawn."""
        return redrawn_answer(job, job.request.language) if job.pose == "redrawn" and model.file(COMPARISON) else None

    async def shown(self, job: Job) -> Answer:
        """What a job's status message says right now."""
        place = await self.queue.place(job.id) if job.state in ACTIVE else None
        return status_answer(job, place, job.request.language)

    # ----------------------------------------------------------------------------------------------------------------

    @property
    def _days(self) -> str:
        return f"{self.storage.retention_days:g}"

    def _lifetime(self, model: Model) -> float:
        return min(self.storage.link_days * 86400, model.expires - time.time())

    def buttons(self, job: Job, model: Model, language: Language) -> Rows:
        """The buttons below a finished model."""
        return model_buttons(job, model, self.links, self._lifetime(model), language)

    async def _active(self, visitor: Visitor) -> list[Job]:
        return [job for job in await self.queue.jobs(visitor.person) if job.state in ACTIVE]

    async def stop(self, job: Job, language: Language) -> Answer:
        """Take a job out of the line."""
        stopped = job.state in ACTIVE and await self.queue.cancel(job.id)
        return Answer(text=say("ended_cancelled" if stopped else "cancel_late", language))

    async def _named(self, job: Job, language: Language) -> str:
        place = await self.queue.place(job.id) if job.state in ACTIVE else None
        return f"{_name(job, language)}\n{status_text(job, place, language)}"

    async def _rows(self, jobs: Sequence[Job], language: Language, heading: str) -> list[str]:
        if not jobs:
            return []
        rows: list[str] = []
        for job in jobs:
            place = await self.queue.place(job.id)
            text = panels.short_status(job, place, language)
            rows.append(say("status_row", language, title=_name(job, language), text=text))
        return ["", say(heading, language), *rows]

    def _stops(self, jobs: Sequence[Job], language: Language) -> Rows:
        label = "button_cancel" if len(jobs) == 1 else "button_cancel_which"
        return tuple(
            (Button(label=say(label, language, title=_name(job, language)), press=str(Press(action="stop", words=(job.id,)))),)
            for job in jobs
        )


def _name(job: Job, language: Language) -> str:
    return photo_name(job.request.title, job.created, time.time(), language)
