"""The web page: a photo in, one click, and the moving model with its files."""

from .command import COMMAND

__all__ = ["COMMAND"]
