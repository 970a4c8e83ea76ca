"""Who looks at the page: an unguessable name in a cookie, and nothing else.

The cookie's text is known to the browser alone. What the rest of Rigshot sees is the person made from it, ``web:HASH``:
whoever reads the queue's records or the log cannot become somebody by it.
"""

import hashlib
import re
import secrets

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["COOKIE", "Visitors", "person_of"]

COOKIE = "rigshot_visitor"
_RANDOM_BYTES = 24  # 192 bits
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")


def person_of(token: str) -> str:
    """The person behind a cookie."""
    return f"web:{hashlib.blake2s(token.encode(), digest_size=16, person=b'rigshot').hexdigest()}"


class Visitors:
    """ASGI middleware: ``scope["state"]`` gets ``person`` and ``known`` (the cookie came with the request); newcomers get a cookie.

    seconds: how long a browser keeps the cookie after the last page that it opened.
    """

    def __init__(self, app: ASGIApp, *, seconds: float) -> None:
        self._app = app
        self._seconds = int(seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = HTTPConnection(scope).cookies.get(COOKIE, "")
        known = bool(_TOKEN.fullmatch(sent))
        token = sent if known else secrets.token_urlsafe(_RANDOM_BYTES)
        scope.setdefault("state", {}).update(person=person_of(token), known=known)

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                # Only a page introduces itself: two scripts asked for at once must not become two visitors.
                if headers.get("content-type", "").startswith("text/html"):
                    headers.append("set-cookie", self._cookie(token, secure=scope["scheme"] == "https"))
            await send(message)

        await self._app(scope, receive, send_with_cookie)

    def _cookie(self, token: str, *, secure: bool) -> str:
        return f"{COOKIE}={token}; Path=/; Max-Age={self._seconds}; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"
