"""What surrounds Gradio's own answers: headers of every answer, the page's head, and the doors that stay shut."""

import html
import json
import re

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..texts import LANGUAGES, Language, say

__all__ = ["LANGUAGE_COOKIE", "Frame"]

LANGUAGE_COOKIE = "rigshot_language"
_YEAR = 365 * 86400
# Gradio's page needs inline scripts and styles and compiles templates; nothing on it may come from, or go to, anywhere else.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' blob: data:; media-src 'self' blob:; font-src 'self' data:; connect-src 'self' blob: data:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
# Of what Gradio serves, the page needs these; its other doors (API pages, monitoring, proxying, code editing) stay shut.
_OPEN = re.compile(
    r"(theme\.css|config|favicon\.ico|manifest\.json|robots\.txt|(assets|static)/.*|"
    r"gradio_api/(run/\w+|upload|upload_progress|heartbeat/\w+|startup-events|file=.*|theme\.css|app_id))?"
)
_PAGE = re.compile(rf"/({'|'.join(LANGUAGES)})/(.*)", re.DOTALL)
_FOREIGN = re.compile(r'\s*<(?:meta\s+(?:property|name)="(?:og|twitter):|link rel="manifest")[^>]*>', re.DOTALL)  # they speak of Gradio


class Frame:
    """ASGI middleware around the pages; ``head`` is what a page's head gets besides Gradio's own."""

    def __init__(self, app: ASGIApp, *, head: str) -> None:
        self._app = app
        self._head = head

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        match = _PAGE.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if match is not None and not _OPEN.fullmatch(match[2]):
            await PlainTextResponse("Not found", 404)(scope, receive, _protected(send))
        elif match is not None and not match[2]:
            language: Language = "zh-TW" if match[1] == "zh-TW" else "en"
            await self._app(scope, receive, self._page(language, _protected(send)))
        else:
            await self._app(scope, receive, _protected(send))

    def _page(self, language: Language, send: Send) -> Send:
        """Sends Gradio's page with our head."""
        start: Message = {}
        body = bytearray()

        async def framed(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            page = self._framed(body.decode(), language).encode()
            headers = MutableHeaders(scope=start)
            headers["content-length"] = str(len(page))
            headers["cache-control"] = "no-store"
            headers.append("set-cookie", f"{LANGUAGE_COOKIE}={language}; Path=/; Max-Age={_YEAR}; SameSite=Lax")
            await send(start)
            await send({"type": "http.response.body", "body": page})

        return framed

    def _framed(self, page: str, language: Language) -> str:
        # Gradio's own words (of the camera, of errors) follow the browser's language; they shall follow the page's.
        speak = f'<script>Object.defineProperty(navigator, "language", {{get: () => {json.dumps(language)}}});</script>'
        title = html.escape(say("web_title", language))
        words = f'<meta property="og:title" content="{title}"><meta name="description" content="{html.escape(say("web_lead", language))}">'
        page = _FOREIGN.sub("", page).replace('lang="en"', f'lang="{language}"', 1)
        return page.replace("<head>", f"<head>{speak}", 1).replace("</head>", f"<title>{title}</title>{words}{self._head}</head>", 1)


def _protected(send: Send) -> Send:
    async def protected(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.setdefault("content-security-policy", _POLICY)
            headers["x-content-type-options"] = "nosniff"
            headers["referrer-policy"] = "same-origin"
        await send(message)

    return protected
