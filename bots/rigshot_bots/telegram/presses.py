"""Answers pressed buttons."""

from dataclasses import dataclass, replace

import structlog
from telegram import CallbackQuery, MaybeInaccessibleMessage, Message, Update
from telegram.error import BadRequest
from telegram.ext import Application, CallbackQueryHandler, ContextTypes

from rigshot_queue import QueueUnavailable

from ..conversation import Conversation
from ..deliver import Unreachable
from ..keeper import Vanished
from ..messages import Answer, Press, Pressed, Rerun, owner_mark
from .albums import Albums
from .place import Place, visitor_of
from .post import Post
from .talk import Talk
from .traces import Traces

__all__ = ["Presses"]

LONGEST_NOTICE = 200
"""Characters of a toast, Telegram's limit."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Presses:
    """What the bot does about pressed buttons."""

    conversation: Conversation
    post: Post
    albums: Albums
    talk: Talk

    def register(self, app: "Application") -> None:  # type: ignore[type-arg]  # six parameters that nobody here uses
        """Hand the presses of ``app`` to these answers."""
        app.add_handler(CallbackQueryHandler(self.press))

    async def press(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """A button of a message of ours."""
        query = update.callback_query
        if query is None or query.data is None or query.message is None:
            return
        press = Press.read(query.data)
        if press.action in ("views", "each"):
            await self._album(query, query.message, press)
            return
        pressed = await self.conversation.press(visitor_of(query.from_user), query.data)
        await _toast(query, pressed.notice)
        if pressed.rerun is not None:
            await self._rerun(query, query.message, pressed.rerun)
        await self._change(query.message, pressed)
        if press.action == "dropped" and pressed.replace is not None:
            await self._clear_comparison(visitor_of(query.from_user).person, press.words[0])
        for origin in pressed.forgotten:
            await self._clear(Place.read(origin))

    async def _rerun(self, query: CallbackQuery, message: MaybeInaccessibleMessage, wish: Rerun) -> None:
        visitor = visitor_of(query.from_user)
        place = _place(message)
        try:
            status = await self.post.say(place, await self.conversation.received(visitor, again=True))
        except Unreachable:
            return
        place = replace(place, status=status.message_id)
        await self.talk.settle(place, await self.conversation.rerun(visitor, wish, origin=place.words, key=f"press.{query.id}"))

    async def _change(self, message: MaybeInaccessibleMessage, pressed: Pressed) -> None:
        chat, number = message.chat.id, message.message_id
        try:
            if pressed.replace is None:
                if pressed.buttons is not None:
                    await self.post.rebutton(chat, number, pressed.buttons)
            elif isinstance(message, Message) and message.text is not None:
                await self.post.edit(chat, number, pressed.replace)
            else:
                await self._replace_film(message, pressed.replace)
        except (Vanished, Unreachable):
            log.info("telegram.pressed_message_vanished")

    async def _replace_film(self, message: MaybeInaccessibleMessage, answer: Answer) -> None:
        """A film cannot become a text: it goes, and the text comes."""
        try:
            await self.post.remove(message.chat.id, message.message_id)
        except Vanished:  # older than Telegram lets us delete: at least its buttons go
            await self.post.rebutton(message.chat.id, message.message_id, ())
        await self.post.say(replace(_place(message), message=0), answer)

    async def _clear_comparison(self, person: str, job: str) -> None:
        try:
            found = await Traces(self.conversation).take(person, job)
            if found is not None:
                await self.post.remove(*found)
        except (QueueUnavailable, Vanished):
            log.info("telegram.comparison_stays")

    async def _clear(self, place: Place) -> None:
        try:
            await self.post.remove(place.chat, place.status)
        except Vanished:
            log.info("telegram.forgotten_message_vanished")

    async def _album(self, query: CallbackQuery, message: MaybeInaccessibleMessage, press: Press) -> None:
        visitor = visitor_of(query.from_user)
        mark, key = press.words if len(press.words) == 2 else ("", "")
        if mark != owner_mark(visitor.person):
            await _toast(query, (await self.conversation.sentence(visitor, "not_yours")).text)
            return
        await _toast(query, "")
        album = await self.albums.find(visitor.person, key)
        if album is None:
            await self._change(message, Pressed(replace=await self.conversation.sentence(visitor, "album_gone")))
            return
        begun = await self.conversation.album_begun(visitor, press.action, len(album.pictures))
        await self._change(message, Pressed(replace=begun))
        if press.action == "views":
            (pictures,) = self.conversation.album_parts(press.action, album.pictures)
            await self.talk.take(query.from_user, album.places[0], pictures, key=f"{album.places[0].chat}.{key}")
        else:
            for place, picture in zip(album.places, album.pictures, strict=True):
                reception = await self.talk.take(query.from_user, place, [picture], key=f"{place.chat}.{place.message}")
                if reception is None or reception.full:
                    break
        await self.albums.used(visitor.person, key)


def _place(message: MaybeInaccessibleMessage) -> Place:
    if isinstance(message, Message):
        return Place.of(message)
    return Place(chat=message.chat.id, message=message.message_id)


async def _toast(query: CallbackQuery, notice: str) -> None:
    """Tell Telegram that the press has arrived, with a word to the person where there is one."""
    try:
        await query.answer(notice[:LONGEST_NOTICE] or None)
    except BadRequest as error:  # the press waited for longer than Telegram does, while we were away
        log.info("telegram.late_press", reason=error.message)
