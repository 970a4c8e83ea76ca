"""arq behind this one module: which worker it runs, on what, and what we mend in it."""

from typing import Any, TypeAlias

from arq.connections import ArqRedis
from arq.cron import cron
from arq.worker import Worker, func
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

from ..database import pool
from ..keys import QUEUE
from ..settings import WorkerSettings
from ..transport import CALL, CALL_MS, dump, load

__all__ = ["CHORES", "JobWorker", "chores_worker", "connect"]

CHORES = "rigshot:chores"  # a queue of its own: with one job at a time, chores would wait behind every photo
OFTEN = 1_000_000  # arq's own count of tries never ends a job without a word: ours does, with a sentence
LATE_SECONDS = 120  # our own timeout kills the pipeline and speaks to the person; arq's comes after it
HEALTH_SECONDS = 10
_RETRY = Retry(ExponentialBackoff(cap=0.5, base=0.02), 10)  # after that arq's worker ends, and is started again
Call: TypeAlias = Any  # an async function of arq's context; arq's own protocol demands *args of it, which none of ours has


def connect(url: str) -> ArqRedis:
    """Redis for arq's workers, with JSON both ways."""
    return ArqRedis(pool(url, retry=_RETRY, text=False), job_serializer=dump, job_deserializer=load, expires_extra_ms=CALL_MS)


class JobWorker(Worker):
    """Takes one photo at a time. What ends a job without our word is left to the reaper."""

    def __init__(self, make: Call, *, redis: ArqRedis, settings: WorkerSettings, name: str) -> None:
        super().__init__(
            functions=[func(make, name=CALL, timeout=settings.timeout_seconds + LATE_SECONDS, max_tries=OFTEN, keep_result=0)],
            queue_name=QUEUE,
            redis_pool=redis,
            max_jobs=1,
            poll_delay=settings.poll_seconds,
            handle_signals=False,
            health_check_interval=HEALTH_SECONDS,
            health_check_key=f"{QUEUE}:health:{name}",
            keep_result=0,
            log_results=False,
            job_serializer=dump,
            job_deserializer=load,
            expires_extra_ms=CALL_MS,
        )
        # arq's lease lasts as long as its longest timeout, and nobody renews it. Ours is short and renewed by the job (lua/hold.lua).
        self.in_progress_timeout_s = settings.lease_seconds
        self.lost: set[str] = set()

    async def finish_job(self, job_id: str, *rest: Any, **more: Any) -> None:
        """As arq does; but a job that another worker has taken over keeps the lease and the place that are now that worker's."""
        if job_id in self.lost:
            self.lost.discard(job_id)
            return
        await super().finish_job(job_id, *rest, **more)


def chores_worker(*, redis: ArqRedis, name: str, reap: Call, retire: Call, reap_seconds: int) -> Worker:
    """Runs the chores by the clock; of all workers one does each."""
    return Worker(
        cron_jobs=[
            cron(reap, name="reap", second=set(range(0, 60, reap_seconds)), unique=True, keep_result=0, max_tries=1, timeout=60),
            cron(retire, name="retire", minute=7, second=0, unique=True, keep_result=0, max_tries=1, timeout=1800),
        ],
        queue_name=CHORES,
        redis_pool=redis,
        handle_signals=False,
        health_check_interval=HEALTH_SECONDS,
        health_check_key=f"{CHORES}:health:{name}",
        keep_result=0,
        log_results=False,
        job_serializer=dump,
        job_deserializer=load,
    )
