"""What a person sees in the terminal while photos are on their way."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from rigshot_queue import Job, Place

from ..panels import short_status
from ..status import advice_lines, stage_name
from ..texts import Language, say
from ..times import range_of

__all__ = ["Board"]

BAR_WIDTH = 24  # characters
Row = tuple[str, Job, Place | None]


class Board(AbstractContextManager["Board"]):
    """A terminal (a live table, a row for each photo) or a file or pipe (a line for each new stage)."""

    def __init__(self, language: Language) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._language: Language = language
        self._rows: Sequence[Row] = ()
        self._told: dict[str, str] = {}
        self._live = Live(console=self._console, get_renderable=self._table, refresh_per_second=8, transient=True)

    def __enter__(self) -> "Board":
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live.is_started:
            self._live.stop()

    def show(self, rows: Sequence[Row]) -> None:
        """Put the photos' names, jobs and places on the board."""
        self._rows = rows
        if self._console.is_terminal:
            return
        for name, job, place in rows:
            text = stage_name(job.stage, self._language) if job.stage else "" if job.finished else short_status(job, place, self._language)
            if text and self._told.get(job.id) != text:
                self._told[job.id] = text
                self._console.print(Text.assemble((name, "bold"), f"  {text}"))

    def say(self, name: str, sentence: str, *, good: bool = True) -> None:
        """A sentence about a photo."""
        self._console.print(Text.assemble((name, "bold"), "  ", (sentence, "" if good else "yellow")))

    def made(self, name: str, job: Job, folder: Path, files: Sequence[Path], *, more: str = "") -> None:
        """Where the results of a photo are, what the coach noticed, and one sentence ``more``."""
        self._console.print(Text(name, style="bold"))
        for sentence in filter(None, (*advice_lines(job, self._language), more)):
            self._console.print(Text.assemble(("  ! ", "yellow"), sentence))
        self._console.print(Text(f"  {say('send_look', self._language, place=folder)}", style="green"))
        for file in files:
            self._console.print(Text(f"    {file.name:<40} {_size(file)}"))

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 1))
        for name, job, place in self._rows:
            left = range_of(place.low, place.high, self._language) if place and place.workers and not job.finished else ""
            text = stage_name(job.stage, self._language) if job.stage else short_status(job, place, self._language)
            bar = ProgressBar(total=1.0, completed=job.fraction, width=BAR_WIDTH)
            table.add_row(Text(name, style="bold"), bar, Text(text.splitlines()[0]), Text(left, style="dim"))
        return table


def _size(file: Path) -> str:
    size = file.stat().st_size
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(size // 1000, 1)} kB"
