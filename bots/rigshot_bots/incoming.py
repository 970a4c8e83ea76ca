"""What the faces agree on about files that people send: which are pictures, and how fetching one may fail."""

from pathlib import PurePath

__all__ = ["DownloadFailed", "TooBig", "is_picture"]

_UNKNOWN_TO_PHONES = frozenset({".avif", ".heic", ".heif", ".webp"})
"""Pictures that some phones and computers send as application/octet-stream."""


class TooBig(Exception):
    """A file of more than ``most`` bytes; ``size`` where it is known."""

    def __init__(self, size: int | None, most: int) -> None:
        super().__init__(f"{size} bytes, {most} are the most")
        self.size = size
        self.most = most


class DownloadFailed(Exception):
    """The file did not arrive in one piece."""


def is_picture(media_type: str | None, name: str) -> bool:
    """Whether a file that a platform calls ``name`` and ``media_type`` is worth a look by the gate."""
    return (media_type or "").startswith("image/") or PurePath(name).suffix.lower() in _UNKNOWN_TO_PHONES
