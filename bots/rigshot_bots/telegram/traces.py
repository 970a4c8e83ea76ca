"""Where the comparisons of redrawn subjects stand: a picture of somebody's pet must not stay when its model is deleted."""

from telegram import Message

from ..conversation import Conversation

__all__ = ["Traces"]


class Traces:
    """The messages beside the films of one bot, remembered as long as the models are kept. Every method may raise QueueUnavailable."""

    def __init__(self, conversation: Conversation) -> None:
        self._notes = conversation.notes
        self._seconds = int(conversation.storage.retention)

    async def remember(self, job: str, message: Message) -> None:
        """The comparison of a job is ``message``."""
        await self._notes.write(f"beside/{job}", f"{message.chat_id} {message.message_id}", seconds=self._seconds)

    async def take(self, job: str) -> tuple[int, int] | None:
        """Chat and message of a job's comparison, which is not remembered any longer; None where there is none."""
        text = await self._notes.read(f"beside/{job}")
        await self._notes.delete(f"beside/{job}")
        if text is None:
            return None
        chat, message = map(int, text.split())
        return chat, message
