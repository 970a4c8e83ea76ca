"""Publishes the list of commands in both languages, when it has changed."""

import hashlib
import json

from telegram import Bot, BotCommand

from ..notes import DAY, Notes
from ..texts import Language, say

__all__ = ["publish"]

COMMANDS = ("help", "status", "queue", "cancel", "settings", "delete", "privacy", "rig")
CODES: tuple[tuple[str | None, Language], ...] = ((None, "en"), ("zh", "zh-TW"))
"""Telegram's language codes have two letters; None is for everybody else."""


async def publish(bot: Bot, notes: Notes) -> None:
    """Set the commands of the bot unless they are the ones that were set last."""
    menus = [(code, [(name, say(f"command_{name}", language)) for name in COMMANDS]) for code, language in CODES]
    digest = hashlib.sha256(json.dumps([bot.id, menus]).encode()).hexdigest()
    if await notes.read("menu") == digest:
        return
    for code, rows in menus:
        await bot.set_my_commands([BotCommand(name, text) for name, text in rows], language_code=code)
    await notes.write("menu", digest, seconds=365 * DAY)
