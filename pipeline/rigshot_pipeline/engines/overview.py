"""What this machine has for engines, in sentences: for ``rigshot envs list`` and ``rigshot doctor``."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from .. import wording
from ..options import Options
from ..stage import Metric, StageName
from .choice import Choice, choose
from .gpu import Card, budget_mb, on_cpu, our_card
from .places import Found, discover, installed

__all__ = ["ASKING", "Finding", "Overview", "examine", "overview"]

ASKING: tuple[StageName, ...] = ("enhance", "cutout", "geometry", "texture", "skeleton", "skin")
"""The stages that an engine may do."""
_MB = 1024


@dataclass(frozen=True, kw_only=True)
class Overview:
    """The card, the engines, and who would do each stage."""

    card: Card | None
    budget_mb: int
    found: Found
    choices: tuple[tuple[StageName, Choice], ...]

    def lines(self, language: wording.Language) -> Iterator[str]:
        """A line for the card, and one for each stage with who does it, why, and why not the others."""
        yield self.card_line(language)
        for stage, choice in self.choices:
            chosen = choice.candidate.spec.title if choice.candidate else wording.sentence("engine_embedded", {}, language)
            words = {"stage": stage, "engine": chosen, "why": wording.sentence(choice.why.code, choice.why.values, language)}
            line = wording.sentence("engine_stage_line", words, language)
            passed = [(row.spec.title, row.why_not) for row in choice.passed_over if row.why_not]
            others = [
                wording.sentence("engine_passed_over", {"engine": title, "why": wording.sentence(why.code, why.values, language)}, language)
                for title, why in passed
            ]
            yield " ".join([line, *others])

    def card_line(self, language: wording.Language) -> str:
        """What there is of a GPU."""
        values: dict[str, Metric] = {"budget": f"{self.budget_mb / _MB:.1f}"}
        if on_cpu():
            return wording.sentence("engine_card_unwanted", values, language)
        if self.card is None:
            return wording.sentence("engine_card_none" if not self.budget_mb else "engine_card_unknown", values, language)
        values |= {"card": self.card.name, "memory": f"{self.card.memory_mb / _MB:.0f}"}
        return wording.sentence("engine_card", values, language)


def overview() -> Overview:
    """Look at this machine."""
    choices: tuple[tuple[StageName, Choice], ...] = tuple((stage, choose(stage, Options())) for stage in ASKING)
    return Overview(card=our_card(), budget_mb=budget_mb(), found=discover(), choices=choices)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at, as ``rigshot doctor`` shows it."""

    level: Literal["good", "note", "bad"]
    sentence: str


def examine(language: wording.Language) -> Iterator[Finding]:
    """What a person who runs Rigshot should know of its engines, a sentence each."""
    seen = overview()
    yield Finding(level="good", sentence=_memory(language))
    yield Finding(level="good" if seen.card else "note", sentence=seen.card_line(language))
    for sentence in seen.found.broken:
        yield Finding(level="bad", sentence=sentence)
    for spec in seen.found.specs:
        record = installed(spec)
        values: dict[str, Metric] = {
            "engine": spec.title,
            "name": spec.name,
            "code": spec.licence.code,
            "weights": spec.licence.weights or "–",
            "sets": ", ".join(sorted(record.weights)) if record and record.weights else "–",
        }
        yield Finding(
            level="good" if record else "note",
            sentence=wording.sentence("engine_here" if record else "engine_absent", values, language),
        )
    for line in list(seen.lines(language))[1:]:
        yield Finding(level="good", sentence=line)


def _memory(language: wording.Language) -> str:
    """This machine's memory, as Linux tells of it."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:  # noqa: PTH123 - not a file on a disk
            words = {line.split(":")[0]: int(line.split()[1]) for line in file if line.startswith("Mem")}
    except (OSError, ValueError, IndexError):
        words = {}
    gigabytes = [f"{words.get(name, 0) / 2**20:.0f}" for name in ("MemTotal", "MemAvailable")]
    return wording.sentence("engine_memory", {"total": gigabytes[0], "free": gigabytes[1]}, language)
