"""Answers messages: pictures, commands, and everything else that people write."""

import re
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog
from telegram import Message, Update, User
from telegram.constants import ChatMemberStatus
from telegram.ext import Application, ChatMemberHandler, CommandHandler, ContextTypes, MessageHandler, filters

from ..conversation import Conversation
from ..deliver import Unreachable
from ..incoming import DownloadFailed, TooBig, moves
from ..keeper import StatusKeeper, Vanished
from ..logs import hashed
from ..messages import Answer, Reception, Visitor
from .albums import Albums
from .downloads import Downloads, Picture, picture_of
from .place import Place, visitor_of
from .post import Post

__all__ = ["Talk"]

Context = ContextTypes.DEFAULT_TYPE
_RIG = re.compile(r"^/rig(@\w+)?\b", re.IGNORECASE)
PERSONAL = frozenset({"status", "cancel", "settings", "delete"})
"""Commands about what belongs to a person: of no use to whoever does not show who they are."""
MB = 1_000_000

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Talk:
    """What the bot answers to messages."""

    conversation: Conversation
    post: Post
    keeper: StatusKeeper
    downloads: Downloads
    albums: Albums

    def register(self, app: "Application") -> None:  # type: ignore[type-arg]  # six parameters that nobody here uses
        """Hand the messages of ``app`` to these answers."""
        for name, answer in self.conversation.commands.items():
            app.add_handler(CommandHandler(name, self._command(answer, personal=name in PERSONAL)))
        app.add_handler(CommandHandler("rig", self.rig))
        app.add_handler(MessageHandler(filters.StatusUpdate.MIGRATE, self.moved))
        app.add_handler(MessageHandler(filters.PHOTO | filters.Document.ALL, self.picture))
        app.add_handler(MessageHandler(filters.ChatType.PRIVATE & ~filters.StatusUpdate.ALL, self.anything_else))
        app.add_handler(MessageHandler(filters.CaptionRegex(_RIG), self.rig))  # below what is no picture, in a group
        app.add_handler(ChatMemberHandler(self.membership, ChatMemberHandler.MY_CHAT_MEMBER))

    def _command(
        self, answer: Callable[[Visitor], Awaitable[Answer]], *, personal: bool
    ) -> Callable[[Update, Context], Coroutine[Any, Any, None]]:
        async def handle(update: Update, _: Context) -> None:
            message, user = _who(update)
            if personal and await self._unknown(message, user):
                return
            await self._say(Place.of(message).unquoted, await answer(visitor_of(user)))

        return handle

    async def rig(self, update: Update, _: Context) -> None:
        """/rig as a reply to a message with a picture."""
        message, user = _who(update)
        if await self._unknown(message, user):
            return
        picture = picture_of(message.reply_to_message)
        if picture is None:
            await self._say(Place.of(message), await self.conversation.sentence(visitor_of(user), "rig_needs_photo"))
            return
        await self.take(user, Place.of(message), [picture], key=_key(message))

    async def picture(self, update: Update, _: Context) -> None:
        """A picture: in a private chat always meant for us, in a group only with /rig below it."""
        message, user = _who(update)
        if message.media_group_id:
            await self._album(message, user)
            return
        if Place.of(message).group and (not _asked(message) or await self._unknown(message, user)):
            return
        picture = picture_of(message)
        if picture is None:
            await self._say(Place.of(message), await self.conversation.sentence(visitor_of(user), _no_picture(message)))
            return
        await self.take(user, Place.of(message), [picture], key=_key(message))

    async def _album(self, message: Message, user: User) -> None:
        messages = await self.albums.gather(message)
        if not messages or (Place.of(message).group and (not any(map(_asked, messages)) or await self._unknown(message, user))):
            return
        pictures = [other for other in messages if picture_of(other)]
        visitor = visitor_of(user)
        if len(pictures) == 1:
            await self.take(user, Place.of(pictures[0]), [p for p in map(picture_of, pictures) if p], key=_key(pictures[0]))
        elif not pictures:
            await self._say(Place.of(message), await self.conversation.sentence(visitor, _no_picture(message)))
        elif await self.albums.keep(visitor.person, str(message.media_group_id), pictures):
            question = await self.conversation.ask_album(visitor, len(pictures), str(message.media_group_id))
            await self._say(Place.of(pictures[0]), question)

    async def anything_else(self, update: Update, _: Context) -> None:
        """Words get a hint; what is neither words nor a picture, too."""
        message, user = _who(update)
        code = "just_text" if message.text else _no_picture(message)
        await self._say(Place.of(message).unquoted, await self.conversation.sentence(visitor_of(user), code))

    async def _unknown(self, message: Message, user: User) -> bool:
        """Whether somebody writes in the name of a group or a channel, and so shares an id with all who do; they are told."""
        if message.sender_chat is None:
            return False
        if not message.is_automatic_forward:  # of a channel's post into its group: nobody is there to be told
            await self._say(Place.of(message), await self.conversation.sentence(visitor_of(user), "anonymous"))
        return True

    async def moved(self, update: Update, _: Context) -> None:
        """A group has become a supergroup."""
        message = update.effective_message
        if message is not None and message.migrate_to_chat_id:
            await self.post.remember_move(message.chat_id, message.migrate_to_chat_id)

    async def membership(self, update: Update, _: Context) -> None:
        """Somebody has put us into a group, or stopped or started us."""
        change = update.my_chat_member
        if change is None:
            return
        joined = change.new_chat_member.status in (ChatMemberStatus.MEMBER, ChatMemberStatus.ADMINISTRATOR)
        was_out = change.old_chat_member.status in (ChatMemberStatus.LEFT, ChatMemberStatus.BANNED)
        log.info("telegram.membership", chat=hashed(str(change.chat.id)), status=change.new_chat_member.status)
        if joined and was_out and change.chat.id < 0:
            await self._say(Place(chat=change.chat.id), await self.conversation.help(visitor_of(change.from_user)))

    # ----------------------------------------------------------------------------------------------------------------

    async def take(self, user: User, place: Place, pictures: Sequence[Picture], *, key: str) -> Reception | None:
        """Put pictures into the line as one job, with a status message that says so; None when that message cannot be sent."""
        visitor = visitor_of(user)
        status = await self._say(place, await self.conversation.received(visitor))
        if status is None:
            return None
        place = replace(place, status=status.message_id)
        try:
            async with self.downloads.fetched(pictures) as files:
                reception = await self.conversation.accept(visitor, files, origin=place.words, key=key, title=pictures[0].name)
        except TooBig as error:
            reception = Reception(answer=await self._too_big(visitor, error))
        except DownloadFailed as error:
            log.warning("telegram.download_failed", reason=str(error))
            reception = Reception(answer=await self.conversation.sentence(visitor, "download_failed"))
        await self.settle(place, reception)
        return reception

    async def settle(self, place: Place, reception: Reception) -> None:
        """Let the status message follow the job, say why there is none, or go away where the job has one already."""
        try:
            if not reception.fresh:
                await self.post.remove(place.chat, place.status)
            elif reception.job is None:
                await self.post.show(place, reception.answer)
            else:
                self.keeper.follow(reception.job)
        except Vanished:
            log.info("telegram.status_vanished")

    async def _too_big(self, visitor: Visitor, error: TooBig) -> Answer:
        if error.size is None:
            return await self.conversation.sentence(visitor, "too_big_unsized", most=error.most // MB)
        return await self.conversation.sentence(visitor, "too_big", megabytes=-(-error.size // MB), most=error.most // MB)

    async def _say(self, place: Place, answer: Answer) -> Message | None:
        try:
            return await self.post.say(place, answer)
        except Unreachable as error:
            log.info("telegram.unreachable_chat", chat=hashed(str(place.chat)), reason=str(error))
            return None


def _who(update: Update) -> tuple[Message, User]:
    message, user = update.effective_message, update.effective_user
    if message is None or user is None:
        raise ValueError("an update without a message or a sender")  # the handlers' filters let none through
    return message, user


def _asked(message: Message) -> bool:
    return bool(_RIG.match(message.caption or ""))


def _no_picture(message: Message) -> str:
    """The code of what is to be said of a message without a picture."""
    sticker, document = message.sticker, message.document
    film = message.animation or message.video or message.video_note or (document and moves(document.mime_type))
    if film or (sticker and (sticker.is_animated or sticker.is_video)):
        return "moving_picture"
    return "sticker" if sticker else "not_a_photo"


def _key(message: Message) -> str:
    return f"{message.chat_id}.{message.message_id}"
