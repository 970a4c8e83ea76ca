"""``rigshot worker``: takes photos from the line and makes models of them."""

import argparse
import asyncio
import importlib.util
import logging
import sys

from .command import Command

__all__ = ["COMMAND"]

_NO_PIPELINE = 'A worker needs the pipeline: pip install "rigshot-queue[worker]".'


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "Settings come from the environment or .env: REDIS_URL, RIGSHOT_DATA, RIGSHOT_WORKER__..."


def _run(_arguments: argparse.Namespace) -> int:
    if importlib.util.find_spec("rigshot_pipeline") is None:
        print(_NO_PIPELINE, file=sys.stderr)
        return 1
    from pydantic import ValidationError

    from rigshot_storage import StorageSettings, explain

    from ..errors import QueueUnavailable
    from ..settings import QueueSettings
    from ..worker.serve import serve

    logging.basicConfig(format="%(asctime)s %(name)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("rigshot").setLevel(logging.INFO)
    try:
        return asyncio.run(serve(QueueSettings(), StorageSettings()))
    except ValidationError as error:
        print(explain(error), file=sys.stderr)
    except QueueUnavailable as error:
        print(error, file=sys.stderr)
    return 1


COMMAND = Command(help="take photos from the line and make models of them", configure=_configure, run=_run)
