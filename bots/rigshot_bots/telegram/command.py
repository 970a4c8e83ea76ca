"""``rigshot telegram``: runs the Telegram bot."""

import argparse
import asyncio
import sys

from ..command import Command
from ..texts import LANGUAGES, say

__all__ = ["COMMAND"]

FAILED, NOT_SET_UP = 1, 2


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "The token comes from RIGSHOT_TELEGRAM__TOKEN; .env.example lists every setting."
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="the language of this command's own sentences")


def _run(arguments: argparse.Namespace) -> int:
    # The libraries behind these take a second that --help need not wait for.
    from pydantic import ValidationError

    from rigshot_queue import QueueUnavailable
    from rigshot_storage import explain

    from ..settings import BotSettings

    def give_up(code: str, **values: object) -> int:
        sys.stderr.write(f"{say(code, arguments.language, **values)}\n")
        return NOT_SET_UP if code != "bot_cannot_start" else FAILED

    try:
        from telegram.error import InvalidToken

        from .bot import run
    except ModuleNotFoundError:
        return give_up("bot_extra_missing")
    try:
        settings = BotSettings()
        if settings.telegram.token is None:
            return give_up("bot_no_token")
        asyncio.run(run(settings))
    except ValidationError as error:
        return give_up("bot_cannot_start", reason=explain(error))
    except InvalidToken:
        return give_up("bot_refused")
    except QueueUnavailable as error:
        return give_up("bot_cannot_start", reason=error.sentence(arguments.language))
    return 0


COMMAND = Command(help="run the Telegram bot", configure=_configure, run=_run)
