"""``rigshot send``: photos into the same line that the bots use, results into a folder."""

from .command import COMMAND

__all__ = ["COMMAND"]
