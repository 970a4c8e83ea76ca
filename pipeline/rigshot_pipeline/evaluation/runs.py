"""Runs the jobs of an evaluation, one picture and one set of preparations each; what is done already is not done again."""

import hashlib
import itertools
import json
import multiprocessing
import shutil
import signal
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from .. import store, wording
from ..delivery import safe_stem
from ..errors import RigshotError
from ..options import PREPARATIONS, Options, Preparation
from ..plan import PLAN
from ..run import run_job
from ..stage import StageName
from .cases import Case, Taken
from .gallery import strip
from .hard import UNSPOILT, Spoilt, spoil
from .scores import Row, score

__all__ = ["VARIANTS", "Task", "run_tasks", "variant"]

VERSION = 1  # of the figures: raised whenever one of them changes its meaning
VARIANTS = ("none", "resolution", "pose", "cutout", "all")


@dataclass(frozen=True, kw_only=True)
class Task:
    """One job: a case, spoilt by ``hardship`` (``unspoilt`` or such as ``small-4``), with the preparations of ``variant``.

    It ends after the stage ``until``; ``keep``: its folder stays when it is measured.
    """

    case: Case
    hardship: str
    variant: str
    engine: str
    until: StageName
    out: Path
    keep: bool

    @property
    def name(self) -> str:
        """A file name of its own."""
        return safe_stem(f"{self.case.kind}_{self.case.name}")[:48] + f"__{self.hardship}__{self.variant.replace('+', '-')}"

    @property
    def row_file(self) -> Path:
        """Where its figures lie."""
        return self.out / "rows" / f"{self.name}.json"

    @property
    def strip_file(self) -> Path:
        """Where its pictures lie."""
        return self.out / "strips" / f"{self.name}.jpg"

    @property
    def key(self) -> str:
        """Changes with everything that the figures depend on, as far as versions tell."""
        files = [_digest(file) for file in (self.case.file, self.case.mask) if file]
        stages = [(stage.name, stage.version) for stage in PLAN]
        words = [VERSION, files, self.case.view, self.hardship, self.variant, self.engine, self.until, stages]
        return hashlib.sha256(json.dumps(words).encode()).hexdigest()

    def done(self) -> Row | None:
        """Its row, if it has been run before."""
        try:
            row: Row = store.load_json(self.row_file)
        except (OSError, ValueError):
            return None
        return row if row.get("key") == self.key else None


def variant(name: str) -> tuple[Preparation, ...]:
    """The preparations of ``none``, ``all``, or names joined by +. Raises ValueError for anything else."""
    if name in ("none", "all"):
        return PREPARATIONS if name == "all" else ()
    asked = name.split("+")
    unknown = [word for word in asked if word not in PREPARATIONS]
    if unknown:
        raise ValueError(f"{', '.join(unknown)}: there are none, all, {', '.join(PREPARATIONS)}")
    return tuple(word for word in PREPARATIONS if word in asked)


def run_tasks(tasks: Sequence[Task], *, jobs: int) -> Iterator[tuple[Task, Row, bool]]:
    """Every task with its row, and whether that was there already, in the order in which they end. ``jobs``: how many run side by side."""
    waiting: list[Task] = []
    for task in tasks:
        row = task.done()
        if row is None:
            waiting.append(task)
        else:
            yield task, row, True
    if jobs <= 1:
        for task in waiting:
            yield task, carry_out(task), False
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"), initializer=_end_at_once) as pool:
        try:
            yield from _side_by_side(pool, waiting, jobs)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _end_at_once() -> None:
    """Ctrl-C reaches the whole group: a worker ends without a word, the parent speaks."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _side_by_side(pool: ProcessPoolExecutor, tasks: Sequence[Task], jobs: int) -> Iterator[tuple[Task, Row, bool]]:
    """A few tasks at a time are handed in, so that a stop need not wait for a long queue."""
    left = iter(tasks)
    running: dict[Future[Row], Task] = {pool.submit(carry_out, task): task for task in itertools.islice(left, 2 * jobs)}
    while running:
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            task = running.pop(future)
            yield task, future.result(), False
            running |= {pool.submit(carry_out, task): task for task in itertools.islice(left, 1)}


def carry_out(task: Task) -> Row:
    """Run and measure one task, and leave its row and its strip of pictures."""
    taken = _taken(task.case)
    spoilt = _spoilt(task, taken)
    folder = task.out / "jobs" / task.name
    row: Row = {"key": task.key, "name": task.name, "case": task.case.name, "kind": task.case.kind, "side": task.case.view}
    row |= {"hardship": task.hardship, "variant": task.variant, "outcome": "model"}
    try:
        row |= _measured(task, folder, taken, spoilt)
    except RigshotError as error:
        row |= {"outcome": "refused" if error.kind == "bad_input" else "broken", "sentence": wording.sentence(error.code, error.values)}
    except Exception:
        row |= {"outcome": "broken", "sentence": traceback.format_exc(limit=3)}
    task.strip_file.parent.mkdir(parents=True, exist_ok=True)
    strip(task.strip_file, spoilt.photo, folder if row["outcome"] == "model" else None)
    if not task.keep:
        shutil.rmtree(folder, ignore_errors=True)
    task.row_file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = task.row_file.with_suffix(".part")
    store.save_json(unfinished, row)
    unfinished.replace(task.row_file)
    return row


def _measured(task: Task, folder: Path, taken: Taken, spoilt: Spoilt) -> Row:
    photo = task.case.file
    if task.case.view is not None or task.hardship != UNSPOILT:
        photo = folder / "photo.png"
        folder.mkdir(parents=True, exist_ok=True)
        store.save_picture(photo, spoilt.photo)
    options = Options(engine=task.engine, prepare=variant(task.variant))
    records = run_job(photo, folder, options=options, until=task.until)
    return score(folder, {record.stage: record for record in records}, task.case, taken, spoilt)


@lru_cache(maxsize=4)
def _taken(case: Case) -> Taken:
    return case.take()


def _spoilt(task: Task, taken: Taken) -> Spoilt:
    if taken.mask is None:
        empty = np.zeros(taken.known.shape, bool)
        if task.hardship != UNSPOILT:
            raise ValueError("only a picture with a true mask can be spoilt")
        return Spoilt(photo=taken.photo, mask=empty, known=taken.known, matrix=np.eye(3))
    return spoil(task.hardship, taken.photo, taken.mask, taken.known, of=task.case.name)


@lru_cache(maxsize=256)
def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
