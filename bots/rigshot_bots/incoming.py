"""What the faces agree on about files that people send: which are pictures, and how fetching one may fail."""

from pathlib import PurePath

__all__ = ["DownloadFailed", "TooBig", "is_picture", "moves"]

_ENDINGS = frozenset({".avif", ".bmp", ".gif", ".heic", ".heif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
"""Pictures that some phones and computers send as application/octet-stream."""
_DRAWN_BY_WORDS = frozenset({"image/svg+xml"})
"""Called images, but nothing that the gate opens: better said at once than after the wait in line."""


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
    kind = (media_type or "").partition(";")[0].strip().lower()
    if kind.startswith("image/"):
        return kind not in _DRAWN_BY_WORDS
    return not kind.startswith(("audio/", "video/")) and PurePath(name).suffix.lower() in _ENDINGS


def moves(media_type: str | None) -> bool:
    """Whether a file is a film."""
    return (media_type or "").lower().startswith("video/")
