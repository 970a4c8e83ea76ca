"""Which engine does a stage, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import Refused
from ..options import Options
from ..stage import Metric, StageName
from .gpu import budget_mb, on_cpu
from .places import Found, Installed, discover, installed, missing_weights
from .spec import Spec

__all__ = ["AUTO", "EMBEDDED", "Candidate", "Choice", "Reason", "choose", "environment"]

AUTO, EMBEDDED = "auto", "embedded"
_MB = 1024
_SEEDED: frozenset[StageName] = frozenset({"standardise", "geometry", "texture", "skeleton", "skin"})
"""Stages in which an engine guesses: another seed, another result."""


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A sentence of ``wording``: its ``code`` and the ``values`` of its gaps."""

    code: str
    values: Mapping[str, Metric]


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An engine that can do the stage: ``record`` of its installation where there is one, and why not, if it cannot be used here."""

    spec: Spec
    record: Installed | None
    why_not: Reason | None


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Who does a stage: ``candidate`` None for the embedded engine. ``named``: the person asked for that very engine, and no other will do.

    ``passed_over``: the other candidates, each with its ``why_not``.
    """

    candidate: Candidate | None
    why: Reason
    named: bool = False
    passed_over: tuple[Candidate, ...] = ()


def choose(stage: StageName, options: Options) -> Choice:
    """The engine for a stage, as ``options.engine`` wishes.

    ``auto``: of the engines that are installed, have their weights and fit the card, the one of the highest rank, else the embedded
    one. ``embedded``: that one. A name: that engine does the stages that it can do, or the job is refused; auto chooses for all others.
    Raises ``Refused``: nobody has that name (engine_unknown), or it cannot be used here (engine_unusable).
    """
    if options.engine == EMBEDDED:
        return Choice(candidate=None, why=Reason(code="engine_why_wished", values={}))
    found = discover()
    if options.engine != AUTO:
        return _named(stage, options.engine, found)
    return _best(stage, found.specs)


def environment(stage: StageName, options: Options) -> str:
    """What of the engines here is part of the key of a stage's record: whoever does it, as installed."""
    candidate = choose(stage, options).candidate
    if candidate is None or candidate.record is None:
        return EMBEDDED
    return f"{candidate.record.signature} seed {options.seed}" if stage in _SEEDED else candidate.record.signature


def _named(stage: StageName, name: str, found: Found) -> Choice:
    spec = found.named(name)
    if spec is None:
        raise Refused("engine_unknown", engine=name, known=", ".join((AUTO, EMBEDDED, *(row.name for row in found.specs))))
    if not spec.can(stage):
        return _best(stage, found.specs)
    candidate = _candidate(spec, stage)
    if candidate.why_not is not None:
        raise Refused("engine_unusable", engine=spec.title, name=name, why=candidate.why_not.code)
    return Choice(candidate=candidate, why=Reason(code="engine_why_wished", values={}), named=True)


def _best(stage: StageName, specs: Sequence[Spec]) -> Choice:
    able = sorted((_candidate(spec, stage) for spec in specs if spec.can(stage)), key=lambda row: (-row.spec.rank, row.spec.name))
    best = next((row for row in able if row.why_not is None), None)
    if best is None:
        code = "engine_why_none_usable" if able else "engine_why_only"
        return Choice(candidate=None, why=Reason(code=code, values={}), passed_over=tuple(able))
    lower = Reason(code="engine_not_best", values={"engine": best.spec.title})
    others = tuple(
        Candidate(spec=row.spec, record=row.record, why_not=row.why_not or lower) for row in able if row.spec.name != best.spec.name
    )
    return Choice(candidate=best, why=Reason(code="engine_why_best", values={}), passed_over=others)


def _candidate(spec: Spec, stage: str) -> Candidate:
    record = installed(spec)
    return Candidate(spec=spec, record=record, why_not=_why_not(spec, stage, record))


def _why_not(spec: Spec, stage: str, record: Installed | None) -> Reason | None:
    if record is None:
        return Reason(code="engine_not_installed", values={"name": spec.name})
    if missing := missing_weights(spec, stage, record):
        return Reason(code="engine_lacks_weights", values={"name": spec.name, "weights": ", ".join(missing)})
    if spec.needs.gpu_mb and not on_cpu():
        needed, there = spec.needs.gpu_mb, budget_mb()
        values: dict[str, Metric] = {"needed": f"{needed / _MB:.1f}", "there": f"{there / _MB:.1f}"}
        if not there:
            return Reason(code="engine_needs_gpu", values=values)
        if there < needed:
            return Reason(code="engine_needs_larger_gpu", values=values)
    return None
