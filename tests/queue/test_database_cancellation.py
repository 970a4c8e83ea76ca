"""Whoever stops a task that speaks to Redis stops it, at whichever moment: a bot that is told to end must end."""

import asyncio
from contextlib import suppress

import pytest
from queue_lab import LONG

from rigshot_queue import Queue, QueueUnavailable


@pytest.mark.parametrize("words", [("PING",), ("NONSENSE",)])
async def test_a_cancellation_is_never_lost(queue: Queue, words: tuple[str, ...]) -> None:
    async def again_and_again() -> None:
        while True:
            with suppress(QueueUnavailable):
                await queue.database.do(*words)

    for steps in range(40):
        task = asyncio.create_task(again_and_again())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=LONG)
        assert done, f"not stopped after {steps} steps"


async def test_a_stopped_task_still_has_its_last_words(queue: Queue) -> None:
    async def wait() -> None:
        try:
            await asyncio.sleep(LONG)
        finally:
            await queue.database.do("SET", "last", "words")
            await queue.database.together(("SET", "once", "more"))

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=LONG)
    assert task.cancelled()
    assert await queue.database.do("MGET", "last", "once") == ["words", "more"]
