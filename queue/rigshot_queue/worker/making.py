"""One job from its claim to its last word: hold the lease, run the pipeline, publish, settle."""

import asyncio
import logging
import secrets
import shutil
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Literal, TypeVar

from rigshot_storage import StorageError

from .. import wording
from ..client import Queue
from ..errors import QueueUnavailable
from ..estimate import Experience
from ..keys import HISTORY
from ..photos import delete_photos, fetch_photos
from ..record import dump_fields
from ..values import Failure, FailureKind, Job
from .pipeline import PipelineDied, PipelineProcess
from .progress import PUBLISH, Progress
from .publish import publish
from .stage_folders import pack, take_over

__all__ = ["End", "Making"]

LOG = logging.getLogger("rigshot.worker")
LOOK_SECONDS = 0.25  # how soon a cancelled job stops
STORAGE_TRIES, STORAGE_PAUSE = 4, 2.0  # seconds, doubled each time: half a minute of S3's absence is nobody's failure

_T = TypeVar("_T")
End = Literal["settled", "over", "lost", "died"]
"""``over``: it had ended before; ``lost``: another worker has it now; ``died``: the pipeline process did, it goes back into the line."""


class Making:
    """A job that arq handed to this worker."""

    def __init__(self, job: str, *, queue: Queue, pipeline: PipelineProcess, retention: float) -> None:
        self._id = job
        self._queue = queue
        self._pipeline = pipeline
        self._retention = retention
        self._token = secrets.token_hex(8)
        self._settings = queue.settings.worker
        self._folder = queue.settings.work / job
        self._lease_ms = int(self._settings.lease_seconds * 1000)

    async def carry_out(self) -> End:
        """Claim the job and bring it to an end. Cancelled (the worker stops), it hands the job back first."""
        verdict, *values = await self._run("claim", self._lease_ms, self._settings.tries)
        if verdict == "over":
            return "over"
        if verdict == "lost":
            LOG.error("%s gave up after %d starts", self._id, self._settings.tries)
            return await self._settle_failed("lost", "lost", tries=self._settings.tries)
        if verdict == "cancel":
            return await self._stopped(values[0])
        job = await self._queue.job(self._id)
        if job is None:
            return await self._stopped("gone")
        LOG.info("%s starts, attempt %d", self._id, job.attempt)
        begin = time.monotonic()
        work = asyncio.create_task(self._work(job))
        try:
            stopped = await self._hold(work)
        except asyncio.CancelledError:
            await _end(work)
            await self._run("give_back", "0")
            LOG.info("%s goes back into the line", self._id)
            raise
        if stopped:
            await _end(work)
            return await self._stopped(stopped)
        end = work.result()
        LOG.info("%s %s after %.1f s", self._id, end, time.monotonic() - begin)
        return end

    async def _hold(self, work: "asyncio.Task[End]") -> str:
        """Keep the lease until the work is done; otherwise why it must stop (``gone``, ``lost``, ``ended``, ``person``, ``stopped``)."""
        while not (await asyncio.wait({work}, timeout=LOOK_SECONDS))[0]:
            with suppress(QueueUnavailable):  # Redis is away: go on, the record will tell who won
                verdict = await self._run("hold", self._lease_ms)
                if verdict == "settled":  # by the work, which is clearing up
                    await asyncio.wait({work})
                elif verdict != "yours":
                    return str(verdict)
        return ""

    async def _stopped(self, why: str) -> End:
        LOG.info("%s stops: %s", self._id, why)
        match why:
            case "lost":
                return "lost"
            case "over" | "ended":  # by somebody else: only a model that they made may stay
                ended = await self._queue.job(self._id)
                if ended is not None and ended.state != "done":
                    await self._queue.models.delete(self._id)
                return "over"
            case "gone":
                await self._queue.forget(self._id)  # what this attempt may have stored after all was forgotten
                return "over"
            case _:
                fields = [] if why == "person" else dump_fields(failure=_failure("internal", "stopped"))
                return await self._settle("cancelled", fields)

    async def _work(self, job: Job) -> End:
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                return await self._make(job)
        except TimeoutError:
            LOG.error("%s took longer than %.0f s", self._id, self._settings.timeout_seconds)
            return await self._settle_failed("timeout", "timeout", minutes=max(round(self._settings.timeout_seconds / 60), 1))
        except PipelineDied:
            LOG.error("%s: the pipeline process died", self._id)
            await self._run("give_back", "1")
            return "died"
        except StorageError as error:
            LOG.error("%s could not be stored: %s", self._id, error)
            return await self._settle_failed("internal", "storage_failed")

    async def _make(self, job: Job) -> End:
        photos = await _patiently(lambda: fetch_photos(self._queue.artifacts, self._id, self._folder / "photos"))
        stages, redone = self._folder / "stages", self._folder / "redone"
        if job.request.after:
            await take_over(self._queue.artifacts, self._queue.settings.work / job.request.after / "stages", job.request.after, stages)
        await self._pipeline.start()
        experience = Experience(await self._queue.database.do("HGETALL", HISTORY))
        progress = Progress(experience, self._pipeline.stages, self._report)

        async def hear(step: dict[str, Any]) -> None:
            redone.touch()  # a second start goes on where the first one fell, and does not throw it all away again
            await progress.hear(step)

        answer = await self._pipeline.make(
            {
                "source": str(photos[0].absolute()) if photos else None,
                "folder": str(stages.absolute()),
                "wishes": asdict(job.request.wishes),
                "title": job.request.title,
                "language": job.request.language,
                "redo": None if redone.exists() else job.request.redo,
            },
            hear,
        )
        if "failed" in answer:
            return await self._settle("failed", [*progress.fields(), *dump_fields(failure=_spoken(answer["failed"]))])
        begin = time.monotonic()
        await _patiently(lambda: publish(self._queue.artifacts, self._queue.models, job, answer["made"], retention=self._retention))
        await _patiently(lambda: pack(self._queue.artifacts, self._id, stages))
        learnt = experience.learn(progress.took | {PUBLISH: time.monotonic() - begin})
        facts = {name: answer["made"][name] for name in ("body_plan", "clips", "pose")}
        made = dump_fields(stage="", fraction=1.0, stage_fraction=1.0, **facts)
        return await self._settle("done", [*progress.fields(), *made], learnt)

    async def _settle_failed(self, kind: FailureKind, code: str, **values: object) -> End:
        return await self._settle("failed", dump_fields(failure=_failure(kind, code, **values)))

    async def _settle(self, state: str, fields: list[str], learnt: list[str] | None = None) -> End:
        if state != "done":
            with suppress(StorageError):  # an attempt that lost its lease may have published; the sweep is the net
                await self._queue.models.delete(self._id)
        verdict = await self._run("settle", state, len(learnt or ()), *(learnt or ()), *fields)
        if verdict != "settled":
            return await self._stopped(verdict)
        # The model is out: what the person sent is not needed any more. Should this worker die now, the reaper does it.
        await delete_photos(self._queue.database, self._queue.artifacts, self._id)
        shutil.rmtree(self._folder / "photos", ignore_errors=True)
        return "settled"

    async def _report(self, fields: list[str]) -> None:
        with suppress(QueueUnavailable):  # progress is for show: the next report brings it all again
            await self._run("report", *fields)

    async def _run(self, script: str, *words: str | float) -> Any:
        return await self._queue.database.run(script, self._id, self._token, *words)


def _failure(kind: FailureKind, code: str, **values: object) -> Failure:
    return Failure(kind=kind, code=code, sentences=wording.sentences(code, **values))


def _spoken(failed: dict[str, Any]) -> Failure:
    """The pipeline's failure. What it says of faults of ours is meant for whoever runs it: people in a chat hear it from us."""
    kind: FailureKind = failed["kind"]
    ours = kind in ("internal", "out_of_memory")
    return Failure(kind=kind, code=failed["code"], sentences=wording.sentences(kind) if ours else failed["sentences"])


async def _patiently(attempt: Callable[[], Awaitable[_T]]) -> _T:
    for number in range(STORAGE_TRIES - 1):
        try:
            return await attempt()
        except StorageError:
            await asyncio.sleep(STORAGE_PAUSE * 2**number)
    return await attempt()


async def _end(task: "asyncio.Task[Any]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
