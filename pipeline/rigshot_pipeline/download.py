"""Fetching large files: what has come is kept and continued, and a file gets its name only when it is the right one."""

import hashlib
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from pathlib import Path

__all__ = ["DownloadFailed", "Progress", "Remote", "checksum_of", "fetch", "fetch_stubbornly", "opened", "size_to_fetch"]

Progress = Callable[[int, int | None], None]
"""Told the bytes so far, and the bytes in all where the server says them."""

_CHUNK = 1 << 18
_TIMEOUT = 30  # seconds without a byte
_PAUSE = 0.5  # seconds before the first repetition, doubled each time
_NAME = {"User-Agent": "rigshot"}


class DownloadFailed(Exception):
    """The file could not be fetched; what has come is kept and continued the next time. The message is a sentence."""


class _Broken(DownloadFailed):
    """The connection ended in the middle: at once again from there is worth a try."""


@dataclass(frozen=True, kw_only=True)
class Remote:
    """A file to be fetched.

    ``checksum``: ``KIND:HEX`` with a kind of hashlib's or ``git`` (the hash of git's blob), None where nobody publishes one;
    ``path``: its place on this machine, there or not; ``publisher``: whose file it is, for sentences. ``headers`` go to the first server
    alone, never to one that it redirects to.
    """

    url: str
    path: Path
    checksum: str | None = None
    publisher: str = "its author"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def part(self) -> Path:
        """Where a download stands while it is not complete."""
        return self.path.with_name(self.path.name + ".part")


def size_to_fetch(remote: Remote) -> int | None:
    """Bytes of the whole file as the server says them; None when it does not. Raises ``DownloadFailed``."""
    with opened(_request(remote, method="HEAD")) as answer:
        length = answer.headers.get("Content-Length")
        return int(length) if length else None


def fetch(remote: Remote, *, progress: Progress | None = None) -> Path:
    """Download the file, going on where an earlier attempt stopped.

    Raises ``DownloadFailed``; OSError when the disk refuses.
    """
    remote.path.parent.mkdir(parents=True, exist_ok=True)
    have = remote.part.stat().st_size if remote.part.exists() else 0
    request = _request(remote)
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        answer = opened(request)
    except _NothingLeft:
        answer = None  # the part is as long as the file: only its checksum is to be looked at
    if answer is not None:
        with answer:
            _receive(answer, remote.part, have, progress or _silent)
    _check(remote)
    remote.part.replace(remote.path)
    return remote.path


def fetch_stubbornly(remote: Remote, *, progress: Progress | None = None, tries: int = 6) -> Path:
    """``fetch``, again and again as long as every attempt brings something, and ``tries`` times in a row when none does."""
    left, pause = tries, _PAUSE
    while True:
        before = remote.part.stat().st_size if remote.part.exists() else 0
        try:
            return fetch(remote, progress=progress)
        except _Broken:
            if remote.part.exists() and remote.part.stat().st_size > before:
                left, pause = tries, _PAUSE
                continue
            left -= 1
            if not left:
                raise
            time.sleep(pause)
            pause *= 2


def checksum_of(path: Path, kind: str = "sha256") -> str:
    """``KIND:HEX`` of a file; of the kind ``git`` the hash that git gives its blob."""
    with path.open("rb") as file:
        if kind != "git":
            return f"{kind}:{hashlib.file_digest(file, kind).hexdigest()}"
        digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
        return f"git:{digest.hexdigest()}"


def opened(request: urllib.request.Request) -> HTTPResponse:
    """The server's answer. Raises ``DownloadFailed``."""
    try:
        answer: HTTPResponse = urllib.request.urlopen(request, timeout=_TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416:
            raise _NothingLeft from error
        if error.code >= 500:
            raise _Broken(f"The server answered {error.code} for {request.full_url}.") from error
        raise DownloadFailed(f"The server answered {error.code} for {request.full_url}.") from error
    except (OSError, HTTPException) as error:
        raise _Broken(f"{request.host} cannot be reached: {getattr(error, 'reason', error)}.") from error
    return answer


def _request(remote: Remote, *, method: str = "GET") -> urllib.request.Request:
    request = urllib.request.Request(remote.url, method=method, headers=dict(_NAME))
    for name, value in remote.headers.items():
        request.add_unredirected_header(name, value)
    return request


def _silent(done: int, total: int | None) -> None:
    """Progress that nobody watches."""


class _NothingLeft(Exception):
    """The server has no byte beyond those that are here (416)."""


def _receive(answer: HTTPResponse, part: Path, have: int, progress: Progress) -> None:
    resumed = answer.status == 206
    done = have if resumed else 0
    length = answer.headers.get("Content-Length")
    total = done + int(length) if length else None
    with part.open("ab" if resumed else "wb") as file:
        progress(done, total)
        while True:
            try:
                chunk = answer.read(_CHUNK)
            except (OSError, HTTPException) as error:
                raise _Broken(f"The connection broke after {done} bytes; the same command goes on from there.") from error
            if not chunk:
                break
            file.write(chunk)
            done += len(chunk)
            progress(done, total)
    if total is not None and done < total:
        raise _Broken(f"The connection ended after {done} of {total} bytes; the same command goes on from there.")


def _check(remote: Remote) -> None:
    if remote.checksum is None:
        return
    kind, _, expected = remote.checksum.rpartition(":")
    if checksum_of(remote.part, kind or "sha256").rpartition(":")[2] != expected:
        remote.part.unlink()
        raise DownloadFailed(
            f"What came from {remote.url} is not the file that {remote.publisher} published (its checksum differs); try again."
        )
