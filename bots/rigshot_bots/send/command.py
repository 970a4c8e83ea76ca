"""The command line of ``rigshot send``."""

import argparse
import asyncio
import re
import sys
from pathlib import Path

from rigshot_queue import FORMATS, SUBJECTS, VIEWS

from ..command import Command
from ..texts import LANGUAGES, say

__all__ = ["COMMAND"]

DONE, FAILED, REFUSED, INTERRUPTED = 0, 1, 3, 130  # as "rigshot make"; 2 is argparse's own for a command line that makes no sense


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        f"Exit status: {DONE} all made, {FAILED} a job broke, 2 wrong usage, {REFUSED} a photo was refused, {INTERRUPTED} stopped. "
        "Ctrl-C takes what is not done yet out of the line."
    )
    parser.add_argument("photos", nargs="*", type=Path, metavar="PHOTO", help="a picture, or a folder of pictures")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where the results go (default: out)")
    parser.add_argument("--subject", choices=SUBJECTS, default="auto", help="the body plan")
    parser.add_argument("--view", choices=VIEWS, default="auto", help="from where the photo shows the subject")
    parser.add_argument("--clip", default="auto", metavar="NAME", help="the clip that the preview plays (walk, idle, ...)")
    parser.add_argument("--formats", type=_formats, default=FORMATS, metavar="LIST", help="which files to make (default: glb,fbx,obj)")
    parser.add_argument("--seed", type=int, default=0, help="another seed, another guess at what the photo does not show")
    parser.add_argument("--engine", type=_engine, default="auto", metavar="NAME", help="auto, embedded, or an engine that workers have")
    parser.add_argument(
        "--repose",
        action="store_true",
        help="have an engine redraw a subject that the photo does not show standing, whole and from its side",
    )
    parser.add_argument("--detach", action="store_true", help="leave the photos in line, say how to fetch the results, and end")
    parser.add_argument("--fetch", action="append", default=[], metavar="JOB", help="wait for a job that was left in line; may be repeated")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="the language of sentences")


def _formats(text: str) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(text.lower().split(",")))
    unknown = [name for name in chosen if name not in FORMATS]
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: there are {', '.join(FORMATS)}")
    return chosen


def _engine(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no engine's name")
    return text


def _run(arguments: argparse.Namespace) -> int:
    # The libraries behind these take a second that --help need not wait for.
    from pydantic import ValidationError

    from rigshot_queue import QueueUnavailable
    from rigshot_storage import StorageError, explain

    from .sending import send

    if not arguments.photos and not arguments.fetch:
        sys.stderr.write("usage: rigshot send PHOTO... (or --fetch JOB)\n")
        return 2
    try:
        return asyncio.run(send(arguments))
    except KeyboardInterrupt:
        reason = say("send_stopped", arguments.language)
        status = INTERRUPTED
    except ValidationError as error:
        reason, status = explain(error), FAILED
    except QueueUnavailable as error:
        reason, status = say("send_unreachable", arguments.language, reason=error.sentence(arguments.language)), FAILED
    except StorageError as error:
        reason, status = str(error), FAILED
    sys.stderr.write(f"{reason}\n")
    return status


COMMAND = Command(help="put photos into the line that the bots use", configure=_configure, run=_run)
