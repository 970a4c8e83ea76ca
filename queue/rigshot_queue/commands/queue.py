"""``rigshot queue``: the whole line in a terminal."""

import argparse
import asyncio
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from .command import Command

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..client import Queue
    from ..values import Job, Overview

__all__ = ["COMMAND"]

REFRESH_SECONDS = 1.0
MOST_ROWS = 40  # of waiting jobs; the rest is a number


def _configure(parser: argparse.ArgumentParser) -> None:
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="print the line once, as JSON")
    how.add_argument("--cancel", metavar="ID", help="take a job out of the line; its person is told")


def _run(arguments: argparse.Namespace) -> int:
    from pydantic import ValidationError

    from rigshot_storage import StorageError, explain

    from ..errors import QueueUnavailable

    try:
        return asyncio.run(_serve(arguments))
    except ValidationError as error:
        print(explain(error), file=sys.stderr)
    except (QueueUnavailable, StorageError) as error:
        print(error, file=sys.stderr)
    return 1


async def _serve(arguments: argparse.Namespace) -> int:
    from ..client import open_queue

    async with open_queue() as queue:
        if arguments.cancel:
            return await _cancel(queue, arguments.cancel)
        if arguments.json:
            print(json.dumps(asdict(await queue.overview()), ensure_ascii=False))
            return 0
        return await _show(queue)


async def _cancel(queue: "Queue", job: str) -> int:
    if await queue.cancel(job, by_person=False):
        print(f"{job} is taken out of the line.")
        return 0
    print(f"{job} is not in the line.", file=sys.stderr)
    return 1


async def _show(queue: "Queue") -> int:
    """A table that stays up to date until Ctrl-C; printed once where nobody watches."""
    from rich.console import Console
    from rich.live import Live

    console = Console(highlight=False)
    if not console.is_terminal:
        console.print(_picture(await queue.overview(), await queue.now()))
        return 0
    with Live(_picture(await queue.overview(), await queue.now()), console=console, auto_refresh=False) as live:
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            live.update(_picture(await queue.overview(), await queue.now()), refresh=True)


def _picture(line: "Overview", now: float) -> "RenderableType":
    from rich.console import Group
    from rich.markup import escape
    from rich.progress_bar import ProgressBar
    from rich.table import Column, Table
    from rich.text import Text

    columns = ("", Column("job", min_width=26), "from", Column("photo", no_wrap=True), "since", "stage", "")
    table = Table(*columns, box=None, header_style="dim", pad_edge=False)
    for job in line.running:
        bar = ProgressBar(total=1.0, completed=job.fraction, width=10)
        table.add_row("▸", *_words(job, now - (job.started or job.created)), job.stage or "", bar, style="green")
    for number, job in enumerate(line.waiting[:MOST_ROWS], 1):
        table.add_row(str(number), *_words(job, now - job.created), "", "")
    more = len(line.waiting) - MOST_ROWS
    alive = [worker for worker in line.workers if worker.alive]
    hands = ", ".join(escape(worker.name) for worker in alive) or "[yellow]nobody: start rigshot worker[/yellow]"
    foot = f"{len(line.running)} at work, {len(line.waiting)} waiting, {line.mean_seconds:.0f} s a photo. Workers: {hands}"
    return Group(table, *([Text(f"… and {more} more", style="dim")] if more > 0 else []), Text.from_markup(foot))


def _words(job: "Job", seconds: float) -> tuple[str, str, str, str]:
    from rich.markup import escape

    minutes, rest = divmod(max(int(seconds), 0), 60)
    return job.id, job.request.platform, escape(job.request.title), f"{minutes}:{rest:02d}"


COMMAND = Command(help="show the whole line, live", configure=_configure, run=_run)
