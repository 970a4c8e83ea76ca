"""``rigshot evaluate``: what every preparation of a photo is worth, measured."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .command import Command

if TYPE_CHECKING:
    from ..evaluation.cases import Case
    from ..evaluation.runs import Task
    from ..evaluation.scores import Row

__all__ = ["COMMAND"]

DONE, BROKEN, WRONG, STOPPED = 0, 1, 2, 130
_UNTIL = ("geometry", "texture", "skin", "animate")


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = f"Exit status: {DONE} all measured, {BROKEN} a job broke, {WRONG} wrong usage or nothing to measure, {STOPPED} stopped."
    parser.add_argument(
        "--set", type=Path, metavar="FOLDER", dest="pictures", help="pictures: a MANIFEST.json, or NAME.mask.png beside each"
    )
    parser.add_argument("--truth", type=Path, metavar="FOLDER", help="rigged models (.glb) to draw as photos and measure against")
    parser.add_argument("--views", default="right,quarter", metavar="LIST", help="sides of them: right, left, quarter, front, behind")
    parser.add_argument("--variants", default="", metavar="LIST", help="none, all, resolution, pose, cutout or some joined by +")
    parser.add_argument("--degrade", default="none", metavar="LIST", help="none, all, or such as small,jpeg-10,turned-30")
    parser.add_argument("--only", nargs="*", default=[], metavar="PART", help="only cases with one of these in their names")
    parser.add_argument("--masked", action="store_true", help="only pictures with a true mask")
    parser.add_argument("--engine", default="embedded", metavar="NAME", help="embedded (default), auto, or an engine's name")
    parser.add_argument("--until", choices=_UNTIL, default="animate", help="the last stage to run (default: animate)")
    parser.add_argument(
        "--out", type=Path, default=Path("build/evaluation"), metavar="DIR", help="where the results go; a second run goes on"
    )
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="how many run side by side")
    parser.add_argument("--keep", action="store_true", help="keep the jobs' folders")


def _run(arguments: argparse.Namespace) -> int:
    try:
        tasks = _tasks(arguments)
    except ValueError as error:
        print(error, file=sys.stderr)
        return WRONG
    if not tasks:
        print("There is nothing to measure: give --set or --truth a folder with pictures or rigged models.", file=sys.stderr)
        return WRONG
    rows: list[Row] = []
    try:
        rows = _measure(tasks, arguments.jobs)
    except KeyboardInterrupt:
        print("Stopped; the same command goes on from there.", file=sys.stderr)
        return STOPPED
    _write(arguments.out, tasks, rows)
    return BROKEN if any(row["outcome"] == "broken" for row in rows) else DONE


def _tasks(arguments: argparse.Namespace) -> "list[Task]":
    from ..evaluation.hard import UNSPOILT
    from ..evaluation.runs import VARIANTS, Task, variant

    variants = tuple(arguments.variants.split(",")) if arguments.variants else VARIANTS
    for name in variants:
        variant(name)
    hardships = (UNSPOILT, *_hardships(arguments.degrade))
    return [
        Task(
            case=case,
            hardship=hardship,
            variant=name,
            engine=arguments.engine,
            until=arguments.until,
            out=arguments.out,
            keep=arguments.keep,
        )
        for case in _cases(arguments)
        for hardship in hardships
        if hardship == UNSPOILT or case.view is not None or case.mask is not None
        for name in variants
    ]


def _cases(arguments: argparse.Namespace) -> "Iterable[Case]":
    from ..evaluation.cases import VIEWS, cases_of_rigs, cases_of_set

    views = arguments.views.split(",")
    unknown = [view for view in views if view not in VIEWS]
    if unknown:
        raise ValueError(f"{', '.join(unknown)}: there are the views {', '.join(VIEWS)}")
    for folder in (arguments.pictures, arguments.truth):
        if folder is not None and not folder.is_dir():
            raise ValueError(f"{folder} is not a folder.")
    if arguments.pictures is not None:
        yield from cases_of_set(arguments.pictures, only=arguments.only, masked=arguments.masked)
    if arguments.truth is not None:
        yield from cases_of_rigs(arguments.truth, views=views, only=arguments.only)


def _hardships(words: str) -> list[str]:
    from ..evaluation.hard import HARDSHIPS, hardship

    chosen: list[str] = []
    for word in [] if words == "none" else list(HARDSHIPS) if words == "all" else words.split(","):
        if word in HARDSHIPS:
            chosen += [f"{word}-{level:g}" for level in HARDSHIPS[word].levels]
            continue
        try:
            hardship(word)
        except (KeyError, ValueError):
            raise ValueError(f"{word}: there are {', '.join(HARDSHIPS)}, each with a level such as small-4") from None
        chosen.append(word)
    return chosen


def _measure(tasks: "Sequence[Task]", jobs: int) -> "list[Row]":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from ..evaluation.runs import run_tasks

    rows: list[Row] = []
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as board:
        bar = board.add_task("measuring", total=len(tasks))
        for task, row, kept in run_tasks(tasks, jobs=jobs):
            rows.append(row)
            board.update(bar, advance=1, description=task.name[:60])
            if not kept and not console.is_terminal:
                print(f"{len(rows)}/{len(tasks)} {task.name} {row['outcome']}", file=sys.stderr, flush=True)
    order = {task.name: place for place, task in enumerate(tasks)}
    return sorted(rows, key=lambda row: order[str(row["name"])])


def _write(out: Path, tasks: "Sequence[Task]", rows: "Sequence[Row]") -> None:
    from ..evaluation.curves import write_curves
    from ..evaluation.gallery import sheets
    from ..evaluation.tables import tables, write_csv

    write_csv(out / "rows.csv", rows)
    text = tables(rows)
    (out / "tables.md").write_text(text, encoding="utf-8")
    for figure, title in (("silhouette_iou", "Silhouette IoU"), ("identity", "Identity"), ("volume_iou", "Volume IoU")):
        write_curves(out / f"curves_{figure}.svg", rows, figure, f"{title} of the model, the harder the photo")
    sheets(out, _pairs(tasks, rows))
    print(text)
    print(f"Look at {out}: rows.csv, tables.md, gallery_00.jpg.")


def _pairs(tasks: "Sequence[Task]", rows: "Sequence[Row]") -> list[tuple[str, list[tuple[str, Path]]]]:
    """For every picture its strips, from the least to the most prepared."""
    words = {str(row["name"]): row for row in rows}
    pairs: dict[str, list[tuple[str, Path]]] = {}
    for task in tasks:
        if task.variant not in ("none", "all") and len({other.variant for other in tasks}) > 2:
            continue
        row = words[task.name]
        said = [f"{name} {row[name]}" for name in ("silhouette_iou", "identity", "volume_iou") if row.get(name) is not None]
        pairs.setdefault(f"{task.case.name}, {task.hardship}", []).append(
            (f"prepared: {task.variant}   {'   '.join(said)}", task.strip_file)
        )
    return list(pairs.items())


COMMAND = Command(help="measure what every preparation of a photo is worth", configure=_configure, run=_run)
