"""``rigshot envs``: which engines there are, installing one, removing it, checking it."""

import argparse
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from .command import Command

if TYPE_CHECKING:
    from rich.console import Console

    from ..engines.spec import Spec

__all__ = ["COMMAND"]

DONE, FAILED, WRONG, STOPPED = 0, 1, 2, 130


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``rigshot envs``."""
    what = parser.add_subparsers(dest="what", required=True, metavar="list|install|remove|verify")
    what.add_parser("list", help="the engines, what is installed of them, and who does which stage")
    install = what.add_parser("install", help="make an engine's environment and fetch its source and weights, going on where it stopped")
    install.add_argument("name", metavar="NAME")
    install.add_argument("--weights", metavar="SETS", help="sets of weights, joined by commas, or all (default: what its stages need)")
    install.add_argument("--weights-from", type=Path, metavar="DIR", help="take the weights from this folder instead of the hub")
    install.add_argument("--mirror", metavar="URL", help="an address with the hub's paths (or set HF_ENDPOINT)")
    install.add_argument("--source", type=Path, metavar="DIR", help="take upstream's source from this checkout or folder")
    remove = what.add_parser("remove", help="delete what was installed of an engine")
    remove.add_argument("name", metavar="NAME")
    remove.add_argument("--keep-weights", action="store_true", help="all but the weights")
    verify = what.add_parser("verify", help="compare every file of weights with what came, and start the engine once")
    verify.add_argument("name", metavar="NAME")


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked; answers with the exit status."""
    from rich.console import Console

    console = Console(stderr=arguments.what != "list", highlight=False, soft_wrap=True)
    if arguments.what == "list":
        return _list(console)
    orders: dict[str, Callable[[argparse.Namespace, Console, Spec], int]] = {"install": _install, "remove": _remove}
    try:
        spec = _named(arguments.name, console)
        if spec is None:
            return WRONG
        return _verify(console, spec) if arguments.what == "verify" else orders[arguments.what](arguments, console, spec)
    except KeyboardInterrupt:
        console.print("Stopped; the same command goes on from there.", style="yellow")
        return STOPPED


def _named(name: str, console: "Console") -> "Spec | None":
    from ..engines import discover

    found = discover()
    spec = found.named(name)
    if spec is None:
        for sentence in found.broken:
            console.print(sentence, style="yellow", markup=False)
        console.print(f"There is no engine {name}; there are {', '.join(row.name for row in found.specs) or 'none'}.", style="yellow")
    return spec


def _list(console: "Console") -> int:
    from rich.table import Table

    from ..engines import discover
    from ..engines.overview import overview

    found = discover()
    table = Table("engine", "stages", "here", "weights", "licence", box=None, pad_edge=False)
    for spec in found.specs:
        here, weights = _state(spec)
        licence = " / ".join(word for word in (spec.licence.code, spec.licence.weights) if word)
        table.add_row(f"{spec.name} ({spec.title})", " ".join(spec.stages), here, weights, licence)
    console.print(table if found.specs else "There are no engines in the folder envs; the embedded one does all stages.")
    for sentence in found.broken:
        console.print(sentence, style="yellow", markup=False)
    console.print()
    for line in overview().lines("en"):
        console.print(line, markup=False)
    return DONE


def _state(spec: "Spec") -> tuple[str, str]:
    from ..engines import installed

    record = installed(spec)
    size = f"{spec.needs.disk_mb / 1024:.1f} GB"
    if record is None:
        return f"no ({size})", f"{sum(row.bytes for row in spec.weights) / 1e9:.1f} GB" if spec.weights else "none"
    kept = [f"{row.name}{'' if row.name in record.weights else ' (no)'}" for row in spec.weights]
    return "yes", " ".join(kept) or "none"


def _install(arguments: argparse.Namespace, console: "Console", spec: "Spec") -> int:
    from ..engines.install import Installation, InstallFailed

    asked: str | None = arguments.weights
    sets = tuple(row.name for row in spec.weights) if asked == "all" else tuple(asked.split(",")) if asked else None
    with _Board(console) as board:
        installation = Installation(
            spec=spec,
            sets=sets,
            source=arguments.source,
            weights=arguments.weights_from,
            mirror=arguments.mirror,
            say=lambda step: console.print(f"{spec.name}: {step}"),
            progress=board.progress,
        )
        try:
            installation.run()
        except InstallFailed as error:
            console.print(str(error), style="yellow", markup=False)
            return FAILED
    console.print(f"{spec.title} is installed in {installation.place.root}.", style="green")
    return DONE


def _remove(arguments: argparse.Namespace, console: "Console", spec: "Spec") -> int:
    from ..engines.install import InstallFailed, remove

    try:
        gone = remove(spec.name, keep_weights=arguments.keep_weights)
    except InstallFailed as error:
        console.print(str(error), style="yellow", markup=False)
        return FAILED
    console.print(f"{spec.title} is removed; {gone} MB are free again.")
    return DONE


def _verify(console: "Console", spec: "Spec") -> int:
    from ..engines.install import verify

    wrong = verify(spec, say=lambda step: console.print(step, style="dim"))
    for sentence in wrong:
        console.print(sentence, style="yellow", markup=False)
    if not wrong:
        console.print(f"{spec.title} is whole and starts.", style="green")
    return FAILED if wrong else DONE


class _Board(AbstractContextManager["_Board"]):
    """A bar for the file that comes just now."""

    def __init__(self, console: "Console") -> None:
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        self._bars = Progress(*columns, console=console, disable=not console.is_terminal)
        self._tasks: dict[str, int] = {}

    def __enter__(self) -> "_Board":
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bars.stop()

    def progress(self, file: str, done: int, total: int | None) -> None:
        """Move a file's bar."""
        from rich.progress import TaskID

        if file not in self._tasks:
            self._tasks[file] = self._bars.add_task(file, total=total)
        self._bars.update(TaskID(self._tasks[file]), completed=done, total=total)


COMMAND = Command(help="list, install, remove or check the engines of envs/", configure=configure, run=run)
if __name__ == "__main__":  # python -m rigshot_pipeline.commands.envs, before the console script knows of it
    _parser = argparse.ArgumentParser(prog="rigshot envs")
    configure(_parser)
    sys.exit(run(_parser.parse_args()))
