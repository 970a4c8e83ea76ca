"""Artifacts in a folder of this machine."""

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar
from uuid import uuid4

from .artifacts import Entry, check_key, check_source
from .errors import BadKey, MissingArtifact, StorageUnavailable

__all__ = ["LocalArtifacts"]

CHUNK = 1 << 18  # bytes read at a time

_P = ParamSpec("_P")
_T = TypeVar("_T")


class LocalArtifacts:
    """Files below ``folder``. A key is a path in it; symbolic links that lead out of it are as good as missing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()

    def path(self, key: str) -> Path:
        """Where the file of a key lies. Raises MissingArtifact when there is none inside the folder."""
        place = self._place(key)
        if not place.is_file() or not self._inside(place):
            raise _missing(key)
        return place

    async def put(self, key: str, source: Path, *, media_type: str | None = None, name: str | None = None) -> None:
        """Store a copy of ``source``; a file system keeps neither media type nor name."""
        del media_type, name
        check_source(source)
        await self._in_thread(partial(_replace, self._place(key), lambda half: _copy(source, half)))

    async def write(self, key: str, content: bytes) -> None:
        """Store a small file."""
        await self._in_thread(partial(_replace, self._place(key), lambda half: _write(content, half)))

    async def fetch(self, key: str, target: Path) -> None:
        """Copy a file to ``target``."""
        await self._with_file(key, lambda file: _replace(target, partial(_copy, file)))

    async def read(self, key: str) -> bytes:
        """The content of a small file."""
        return await self._with_file(key, Path.read_bytes)

    async def stream(self, key: str, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes]:
        """The bytes from ``start`` to before ``end``, in pieces."""
        with await self._with_file(key, lambda place: place.open("rb")) as file:
            file.seek(start)
            while chunk := await self._in_thread(lambda: file.read(CHUNK if end is None else min(CHUNK, end - file.tell()))):
                yield chunk

    async def entry(self, key: str) -> Entry | None:
        """What is known of a file, or None."""
        try:
            return await self._with_file(key, self._entry)
        except MissingArtifact:
            return None

    async def size(self, key: str) -> int | None:
        """Bytes of a file, or None."""
        entry = await self.entry(key)
        return None if entry is None else entry.size

    async def entries(self, prefix: str) -> list[Entry]:
        """All files below a prefix, sorted by key."""
        place = self._place(prefix.removesuffix("/"))
        return await self._in_thread(lambda: list(self._entries(place)))

    async def list(self, prefix: str) -> list[str]:
        """The keys of all files below a prefix, sorted."""
        return [entry.key for entry in await self.entries(prefix)]

    async def delete(self, prefix: str) -> int:
        """Remove the file of this key and all below it; how many there were."""
        return await self._in_thread(partial(_delete, self._place(prefix.removesuffix("/")), self.folder))

    def _place(self, key: str) -> Path:
        place = self.folder / check_key(key)
        if not self._inside(place.parent):
            raise BadKey(f"“{key}” leads out of the folder of stored files.")
        return place

    def _inside(self, place: Path) -> bool:
        # Path.resolve() would raise on a circle of links.
        return Path(os.path.realpath(place)).is_relative_to(os.path.realpath(self.folder))

    def _entries(self, place: Path) -> Iterator[Entry]:
        for file in sorted(_files(place)):
            with suppress(FileNotFoundError):  # deleted since it was listed
                yield self._entry(file)

    def _entry(self, file: Path) -> Entry:
        status = file.stat()
        etag = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'  # as aiohttp's FileResponse makes it
        return Entry(key=file.relative_to(self.folder).as_posix(), size=status.st_size, modified=status.st_mtime, etag=etag)

    async def _with_file(self, key: str, work: Callable[[Path], _T]) -> _T:
        """What ``work`` makes of a key's file. Raises MissingArtifact, also when it is deleted in this moment."""

        def attempt() -> _T:
            try:
                return work(self.path(key))
            except FileNotFoundError:
                raise _missing(key) from None

        return await self._in_thread(attempt)

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        with _told():
            return await asyncio.to_thread(work)


def _missing(key: str) -> MissingArtifact:
    return MissingArtifact(f"There is no file “{key}”.")


@contextmanager
def _told() -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise StorageUnavailable(f"The folder of stored files does not work: {error.strerror or error}.") from error


def _replace(place: Path, fill: Callable[[Path], None]) -> None:
    """Let ``fill`` write a file beside ``place`` and move it there when it is on the disk."""
    half = place.with_name(f".{uuid4().hex}.part")
    try:
        for last in (False, False, True):
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                fill(half)
                half.replace(place)
                break
            except FileNotFoundError:  # a deletion in another process took the folder that was just made
                if last:
                    raise
    finally:
        half.unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as reader, target.open("xb") as writer:
        shutil.copyfileobj(reader, writer, CHUNK)
        _settle(writer.fileno(), writer.flush)


def _write(content: bytes, target: Path) -> None:
    with target.open("xb") as writer:
        writer.write(content)
        _settle(writer.fileno(), writer.flush)


def _settle(descriptor: int, flush: Callable[[], None]) -> None:
    """Wait for the disk, so that a power cut after the rename leaves no empty file."""
    flush()
    os.fsync(descriptor)


def _files(place: Path) -> Iterator[Path]:
    """All files below a folder, without links and without half-written ones; what vanishes meanwhile is left out."""
    for folder, _, names in os.walk(place, onerror=_unless_gone):
        for name in names:
            file = Path(folder, name)
            if not name.startswith(".") and not file.is_symlink():
                yield file


def _unless_gone(error: OSError) -> None:
    # A folder that was listed may be a file by the time it is entered: deleted, and a file written in its place.
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error


def _delete(place: Path, root: Path) -> int:
    if place.is_symlink() or place.is_file():
        place.unlink(missing_ok=True)
        number = 1
    else:
        number = sum(1 for _ in _files(place))
        while place.is_dir():
            # Another process deletes the same, or writes a file in its place: go on until it is gone.
            with suppress(FileNotFoundError, NotADirectoryError):
                shutil.rmtree(place)
    for parent in place.parents:
        if parent == root:
            break
        try:
            parent.rmdir()  # works for an empty folder only
        except OSError:
            break
    return number
