"""``rigshot discord``: runs the Discord bot."""

import argparse
import asyncio
import sys

from ..command import Command
from ..texts import LANGUAGES, say

__all__ = ["COMMAND"]

FAILED, NOT_SET_UP = 1, 2


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "The token comes from RIGSHOT_DISCORD__TOKEN; .env.example lists every setting."
    parser.add_argument("--sync-guild", type=int, metavar="ID", help="put the commands on this server alone, at once; for development")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="the language of this command's own sentences")


def _run(arguments: argparse.Namespace) -> int:
    # The libraries behind these take a second that --help need not wait for.
    from pydantic import ValidationError

    from rigshot_queue import QueueUnavailable
    from rigshot_storage import explain

    from ..settings import BotSettings

    def give_up(code: str, status: int, **values: object) -> int:
        sys.stderr.write(f"{say(code, arguments.language, **values)}\n")
        return status

    try:
        import discord

        from .bot import run
    except ModuleNotFoundError as error:
        if error.name != "discord":
            raise
        return give_up("discord_library_missing", NOT_SET_UP)
    try:
        settings = BotSettings()
        if settings.discord.token is None:
            return give_up("discord_no_token", NOT_SET_UP)
        asyncio.run(run(settings, sync_guild=arguments.sync_guild or settings.discord.sync_guild))
    except ValidationError as error:
        return give_up("bot_cannot_start", FAILED, reason=explain(error))
    except discord.LoginFailure:
        return give_up("discord_refused", NOT_SET_UP)
    except discord.ConnectionClosed as error:
        return give_up("discord_away", FAILED, reason=str(error))
    except QueueUnavailable as error:
        return give_up("bot_cannot_start", FAILED, reason=error.sentence(arguments.language))
    return 0


COMMAND = Command(help="run the Discord bot", configure=_configure, run=_run)
