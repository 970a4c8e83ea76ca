"""Buttons that outlive restarts: all that a press needs is in the button itself."""

import re
from typing import Any, Protocol, Self, cast

import discord

__all__ = ["PressButton", "Presses"]

PRESS = r"(?P<press>[a-z]+(:[^:]+)*)"
"""A press as the core writes it."""


class Presses(Protocol):
    """What the client must be able to do so that buttons work."""

    async def pressed(self, interaction: discord.Interaction[Any], press: str) -> None:
        """Answer a press."""
        ...


class PressButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=PRESS):
    """A button that carries one of the core's presses as its ``custom_id``."""

    def __init__(self, press: str, *, label: str, danger: bool = False) -> None:
        style = discord.ButtonStyle.danger if danger else discord.ButtonStyle.secondary
        super().__init__(discord.ui.Button(label=label, style=style, custom_id=press))

    @classmethod
    async def from_custom_id(cls, _interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /) -> Self:
        """The button of a message that any earlier process has sent."""
        button = cast("discord.ui.Button[Any]", item)
        return cls(match["press"], label=button.label or "", danger=button.style is discord.ButtonStyle.danger)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the press over to the client."""
        await cast("Presses", interaction.client).pressed(interaction, self.custom_id)
