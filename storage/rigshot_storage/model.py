"""A finished job as people may see it."""

import re
from dataclasses import dataclass

from .artifacts import check_key
from .errors import BadKey

__all__ = ["Model", "ModelFile", "check_job", "check_kind"]

_JOB = re.compile(r"[0-9a-hjkmnp-tv-z]{26}")  # Crockford's base 32: no i, l, o, u
_KIND = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


def check_job(job: str) -> str:
    """``job`` itself; BadKey unless it is 26 characters of Crockford's base 32 in lower case."""
    if not _JOB.fullmatch(job):
        raise BadKey(f"“{job[:80]}” is not the id of a job.")
    return job


def check_kind(kind: str) -> str:
    """``kind`` itself; BadKey unless it is a short word such as ``glb`` or ``turntable.gif``."""
    if not _KIND.fullmatch(kind):
        raise BadKey(f"“{kind[:80]}” is not a kind of file.")
    return kind


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    """A file of a model.

    kind: what it is and the last part of its link: glb, fbx, obj, turntable.gif, turntable.mp4, poster.png,
    skeleton.gif, skeleton.mp4, report.png, report.json, before.png (the photo),
    redrawn.png (in another pose, by an engine), compare.jpg (the photo and that beside each other), standardised.png,
    after.png (the cutout).
    name: what it is called when a person saves it, in any script. size: bytes.
    """

    kind: str
    key: str
    name: str
    media_type: str
    size: int

    def __post_init__(self) -> None:
        check_kind(self.kind)
        check_key(self.key)


@dataclass(frozen=True, kw_only=True)
class Model:
    """A finished job as people may see it. Times are seconds since 1970; the model is deleted after ``expires``.

    owner: who asked, such as ``telegram:123``. Only a keyed hash of it is stored, and a loaded model has the hash here.
    """

    job: str
    owner: str
    title: str
    language: str
    created: float
    expires: float
    files: tuple[ModelFile, ...]
    clips: tuple[str, ...]
    body_plan: str
    licences: tuple[str, ...]

    def __post_init__(self) -> None:
        check_job(self.job)
        for file in self.files:
            if not file.key.startswith(f"jobs/{self.job}/"):
                raise BadKey(f"“{file.key}” is not a file of job {self.job}.")
        if len({file.kind for file in self.files}) != len(self.files):
            raise ValueError(f"job {self.job} has two files of one kind")

    def file(self, kind: str) -> ModelFile | None:
        """The file of a kind, or None."""
        return next((file for file in self.files if file.kind == kind), None)
