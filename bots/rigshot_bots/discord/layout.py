"""Makes Discord's messages of the core's answers.

Two kinds of messages: a *plain* one has a text with buttons below it (status messages, answers to commands); a *result* is
laid out with Components V2, because only there picture, text, files and buttons stand in one frame. A message
can never change from one kind to the other.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import discord
from discord.utils import escape_markdown

from ..addresses import link_works
from ..messages import Answer, Button, Rows
from .buttons import PressButton

__all__ = ["Picture", "answer_layout", "escaped", "is_layout", "plain_view", "relaid", "result_layout"]

MOST_ROWS, MOST_IN_A_ROW = 5, 5
"""Discord's limits of a plain message."""
MOST_LETTERS = 80
"""Of a button's label."""

Item = discord.ui.Item[Any]
V = TypeVar("V", discord.ui.View, discord.ui.LayoutView)


def escaped(text: str) -> str:
    """The core's plain text: a file called ``my_dog_1.jpg`` must not become italic."""
    return escape_markdown(text)


def plain_view(rows: Rows) -> discord.ui.View:
    """The buttons below a plain message."""
    view = discord.ui.View(timeout=None)
    for number, row in enumerate(_fitting(rows)):
        for button in row:
            item = _button(button)
            item.row = number
            view.add_item(item)
    return _untracked(view)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """An attached picture by its file name, and what it shows for those who do not see it."""

    name: str
    alt: str


def result_layout(
    text: str, rows: Rows, *, picture: Picture | None, files: Sequence[str], beside: tuple[str, Picture | None] | None = None
) -> discord.ui.LayoutView:
    """A result: the text, the attached ``picture``, what stands ``beside`` it (a text, a picture), the attached ``files``, the buttons."""
    items: list[Item] = [discord.ui.TextDisplay(text), *_gallery(picture)]
    if beside is not None:
        items += [discord.ui.TextDisplay(beside[0]), *_gallery(beside[1])]
    items += [discord.ui.File(f"attachment://{name}") for name in files]
    return _framed([*items, *_rows(rows)])


def _gallery(picture: Picture | None) -> list[Item]:
    if picture is None:
        return []
    return [discord.ui.MediaGallery(discord.MediaGalleryItem(f"attachment://{picture.name}", description=picture.alt))]


def answer_layout(answer: Answer) -> discord.ui.LayoutView:
    """An answer that takes the place of a result."""
    return _framed([discord.ui.TextDisplay(escaped(answer.text)), *_rows(answer.buttons)])


def relaid(message: discord.Message, rows: Rows) -> discord.ui.LayoutView:
    """A result as it stands, with other buttons."""
    return _framed([*_kept(message.components), *_rows(rows)])


def is_layout(message: discord.Message | None) -> bool:
    """Whether a message is laid out with Components V2."""
    return message is not None and message.flags.components_v2


def _kept(components: Iterable[Any]) -> Iterator[Item]:
    """All but the buttons; attachments by their names, since the addresses that Discord shows expire."""
    for component in components:
        match component:
            case discord.Container():
                yield from _kept(component.children)
            case discord.TextDisplay():
                yield discord.ui.TextDisplay(component.content)
            case discord.MediaGalleryComponent():
                shown = [discord.MediaGalleryItem(_attachment(item.media), description=item.description) for item in component.items]
                yield discord.ui.MediaGallery(*shown)
            case discord.FileComponent():
                yield discord.ui.File(_attachment(component.media))
            case _:
                pass


def _attachment(media: discord.UnfurledMediaItem) -> str:
    return f"attachment://{urlsplit(media.url).path.rpartition('/')[2] or urlsplit(media.url).netloc}"


def _framed(items: Iterable[Item]) -> discord.ui.LayoutView:
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(discord.ui.Container(*items))
    return _untracked(view)


def _untracked(view: V) -> V:
    """A view that the library does not remember: presses are found by their own words, and a bot that runs for months
    must not hold every message that it ever sent."""
    view.stop()
    return view


def _rows(rows: Rows) -> Iterator[Item]:
    for row in _usable(rows):
        for start in range(0, len(row), MOST_IN_A_ROW):
            yield discord.ui.ActionRow(*(_button(button) for button in row[start : start + MOST_IN_A_ROW]))


def _usable(rows: Rows) -> Rows:
    """Without links that Discord would refuse, and the whole message with them."""
    usable = (tuple(button for button in row if button.press or link_works(button.url)) for row in rows)
    return tuple(row for row in usable if row)


def _fitting(rows: Rows) -> Rows:
    """No more rows than a plain message takes: the narrowest neighbours move together where there are more."""
    fitting = list(_usable(rows))
    while len(fitting) > MOST_ROWS:
        width, place = min((len(fitting[place] + fitting[place + 1]), -place) for place in range(len(fitting) - 1))
        if width > MOST_IN_A_ROW:  # no two fit into one: close up all gaps
            buttons = [button for row in fitting for button in row]
            return tuple(tuple(buttons[MOST_IN_A_ROW * row : MOST_IN_A_ROW * (row + 1)]) for row in range(MOST_ROWS))
        fitting[-place : -place + 2] = [fitting[-place] + fitting[-place + 1]]
    return tuple(fitting)


def _button(button: Button) -> Item:
    label = button.label if len(button.label) <= MOST_LETTERS else f"{button.label[: MOST_LETTERS - 1]}…"
    if button.url:
        return discord.ui.Button(label=label, url=button.url)
    return PressButton(button.press, label=label, danger=button.danger)
