"""Starts processes, joins their lines into one log, starts again what fell over, and ends them all."""

import asyncio
import ctypes
import os
import signal
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Callable, Sequence
from contextlib import suppress

from .services import Service

__all__ = ["Supervisor"]

QUICK = 10.0
"""Seconds: who ends sooner after its start has not really started."""
TRIES = 3  # starts in a row that may end so quickly
PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0)  # seconds before the next start, the last one again and again
LONGEST_LINE = 2**20  # bytes: a traceback of a library may print a whole page as one line
_PR_SET_PDEATHSIG = 1

Say = Callable[[str, str], None]
"""Called with a service's name and a line of its log."""
Tell = Callable[..., None]
"""Called with a code of ``texts.up`` and its values."""


class Supervisor:
    """Runs ``services`` until ``stop`` or until none is left.

    ``say(name, line)`` gets every line that a service writes, ``tell(code, **values)`` what happens to the services.
    """

    def __init__(self, services: Sequence[Service], *, say: Say, tell: Tell) -> None:
        self._services = services
        self._say, self._tell = say, tell
        self._processes: dict[str, Process] = {}
        self._stopping = asyncio.Event()

    async def run(self) -> bool:
        """Keep all services going. True when ``stop`` ended it, False when all had fallen over."""
        await asyncio.gather(*(self._keep(service) for service in self._services))
        return self._stopping.is_set()

    def stop(self) -> None:
        """Ask all services to end; asked again, kill them."""
        again = self._stopping.is_set()
        self._stopping.set()
        for process in self._processes.values():
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL if again else signal.SIGTERM)

    @property
    def running(self) -> tuple[str, ...]:
        """The names of the services that run at this moment."""
        return tuple(self._processes)

    async def _keep(self, service: Service) -> None:
        failures = quick = 0
        while not self._stopping.is_set():
            begin = time.monotonic()
            status = await self._run_once(service)
            if self._stopping.is_set():
                return
            if time.monotonic() - begin < QUICK:
                quick += 1
            else:
                failures = quick = 0
            if quick >= TRIES:
                self._tell("up_given_up", service=service.name, times=quick)
                return
            pause = PAUSES[min(failures, len(PAUSES) - 1)]
            failures += 1
            self._tell("up_again", service=service.name, status=status, seconds=pause)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def _run_once(self, service: Service) -> int:
        """Run the process to its end; its exit status."""
        # A session of its own: Ctrl-C in the terminal reaches this process alone, which ends the others in order.
        process = await asyncio.create_subprocess_exec(
            *service.command,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            limit=LONGEST_LINE,
            start_new_session=True,
            preexec_fn=_end_with_the_parent,
            env={**os.environ, **service.environment, "PYTHONUNBUFFERED": "1"},
        )
        self._processes[service.name] = process
        if self._stopping.is_set():  # it was asked for while this one was being started
            process.terminate()
        try:
            await self._pass_on(service.name, process)
            return await process.wait()
        finally:
            del self._processes[service.name]

    async def _pass_on(self, name: str, process: Process) -> None:
        assert process.stdout is not None
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than LONGEST_LINE: the reader has thrown it away
                continue
            if not line:
                return
            self._say(name, line.decode(errors="replace").rstrip())


def _end_with_the_parent() -> None:
    """In the child: be told to end even when the parent is killed outright (Linux; elsewhere it would live on)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
