"""The protocol of the environments, spoken with a real child process."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

WORKER = '''
import os, subprocess, sys, time
from rigshot_env import BadInput, BadRig, Job, MissingWeights, NoSurface, main

class OutOfMemoryError(RuntimeError):
    """What torch raises."""

def double(job: Job):
    print("noise from Python")
    os.system("echo noise from C; cat")  # cat must not eat the requests
    job.progress(0.5)
    job.warn("not much to do")
    return {"number": 2 * job.parameters["number"], "path": str(job.path("mesh"))}

def fail(job: Job):
    how = job.parameters["how"]
    if how == "exit":
        sys.exit("gone")
    if how == "unspeakable":
        return {"value": object()}
    errors = {"bad": BadInput, "weights": MissingWeights, "memory": MemoryError, "gpu": OutOfMemoryError, "bug": ZeroDivisionError,
              "surface": NoSurface, "rig": BadRig}
    raise errors[how]("\\ud800")

def wait(job: Job):
    while True:
        time.sleep(0.01)
        job.progress(0.1)

def sleep(level):
    if level == "out":
        raise RuntimeError("cannot sleep")

raise SystemExit(main(engine="toy", stages={"double": double, "fail": fail, "wait": wait}, sleep=sleep))
'''


class Worker:
    def __init__(self, script: Path) -> None:
        command = [sys.executable, str(script)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")

    def send(self, words: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write((words if isinstance(words, str) else json.dumps(words, ensure_ascii=False)) + "\n")
        self.process.stdin.flush()

    def event(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        event: dict[str, Any] = json.loads(self.process.stdout.readline())
        return event

    def end(self, identity: str) -> dict[str, Any]:
        """The event that ends a request."""
        while True:
            event = self.event()
            if event.get("id") == identity and event["event"] not in ("progress", "warning"):
                return event


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "toy.py"
    path.write_text(WORKER, encoding="utf-8")
    return path


@pytest.fixture
def worker(script: Path) -> Iterator[Worker]:
    worker = Worker(script)
    with worker.process:
        ready = worker.event()
        assert ready == {"event": "ready", "protocol": 1, "engine": "toy", "stages": ["double", "fail", "wait"], "pid": worker.process.pid}
        yield worker
        worker.process.kill()


def test_a_request_and_its_events(worker: Worker) -> None:
    worker.send({"id": "a", "op": "run", "stage": "double", "paths": {"mesh": "/tmp/貓.glb"}, "parameters": {"number": 21}})
    assert [worker.event() for _ in range(4)] == [
        {"id": "a", "event": "progress", "fraction": 0.0},
        {"id": "a", "event": "progress", "fraction": 0.5},
        {"id": "a", "event": "warning", "text": "not much to do"},
        {"id": "a", "event": "result", "values": {"number": 42, "path": "/tmp/貓.glb"}},
    ]


def test_the_worker_stays_warm_whatever_goes_wrong(worker: Worker) -> None:
    kinds = {}
    for how in ("bad", "weights", "memory", "gpu", "surface", "rig", "bug", "exit", "unspeakable"):
        worker.send({"id": how, "stage": "fail", "parameters": {"how": how}})
        end = worker.end(how)
        assert end["event"] == "error"
        assert end["text"]
        kinds[how] = end["kind"]
    assert kinds == {
        "bad": "bad_input",
        "weights": "missing_weights",
        "memory": "out_of_memory",
        "gpu": "out_of_memory",
        "surface": "no_surface",
        "rig": "bad_rig",
        "bug": "internal",
        "exit": "internal",
        "unspeakable": "internal",
    }
    worker.send({"id": "last", "stage": "double", "paths": {"mesh": "m"}, "parameters": {"number": 1}})
    assert worker.end("last")["values"]["number"] == 2


@pytest.mark.parametrize(
    "words",
    [
        "not json",
        "[]",
        {"id": "", "stage": "double"},
        {"id": "x"},
        {"id": "x", "stage": 3},
        {"id": "x", "stage": "double", "paths": []},
        {"id": "x", "stage": "double", "paths": {"mesh": 1}},
        {"id": "x", "stage": "double", "parameters": 1},
        {"id": "x", "stage": "double", "parameters": {"number": 1}},
        {"id": "x", "stage": "paint"},
        {"id": "x", "op": "dance"},
        {"id": "x", "op": "sleep", "level": "deep"},
    ],
)
def test_nonsense_is_bad_input(worker: Worker, words: Any) -> None:
    worker.send(words)
    end = worker.end(words["id"] if isinstance(words, dict) else "")
    assert (end["event"], end["kind"]) == ("error", "bad_input")


def test_running_and_waiting_requests_can_be_given_up(worker: Worker) -> None:
    worker.send({"id": "running", "stage": "wait"})
    worker.send({"id": "waiting", "stage": "wait"})
    worker.send({"id": "running", "stage": "wait"})
    assert worker.end("running")["kind"] == "bad_input"  # the second of that id; the first goes on
    worker.send({"id": "waiting", "op": "cancel"})
    worker.send({"id": "nobody", "op": "cancel"})
    worker.send({"id": "running", "op": "cancel"})
    assert worker.end("running") == {"id": "running", "event": "cancelled"}
    assert worker.end("waiting") == {"id": "waiting", "event": "cancelled"}


def test_sleep(worker: Worker) -> None:
    worker.send({"id": "s", "op": "sleep", "level": "ram"})
    assert worker.end("s") == {"id": "s", "event": "result", "values": {"level": "ram"}}
    worker.send({"id": "t", "op": "sleep", "level": "out"})
    assert worker.end("t") == {"id": "t", "event": "error", "kind": "internal", "text": "cannot sleep"}


@pytest.mark.parametrize("last", ['{"op": "stop"}\n', ""])
def test_what_is_waiting_is_done_before_the_end(script: Path, last: str) -> None:
    request = json.dumps({"id": "a", "stage": "double", "paths": {"mesh": "m"}, "parameters": {"number": 1}})
    done = subprocess.run([sys.executable, script], input=f"{request}\n{last}", capture_output=True, text=True, check=True)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[-1]["values"]["number"] == 2
    assert "noise from Python" in done.stderr
    assert "noise from C" in done.stderr


def test_ctrl_c_is_for_the_parent_to_handle(worker: Worker) -> None:
    worker.process.send_signal(signal.SIGINT)
    worker.send({"id": "a", "stage": "double", "paths": {"mesh": "m"}, "parameters": {"number": 1}})
    assert worker.end("a")["values"]["number"] == 2


def test_a_worker_dies_with_its_parent(script: Path, tmp_path: Path) -> None:
    parent = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, {str(script)!r}], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdout.readline()
child.stdin.write(b'{{"id": "a", "stage": "wait"}}\\n')
child.stdin.flush()
print(child.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        process.kill()
    deadline = time.monotonic() + 20
    while _alive(child):
        assert time.monotonic() < deadline, "the worker outlived its parent"
        time.sleep(0.05)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:  # gone meanwhile, or a system without /proc
        return not Path("/proc").is_dir()
    return stat.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ({"stage": "double", "paths": {"mesh": "m.glb"}, "parameters": {"number": 4}}, 0),
        ({"stage": "fail", "parameters": {"how": "bug"}}, 1),
        ({"stage": "fail", "parameters": {"how": "bad"}}, 2),
        ({"stage": "fail", "parameters": {"how": "weights"}}, 3),
        ({"stage": "fail", "parameters": {"how": "memory"}}, 4),
        ("nonsense", 2),
    ],
)
def test_one_request_from_a_file(script: Path, tmp_path: Path, words: Any, status: int) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps(words), encoding="utf-8")
    done = subprocess.run([sys.executable, script, "--request", file], capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    end = json.loads(done.stdout.splitlines()[-1])
    if status == 0:
        assert end["values"] == {"number": 8, "path": str(tmp_path / "m.glb")}
    else:
        assert end["event"] == "error"
