"""Answers pressed buttons: carries out what the core says."""

from typing import Any

import discord

from ..messages import Answer, Press, Pressed
from .desk import Desk
from .intake import answer_album, make_again
from .layout import answer_layout, escaped, is_layout, plain_view, relaid
from .place import Place

__all__ = ["answer_press"]

Interaction = discord.Interaction[Any]


async def answer_press(desk: Desk, interaction: Interaction, data: str) -> None:
    """Acknowledge a press, ask the core what it means, and do that."""
    await interaction.response.defer()
    press = Press.read(data)
    if press.action in ("views", "each") and len(press.words) == 2:
        await answer_album(desk, interaction, press)
        return
    visitor = desk.visitor(interaction)
    pressed = await desk.conversation.press(visitor, data)
    await _carry_out(desk, interaction, pressed)
    if pressed.forgotten:
        for place in [*map(Place.read, pressed.forgotten), *await desk.traces.take(visitor.person)]:
            await desk.board.take_down(place)


async def _carry_out(desk: Desk, interaction: Interaction, pressed: Pressed) -> None:
    if pressed.notice:
        await interaction.followup.send(escaped(pressed.notice), ephemeral=True)
    if pressed.rerun is not None:
        await make_again(desk, interaction, pressed.rerun)
    if pressed.buttons is not None and interaction.message is not None:
        layout = is_layout(interaction.message)
        await interaction.edit_original_response(
            view=relaid(interaction.message, pressed.buttons) if layout else plain_view(pressed.buttons)
        )
    if pressed.replace is not None:
        await _replace(interaction, pressed.replace)


async def _replace(interaction: Interaction, answer: Answer) -> None:
    """Put an answer in the place of the message, its pictures and files taken out."""
    if is_layout(interaction.message):
        await interaction.edit_original_response(view=answer_layout(answer), attachments=[])
    else:
        await interaction.edit_original_response(content=escaped(answer.text), view=plain_view(answer.buttons))
