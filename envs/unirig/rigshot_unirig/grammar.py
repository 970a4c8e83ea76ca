"""Which token may follow: the language of skeletons as UniRig's tokeniser writes it, with a certain end.

A skeleton is a sequence (Zhang et al. 2025, "One Model to Rig Them All"):

    sequence  = bos class bone* eos
    bone      = [part] x y z                     hangs on the bone before it
              | [part] branch x y z  x y z       hangs on the joint at the first place, and stands at the second

Upstream's own check lets a sequence stop inside a bone, end without any, and put a named part in front of too few
bones; its decoder then fails. Here a state knows how many tokens it takes at least to come to a sound end, and a token
is refused if the budget would not reach that far: what comes out always decodes, whatever the network wants.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from .arrays import Booleans

__all__ = ["Grammar", "Kind", "State", "Vocabulary"]

Kind = Literal["coordinate", "branch", "eos", "spring", "body", "hand"]
PARTS: tuple[Kind, ...] = ("spring", "body", "hand")


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """The token of everything. Coordinates are 0..bins-1; ``part_sizes`` how many bones a named part has."""

    bins: int = 256
    classes: Mapping[str, int] = field(default_factory=lambda: {"vroid": 264, "mixamo": 265, "articulationxl": 266})
    parts: Mapping[str, int] = field(default_factory=lambda: {"body": 261, "hand": 262})
    part_sizes: Mapping[str, int] = field(default_factory=lambda: {"body": 22, "hand": 30})
    templated: frozenset[str] = frozenset({"vroid"})
    """Classes whose first bones come in named parts. Mixamo is one, too, but the published weights never learnt it."""

    @property
    def branch(self) -> int:
        """A bone that hangs elsewhere follows."""
        return self.bins

    @property
    def bos(self) -> int:
        """The beginning."""
        return self.bins + 1

    @property
    def eos(self) -> int:
        """The end."""
        return self.bins + 2

    @property
    def pad(self) -> int:
        """Filling behind the end."""
        return self.bins + 3

    @property
    def spring(self) -> int:
        """Bones without names of their own follow."""
        return self.bins + 4

    @property
    def no_class(self) -> int:
        """A skeleton of no class."""
        return self.bins + 5 + len(self.parts)

    @property
    def size(self) -> int:
        """How many tokens there are."""
        return self.no_class + 1 + len(self.classes)

    @classmethod
    def from_words(cls, words: Mapping[str, Any], part_sizes: Mapping[str, int]) -> "Vocabulary":
        """The vocabulary that upstream's tokeniser makes of its configuration: offsets count on from the bins."""
        bins = int(words["num_discrete"])
        parts = {str(name): bins + 5 + int(offset) for name, offset in words.get("parts_token_id", {}).items()}
        first = bins + 6 + len(parts)
        classes = {str(name): first + int(offset) for name, offset in words["cls_token_id"].items()}
        return cls(bins=bins, classes=classes, parts=parts, part_sizes=dict(part_sizes))

    def kind(self, token: int) -> Kind | None:
        """What a token behind the class means; None for one that has no place there."""
        if 0 <= token < self.bins:
            return "coordinate"
        for kind in ("branch", "eos", "spring"):
            if token == getattr(self, kind):
                return kind
        return next((part for part in PARTS[1:] if self.parts.get(part) == token), None)

    def tokens(self, kind: Kind) -> Sequence[int]:
        """All tokens of a kind."""
        if kind == "coordinate":
            return range(self.bins)
        return [self.parts[kind] if kind in ("body", "hand") else getattr(self, kind)]


@dataclass(frozen=True)
class State:
    """Where a sequence stands. ``left`` coordinates complete the bone under way; ``bones`` are complete; ``owed`` bones
    are still to come of the named part; ``part`` is the last part's name; ``fresh``: its first bone has not begun."""

    left: int = 0
    bones: int = 0
    owed: int = 0
    part: Kind | None = None
    fresh: bool = False
    ended: bool = False


@dataclass(frozen=True, kw_only=True)
class Grammar:
    """The grammar of one class of skeletons with at least ``least`` and at most ``most`` bones."""

    vocabulary: Vocabulary
    skeleton_class: str
    least: int = 3
    most: int = 150
    _masks: dict[tuple[Kind, ...], Booleans] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        fewest = self.vocabulary.part_sizes["body"] if self.templated else 1
        if not 1 <= self.least <= self.most or self.most < fewest:
            raise ValueError(f"a skeleton of {self.least} to {self.most} bones has no room for {fewest}")

    @property
    def templated(self) -> bool:
        """Whether the skeleton begins with named parts."""
        return self.skeleton_class in self.vocabulary.templated

    @property
    def start(self) -> State:
        """Behind bos and the class."""
        return State()

    @property
    def prefix(self) -> list[int]:
        """bos and the class's token."""
        return [self.vocabulary.bos, self.vocabulary.classes.get(self.skeleton_class, self.vocabulary.no_class)]

    def need(self, state: State) -> int:
        """The fewest tokens to a sound end, eos included."""
        if state.ended:
            return 0
        under_way = int(state.left > 0)
        if self.templated and state.part is None:
            return 2 + 3 * max(self.vocabulary.part_sizes["body"], self.least)
        wanted = max(state.owed - under_way, self.least - state.bones - under_way, int(state.fresh and not under_way))
        # bones beyond a finished template stand behind a spring token
        closed = self.templated and state.part != "spring" and wanted > max(state.owed - under_way, 0)
        return state.left + 3 * wanted + int(closed) + 1

    def kinds(self, state: State, budget: int) -> tuple[Kind, ...]:
        """What may come next if ``budget`` tokens are left, this one included. Raises ValueError if no end is in reach."""
        if state.ended:
            return ()
        if budget < self.need(state):
            raise ValueError(f"{budget} tokens are too few: this skeleton needs {self.need(state)} more")
        return tuple(kind for kind in self._grammatical(state) if self.need(self._after(state, kind)) < budget)

    def step(self, state: State, token: int) -> State | None:
        """The state behind ``token``; None if the grammar has no such sentence."""
        kind = self.vocabulary.kind(token)
        if state.ended or kind is None or kind not in self._grammatical(state):
            return None
        return self._after(state, kind)

    def mask(self, kinds: tuple[Kind, ...]) -> Booleans:
        """(vocabulary,) true for every token of ``kinds``; made once for every set."""
        if kinds not in self._masks:
            mask = np.zeros(self.vocabulary.size, bool)
            for kind in kinds:
                mask[list(self.vocabulary.tokens(kind))] = True
            self._masks[kinds] = mask
        return self._masks[kinds]

    def _grammatical(self, state: State) -> tuple[Kind, ...]:
        if state.ended:
            return ()
        if state.left:
            return ("coordinate",)
        if state.bones == 0 and state.part is None:
            return ("body",) if self.templated else ("spring", "coordinate")
        bone: tuple[Kind, ...] = () if self._room(state) < 1 else ("coordinate",) if state.bones == 0 else ("coordinate", "branch")
        if state.fresh or state.owed:
            return bone
        end: tuple[Kind, ...] = ("eos",) if state.bones >= self.least else ()
        if not self.templated or state.part == "spring":
            return bone + end
        more: tuple[Kind, ...] = ("spring",) if self._room(state) >= 1 else ()
        if state.part == "body" and self._room(state) >= self.vocabulary.part_sizes["hand"]:
            more = ("hand", *more)
        return more + end

    def _room(self, state: State) -> int:
        return self.most - state.bones

    def _after(self, state: State, kind: Kind) -> State:
        if kind == "eos":
            return replace(state, ended=True)
        if kind in PARTS:
            return replace(state, part=kind, fresh=True, owed=0 if kind == "spring" else self.vocabulary.part_sizes[kind])
        left = 6 if kind == "branch" else (state.left or 3) - 1
        if left:
            return replace(state, left=left, fresh=False)
        return replace(state, left=0, bones=state.bones + 1, owed=max(state.owed - 1, 0), fresh=False)
