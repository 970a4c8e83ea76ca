"""Whole worker processes: a photo becomes a model once, whatever is killed meanwhile."""

import asyncio
import json
import os
import pickle
import signal
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from queue_lab import LONG, Workers, alive, children, ended, orders, request_of, starts, until
from small_plan import NAMES

from rigshot_queue import Queue, QueueSettings, Wishes
from rigshot_queue.keys import QUEUE, RUNNING

SAMPLES = Path(__file__).parents[2] / "samples"


async def _running(queue: Queue, job: str, stage: str, *, attempt: int = 1) -> None:
    """Wait until the stage of that attempt is at work."""

    async def look() -> bool:
        now = await queue.job(job)
        return now is not None and now.state == "running" and now.stage == stage and now.attempt == attempt

    await until(look)


async def _brought(queue: Queue) -> list[str]:
    """The jobs that a bot would bring, without waiting for more."""
    brought: list[str] = []
    async with aclosing(aiter(queue.deliveries("telegram"))) as deliveries:
        try:
            async with asyncio.timeout(2.5):  # the bot looks through all in one
                async for delivery in deliveries:
                    brought.append(delivery.job.id)
                    await delivery.sent()
        except TimeoutError:
            return brought
    return brought


async def _alive_workers(queue: Queue) -> int:
    return sum(worker.alive for worker in (await queue.overview()).workers)


async def test_a_photo_becomes_a_model(queue: Queue, settings: QueueSettings, workers: Workers, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    workers.start()
    job = await queue.submit(request_of(title="小狗 1.jpg", language="zh-TW"), [orders(hold={"animate": str(gate)})])
    await _running(queue, job.id, "animate")
    assert (await queue.place(job.id)).position == 0  # type: ignore[union-attr]
    gate.touch()
    done = await ended(queue, job.id)
    assert (done.state, done.fraction, done.attempt, done.failure) == ("done", 1.0, 1, None)
    assert (done.body_plan, done.clips, tuple(done.seconds)) == ("quadruped", ("walk",), NAMES)
    assert [(said.code, said.level, "太暗" in said.sentences["zh-TW"]) for said in done.advice] == [("too_dark", "warning", True)]
    model = await queue.models.load(job.id)
    assert model is not None
    assert {file.kind: file.name for file in model.files} == {
        "glb": "小狗_1.glb",
        "fbx": "小狗_1.fbx",
        "turntable.gif": "小狗_1.gif",
        "poster.png": "小狗_1_poster.png",
        "report.json": "小狗_1_report.json",
        "before.png": "小狗_1_before.png",
        "after.png": "小狗_1_after.png",
    }
    assert all([await queue.artifacts.size(file.key) == file.size for file in model.files])
    assert (model.licences, model.language) == (("自由。",), "zh-TW")
    await until(lambda: not (settings.work / job.id / "photos").exists())
    assert await queue.artifacts.list("originals") == [], "what the person sent is not kept"
    assert await _brought(queue) == [job.id]
    assert await queue.database.do("ZCARD", QUEUE) == 0
    assert await queue.database.do("EXISTS", f"arq:job:{job.id}") == 0


async def test_again_makes_only_what_the_wish_changes(queue: Queue, settings: QueueSettings, workers: Workers) -> None:
    workers.start()
    first = await ended(queue, (await queue.submit(request_of(), [orders()])).id)
    another = await ended(queue, (await queue.again(first.id, clip="sit", origin={"chat": 2})).id)
    assert (another.state, another.request.wishes.clip, another.request.origin) == ("done", "sit", {"chat": 2})
    assert starts(settings, another.id) == ["preview", "report"]
    redone = await ended(queue, (await queue.again(another.id, redo="animate", key="button")).id)
    assert starts(settings, redone.id) == ["animate", "export", "preview", "report"]
    assert (await queue.again(another.id, redo="animate", key="button")).id == redone.id
    assert starts(settings, first.id) == list(NAMES)
    assert (await queue.models.load(first.id)) is not None
    refused = await ended(queue, (await queue.again(first.id, redo="intake")).id)
    assert refused.failure is not None
    assert (refused.failure.kind, refused.failure.code) == ("bad_input", "photo_gone")


@pytest.mark.parametrize(("how", "warm"), [("hold", True), ("deaf", False)])
async def test_cancel_stops_the_stage_at_work(queue: Queue, workers: Workers, tmp_path: Path, how: str, warm: bool) -> None:
    """A process that gives its job up stays, with all that it has loaded; one that does not listen is killed."""
    worker = workers.start()
    job = await queue.submit(request_of(), [orders(**{how: {"cutout": str(tmp_path / "never")}})])
    await _running(queue, job.id, "cutout")
    (child,) = children(worker.pid)
    assert await queue.cancel(job.id)
    assert (await ended(queue, job.id)).state == "cancelled"
    assert alive(child) == warm
    following = await ended(queue, (await queue.submit(request_of(), [orders()])).id)
    assert following.state == "done"
    assert await _brought(queue) == [following.id], "who cancels knows it"
    assert await queue.artifacts.list("originals") == []


async def test_a_job_that_was_ended_behind_its_workers_back_is_stopped(queue: Queue, workers: Workers, tmp_path: Path) -> None:
    workers.start()
    job = await queue.submit(request_of(), [orders(hold={"cutout": str(tmp_path / "never")})])
    await _running(queue, job.id, "cutout")
    await queue.database.do("DEL", f"arq:in-progress:{job.id}")  # as after a cut that lasted longer than the lease
    assert await queue.cancel(job.id)
    assert (await queue.job(job.id)).state == "cancelled"  # type: ignore[union-attr]
    assert (await ended(queue, (await queue.submit(request_of(), [orders()])).id)).state == "done"


async def test_a_worker_killed_in_every_stage_makes_the_model_once(
    queue: Queue, settings: QueueSettings, workers: Workers, tmp_path: Path
) -> None:
    gates = {name: str(tmp_path / f"gate-{name}") for name in NAMES}
    job = await queue.submit(request_of(), [orders(hold=gates)])
    for attempt, name in enumerate(NAMES, 1):
        worker = workers.start(tries=20, lease_seconds=2)
        await _running(queue, job.id, name, attempt=attempt)
        (child,) = await until(lambda worker=worker: children(worker.pid))
        worker.send_signal(signal.SIGKILL)
        worker.wait(LONG)
        await until(lambda child=child: not alive(child))
        Path(gates[name]).touch()
    workers.start(tries=20, lease_seconds=2)
    done = await ended(queue, job.id)
    assert (done.state, done.attempt) == ("done", len(NAMES) + 1)
    assert starts(settings, job.id) == [name for name in NAMES for _ in range(2)], "only the stage that was interrupted is made anew"
    assert await _brought(queue) == [job.id]
    assert await queue.artifacts.list("originals") == []


async def test_another_worker_takes_the_job_of_a_dead_one(queue: Queue, workers: Workers, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    first = workers.start(lease_seconds=4)
    job = await queue.submit(request_of(), [orders(hold={"cutout": str(gate)})])
    await _running(queue, job.id, "cutout")
    workers.start(lease_seconds=4)
    await until(lambda: _two(queue))
    first.send_signal(signal.SIGKILL)
    await _running(queue, job.id, "cutout", attempt=2)
    gate.touch()
    assert (await ended(queue, job.id)).state == "done"
    assert await _brought(queue) == [job.id]


async def _two(queue: Queue) -> bool:
    return await _alive_workers(queue) == 2


async def test_a_worker_that_was_thought_dead_publishes_nothing(queue: Queue, workers: Workers, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    first = workers.start(lease_seconds=4)
    job = await queue.submit(request_of(), [orders(hold={"report": str(gate)})])
    await _running(queue, job.id, "report")
    os.kill(first.pid, signal.SIGSTOP)  # a machine that sleeps, a network that is cut
    try:
        workers.start(lease_seconds=4)
        await _running(queue, job.id, "report", attempt=2)
    finally:
        os.kill(first.pid, signal.SIGCONT)
    await until(lambda: f"{job.id} stops: lost" in workers.log())  # it has seen that the job is another's
    gate.touch()
    done = await ended(queue, job.id)
    assert (done.state, done.attempt) == ("done", 2)
    model = await queue.models.load(job.id)
    assert model is not None
    assert all(file.key.startswith(f"jobs/{job.id}/2/") for file in model.files)
    assert await _brought(queue) == [job.id]
    assert await queue.database.do("SCARD", RUNNING) == 0


async def test_a_photo_that_kills_its_process_is_given_up_after_three_starts(
    queue: Queue, settings: QueueSettings, workers: Workers
) -> None:
    workers.start()
    job = await queue.submit(request_of(), [orders(die=["export"])])
    lost = await ended(queue, job.id)
    assert lost.failure is not None
    assert (lost.state, lost.failure.kind, lost.attempt) == ("failed", "lost", 3)
    assert "3 times" in lost.failure.sentences["en"]
    assert starts(settings, job.id).count("export") == 3
    assert (await ended(queue, (await queue.submit(request_of(), [orders()])).id)).state == "done", "the worker lives on"
    assert (await _brought(queue))[0] == job.id


@pytest.mark.parametrize(
    ("photo", "worker", "kind", "code", "words"),
    [
        ({"refuse": ["cutout"]}, {}, "bad_input", "file_too_big", "99 MB"),
        ({"break": ["cutout"]}, {}, "internal", "stage_broke", "our fault"),
        ({"hold": {"cutout": "/never"}}, {"timeout_seconds": 0.5}, "timeout", "timeout", "longer than 1 minutes"),
        ({"eat": 3000}, {"memory_mb": 1500}, "out_of_memory", "no_memory", "memory"),
    ],
    ids=["refused", "broken", "too slow", "too large"],
)
async def test_a_failure_has_a_sentence_and_is_brought(
    queue: Queue, workers: Workers, photo: dict[str, Any], worker: dict[str, Any], kind: str, code: str, words: str
) -> None:
    workers.start(**worker)
    job = await ended(queue, (await queue.submit(request_of(), [orders(**photo)])).id)
    assert job.failure is not None
    assert (job.state, job.failure.kind, job.failure.code) == ("failed", kind, code)
    assert words in job.failure.sentences["en"]
    assert set(job.failure.sentences) == {"en", "zh-TW"}
    assert str(Path.cwd()) not in str(job.failure), "nobody in a chat reads our logs"
    assert await _brought(queue) == [job.id]
    assert await queue.artifacts.list("jobs") + await queue.artifacts.list("originals") == []


async def test_redis_killed_in_the_middle_costs_nothing(queue: Queue, settings: QueueSettings, workers: Workers, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    workers.start()
    first = await queue.submit(request_of(), [orders(hold={"cutout": str(gate)})])
    second = await queue.submit(request_of("telegram:2"), [orders()])
    await _running(queue, first.id, "cutout")
    server = int((await queue.database.do("INFO", "server"))["process_id"])
    os.kill(server, signal.SIGKILL)
    gate.touch()
    for job in (first, second):
        done = await ended(queue, job.id)
        assert (done.state, done.attempt) == ("done", 1)
        assert starts(settings, job.id) == list(NAMES)
    assert await _brought(queue) == [first.id, second.id]


async def test_sigterm_finishes_the_job_at_work(queue: Queue, workers: Workers, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    worker = workers.start()
    job = await queue.submit(request_of(), [orders(hold={"cutout": str(gate)})])
    waiting = await queue.submit(request_of("telegram:2"), [orders()])
    await _running(queue, job.id, "cutout")
    worker.send_signal(signal.SIGTERM)
    await until(lambda: "finishing the job" in workers.log())
    gate.touch()
    assert worker.wait(LONG) == 0
    assert (await queue.job(job.id)).state == "done"  # type: ignore[union-attr]
    assert (await queue.job(waiting.id)).state == "waiting"  # type: ignore[union-attr]
    assert (await queue.overview()).workers == ()


async def test_a_second_signal_puts_the_job_back_in_its_place(queue: Queue, workers: Workers, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    worker = workers.start()
    job = await queue.submit(request_of(), [orders(hold={"cutout": str(gate)})])
    await queue.submit(request_of("telegram:2"), [orders()])
    await _running(queue, job.id, "cutout")
    worker.send_signal(signal.SIGINT)
    await until(lambda: "finishing the job" in workers.log())
    worker.send_signal(signal.SIGINT)
    assert worker.wait(LONG) == 0
    back = await queue.job(job.id)
    assert back is not None
    assert (back.state, back.attempt) == ("waiting", 0)
    assert (await queue.place(job.id)).position == 1  # type: ignore[union-attr]
    gate.touch()
    workers.start()
    assert (await ended(queue, job.id)).attempt == 1


async def test_forgetting_a_person_stops_the_job_at_work(queue: Queue, settings: QueueSettings, workers: Workers, tmp_path: Path) -> None:
    workers.start()
    job = await queue.submit(request_of(), [orders(hold={"cutout": str(tmp_path / "never")})])
    await _running(queue, job.id, "cutout")
    await queue.forget_person("telegram:1")
    await until(lambda: not (settings.work / job.id).exists())
    following = await queue.submit(request_of("telegram:2"), [orders()])
    assert (await ended(queue, following.id)).state == "done"
    assert await queue.job(job.id) is None
    assert await queue.artifacts.list(f"jobs/{job.id}") == []


async def test_calls_that_nobody_can_read_are_reaped_and_never_run(queue: Queue, workers: Workers, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "it-ran",)

    calls = [pickle.dumps(Bomb()).decode("latin-1"), "{}", json.dumps({"f": "unknown", "a": [], "k": {}, "t": None, "et": 1}), None]
    jobs = [await queue.submit(request_of(f"telegram:{number}"), [orders()]) for number in range(len(calls))]
    for job, call in zip(jobs, calls, strict=True):
        await (queue.database.do("DEL", f"arq:job:{job.id}") if call is None else queue.database.do("SET", f"arq:job:{job.id}", call))
    workers.start()
    for job in jobs:
        lost = await ended(queue, job.id)
        assert lost.failure is not None
        assert (lost.state, lost.failure.kind, lost.failure.code) == ("failed", "lost", "slipped")
    assert not (tmp_path / "it-ran").exists()
    assert sorted(await _brought(queue)) == sorted(job.id for job in jobs)


async def test_a_worker_without_a_plan_takes_no_job(queue: Queue, workers: Workers) -> None:
    job = await queue.submit(request_of(), [orders()])
    assert workers.start(plan="no_such_plan:PLAN").wait(LONG) == 1
    assert "cannot start" in workers.log()
    assert (await queue.job(job.id)).attempt == 0  # type: ignore[union-attr]


async def test_the_real_pipeline_makes_a_real_model(queue: Queue, workers: Workers) -> None:
    workers.start(plan="rigshot_pipeline.plan:PLAN")
    job = await queue.submit(request_of(title="sprite.png", wishes=Wishes(formats=("glb", "fbx", "obj"))), [SAMPLES / "sprite.png"])
    done = await ended(queue, job.id)
    assert (done.state, done.failure) == ("done", None)
    model = await queue.models.load(job.id)
    assert model is not None
    kinds = ("glb", "fbx", "obj", "turntable.gif", "turntable.mp4", "poster.png", "skeleton.gif", "skeleton.mp4")
    assert [file.kind for file in model.files] == [*kinds, "report.png", "report.json", "before.png", "standardised.png", "after.png"]
    heads = {"glb": b"glTF", "fbx": b"Kaydara", "obj": b"PK", "turntable.gif": b"GIF89a", "before.png": b"\x89PNG", "after.png": b"\x89PNG"}
    for kind, head in heads.items():
        assert (await queue.artifacts.read(model.file(kind).key)).startswith(head)  # type: ignore[union-attr]
    assert model.clips
    assert model.body_plan == done.body_plan == "quadruped"
    place = (await queue.overview()).mean_seconds
    assert place == pytest.approx(sum(done.seconds.values()), rel=0.5), "the wait is learnt from it"
