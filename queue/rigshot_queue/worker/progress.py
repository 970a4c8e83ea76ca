"""What a running job reports: its stage, how far it is, what each stage took and said. Small steps are told together."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from ..estimate import Experience
from ..record import dump_fields

__all__ = ["PUBLISH", "Progress"]

PUBLISH = "publish"  # not a stage of the pipeline, but it takes its time too
_LEAST_SECONDS = 0.4  # between two reports of one stage: nobody reads faster, and each is a write to disk


class Progress:
    """Collects the pipeline's steps; ``report`` writes fields into the record."""

    def __init__(self, experience: Experience, stages: Sequence[str], report: Callable[[list[str]], Awaitable[None]]) -> None:
        self._shares = experience.shares((*stages, PUBLISH))
        self._report = report
        self._told = 0.0
        self.finished = 0.0
        self.took: dict[str, float] = {}
        self.seconds: dict[str, float] = {}
        self.engines: dict[str, str] = {}
        self.advice: list[dict[str, Any]] = []

    async def hear(self, step: dict[str, Any]) -> None:
        """Take in a step of the pipeline."""
        name, share = step["name"], self._shares.get(step["name"], 0.0)
        if step["what"] in ("done", "kept"):
            self.finished += share
            self.seconds[name], self.engines[name] = step["seconds"], step["engine"]
            self.advice += step["advice"]
            if step["what"] == "done":
                self.took[name] = step["seconds"]
            await self._report([*self.fields(), *dump_fields(stage=name, fraction=round(self.finished, 4), stage_fraction=1.0)])
        elif step["what"] == "started" or time.monotonic() - self._told > _LEAST_SECONDS:
            self._told = time.monotonic()
            fraction = round(self.finished + share * step["fraction"], 4)
            await self._report(dump_fields(stage=name, fraction=fraction, stage_fraction=step["fraction"]))

    def fields(self) -> list[str]:
        """What is known of the stages, as fields of the record."""
        return dump_fields(seconds=self.seconds, engines=self.engines, advice=self.advice)
