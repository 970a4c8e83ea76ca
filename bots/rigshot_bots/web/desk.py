"""What happens when somebody does something on the page. Whoever owns a job is checked here; refusals are sentences.

The page's server keeps nothing of its own between two calls: the browser says which job it shows, the cookie who it
is. So any number of such servers may stand side by side, and a restart is noticed by nobody.
"""

import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import structlog

from rigshot_queue import REPOSES, Gone, Job, LimitReached, QueueUnavailable, Request, TooLarge, Wishes
from rigshot_storage import BadKey, Model, StorageError

from ..conversation import ACTIVE, Conversation
from ..logs import hashed
from ..pressing import REDO_FROM
from ..texts import Language
from .samples import GALLERY, SAMPLES
from .shown import Panel, Shown
from .telling import Teller

__all__ = ["MOST_SEED", "Again", "Desk", "Wanted"]

MOST_SEED = 9999
MOST_MINE = 8
"""Own jobs in the strip: what fits on a phone without turning into a list to search."""
AWAY = 5.0
"""Seconds until the next look while the queue cannot be reached."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the form says: a ``photo`` on this disk with its ``title``, and the wishes as the browser sent them."""

    photo: Path | None
    title: str = ""
    box: Any = None
    subject: str = "auto"
    view: str = "auto"
    clip: str = "auto"
    formats: tuple[str, ...] = ("glb", "fbx")
    seed: float | None = 0
    engine: str = "auto"
    repose: str = "ask"


@dataclass(frozen=True, kw_only=True)
class Again:
    """A wish to have a job made once more: with another ``clip``, another seed (``guess``), a new skeleton (``rig``), or the subject
    redrawn or not (``repose``)."""

    clip: str | None = None
    guess: bool = False
    rig: bool = False
    repose: str | None = None


class Desk:
    """The page's answers in one language."""

    def __init__(self, conversation: Conversation, language: Language) -> None:
        self._conversation = conversation
        self._queue = conversation.queue
        self._language: Language = language
        self._teller = Teller(language, conversation.links)

    async def arrive(self, person: str, job: str) -> Shown:
        """Somebody opens the page, perhaps at a job; without one they find what they have under way."""

        async def answer() -> Shown:
            jobs = await self._queue.jobs(person, newest=MOST_MINE)
            found = await self._own(person, job) if job else next((each for each in jobs if each.state in ACTIVE), None)
            notice = self._teller.say("web_lost") if job and found is None else ""
            panel = await self._panel(found) if found else self._teller.empty()
            engines = await self._queue.engines() or ()
            return Shown(panel=panel, mine=await self._mine(person, panel.job), notice=notice, engines=engines)

        return await self._careful(person, answer)

    async def look(self, person: str, job: str) -> Shown:
        """How a job is doing. The strip of own models is told anew when it has ended."""

        async def answer() -> Shown:
            found = await self._own(person, job)
            if found is None:
                return Shown(panel=self._teller.empty(), mine=await self._mine(person, ""), notice=self._teller.say("web_lost"))
            panel = await self._panel(found)
            return Shown(panel=panel, mine=None if panel.pause else await self._mine(person, job))

        return await self._careful(person, answer, waiting=job)

    async def make(self, person: str, wanted: Wanted, *, known: bool) -> Shown:
        """Put a photo into the line. ``known``: the browser keeps our cookie."""
        if not known:
            return Shown(notice=self._teller.say("web_cookies"))
        if wanted.photo is None:
            return Shown(notice=self._teller.say("web_no_photo"))
        if not wanted.formats:
            return Shown(notice=self._teller.say("web_formats_none"))
        if wanted.seed is None or not 0 <= wanted.seed <= MOST_SEED or wanted.seed != int(wanted.seed):
            return Shown(notice=self._teller.say("web_seed_wrong", most=MOST_SEED))
        wishes = Wishes(
            subject=wanted.subject,
            view=wanted.view,
            box=_box(wanted.box),
            clip=wanted.clip,
            formats=wanted.formats,
            seed=int(wanted.seed),
            repose=wanted.repose if wanted.repose in REPOSES else "ask",
        )
        photo = wanted.photo

        async def enter() -> Job:
            chosen = replace(wishes, engine=await self._conversation.engine(wanted.engine))
            request = Request(person=person, platform="web", language=self._language, wishes=chosen, title=wanted.title)
            return await self._queue.submit(request, [photo])

        return await self._entered(person, enter)

    async def sample(self, person: str, name: str, *, known: bool) -> Shown:
        """Put a picture of the gallery into the line."""
        sample = next((sample for sample in SAMPLES if sample.name == name), None)
        photo = GALLERY / sample.photo if sample else None
        title = self._teller.say(f"web_sample_{sample.name}") if sample else ""
        return await self.make(person, Wanted(photo=photo, title=title), known=known)

    async def again(self, person: str, job: str, wish: Again) -> Shown:
        """Have a job made once more, keeping what holds of it."""

        async def enter() -> Job:
            old = await self._own(person, job)
            if old is None:
                raise Gone("job_gone")
            seed = old.request.wishes.seed + 1 if wish.guess or wish.rig else None
            engine = await self._conversation.engine(old.request.wishes.engine)
            return await self._queue.again(
                old.id, redo=REDO_FROM if wish.rig else None, clip=wish.clip, seed=seed, repose=wish.repose, engine=engine
            )

        return await self._entered(person, enter)

    async def stop(self, person: str, job: str) -> Shown:
        """Stop a job."""

        async def answer() -> Shown:
            found = await self._own(person, job)
            late = found is None or not await self._queue.cancel(found.id)
            shown = await self.look(person, job)
            return Shown(panel=shown.panel, mine=shown.mine, notice=self._teller.say("web_stop_late") if late else shown.notice)

        return await self._careful(person, answer, waiting=job)

    async def wipe(self, person: str) -> Shown:
        """Delete everything of a person."""

        async def answer() -> Shown:
            forgotten = await self._queue.forget_person(person)
            code = "web_wiped" if forgotten.jobs or forgotten.files else "wiped_nothing"
            notice = self._teller.say(code, jobs=forgotten.jobs, files=forgotten.files)
            return Shown(panel=self._teller.empty(), mine="", notice=notice)

        return await self._careful(person, answer)

    # ----------------------------------------------------------------------------------------------------------------

    async def _entered(self, person: str, enter: Callable[[], Awaitable[Job]]) -> Shown:
        async def answer() -> Shown:
            try:
                job = await enter()
            except (LimitReached, TooLarge, Gone) as refusal:
                return Shown(notice=refusal.sentence(self._language))
            panel = await self._panel(job)
            return Shown(panel=panel, mine=await self._mine(person, job.id))

        return await self._careful(person, answer)

    async def _careful(self, person: str, answer: Callable[[], Awaitable[Shown]], waiting: str = "") -> Shown:
        """The answer, or a sentence where queue or storage are away; who waits for a job goes on looking, only less often."""
        try:
            return await answer()
        except (QueueUnavailable, StorageError) as error:
            log.warning("web.away", person=hashed(person), error=str(error))
            notice = self._teller.say("busy_command")
        except Exception:
            number = secrets.token_hex(3)
            log.exception("web.broken", person=hashed(person), number=number)
            return Shown(notice=self._teller.say("our_fault", number=number))
        if not waiting:
            return Shown(notice=notice)
        html = self._teller.pieces("under_way", title=self._teller.say("web_starting"), detail="", percent=None, notes=[notice])
        return Shown(panel=Panel(job=waiting, html=html, pause=AWAY))

    async def _own(self, person: str, job: str) -> Job | None:
        found = await self._queue.job(job)
        return found if found is not None and found.request.person == person else None

    async def _panel(self, job: Job) -> Panel:
        place = await self._queue.place(job.id) if job.state in ACTIVE else None
        return self._teller.panel(job, place, await self._model(job))

    async def _model(self, job: Job) -> Model | None:
        try:
            return await self._conversation.models.load(job.id) if job.state == "done" else None
        except BadKey:
            return None

    async def _mine(self, person: str, current: str) -> str:
        jobs = [job for job in await self._queue.jobs(person, newest=MOST_MINE) if job.state != "cancelled"]
        models = [await self._model(job) for job in jobs]
        shown = [(job, model) for job, model in zip(jobs, models, strict=True) if model is not None or job.state != "done"]
        return self._teller.mine(shown, current, time.time())


def _box(value: Any) -> tuple[int, int, int, int] | None:
    """Left, top, width and height as the browser sent them; None for anything else."""
    match value:
        case [int(left), int(top), int(width), int(height)] if min(left, top) >= 0 and min(width, height) > 0:
            return left, top, width, height
        case _:
            return None
