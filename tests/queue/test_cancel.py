"""Out of the line: cancelled while it waits, forgotten with everything."""

from pathlib import Path

import pytest
from queue_lab import request_of, until

from rigshot_queue import Gone, Queue
from rigshot_storage import Model


async def _everything(queue: Queue, folder: Path) -> str:
    """All that Redis and the data folder hold, as one text."""
    found: list[str] = []
    for key in await queue.database.do("KEYS", "*"):
        kind = await queue.database.do("TYPE", key)
        words = {
            "string": ("GET", key),
            "hash": ("HGETALL", key),
            "set": ("SMEMBERS", key),
            "zset": ("ZRANGE", key, 0, -1),
            "stream": ("XRANGE", key, "-", "+"),
        }[kind]
        found += [key, str(await queue.database.do(*words))]
    for path in folder.rglob("*"):
        found.append(str(path.relative_to(folder)))
        if path.is_file() and path.suffix != ".sock":
            found.append(path.read_bytes().decode("utf-8", "replace"))
    return "\n".join(found)


async def test_what_waits_is_gone_at_once(queue: Queue) -> None:
    first, second = [await queue.submit(request_of(f"telegram:{number}"), [b"photo"]) for number in range(2)]
    assert await queue.cancel(first.id)
    job = await queue.job(first.id)
    assert job is not None
    assert job.state == "cancelled"
    assert job.ended is not None
    assert await queue.place(first.id) is None
    assert (await queue.place(second.id)).position == 1  # type: ignore[union-attr]
    assert await queue.artifacts.list(f"originals/{first.id}") == []
    assert await queue.database.do("EXISTS", f"arq:job:{first.id}") == 0
    assert not await queue.cancel(first.id), "it has ended already"
    assert not await queue.cancel("nobody")


async def test_a_person_who_cancels_is_told_nothing_but_the_operator_tells(queue: Queue) -> None:
    for by_person, number in ((True, 0), (False, 1)):
        job = await queue.submit(request_of(), [b"photo"])
        await queue.cancel(job.id, by_person=by_person)
        assert await queue.database.do("XLEN", "rigshot:deliveries:telegram") == number


async def test_a_job_without_a_finished_stage_cannot_be_made_again(queue: Queue) -> None:
    job = await queue.submit(request_of(), [b"photo"])
    with pytest.raises(Gone):
        await queue.again(job.id)
    with pytest.raises(Gone):
        await queue.again("nobody")


async def test_watch_tells_every_change_and_ends(queue: Queue) -> None:
    job = await queue.submit(request_of(), [b"photo"])
    seen: list[str] = []
    async for now in queue.watch(job.id):
        seen.append(now.state)
        if now.state == "waiting":
            await queue.database.run("claim", job.id, "token", 60_000, 3)
        elif now.state == "running":
            await queue.database.run("settle", job.id, "token", "done", 0)
    assert seen == ["waiting", "running", "done"]


async def test_watch_ends_when_the_job_is_forgotten(queue: Queue) -> None:
    job = await queue.submit(request_of(), [b"photo"])
    async for _ in queue.watch(job.id):
        await queue.forget(job.id)


async def test_nothing_of_a_person_remains(queue: Queue, tmp_path: Path) -> None:
    before = await _everything(queue, tmp_path / "data")
    for number in range(3):
        job = await queue.submit(request_of("telegram:4711", key=f"tg{number}", origin={"chat": "chat-4711"}), [b"photo of 4711"])
        if number == 1:
            await queue.cancel(job.id, by_person=False)  # is on the stream of deliveries
        if number == 2:
            await queue.database.run("claim", job.id, "token", 60_000, 3)
            await _publish(queue, job.id, tmp_path)
            await queue.database.run("settle", job.id, "token", "done", 0)
    await queue.submit(request_of("telegram:5", key="tg5"), [b"photo of 5"])
    await queue.prefer("telegram:4711", language="zh-TW")
    assert "4711" in await _everything(queue, tmp_path / "data")
    forgotten = await queue.forget_person("telegram:4711")
    assert (forgotten.jobs, forgotten.files) == (3, 4), "two photos, a model and its record"
    await until(lambda: "4711" not in (tmp_path / "data" / "redis" / "appendonly.aof").read_text(errors="replace"))
    after = await _everything(queue, tmp_path / "data")
    assert "4711" not in before + after
    assert "photo of 5" in after
    assert await queue.jobs("telegram:4711") == []


async def _publish(queue: Queue, job: str, folder: Path) -> None:
    (folder / "model.glb").write_bytes(b"model of 4711")
    await queue.artifacts.put(f"jobs/{job}/1/model.glb", folder / "model.glb")
    about = {"title": "4711", "language": "en", "body_plan": "", "clips": (), "licences": (), "files": ()}
    await queue.models.save(Model(job=job, owner="telegram:4711", created=1, expires=2e9, **about))  # type: ignore[arg-type]
    (folder / "model.glb").unlink()
