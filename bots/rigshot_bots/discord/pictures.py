"""The pictures that people attach: which of them are pictures at all, and fetching them, never more than allowed."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import discord

from ..incoming import DownloadFailed, TooBig, is_picture

__all__ = ["DownloadFailed", "Downloads", "Picture", "TooBig", "pictures_in", "pictures_of"]

TIMEOUT = aiohttp.ClientTimeout(total=120, connect=10)
AT_ONCE = 8
"""Downloads at the same time: a whole server that plays with the bot must not fill the line."""
PIECE = 65536


@dataclass(frozen=True, kw_only=True)
class Picture:
    """An attached picture; its signed ``url`` works for about a day."""

    url: str
    name: str
    size: int


def pictures_in(attachments: Iterable[discord.Attachment]) -> list[Picture]:
    """Those attachments that are pictures."""
    return [
        Picture(url=file.url, name=file.filename, size=file.size) for file in attachments if is_picture(file.content_type, file.filename)
    ]


def pictures_of(message: discord.Message) -> list[Picture]:
    """The pictures of a message, those of messages that it passes on included."""
    passed_on = [file for snapshot in message.message_snapshots for file in snapshot.attachments]
    return pictures_in([*message.attachments, *passed_on])


class Downloads:
    """Fetches pictures of at most ``most`` bytes; use it as long as ``session`` lives."""

    def __init__(self, session: aiohttp.ClientSession, *, most: int) -> None:
        self._session = session
        self._most = most
        self._gate = asyncio.Semaphore(AT_ONCE)

    @asynccontextmanager
    async def fetched(self, pictures: Sequence[Picture]) -> AsyncGenerator[list[Path]]:
        """The pictures as files, for as long as the context lasts. Raises TooBig, DownloadFailed."""
        for picture in pictures:
            if picture.size > self._most:
                raise TooBig(picture.size, self._most)
        with tempfile.TemporaryDirectory(prefix="rigshot-") as folder:
            async with self._gate:
                yield [await self._fetch(picture, Path(folder) / f"{number:02d}") for number, picture in enumerate(pictures)]

    async def _fetch(self, picture: Picture, target: Path) -> Path:
        """Write to ``target`` while counting: what was declared before may be wrong."""
        try:
            async with self._session.get(picture.url, timeout=TIMEOUT) as answer:
                answer.raise_for_status()
                count = 0
                with target.open("wb") as file:
                    async for piece in answer.content.iter_chunked(PIECE):
                        count += len(piece)
                        if count > self._most:
                            raise TooBig(None, self._most)
                        file.write(piece)
        except (aiohttp.ClientError, TimeoutError) as error:  # its text may hold the signed address
            raise DownloadFailed(type(error).__name__) from None
        return target
