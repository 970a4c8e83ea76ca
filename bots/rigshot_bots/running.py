"""Runs the loops of a bot's process until it is told to stop."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

__all__ = ["until_stopped"]


async def until_stopped(*doings: Coroutine[Any, Any, None]) -> bool:
    """Run all ``doings`` until SIGTERM, SIGINT or the end of one of them, whose error is raised; whether it was a signal."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tasks = [asyncio.create_task(doing) for doing in doings]
    waiting: asyncio.Task[Any] = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait([*tasks, waiting], return_when=asyncio.FIRST_COMPLETED)
        for task in done - {waiting}:
            task.result()
        return waiting in done
    finally:
        for task in (*tasks, waiting):
            task.cancel()
        await asyncio.gather(*tasks, waiting, return_exceptions=True)
