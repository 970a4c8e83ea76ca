"""Puts the Discord bot together and runs it until it is told to stop."""

import asyncio
import secrets
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import discord
import structlog
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from rigshot_queue import QueueUnavailable

from .. import logs
from ..conversation import Conversation, open_conversation
from ..deliver import deliver
from ..keeper import StatusKeeper
from ..messages import Visitor
from ..running import until_stopped
from ..settings import BotSettings, DiscordSettings
from .board import PACE, TROUBLE, Board
from .buttons import PressButton
from .commands import add_commands
from .courier import Courier
from .desk import Desk
from .intake import from_direct_message, take
from .layout import escaped
from .orders import Order, Orders
from .pictures import Downloads
from .place import PLATFORM
from .presses import answer_press
from .publishing import publish
from .traces import Traces
from .translator import Words

__all__ = ["run"]

MB = 2**20
TROUBLE_SECONDS = 3.0
LONGEST_WAIT = 60.0
"""Seconds of a rate limit that a request may sit out; what takes longer goes back to the line of deliveries."""
TOO_LATE = 10062
"""Discord has given an interaction up: it waits for three seconds."""

log = structlog.get_logger()

Interaction = discord.Interaction[Any]


async def run(settings: BotSettings, *, sync_guild: int | None = None) -> None:
    """Run the bot until SIGTERM or SIGINT; with ``sync_guild`` its commands are on that server alone.

    Raises discord.LoginFailure, QueueUnavailable, pydantic's ValidationError.
    """
    token = settings.discord.token
    if token is None:
        raise discord.LoginFailure("no token is set")
    logs.set_up(json=settings.log_json, secrets=[token.get_secret_value()])
    _point_at(settings.discord)
    async with AsyncExitStack() as stack:
        conversation = await stack.enter_async_context(open_conversation(PLATFORM))
        client = RigshotClient()
        stack.push_async_callback(client.close)
        if await until_stopped(_log_in(client, token.get_secret_value())):
            return
        session = await stack.enter_async_context(aiohttp.ClientSession())
        board = Board(client)
        keeper = await stack.enter_async_context(StatusKeeper(conversation, show=board.show, pace=lambda _: PACE))
        client.desk = _desk(client, conversation, board, keeper, session)
        await client.prepare(sync_guild)
        await keeper.resume()
        left_over = await client.desk.orders.left_over()
        courier = Courier(client, board, keeper, client.desk.traces)
        await until_stopped(client.work(left_over), deliver(conversation, courier))
        log.info("discord.stopping")


def _point_at(settings: DiscordSettings) -> None:
    """The library keeps Discord's addresses in two constants."""
    Route.BASE = str(settings.api_url).rstrip("/")
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(str(settings.gateway_url))


async def _log_in(client: discord.Client, token: str) -> None:
    while True:
        try:
            await client.login(token)
        except discord.LoginFailure:
            raise
        except TROUBLE as error:
            log.warning("discord.unreachable", reason=f"{type(error).__name__}: {error}")
            await client.http.close()  # each login opens a new session
            await asyncio.sleep(TROUBLE_SECONDS)
        else:
            return


def _desk(client: discord.Client, conversation: Conversation, board: Board, keeper: StatusKeeper, session: aiohttp.ClientSession) -> Desk:
    return Desk(
        client=client,
        conversation=conversation,
        board=board,
        keeper=keeper,
        orders=Orders(conversation.notes),
        downloads=Downloads(session, most=conversation.queue.settings.limits.photo_mb * MB),
        traces=Traces(conversation.notes, seconds=conversation.storage.retention),
    )


class RigshotClient(discord.Client):
    """The connection to Discord; hands everything that arrives to the parts of the bot."""

    desk: Desk

    def __init__(self) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nobody is missing a voice here
        super().__init__(
            # Commands, menus and direct messages bring their pictures along: the privileged message content is not asked for.
            intents=discord.Intents(guilds=True, dm_messages=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_ratelimit_timeout=LONGEST_WAIT,
        )
        self.tree = _Tree(self)

    async def prepare(self, sync_guild: int | None) -> None:
        """Declare commands and buttons; tell Discord about the commands where they have changed."""
        words = Words()
        add_commands(self.tree)
        await self.tree.set_translator(words)
        self.add_dynamic_items(PressButton)
        await publish(self.tree, words, self.desk.conversation.notes, guild=sync_guild)

    async def work(self, left_over: list[Order]) -> None:
        """Take up what an earlier process left, and listen to Discord; runs until cancelled. Raises discord.ConnectionClosed."""
        taking_up = [asyncio.create_task(self._take_up(order)) for order in left_over]
        try:
            await self.connect()
        finally:
            for task in taking_up:
                task.cancel()
            await asyncio.gather(*taking_up, return_exceptions=True)

    async def _take_up(self, order: Order) -> None:
        log.info("discord.taken_up", key=order.key)
        try:
            await take(self.desk, order)
        except Exception as error:
            log.error("discord.broke", number=secrets.token_hex(3), exc_info=error)

    async def on_ready(self) -> None:
        """Discord is there (again)."""
        log.info("discord.ready", bot=str(self.user), servers=len(self.guilds))

    async def on_message(self, message: discord.Message) -> None:
        """A direct message; the intents bring no others."""
        if message.guild is not None or message.author.bot or message.is_system():
            return
        try:
            await from_direct_message(self.desk, message)
        except Exception as error:
            answer = await self._trouble(error, await self.desk.writer(message))
            if answer:
                await message.reply(answer)

    async def pressed(self, interaction: Interaction, press: str) -> None:
        """A pressed button."""
        try:
            await answer_press(self.desk, interaction, press)
        except Exception as error:
            await self.apologise(interaction, error)

    async def apologise(self, interaction: Interaction, error: Exception) -> None:
        """Tell the person that an answer of ours broke."""
        answer = await self._trouble(error, self.desk.visitor(interaction))
        if not answer:
            return
        try:
            if interaction.type is discord.InteractionType.application_command and interaction.response.is_done():
                await interaction.edit_original_response(content=answer, view=None)  # else it would go on “thinking”
            elif interaction.response.is_done():
                await interaction.followup.send(answer, ephemeral=True)
            else:
                await interaction.response.send_message(answer, ephemeral=True)
        except TROUBLE as trouble:
            log.warning("discord.could_not_tell", reason=f"{type(trouble).__name__}: {trouble}")

    async def _trouble(self, error: Exception, visitor: Visitor) -> str:
        """Log an error; what to tell the person, empty where they can no longer be told."""
        if isinstance(error, discord.HTTPException) and error.code == TOO_LATE:
            log.warning("discord.too_late")
            return ""
        # Redis away is no secret and no fault of ours to be looked up in a log.
        code = "busy_command" if isinstance(error, QueueUnavailable) else "our_fault"
        number = secrets.token_hex(3)
        log.error("discord.broke", number=number, exc_info=error)
        return escaped((await self.desk.conversation.sentence(visitor, code, number=number)).text)


class _Tree(app_commands.CommandTree[RigshotClient]):
    """The commands; what breaks in one is told to the person."""

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        """Tell the person."""
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        await self.client.apologise(interaction, cause)
