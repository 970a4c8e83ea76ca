"""Workers and the garage, with real child processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from small_engine import EngineLab

from rigshot_pipeline.engines import Garage, Spec
from rigshot_pipeline.engines.garage import CONTEXT_MB, Idle
from rigshot_pipeline.engines.worker import Patience, Worker
from rigshot_pipeline.errors import Cancelled, EngineFailed

WORKER = """
asked = 0

def geometry(job: Job):
    global asked
    asked += 1
    how = job.parameters.get("how", "")
    print("noise on stdout", flush=True)
    os.system("echo '[1, 2]'; echo noise of a child")
    if how == "crash once" and not job.path("mark").exists():
        job.path("mark").touch()
        os._exit(11)
    if how == "crash":
        print("last words", file=sys.stderr, flush=True)
        os._exit(11)
    if how == "memory once" and not job.path("mark").exists():
        job.path("mark").touch()
        raise MemoryError("the card is full")
    errors = {"memory": MemoryError, "weights": MissingWeights, "surface": NoSurface, "rig": BadRig, "bad": BadInput, "bug": KeyError}
    if how in errors:
        raise errors[how]("why")
    if how == "silent":
        time.sleep(60)
    if how == "wait":
        while True:
            time.sleep(0.02)
            job.progress(0.3)
    if how == "deaf":
        import subprocess
        child = subprocess.Popen(["sleep", "60"])
        job.path("mark").write_text(str(child.pid))
        time.sleep(60)
    job.warn("half of it was guessed")
    job.progress(0.5)
    return {"asked": asked, "pid": os.getpid(), "cwd": os.getcwd(), "variables": dict(os.environ), "model": "toy"}

def sleep(level):
    open(os.environ["RIGSHOT_ENGINE_CACHE"] + "/slept", "a").write(level + " ")

raise SystemExit(main(engine="tiny", stages={"geometry": geometry}, sleep=sleep))
"""
PATIENCE = Patience(ready=30, silent=20, given_up=2.5, rest=10, ending=0.5)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EngineLab:
    lab = EngineLab(tmp_path)
    for name, value in lab.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("RIGSHOT_ENGINE_DEVICE", raising=False)
    monkeypatch.setenv("RIGSHOT_TELEGRAM__TOKEN", "a secret")
    return lab


@pytest.fixture
def tiny(lab: EngineLab) -> Spec:
    spec = lab.engine(WORKER)
    lab.put_in_place(spec)
    return spec


@pytest.fixture
def worker(tiny: Spec) -> Iterator[Worker]:
    worker = Worker(tiny, patience=PATIENCE)
    yield worker
    worker.kill()


Make = Callable[..., Garage]


@pytest.fixture
def make_garage() -> Iterator[Make]:
    made: list[Garage] = []

    def make(budget: int = 10_000, idle: Idle | None = None) -> Garage:
        made.append(Garage(budget=lambda: budget, idle=idle or Idle(), patience=PATIENCE))
        return made[-1]

    yield make
    for garage in made:
        garage.close()


def nothing(_: float) -> None:
    pass


def gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def soon(true: Callable[[], bool], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while not (held := true()) and time.monotonic() < end:
        time.sleep(0.02)
    return held


def test_a_request_is_answered_and_the_worker_stays_warm(worker: Worker) -> None:
    heard: list[float] = []
    first = worker.ask("geometry", {}, {}, heard.append)
    assert first.warnings == ("half of it was guessed",)
    assert 0.5 in heard
    second = worker.ask("geometry", {}, {}, nothing)
    assert (first.values["asked"], second.values["asked"]) == (1, 2)
    assert first.values["pid"] == second.values["pid"] == worker.pid
    assert Path(first.values["cwd"]).is_dir()
    worker.stop()
    assert not Path(first.values["cwd"]).exists()


def test_the_worker_sees_its_own_places_and_no_secrets(worker: Worker, tiny: Spec, lab: EngineLab) -> None:
    seen: dict[str, str] = worker.ask("geometry", {}, {}, nothing).values["variables"]
    assert seen["RIGSHOT_ENGINE_WEIGHTS"] == str(lab.home / "tiny" / "weights")
    assert (seen["HF_HUB_OFFLINE"], seen["TRANSFORMERS_OFFLINE"]) == ("1", "1")
    assert "a secret" not in seen.values()


@pytest.mark.parametrize(
    ("how", "fault", "kind"),
    [
        ("memory", "out_of_memory", "out_of_memory"),
        ("weights", "missing_weights", "missing_weights"),
        ("surface", "no_surface", "bad_input"),
        ("rig", "bad_rig", "bad_input"),
        ("bad", "bad_input", "bad_input"),
        ("bug", "internal", "internal"),
    ],
)
def test_errors_keep_their_kind(worker: Worker, how: str, fault: str, kind: str) -> None:
    with pytest.raises(EngineFailed) as caught:
        worker.ask("geometry", {}, {"how": how}, nothing)
    assert (caught.value.fault, caught.value.kind) == (fault, kind)
    assert "why" in str(caught.value.values["reason"])
    assert worker.alive


def test_a_crash_is_told_with_the_last_words_and_the_next_request_starts_anew(worker: Worker) -> None:
    before = worker.ask("geometry", {}, {}, nothing).values["pid"]
    with pytest.raises(EngineFailed) as caught:
        worker.ask("geometry", {}, {"how": "crash"}, nothing)
    assert caught.value.fault == "crashed"
    assert "last words" in Path(str(caught.value.values["log"])).read_text()
    assert worker.ask("geometry", {}, {}, nothing).values["pid"] != before


def test_silence_ends_the_worker(tiny: Spec) -> None:
    worker = Worker(tiny, patience=Patience(ready=30, silent=0.5))
    with pytest.raises(EngineFailed) as caught:
        worker.ask("geometry", {}, {"how": "silent"}, nothing)
    assert caught.value.fault == "silent"
    assert not worker.alive


@pytest.mark.parametrize(
    ("source", "ready"), [("raise SystemExit(3)", 30.0), ("time.sleep(60)", 0.6), ("print('hello', flush=True)", 30.0)]
)
def test_a_worker_that_does_not_come_up_is_one_sentence(lab: EngineLab, source: str, ready: float) -> None:
    spec = lab.engine(source)
    lab.put_in_place(spec)
    with pytest.raises(EngineFailed) as caught:
        Worker(spec, patience=Patience(ready=ready)).ask("geometry", {}, {}, nothing)
    assert caught.value.fault == "not_ready"


def test_an_environment_without_an_interpreter_is_one_sentence(lab: EngineLab) -> None:
    with pytest.raises(EngineFailed) as caught:
        Worker(lab.engine(WORKER)).ask("geometry", {}, {}, nothing)
    assert caught.value.fault == "not_ready"


def give_up_after(seconds: float) -> Callable[[float], None]:
    end = time.monotonic() + seconds

    def progress(_: float) -> None:
        if time.monotonic() > end:
            raise Cancelled

    return progress


def test_a_request_that_is_given_up_leaves_the_worker_warm(worker: Worker) -> None:
    pid = worker.ask("geometry", {}, {}, nothing).values["pid"]
    with pytest.raises(Cancelled):
        worker.ask("geometry", {}, {"how": "wait"}, give_up_after(0.3))
    assert worker.ask("geometry", {}, {}, nothing).values["pid"] == pid


def test_a_worker_that_does_not_listen_is_ended_with_all_it_started(worker: Worker, tmp_path: Path) -> None:
    pid = worker.ask("geometry", {}, {}, nothing).values["pid"]
    with pytest.raises(Cancelled):
        worker.ask("geometry", {"mark": tmp_path / "mark"}, {"how": "deaf"}, give_up_after(0.5))
    started = int((tmp_path / "mark").read_text())
    assert not gone(started)
    assert worker.settle()
    assert soon(lambda: gone(pid) and gone(started))
    assert worker.ask("geometry", {}, {}, nothing).values["asked"] == 1


def test_the_worker_ends_with_whoever_started_it(tiny: Spec, lab: EngineLab) -> None:
    script = """
import os, signal, sys
from pathlib import Path
from rigshot_pipeline.engines import read_spec, Worker
worker = Worker(read_spec(Path(sys.argv[1])))
print(worker.ask("geometry", {}, {}, lambda _: None).values["pid"], flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    command = [sys.executable, "-c", script, str(tiny.folder / "engine.toml")]
    answer = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **lab.variables}, check=False)
    assert answer.returncode == -signal.SIGKILL
    assert soon(lambda: gone(int(answer.stdout)))


def test_a_limit_on_our_memory_is_not_the_workers(tiny: Spec, lab: EngineLab) -> None:
    script = """
import resource, sys
from pathlib import Path
from rigshot_pipeline.engines import read_spec, Worker
resource.setrlimit(resource.RLIMIT_DATA, (2**31, resource.getrlimit(resource.RLIMIT_DATA)[1]))
worker = Worker(read_spec(Path(sys.argv[1])))
worker.start()
print(resource.prlimit(worker.pid, resource.RLIMIT_DATA)[0] != 2**31)
worker.kill()
"""
    command = [sys.executable, "-c", script, str(tiny.folder / "engine.toml")]
    answer = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **lab.variables}, check=True)
    assert answer.stdout.strip() == "True"


def test_what_ran_out_of_memory_is_tried_once_more_on_an_empty_card(make_garage: Make, lab: EngineLab, tmp_path: Path) -> None:
    specs = [lab.engine(WORKER, name=name, gpu_mb=1000) for name in ("first", "second")]
    for spec in specs:
        lab.put_in_place(spec)
    garage = make_garage()
    garage.ask(specs[0], "geometry", {}, {}, nothing)
    answer = garage.ask(specs[1], "geometry", {"mark": tmp_path / "mark"}, {"how": "memory once"}, nothing)
    assert answer.values["asked"] == 2
    assert garage.states() == {"first": "stopped", "second": "awake"}
    assert (lab.home / "second" / "cache" / "slept").read_text() == "out "
    with pytest.raises(EngineFailed) as caught:
        garage.ask(specs[1], "geometry", {}, {"how": "memory"}, nothing)
    assert caught.value.fault == "out_of_memory"


def test_a_worker_that_died_is_asked_once_more(make_garage: Make, tiny: Spec, tmp_path: Path) -> None:
    garage = make_garage()
    assert garage.ask(tiny, "geometry", {"mark": tmp_path / "mark"}, {"how": "crash once"}, nothing).values["asked"] == 1
    with pytest.raises(EngineFailed) as caught:
        garage.ask(tiny, "geometry", {}, {"how": "crash"}, nothing)
    assert caught.value.fault == "crashed"


def _three(lab: EngineLab) -> list[Spec]:
    specs = [lab.engine(WORKER, name=name, gpu_mb=3000) for name in ("one", "three", "two")]
    for spec in specs:
        lab.put_in_place(spec)
    return [specs[0], specs[2], specs[1]]


def test_the_card_is_shared_by_who_rested_longest(make_garage: Make, lab: EngineLab) -> None:
    garage = make_garage(budget=6000 + CONTEXT_MB)
    one, two, three = _three(lab)
    for spec in (one, two, one):
        garage.ask(spec, "geometry", {}, {}, nothing)
    assert garage.states() == {"one": "awake", "two": "awake"}
    garage.ask(three, "geometry", {}, {}, nothing)
    assert garage.states() == {"one": "awake", "two": "ram", "three": "awake"}
    assert (lab.home / "two" / "cache" / "slept").read_text() == "ram "
    garage.ask(two, "geometry", {}, {}, nothing)
    assert garage.states() == {"one": "ram", "two": "awake", "three": "awake"}


def test_where_sleeping_is_not_enough_they_are_ended(make_garage: Make, lab: EngineLab) -> None:
    garage = make_garage(budget=3000)
    one, two, _ = _three(lab)
    pid = garage.ask(one, "geometry", {}, {}, nothing).values["pid"]
    garage.ask(two, "geometry", {}, {}, nothing)
    assert garage.states() == {"one": "stopped", "two": "awake"}
    assert gone(pid)


def test_who_rests_is_put_to_sleep_and_then_ended(make_garage: Make, tiny: Spec, lab: EngineLab) -> None:
    garage = make_garage(idle=Idle(ram=0.3, out=2.6, stop=4.8))
    garage.ask(tiny, "geometry", {}, {}, nothing)
    seen: list[str] = []

    def ended() -> bool:
        state = garage.states()["tiny"]
        if state not in seen:
            seen.append(state)
        return state == "stopped"

    assert soon(ended, 20)
    assert seen == ["awake", "ram", "out", "stopped"]
    assert (lab.home / "tiny" / "cache" / "slept").read_text() == "ram out "


def test_an_engine_that_was_described_anew_is_started_anew(make_garage: Make, tiny: Spec) -> None:
    garage = make_garage()
    before = garage.ask(tiny, "geometry", {}, {}, nothing).values["pid"]
    words: dict[str, Any] = {name: getattr(tiny, name) for name in tiny.__dataclass_fields__}
    assert garage.ask(Spec(**{**words, "version": 2}), "geometry", {}, {}, nothing).values["pid"] != before
