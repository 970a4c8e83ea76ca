"""Takes photos in: those of a command, of a message's menu, of a direct message, and those that are to be made once more."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import discord
import structlog

from rigshot_queue import QueueUnavailable

from ..incoming import DownloadFailed, TooBig, moves
from ..keeper import Vanished
from ..messages import Answer, Press, Reception, Rerun, Visitor, owner_mark
from .desk import Desk
from .layout import escaped, plain_view
from .orders import Order
from .pictures import Picture, pictures_in, pictures_of
from .place import Place, visible_to_others

__all__ = ["answer_album", "from_command", "from_direct_message", "from_menu", "make_again", "take"]

MB = 2**20

log = structlog.get_logger()

Interaction = discord.Interaction[Any]


async def from_command(desk: Desk, interaction: Interaction, attached: Sequence[discord.Attachment], wishes: Mapping[str, str]) -> None:
    """``/rig``: one model of the first of the ``attached`` files; further ones are views of it."""
    pictures = pictures_in(attached)
    if len(pictures) < len(attached):
        await _tell(desk, interaction, _no_picture(attached))
    else:
        await _one(desk, interaction, pictures, wishes)


async def from_menu(desk: Desk, interaction: Interaction, message: discord.Message) -> None:
    """The menu of a message: its picture, or the question what its pictures are."""
    pictures = pictures_of(message)
    if not pictures:
        await _tell(desk, interaction, "discord_no_picture")
    elif len(pictures) == 1:
        await _one(desk, interaction, pictures, {})
    else:
        await interaction.response.defer(ephemeral=visible_to_others(interaction), thinking=True)
        place = Place.of_interaction(interaction)
        question = await _question(desk, _order(desk.visitor(interaction), f"dc{interaction.id}", pictures, place))
        if question is not None:
            await interaction.edit_original_response(content=escaped(question.text), view=plain_view(question.buttons))


async def from_direct_message(desk: Desk, message: discord.Message) -> None:
    """A direct message: its picture, the question what its pictures are, or the advice to send one."""
    visitor = await desk.writer(message)
    pictures = pictures_of(message)
    order = _order(visitor, f"dc{message.id}", pictures, Place.of_message(message))
    if not pictures:
        answer = await desk.conversation.sentence(visitor, _no_picture(message.attachments) if message.attachments else "just_text")
        await message.reply(escaped(answer.text))
    elif len(pictures) == 1:
        status = await message.reply(escaped((await desk.conversation.received(visitor)).text))
        await take(desk, order.at(status.id))
    elif (question := await _question(desk, order)) is not None:
        await message.reply(escaped(question.text), view=plain_view(question.buttons))


async def answer_album(desk: Desk, interaction: Interaction, press: Press) -> None:
    """The press that says what several pictures are; a killed bot takes the same press once more, jobs know their keys."""
    visitor = desk.visitor(interaction)
    mark, key = press.words
    if mark != owner_mark(visitor.person):
        await interaction.followup.send(escaped((await desk.conversation.sentence(visitor, "not_yours")).text), ephemeral=True)
        return
    album = await desk.orders.album(visitor.person, key)
    if album is None:
        gone = await desk.conversation.sentence(visitor, "album_gone")
        await interaction.edit_original_response(content=escaped(gone.text), view=None)
        return
    for number, pictures in enumerate(desk.conversation.album_parts(press.action, album.pictures)):
        place = await _status(desk, interaction, visitor)
        reception = await take(desk, _order(visitor, f"{key}-{number}", pictures, place))
        if reception.full:
            break
    said = await desk.conversation.album_begun(visitor, press.action, len(album.pictures))
    await interaction.edit_original_response(content=escaped(said.text), view=None)
    await desk.orders.album_done(album)


async def make_again(desk: Desk, interaction: Interaction, wish: Rerun) -> None:
    """The press that wants a finished job once more."""
    visitor = desk.visitor(interaction)
    place = await _status(desk, interaction, visitor, again=True)
    reception = await desk.conversation.rerun(visitor, wish, origin=place.write(), key=f"dc{interaction.id}")
    await _show(desk, place, reception)


async def take(desk: Desk, order: Order) -> Reception:
    """Fetch the pictures of an order, put it into the line, and say so in its status message."""
    with suppress(QueueUnavailable):  # then the person is told below
        await desk.orders.open(order)
    reception = await _accepted(desk, order)
    await _show(desk, order.place, reception)
    with suppress(QueueUnavailable):  # then it is taken up at the next start, and found to be a job
        await desk.orders.close(order)
    return reception


async def _one(desk: Desk, interaction: Interaction, pictures: Sequence[Picture], wishes: Mapping[str, str]) -> None:
    acknowledged = await interaction.response.defer(thinking=True)
    message = acknowledged.message_id if acknowledged else None
    place = Place.of_interaction(interaction, message or (await interaction.original_response()).id, original=True)
    visitor = desk.visitor(interaction)
    reception = await take(desk, _order(visitor, f"dc{interaction.id}", pictures, place, wishes))
    if reception.job is not None and not place.member:
        with suppress(Vanished):  # a hint before the first edit would take the place of “thinking…”
            await desk.board.put(place, reception.answer)
        hint = await desk.conversation.sentence(visitor, "discord_closed_place")
        await interaction.followup.send(escaped(hint.text), ephemeral=True)


async def _accepted(desk: Desk, order: Order) -> Reception:
    conversation, visitor = desk.conversation, order.visitor
    title = order.pictures[0].name
    try:
        async with desk.downloads.fetched(order.pictures) as photos:
            return await conversation.accept(visitor, photos, origin=order.place.write(), key=order.key, title=title, wishes=order.wishes)
    except TooBig as error:
        if error.size is None:
            answer = await conversation.sentence(visitor, "too_big_unsized", most=error.most // MB)
        else:
            answer = await conversation.sentence(visitor, "too_big", megabytes=-(-error.size // MB), most=error.most // MB)
    except DownloadFailed as error:
        log.warning("discord.download_failed", reason=str(error))
        answer = await conversation.sentence(visitor, "download_failed")
    return Reception(answer=answer)


async def _show(desk: Desk, place: Place, reception: Reception) -> None:
    """Say what became of an order; the keeper of status messages speaks for what is in the line."""
    if reception.job is not None and reception.fresh:
        desk.keeper.follow(reception.job)
        return
    try:
        if reception.job is not None:  # Discord told of it twice: the first status message holds
            await desk.board.take_down(place)
        else:
            await desk.board.put(place, reception.answer)
    except Vanished:
        log.info("discord.status_vanished")


async def _status(desk: Desk, interaction: Interaction, visitor: Visitor, *, again: bool = False) -> Place:
    """A new status message that answers a press."""
    received = await desk.conversation.received(visitor, again=again)
    message = await interaction.followup.send(escaped(received.text), wait=True)
    return Place.of_interaction(interaction, message.id)


async def _question(desk: Desk, album: Order) -> Answer | None:
    """What several pictures are; None where that has been asked already."""
    try:
        if not await desk.orders.ask_about(album):
            return None
    except QueueUnavailable:
        return await desk.conversation.sentence(album.visitor, "busy")
    return await desk.conversation.ask_album(album.visitor, len(album.pictures), album.key)


async def _tell(desk: Desk, interaction: Interaction, code: str) -> None:
    """Say something that concerns the person alone."""
    await interaction.response.defer(ephemeral=visible_to_others(interaction), thinking=True)
    answer = await desk.conversation.sentence(desk.visitor(interaction), code)
    await interaction.edit_original_response(content=escaped(answer.text))


def _no_picture(attached: Sequence[discord.Attachment]) -> str:
    """The code of what is to be said of files that are not all pictures."""
    return "moving_picture" if any(moves(file.content_type) for file in attached) else "not_a_photo"


def _order(visitor: Visitor, key: str, pictures: Sequence[Picture], place: Place, wishes: Mapping[str, str] | None = None) -> Order:
    return Order(
        key=key,
        person=visitor.person,
        language_code=visitor.language_code,
        pictures=tuple(pictures),
        place=place,
        wishes=dict(wishes or {}),
    )
