"""Which of the candidates takes the photo's place, if any does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["SAME", "Candidate", "Verdict", "decide"]

SAME = 0.6
"""Below this identity it is taken for another animal. A first guess: not calibrated on people's judgements."""
BETTER = 0.1
"""By this much a candidate must show the subject better than the photo does; an edit that wins nothing only costs likeness."""

Reason = Literal["better_view", "photo_is_as_good", "not_the_same_subject"]


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An edited picture: how far it is still the same subject and how well it shows it, each 0..1."""

    seed: int
    identity: float
    view_score: float

    @property
    def score(self) -> float:
        """Both together: how well the *same* subject is shown."""
        return self.identity * self.view_score


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """``chosen``: index of the best candidate, None where none is better than the photo, for the reason given."""

    chosen: int | None
    reason: Reason


def decide(candidates: Sequence[Candidate], *, photo: float) -> Verdict:
    """Compare candidates with the photo, whose own view score is ``photo`` and whose identity is 1 by definition.

    A candidate is better if it is the same subject, shows it clearly better, and is still ahead when its loss of identity is
    counted. Of equals the first is taken, so that one seed always gives one answer.
    """
    same = [index for index, candidate in enumerate(candidates) if candidate.identity >= SAME]
    if not same:
        return Verdict(chosen=None, reason="not_the_same_subject")
    better = [index for index in same if candidates[index].view_score >= photo + BETTER and candidates[index].score > photo]
    if not better:
        return Verdict(chosen=None, reason="photo_is_as_good")
    return Verdict(chosen=max(better, key=lambda index: candidates[index].score), reason="better_view")
