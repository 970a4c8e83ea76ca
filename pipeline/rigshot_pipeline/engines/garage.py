"""The warm workers of this process, and how they share one card.

A worker that works or has just worked holds its engine's share of the GPU (``needs.gpu_mb``). When another engine needs the room, those
that rested longest are put to sleep (weights in memory); where that is not enough, because a sleeping process still holds its CUDA
context, they are ended. Idle workers go the same way by the clock: to memory, then out of it, then they end.
"""

import atexit
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from ..errors import EngineFailed
from .gpu import budget_mb, on_cpu
from .spec import Spec
from .worker import Answer, Patience, Worker

__all__ = ["CONTEXT_MB", "Garage", "Idle", "garage"]

CONTEXT_MB = 600
"""What a CUDA context with its libraries keeps on the card while the weights are elsewhere."""
_LOOK = 1.0  # seconds between two looks at the idle
_TURN = 0.2  # seconds between two looks at whether somebody who waits for the card gave up

State = Literal["awake", "ram", "out"]


@dataclass(frozen=True, kw_only=True)
class Idle:
    """Seconds of rest after which a worker's weights leave the GPU (``ram``), then memory (``out``), and then it ends (``stop``)."""

    ram: float = 180.0
    out: float = 1800.0
    stop: float = 7200.0

    @classmethod
    def from_settings(cls) -> "Idle":
        """RIGSHOT_ENGINE_IDLE holds the three numbers, joined by commas; anything else leaves the defaults."""
        try:
            ram, out, stop = (float(word) for word in os.environ.get("RIGSHOT_ENGINE_IDLE", "").split(","))
        except ValueError:
            return cls()
        return cls(ram=ram, out=out, stop=stop)


@dataclass
class _Stall:
    worker: Worker
    state: State = "out"
    used: float = 0.0

    @property
    def held(self) -> int:
        """Megabytes of the card."""
        if not self.worker.alive or not self.worker.spec.needs.gpu_mb:
            return 0
        return self.worker.spec.needs.gpu_mb if self.state == "awake" else CONTEXT_MB


class Garage:
    """Workers by engine. One request at a time: there is one card."""

    def __init__(self, *, budget: Callable[[], int] = budget_mb, idle: Idle | None = None, patience: Patience | None = None) -> None:
        self._budget = budget
        self._idle = idle or Idle.from_settings()
        self._patience = patience
        self._stalls: dict[str, _Stall] = {}
        self._turn = threading.Lock()
        self._closed = threading.Event()
        self._keeper: threading.Thread | None = None

    def ask(
        self, spec: Spec, stage: str, paths: Mapping[str, Path], parameters: Mapping[str, Any], progress: Callable[[float], None]
    ) -> Answer:
        """Have an engine do a stage. Raises ``EngineFailed``, and whatever ``progress`` raises.

        Memory that ran out is asked for once more when nobody else is on the card; a process that died is started once more.
        """
        with _Turn(self._turn, progress):
            stall = self._stall(spec)
            self._make_room(stall)
            try:
                return self._once(stall, stage, paths, parameters, progress)
            except EngineFailed as error:
                if error.fault == "out_of_memory":
                    self._clear(stall)
                elif error.fault != "crashed":
                    raise
                return self._once(stall, stage, paths, parameters, progress)

    def states(self) -> dict[str, str]:
        """What every worker does: awake, ram (asleep in memory), out (asleep without weights) or stopped."""
        return {name: stall.state if stall.worker.alive else "stopped" for name, stall in self._stalls.items()}

    def worker(self, name: str) -> Worker | None:
        """The worker of an engine that was asked before."""
        stall = self._stalls.get(name)
        return stall.worker if stall else None

    def look_after(self) -> None:
        """What the clock asks for: end what was given up and goes on, put to sleep what rests. Called every second by a thread."""
        if not self._turn.acquire(blocking=False):
            return
        try:
            now = time.monotonic()
            for stall in self._stalls.values():
                if stall.worker.alive and stall.worker.settle(wait=False):
                    self._rest(stall, now - stall.used)
        finally:
            self._turn.release()

    def close(self) -> None:
        """End all workers."""
        self._closed.set()
        for stall in self._stalls.values():
            stall.worker.kill()

    def _once(
        self, stall: _Stall, stage: str, paths: Mapping[str, Path], parameters: Mapping[str, Any], progress: Callable[[float], None]
    ) -> Answer:
        stall.state = "awake"
        try:
            return stall.worker.ask(stage, paths, parameters, progress)
        finally:
            stall.used = time.monotonic()

    def _stall(self, spec: Spec) -> _Stall:
        if self._keeper is None:
            self._keeper = threading.Thread(target=self._keep, name="engines' keeper", daemon=True)
            self._keeper.start()
        stall = self._stalls.get(spec.name)
        if stall is None or stall.worker.spec != spec:
            if stall is not None:  # it was described anew
                stall.worker.stop()
            stall = self._stalls[spec.name] = _Stall(worker=Worker(spec, patience=self._patience))
        return stall

    def _make_room(self, stall: _Stall) -> None:
        needed = stall.worker.spec.needs.gpu_mb
        if not needed or on_cpu():
            return
        others = sorted((other for other in self._stalls.values() if other is not stall and other.held), key=lambda other: other.used)
        for other in others:
            if self._fits(needed, others):
                return
            if other.state == "awake":
                self._sleep(other, "ram")
        for other in others:
            if self._fits(needed, others):
                return
            other.worker.stop()

    def _fits(self, needed: int, others: list[_Stall]) -> bool:
        return needed + sum(other.held for other in others) <= self._budget()

    def _clear(self, stall: _Stall) -> None:
        """Leave the card to one worker, and that one without what it had gathered."""
        for other in self._stalls.values():
            if other is not stall and other.held:
                other.worker.stop()
        self._sleep(stall, "out")

    def _rest(self, stall: _Stall, idle: float) -> None:
        if idle > self._idle.stop:
            stall.worker.stop()
        elif idle > self._idle.out and stall.state != "out":
            self._sleep(stall, "out")
        elif idle > self._idle.ram and stall.state == "awake":
            self._sleep(stall, "ram")

    def _sleep(self, stall: _Stall, level: Literal["ram", "out"]) -> None:
        if stall.worker.sleep(level):
            stall.state = level

    def _keep(self) -> None:
        while not self._closed.wait(_LOOK):
            self.look_after()


class _Turn:
    """The right to the card; who waits for it may give up."""

    def __init__(self, lock: threading.Lock, progress: Callable[[float], None]) -> None:
        self._lock = lock
        self._progress = progress

    def __enter__(self) -> None:
        while not self._lock.acquire(timeout=_TURN):
            self._progress(0.0)

    def __exit__(self, *error: object) -> None:
        self._lock.release()


@cache
def garage() -> Garage:
    """The garage of this process; its workers end with it."""
    ours = Garage()
    atexit.register(ours.close)
    return ours
