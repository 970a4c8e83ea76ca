"""``rigshot models``: which networks are on this machine, and fetching one."""

import argparse
import sys

from .command import Command

__all__ = ["COMMAND"]

_NO_REMBG = 'The networks need rembg: pip install "rigshot-pipeline[rembg]". Rigshot works without it.'


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``rigshot models``."""
    what = parser.add_subparsers(dest="what", required=True, metavar="list|get")
    what.add_parser("list", help="what there is and what is here")
    get = what.add_parser("get", help="fetch weights, going on where an earlier attempt stopped")
    get.add_argument("which", choices=["cutout"], help="cutout: the network that separates a subject from its background")
    get.add_argument("--model", help="isnet-general-use (the default), birefnet-general-lite or u2netp")


def run(arguments: argparse.Namespace) -> int:
    """List or fetch; answers with the exit status."""
    from .. import models  # loads rembg only when asked

    if not models.rembg_installed():
        print(_NO_REMBG, file=sys.stderr)  # a command speaks to the terminal
        return 1
    return _list() if arguments.what == "list" else _get(arguments.model or models.wished_model() or models.CUTOUT_MODELS[0])


def _list() -> int:
    from rich.console import Console
    from rich.table import Table

    from .. import models
    from ..options import Options

    chosen = models.chosen_model(Options())
    table = Table("stage", "model", "on this machine", box=None)
    for model in models.CUTOUT_MODELS:
        path = models.weights_on_disk(model)
        mark = " (in use)" if model == chosen else ""
        table.add_row("cutout", model + mark, f"{path}, {path.stat().st_size / 1e6:.0f} MB" if path else "no")
    table.add_row("cutout", "Rigshot's own" + (" (in use)" if chosen is None else ""), "always")
    table.add_row("cutout", models.CLASSICAL + (" (in use)" if chosen == models.CLASSICAL else ""), "always, no network")
    Console(highlight=False, soft_wrap=True).print(table)
    return 0


def _get(model: str) -> int:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    from .. import models

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if model not in models.CUTOUT_MODELS:
        console.print(f"There is no model {model}; choose one of {', '.join(models.CUTOUT_MODELS)}.", style="yellow")
        return 2
    here = models.weights_on_disk(model)
    if here is not None:
        console.print(f"{model} is here already: {here}")
        return 0
    weights = models.weights_of(model)
    try:
        size = models.size_to_fetch(weights)
        console.print(f"{model}: {f'{size / 1e6:.0f} MB' if size else 'unknown size'} from {weights.url}")
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console) as board:
            task = board.add_task(model, total=size)
            path = models.fetch(weights, progress=lambda done, total: board.update(task, completed=done, total=total))
    except models.DownloadFailed as error:
        console.print(f"{error} Rigshot goes on without it.", style="yellow")
        return 1
    except KeyboardInterrupt:
        console.print("Stopped; the same command goes on from there.", style="yellow")
        return 130
    console.print(f"{model} is ready: {path}", style="green")
    return 0


COMMAND = Command(help="list or fetch the optional networks", configure=configure, run=run)
