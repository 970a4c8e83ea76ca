"""Fetches updates from Telegram and loses none.

Telegram forgets an update as soon as the next ones are asked for, long before a picture of it is downloaded. So each one is noted
first and dropped when it has been handled; what a killed bot leaves noted is handled when it starts again. That may be
the second time: jobs carry the message's key, so that nothing is made twice.
"""

import asyncio
import json
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

import structlog
from telegram import Bot, Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError
from telegram.ext import BaseUpdateProcessor

from rigshot_queue import QueueUnavailable

from ..notes import DAY, Notes

__all__ = ["Inbox", "Worklist"]

ALLOWED = ("message", "callback_query", "my_chat_member")
POLL_SECONDS = 25
"""How long Telegram keeps a request open while nothing happens; proxies cut connections that are silent for 30 s and more."""
TROUBLE_SECONDS = 3.0
AT_ONCE = 64
"""Updates that are handled at the same time: each may wait for a download."""

log = structlog.get_logger()


class Inbox:
    """The updates of one bot."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    async def fetch(self, bot: Bot, updates: asyncio.Queue[object]) -> None:
        """Put every update into ``updates``, those left over from the last run first; runs until cancelled. Raises InvalidToken."""
        for name in await self._notes.names("inbox"):
            text = await self._notes.read(name)
            if text is not None:
                await updates.put(Update.de_json(_load(text), bot))
        offset: int | None = None
        try:
            while True:
                for update in await self._ask(bot, offset):
                    await self._keep(update)
                    offset = update.update_id + 1
                    await updates.put(update)
        finally:
            if offset is not None:
                with suppress(TelegramError):  # tell Telegram what we have; it would come again, and be answered again
                    await bot.get_updates(offset=offset, limit=1, timeout=0, allowed_updates=ALLOWED)

    async def done(self, update: Update) -> None:
        """Drop an update that has been handled."""
        with suppress(QueueUnavailable):  # handled once more after the next start
            await self._notes.delete(f"inbox/{update.update_id}")

    async def _keep(self, update: Update) -> None:
        with suppress(QueueUnavailable):  # then the person is told that we cannot take anything in
            await self._notes.write(f"inbox/{update.update_id}", update.to_json(), seconds=DAY)

    async def _ask(self, bot: Bot, offset: int | None) -> tuple[Update, ...]:
        try:
            return await bot.get_updates(offset=offset, timeout=POLL_SECONDS, allowed_updates=ALLOWED)
        except InvalidToken:
            raise
        except RetryAfter as error:
            log.info("telegram.flood", seconds=str(error.retry_after))
            await asyncio.sleep(TROUBLE_SECONDS)
        except Conflict:
            log.error("telegram.conflict", hint="another process uses this bot's token, or a webhook is set")
            await asyncio.sleep(TROUBLE_SECONDS)
        except TelegramError as error:
            log.warning("telegram.unreachable", reason=str(error))
            await asyncio.sleep(TROUBLE_SECONDS)
        return ()


class Worklist(BaseUpdateProcessor):
    """Handles updates side by side and reports each to the inbox when it is done."""

    def __init__(self, inbox: Inbox) -> None:
        super().__init__(AT_ONCE)
        self._inbox = inbox

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Handle an update."""
        await coroutine
        if isinstance(update, Update):
            await self._inbox.done(update)

    async def initialize(self) -> None:
        """Nothing to do."""

    async def shutdown(self) -> None:
        """Nothing to do."""


def _load(text: str) -> dict[str, Any]:
    return dict(json.loads(text))
