"""The subcommand ``rigshot web``."""

import argparse
import asyncio
import importlib.util
import sys
from contextlib import suppress

from ..command import Command
from ..texts import say

__all__ = ["COMMAND"]

FAILED, WRONG_SETTINGS = 1, 2


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "RIGSHOT_WEB__HOST and RIGSHOT_WEB__PORT say where the page is; docs/bots.md tells the rest."


def _run(_arguments: argparse.Namespace) -> int:
    if importlib.util.find_spec("gradio") is None:
        return _complain(say("web_no_gradio", "en"), WRONG_SETTINGS)

    from pydantic import ValidationError  # here and below: every `rigshot` loads this file, and these libraries take their time

    from rigshot_queue import QueueUnavailable
    from rigshot_storage import explain

    from .server import CannotListen, serve

    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(serve())
    except ValidationError as error:
        return _complain(say("doctor_settings_wrong", "en", reason=explain(error)), WRONG_SETTINGS)
    except QueueUnavailable as error:
        return _complain(error.sentence("en"), FAILED)
    except CannotListen as error:
        return _complain(str(error), FAILED)
    return 0


def _complain(sentence: str, status: int) -> int:
    sys.stderr.write(f"{sentence}\n")
    return status


COMMAND = Command(help="serve the web page", configure=_configure, run=_run)
