"""What the parts of the bot share, put together once."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import discord

from rigshot_queue import Job, QueueUnavailable

from ..conversation import Conversation
from ..keeper import StatusKeeper
from ..messages import Visitor
from .board import Board
from .orders import Orders
from .pictures import Downloads
from .place import PLATFORM
from .traces import Traces

__all__ = ["Desk", "person_of"]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The conversation and the tools of one running bot."""

    client: discord.Client
    conversation: Conversation
    board: Board
    keeper: StatusKeeper
    orders: Orders
    downloads: Downloads
    traces: Traces

    def visitor(self, interaction: discord.Interaction[Any]) -> Visitor:
        """Who used a command or pressed a button."""
        return Visitor(person=person_of(interaction.user.id), platform=PLATFORM, language_code=interaction.locale.value)

    async def writer(self, message: discord.Message) -> Visitor:
        """Who wrote a direct message. Discord does not say in which language: it is the one of the last job, else English."""
        person = person_of(message.author.id)
        last: list[Job] = []
        with suppress(QueueUnavailable):
            last = await self.conversation.queue.jobs(person, newest=1)
        return Visitor(person=person, platform=PLATFORM, language_code=last[0].request.language if last else None)


def person_of(user: int) -> str:
    """A user of Discord as the queue knows people."""
    return f"{PLATFORM}:{user}"
