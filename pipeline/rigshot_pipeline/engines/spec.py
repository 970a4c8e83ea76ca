"""What an engine says of itself in its ``engine.toml``."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ..stage import StageName

__all__ = ["BadSpec", "Licence", "Needs", "Source", "Spec", "WeightSet", "read_spec"]

_T = TypeVar("_T", str, int, bool)
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PYTHON = re.compile(r"3\.\d+")


class BadSpec(Exception):
    """An ``engine.toml`` that cannot be understood; the message is a sentence with the file, the place and what was expected."""


@dataclass(frozen=True, kw_only=True)
class Needs:
    """Megabytes: of disk for environment, source and weights; of memory; of the GPU's memory at its peak (0: no GPU)."""

    disk_mb: int = 0
    memory_mb: int = 0
    gpu_mb: int = 0


@dataclass(frozen=True, kw_only=True)
class Source:
    """Upstream's code: a git ``repository`` at a ``commit``; ``folders`` what of it is kept (none: all)."""

    repository: str
    commit: str
    folders: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class WeightSet:
    """Published weights: ``files`` of a ``repository`` of the Hugging Face hub at a ``revision``.

    ``stages``: those that need them. ``optional``: no stage waits for them, and they are fetched only by name. ``either``: of the sets
    with the same word one is enough, and the first is the one that is fetched. ``sha256`` by file, where it is written down.
    """

    name: str
    repository: str
    revision: str
    files: tuple[str, ...]
    bytes: int = 0
    licence: str = ""
    stages: tuple[str, ...] = ()
    optional: bool = False
    either: str = ""
    sha256: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Licence:
    """SPDX names of the licences of the ``code`` and of the ``weights``; ``note`` what else binds."""

    code: str
    weights: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Spec:
    """An engine: what it can do, what it needs, where its parts come from. ``folder`` is where its ``engine.toml`` lies.

    ``rank``: of the engines that can do a stage, auto takes the highest. ``version`` is raised when its results for the same
    requests change.
    """

    name: str
    title: str
    stages: tuple[str, ...]
    worker: str
    python: str
    rank: int
    version: int
    needs: Needs
    source: Source | None
    weights: tuple[WeightSet, ...]
    licence: Licence
    folder: Path

    def can(self, stage: StageName | str) -> bool:
        """Whether the engine does a stage."""
        return stage in self.stages

    def weight_set(self, name: str) -> WeightSet | None:
        """The set of that name, or None."""
        return next((row for row in self.weights if row.name == name), None)


def read_spec(file: Path) -> Spec:
    """The engine that ``file`` describes. Raises ``BadSpec``."""
    try:
        words = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSpec(f"{file}: {error}") from error
    try:
        return _spec(words, file.parent)
    except BadSpec as error:
        raise BadSpec(f"{file}: {error}") from None


class _Table:
    """A table of the file, read key by key; what is left over at the end was misspelt."""

    def __init__(self, words: Any, place: str) -> None:
        if not isinstance(words, dict):
            raise BadSpec(f"{place} must be a table")
        self._words: dict[str, Any] = dict(words)
        self._place = place

    def one(self, key: str, kind: type[_T], default: _T | None = None) -> _T:
        """A value of ``kind``; without a ``default`` it must be there."""
        if key not in self._words:
            if default is None:
                raise BadSpec(f"{self._place} lacks {key}")
            return default
        value = self._words.pop(key)
        if type(value) is not kind:  # True is an int to isinstance
            raise BadSpec(f"{self._place} {key} must be {_KINDS[kind]}, not {value!r}")
        if kind is int and int(value) < 0:
            raise BadSpec(f"{self._place} {key} must not be negative")
        return value

    def many(self, key: str, *, needed: bool = False) -> tuple[str, ...]:
        """A list of words."""
        value = self._words.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(word, str) and word for word in value):
            raise BadSpec(f"{self._place} {key} must be a list of words")
        if needed and not value:
            raise BadSpec(f"{self._place} lacks {key}")
        return tuple(value)

    def table(self, key: str) -> Any:
        """What is below, as it stands; an empty table where there is nothing."""
        return self._words.pop(key, {})

    def end(self) -> None:
        """Raise for a key that nobody asked for."""
        if self._words:
            raise BadSpec(f"{self._place} has the unknown key {next(iter(self._words))}")


_KINDS: Mapping[type, str] = {str: "a text in quotes", int: "a whole number", bool: "true or false"}


def _spec(words: dict[str, Any], folder: Path) -> Spec:
    top = _Table(words, "the file")
    engine = _Table(top.table("engine"), "[engine]")
    needs = _Table(top.table("needs"), "[needs]")
    licence = _Table(top.table("licence"), "[licence]")
    source, weights = top.table("source"), top.table("weights")
    top.end()
    spec = Spec(
        name=_matching(engine.one("name", str), _NAME, "[engine] name", "small letters, digits, - and _"),
        title=engine.one("title", str),
        stages=engine.many("stages", needed=True),
        worker=_inside(engine.one("worker", str, "worker.py"), "[engine] worker"),
        python=_matching(engine.one("python", str), _PYTHON, "[engine] python", "a version such as 3.11"),
        rank=engine.one("rank", int, 1),
        version=engine.one("version", int, 1),
        needs=Needs(**{key: needs.one(key, int, 0) for key in ("disk_mb", "memory_mb", "gpu_mb")}),
        source=_source(_Table(source, "[source]")) if source else None,
        weights=_weights(weights),
        licence=Licence(code=licence.one("code", str), weights=licence.one("weights", str, ""), note=licence.one("note", str, "")),
        folder=folder,
    )
    for table in (engine, needs, licence):
        table.end()
    if not (folder / spec.worker).is_file():
        raise BadSpec(f"[engine] worker: there is no {spec.worker} beside it")
    return spec


def _source(table: _Table) -> Source:
    source = Source(
        repository=table.one("repository", str),
        commit=_matching(table.one("commit", str), _COMMIT, "[source] commit", "40 hexadecimal digits"),
        folders=tuple(_inside(folder, "[source] folders") for folder in table.many("folders")),
    )
    table.end()
    return source


def _weights(rows: Any) -> tuple[WeightSet, ...]:
    if rows == {}:
        return ()
    if not isinstance(rows, list):
        raise BadSpec("[[weights]] must be written with two brackets, one table for each set")
    sets = tuple(_weight_set(_Table(row, f"[[weights]] {place}")) for place, row in enumerate(rows, 1))
    if len({row.name for row in sets}) < len(sets):
        raise BadSpec("[[weights]] names must differ")
    return sets


def _weight_set(table: _Table) -> WeightSet:
    sha256 = table.table("sha256")
    if not isinstance(sha256, dict) or not all(isinstance(value, str) and _SHA256.fullmatch(value) for value in sha256.values()):
        raise BadSpec("[[weights]] sha256 must give 64 hexadecimal digits for each file")
    row = WeightSet(
        name=_matching(table.one("name", str), _NAME, "[[weights]] name", "small letters, digits, - and _"),
        repository=_matching(table.one("repository", str), _REPOSITORY, "[[weights]] repository", "OWNER/NAME"),
        revision=_inside(table.one("revision", str), "[[weights]] revision"),
        files=tuple(_inside(file, "[[weights]] files") for file in table.many("files", needed=True)),
        bytes=table.one("bytes", int, 0),
        licence=table.one("licence", str, ""),
        stages=table.many("stages"),
        optional=table.one("optional", bool, False),
        either=table.one("either", str, ""),
        sha256=dict(sha256),
    )
    table.end()
    return row


def _matching(value: str, pattern: re.Pattern[str], place: str, wanted: str) -> str:
    if not pattern.fullmatch(value):
        raise BadSpec(f"{place} must be {wanted}, not {value!r}")
    return value


def _inside(path: str, place: str) -> str:
    """A relative path that stays where it is put: it becomes a place on this machine's disk."""
    parts = Path(path).parts
    if not parts or Path(path).is_absolute() or ".." in parts or "\\" in path:
        raise BadSpec(f"{place} must be a relative path without .., not {path!r}")
    return path
