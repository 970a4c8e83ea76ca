"""A worker process: one job at a time, the chores, its sign of life, and a stop that loses nothing."""

import asyncio
import json
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from typing import Any

from arq.worker import Retry, Worker
from redis.exceptions import RedisError

from rigshot_storage import StorageError, StorageSettings

from ..client import Queue, open_queue
from ..database import PATIENT
from ..errors import QueueUnavailable
from ..keys import WORKERS, WORKERS_AT, WORKERS_HAVE
from ..settings import QueueSettings
from .arq_worker import JobWorker, chores_worker, connect
from .chores import reap, retire, tidy
from .making import Making
from .pipeline import PipelineDied, PipelineProcess

__all__ = ["serve"]

LOG = logging.getLogger("rigshot.worker")
BEAT_SECONDS, ALIVE_SECONDS = 4.0, 12.0  # a worker counts as gone when three signs of life are missing
TIDY_SECONDS = 30.0
TROUBLE_SECONDS = 1.0
STUBBORN_SECONDS = 2.0


async def serve(settings: QueueSettings, storage: StorageSettings) -> int:
    """Work until SIGTERM or SIGINT; the exit status.

    At the first signal the job at work is finished, if it takes no longer than ``grace_seconds``; at the second it goes back at once.
    """
    name = f"{socket.gethostname()}-{os.getpid()}"
    async with open_queue(settings, storage=storage, patience=PATIENT) as queue:
        pipeline = PipelineProcess(settings.worker)
        try:
            await pipeline.start()
        except PipelineDied:
            LOG.error("the pipeline process cannot start; what it said stands above")
            return 1
        try:
            return await _Crew(queue, pipeline, name=name, retention=storage.retention).work()
        finally:
            await pipeline.kill()


class _Crew:
    """The tasks of one worker process."""

    def __init__(self, queue: Queue, pipeline: PipelineProcess, *, name: str, retention: float) -> None:
        settings = queue.settings.worker
        self._queue = queue
        self._pipeline = pipeline
        self._name = name
        self._retention = retention
        self._redis = connect(queue.database.url)
        self._jobs = JobWorker(self._make, redis=self._redis, settings=settings, name=name)
        self._chores = chores_worker(redis=self._redis, name=name, reap=self._reap, retire=self._retire, reap_seconds=settings.reap_seconds)
        self._at = ""
        self._signals: asyncio.Queue[int] = asyncio.Queue()

    async def work(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signals.put_nowait, number)
        tasks = [
            asyncio.create_task(task)
            for task in (
                _again_and_again(self._jobs),
                _again_and_again(self._chores),
                _every(BEAT_SECONDS, self._beat),
                _every(TIDY_SECONDS, lambda: tidy(self._queue)),
            )
        ]
        LOG.info("%s is ready", self._name)
        try:
            await self._signals.get()
            await self._finish()
        finally:
            await _end([*tasks, *self._jobs.tasks.values()])
            with suppress(QueueUnavailable):
                await self._queue.database.together(
                    *(("ZREM", WORKERS, self._name), ("HDEL", WORKERS_AT, self._name), ("HDEL", WORKERS_HAVE, self._name))
                )
            await self._redis.aclose(close_connection_pool=True)
            LOG.info("%s has stopped", self._name)
        return 0

    async def _finish(self) -> None:
        """Take no more jobs; wait for the one at work, but not for ever, and not when asked again."""
        self._jobs.allow_pick_jobs = False
        running = list(self._jobs.tasks.values())
        if running:
            LOG.info("finishing the job at work; stop me once more and it goes back into the line")
            again = asyncio.create_task(self._signals.get())
            waited: set[asyncio.Future[Any]] = {again, *running}  # one job at a time, hence one task
            await asyncio.wait(waited, timeout=self._queue.settings.worker.grace_seconds, return_when=asyncio.FIRST_COMPLETED)
            again.cancel()
        for task in running:
            task.cancel()  # arq puts a cancelled job back

    async def _make(self, _context: dict[Any, Any], job: str) -> None:
        making = Making(job, queue=self._queue, pipeline=self._pipeline, retention=self._retention)
        self._at = job
        await self._beat()
        try:
            match await making.carry_out():
                case "lost":
                    self._jobs.lost.add(job)
                case "died":
                    raise Retry
                case _:
                    pass
        except (QueueUnavailable, StorageError) as error:
            LOG.error("%s goes back into the line: %s", job, error)
            raise Retry from error
        finally:
            self._at = ""
            if self._jobs.allow_pick_jobs and self._pipeline.pid is None:
                self._warming = asyncio.create_task(_warm(self._pipeline))

    async def _reap(self, _context: dict[Any, Any]) -> None:
        await reap(self._queue)

    async def _retire(self, _context: dict[Any, Any]) -> None:
        await retire(self._queue, retention=self._retention)

    async def _beat(self) -> None:
        until = await self._queue.now() + ALIVE_SECONDS
        await self._queue.database.together(
            ("ZADD", WORKERS, until, self._name),
            ("HSET", WORKERS_AT, self._name, self._at),
            ("HSET", WORKERS_HAVE, self._name, json.dumps(self._pipeline.engines)),
        )


async def _end(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel tasks until they have ended: a library in the middle of a lost connection may swallow the first word."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=STUBBORN_SECONDS)


async def _again_and_again(worker: Worker) -> None:
    """arq's worker ends when Redis stays away too long: it is started again, the jobs that run go on meanwhile."""
    while True:
        try:
            await worker.main()
        except (RedisError, OSError) as error:
            LOG.warning("Redis does not answer: %s", error)
            await asyncio.sleep(TROUBLE_SECONDS)


async def _every(seconds: float, chore: Callable[[], Awaitable[Any]]) -> None:
    while True:
        with suppress(QueueUnavailable):
            await chore()
        await asyncio.sleep(seconds)


async def _warm(pipeline: PipelineProcess) -> None:
    """Have a child ready before the next photo comes."""
    with suppress(PipelineDied):  # the next job will try once more, and tell its person
        await pipeline.start()
