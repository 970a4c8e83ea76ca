"""Puts the Telegram bot together and runs it until it is told to stop."""

import asyncio
import logging
import os
import secrets
from contextlib import AsyncExitStack

import structlog
from telegram import Message, Update
from telegram.error import InvalidToken, NetworkError, TelegramError
from telegram.ext import AIORateLimiter, Application, ApplicationBuilder, ContextTypes

from rigshot_queue import Job, QueueUnavailable

from .. import logs
from ..conversation import Conversation, open_conversation
from ..deliver import Unreachable, deliver
from ..keeper import StatusKeeper
from ..messages import Answer
from ..running import until_stopped
from ..settings import BotSettings, TelegramSettings
from .albums import Albums
from .courier import TelegramCourier
from .downloads import Downloads
from .inbox import Inbox, Worklist
from .menu import publish
from .place import PLATFORM, Place, visitor_of
from .post import Post
from .presses import Presses
from .talk import Talk

__all__ = ["run"]

READ_SECONDS = 20.0
TROUBLE_SECONDS = 3.0
MB = 2**20

log = structlog.get_logger()


async def run(settings: BotSettings) -> None:
    """Run the bot until SIGTERM or SIGINT. Raises InvalidToken, QueueUnavailable, pydantic's ValidationError."""
    os.environ.setdefault("PTB_TIMEDELTA", "1")  # the library's own switch: pauses as timedelta, as all of its next versions have them
    token = settings.telegram.token
    if token is None:
        raise InvalidToken("no token is set")
    # It tells every flood with a traceback; the post waits it out and says so in a line.
    logging.getLogger("telegram.ext.AIORateLimiter").setLevel(logging.CRITICAL)
    logs.set_up(json=settings.log_json, secrets=[token.get_secret_value()])
    async with AsyncExitStack() as stack:
        conversation = await stack.enter_async_context(open_conversation(PLATFORM))
        inbox = Inbox(conversation.notes)
        app = _application(settings.telegram, token.get_secret_value(), inbox)
        await _initialise(app)
        stack.push_async_callback(app.shutdown)
        await _serve(app, inbox, conversation, settings.telegram, stack)


def _application(settings: TelegramSettings, token: str, inbox: Inbox) -> "Application":  # type: ignore[type-arg]
    return (
        ApplicationBuilder()
        .token(token)
        .base_url(str(settings.base_url))
        .base_file_url(str(settings.base_file_url))
        .local_mode(settings.local_mode)
        .rate_limiter(AIORateLimiter())  # paces; floods are waited out by the post, for one chat and not for all
        .concurrent_updates(Worklist(inbox))
        .read_timeout(READ_SECONDS)
        .updater(None)
        .job_queue(None)
        .build()
    )


async def _initialise(app: "Application") -> None:  # type: ignore[type-arg]
    while True:
        try:
            await app.initialize()
        except InvalidToken:
            raise
        except NetworkError as error:
            log.warning("telegram.unreachable", reason=str(error))
            await asyncio.sleep(TROUBLE_SECONDS)
        else:
            log.info("telegram.ready", bot=app.bot.username)
            return


async def _serve(app: "Application", inbox: Inbox, conversation: Conversation, settings: TelegramSettings, stack: AsyncExitStack) -> None:  # type: ignore[type-arg]
    post = Post(app.bot, conversation.notes)

    async def show(job: Job, answer: Answer) -> None:
        await post.show(Place.read(job.request.origin), answer)

    def pace(job: Job) -> float:
        place = Place.read(job.request.origin)
        if not place.group:
            return settings.edit_seconds
        # A group allows 20 messages and edits a minute, to all of its jobs together.
        return settings.edit_seconds * max(sum(Place.read(other.request.origin).chat == place.chat for other in keeper.followed), 1)

    keeper = await stack.enter_async_context(StatusKeeper(conversation, show=show, pace=pace))
    downloads = Downloads(app.bot, local=settings.local_mode, most=conversation.queue.settings.limits.photo_mb * MB)
    stack.push_async_callback(downloads.close)
    albums = Albums(conversation.notes)
    talk = Talk(conversation=conversation, post=post, keeper=keeper, downloads=downloads, albums=albums)
    talk.register(app)
    Presses(conversation=conversation, post=post, albums=albums, talk=talk).register(app)
    app.add_error_handler(_Trouble(conversation, post).handle)
    courier = TelegramCourier(conversation=conversation, post=post, keeper=keeper, local=settings.local_mode)
    await publish(app.bot, conversation.notes)
    await keeper.resume()
    await app.start()
    stack.push_async_callback(app.stop)
    await until_stopped(inbox.fetch(app.bot, app.update_queue), deliver(conversation, courier))


class _Trouble:
    """What happens when an answer of ours breaks: a number in the log and in a sentence for the person."""

    def __init__(self, conversation: Conversation, post: Post) -> None:
        self._conversation = conversation
        self._post = post

    async def handle(self, update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Log the error and tell the person."""
        number = secrets.token_hex(3)
        error = context.error
        log.error("telegram.broke", number=number, exc_info=error)
        if not isinstance(update, Update) or update.effective_user is None or update.effective_chat is None:
            return
        visitor = visitor_of(update.effective_user)
        # Redis away is no secret and no fault of ours to be looked up in a log.
        code = "busy_command" if isinstance(error, QueueUnavailable) else "our_fault"
        place = (
            Place.of(update.effective_message) if isinstance(update.effective_message, Message) else Place(chat=update.effective_chat.id)
        )
        try:
            await self._post.say(place, await self._conversation.sentence(visitor, code, number=number))
        except (Unreachable, TelegramError) as trouble:
            log.warning("telegram.could_not_tell", number=number, reason=str(trouble))
