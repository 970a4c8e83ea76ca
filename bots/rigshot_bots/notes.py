"""What a face must remember between two restarts and that belongs to no job: small texts in Redis that expire.

Examples: the hash of the commands it has published, the pictures of an album while the person is asked, which part of a
result has been sent already. A name is a path of segments without colons, such as ``album/PERSON/KEY``.
"""

from rigshot_queue import Queue

__all__ = ["DAY", "Notes"]

DAY = 86400


class Notes:
    """The notes of one platform's face. Every method may raise QueueUnavailable."""

    def __init__(self, queue: Queue, platform: str) -> None:
        self._database = queue.database
        self._platform = platform

    async def write(self, name: str, text: str, *, seconds: int = 7 * DAY) -> None:
        """Keep a text for ``seconds``."""
        await self._database.do("SET", self._key(name), text, "EX", seconds)

    async def read(self, name: str) -> str | None:
        """The text, or None when there is none (any more)."""
        text: str | None = await self._database.do("GET", self._key(name))
        return text

    async def delete(self, name: str) -> None:
        """Drop a text."""
        await self._database.do("DEL", self._key(name))

    async def names(self, folder: str) -> list[str]:
        """The names below ``folder``, sorted; walks through all keys, so only for a start or a /delete."""
        cursor, found = "0", set[str]()
        while True:
            cursor, keys = await self._database.do("SCAN", cursor, "MATCH", f"{self._key(folder)}/*", "COUNT", 1000)
            found.update(keys)
            if str(cursor) == "0":
                return sorted(key.removeprefix(self._key("")) for key in found)

    def _key(self, name: str) -> str:
        return f"rigshot:notes:{self._platform}:{name}"
