"""Where in Telegram something is: a chat, its topic, the message it answers to, our status message in it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from telegram import Message, User

from ..messages import Visitor

__all__ = ["PLATFORM", "Place", "visitor_of"]

PLATFORM: Final = "telegram"


@dataclass(frozen=True, kw_only=True)
class Place:
    """``chat`` and ``thread`` (a forum's topic), ``message``: the person's own, ``status``: ours that follows the job (0: none)."""

    chat: int
    thread: int | None = None
    message: int = 0
    status: int = 0

    @classmethod
    def of(cls, message: Message) -> "Place":
        """The place of a person's message."""
        return cls(chat=message.chat_id, thread=message.message_thread_id if message.is_topic_message else None, message=message.message_id)

    @property
    def unquoted(self) -> "Place":
        """The same without the message where nobody else writes: there an answer need not show what it answers."""
        return self if self.group else replace(self, message=0)

    @classmethod
    def read(cls, origin: Mapping[str, Any]) -> "Place":
        """The place that a job came from."""
        return cls(**origin)

    @property
    def words(self) -> dict[str, Any]:
        """The place as a job's origin."""
        return {"chat": self.chat, "thread": self.thread, "message": self.message, "status": self.status}

    @property
    def group(self) -> bool:
        """Whether others read along; Telegram's groups have negative ids."""
        return self.chat < 0


def visitor_of(user: User) -> Visitor:
    """A Telegram user as the core knows people."""
    return Visitor(person=f"{PLATFORM}:{user.id}", platform=PLATFORM, language_code=user.language_code)
