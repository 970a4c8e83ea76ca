"""The line as a bot, a page or a terminal sees it: submit, look, cancel, again, forget."""

import asyncio
import json
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rigshot_storage import Artifacts, Models, StorageSettings, open_artifacts

from . import wording
from .database import PROMPT, Database, scored
from .deliveries import Deliveries
from .embedded_redis import EmbeddedRedis
from .errors import Gone, LimitReached, QueueUnavailable
from .estimate import Experience, remaining_seconds
from .ids import new_id
from .keys import HISTORY, QUEUE, RUNNING, WORKERS, WORKERS_AT, WORKERS_HAVE, job_key, person_key
from .photos import check_photos, delete_photos, store_photos
from .record import dump_fields, load_job, request_words, tupled
from .settings import QueueSettings
from .transport import CALL_MS, write_call
from .values import EngineSeen, Failure, Forgotten, Job, Overview, Person, Place, Preferences, Request, WorkerSeen
from .watching import watch

__all__ = ["Queue", "open_queue"]

_KEY_SECONDS = 2 * 86400  # chat servers repeat an update for a day at most
_KEPT_STAGE = "intake"  # what a job must have behind it so that another can go on from there


@asynccontextmanager
async def open_queue(
    settings: QueueSettings | None = None, *, storage: StorageSettings | None = None, patience: float = PROMPT
) -> AsyncGenerator["Queue"]:
    """The line of the settings (default: those of the environment); without REDIS_URL a server of our own is started or joined.

    ``patience``: seconds for which every command waits for Redis. Raises QueueUnavailable.
    """
    settings = settings or QueueSettings()
    storage = storage or StorageSettings(data=settings.data)
    embedded = None if settings.redis_url else EmbeddedRedis(settings.data / "redis")
    keeper: asyncio.Task[None] | None = None
    if embedded:
        await asyncio.to_thread(embedded.start)
        keeper = asyncio.create_task(_keep(embedded))
    database = Database(settings.redis_url or (embedded.url if embedded else ""), patience=patience)
    artifacts = open_artifacts(storage)
    try:
        await database.do("PING")
        yield Queue(database, artifacts=artifacts, models=Models(artifacts, storage), settings=settings)
    finally:
        await database.close()
        if keeper:
            keeper.cancel()
        if embedded:
            embedded.close()


async def _keep(embedded: EmbeddedRedis) -> None:
    """The guardian mends the server; should the guardian itself be killed, any of its users starts another."""
    while True:
        await asyncio.sleep(1)
        if not embedded.guarded:
            with suppress(QueueUnavailable):  # whoever needs the line meanwhile says so; the next second may do better
                await asyncio.to_thread(embedded.start)


class Queue:
    """The line. Every method may raise QueueUnavailable; those that touch files, the storage's StorageUnavailable too."""

    def __init__(self, database: Database, *, artifacts: Artifacts, models: Models, settings: QueueSettings) -> None:
        self.database = database
        self.artifacts = artifacts
        self.models = models
        self.settings = settings

    async def submit(self, request: Request, photos: Sequence[Path | bytes]) -> Job:
        """Put a request into the line. The first photo is used, more views are there for engines that take them.

        The same ``request.key`` again answers with the job that it made before. Raises LimitReached, TooLarge, ValueError
        without any photo.
        """
        check_photos(photos, self.settings.limits)
        earlier = await self._keyed(request)
        if earlier is not None:
            return earlier
        job = new_id()
        await store_photos(self.database, self.artifacts, job, photos, await self.now())
        return await self._enter(job, request)

    async def again(
        self,
        job: str,
        *,
        redo: str | None = None,
        clip: str | None = None,
        seed: int | None = None,
        repose: str | None = None,
        engine: str | None = None,
        origin: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> Job:
        """A new job for the same photo, that takes over what holds of the finished stages of ``job``.

        ``redo``: the stage from which all is made anew; ``clip``, ``seed``, ``repose`` and ``engine`` take the place of the old wishes.
        Raises Gone when too little is left, LimitReached.
        """
        before = await self.job(job)
        if before is None or _KEPT_STAGE not in before.seconds:
            raise Gone("job_gone")
        wishes = before.request.wishes
        changes: dict[str, Any] = {"clip": clip, "seed": seed, "repose": repose, "engine": engine}
        wishes = replace(wishes, **{name: value for name, value in changes.items() if value is not None})
        origin = before.request.origin if origin is None else origin
        request = replace(before.request, wishes=wishes, origin=origin, key=key, after=job, redo=redo)
        return await self._keyed(request) or await self._enter(new_id(), request)

    async def job(self, job: str) -> Job | None:
        """A job, or None when nobody knows it."""
        return load_job(await self.database.do("HGETALL", job_key(job)))

    async def jobs(self, person: Person, *, newest: int = 10) -> list[Job]:
        """A person's jobs, the newest first."""
        return await self._load(await self.database.do("ZREVRANGE", person_key(person, "jobs"), 0, newest - 1))

    async def place(self, job: Job | str) -> Place | None:
        """Where a job stands and how long it will take; None when it has ended."""
        found = await self.database.run("place", job if isinstance(job, str) else job.id)
        if not found:
            return None
        position, waiting, workers, _now, atwork, history = found
        fractions = {other: float(fraction) for other, _started, fraction in atwork}
        low, high = remaining_seconds(
            Experience(dict(zip(history[::2], history[1::2], strict=True))).job,
            ahead=max(position - 1, 0),
            fractions=fractions.values(),
            workers=workers,
            fraction=fractions.get(job if isinstance(job, str) else job.id) if position == 0 else None,
        )
        return Place(position=position, waiting=waiting, low=low, high=high, workers=workers)

    async def overview(self) -> Overview:
        """The whole line."""
        now = await self.now()
        order, atwork, seen, at, history = await self.database.together(
            ("ZRANGE", QUEUE, 0, -1),
            ("SMEMBERS", RUNNING),
            ("ZRANGE", WORKERS, 0, -1, "WITHSCORES"),
            ("HGETALL", WORKERS_AT),
            ("HGETALL", HISTORY),
        )
        jobs = await self._load(order)
        workers = tuple(WorkerSeen(name=name, job=at.get(name, ""), until=until, alive=until > now) for name, until in scored(seen))
        return Overview(
            waiting=tuple(job for job in jobs if job.id not in atwork),
            running=tuple(job for job in jobs if job.id in atwork),
            workers=workers,
            mean_seconds=Experience(history).job.mean,
        )

    async def engines(self) -> tuple[EngineSeen, ...] | None:
        """The engines that every living worker has, so that whoever gets the photo can grant the wish; None where nobody is alive to tell.

        ``stages``: those that it can do on all of their machines.
        """
        alive, told = await self.database.together(("ZRANGEBYSCORE", WORKERS, await self.now(), "+inf"), ("HGETALL", WORKERS_HAVE))
        if not alive:
            return None
        first, *others = [{row["name"]: row for row in json.loads(told.get(worker, "[]"))} for worker in alive]
        shared = [(row, [other[name] for other in others]) for name, row in first.items() if all(name in other for other in others)]
        seen = [
            EngineSeen(
                name=row["name"],
                title=row["title"],
                stages=tuple(stage for stage in row["stages"] if all(stage in same["stages"] for same in elsewhere)),
            )
            for row, elsewhere in shared
        ]
        return tuple(engine for engine in seen if engine.stages)

    async def cancel(self, job: str, *, by_person: bool = True) -> bool:
        """Stop a job: at once while it waits, within a second while it runs. False when it has ended already.

        When it was not the person who asked (``by_person``), the person's bot is told.
        """
        failure = Failure(kind="internal", code="stopped", sentences=wording.sentences("stopped"))
        verdict = await self.database.run("cancel", job, "0" if by_person else "1", *dump_fields(failure=failure))
        if verdict == "cancelled":
            await delete_photos(self.database, self.artifacts, job)
        return bool(verdict != "over")

    async def forget(self, job: str) -> int:
        """Delete a job with all its files; how many files there were. A worker that is at it stops."""
        await self.database.run("forget", job)
        files = await delete_photos(self.database, self.artifacts, job)
        files += len(await self.artifacts.list(f"jobs/{job}"))
        await self.models.delete(job)
        await asyncio.to_thread(shutil.rmtree, self.settings.work / job, ignore_errors=True)
        return files

    async def forget_person(self, person: Person) -> Forgotten:
        """Delete everything of a person: jobs, photos, models, preferences, counters."""
        jobs: list[str] = await self.database.do("ZRANGE", person_key(person, "jobs"), 0, -1)
        files = sum([await self.forget(job) for job in jobs])
        await self.models.delete_owner(person)
        await self.database.do("DEL", *(person_key(person, what) for what in ("jobs", "active", "day", "turn", "preferences")))
        await self.rewrite_log()
        return Forgotten(jobs=len(jobs), files=files)

    async def rewrite_log(self) -> None:
        """Have our own server write its log anew, without what was deleted; that of a shared server is not ours to order."""
        if self.settings.redis_url is None:
            with suppress(QueueUnavailable):  # it is at it already; the hourly chore comes by again
                await self.database.do("BGREWRITEAOF")

    async def preferences(self, person: Person) -> Preferences:
        """What a person wants each time."""
        words = await self.database.do("GET", person_key(person, "preferences"))
        return Preferences() if words is None else Preferences(**tupled(json.loads(words)))

    async def prefer(self, person: Person, **changes: Any) -> Preferences:
        """Change some of what a person wants each time."""
        wanted = replace(await self.preferences(person), **changes)
        await self.database.do("SET", person_key(person, "preferences"), json.dumps(asdict(wanted)))
        return wanted

    def watch(self, job: str) -> AsyncIterator[Job]:
        """The job now and after every change; ends with its terminal state, or when it is forgotten."""
        return watch(self.database, job, self.job)

    def deliveries(self, platform: str) -> Deliveries:
        """What a platform's bot has to bring to people."""
        return Deliveries(self.database, platform, self.job)

    async def now(self) -> float:
        """Seconds since 1970 by Redis' clock, the only one that all processes share."""
        seconds, microseconds = await self.database.do("TIME")
        return float(seconds) + float(microseconds) / 1e6

    async def _keyed(self, request: Request) -> Job | None:
        if request.key is None:
            return None
        earlier = await self.database.do("GET", f"rigshot:key:{request.platform}:{request.key}")
        return await self.job(earlier) if earlier else None

    async def _enter(self, job: str, request: Request) -> Job:
        limits = self.settings.limits
        verdict, *values = await self.database.run(
            "submit",
            *(job, request.person, request.platform, request.key or "", write_call(job)),
            *(limits.active_per_person, limits.per_day, limits.waiting, CALL_MS, _KEY_SECONDS),
            *request_words(request),
        )
        if verdict not in ("new", "same"):
            await delete_photos(self.database, self.artifacts, job)
            names = {"active_limit": ("most",), "day_limit": ("most", "hours"), "queue_full": ("waiting",)}[verdict]
            raise LimitReached(verdict, **dict(zip(names, values, strict=True)))
        if values[0] != job:
            await delete_photos(self.database, self.artifacts, job)
        found = await self.job(values[0])
        if found is None:
            raise Gone("job_gone")  # forgotten this very moment
        return found

    async def _load(self, jobs: Sequence[str]) -> list[Job]:
        if not jobs:
            return []
        records = await self.database.together(*(("HGETALL", job_key(job)) for job in jobs))
        return [job for job in map(load_job, records) if job is not None]
