"""How long it will take, learnt from how long it took.

For every stage the history keeps an exponentially weighted mean of its seconds and of their distance from it; a job is the
sum of its stages. Means and variances of independent stages add, distances do not: they are added as squares.
"""

import heapq
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Experience", "Pace", "remaining_seconds"]

ALPHA = 0.2  # weight of the newest job: the last ten make nine tenths of the mean
SPREAD = 1.6  # mean distances either way: about 80 % of jobs lie within, if they are spread like a bell
# Seconds of the embedded engine on two cores, before anything is known of the machine.
TYPICAL: Mapping[str, float] = {
    "intake": 0.3,
    "enhance": 0.2,
    "standardise": 1.5,
    "cutout": 1.5,
    "geometry": 3.0,
    "texture": 5.0,
    "skeleton": 1.0,
    "skin": 0.7,
    "animate": 1.0,
    "export": 0.5,
    "preview": 7.0,
    "report": 2.5,
    "publish": 0.3,
}


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Seconds of something: the mean, and the mean distance from it."""

    mean: float
    distance: float

    def after(self, seconds: float) -> "Pace":
        """The pace once another run has taken ``seconds``."""
        distance = self.distance + ALPHA * (abs(seconds - self.mean) - self.distance)
        return Pace(mean=self.mean + ALPHA * (seconds - self.mean), distance=distance)


class Experience:
    """What is known of every stage."""

    def __init__(self, history: Mapping[str, str] | None = None) -> None:
        learnt = {stage: tuple(map(float, words.split())) for stage, words in (history or {}).items()}
        self._paces = {stage: Pace(mean=mean, distance=distance) for stage, (mean, distance) in learnt.items()}

    def pace(self, stage: str) -> Pace:
        """A stage's pace; a guess for one that has never run."""
        typical = TYPICAL.get(stage, 1.0)
        return self._paces.get(stage, Pace(mean=typical, distance=typical / 2))

    def learn(self, seconds: Mapping[str, float]) -> list[str]:
        """The history's new words (stage, "mean distance", ...) after a job whose stages took ``seconds``."""
        words: list[str] = []
        for stage, taken in seconds.items():
            known = self._paces.get(stage)
            pace = Pace(mean=taken, distance=taken / 2) if known is None else known.after(taken)
            words += [stage, f"{pace.mean:.4f} {pace.distance:.4f}"]
        return words

    @property
    def job(self) -> Pace:
        """A whole job: the stages that have run before, or else those of the embedded engine."""
        paces = [self.pace(stage) for stage in self._paces or TYPICAL]
        return Pace(mean=sum(pace.mean for pace in paces), distance=math.hypot(*(pace.distance for pace in paces)))

    def shares(self, stages: Sequence[str]) -> dict[str, float]:
        """Each stage's share of a job, 0..1."""
        means = {stage: max(self.pace(stage).mean, 0.01) for stage in stages}
        whole = sum(means.values())
        return {stage: mean / whole for stage, mean in means.items()}


def remaining_seconds(pace: Pace, *, ahead: int, fractions: Iterable[float], workers: int, fraction: float | None) -> tuple[float, float]:
    """The range of seconds until a job is done.

    ``ahead`` jobs wait before it, ``fractions`` of those at work are done, ``fraction`` is its own when it is at work itself.
    The waiting go to whichever worker is free first.
    """
    if fraction is not None:
        mean, runs = pace.mean * (1 - fraction), 1 - fraction
    else:
        free = [pace.mean * (1 - done) for done in fractions]
        hands = max(workers, len(free), 1)
        free += [0.0] * (hands - len(free))
        heapq.heapify(free)
        for _ in range(ahead):
            heapq.heapreplace(free, free[0] + pace.mean)
        mean, runs = free[0] + pace.mean, ahead / hands + 1
    reach = SPREAD * pace.distance * math.sqrt(runs)
    return max(mean - reach, 0.0), mean + reach
