"""Where the comparisons of redrawn subjects stand: a picture of somebody's pet must not stay when its model is deleted."""

from telegram import Message

from rigshot_queue import Job

from ..conversation import Conversation
from ..messages import owner_mark

__all__ = ["Traces"]


class Traces:
    """The messages beside the films of one bot, remembered as long as the models are kept. Every method may raise QueueUnavailable."""

    def __init__(self, conversation: Conversation) -> None:
        self._notes = conversation.notes
        self._seconds = int(conversation.storage.retention)

    async def remember(self, job: Job, message: Message) -> None:
        """The comparison of a job is ``message``."""
        await self._notes.write(_name(job.request.person, job.id), f"{message.chat_id} {message.message_id}", seconds=self._seconds)

    async def take(self, person: str, job: str) -> tuple[int, int] | None:
        """Chat and message of a job's comparison, which is not remembered any longer; None where there is none."""
        text = await self._notes.read(_name(person, job))
        await self._notes.delete(_name(person, job))
        if text is None:
            return None
        chat, message = map(int, text.split())
        return chat, message


def _name(person: str, job: str) -> str:
    return f"beside/{owner_mark(person)}/{job}"  # where /delete looks for what is a person's
