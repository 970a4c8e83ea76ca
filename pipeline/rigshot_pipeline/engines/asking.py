"""How a stage has its work done: by the engine that was chosen, or by the embedded one where that is the choice.

A chosen engine that fails fails the job, with a sentence. Only where the choice was ours (auto) and the fault is of the kind that
another engine may not have (no surface, no sound rig, no memory even on an empty card), the embedded engine does the stage, and the
person is told.
"""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import EngineFailed
from ..stage import Advice, Metric, Outcome, StageName, Work
from .choice import choose
from .garage import Garage, garage
from .spec import Spec
from .worker import Answer

__all__ = ["Engine", "by_choice"]

_ANOTHER_MAY = frozenset({"no_surface", "bad_rig", "out_of_memory", "other_subject", "other_shape"})
_SEEDS = 2**31 - 64
_LOG_TAIL = 200  # lines of a worker's log that are kept with the job


@dataclass
class Engine:
    """The chosen engine as a stage sees it. ``scratch``: a folder for what passes between the two and no longer."""

    spec: Spec
    stage: StageName
    work: Work
    garage: Garage
    scratch: Path
    asked: bool = False
    warnings: list[str] = field(default_factory=list[str])
    model: str = ""

    @property
    def seed(self) -> int:
        """The person's seed as every engine takes one: not negative, and small enough for the next ones, too."""
        return self.work.options.seed % _SEEDS

    def ask(self, paths: Mapping[str, Path], parameters: Mapping[str, Any], *, share: tuple[float, float] = (0.05, 0.8)) -> Answer:
        """Have it do the stage; its progress is that ``share`` of the stage's. Raises ``EngineFailed``, ``Cancelled``.

        A picture in which it found no surface is tried with the next seed as well.
        """
        begin, end = share

        def progress(fraction: float) -> None:
            self.work.progress(begin + (end - begin) * fraction)

        self.asked = True
        try:
            answer = self.garage.ask(self.spec, self.stage, paths, parameters, progress)
        except EngineFailed as error:
            if error.fault != "no_surface" or "seed" not in parameters:
                raise
            answer = self.garage.ask(self.spec, self.stage, paths, {**parameters, "seed": parameters["seed"] + 1}, progress)
        self.warnings += answer.warnings
        self.model = str(answer.values.get("model") or self.model)
        return answer

    def refuse(self, fault: str, reason: str) -> EngineFailed:
        """The error for an answer that is not sound, ``fault`` as the engine itself would have said it."""
        return EngineFailed(fault, engine=self.spec.title, reason=reason, log=self.log)

    @property
    def log(self) -> Path | None:
        """The worker's log."""
        worker = self.garage.worker(self.spec.name)
        return worker.log if worker else None

    @property
    def signature(self) -> str:
        """Who did it: the engine and its model."""
        return f"{self.spec.name}:{self.model}" if self.model else self.spec.name


def by_choice(
    work: Work,
    stage: StageName,
    *,
    engine: Callable[[Engine], Outcome],
    embedded: Callable[[Work], Outcome],
    suits: bool = True,
    garage: Callable[[], Garage] = garage,
) -> Outcome:
    """The outcome of a stage by whoever was chosen. ``suits`` False: this picture leaves nothing to choose.

    Raises ``EngineFailed`` and whatever the one who was chosen raises.
    """
    choice = choose(stage, work.options)
    if choice.candidate is None or not suits:
        return embedded(work)
    with tempfile.TemporaryDirectory(prefix="rigshot-") as scratch:
        asked = Engine(spec=choice.candidate.spec, stage=stage, work=work, garage=garage(), scratch=Path(scratch))
        try:
            outcome = engine(asked)
        except EngineFailed as error:
            _keep_log(asked, error)
            if choice.named or error.fault not in _ANOTHER_MAY:
                raise
            return _instead(embedded, work, asked, error)
    if not asked.asked:  # there was nothing to do
        return outcome
    said = tuple(Advice(code="engine_says", values={"engine": asked.spec.title, "text": text}) for text in asked.warnings)
    metrics = {**outcome.metrics, "chosen": choice.why.code}
    return replace(outcome, engine=asked.signature, metrics=metrics, advice=(*outcome.advice, *said))


def _instead(embedded: Callable[[Work], Outcome], work: Work, asked: Engine, error: EngineFailed) -> Outcome:
    for left in work.folder.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    outcome = embedded(work)
    told = Advice(code=f"engine_gave_way_{error.fault}", values={"engine": asked.spec.title, "stage": asked.stage}, level="warning")
    metrics: dict[str, Metric] = {**outcome.metrics, "gave_way": asked.spec.name}
    return replace(outcome, advice=(*outcome.advice, told), metrics=metrics)


def _keep_log(asked: Engine, error: EngineFailed) -> None:
    """Put the end of the worker's log beside the job's stages, as for any other stage that broke."""
    log = asked.log
    if "log" not in error.values or log is None or not log.is_file():
        return
    kept = asked.work.folder.parent / f"{asked.stage}.log"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_TAIL:]
    kept.write_text("\n".join([f"{error.fault}: {error.values.get('reason', '')}", *lines]) + "\n", encoding="utf-8")
    error.values = {**error.values, "log": kept}
