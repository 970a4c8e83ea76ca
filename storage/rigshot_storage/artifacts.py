"""What a place for files can do, and which keys files may have."""

import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from .errors import BadKey

if TYPE_CHECKING:
    from .settings import StorageSettings

__all__ = ["Artifacts", "Entry", "check_key", "check_source", "open_artifacts"]

LONGEST_KEY = 400  # characters; S3 takes 1024 bytes, and a prefix of the bucket comes before it
# No segment begins with a dot: so "..", and the half-written files of LocalArtifacts, are never keys.
_SEGMENT = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}"
_KEY = re.compile(rf"{_SEGMENT}(/{_SEGMENT})*")


def check_key(key: str) -> str:
    """``key`` itself; BadKey unless it is plain segments joined by single slashes, such as ``jobs/ID/1/model.glb``."""
    if len(key) > LONGEST_KEY or not _KEY.fullmatch(key):
        raise BadKey(f"“{key[:80]}” is not a key of a stored file.")
    return key


def check_source(source: Path) -> None:
    """FileNotFoundError unless a file lies at ``source``: our caller's mistake, not the storage's."""
    if not source.is_file():
        raise FileNotFoundError(f"there is no file to store at {source}")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A stored file: its key, bytes, time of the last change (seconds since 1970) and quoted strong entity tag."""

    key: str
    size: int
    modified: float
    etag: str


class Artifacts(Protocol):
    """Files under keys. Every method may raise BadKey and StorageUnavailable.

    Prefixes stand for whole segments, as folders do: ``jobs/1`` holds ``jobs/1/a`` and not ``jobs/12``; the slash at
    the end may be left out.
    """

    async def put(self, key: str, source: Path, *, media_type: str | None = None, name: str | None = None) -> None:
        """Store a copy of ``source``: whole or not at all, replacing what was there.

        ``media_type`` (default: from the key) and ``name``, the file name for people, are kept where the place can keep them.
        """
        ...

    async def write(self, key: str, content: bytes) -> None:
        """Store a small file: whole or not at all, replacing what was there."""
        ...

    async def fetch(self, key: str, target: Path) -> None:
        """Copy a file to ``target``: whole or not at all. Raises MissingArtifact."""
        ...

    async def read(self, key: str) -> bytes:
        """The content of a small file. Raises MissingArtifact."""
        ...

    def stream(self, key: str, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes]:
        """The bytes from ``start`` to before ``end``, in pieces. Raises MissingArtifact at the first one."""
        ...

    async def entry(self, key: str) -> Entry | None:
        """What is known of a file, or None."""
        ...

    async def size(self, key: str) -> int | None:
        """Bytes of a file, or None."""
        ...

    async def entries(self, prefix: str) -> list[Entry]:
        """All files below a prefix, sorted by key."""
        ...

    async def list(self, prefix: str) -> list[str]:
        """The keys of all files below a prefix, sorted."""
        ...

    async def delete(self, prefix: str) -> int:
        """Remove the file of this key and all below it; how many there were."""
        ...


def open_artifacts(settings: "StorageSettings") -> Artifacts:
    """The S3 bucket of the settings, or else the folder ``artifacts`` in their data."""
    if settings.s3.bucket is not None:
        from .s3 import S3Artifacts  # obstore is a large library that a local folder needs not

        return S3Artifacts(settings.s3)
    from .local import LocalArtifacts

    return LocalArtifacts(settings.data / "artifacts")
