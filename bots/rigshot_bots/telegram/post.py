"""Sends and edits messages: waits out floods, follows chats that moved, and says what is final and what is not."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

import structlog
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, InputMediaDocument, Message, ReplyParameters
from telegram.constants import MessageLimit
from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError, RetryAfter

from rigshot_queue import QueueUnavailable

from ..addresses import link_works
from ..deliver import NotNow, Unreachable
from ..keeper import Vanished
from ..messages import Answer, Rows
from ..notes import DAY, Notes
from .film import Film
from .place import Place

__all__ = ["Post"]

UPLOAD_SECONDS = 120.0
"""How long Telegram may take over an upload: giving up too early would send the animation twice."""
LONGEST_WAIT = 60.0
"""Seconds that a message waits for the end of a flood; a delivery goes back to the stream instead."""
MOST_TROUBLES = 6
"""Tries of a message while the line to Telegram is broken: about a minute."""
GONE = (
    "message to edit not found",
    "message can't be edited",
    "message to delete not found",
    "message can't be deleted",
    "message_id_invalid",
)
UNREACHABLE = (
    "chat not found",
    "group chat was deactivated",
    "have no rights",
    "not enough rights",
    "peer_id_invalid",
    "topic_closed",
    "user is deactivated",
)

Result = TypeVar("Result")
log = structlog.get_logger()


class Post:
    """Everything that leaves for Telegram."""

    def __init__(self, bot: Bot, notes: Notes) -> None:
        self._bot = bot
        self._notes = notes

    async def say(self, place: Place, answer: Answer) -> Message:
        """Send a text as an answer to the person's message. Raises Unreachable."""

        async def send(chat: int) -> Message:
            return await self._bot.send_message(
                chat, answer.text, reply_markup=keyboard(answer.buttons), message_thread_id=place.thread, reply_parameters=_reply(place)
            )

        return await self._patiently(place.chat, send)

    async def show(self, place: Place, answer: Answer) -> None:
        """Put a text into our status message of that place. Raises Vanished when it is no longer there."""
        if place.status:
            await self.edit(place.chat, place.status, answer)

    async def edit(self, chat: int, message: int, answer: Answer) -> None:
        """Replace a text of ours. Raises Vanished when it cannot be edited any more."""

        async def send(chat: int) -> None:
            await self._bot.edit_message_text(answer.text, chat, message, reply_markup=keyboard(answer.buttons))

        await self._editing(chat, send)

    async def rebutton(self, chat: int, message: int, buttons: Rows) -> None:
        """Replace the buttons of a message of ours. Raises Vanished."""

        async def send(chat: int) -> None:
            await self._bot.edit_message_reply_markup(chat, message, reply_markup=keyboard(buttons))

        await self._editing(chat, send)

    async def remove(self, chat: int, message: int) -> None:
        """Delete a message of ours. Raises Vanished when Telegram does not let us (older than 48 hours) or it is gone."""

        async def send(chat: int) -> None:
            await self._bot.delete_message(chat, message)

        await self._editing(chat, send)

    async def animate(self, place: Place, film: Film, answer: Answer) -> None:
        """Send an animation with its caption and buttons. Raises Unreachable, NotNow."""

        async def send(chat: int) -> None:
            with film.path.open("rb") as file:
                await self._bot.send_animation(
                    chat,
                    file,
                    width=film.width,
                    height=film.height,
                    duration=film.seconds,
                    caption=_shortened(answer.text, MessageLimit.CAPTION_LENGTH),
                    filename=film.path.name,
                    reply_markup=keyboard(answer.buttons),
                    message_thread_id=place.thread,
                    reply_parameters=_reply(place),
                    write_timeout=UPLOAD_SECONDS,
                    read_timeout=UPLOAD_SECONDS,
                )

        await self._at_once(place.chat, send)

    async def picture(self, place: Place, picture: Path, answer: Answer) -> Message:
        """Send a picture with its caption and buttons. Raises Unreachable, NotNow."""

        async def send(chat: int) -> Message:
            with picture.open("rb") as file:
                return await self._bot.send_photo(
                    chat,
                    file,
                    caption=_shortened(answer.text, MessageLimit.CAPTION_LENGTH),
                    filename=picture.name,
                    reply_markup=keyboard(answer.buttons),
                    message_thread_id=place.thread,
                    reply_parameters=_reply(place),
                    write_timeout=UPLOAD_SECONDS,
                    read_timeout=UPLOAD_SECONDS,
                )

        return await self._at_once(place.chat, send)

    async def hand_over(self, place: Place, files: Sequence[Path]) -> None:
        """Send files as documents, two and more in one message. Raises Unreachable, NotNow."""

        async def send(chat: int) -> None:
            if len(files) == 1:
                with files[0].open("rb") as file:
                    await self._bot.send_document(
                        chat,
                        file,
                        filename=files[0].name,
                        disable_content_type_detection=True,
                        message_thread_id=place.thread,
                        reply_parameters=_reply(place),
                        write_timeout=UPLOAD_SECONDS,
                        read_timeout=UPLOAD_SECONDS,
                    )
                return
            media = [InputMediaDocument(file.read_bytes(), filename=file.name, disable_content_type_detection=True) for file in files]
            await self._bot.send_media_group(
                chat,
                media,
                message_thread_id=place.thread,
                reply_parameters=_reply(place),
                write_timeout=UPLOAD_SECONDS,
                read_timeout=UPLOAD_SECONDS,
            )

        await self._at_once(place.chat, send)

    async def announce(self, place: Place, answer: Answer) -> None:
        """Send the one sentence of a delivery. Raises Unreachable, NotNow."""

        async def send(chat: int) -> None:
            await self._bot.send_message(
                chat, answer.text, reply_markup=keyboard(answer.buttons), message_thread_id=place.thread, reply_parameters=_reply(place)
            )

        await self._at_once(place.chat, send)

    # ----------------------------------------------------------------------------------------------------------------

    async def _editing(self, chat: int, send: Callable[[int], Awaitable[None]]) -> None:
        try:
            await self._patiently(chat, send)
        except Unreachable as error:
            raise Vanished from error
        except BadRequest as error:
            reason = error.message.lower()
            if "message is not modified" in reason:
                return
            if any(words in reason for words in GONE):
                raise Vanished from error
            raise

    async def _patiently(self, chat: int, send: Callable[[int], Awaitable[Result]]) -> Result:
        troubles = 0
        while True:
            try:
                return await self._at_once(chat, send)
            except NotNow as wait:
                log.info("telegram.flood", seconds=wait.seconds)
                await asyncio.sleep(min(wait.seconds, LONGEST_WAIT))
            except BadRequest:  # a NetworkError in this library's family tree, but nothing that passes
                raise
            except NetworkError as error:
                troubles += 1
                if troubles == MOST_TROUBLES:
                    raise
                log.warning("telegram.trouble", reason=str(error))
                await asyncio.sleep(2.0**troubles)

    async def _at_once(self, chat: int, send: Callable[[int], Awaitable[Result]]) -> Result:
        """Send to where the chat is by now. Raises Unreachable, NotNow, whatever else Telegram has to say."""
        while True:
            try:
                return await send(await self.moved(chat))
            except ChatMigrated as error:
                await self.remember_move(chat, error.new_chat_id)
            except RetryAfter as error:
                raise NotNow(_seconds(error)) from error
            except Forbidden as error:
                raise Unreachable(error.message) from error
            except BadRequest as error:
                if any(words in error.message.lower() for words in UNREACHABLE):
                    raise Unreachable(error.message) from error
                raise

    async def moved(self, chat: int) -> int:
        """Where a group is that may have become a supergroup; people's own chats never move."""
        if chat > 0:
            return chat
        try:
            return int(await self._notes.read(f"moved/{chat}") or chat)
        except QueueUnavailable:
            return chat

    async def remember_move(self, chat: int, new: int) -> None:
        """Note that a group has become a supergroup."""
        await self._notes.write(f"moved/{chat}", str(new), seconds=90 * DAY)


def keyboard(buttons: Rows) -> InlineKeyboardMarkup | None:
    """Rows of buttons as Telegram wants them; links that it would refuse are left out."""
    usable = [[button for button in row if button.press or link_works(button.url)] for row in buttons]
    rows = [
        [InlineKeyboardButton(button.label, callback_data=button.press or None, url=button.url or None) for button in row]
        for row in usable
        if row
    ]
    return InlineKeyboardMarkup(rows) if rows else None


def _reply(place: Place) -> ReplyParameters | None:
    return ReplyParameters(place.message, allow_sending_without_reply=True) if place.message else None


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _seconds(error: RetryAfter) -> float:
    wait = error.retry_after
    return float(wait) if isinstance(wait, int) else wait.total_seconds()
