"""Weights from the Hugging Face hub, a mirror of it, or a folder."""

import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.message import Message
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

from ..download import DownloadFailed, Progress, Remote, checksum_of, fetch_stubbornly
from .spec import WeightSet

__all__ = ["ENDPOINT", "copy_file", "fetch_file", "find_file", "hub_address"]

ENDPOINT = "HF_ENDPOINT"
"""Setting, as the hub's own programs know it: the address of the hub or of a mirror that answers the same paths."""
_HUB = "https://huggingface.co"
_TOKEN = "HF_TOKEN"
_TIMEOUT = 30  # seconds
_HOPS = 5  # redirections that are followed to learn a file's hash


def hub_address(mirror: str | None = None) -> str:
    """The address whose paths are /OWNER/NAME/resolve/REVISION/FILE."""
    return (mirror or os.environ.get(ENDPOINT) or _HUB).rstrip("/")


def fetch_file(row: WeightSet, file: str, place: Path, *, hub: str, progress: Progress | None = None) -> str:
    """Fetch one file of a set to ``place``, going on where an earlier attempt stopped; answers with its checksum, ``KIND:HEX``.

    The hash is that of the description, else the hub's (the sha256 of a file in LFS, git's hash of another); where neither gives one
    the answer is the sha256 of what came. Raises ``DownloadFailed``; OSError when the disk refuses.
    """
    url = f"{hub}/{row.repository}/resolve/{quote(row.revision, safe='')}/{quote(file)}"
    headers = {"Authorization": f"Bearer {token}"} if (token := os.environ.get(_TOKEN)) else {}
    known = _published_checksum(url, headers)
    checksum = f"sha256:{row.sha256[file]}" if file in row.sha256 else known
    remote = Remote(url=url, path=place, checksum=checksum, publisher=row.repository, headers=headers)
    fetch_stubbornly(remote, progress=progress)
    return checksum or checksum_of(place)


def find_file(folder: Path, row: WeightSet, file: str) -> Path | None:
    """The file of a set in a folder that a person names, or None.

    The folder may hold what an installation of ours holds, a download of the repository, several of them, or be the cache of the hub's
    own programs.
    """
    owner, _, name = row.repository.partition("/")
    snapshots = folder / f"models--{owner}--{name}" / "snapshots"
    snapshot = snapshots / row.revision
    if not snapshot.is_dir() and snapshots.is_dir():
        snapshot = next(iter(sorted(snapshots.iterdir())), snapshot)
    places = (folder / row.name, folder / owner / name, folder / name, snapshot, folder)
    return next((place / file for place in places if (place / file).is_file()), None)


def copy_file(source: Path, place: Path, row: WeightSet, file: str) -> str:
    """Put a local file to its place, without a second copy where the disk is the same; answers with its checksum.

    Raises ``DownloadFailed`` where it is not the file that the description names.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    checksum = checksum_of(source)
    if file in row.sha256 and checksum != f"sha256:{row.sha256[file]}":
        raise DownloadFailed(f"{source} is not the file that {row.repository} published (its checksum differs).")
    part = place.with_name(place.name + ".part")
    part.unlink(missing_ok=True)
    try:
        os.link(source.resolve(), part)
    except OSError:
        shutil.copyfile(source, part)
    part.replace(place)
    return checksum


def _opener() -> urllib.request.OpenerDirector:
    """One that follows nothing: the hub tells a file's hash in the very answer that redirects to where the bytes are."""
    opener = urllib.request.OpenerDirector()
    handlers = (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPErrorProcessor,
    )
    for handler in handlers:
        opener.add_handler(handler())
    return opener


def _published_checksum(url: str, headers: Mapping[str, str]) -> str | None:
    """The checksum that the hub publishes of a file."""
    opener = _opener()
    here = url
    for _ in range(_HOPS):
        request = urllib.request.Request(here, method="HEAD", headers={"User-Agent": "rigshot", "Accept-Encoding": "identity"})
        if urlsplit(here).netloc == urlsplit(url).netloc:
            for name, value in headers.items():
                request.add_unredirected_header(name, value)
        try:
            with opener.open(request, timeout=_TIMEOUT) as answer:
                return _published(answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                if error.code in (401, 403):
                    raise DownloadFailed(
                        f"{here} may not be read ({error.code}): accept its licence on the hub and set {_TOKEN}, or name another place."
                    ) from error
                if error.code not in (301, 302, 303, 307, 308):
                    raise DownloadFailed(f"The server answered {error.code} for {here}.") from error
                if error.headers.get("X-Linked-Etag"):
                    return _published(error.headers)
                here = urljoin(here, error.headers.get("Location", ""))
        except OSError as error:
            raise DownloadFailed(f"{urlsplit(here).netloc} cannot be reached: {getattr(error, 'reason', error)}.") from error
    raise DownloadFailed(f"{url} leads in circles.")


def _published(headers: Message) -> str | None:
    tag = str(headers.get("X-Linked-Etag") or headers.get("ETag") or "").removeprefix("W/").strip('"')
    kind = {64: "sha256", 40: "git"}.get(len(tag)) if all(letter in "0123456789abcdef" for letter in tag) else None
    return f"{kind}:{tag}" if kind else None
