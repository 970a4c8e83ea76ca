"""The loop of a worker.

Requests come as one JSON object a line on stdin; ``op`` says what for (left out, it means ``run``):

    {"id": "7", "op": "run", "stage": "geometry", "paths": {"image": "a.png", "mesh": "a.glb"}, "parameters": {}}
    {"id": "7", "op": "cancel"}              gives up the request of that id, running or waiting
    {"id": "8", "op": "sleep", "level": "ram"}    frees the GPU; ``out`` frees the memory, too
    {"op": "stop"}                           or the end of the stream: do what is waiting, then end

Events go to stdout in the same way; all but ``ready`` carry the request's id:

    {"event": "ready", "protocol": 1, "engine": "step1x3d", "stages": ["geometry"], "pid": 123}
    {"id": "7", "event": "progress", "fraction": 0.5}
    {"id": "7", "event": "warning", "text": "…"}
    {"id": "7", "event": "result", "values": {…}}
    {"id": "7", "event": "error", "kind": "bad_input | out_of_memory | missing_weights | no_surface | bad_rig | internal", "text": "…"}
    {"id": "7", "event": "cancelled"}

The last three end a request, and every request has exactly one end. A worker that must stop at once is killed; it holds
nothing that matters, for results appear at their paths only when they are whole.
"""

import argparse
import json
import os
import queue
import signal
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Literal, TextIO

from .job import BadInput, BadRig, Cancelled, ErrorKind, Event, Job, MissingWeights, NoSurface, Request, failure
from .process import claim_streams, end_with_parent

__all__ = ["PROTOCOL", "SleepLevel", "main"]

PROTOCOL = 1
SleepLevel = Literal["ram", "out"]
Work = Callable[[Job], Mapping[str, Any]]
Sleep = Callable[[SleepLevel], None]

_EXIT: Mapping[ErrorKind, int] = {"internal": 1, "bad_input": 2, "missing_weights": 3, "out_of_memory": 4, "no_surface": 5, "bad_rig": 6}
"""What a one-shot run ends with."""


def main(*, engine: str, stages: Mapping[str, Work], sleep: Sleep | None = None, arguments: Sequence[str] | None = None) -> int:
    """Run a worker and return its exit status.

    ``stages``: for every stage the function that does a job and returns the values of its result. ``sleep``: moves
    weights out of the GPU (``ram``) or out of memory (``out``). With ``--request FILE`` the worker does what that file
    asks and ends, with status 0, or 1 internal, 2 bad input, 3 missing weights, 4 out of memory, 5 no surface, 6 bad rig.
    """
    parser = argparse.ArgumentParser(description=f"The worker of Rigshot's engine {engine}: JSON lines on stdin and stdout.")
    parser.add_argument("--request", type=Path, metavar="FILE", help="do what this JSON file asks, then end")
    chosen = parser.parse_args(arguments)
    requests, events = claim_streams()
    worker = _Worker(engine, stages, sleep, events)
    if chosen.request is not None:
        return worker.once(chosen.request)
    end_with_parent()
    # Ctrl-C reaches the whole group of processes; what then happens to a worker is for its parent to say
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return worker.serve(requests)


class _Worker:
    def __init__(self, engine: str, stages: Mapping[str, Work], sleep: Sleep | None, out: TextIO) -> None:
        self._engine = engine
        self._stages = stages
        self._sleep = sleep
        self._out = out
        self._speaking = threading.Lock()
        self._waiting: queue.Queue[Job | tuple[str, SleepLevel] | None] = queue.Queue()
        self._jobs: dict[str, Job] = {}

    def once(self, file: Path) -> int:
        """Do the request in ``file``; its relative paths count from the file's folder."""
        try:
            request = Request.from_words(json.loads(file.read_text(encoding="utf-8")), base=file.parent)
        except (BadInput, OSError, ValueError) as error:
            self._say(failure("", BadInput(str(error))))
            return _EXIT["bad_input"]
        end = self._do(Job(request=request, emit=self._say))
        return _EXIT[end["kind"]] if end["event"] == "error" else 0

    def serve(self, lines: IO[str]) -> int:
        """Do one request after another on this thread, while another one listens."""
        self._say({"event": "ready", "protocol": PROTOCOL, "engine": self._engine, "stages": sorted(self._stages), "pid": os.getpid()})
        threading.Thread(target=self._listen, args=(lines,), name="listen", daemon=True).start()
        while (task := self._waiting.get()) is not None:
            if isinstance(task, Job):
                self._do(task)
            else:
                self._rest(*task)
        return 0

    def _listen(self, lines: IO[str]) -> None:
        for line in lines:
            if not line.strip():
                continue
            identity = ""
            try:
                words = json.loads(line)
                identity = str(words.get("id", "")) if isinstance(words, dict) else ""
                if self._heard(words, identity):
                    break
            except (BadInput, ValueError) as error:
                self._say(failure(identity, BadInput(str(error))))
        self._waiting.put(None)

    def _heard(self, words: Any, identity: str) -> bool:
        """Take in one message; True for the last one."""
        op = words.get("op", "run") if isinstance(words, dict) else "run"
        if op == "stop":
            return True
        if op == "cancel":
            if (asked := self._jobs.get(identity)) is not None:
                asked.given_up.set()
        elif op == "sleep":
            level = words.get("level", "ram")
            if level not in ("ram", "out"):
                raise BadInput(f"there is no sleep {level!r}, only ram and out")
            self._waiting.put((identity, level))
        elif op == "run":
            job = Job(request=Request.from_words(words), emit=self._say)
            if not identity or identity in self._jobs:
                raise BadInput("a request needs an id that no other one has")
            self._jobs[identity] = job
            self._waiting.put(job)
        else:
            raise BadInput(f"there is no operation {op!r}")
        return False

    def _do(self, job: Job) -> Event:
        identity = job.request.id
        try:
            if job.request.stage not in self._stages:
                raise BadInput(f"{self._engine} has no stage {job.request.stage!r}, only {', '.join(sorted(self._stages))}")
            job.progress(0.0)
            end: Event = {"id": identity, "event": "result", "values": dict(self._stages[job.request.stage](job))}
            json.dumps(end)  # values that JSON cannot hold are the stage's fault, not the pipe's
        except Cancelled:
            end = {"id": identity, "event": "cancelled"}
        except (Exception, SystemExit) as error:  # libraries call exit(), too
            end = failure(identity, error)
            if not isinstance(error, (BadInput, MissingWeights, NoSurface, BadRig)):
                traceback.print_exc()
        self._jobs.pop(identity, None)  # before the word: who hears it may use the id again
        self._say(end)
        return end

    def _rest(self, identity: str, level: SleepLevel) -> None:
        try:
            if self._sleep is not None:
                self._sleep(level)
            self._say({"id": identity, "event": "result", "values": {"level": level}})
        except Exception as error:
            traceback.print_exc()
            self._say(failure(identity, error))

    def _say(self, event: Event) -> None:
        with self._speaking:
            self._out.write(json.dumps(event) + "\n")
            self._out.flush()
