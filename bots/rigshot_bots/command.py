"""What a subcommand of ``rigshot`` is made of."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Command"]


@dataclass(frozen=True, kw_only=True)
class Command:
    """A subcommand: its line in the list, its arguments, and the work, which answers with the exit status.

    ``configure`` must be cheap and import nothing heavy: it runs for every ``rigshot``.
    """

    help: str
    configure: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
