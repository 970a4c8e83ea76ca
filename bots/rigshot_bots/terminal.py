"""The command ``rigshot``: finds the subcommands that the installed rooms bring and hands over to one.

A room offers a subcommand as an entry point of the group ``rigshot.commands``; so this face knows no room, and a bot's
image, which holds no 3D code, simply lacks ``rigshot make``.
"""

import argparse
import signal
import sys
from importlib.metadata import entry_points, version
from typing import Protocol

__all__ = ["Subcommand", "main"]

GROUP = "rigshot.commands"
INTERRUPTED = 128 + signal.SIGINT


class Subcommand(Protocol):
    """What an entry point of the group must be."""

    @property
    def help(self) -> str:
        """One line for the list of subcommands."""
        ...

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the subcommand's arguments."""
        ...

    def run(self, arguments: argparse.Namespace) -> int:
        """Do the work; the answer is the exit status."""
        ...


def main(words: list[str] | None = None) -> int:
    """Run ``rigshot`` with ``words`` (default: the process's own) and answer with the exit status."""
    parser = argparse.ArgumentParser(prog="rigshot", description="Send a photo, get back a rigged, moving 3D model.")
    parser.add_argument("--version", action="version", version=f"rigshot {version('rigshot-bots')}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        command: Subcommand = point.load()
        subparser = subparsers.add_parser(point.name, help=command.help, description=command.help)
        command.configure(subparser)
        subparser.set_defaults(run=command.run)
    arguments = parser.parse_args(words)
    try:
        return int(arguments.run(arguments))
    except KeyboardInterrupt:
        print("\nStopped. What was finished is kept: the same command goes on from there.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # whoever read us has left; Python would complain once more at exit
        return 1


if __name__ == "__main__":
    sys.exit(main())
