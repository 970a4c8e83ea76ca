"""Artifacts in an S3 bucket, through obstore."""

from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from .artifacts import Entry, check_key, check_source
from .errors import MissingArtifact, StorageUnavailable
from .media import content_disposition
from .media import media_type as media_type_of
from .settings import S3Settings

if TYPE_CHECKING:
    from obstore import Attributes, GetOptions, ObjectMeta
    from obstore.store import S3Config

__all__ = ["S3Artifacts"]

CHUNK = 1 << 18  # bytes; the least that a stream hands over at a time
# A person waits for a download; obstore's own limits are ten tries in three minutes.
RETRIES, PATIENCE = 4, timedelta(seconds=20)


class S3Artifacts:
    """Files in the bucket (and below the prefix) of ``settings``. A PUT of S3 is whole or not at all by itself."""

    def __init__(self, settings: S3Settings) -> None:
        if settings.bucket is None:
            raise ValueError("RIGSHOT_S3__BUCKET is not set")
        config: S3Config = {"bucket": settings.bucket}
        if settings.region is not None:
            config["region"] = settings.region
        if settings.endpoint is not None:
            config["endpoint"] = str(settings.endpoint).rstrip("/")
        if settings.access_key_id is not None and settings.secret_access_key is not None:
            config["access_key_id"] = settings.access_key_id.get_secret_value()
            config["secret_access_key"] = settings.secret_access_key.get_secret_value()
        self._store = S3Store(
            prefix=settings.prefix.strip("/") or None,
            config=config,
            client_options={"allow_http": settings.allow_http},
            retry_config={"max_retries": RETRIES, "retry_timeout": PATIENCE},
        )

    async def put(self, key: str, source: Path, *, media_type: str | None = None, name: str | None = None) -> None:
        """Store a copy of ``source`` with its media type and name as the object's own headers."""
        check_source(source)
        attributes: Attributes = {"Content-Type": media_type or media_type_of(key)}
        if name is not None:
            attributes["Content-Disposition"] = content_disposition(name)
        with _told(key):
            await obstore.put_async(self._store, check_key(key), source, attributes=attributes)

    async def write(self, key: str, content: bytes) -> None:
        """Store a small file."""
        with _told(key):
            await obstore.put_async(self._store, check_key(key), content, attributes={"Content-Type": media_type_of(key)})

    async def fetch(self, key: str, target: Path) -> None:
        """Copy a file to ``target``."""
        target.parent.mkdir(parents=True, exist_ok=True)
        half = target.with_name(f".{uuid4().hex}.part")
        try:
            with half.open("xb") as writer:
                async for chunk in self.stream(key):
                    writer.write(chunk)
            half.replace(target)
        finally:
            half.unlink(missing_ok=True)

    async def read(self, key: str) -> bytes:
        """The content of a small file."""
        with _told(key):
            answer = await obstore.get_async(self._store, check_key(key))
            return bytes(await answer.bytes_async())

    async def stream(self, key: str, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes]:
        """The bytes from ``start`` to before ``end``, in pieces."""
        with _told(key):
            options: GetOptions = {}
            if end is not None:
                options["range"] = (start, end)
            elif start:
                options["range"] = {"offset": start}
            answer = await obstore.get_async(self._store, check_key(key), options=options)
            async for chunk in answer.stream(min_chunk_size=CHUNK):
                yield bytes(chunk)

    async def entry(self, key: str) -> Entry | None:
        """What is known of a file, or None."""
        try:
            with _told(key):
                return _entry(await obstore.head_async(self._store, check_key(key)))
        except MissingArtifact:
            return None

    async def size(self, key: str) -> int | None:
        """Bytes of a file, or None."""
        entry = await self.entry(key)
        return None if entry is None else entry.size

    async def entries(self, prefix: str) -> list[Entry]:
        """All files below a prefix, sorted by key."""
        with _told(prefix):
            found = await obstore.list(self._store, check_key(prefix.removesuffix("/"))).collect_async()
        return sorted(map(_entry, found), key=lambda entry: entry.key)

    async def list(self, prefix: str) -> list[str]:
        """The keys of all files below a prefix, sorted."""
        return [entry.key for entry in await self.entries(prefix)]

    async def delete(self, prefix: str) -> int:
        """Remove the file of this key and all below it; how many there were."""
        key = prefix.removesuffix("/")
        keys = await self.list(key)
        if await self.entry(key) is not None:
            keys.append(key)
        if keys:
            with _told(prefix):
                await obstore.delete_async(self._store, keys)
        return len(keys)


def _entry(meta: "ObjectMeta") -> Entry:
    return Entry(key=meta["path"], size=meta["size"], modified=meta["last_modified"].timestamp(), etag=meta["e_tag"] or '""')


@contextmanager
def _told(key: str) -> Generator[None]:
    try:
        yield
    except FileNotFoundError as error:
        if "<Code>NoSuchBucket</Code>" in str(error):
            raise StorageUnavailable("The S3 storage does not work: the bucket of RIGSHOT_S3__BUCKET does not exist.") from error
        raise MissingArtifact(f"There is no file “{key}”.") from error
    except (BaseError, OSError) as error:
        # The first line names the matter; the rest is the library's own debugging output.
        raise StorageUnavailable(f"The S3 storage does not work: {str(error).splitlines()[0][:200]}") from error
