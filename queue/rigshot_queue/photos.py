"""The bytes that people sent: stored until their job ends, and no longer."""

from collections.abc import Sequence
from pathlib import Path

from rigshot_storage import Artifacts

from .database import Database
from .errors import TooLarge
from .keys import ORIGINALS
from .settings import Limits

__all__ = ["check_photos", "delete_photos", "fetch_photos", "store_photos"]

_MB = 2**20


def check_photos(photos: Sequence[Path | bytes], limits: Limits) -> None:
    """Raises TooLarge for photos that nobody could use, ValueError for none at all."""
    if not photos:
        raise ValueError("a request needs a photo")
    if len(photos) > limits.photos:
        raise TooLarge("too_many_photos", photos=len(photos), most=limits.photos)
    for photo in photos:
        size = len(photo) if isinstance(photo, bytes) else photo.stat().st_size
        if size == 0:
            raise TooLarge("photo_empty")
        if size > limits.photo_mb * _MB:
            raise TooLarge("photo_too_large", megabytes=-(-size // _MB), most=limits.photo_mb)


async def store_photos(database: Database, artifacts: Artifacts, job: str, photos: Sequence[Path | bytes], now: float) -> None:
    """Keep the photos for the worker; first noted and then stored, so that none is ever forgotten."""
    await database.do("ZADD", ORIGINALS, now, job)
    for number, photo in enumerate(photos):
        if isinstance(photo, bytes):
            await artifacts.write(_key(job, number), photo)
        else:
            await artifacts.put(_key(job, number), photo, media_type="application/octet-stream")


async def fetch_photos(artifacts: Artifacts, job: str, folder: Path) -> list[Path]:
    """Copy the job's photos into ``folder``, in their order; none when the job has ended once."""
    keys = await artifacts.list(_prefix(job))
    folder.mkdir(parents=True, exist_ok=True)
    found = [folder / key.rpartition("/")[2] for key in keys]
    for key, place in zip(keys, found, strict=True):
        await artifacts.fetch(key, place)
    return found


async def delete_photos(database: Database, artifacts: Artifacts, job: str) -> int:
    """Delete what the person sent; how many files there were."""
    number = await artifacts.delete(_prefix(job))
    await database.do("ZREM", ORIGINALS, job)
    return number


def _prefix(job: str) -> str:
    return f"originals/{job}"


def _key(job: str, number: int) -> str:
    return f"{_prefix(job)}/{number:02d}"
