"""What must be done now and then: lost jobs get their last word, old ones are dropped, what was left lying is deleted."""

import asyncio
import json
import logging
import shutil

from .. import wording
from ..client import Queue
from ..database import scored
from ..keys import ENDED, ORIGINALS, WORKERS, WORKERS_AT, WORKERS_HAVE, job_key
from ..photos import delete_photos
from ..record import dump_fields
from ..values import TERMINAL, Failure

__all__ = ["reap", "retire", "tidy"]

LOG = logging.getLogger("rigshot.worker")
GONE_SECONDS = 86400  # for which a worker that was killed is still shown as gone
SUBMIT_SECONDS = 600  # photos whose record has not come after so long never entered the line


async def reap(queue: Queue) -> list[str]:
    """End the open jobs that no worker will ever end; which they were.

    arq calls nobody when a job's call has expired, cannot be read, names an unknown function, was aborted or tried too often: the record
    is left open without a place in arq's queue. And delete the photos of jobs that have ended.
    """
    hours = queue.settings.limits.wait_hours
    now = await queue.now()
    slipped = Failure(kind="lost", code="slipped", sentences=wording.sentences("slipped"))
    expired = Failure(kind="lost", code="expired", sentences=wording.sentences("expired", hours=hours))
    fields = [json.dumps(dump_fields(failure=failure)) for failure in (slipped, expired)]
    found: list[str] = await queue.database.run("reap", now - hours * 3600, *fields)
    for job in found:
        LOG.error("%s was lost, its person hears of it", job)
    for job, since in scored(await queue.database.do("ZRANGE", ORIGINALS, 0, -1, "WITHSCORES")):
        record = await queue.job(job)
        if (record is None and since < now - SUBMIT_SECONDS) or (record is not None and record.state in TERMINAL):
            await delete_photos(queue.database, queue.artifacts, job)
    return found


async def retire(queue: Queue, *, retention: float) -> list[str]:
    """Drop models whose time is over, and the records of jobs that ended ``retention`` seconds ago; which jobs these were.

    And what workers said of themselves that were killed long ago.
    """
    now = await queue.now()
    await queue.models.sweep(now)
    old: list[str] = await queue.database.do("ZRANGEBYSCORE", ENDED, "-inf", now - retention)
    for job in old:
        await queue.forget(job)
    gone = await queue.database.do("ZRANGEBYSCORE", WORKERS, "-inf", now - GONE_SECONDS)
    if gone:
        await queue.database.together(("ZREM", WORKERS, *gone), ("HDEL", WORKERS_AT, *gone), ("HDEL", WORKERS_HAVE, *gone))
    await queue.rewrite_log()
    return old


async def tidy(queue: Queue) -> list[str]:
    """Delete the folders on this machine whose job is forgotten, and photos of jobs that have ended."""
    folders = [path for path in queue.settings.work.glob("*") if path.is_dir()]
    gone: list[str] = []
    for folder in folders:
        state = await queue.database.do("HGET", job_key(folder.name), "state")
        if state is None:
            gone.append(folder.name)
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        elif state in TERMINAL:
            await asyncio.to_thread(shutil.rmtree, folder / "photos", ignore_errors=True)
    return gone
