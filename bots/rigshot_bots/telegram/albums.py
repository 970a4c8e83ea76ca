"""Several pictures at once: gathered, kept while the person is asked what they are, and handed back with the answer.

Telegram sends an album as separate messages that share a ``media_group_id``, with nothing that marks the last one: an album
is whole when no picture of it has come for a while.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from telegram import Message

from ..messages import owner_mark
from ..notes import DAY, Notes
from .downloads import Picture, picture_of
from .place import Place

__all__ = ["Album", "Albums"]

QUIET_SECONDS = 1.5
"""Pictures of one album arrive within a second of each other, slow uploads included."""
USED = "used"


@dataclass(frozen=True, kw_only=True)
class Album:
    """Pictures that came together: the place of each and what it takes to fetch it."""

    places: tuple[Place, ...]
    pictures: tuple[Picture, ...]


@dataclass
class _Gathering:
    messages: list[Message] = field(default_factory=list[Message])
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Albums:
    """The albums of one bot."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._gathering: dict[str, _Gathering] = {}

    async def gather(self, message: Message) -> Sequence[Message]:
        """Wait until the album of a message is whole; its messages in their order, for the first caller only (none for the others)."""
        key = f"{message.chat_id} {message.media_group_id}"
        known = self._gathering.get(key)
        if known is not None:
            known.messages.append(message)
            known.changed.set()
            return ()
        gathering = self._gathering[key] = _Gathering(messages=[message])
        while True:
            try:
                await asyncio.wait_for(gathering.changed.wait(), QUIET_SECONDS)
            except TimeoutError:
                break
            gathering.changed.clear()
        del self._gathering[key]
        return sorted(gathering.messages, key=lambda message: message.message_id)

    async def keep(self, person: str, key: str, messages: Sequence[Message]) -> bool:
        """Keep an album until the person has answered; False when this one had been kept before."""
        note = _note(person, key)
        if await self._notes.read(note) is not None:
            return False
        found = [(Place.of(message), picture) for message in messages if (picture := picture_of(message))]
        await self._notes.write(note, json.dumps([[place.words, asdict(picture)] for place, picture in found]), seconds=DAY)
        return True

    async def find(self, person: str, key: str) -> Album | None:
        """The album that a person has answered about; None when it was used before or came too long ago."""
        text = await self._notes.read(_note(person, key))
        if text is None or text == USED:
            return None
        rows = json.loads(text)
        return Album(places=tuple(Place(**place) for place, _ in rows), pictures=tuple(Picture(**picture) for _, picture in rows))

    async def used(self, person: str, key: str) -> None:
        """Its pictures are in line: the question need not be answered again."""
        await self._notes.write(_note(person, key), USED, seconds=DAY)


def _note(person: str, key: str) -> str:
    return f"album/{owner_mark(person)}/{key}"
