"""Status messages: put up, edited, taken down, by the interaction's token while it lives and through the channel afterwards."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, cast

import aiohttp
import discord

from rigshot_queue import Job

from ..keeper import Vanished
from ..messages import Answer
from .layout import escaped, plain_view
from .place import Place

__all__ = ["CLOSED", "DEAD_TOKEN", "GONE", "PACE", "TROUBLE", "Board"]

PACE = 2.5
"""Seconds between two edits of a message: Discord bears five edits in five seconds for a channel, in which others may wait, too."""
GONE = frozenset({10003, 10008})
"""Codes of Discord: the channel, the message does not exist (any more)."""
CLOSED = frozenset({50001, 50007, 50013, 50083})
"""We may not see the place, may not write to that person, may not write there, the thread is archived."""
DEAD_TOKEN = frozenset({10015, 50027})
"""The interaction's webhook or token has ended."""
TROUBLE = (discord.DiscordException, aiohttp.ClientError, OSError)
"""What a request to Discord may raise."""


class Board:
    """The status messages of one bot."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def show(self, job: Job, answer: Answer) -> None:
        """Put the answer into a job's status message. Raises Vanished, and TROUBLE that may pass."""
        await self.put(Place.read(job.request.origin), answer)

    async def put(self, place: Place, answer: Answer) -> None:
        """Put the answer into the message of a place. Raises Vanished when nothing leads there, and TROUBLE that may pass."""
        target = _target(place)
        fields: dict[str, Any] = {"content": escaped(answer.text), "view": plain_view(answer.buttons)}
        await self._by(
            place,
            token=lambda webhook: webhook.edit_message(target, **fields),
            channel=lambda message: message.edit(**fields),
        )

    async def take_down(self, place: Place) -> None:
        """Remove the message of a place; that it is gone already is as well."""
        with suppress(Vanished):
            target = _target(place)
            await self._by(place, token=lambda webhook: webhook.delete_message(target), channel=lambda message: message.delete())

    async def _by(
        self,
        place: Place,
        *,
        token: Callable[[discord.Webhook], Awaitable[object]],
        channel: Callable[[discord.PartialMessage], Awaitable[object]],
    ) -> None:
        if not place.message:
            raise Vanished
        try:
            if place.token_lives:
                try:
                    await token(discord.Webhook.partial(place.application, place.token, client=self._client))
                    return
                except discord.HTTPException as error:
                    if error.code not in DEAD_TOKEN:
                        raise
            if not place.member:
                raise Vanished
            await channel(self._client.get_partial_messageable(place.channel).get_partial_message(place.message))
        except discord.HTTPException as error:
            if error.code in GONE | CLOSED:
                raise Vanished from error
            raise


def _target(place: Place) -> int:
    """What stands for the status message in an address below the token."""
    return cast("int", "@original") if place.original else place.message
