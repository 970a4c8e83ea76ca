"""Puts photos into the line, follows them, and brings what was made of them."""

import argparse
import asyncio
import getpass
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rigshot_queue import Job, LimitReached, Place, Queue, QueueSettings, Request, TooLarge, Wishes, open_queue
from rigshot_storage import Model, StorageSettings

from ..incoming import is_picture
from ..panels import ENGINES, redraws
from ..results import COMPARISON, ended_answer, redrawable
from ..texts import Language, say
from .board import Board

__all__ = ["Sent", "send"]

DONE, FAILED, REFUSED = 0, 1, 3
LOOK_SECONDS = 0.5


@dataclass(kw_only=True)
class Sent:
    """A photo on its way: the ``name`` that it is shown by, its job and place as they were last seen, and the reason if there is no job."""

    name: str
    job: Job | None = None
    place: Place | None = None
    refusal: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.job is None or self.job.finished

    @property
    def status(self) -> int:
        """What it contributes to the exit status."""
        if self.job is None or (self.job.failure is not None and self.job.failure.kind == "bad_input"):
            return REFUSED
        return DONE if self.job.state == "done" or not self.job.finished else FAILED


async def send(arguments: argparse.Namespace) -> int:
    """Carry out ``rigshot send``; the exit status. Cancelled, it takes what is not done yet out of the line."""
    storage = StorageSettings()
    async with open_queue(QueueSettings(), storage=storage) as queue:
        sender = _Sender(queue, arguments)
        with Board(arguments.language) as board:
            try:
                await sender.begin(board)
                if not arguments.detach:
                    await sender.follow(board)
            except asyncio.CancelledError:
                await sender.stop()
                raise
        for sent in sender.all:
            await sender.end(sent, board)
        return max((sent.status for sent in sender.all), default=DONE)


class _Sender:
    def __init__(self, queue: Queue, arguments: argparse.Namespace) -> None:
        self._queue = queue
        self._arguments = arguments
        self._language: Language = arguments.language
        self._person = f"terminal:{getpass.getuser()}"
        self.all: list[Sent] = []

    async def begin(self, board: Board) -> None:
        """Put everything into the line, as fast as the limits allow."""
        for job_id in self._arguments.fetch:
            job = await self._queue.job(job_id)
            if job is None or job.request.person != self._person:
                self.all.append(Sent(name=job_id, refusal=say("send_unknown", self._language, job=job_id)))
            else:
                self.all.append(Sent(name=job.request.title, job=job))
        reason = await self._ungrantable() if self._arguments.photos else ""
        for photo in _photos(self._arguments.photos):
            self.all.append(Sent(name=str(photo), refusal=reason))
            if not reason:
                await self._submit(photo, self.all[-1], board)

    async def _ungrantable(self) -> str:
        """Why no worker that is alive can do what was asked for; empty where one can, or nobody is alive to tell."""
        engines = await self._queue.engines()
        name = self._arguments.engine
        if engines is None:
            return ""
        known = [*ENGINES, *(engine.name for engine in engines)]
        if name not in known:
            return say("send_no_engine", self._language, engine=name, known=", ".join(known))
        if self._arguments.repose and not redraws(engines):
            return say("send_no_redrawing", self._language)
        return ""

    async def _submit(self, photo: Path, sent: Sent, board: Board) -> None:
        if not photo.is_file():
            sent.refusal = say("send_missing", self._language, place=photo)
            return
        wishes = {name: getattr(self._arguments, name) for name in ("subject", "view", "clip", "formats", "seed", "engine")}
        request = Request(
            person=self._person,
            platform="terminal",
            language=self._language,
            wishes=Wishes(**wishes, repose="always" if self._arguments.repose else "ask"),
            title=photo.name,
        )
        while sent.job is None:
            try:
                sent.job = await self._queue.submit(request, [photo])
            except LimitReached as error:
                if error.code != "active_limit" or self._arguments.detach or all(other.over for other in self.all):
                    sent.refusal = error.sentence(self._language)
                    return
                await self._look(board)
                await asyncio.sleep(LOOK_SECONDS)
            except TooLarge as error:
                sent.refusal = error.sentence(self._language)
                return

    async def follow(self, board: Board) -> None:
        """Show how they do until all have ended."""
        while not all(sent.over for sent in self.all):
            await self._look(board)
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self, board: Board) -> None:
        for sent in self.all:
            if sent.job is not None and not sent.over:
                sent.job = await self._queue.job(sent.job.id) or sent.job
                sent.place = await self._queue.place(sent.job.id)
        board.show([(sent.name, sent.job, sent.place) for sent in self.all if sent.job is not None])

    async def stop(self) -> None:
        """Take what is not done yet out of the line."""
        for sent in self.all:
            if sent.job is not None and not sent.over:
                await self._queue.cancel(sent.job.id)

    async def end(self, sent: Sent, board: Board) -> None:
        """Bring what was made, or say why there is nothing."""
        if sent.job is None:
            board.say(sent.name, sent.refusal, good=False)
        elif not sent.job.finished:
            board.say(sent.name, say("send_left", self._language, job=sent.job.id))
        elif sent.job.state != "done":
            board.say(sent.name, ended_answer(sent.job, self._language).text, good=False)
        else:
            model = await self._queue.models.load(sent.job.id)
            if model is None:
                sent.refusal = say("send_gone", self._language)
                board.say(sent.name, sent.refusal, good=False)
                return
            folder = _folder(self._arguments.out, Path(sent.name).stem, sent.job.id)
            files = await self._fetch(model, folder)
            board.made(sent.name, sent.job, folder, files, more=self._of_its_pose(sent.job, model))

    def _of_its_pose(self, job: Job, model: Model) -> str:
        """What there is to say of a subject that was redrawn, or could be."""
        comparison = model.file(COMPARISON)
        if job.pose == "redrawn" and comparison is not None:
            return say("send_redrawn", self._language, file=comparison.name)
        return say("send_redrawable", self._language) if redrawable(job) else ""

    async def _fetch(self, model: Model, folder: Path) -> Sequence[Path]:
        folder.mkdir(parents=True, exist_ok=True)
        for file in model.files:
            await self._queue.artifacts.fetch(file.key, folder / file.name)
        return [folder / file.name for file in model.files]


def _photos(places: Sequence[Path]) -> Iterator[Path]:
    """The photos, and those in the folders among ``places``; a folder without any stands for itself, and is refused by name."""
    for place in places:
        found = sorted(file for file in place.iterdir() if file.is_file() and is_picture(None, file.name)) if place.is_dir() else []
        yield from found or [place]


def _folder(out: Path, stem: str, job: str) -> Path:
    """``out/NAME``, or ``out/NAME-ID`` where another photo of that name lies."""
    folder = out / (stem or "photo")
    return folder if not folder.exists() else out / f"{folder.name}-{job[-6:]}"
