"""Where results have been put up, so that /delete finds them: a picture of somebody's pet must not stay in a channel."""

import json

from rigshot_queue import Job

from ..messages import owner_mark
from ..notes import Notes
from .place import Place

__all__ = ["Traces"]


class Traces:
    """The messages with results of one bot, remembered for ``seconds``."""

    def __init__(self, notes: Notes, *, seconds: float) -> None:
        self._notes = notes
        self._seconds = int(seconds)

    async def remember(self, job: Job, place: Place) -> None:
        """The result of a job stands at ``place``. Raises QueueUnavailable."""
        await self._notes.write(f"{_folder(job.request.person)}/{job.id}", json.dumps(place.write()), seconds=self._seconds)

    async def take(self, person: str) -> list[Place]:
        """Where the results of a person stand; they are not remembered any longer. Raises QueueUnavailable."""
        places: list[Place] = []
        for name in await self._notes.names(_folder(person)):
            text = await self._notes.read(name)
            await self._notes.delete(name)
            if text is not None:
                places.append(Place.read(json.loads(text)))
        return places


def _folder(person: str) -> str:
    return f"result/{owner_mark(person)}"
