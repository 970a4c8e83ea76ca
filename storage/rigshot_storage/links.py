"""Signed links that expire.

A link is ``PATH?e=SECONDS&s=SIGNATURE``: the signature is an HMAC-SHA256 over path and expiry, so neither can be changed.
The path is the server's own, without the path of RIGSHOT_PUBLIC_URL: a proxy may strip that or not.
"""

import hmac
import re
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Literal

from .model import check_job, check_kind
from .secret_keys import keyed_hash, secret_keys
from .settings import StorageSettings

__all__ = ["Links", "Verdict"]

Verdict = Literal["good", "expired", "bad"]

SIGNATURE_BYTES = 18  # 144 bits, 24 characters: short enough for a chat, far too many to try
_SECONDS = re.compile(r"[0-9]{1,12}")


class Links:
    """Makes and verifies links with the keys of the settings: the first signs, every one verifies."""

    def __init__(self, settings: StorageSettings, *, clock: Callable[[], float] = time.time) -> None:
        self._keys = secret_keys(settings)
        self._lifetime = settings.link_days * 86400
        self._clock = clock
        self.base_url = settings.base_url
        self.public = settings.public_url is not None

    def url(self, job: str, kind: str, *, lifetime: float | None = None) -> str:
        """The address of a model's file, good for ``lifetime`` seconds (default: RIGSHOT_LINK_DAYS)."""
        return self.base_url + self.sign(f"/f/{check_job(job)}/{check_kind(kind)}", self._until(lifetime))

    def viewer(self, job: str, *, lifetime: float | None = None) -> str:
        """The address of a model's page, good for ``lifetime`` seconds (default: RIGSHOT_LINK_DAYS)."""
        return self.base_url + self.sign(f"/m/{check_job(job)}", self._until(lifetime))

    def poster(self, job: str) -> str:
        """The address of a model's poster: for whoever knows the job's id, as long as the model is kept."""
        return f"{self.base_url}/p/{check_job(job)}.png"

    def sign(self, path: str, expires: int) -> str:
        """``path`` with a query that makes it valid until ``expires`` (seconds since 1970)."""
        return f"{path}?e={expires}&s={self._signature(self._keys[0], path, expires)}"

    def verify(self, path: str, query: Mapping[str, str]) -> Verdict:
        """Whether a query is what ``sign`` made for ``path``, and still valid."""
        expires, signature = query.get("e", ""), query.get("s", "").encode()
        if not _SECONDS.fullmatch(expires):
            return "bad"
        expected = [self._signature(key, path, int(expires)).encode() for key in self._keys]
        if not sum(hmac.compare_digest(signature, candidate) for candidate in expected):  # a sum, so that every key is tried
            return "bad"
        return "good" if self._clock() < int(expires) else "expired"

    def _until(self, lifetime: float | None) -> int:
        return int(self._clock() + (self._lifetime if lifetime is None else lifetime))

    @staticmethod
    def _signature(key: bytes, path: str, expires: int) -> str:
        return urlsafe_b64encode(keyed_hash(key, "link", f"{path}\n{expires}")[:SIGNATURE_BYTES]).decode()
