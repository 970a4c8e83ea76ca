"""Where a job stands, and how long it will take."""

import random

import pytest
from queue_lab import request_of

from rigshot_queue import Limits, Queue
from rigshot_queue.estimate import Experience, Pace, remaining_seconds
from rigshot_queue.keys import QUEUE, RUNNING


async def _fill(queue: Queue, people: int, each: int) -> list[str]:
    queue.settings.limits = Limits(active_per_person=100)
    return [(await queue.submit(request_of(f"telegram:{person}"), [b"photo"])).id for person in range(people) for _ in range(each)]


async def test_places_are_exact_whoever_runs_dies_or_leaves(queue: Queue) -> None:
    jobs = await _fill(queue, 6, 4)
    chance = random.Random(4)
    for job in chance.sample(jobs, 5):
        await queue.database.run("claim", job, "token", 60_000, 3)
    for job in chance.sample(jobs, 4):
        await queue.cancel(job)
    dead = (await queue.database.do("SMEMBERS", RUNNING)).pop()
    await queue.database.do("DEL", f"arq:in-progress:{dead}")  # its worker was killed, and its lease has run out
    order = await queue.database.do("ZRANGE", QUEUE, 0, -1)
    atwork = await queue.database.do("SMEMBERS", RUNNING) - {dead}
    line = [job for job in order if job not in atwork]
    for job in jobs:
        place = await queue.place(job)
        if place is None:
            assert (await queue.job(job)).finished  # type: ignore[union-attr]
        else:
            assert place.position == (0 if job in atwork else line.index(job) + 1)
            assert place.waiting == len(line)


async def test_the_overview_shows_the_line_in_its_order(queue: Queue) -> None:
    jobs = await _fill(queue, 2, 2)
    await queue.database.run("claim", jobs[0], "token", 60_000, 3)
    line = await queue.overview()
    assert [job.id for job in line.running] == [jobs[0]]
    assert [job.id for job in line.waiting] == [jobs[2], jobs[1], jobs[3]]
    assert line.workers == ()
    assert [(await queue.place(job)).position for job in line.waiting] == [1, 2, 3]  # type: ignore[union-attr]


async def test_the_wait_is_learnt_from_what_jobs_took(queue: Queue) -> None:
    jobs = await _fill(queue, 1, 4)
    learnt = Experience().learn({"intake": 2.0, "preview": 6.0})
    await queue.database.run("claim", jobs[0], "token", 60_000, 3)
    await queue.database.run("settle", jobs[0], "token", "done", len(learnt), *learnt)
    places = [await queue.place(job) for job in jobs[1:]]
    for number, place in enumerate(places, 1):
        assert place is not None
        assert place.low < 8 * number < place.high
        assert (place.low + place.high) / 2 == pytest.approx(8 * number)


def test_experience_follows_a_machine_that_has_become_slower() -> None:
    history: dict[str, str] = {}
    for seconds in [2.0] * 30 + [10.0] * 30:
        words = Experience(history).learn({"preview": seconds})
        history |= dict(zip(words[::2], words[1::2], strict=True))
    pace = Experience(history).pace("preview")
    assert pace.mean == pytest.approx(10, rel=0.01)
    assert pace.distance < 0.5


def test_shares_of_stages_add_up() -> None:
    shares = Experience({"preview": "9.0 1.0", "intake": "1.0 0.1"}).shares(["intake", "preview"])
    assert shares == pytest.approx({"intake": 0.1, "preview": 0.9})


@pytest.mark.parametrize(
    ("ahead", "fractions", "workers", "fraction", "expected"),
    [
        (0, [], 1, None, 10),  # next, and the worker is free
        (0, [0.5], 1, None, 15),
        (3, [0.5], 1, None, 45),
        (3, [0.5, 0.0], 2, None, 30),  # 5 and 10, then 15, 20, 25: ours begins at 20
        (2, [], 0, None, 30),  # nobody is at work: as one would
        (0, [0.25], 1, 0.25, 7.5),
    ],
)
def test_the_waiting_go_to_whoever_is_free_first(
    ahead: int, fractions: list[float], workers: int, fraction: float | None, expected: float
) -> None:
    pace = Pace(mean=10, distance=1)
    low, high = remaining_seconds(pace, ahead=ahead, fractions=fractions, workers=workers, fraction=fraction)
    assert (low + high) / 2 == pytest.approx(expected)
    assert low < high
