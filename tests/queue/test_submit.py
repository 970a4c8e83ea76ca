"""Into the line: limits, fair turns, the same request twice, and what is refused."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from queue_lab import request_of

from rigshot_queue import LimitReached, Limits, Queue, QueueSettings, QueueUnavailable, TooLarge, Wishes, open_queue


def _free(queue: Queue, **limits: int) -> None:
    """Set the line's limits; those that the test is not about are out of the way."""
    wanted = {"active_per_person": 100, "per_day": 1000, "waiting": 10_000} | limits
    queue.settings.limits = Limits.model_validate(wanted)


async def _serve_next(queue: Queue) -> str:
    """What a worker does with the first of the line, in short; whose photo it was."""
    first = next(job for job in (await queue.overview()).waiting)
    await queue.database.run("claim", first.id, "token", 1000, 3)
    await queue.database.run("settle", first.id, "token", "done", 0, "fraction", "1")
    return first.request.title


async def test_a_request_comes_back_as_it_was(queue: Queue, tmp_path: Path) -> None:
    wishes = Wishes(subject="bird", box=(1, 2, 3, 4), turn=90, formats=("glb",), seed=7)
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"photo")
    request = request_of(language="zh-TW", wishes=wishes, origin={"chat": 5, "messages": [1, 2]}, title="小狗.jpg", key="tg9")
    job = await queue.submit(request, [photo, b"another view"])
    assert (job.state, job.request, job.finished) == ("waiting", request, False)
    assert await queue.job(job.id) == job
    assert await queue.jobs(request.person) == [job]
    assert [await queue.artifacts.read(key) for key in await queue.artifacts.list(f"originals/{job.id}")] == [b"photo", b"another view"]


async def test_the_same_key_is_the_same_job_also_when_both_come_at_once(queue: Queue) -> None:
    jobs = await asyncio.gather(*(queue.submit(request_of(key="tg1"), [b"photo"]) for _ in range(8)))
    assert len({job.id for job in jobs}) == 1
    assert len(await queue.artifacts.list("originals")) == 1
    assert (await queue.submit(request_of("discord:1", key="tg1"), [b"photo"])).id != jobs[0].id


async def test_nobody_has_more_in_the_line_than_allowed(queue: Queue) -> None:
    _free(queue, active_per_person=2)
    first = await queue.submit(request_of(), [b"photo"])
    await queue.submit(request_of(), [b"photo"])
    with pytest.raises(LimitReached) as refused:
        await queue.submit(request_of(), [b"photo"])
    assert refused.value.code == "active_limit"
    assert "2 photos" in refused.value.sentence("en")
    assert "2 張" in refused.value.sentence("zh-TW")
    assert len(await queue.artifacts.list("originals")) == 2, "the photo of a refused request is deleted"
    await queue.submit(request_of("telegram:2"), [b"photo"])
    assert await queue.cancel(first.id)
    await queue.submit(request_of(), [b"photo"])


async def test_a_crowd_at_once_never_passes_the_limit(queue: Queue) -> None:
    _free(queue, active_per_person=3)
    answers = await asyncio.gather(*(queue.submit(request_of(), [b"photo"]) for _ in range(20)), return_exceptions=True)
    assert sum(not isinstance(answer, BaseException) for answer in answers) == 3


async def test_a_day_has_its_limit_too(queue: Queue) -> None:
    _free(queue, per_day=2)
    for _ in range(2):
        await queue.submit(request_of(), [b"photo"])
        await _serve_next(queue)
    with pytest.raises(LimitReached) as refused:
        await queue.submit(request_of(), [b"photo"])
    assert (refused.value.code, refused.value.values["hours"]) == ("day_limit", 24)


async def test_a_full_line_takes_nobody(queue: Queue) -> None:
    _free(queue, waiting=2)
    for number in range(2):
        await queue.submit(request_of(f"telegram:{number}"), [b"photo"])
    with pytest.raises(LimitReached) as refused:
        await queue.submit(request_of("telegram:9"), [b"photo"])
    assert (refused.value.code, refused.value.values) == ("queue_full", {"waiting": 2})


async def test_ten_photos_of_one_person_never_hold_up_the_first_of_another(queue: Queue) -> None:
    _free(queue)
    for person, number in (("alice", 6), ("bob", 1), ("carol", 1), ("bob", 1)):
        for _ in range(number):
            await queue.submit(request_of(f"telegram:{person}", title=person), [b"photo"])
    served = [await _serve_next(queue) for _ in range(9)]
    assert served == ["alice", "bob", "carol", "alice", "bob", "alice", "alice", "alice", "alice"]


async def test_a_newcomer_stands_behind_only_one_photo_of_each_however_far_the_line_is(queue: Queue) -> None:
    _free(queue)
    for _ in range(8):
        await queue.submit(request_of("telegram:alice", title="alice"), [b"photo"])
    assert [await _serve_next(queue) for _ in range(5)] == ["alice"] * 5
    await queue.submit(request_of("telegram:bob", title="bob"), [b"photo"])
    assert [await _serve_next(queue) for _ in range(4)] == ["bob", "alice", "alice", "alice"]


async def test_who_sends_one_by_one_does_not_starve_who_sent_all_at_once(queue: Queue) -> None:
    _free(queue)
    for person in ("bob", "bob", "bob", "alice"):
        await queue.submit(request_of(f"telegram:{person}", title=person), [b"photo"])
    served = []
    for _ in range(6):
        served.append(await _serve_next(queue))
        if served[-1] == "alice":
            await queue.submit(request_of("telegram:alice", title="alice"), [b"photo"])
    assert served == ["bob", "alice", "bob", "alice", "bob", "alice"]


async def test_a_cancelled_photo_gives_its_turn_back(queue: Queue) -> None:
    _free(queue)
    for _ in range(5):
        job = await queue.submit(request_of("telegram:alice", title="alice"), [b"photo"])
        await queue.cancel(job.id)
    await queue.submit(request_of("telegram:alice", title="alice"), [b"photo"])
    for _ in range(2):
        await queue.submit(request_of("telegram:bob", title="bob"), [b"photo"])
    assert [await _serve_next(queue) for _ in range(3)] == ["alice", "bob", "bob"]


async def test_an_empty_line_forgets_old_turns(queue: Queue) -> None:
    _free(queue)
    for _ in range(4):
        await queue.submit(request_of("telegram:alice", title="alice"), [b"photo"])
    assert [await _serve_next(queue) for _ in range(4)] == ["alice"] * 4
    for person in ("alice", "bob", "alice"):
        await queue.submit(request_of(f"telegram:{person}", title=person), [b"photo"])
    assert [await _serve_next(queue) for _ in range(3)] == ["alice", "bob", "alice"]


async def test_photos_that_nobody_can_use_are_refused_before_anything_is_kept(queue: Queue) -> None:
    queue.settings.limits = Limits(photo_mb=1, photos=2)
    for photos, code in (([b"x" * 2**20 + b"x"], "photo_too_large"), ([b""], "photo_empty"), ([b"x"] * 3, "too_many_photos")):
        with pytest.raises(TooLarge) as refused:
            await queue.submit(request_of(), photos)
        assert refused.value.code == code
    with pytest.raises(ValueError, match="needs a photo"):
        await queue.submit(request_of(), [])
    assert await queue.database.do("KEYS", "*") == []


async def test_without_redis_there_is_a_sentence_soon(settings: QueueSettings, tmp_path: Path) -> None:
    settings.redis_url = f"unix://{tmp_path}/nobody.sock"
    with pytest.raises(QueueUnavailable, match="I cannot reach the line"):
        async with open_queue(settings):
            pass


async def test_preferences_are_kept(queue: Queue) -> None:
    nothing = await queue.preferences("telegram:1")
    wanted = await queue.prefer("telegram:1", language="zh-TW", formats=("glb",))
    assert wanted == replace(nothing, language="zh-TW", formats=("glb",))
    assert await queue.prefer("telegram:1", clip="sit") == replace(wanted, clip="sit")
    assert await queue.preferences("telegram:1") == replace(wanted, clip="sit")
