"""Carries one photo through the plan: does what is not done yet, records every stage, stops when asked to.

A stage's folder appears in the job's folder by one rename, with its ``stage.json`` inside, when the stage has
succeeded. A record counts as done while its key (stage, version, options, environment and the hashes of all it
read) and the hashes of its own files still hold: a second run, a retry after a crash and "redo only the rig" are this
one comparison.
"""

import hashlib
import json
import shutil
import stat
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from . import store, wording
from .errors import Cancelled, RigshotError, StageFailed
from .memory import PeakMemory
from .options import Options
from .plan import PLAN
from .stage import Advice, Metric, Outcome, Stage, StageName, Work

__all__ = ["Event", "Record", "dependants", "read_record", "run_job"]

RECORD = "stage.json"
LARGEST_HASHED = 256 * 2**20  # bytes; the gate refuses far smaller files, this only bounds the reading


@dataclass(frozen=True, kw_only=True)
class Record:
    """What a finished stage left in its ``stage.json``."""

    stage: StageName
    key: str
    engine: str
    version: int
    options: Mapping[str, Any]
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    seconds: float
    peak_mb: float
    metrics: Mapping[str, Metric] = field(default_factory=dict[str, Metric])
    advice: tuple[Advice, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Event:
    """Progress for whoever watches: a stage ``started``, moved on (``fraction`` 0..1), was ``done`` or ``kept``."""

    stage: StageName
    what: Literal["started", "progress", "done", "kept"]
    fraction: float = 0.0
    record: Record | None = None


def run_job(
    source: Path | None,
    folder: Path,
    *,
    options: Options,
    watch: Callable[[Event], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
    redo: StageName | None = None,
    until: StageName | None = None,
    plan: Sequence[Stage] = PLAN,
) -> tuple[Record, ...]:
    """Run the plan for the file ``source`` in the job's ``folder``; stages that hold already are kept.

    Without a ``source`` (a person's photo is not kept longer than its job needs it) the folder's first stage must hold.
    ``redo`` throws away that stage and all that depend on it first; ``until`` ends after that stage. ``watch`` hears of
    every step. Raises ``Refused`` (another photo or wish would do), ``StageFailed`` (our fault, details in the
    stage's log beside the folders), ``Cancelled``, OSError when the folder cannot be written.
    """
    folder, source = folder.absolute(), source and source.absolute()  # the gate's child works in another directory
    folder.mkdir(parents=True, exist_ok=True)
    for name in dependants(redo, plan) if redo else ():
        shutil.rmtree(folder / name, ignore_errors=True)
    records: dict[StageName, Record] = {}
    for stage in plan:
        record = read_record(folder / stage.name)
        key, inputs, chosen = _key(stage, _hash_of_source(source, record), options, records)
        if record is not None and record.key == key and _hashes(folder / stage.name) == dict(record.outputs):
            watch(Event(stage=stage.name, what="kept", fraction=1.0, record=record))
        else:
            watch(Event(stage=stage.name, what="started"))
            record = _carry_out(stage, source, folder, options, watch, cancelled, key, inputs, chosen)
            watch(Event(stage=stage.name, what="done", fraction=1.0, record=record))
        records[stage.name] = record
        if stage.name == until:
            break
    return tuple(records.values())


def dependants(name: StageName, plan: Sequence[Stage] = PLAN) -> frozenset[StageName]:
    """``name`` and every stage whose result depends on it."""
    found: set[StageName] = {name}
    for stage in plan:
        if found.intersection(stage.reads):
            found.add(stage.name)
    return frozenset(found)


def read_record(folder: Path) -> Record | None:
    """The record of a stage's folder; None where there is none that this version of Rigshot can read and say."""
    try:
        words = store.load_json(folder / RECORD)
        record = Record(**words | {"advice": tuple(Advice(**row) for row in words["advice"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return record if all(advice.code in wording.codes() for advice in record.advice) else None


def _carry_out(
    stage: Stage,
    source: Path | None,
    folder: Path,
    options: Options,
    watch: Callable[[Event], None],
    cancelled: Callable[[], bool],
    key: str,
    inputs: Mapping[str, str],
    chosen: Mapping[str, Any],
) -> Record:
    def progress(fraction: float) -> None:
        if cancelled():
            raise Cancelled
        watch(Event(stage=stage.name, what="progress", fraction=min(max(fraction, 0.0), 1.0)))

    with _Workshop(folder, stage.name) as workshop:
        work = Work(
            folder=workshop.path,
            inputs={read: folder / read for read in stage.reads},
            options=options,
            source=source,
            progress=progress,
        )
        progress(0.0)
        begin = time.perf_counter()
        with PeakMemory() as memory:
            outcome = _guarded(stage, work, folder / f"{stage.name}.log")
        record = Record(
            stage=stage.name,
            key=key,
            engine=outcome.engine,
            version=stage.version,
            options=chosen,
            inputs=inputs,
            outputs=_hashes(workshop.path),
            seconds=round(time.perf_counter() - begin, 3),
            peak_mb=round(memory.peak_mb, 1),
            metrics=outcome.metrics,
            advice=outcome.advice,
        )
        store.save_json(workshop.path / RECORD, asdict(record))
        workshop.finish()
    return record


def _guarded(stage: Stage, work: Work, log: Path) -> Outcome:
    log.unlink(missing_ok=True)
    try:
        return stage.run(work)
    except (Cancelled, RigshotError):
        raise
    except MemoryError as error:
        raise StageFailed("no_memory", stage=stage.name) from error
    except Exception as error:
        log.write_text(traceback.format_exc(), encoding="utf-8")
        raise StageFailed("stage_broke", stage=stage.name, log=log) from error


class _Workshop(AbstractContextManager["_Workshop"]):
    """A hidden folder beside the finished ones; ``finish`` puts it in its place, any other end removes it."""

    def __init__(self, folder: Path, stage: StageName) -> None:
        self._place = folder / stage
        for left_over in folder.glob(f".{stage}-*"):
            shutil.rmtree(left_over, ignore_errors=True)
        self.path = Path(tempfile.mkdtemp(prefix=f".{stage}-", dir=folder))
        self.path.chmod(0o755)

    def finish(self) -> None:
        shutil.rmtree(self._place, ignore_errors=True)
        self.path.rename(self._place)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def _key(stage: Stage, source: str, options: Options, records: Mapping[StageName, Record]) -> tuple[str, dict[str, str], dict[str, Any]]:
    inputs = {f"{read}/{file}": digest for read in stage.reads for file, digest in records[read].outputs.items()}
    chosen: dict[str, Any] = {wish: _plain(getattr(options, wish)) for wish in stage.options}
    if not stage.reads:
        inputs["source"] = source
    if stage.environment is not None:
        chosen["environment"] = stage.environment(options)
    text = json.dumps([stage.name, stage.version, chosen, inputs], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest(), inputs, chosen


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return _hash_of_theirs(value)
    if hasattr(value, "__dataclass_fields__"):
        return asdict(value)  # type: ignore[call-overload]  # guarded by the line above
    return list(value) if isinstance(value, tuple) else value  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def _hashes(folder: Path) -> dict[str, str]:
    files: Iterable[Path] = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != RECORD)
    return {str(path.relative_to(folder)): _hash(path) for path in files}


def _hash_of_source(source: Path | None, record: Record | None) -> str:
    """The photo's hash; that of the photo that was, where it is kept no more."""
    if source is not None:
        return _hash_of_theirs(source)
    return record.inputs.get("source", "") if record else ""


def _hash_of_theirs(path: Path) -> str:
    """A person's file may be anything: whatever is not a plain file of bearable size is left for the gate to refuse."""
    try:
        status = path.stat()
        if stat.S_ISREG(status.st_mode) and status.st_size <= LARGEST_HASHED:
            return _hash(path)
    except OSError:
        return "unreadable"
    return f"{status.st_mode} {status.st_size} {status.st_mtime_ns}"


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
