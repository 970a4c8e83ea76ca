"""How quick the line is: enqueue to start on an idle worker, place and submit with many waiting.

    python benchmarks/line.py [--waiting 1000] [--jobs 40] [--out build/line.json]

Everything is real: a Redis of our own with every write on disk, and for the start a whole worker process on a plan whose one stage refuses
every photo. Prints a table and writes the figures as JSON. (A file `queue.py` here would hide the standard library's from every benchmark.)
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from rigshot_pipeline.errors import Refused
from rigshot_pipeline.stage import Outcome, Stage, Work
from rigshot_queue import Limits, Queue, QueueSettings, Request, open_queue

GOALS = {"enqueue to start, idle worker": 150.0, "place, last of the line": 2.0, "submit, acknowledged": 300.0}
PHOTO = Path(__file__).parent.parent / "samples" / "dog_in_the_park.jpg"


def _refuse(_work: Work) -> Outcome:
    raise Refused("picture_blank")


PLAN = (Stage(name="intake", reads=(), run=_refuse),)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--waiting", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=40)
    parser.add_argument("--out", type=Path, default=Path("build/line.json"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(_measure(Path(folder), arguments.waiting, arguments.jobs))
    for name, seconds in rows.items():
        goal = f"goal {GOALS[name]:g}" if name in GOALS else ""
        print(f"{name:<36} median {_ms(seconds, 0.5):8.2f} ms   p95 {_ms(seconds, 0.95):8.2f} ms   {goal}")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(
        json.dumps({name: {"median_ms": _ms(s, 0.5), "p95_ms": _ms(s, 0.95), "n": len(s)} for name, s in rows.items()}, indent=1)
    )
    return 0


async def _measure(folder: Path, waiting: int, jobs: int) -> dict[str, list[float]]:
    settings = QueueSettings(redis_url=None, data=folder, limits=Limits(active_per_person=10**6, per_day=10**6, waiting=10**6))
    async with open_queue(settings) as queue:
        starts = await _starts(queue, folder, jobs)
        submits = await _times(waiting, lambda number: _submit(queue, number))
        line = (await queue.overview()).waiting
        places, pings = await _in_turn(500, lambda _: queue.place(line[-1].id), lambda _: queue.database.do("PING"))
        late = await _times(200, lambda number: _submit(queue, number))
    return {
        "enqueue to start, idle worker": starts,
        f"submit, 0 to {waiting} waiting": submits,
        "submit, acknowledged": late,
        "place, last of the line": places,
        "a bare PING, in turn with it": pings,
    }


async def _starts(queue: Queue, folder: Path, jobs: int) -> list[float]:
    """From before the submission to the worker's claim, one job at a time; by the clock of Redis, which both use."""
    plan = {"RIGSHOT_WORKER__PLAN": f"{Path(__file__).stem}:PLAN", "PYTHONPATH": str(Path(__file__).parent)}
    environment = os.environ | plan | {"RIGSHOT_DATA": str(folder)}
    command = [sys.executable, "-m", "rigshot_bots.terminal", "worker"]
    with subprocess.Popen(command, env=environment, cwd=folder, stderr=subprocess.DEVNULL) as worker:
        while not any(seen.alive for seen in (await queue.overview()).workers):
            await asyncio.sleep(0.1)
        found: list[float] = []
        for number in range(jobs):
            begin = await queue.now()
            job = await _submit(queue, number)
            *_, last = [now async for now in queue.watch(job)]
            found.append((last.started or last.created) - begin)
            await asyncio.sleep(0.037 * (number % 7))  # anywhere between two looks of the worker
        worker.terminate()
    return found


async def _submit(queue: Queue, number: int) -> str:
    request = Request(person=f"telegram:{number % 50}", platform="telegram", title=PHOTO.name, key=f"{time.time_ns()}")
    return (await queue.submit(request, [PHOTO])).id


async def _times(number: int, act: Callable[[int], Awaitable[object]]) -> list[float]:
    found: list[float] = []
    for count in range(number):
        begin = time.perf_counter()
        await act(count)
        found.append(time.perf_counter() - begin)
    return found


async def _in_turn(number: int, *acts: Callable[[int], Awaitable[object]]) -> list[list[float]]:
    """Several acts by turns: what they have in common is the machine, not the act."""
    rows = [[(await _times(1, act))[0] for act in acts] for _ in range(number)]
    return [list(column) for column in zip(*rows, strict=True)]


def _ms(seconds: Sequence[float], quantile: float) -> float:
    return round(1000 * statistics.quantiles(seconds, n=100, method="inclusive")[round(100 * quantile) - 1], 3)


if __name__ == "__main__":
    sys.exit(main())
