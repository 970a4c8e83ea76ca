"""The finished models: published, found again, deleted, swept.

jobs/ID/...             the files of a job
jobs/ID/model.json      its record, written last: with it the model appears, and without it the rest is rubbish
owners/HASH/ID          an empty mark for each model of a person, so that all can be found without reading every record
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pydantic import TypeAdapter, ValidationError

from .artifacts import Artifacts, Entry
from .errors import MissingArtifact, StorageError
from .model import Model, check_job
from .secret_keys import keyed_hash, secret_keys
from .settings import StorageSettings

__all__ = ["BrokenRecord", "Models", "Swept"]

HASH_BYTES = 20
ORPHAN_AGE = 2 * 86400.0  # seconds; no job waits and runs as long, so nothing younger may be called an orphan
AT_ONCE = 16  # records read at the same time; S3 answers each in some 20 ms

_RECORD = TypeAdapter(Model)


class BrokenRecord(StorageError):
    """A model's record cannot be read."""


@dataclass(frozen=True, kw_only=True)
class Swept:
    """What a sweep removed: models whose time was over, and jobs whose files had no model and were left behind."""

    expired: tuple[str, ...]
    orphans: tuple[str, ...]


class Models:
    """The models in ``artifacts``; owners are hashed with the keys of ``settings``."""

    def __init__(self, artifacts: Artifacts, settings: StorageSettings) -> None:
        self._artifacts = artifacts
        self._keys = secret_keys(settings)

    async def save(self, model: Model) -> None:
        """Publish a model whose files are stored already. Raises MissingArtifact when one is not.

        Saving again replaces the record. ValueError for a model that was loaded: its owner is a hash.
        """
        if ":" not in model.owner:
            raise ValueError(f"{model.owner!r} is not a person such as telegram:123")
        sizes = await asyncio.gather(*(self._artifacts.size(file.key) for file in model.files))
        for file, size in zip(model.files, sizes, strict=True):
            if size is None:
                raise MissingArtifact(f"There is no file “{file.key}”, so the model cannot be published.")
        owner = _hash(self._keys[0], model.owner)
        await self._artifacts.write(_mark(owner, model.job), b"")
        await self._artifacts.write(_record(model.job), _RECORD.dump_json(replace(model, owner=owner), indent=1))

    async def load(self, job: str) -> Model | None:
        """The model of a job, or None. Raises BrokenRecord."""
        try:
            return _RECORD.validate_json(await self._artifacts.read(_record(check_job(job))))
        except MissingArtifact:
            return None
        except (ValidationError, StorageError) as error:
            if isinstance(error, StorageError):
                raise
            raise BrokenRecord(f"The record of job {job} cannot be read.") from error

    async def delete(self, job: str) -> bool:
        """Remove a job's record, then all its files; False when there was nothing. Links to it end at once."""
        try:
            model = await self.load(job)
        except BrokenRecord:
            model = None
        there = await self._artifacts.delete(_record(job))
        there += await self._artifacts.delete(f"jobs/{job}")
        if model is not None:
            await self._artifacts.delete(_mark(model.owner, job))
        return there > 0

    async def delete_owner(self, owner: str) -> int:
        """Remove every model of a person; how many there were."""
        number = 0
        for key in self._keys:  # a model that was saved before a rotation is marked with the older key
            for mark in await self._artifacts.list(f"owners/{_hash(key, owner)}"):
                number += await self.delete(mark.rpartition("/")[2])
                await self._artifacts.delete(mark)
        return number

    async def sweep(self, now: float, *, orphan_age: float = ORPHAN_AGE) -> Swept:
        """Remove models whose time is over at ``now`` and files without a model, none of which changed for ``orphan_age`` seconds."""
        newest: dict[str, float] = {}
        recorded: set[str] = set()
        for entry in await self._artifacts.entries("jobs"):
            job, _, rest = entry.key.removeprefix("jobs/").partition("/")
            newest[job] = max(newest.get(job, 0), entry.modified)
            if rest == "model.json":
                recorded.add(job)
        expires = await self._expiries(recorded)
        expired = tuple(sorted(job for job, end in expires.items() if end <= now))
        orphans = tuple(sorted(job for job, changed in newest.items() if job not in expires and changed + orphan_age <= now))
        for job in expired:
            await self.delete(job)
        for job in orphans:
            await self._artifacts.delete(f"jobs/{job}")
        await self._sweep_marks(await self._artifacts.entries("owners"), kept=expires.keys() - set(expired), before=now - orphan_age)
        return Swept(expired=expired, orphans=orphans)

    async def _expiries(self, jobs: Iterable[str]) -> dict[str, float]:
        """The end of each job's time; jobs whose record vanished or is broken are left out."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def expiry(job: str) -> tuple[str, float | None]:
            async with gate:
                try:
                    model = await self.load(job)
                except (BrokenRecord, ValueError):
                    model = None
            return job, None if model is None else model.expires

        found = await asyncio.gather(*map(expiry, jobs))
        return {job: end for job, end in found if end is not None}

    async def _sweep_marks(self, marks: Iterable[Entry], *, kept: set[str], before: float) -> None:
        for mark in marks:
            if mark.key.rpartition("/")[2] not in kept and mark.modified <= before:
                await self._artifacts.delete(mark.key)


def _hash(key: bytes, owner: str) -> str:
    return keyed_hash(key, "owner", owner)[:HASH_BYTES].hex()


def _record(job: str) -> str:
    return f"jobs/{job}/model.json"


def _mark(owner: str, job: str) -> str:
    return f"owners/{owner}/{job}"
