"""What bots have to bring: everything, once, whoever is killed meanwhile."""

import asyncio
import signal
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path

from queue_lab import LONG, request_of, until

from rigshot_queue import Deliveries, Delivery, Limits, Queue

HOLD = 0.5  # seconds after which a dead bot's delivery is free, short for the tests

BOT = """
import asyncio, sys
from rigshot_queue import Deliveries, open_queue
async def main():
    async with open_queue() as queue:
        async for delivery in Deliveries(queue.database, "telegram", queue.job, hold=float(sys.argv[1])):
            print(delivery.job.id, flush=True)
            await asyncio.sleep(600)
asyncio.run(main())
"""


async def _done(queue: Queue, number: int) -> list[str]:
    queue.settings.limits = Limits(active_per_person=100)
    jobs = [(await queue.submit(request_of(), [b"photo"])).id for _ in range(number)]
    for job in jobs:
        await queue.database.run("claim", job, "token", 60_000, 3)
        await queue.database.run("settle", job, "token", "done", 0)
    return jobs


def _bot(queue: Queue) -> Deliveries:
    return Deliveries(queue.database, "telegram", queue.job, hold=HOLD)


async def _take(bot: Deliveries, number: int) -> list[Delivery]:
    """The next deliveries; the bot then ends without a word about them, as if it were killed."""
    async with asyncio.timeout(LONG), aclosing(aiter(bot)) as deliveries:
        return [await anext(deliveries) for _ in range(number)]


async def _nothing_more(bot: Deliveries, queue: Queue) -> bool:
    """Whether a bot that looks through all, pending and new, has nothing to bring."""
    taken: list[str] = []

    async def look() -> None:
        async for delivery in bot:
            taken.append(delivery.job.id)  # noqa: PERF401  # it never ends

    looking = asyncio.create_task(look())
    last = (await _done(queue, 1))[0]
    await until(lambda: last in taken)
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
    return taken == [last]


async def test_they_come_in_order_and_only_once(queue: Queue) -> None:
    jobs = await _done(queue, 5)
    found = await _take(_bot(queue), 5)
    assert [delivery.job.id for delivery in found] == jobs
    assert not any(delivery.again for delivery in found)
    for delivery in found:
        await delivery.sent()
    assert [(await queue.job(job)).delivery for job in jobs] == ["sent"] * 5  # type: ignore[union-attr]
    assert await _nothing_more(_bot(queue), queue)


async def test_what_a_killed_bot_had_in_hand_comes_again_and_the_rest_at_once(queue: Queue) -> None:
    jobs = await _done(queue, 4)
    first, second = await _take(_bot(queue), 2)
    await first.sent()
    again = await _take(_bot(queue), 3)
    assert {delivery.job.id for delivery in again} == set(jobs[1:])
    assert {delivery.job.id for delivery in again if delivery.again} == {second.job.id}
    for delivery in again:
        await delivery.sent()
    assert await _nothing_more(_bot(queue), queue)


async def test_two_processes_of_one_bot_share_the_work(queue: Queue) -> None:
    jobs = await _done(queue, 12)
    brought: list[str] = []

    async def bring() -> None:
        async for delivery in _bot(queue):
            await asyncio.sleep(0.01)
            brought.append(delivery.job.id)
            await delivery.sent()

    bots = [asyncio.create_task(bring()) for _ in range(2)]
    await until(lambda: len(brought) >= 12)
    assert await queue.database.do("XPENDING", "rigshot:deliveries:telegram", "bots") is not None
    for bot in bots:
        bot.cancel()
    await asyncio.gather(*bots, return_exceptions=True)
    assert sorted(brought) == sorted(jobs)


async def test_a_slow_delivery_is_not_taken_by_another_process(queue: Queue) -> None:
    await _done(queue, 1)
    async with asyncio.timeout(LONG), aclosing(aiter(_bot(queue))) as deliveries:
        delivery = await anext(deliveries)
        async with aclosing(aiter(_bot(queue))) as others:
            thief = asyncio.create_task(anext(others))  # pyright: ignore[reportArgumentType]
            await asyncio.sleep(4 * HOLD)  # the hold would have run out, were it not renewed
            assert not thief.done()
            await delivery.sent()
            thief.cancel()
            await asyncio.gather(thief, return_exceptions=True)


async def test_later_and_undeliverable(queue: Queue) -> None:
    await _done(queue, 2)
    first, second = await _take(_bot(queue), 2)
    await first.later(0.1)
    await second.undeliverable("blocked")
    (again,) = await _take(_bot(queue), 1)
    assert (again.job.id, again.again) == (first.job.id, False)
    await again.sent()
    assert (await queue.job(second.job.id)).delivery == "undeliverable: blocked"  # type: ignore[union-attr]
    assert await _nothing_more(_bot(queue), queue)


async def test_the_jobs_of_a_person_who_was_forgotten_are_not_brought(queue: Queue) -> None:
    await _done(queue, 3)
    first, *_ = await _take(_bot(queue), 1)
    await queue.forget_person("telegram:1")
    assert await _nothing_more(_bot(queue), queue)
    await first.sent()
    assert await queue.job(first.job.id) is None


async def test_a_bot_killed_while_sending(queue: Queue, tmp_path: Path) -> None:
    (job,) = await _done(queue, 1)
    with subprocess.Popen([sys.executable, "-c", BOT, str(HOLD)], stdout=subprocess.PIPE, text=True, cwd=tmp_path) as bot:
        assert bot.stdout is not None
        assert bot.stdout.readline().strip() == job
        bot.send_signal(signal.SIGKILL)
    (delivery,) = await _take(_bot(queue), 1)
    assert (delivery.job.id, delivery.again) == (job, True)
    await delivery.sent()
    assert await _nothing_more(_bot(queue), queue)


async def test_each_platform_has_its_own(queue: Queue) -> None:
    job = await queue.submit(request_of("discord:1"), [b"photo"])
    await queue.cancel(job.id, by_person=False)
    async with asyncio.timeout(LONG), aclosing(aiter(queue.deliveries("discord"))) as deliveries:
        delivery = await anext(deliveries)
    assert (delivery.job.id, delivery.job.state, delivery.job.failure and delivery.job.failure.code) == (job.id, "cancelled", "stopped")
    assert await _nothing_more(_bot(queue), queue)
