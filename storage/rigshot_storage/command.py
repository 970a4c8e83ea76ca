"""``rigshot downloads``: the server for links, pages and files."""

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .settings import StorageSettings

__all__ = ["COMMAND"]


@dataclass(frozen=True, kw_only=True)
class Command:
    """A subcommand of ``rigshot``."""

    help: str
    configure: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "Settings: RIGSHOT_DOWNLOADS__HOST, RIGSHOT_DOWNLOADS__PORT, RIGSHOT_PUBLIC_URL and others, in the environment or in .env."
    )


def _run(_arguments: argparse.Namespace) -> int:
    # The server's libraries take half a second that --help need not wait for.
    from pydantic import ValidationError

    from .errors import StorageError
    from .server import CannotListen
    from .settings import StorageSettings, explain

    try:
        settings = StorageSettings()
    except ValidationError as error:
        print(explain(error), file=sys.stderr)
        return 2
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    try:
        asyncio.run(_until_stopped(settings))
    except (CannotListen, StorageError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


async def _until_stopped(settings: "StorageSettings") -> None:
    from .server import serve
    from .viewer import viewer_ready

    server = asyncio.ensure_future(serve(settings, started=lambda address: print(f"Models are at {address} (Ctrl-C stops).", flush=True)))
    if not viewer_ready():
        print("The 3D view is not installed: pages show a film instead. “make viewer” adds it.", file=sys.stderr)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, server.cancel)
    try:
        await server
    except asyncio.CancelledError:
        print("Stopped.")


COMMAND = Command(help="serve finished models: pages, files and signed links", configure=_configure, run=_run)
