"""One engine's worker process as this process sees it: start it, ask it, put it to sleep, end it."""

import json
import logging
import os
import queue
import resource
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal, cast

from ..errors import EngineFailed
from .places import Place, worker_variables
from .spec import Spec

__all__ = ["Answer", "Patience", "SleepLevel", "Worker"]

PROTOCOL = 1
SleepLevel = Literal["ram", "out"]
Event = dict[str, Any]
Progress = Callable[[float], None]

_LOOK = 0.2  # seconds between two looks at whether somebody gave up
_LOG = logging.getLogger("rigshot.engines")
_FAULTS = frozenset({"bad_input", "out_of_memory", "missing_weights", "no_surface", "bad_rig"})


@dataclass(frozen=True, kw_only=True)
class Patience:
    """Seconds that are waited: for ``ready`` (importing torch from a cold disk), for any word while it works (weights, compilers),
    for the end of a request that was ``given_up`` until the worker is ended, for an order to ``rest``, for an ending in peace.
    """

    ready: float = 240.0
    silent: float = 600.0
    given_up: float = 5.0
    rest: float = 60.0
    ending: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a request came to: the ``values`` of its result and what the engine wanted known (``warnings``)."""

    values: Mapping[str, Any]
    warnings: tuple[str, ...] = ()


@dataclass
class _Process:
    child: subprocess.Popen[str]
    scratch: Path
    events: "queue.Queue[Event | None]" = field(default_factory=lambda: queue.Queue[Event | None]())


class Worker:
    """A worker process, started when it is first asked and again whenever it has died. Not for two threads at once."""

    def __init__(self, spec: Spec, *, patience: Patience | None = None) -> None:
        self.spec = spec
        self._patience = patience or Patience()
        self._process: _Process | None = None
        self._number = 0
        self._given_up: tuple[str, float] | None = None

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.child.poll() is None

    @property
    def pid(self) -> int | None:
        """The process, which leads its group; None when it does not run."""
        return self._process.child.pid if self._process is not None and self.alive else None

    def start(self, progress: Progress = lambda _: None) -> None:
        """Have a process that is ready. Raises ``EngineFailed`` (not_ready), and whatever ``progress`` raises."""
        if self.alive:
            return
        self.kill()
        self._process = self._begin()
        try:
            event = self._next(self._patience.ready, progress, 0.0)
            if event.get("event") != "ready" or event.get("protocol") != PROTOCOL:
                raise EngineFailed("not_ready", engine=self.spec.title, log=self.log)
        except BaseException as error:
            self.kill()
            if isinstance(error, EngineFailed):
                raise EngineFailed("not_ready", engine=self.spec.title, log=self.log) from error
            raise
        lost = set(self.spec.stages) - set(event.get("stages", ()))
        if lost:
            self.kill()
            raise EngineFailed("not_ready", engine=self.spec.title, log=self.log)

    def ask(self, stage: str, paths: Mapping[str, Path], parameters: Mapping[str, Any], progress: Progress) -> Answer:
        """Have a request carried out. ``progress`` (0..1) is called several times a second; what it raises gives the request up.

        Raises ``EngineFailed``: crashed, silent, or the worker's own kinds of error.
        """
        self.settle()
        self.start(progress)
        self._number += 1
        identity = str(self._number)
        places = {name: str(path.absolute()) for name, path in paths.items()}
        self._send({"id": identity, "op": "run", "stage": stage, "paths": places, "parameters": dict(parameters)})
        done, warnings = 0.0, list[str]()
        try:
            while True:
                event = self._next(self._patience.silent, progress, done)
                if event.get("id") != identity:
                    continue
                match event.get("event"):
                    case "progress":
                        done = max(done, float(event.get("fraction", 0.0)))
                        progress(done)
                    case "warning":
                        warnings.append(str(event.get("text", "")))
                    case "result":
                        return Answer(values=cast("dict[str, Any]", event.get("values", {})), warnings=tuple(warnings))
                    case "error":
                        raise self._failed(event)
                    case "cancelled":
                        raise EngineFailed("crashed", engine=self.spec.title, log=self.log)
                    case _:
                        pass
        except EngineFailed:
            raise
        except BaseException:  # the one who asked gave up: the worker may still come to a good end, and stay warm
            self._send({"id": identity, "op": "cancel"})
            self._given_up = (identity, time.monotonic() + self._patience.given_up)
            raise

    def settle(self, *, wait: bool = True) -> bool:
        """See to a request that was given up: once it has ended the worker is free again, and past its time it is killed.

        Without ``wait`` only a look; False while it goes on.
        """
        while self._given_up is not None:
            identity, deadline = self._given_up
            ended = self._heard_end(identity, max(deadline - time.monotonic(), 0.01) if wait else 0.01)
            if not ended and time.monotonic() < deadline:
                return False
            if not ended:
                self.stop(patience=self._patience.ending)
            self._given_up = None
        return True

    def sleep(self, level: SleepLevel) -> bool:
        """Have it free the GPU (``ram``) or memory too (``out``). False where it did not, and was ended instead."""
        if not self.alive:
            return False
        self.settle()
        self._number += 1
        identity = f"sleep {self._number}"
        self._send({"id": identity, "op": "sleep", "level": level})
        event = self._wait_for(identity, self._patience.rest)
        if event is None or event.get("event") != "result":
            self.kill()
            return False
        return True

    def stop(self, *, patience: float | None = None) -> None:
        """End it: a word, then SIGTERM to its group, then SIGKILL."""
        if self._process is None:
            return
        child = self._process.child
        if child.stdin is not None:
            with suppress(OSError):
                child.stdin.close()
        for sign in (signal.SIGTERM, None):
            with suppress(subprocess.TimeoutExpired):
                child.wait(self._patience.ending if patience is None else patience)
                break
            if sign is not None:
                with suppress(ProcessLookupError):
                    os.killpg(child.pid, sign)
        self.kill()

    def kill(self) -> None:
        """End it and all that it started, at once."""
        process, self._process, self._given_up = self._process, None, None
        if process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.child.pid, signal.SIGKILL)
        process.child.wait()
        for stream in (process.child.stdin, process.child.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        shutil.rmtree(process.scratch, ignore_errors=True)

    @property
    def log(self) -> Path:
        """What it writes to its standard error."""
        return Place.of(self.spec.name).logs / f"{os.getpid()}.log"

    def _begin(self) -> _Process:
        place = Place.of(self.spec.name)
        place.cache.mkdir(parents=True, exist_ok=True)
        _clear_logs(place.logs)
        scratch = Path(tempfile.mkdtemp(prefix=f"rigshot-{self.spec.name}-"))
        try:
            with self.log.open("wb") as log:
                child = subprocess.Popen(
                    [str(place.python.absolute()), str((self.spec.folder / self.spec.worker).absolute())],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    cwd=scratch,
                    env=worker_variables(self.spec),
                    text=True,
                    encoding="utf-8",
                    errors="replace",
                    start_new_session=True,
                )
        except OSError as error:
            shutil.rmtree(scratch, ignore_errors=True)
            raise EngineFailed("not_ready", engine=self.spec.title, log=self.log) from error
        _lift_limit(child.pid)
        process = _Process(child=child, scratch=scratch)
        assert child.stdout is not None  # for the type checkers
        threading.Thread(target=_read, args=(child.stdout, process.events), name=f"hear {self.spec.name}", daemon=True).start()
        return process

    def _send(self, words: Event) -> None:
        stream = self._process.child.stdin if self._process else None
        if stream is not None:
            with suppress(OSError, ValueError):  # it has just died: the next event tells
                stream.write(json.dumps(words) + "\n")
                stream.flush()

    def _next(self, patience: float, progress: Progress, done: float) -> Event:
        """The next event; meanwhile ``progress(done)`` may raise."""
        assert self._process is not None
        deadline = time.monotonic() + patience
        while True:
            try:
                event = self._process.events.get(timeout=_LOOK)
            except queue.Empty:
                progress(done)
                if time.monotonic() > deadline:
                    self.kill()
                    raise EngineFailed("silent", engine=self.spec.title, minutes=max(round(patience / 60), 1)) from None
                continue
            if event is None:
                self.kill()
                raise EngineFailed("crashed", engine=self.spec.title, log=self.log)
            return event

    def _wait_for(self, identity: str, seconds: float) -> Event | None:
        """The event that ends a request; None where none comes in time, or the process died."""
        deadline = time.monotonic() + seconds
        while self._process is not None and (left := deadline - time.monotonic()) > 0:
            try:
                event = self._process.events.get(timeout=left)
            except queue.Empty:
                return None
            if event is None:
                self.kill()
                return None
            if event.get("id") == identity and event.get("event") in ("result", "error", "cancelled"):
                return event
        return None

    def _heard_end(self, identity: str, seconds: float) -> bool:
        return self._wait_for(identity, seconds) is not None or not self.alive

    def _failed(self, event: Event) -> EngineFailed:
        fault = str(event.get("kind", "internal"))
        _LOG.warning("%s: %s: %s", self.spec.name, fault, event.get("text", ""))
        return EngineFailed(
            fault if fault in _FAULTS else "internal", engine=self.spec.title, reason=str(event.get("text", "")), log=self.log
        )


def _read(lines: IO[str], events: "queue.Queue[Event | None]") -> None:
    """Hand on what is an event; whatever else a library managed to print is a log."""
    with suppress(OSError, ValueError):  # the stream was closed under us
        for line in lines:
            try:
                words: Any = json.loads(line)
            except ValueError:
                words = None
            if isinstance(words, dict) and "event" in words:
                events.put(cast("Event", words))
            else:
                _LOG.info("%s", line.rstrip()[:500])
    events.put(None)


def _clear_logs(folder: Path) -> None:
    """Remove what workers of processes that are gone have left: a log a process, for several may share an installation."""
    folder.mkdir(parents=True, exist_ok=True)
    for log in folder.glob("*.log"):
        if log.stem.isdigit() and int(log.stem) != os.getpid():
            try:
                os.kill(int(log.stem), 0)
            except ProcessLookupError:
                log.unlink(missing_ok=True)
            except PermissionError:
                continue


def _lift_limit(pid: int) -> None:
    """Give the process the most memory that it may have: the limit on ours is for the pipeline, not for a network's weights."""
    if hasattr(resource, "prlimit"):
        with suppress(OSError, ValueError):
            _, hard = resource.prlimit(pid, resource.RLIMIT_DATA)
            resource.prlimit(pid, resource.RLIMIT_DATA, (hard, hard))
