"""What a person sees in the terminal while a photo goes through the stages."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from rich.console import Console as RichConsole
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from .. import wording
from ..errors import RigshotError
from ..stage import Advice

if TYPE_CHECKING:
    from ..run import Event, Record

__all__ = ["Board", "Console"]

BAR_WIDTH = 24  # characters
# What people open first stands first.
_ORDER = ("gif", "mp4", "glb", "fbx", "obj", "report.png", "poster.png", "skeleton.gif")


class Console:
    """A terminal (a live board) or a file or pipe (a line for each finished stage)."""

    def __init__(self, stream: TextIO, language: wording.Language) -> None:
        self.rich = RichConsole(file=stream, highlight=False, soft_wrap=True)
        self.language: wording.Language = language

    def say(self, sentence: str) -> None:
        """A sentence that belongs to no photo."""
        self.rich.print(escape(sentence), style="yellow")

    def photo(self, photo: Path) -> "Board":
        """A board for one photo, to be used as a context."""
        return Board(self, photo)


class Board(AbstractContextManager["Board"]):
    """The stages of one photo: heard of by ``hear``, ended by ``finish`` or ``give_up``."""

    def __init__(self, console: Console, photo: Path) -> None:
        self._console = console
        self._photo = photo
        self._latest: dict[str, Event] = {}
        self._live = Live(console=console.rich, get_renderable=self._table, refresh_per_second=12, transient=False)

    def __enter__(self) -> "Board":
        self._console.rich.print(f"[bold]{escape(str(self._photo))}[/bold]")
        if self._console.rich.is_terminal:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()

    def hear(self, event: "Event") -> None:
        """Take in a step of the run."""
        self._latest[event.stage] = event
        if not self._console.rich.is_terminal and event.record is not None:
            self._console.rich.print(f"  {event.stage:<12} {_seconds(event):>8}  {_engine(event.record)}".rstrip())

    def finish(self, folder: Path, files: Mapping[str, Path]) -> None:
        """Say what the coach noticed and where the results are."""
        self._stop()
        for event in self._latest.values():
            for advice in event.record.advice if event.record else ():
                self._advise(advice)
        self._console.rich.print(f"  Look at {escape(str(folder))}:", style="green")
        for kind in sorted(files, key=lambda kind: _ORDER.index(kind) if kind in _ORDER else len(_ORDER)):
            self._console.rich.print(f"    {escape(files[kind].name):<40} {_size(files[kind])}")

    def give_up(self, error: RigshotError) -> None:
        """Say why there is no result."""
        self._stop()
        sentence = wording.sentence(error.code, error.values, self._console.language)
        self._console.rich.print(f"  {escape(sentence)}", style="yellow" if error.kind == "bad_input" else "red")

    def _stop(self) -> None:
        if self._live.is_started:
            self._live.update(self._table(), refresh=True)
            self._live.stop()

    def _advise(self, advice: Advice) -> None:
        mark, style = ("!", "yellow") if advice.level == "warning" else ("·", "dim")
        sentence = wording.sentence(advice.code, advice.values, self._console.language)
        self._console.rich.print(f"  {mark} {escape(sentence)}", style=style)

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 1))
        for event in self._latest.values():
            finished = event.what in ("done", "kept")
            table.add_row(
                Text(" ✓" if finished else " …", style="green" if finished else "cyan"),
                Text(f"{event.stage:<12}"),
                ProgressBar(total=1.0, completed=event.fraction, width=BAR_WIDTH),
                Text(_seconds(event), style="dim", justify="right"),
                Text(_engine(event.record), style="dim"),
            )
        return table


def _seconds(event: "Event") -> str:
    if event.what == "kept":
        return "kept"
    return f"{event.record.seconds:.1f} s" if event.record else ""


def _engine(record: "Record | None") -> str:
    return record.engine if record is not None and record.engine != "embedded" else ""


def _size(file: Path) -> str:
    size = file.stat().st_size
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(size // 1000, 1)} kB"
