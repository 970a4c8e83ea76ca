"""Which engines a person may choose from on this machine."""

from collections.abc import Sequence
from dataclasses import dataclass

from .engines import choose, discover
from .errors import Refused
from .options import Options
from .stage import StageName

__all__ = ["EngineOffer", "engines_on_offer"]


@dataclass(frozen=True, kw_only=True)
class EngineOffer:
    """An engine by its ``name`` and ``title``, and the ``stages`` that it can do here and now."""

    name: str
    title: str
    stages: tuple[StageName, ...]


def engines_on_offer(stages: Sequence[StageName]) -> tuple[EngineOffer, ...]:
    """The engines beside the embedded one that can do any of ``stages`` here: installed, with their weights, on a card that holds them."""
    offers = [
        EngineOffer(
            name=spec.name, title=spec.title, stages=tuple(stage for stage in stages if spec.can(stage) and _usable(stage, spec.name))
        )
        for spec in discover().specs
    ]
    return tuple(offer for offer in offers if offer.stages)


def _usable(stage: StageName, name: str) -> bool:
    try:
        return choose(stage, Options(engine=name)).named
    except Refused:
        return False
