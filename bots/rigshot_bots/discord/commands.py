"""The commands as Discord's menus show them; what they answer comes from the core."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, cast

import discord
from discord import app_commands

from rigshot_queue import SUBJECTS

from ..messages import Answer, Visitor
from .desk import Desk
from .intake import from_command, from_menu
from .layout import escaped, plain_view
from .place import visible_to_others
from .translator import sentence

__all__ = ["CLIPS", "HasDesk", "add_commands"]

CLIPS = ("idle", "walk", "trot", "hop", "sit", "look", "wag", "wave", "wiggle", "bounce", "peck", "flap", "swim", "slither")
"""Movements that the core has names for; which of them a model has depends on its body."""

Interaction = discord.Interaction[Any]
Tree = app_commands.CommandTree[Any]
Ask = Callable[[Visitor], Awaitable[Answer]]


class HasDesk(Protocol):
    """What the client must have so that commands work."""

    @property
    def desk(self) -> Desk:
        """The tools of the running bot."""
        ...


def add_commands(tree: Tree) -> None:
    """Declare all commands."""
    tree.add_command(_rig)
    tree.add_command(_rig_this)
    for name in ("queue", "status", "cancel", "settings", "delete", "privacy", "help"):
        tree.add_command(_question(name))


def _desk(interaction: Interaction) -> Desk:
    return cast("HasDesk", interaction.client).desk


def _choices(kind: str, names: tuple[str, ...]) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=sentence(f"{kind}_{name}"), value=name) for name in names]


@app_commands.command(name="rig", description=sentence("command_rig"))
@app_commands.rename(photo=sentence("discord_photo"), subject=sentence("discord_subject"), clip=sentence("discord_clip"))
@app_commands.rename(second=sentence("discord_second"), third=sentence("discord_third"), fourth=sentence("discord_fourth"))
@app_commands.describe(
    photo=sentence("discord_photo_help"),
    subject=sentence("discord_subject_help"),
    clip=sentence("discord_clip_help"),
    second=sentence("discord_view_help"),
    third=sentence("discord_view_help"),
    fourth=sentence("discord_view_help"),
)
@app_commands.choices(subject=_choices("plan", SUBJECTS), clip=_choices("clip", CLIPS))
async def _rig(
    interaction: Interaction,
    photo: discord.Attachment,
    subject: app_commands.Choice[str] | None = None,
    clip: app_commands.Choice[str] | None = None,
    second: discord.Attachment | None = None,
    third: discord.Attachment | None = None,
    fourth: discord.Attachment | None = None,
) -> None:
    files = [file for file in (photo, second, third, fourth) if file is not None]
    wishes = {name: choice.value for name, choice in (("subject", subject), ("clip", clip)) if choice is not None}
    await from_command(_desk(interaction), interaction, files, wishes)


@app_commands.context_menu(name=sentence("discord_rig_this"))
async def _rig_this(interaction: Interaction, message: discord.Message) -> None:
    await from_menu(_desk(interaction), interaction, message)


def _question(name: str) -> app_commands.Command[Any, ..., None]:
    """A command without options, whose answer only the person sees where others read along."""

    async def answer(interaction: Interaction) -> None:
        desk = _desk(interaction)
        await interaction.response.defer(ephemeral=visible_to_others(interaction), thinking=True)
        said = await desk.conversation.commands[name](desk.visitor(interaction))
        await interaction.edit_original_response(content=escaped(said.text), view=plain_view(said.buttons))

    return app_commands.Command(name=name, description=sentence(f"command_{name}"), callback=answer)
