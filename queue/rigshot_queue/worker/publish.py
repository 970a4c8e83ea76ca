"""From a job's folder into the storage: the files of one attempt first, the model's record last."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rigshot_storage import Artifacts, Model, ModelFile, Models, media_type

from ..values import Job

__all__ = ["publish"]


async def publish(artifacts: Artifacts, models: Models, job: Job, made: Mapping[str, Any], *, retention: float) -> Model:
    """Store what was made of a job; with the record the model appears, kept for ``retention`` seconds.

    Two attempts never mix: each has a folder of its own. Raises StorageError.
    """
    files = [await _store(artifacts, job, file) for file in made["files"]]
    now = time.time()
    model = Model(
        job=job.id,
        owner=job.request.person,
        title=Path(job.request.title).stem,  # a file name, as its files are called
        language=job.request.language,
        created=now,
        expires=now + retention,
        files=tuple(files),
        clips=tuple(made["clips"]),
        body_plan=made["body_plan"],
        licences=tuple(made["licences"]),
    )
    await models.save(model)
    return model


async def _store(artifacts: Artifacts, job: Job, file: Mapping[str, str]) -> ModelFile:
    path, kind, name = Path(file["path"]), file["kind"], file["name"]
    key = f"jobs/{job.id}/{job.attempt}/{kind if '.' in kind else f'model{path.suffix}'}"
    await artifacts.put(key, path, media_type=media_type(key), name=name)
    return ModelFile(kind=kind, key=key, name=name, media_type=media_type(key), size=path.stat().st_size)
