"""Photos on their way in, as plain values that can be noted: a bot that is killed takes them up again when it starts."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ..messages import Visitor, owner_mark
from ..notes import DAY, Notes
from .pictures import Picture
from .place import PLATFORM, Place

__all__ = ["Order", "Orders"]

TAKEN = "taken"


@dataclass(frozen=True, kw_only=True)
class Order:
    """Who wants a model of which ``pictures`` (views of one subject), with which ``wishes``, and where the status message stands.

    ``key`` is the same whenever Discord tells of the same message or command again.
    """

    key: str
    person: str
    language_code: str | None
    pictures: tuple[Picture, ...]
    place: Place
    wishes: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def visitor(self) -> Visitor:
        """Who asks."""
        return Visitor(person=self.person, platform=PLATFORM, language_code=self.language_code)

    def at(self, message: int) -> "Order":
        """The same order with its status message."""
        return replace(self, place=self.place.at(message))

    def write(self) -> str:
        """As JSON."""
        return json.dumps({**asdict(self), "place": self.place.write()})

    @classmethod
    def read(cls, text: str) -> "Order":
        """The order that ``write`` wrote."""
        words: dict[str, Any] = json.loads(text)
        words["pictures"] = tuple(Picture(**picture) for picture in words["pictures"])
        words["place"] = Place.read(words["place"])
        return cls(**words)


class Orders:
    """The noted orders of one bot: ``open`` ones, which are being taken in, and albums, about which the person is being asked."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    async def open(self, order: Order) -> None:
        """Note an order until it is closed. Raises QueueUnavailable."""
        await self._notes.write(f"order/{order.key}", order.write(), seconds=DAY)

    async def close(self, order: Order) -> None:
        """The order has become a job or has been refused. Raises QueueUnavailable."""
        await self._notes.delete(f"order/{order.key}")

    async def left_over(self) -> list[Order]:
        """The orders that an earlier process opened and never closed. Raises QueueUnavailable."""
        texts = [await self._notes.read(name) for name in await self._notes.names("order")]
        return [Order.read(text) for text in texts if text is not None]

    async def ask_about(self, album: Order) -> bool:
        """Note several pictures until the person has answered; False when these had been noted before. Raises QueueUnavailable."""
        note = _album(album.person, album.key)
        if await self._notes.read(note) is not None:
            return False
        await self._notes.write(note, album.write(), seconds=DAY)
        return True

    async def album(self, person: str, key: str) -> Order | None:
        """The pictures that were asked about; None when they were taken before, or too long ago. Raises QueueUnavailable."""
        text = await self._notes.read(_album(person, key))
        return None if text is None or text == TAKEN else Order.read(text)

    async def album_done(self, album: Order) -> None:
        """All pictures of an album are in the line. Raises QueueUnavailable."""
        await self._notes.write(_album(album.person, album.key), TAKEN, seconds=DAY)


def _album(person: str, key: str) -> str:
    return f"album/{owner_mark(person)}/{key}"
