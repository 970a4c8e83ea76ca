"""Tells Discord which commands there are: only when they have changed, since Discord counts."""

import hashlib
import json

import discord
import structlog
from discord import app_commands

from ..notes import DAY, Notes
from .translator import Words

__all__ = ["publish"]

KEPT = 365 * DAY
log = structlog.get_logger()


async def publish(tree: app_commands.CommandTree[discord.Client], words: Words, notes: Notes, *, guild: int | None) -> bool:
    """Publish the commands (for one server alone where ``guild`` is set) unless Discord has them already; whether it was needed.

    Raises QueueUnavailable and what discord.py raises.
    """
    payload = [await command.get_translated_payload(tree, words) for command in tree.get_commands()]
    mark = hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
    note = f"commands/{tree.client.application_id}/{guild or 'everywhere'}"
    if await notes.read(note) == mark:
        return False
    if guild is not None:
        tree.copy_global_to(guild=discord.Object(guild))
    await tree.sync(guild=discord.Object(guild) if guild is not None else None)
    await notes.write(note, mark, seconds=KEPT)
    log.info("discord.commands_published", commands=len(payload), guild=guild)
    return True
