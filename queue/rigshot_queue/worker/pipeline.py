"""The worker's side of its pipeline process: start it, order, hear, kill."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from ..settings import WorkerSettings

__all__ = ["PipelineDied", "PipelineProcess"]

_GIVE_UP_SECONDS = 1.0  # a person who cancelled waits for nothing, but the next one in the line does
_LONGEST_LINE = 4 * 2**20  # bytes; the advice of a photo takes a few thousand


class PipelineDied(Exception):
    """The process ended in the middle of a job: killed, out of memory, or crashed."""


class PipelineProcess:
    """One warm child in a process group of its own, started again whenever it has died.

    ``stages`` of its plan; ``engines`` that it can use now, each with ``name``, ``title`` and ``stages``.
    """

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._child: Process | None = None
        self._starting = asyncio.Lock()
        self.stages: Sequence[str] = ()
        self.engines: Sequence[Mapping[str, Any]] = ()

    @property
    def pid(self) -> int | None:
        """The living child, which leads its process group."""
        return self._child.pid if self._child and self._child.returncode is None else None

    async def start(self) -> None:
        """Have a child that is ready for orders. Raises PipelineDied when it cannot even begin; its log says why."""
        async with self._starting:
            if self.pid is not None:
                return
            command = ("-m", f"{__package__}.child", str(os.getpid()), self._settings.plan, str(self._settings.memory_mb))
            self._child = await asyncio.create_subprocess_exec(
                sys.executable, *command, stdin=PIPE, stdout=PIPE, start_new_session=True, limit=_LONGEST_LINE
            )
            told = await self._hear()
            self.stages, self.engines = told["ready"], told["engines"]

    async def make(self, order: Mapping[str, Any], hear: Callable[[dict[str, Any]], Awaitable[None]]) -> dict[str, Any]:
        """Have a job carried out; ``hear`` is told of every step. Answers with ``made`` or ``failed``. Raises PipelineDied.

        Whoever cancels this has the job given up: a child that does so soon stays, warm, and any other is killed with all that it started.
        """
        await self.start()
        child = self._child
        assert child is not None and child.stdin is not None  # for the type checkers: ``start`` saw to it
        try:
            with suppress(ConnectionError):  # it has just died: the next line tells
                child.stdin.write(json.dumps(order).encode() + b"\n")
                await child.stdin.drain()
            while "stage" in (words := await self._hear()):
                await hear(words["stage"])
            self.engines = words.get("engines", self.engines)  # one may have been installed meanwhile
            return words
        except BaseException:
            try:
                freed = await self._freed()
            except BaseException:
                await self.kill()
                raise
            if not freed:
                await self.kill()
            raise

    async def _freed(self) -> bool:
        """Whether the child gave its job up when it was asked to: its networks, and its engines', need not be loaded again."""
        child = self._child
        if child is None or child.stdin is None or child.returncode is not None:
            return False
        try:
            async with asyncio.timeout(_GIVE_UP_SECONDS):
                child.stdin.write(b'{"cancel": true}\n')
                await child.stdin.drain()
                while "stage" in await self._hear():
                    pass
        except (TimeoutError, ConnectionError, PipelineDied):
            return False
        return True

    async def kill(self) -> None:
        """End the child and its process group."""
        if self._child is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        await self._child.wait()
        self._child = None

    async def _hear(self) -> dict[str, Any]:
        assert self._child is not None and self._child.stdout is not None
        line = await self._child.stdout.readline()
        if not line.endswith(b"\n"):
            await self.kill()
            raise PipelineDied
        words: dict[str, Any] = json.loads(line)
        return words
