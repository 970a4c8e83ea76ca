"""Fetches the pictures that people send, and never more of them than allowed."""

import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from telegram import Bot, Document, Message, PhotoSize, Sticker
from telegram.constants import FileSizeLimit
from telegram.error import BadRequest, NetworkError

from ..incoming import DownloadFailed, TooBig, is_picture

__all__ = ["DownloadFailed", "Downloads", "Picture", "TooBig", "picture_of"]

TIMEOUT = httpx.Timeout(60.0, connect=10.0)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture in a message: what it takes to fetch it, and its name where it was sent as a file."""

    file_id: str
    size: int | None
    name: str = ""


def picture_of(message: Message | None) -> Picture | None:
    """The picture in a message: a photo in its largest size, a picture sent as a file, a sticker that does not move."""
    if message is None:
        return None
    found: PhotoSize | Document | Sticker | None = message.photo[-1] if message.photo else message.document or message.sticker
    if found is None:
        return None
    name = ""
    if isinstance(found, Document):
        name = found.file_name or ""
        if not is_picture(found.mime_type, name):
            return None
    if isinstance(found, Sticker) and (found.is_animated or found.is_video):
        return None
    return Picture(file_id=found.file_id, size=found.file_size, name=name)


class Downloads:
    """Pictures from Telegram's servers, or from the folder of a Bot API server of one's own (``local``)."""

    def __init__(self, bot: Bot, *, local: bool, most: int) -> None:
        self._bot = bot
        self._local = local
        self._most = most if local else min(most, int(FileSizeLimit.FILESIZE_DOWNLOAD))
        self._client = httpx.AsyncClient(timeout=TIMEOUT)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    @asynccontextmanager
    async def fetched(self, pictures: Sequence[Picture]) -> AsyncGenerator[list[Path]]:
        """The pictures as files, for as long as the context lasts. Raises TooBig, DownloadFailed."""
        with tempfile.TemporaryDirectory(prefix="rigshot-") as folder:
            yield [await self._fetch(picture, Path(folder) / f"{number:02d}") for number, picture in enumerate(pictures)]

    async def _fetch(self, picture: Picture, target: Path) -> Path:
        if picture.size is not None and picture.size > self._most:
            raise TooBig(picture.size, self._most)
        try:
            found = await self._bot.get_file(picture.file_id)
        except BadRequest as error:
            if "too big" in error.message.lower():
                raise TooBig(picture.size, self._most) from error
            raise DownloadFailed(error.message) from error
        except NetworkError as error:
            raise DownloadFailed(error.message) from error
        if found.file_path is None:
            raise DownloadFailed("Telegram gave no place for the file")
        if self._local:
            return self._checked(Path(found.file_path))
        await self._stream(found.file_path, target)
        return target

    def _checked(self, place: Path) -> Path:
        """A file that our own Bot API server has laid down; the queue copies it."""
        try:
            size = place.stat().st_size
        except OSError as error:
            raise DownloadFailed(f"the Bot API server's file is not readable here: {error.strerror}") from error
        if size > self._most:
            raise TooBig(size, self._most)
        return place

    async def _stream(self, address: str, target: Path) -> None:
        """Write to ``target`` while counting: what was declared before may be wrong."""
        try:
            async with self._client.stream("GET", address) as answer:
                answer.raise_for_status()
                count = 0
                with target.open("wb") as file:
                    async for piece in answer.aiter_bytes():
                        count += len(piece)
                        if count > self._most:
                            raise TooBig(None, self._most)
                        file.write(piece)
        except httpx.HTTPError as error:  # its text may hold the address, and so the token
            raise DownloadFailed(type(error).__name__) from None
