"""Which engines the line says there are: those of every worker that is alive."""

import json
from collections.abc import Sequence

from queue_lab import Workers, until

from rigshot_queue import EngineSeen, Queue
from rigshot_queue.keys import WORKERS, WORKERS_HAVE


async def tell(queue: Queue, worker: str, engines: dict[str, Sequence[str]], *, alive: bool = True) -> None:
    """What a worker's sign of life writes."""
    rows = [{"name": name, "title": name.title(), "stages": list(stages)} for name, stages in engines.items()]
    until = await queue.now() + (60 if alive else -1)
    await queue.database.together(("ZADD", WORKERS, until, worker), ("HSET", WORKERS_HAVE, worker, json.dumps(rows)))


async def test_only_what_every_living_worker_has_is_offered(queue: Queue) -> None:
    assert await queue.engines() is None
    await tell(queue, "gpu", {"step": ["geometry"], "pre": ["standardise", "cutout"]})
    assert [engine.name for engine in await queue.engines() or ()] == ["step", "pre"]
    await tell(queue, "small", {"pre": ["cutout"]})
    assert await queue.engines() == (EngineSeen(name="pre", title="Pre", stages=("cutout",)),)
    await tell(queue, "plain", {})
    assert await queue.engines() == ()
    await tell(queue, "plain", {}, alive=False)
    await tell(queue, "small", {"pre": ["geometry"]})
    assert await queue.engines() == (), "what the one can do the other cannot"


async def test_a_worker_tells_what_it_has_and_takes_it_back_when_it_stops(queue: Queue, workers: Workers) -> None:
    process = workers.start()

    async def told() -> bool:
        return await queue.engines() == ()

    await until(told)
    process.terminate()
    await until(lambda: process.poll() is not None)
    assert await queue.engines() is None
    assert await queue.database.do("HGETALL", WORKERS_HAVE) == {}
