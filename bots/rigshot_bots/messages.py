"""What the core and the faces hand to each other: who speaks, what is answered, what a button says when it is pressed.

Everything is plain text and plain values. A button carries either an address or a *press*: a short line such as
``again:01j…`` (at most 64 bytes, Telegram's limit) that holds all that is needed to act on it, so that it still works
after a restart.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rigshot_queue import Job

__all__ = ["Answer", "Button", "Press", "Pressed", "Reception", "Rerun", "Rows", "Visitor", "owner_mark"]

MAX_PRESS = 64
"""Bytes that Telegram allows for the data of a button; Discord allows 100 characters."""


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Whoever speaks: ``person`` is "platform:id", ``language_code`` what the platform or browser says (``zh-hant``, ``en-GB``)."""

    person: str
    platform: str
    language_code: str | None = None


@dataclass(frozen=True, kw_only=True)
class Button:
    """A button with its label and either a ``press`` or a ``url``."""

    label: str
    press: str = ""
    url: str = ""
    danger: bool = False


Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A text with rows of buttons below it."""

    text: str
    buttons: Rows = ()


@dataclass(frozen=True, kw_only=True)
class Press:
    """What a button says: an ``action`` and the ``words`` that it needs, none of which holds a colon."""

    action: str
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        line = ":".join((self.action, *self.words))
        if len(line.encode()) > MAX_PRESS:
            raise ValueError(f"a press of {len(line.encode())} bytes: {line}")
        return line

    @classmethod
    def read(cls, line: str) -> "Press":
        """The press that a button's data holds."""
        action, *words = line.split(":")
        return cls(action=action, words=tuple(words))


@dataclass(frozen=True, kw_only=True)
class Reception:
    """What became of a photo: ``job`` is None where it was refused.

    ``fresh`` is False where the same message had been taken before;
    ``full``: a limit refused it, and would refuse another one as well.
    """

    answer: Answer
    job: Job | None = None
    fresh: bool = True
    full: bool = False


@dataclass(frozen=True, kw_only=True)
class Rerun:
    """A person's wish to have a finished job made once more; carried out by ``Conversation.rerun``. None: as it was."""

    job: str
    redo: str | None = None
    clip: str | None = None
    other_seed: bool = False
    repose: str | None = None


@dataclass(frozen=True, kw_only=True)
class Pressed:
    """What a face does about a press; every field that is set is to be carried out, in this order.

    ``notice`` is shown to the person alone (a toast or an ephemeral message, at most 200 characters); ``rerun`` goes back to
    ``Conversation.rerun`` once a status message stands; ``buttons`` replace those of the pressed message; ``replace``
    replaces its text and buttons (a picture in it goes, too, where the platform can do that); ``forgotten`` are the origins of
    jobs whose status messages are to be removed where the platform can do that.
    """

    notice: str = ""
    rerun: Rerun | None = None
    buttons: Rows | None = None
    replace: Answer | None = None
    forgotten: tuple[Mapping[str, Any], ...] = field(default=())


def owner_mark(person: str) -> str:
    """A short mark of a person for buttons that belong to nobody's job: it tells presses of others apart and names nobody."""
    return hashlib.blake2s(person.encode(), digest_size=6).hexdigest()
