"""Addresses that chat apps take."""

from urllib.parse import urlsplit

__all__ = ["link_works"]


def link_works(url: str) -> bool:
    """Whether a chat app takes an address for a button: one without a dot in its host makes it refuse the whole message."""
    return "." in (urlsplit(url).hostname or "")
