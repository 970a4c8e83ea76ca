"""Where in Discord a status message stands, and by which ways it and its person can be reached later."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import discord
from discord.utils import DEFAULT_FILE_SIZE_LIMIT_BYTES

__all__ = ["PLATFORM", "Place", "visible_to_others"]

PLATFORM: Final = "discord"
IDS = ("channel", "message", "user", "application")
TOKEN_SECONDS = 15 * 60 - 30
"""Discord takes an interaction's token for 15 minutes; a request on its way must arrive before."""

Interaction = discord.Interaction[Any]


@dataclass(frozen=True, kw_only=True)
class Place:
    """A status message and the ways to it; what a job's ``origin`` holds.

    ``channel`` and ``message``: the status message (0: none yet). ``user``: who asked. ``public``: others read there, too. ``member``:
    the bot may write there by itself; else only ``token`` leads there, until ``token_ends`` (seconds since 1970).
    ``application``: whose token it is. ``original``: the status message is the answer to the interaction itself, which Discord shows as
    “thinking…” until it is edited under the name of ``@original``. ``limit``: bytes that may be uploaded.
    """

    channel: int
    message: int = 0
    user: int
    public: bool = False
    member: bool = True
    application: int = 0
    token: str = ""
    token_ends: int = 0
    original: bool = False
    limit: int = DEFAULT_FILE_SIZE_LIMIT_BYTES

    @classmethod
    def of_interaction(cls, interaction: Interaction, message: int = 0, *, original: bool = False) -> "Place":
        """The place of an interaction, with the status message that follows it."""
        return cls(
            channel=interaction.channel_id or 0,
            message=message,
            user=interaction.user.id,
            public=visible_to_others(interaction),
            member=_member(interaction),
            application=interaction.application_id,
            token=interaction.token,
            token_ends=int(interaction.created_at.timestamp()) + TOKEN_SECONDS,
            original=original,
            limit=interaction.filesize_limit,
        )

    @classmethod
    def of_message(cls, message: discord.Message) -> "Place":
        """The place of a direct message."""
        return cls(channel=message.channel.id, user=message.author.id)

    @classmethod
    def read(cls, origin: Mapping[str, Any]) -> "Place":
        """The place that ``write`` wrote."""
        words: dict[str, Any] = {**origin, **{name: int(origin[name]) for name in IDS}}
        return cls(**words)

    def write(self) -> dict[str, Any]:
        """As JSON; ids as text, because some readers of JSON know numbers of 53 bits only."""
        return {**asdict(self), **{name: str(getattr(self, name)) for name in IDS}}

    def at(self, message: int) -> "Place":
        """The same place with another status message."""
        return replace(self, message=message)

    @property
    def token_lives(self) -> bool:
        """Whether the interaction's token can still be used."""
        return bool(self.token) and time.time() < self.token_ends


def visible_to_others(interaction: Interaction) -> bool:
    """Whether others than the person read what is said there."""
    return interaction.guild_id is not None or interaction.context.private_channel


def _member(interaction: Interaction) -> bool:
    """Whether the bot may write there without the interaction's token.

    It may not where only the person has installed it (another server, a group of friends), nor in a channel that is closed to it.
    """
    if interaction.guild_id is None:
        return not interaction.context.private_channel
    if not interaction.is_guild_integration():
        return False
    may = interaction.app_permissions
    speak = may.send_messages_in_threads if isinstance(interaction.channel, discord.Thread) else may.send_messages
    return may.view_channel and speak and may.attach_files
