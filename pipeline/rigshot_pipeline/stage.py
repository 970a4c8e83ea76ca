"""What a stage is: a name, what it reads, what it depends on, and the function that does the work."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from .options import Options

__all__ = ["Advice", "Metric", "Outcome", "Stage", "StageName", "Work"]

StageName = Literal[
    "intake", "enhance", "standardise", "cutout", "geometry", "texture", "skeleton", "skin", "animate", "export", "preview", "report"
]
Metric = float | int | bool | str | None


@dataclass(frozen=True, kw_only=True)
class Advice:
    """Something the person should know: a ``note`` (said for information) or a ``warning`` (it hurts the result).

    ``code`` and ``values`` give the sentence by way of ``wording``.
    """

    code: str
    values: Mapping[str, Metric] = field(default_factory=dict[str, Metric])
    level: Literal["note", "warning"] = "note"


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a stage is handed.

    ``folder``: empty, its own; what it leaves there becomes its output when it returns. ``inputs``: the finished
    folders of the stages that it reads. ``source``: the person's file (only ``intake`` may open it), None when it is gone.
    ``progress(fraction)`` reports 0..1 and raises ``Cancelled`` when the person gave up: call it often.
    """

    folder: Path
    inputs: Mapping[StageName, Path]
    options: Options
    source: Path | None
    progress: Callable[[float], None]

    @property
    def name(self) -> str:
        """The stem of the delivered files' names."""
        return self.options.name


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a stage says of its work; its files speak for themselves. ``engine`` who did it, with its licence."""

    metrics: Mapping[str, Metric] = field(default_factory=dict[str, Metric])
    advice: tuple[Advice, ...] = ()
    engine: str = "embedded"


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A stage of the plan. ``version`` is raised whenever its result for the same inputs changes.

    ``options``: names of the fields of ``Options`` that change its result; ``environment``: a function whose answer
    is part of the key too (which weights are on disk, say).
    """

    name: StageName
    reads: tuple[StageName, ...]
    run: Callable[[Work], Outcome]
    version: int = 1
    options: tuple[str, ...] = ()
    environment: Callable[[Options], str] | None = None
