"""The stages' folders of finished jobs: kept until their retention ends, so that a wish for another clip need not begin anew.

They lie on the machine of the worker that made them. Where models are stored in S3, other machines may be at work, and a
packed copy is stored beside the model.
"""

import os
import shutil
import zipfile
from pathlib import Path

from rigshot_storage import Artifacts, LocalArtifacts, MissingArtifact

__all__ = ["pack", "take_over"]


async def pack(artifacts: Artifacts, job: str, stages: Path) -> None:
    """Store the finished stages where another machine can find them, if there may be another."""
    if isinstance(artifacts, LocalArtifacts):
        return
    archive = stages.with_name("stages.zip")
    # Not a tar: its extraction is safe only from Python 3.11.4 on, and Debian 12 has 3.11.2.
    with zipfile.ZipFile(archive, "w") as packed:
        for folder in sorted(path for path in stages.iterdir() if path.is_dir() and not path.name.startswith(".")):
            for file in sorted(path for path in folder.rglob("*") if path.is_file()):
                packed.write(file, file.relative_to(stages))
    await artifacts.put(_key(job), archive, media_type="application/zip")
    archive.unlink()


async def take_over(artifacts: Artifacts, earlier: Path, job: str, stages: Path) -> None:
    """Begin in ``stages`` with what ``earlier``, the folder of the finished ``job``, holds; with nothing when nothing is left."""
    if stages.exists():
        return
    half = stages.with_name(".stages-half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    if earlier.is_dir():
        # Hard links: a stage that is made anew replaces its folder and never writes into an old one.
        shutil.copytree(earlier, half, copy_function=os.link, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*", "*.zip"))
    else:
        await _unpack(artifacts, job, half)
    half.rename(stages)


async def _unpack(artifacts: Artifacts, job: str, folder: Path) -> None:
    archive = folder.with_name("earlier.zip")
    try:
        await artifacts.fetch(_key(job), archive)
    except MissingArtifact:
        return
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    archive.unlink()


def _key(job: str) -> str:
    return f"jobs/{job}/stages.zip"
