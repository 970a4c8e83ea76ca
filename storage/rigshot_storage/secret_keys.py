"""The secrets behind links and hashed owners."""

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Literal

from .errors import StorageUnavailable
from .settings import SHORTEST_LINK_KEY, StorageSettings

__all__ = ["keyed_hash", "secret_keys"]

OWN_KEY_BYTES = 32


def secret_keys(settings: StorageSettings) -> tuple[bytes, ...]:
    """The keys of the settings, the signing one first; without any, the one that is kept in ``link_key`` in the data folder."""
    if settings.link_keys:
        return tuple(key.get_secret_value().encode() for key in settings.link_keys)
    file = settings.data / "link_key"
    try:
        if not file.exists():
            _make(file)
        key = file.read_bytes().strip()
    except OSError as error:
        raise StorageUnavailable(f"The key for links cannot be kept in {file}: {error.strerror or error}.") from error
    if len(key) < SHORTEST_LINK_KEY:
        raise StorageUnavailable(f"{file} holds no usable key; delete it and a new one is made (links sent so far stop working).")
    return (key,)


def keyed_hash(key: bytes, purpose: Literal["link", "owner"], text: str) -> bytes:
    """HMAC-SHA256 of ``text``, 32 bytes. One key serves several purposes and no hash of one is valid for another."""
    return hmac.digest(key, f"{purpose}\n{text}".encode(), hashlib.sha256)


def _make(file: Path) -> None:
    """A new key that appears whole; whoever comes second keeps the first one's."""
    file.parent.mkdir(parents=True, exist_ok=True)
    half = file.with_name(f".link_key.{secrets.token_hex(8)}")
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as writer:
            writer.write(secrets.token_urlsafe(OWN_KEY_BYTES).encode() + b"\n")
            writer.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):
            os.link(half, file)
    finally:
        half.unlink()
