"""What is done now and then: nothing lost, nothing left lying."""

from pathlib import Path

import pytest
from queue_lab import request_of

from rigshot_queue import Queue
from rigshot_queue.keys import ENDED, OPEN, ORIGINALS, QUEUE, RUNNING, WORKERS, WORKERS_AT, WORKERS_HAVE, job_key
from rigshot_queue.worker.chores import reap, retire, tidy
from rigshot_queue.worker.stage_folders import pack, take_over
from rigshot_storage import LocalArtifacts


async def _fields(queue: Queue, job: str, *fields: str | float) -> None:
    await queue.database.do("HSET", job_key(job), *fields)


async def test_a_waiting_and_a_running_job_are_left_alone(queue: Queue) -> None:
    jobs = [await queue.submit(request_of(f"telegram:{number}"), [b"photo"]) for number in range(3)]
    await queue.database.run("claim", jobs[0].id, "token", 60_000, 3)
    await queue.database.run("claim", jobs[1].id, "token", 60_000, 3)
    await queue.database.do("DEL", f"arq:in-progress:{jobs[1].id}")  # its worker died: another one will take it
    assert await reap(queue) == []
    assert len(await queue.artifacts.list("originals")) == 3


@pytest.mark.parametrize("how", ["removed from the queue", "call expired", "aborted while running"])
async def test_a_job_that_no_worker_will_ever_end_is_ended(queue: Queue, how: str) -> None:
    job = await queue.submit(request_of(), [b"photo"])
    if how == "removed from the queue":
        await queue.database.do("ZREM", QUEUE, job.id)
    elif how == "call expired":
        await queue.database.do("PEXPIRE", f"arq:job:{job.id}", 0)
    else:
        await queue.database.run("claim", job.id, "token", 60_000, 3)
        await queue.database.do("ZREM", QUEUE, job.id)
        assert await reap(queue) == [], "while it holds its lease it is at work"
        await queue.database.do("DEL", f"arq:in-progress:{job.id}")
    assert await reap(queue) == [job.id]
    lost = await queue.job(job.id)
    assert lost is not None
    assert lost.failure is not None
    assert (lost.state, lost.failure.kind, lost.failure.code) == ("failed", "lost", "slipped")
    assert await queue.database.do("XLEN", "rigshot:deliveries:telegram") == 1
    assert await queue.artifacts.list("originals") == []
    assert await queue.database.do("SCARD", OPEN) == await queue.database.do("SCARD", RUNNING) == 0
    assert await reap(queue) == []
    await queue.submit(request_of(), [b"photo"])


async def test_who_waited_for_days_is_told_so(queue: Queue) -> None:
    job = await queue.submit(request_of(), [b"photo"])
    await _fields(queue, job.id, "created", await queue.now() - 49 * 3600)
    assert await reap(queue) == [job.id]
    late = await queue.job(job.id)
    assert late is not None
    assert late.failure is not None
    assert late.state == "expired"
    assert "48 hours" in late.failure.sentences["en"]
    assert await queue.place(job.id) is None
    assert await queue.database.do("XLEN", "rigshot:deliveries:telegram") == 1


async def test_photos_that_a_dead_process_left_are_deleted(queue: Queue) -> None:
    ended = await queue.submit(request_of(), [b"photo"])
    await queue.database.run("claim", ended.id, "token", 60_000, 3)
    await queue.database.run("settle", ended.id, "token", "done", 0)  # and then its worker died
    now = await queue.now()
    for job, since in (("never-submitted", now - 3600), ("just-coming-in", now)):
        await queue.artifacts.write(f"originals/{job}/00", b"photo")
        await queue.database.do("ZADD", ORIGINALS, since, job)
    await reap(queue)
    assert await queue.artifacts.list("originals") == ["originals/just-coming-in/00"]


async def test_what_is_older_than_its_retention_goes_with_all_its_folders(queue: Queue) -> None:
    old, new, waiting = [await queue.submit(request_of(f"telegram:{number}"), [b"photo"]) for number in range(3)]
    for job in (old, new):
        await queue.database.run("claim", job.id, "token", 60_000, 3)
        await queue.database.run("settle", job.id, "token", "done", 0)
    await queue.database.do("ZADD", ENDED, await queue.now() - 1000, old.id)
    folders = [queue.settings.work / job.id / "stages" for job in (old, new, waiting)]
    for folder in folders:
        folder.mkdir(parents=True)
    assert await retire(queue, retention=900) == [old.id]
    assert [folder.exists() for folder in folders] == [False, True, True]
    assert [await queue.job(job.id) is None for job in (old, new, waiting)] == [True, False, False]


async def test_folders_of_forgotten_jobs_are_deleted_on_every_machine(queue: Queue) -> None:
    job = await queue.submit(request_of(), [b"photo"])
    forgotten, kept = queue.settings.work / "forgotten", queue.settings.work / job.id / "photos"
    forgotten.mkdir(parents=True)
    kept.mkdir(parents=True)
    assert await tidy(queue) == ["forgotten"]
    assert kept.exists(), "the job still waits"
    await queue.cancel(job.id)
    await tidy(queue)
    assert not kept.exists()
    assert kept.parent.exists(), "its stages may be wanted again"


async def test_another_machine_goes_on_from_the_stages_of_the_first(tmp_path: Path) -> None:
    class Bucket:
        """Not a folder of this machine, as far as anybody can see."""

        def __init__(self) -> None:
            self._folder = LocalArtifacts(tmp_path / "bucket")

        def __getattr__(self, name: str) -> object:
            return getattr(self._folder, name)

    stages = tmp_path / "first" / "stages"
    for name in ("intake", ".half-done"):
        (stages / name).mkdir(parents=True)
        (stages / name / "photo.png").write_text(name)
    bucket = Bucket()
    await pack(bucket, "job", stages)  # type: ignore[arg-type]
    assert [path.name for path in stages.parent.iterdir()] == ["stages"]
    await take_over(bucket, tmp_path / "not here", "job", tmp_path / "second" / "stages")  # type: ignore[arg-type]
    assert [path.parent.name for path in (tmp_path / "second").rglob("*.png")] == ["intake"]
    await take_over(bucket, tmp_path / "not here", "another", tmp_path / "third" / "stages")  # type: ignore[arg-type]
    assert list((tmp_path / "third" / "stages").iterdir()) == []


async def test_on_one_machine_nothing_is_packed_and_nothing_is_copied(tmp_path: Path) -> None:
    artifacts = LocalArtifacts(tmp_path / "artifacts")
    stages = tmp_path / "first" / "stages"
    (stages / "intake").mkdir(parents=True)
    (stages / "intake" / "photo.png").write_text("photo")
    await pack(artifacts, "job", stages)
    assert await artifacts.list("jobs") == []
    await take_over(artifacts, stages, "job", tmp_path / "second" / "stages")
    assert (tmp_path / "second" / "stages" / "intake" / "photo.png").samefile(stages / "intake" / "photo.png")


async def test_a_worker_that_was_killed_long_ago_is_forgotten(queue: Queue) -> None:
    now = await queue.now()
    for name, until in (("old", now - 2 * 86400), ("fresh", now - 60), ("alive", now + 60)):
        await queue.database.together(("ZADD", WORKERS, until, name), ("HSET", WORKERS_AT, name, ""), ("HSET", WORKERS_HAVE, name, "[]"))
    await retire(queue, retention=900)
    assert await queue.database.do("ZRANGE", WORKERS, 0, -1) == ["fresh", "alive"]
    for key in (WORKERS_AT, WORKERS_HAVE):
        assert set(await queue.database.do("HKEYS", key)) == {"fresh", "alive"}
