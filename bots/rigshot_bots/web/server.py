"""The page's server: Gradio's pages, one for each language, behind our own doors."""

import asyncio
import errno
import logging
import os
import signal
import socket
import tempfile
from collections.abc import Generator
from contextlib import contextmanager

import fastapi
import gradio as gr
import structlog
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from .. import logs
from ..conversation import Conversation, open_conversation
from ..settings import BotSettings, WebSettings
from ..texts import LANGUAGES, Language, language_of, say
from .desk import Desk
from .files import Files
from .frame import LANGUAGE_COOKIE, Frame
from .look import HEAD, THEME
from .page import Page
from .samples import GALLERY
from .visitors import Visitors

__all__ = ["CannotListen", "build_app", "serve"]

LARGEST_UPLOAD = "100mb"
"""Far above the queue's own limit, whose refusal is a sentence: this one only keeps the disk from being filled."""
GRACE = 2
"""Seconds that answers under way get when the server stops; an open page holds its connection for ever."""
_COOKIE_DAYS = 30
_TEMPORARY = "GRADIO_TEMP_DIR"  # where Gradio puts what people send

log = structlog.get_logger()


class CannotListen(Exception):
    """The server cannot have its port; the message is one sentence."""


async def serve() -> None:
    """Serve the page until SIGINT or SIGTERM. Raises CannotListen, QueueUnavailable, pydantic's ValidationError."""
    settings = BotSettings()
    logs.set_up(json=settings.log_json)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    with _listening(settings.web) as door, tempfile.TemporaryDirectory(prefix="rigshot-web-") as uploads:
        os.environ[_TEMPORARY] = uploads
        async with open_conversation("web") as conversation:
            # Proxies in front say who asks and how; whoever reaches us directly can only deceive itself by saying so.
            config = uvicorn.Config(
                build_app(conversation),
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=GRACE,
                proxy_headers=True,
                forwarded_allow_ips="*",
                server_header=False,
            )
            server = _Server(config)
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, server.stop)
            host, port = door.getsockname()[:2]
            log.info("web.listening", address=f"http://{f'[{host}]' if ':' in host else host}:{port}")
            arrivals = asyncio.create_task(_take_note(conversation))
            await server.serve(sockets=[door])
            arrivals.cancel()


def build_app(conversation: Conversation) -> ASGIApp:
    """Everything that the server answers, over a conversation on the platform ``web``."""
    app = fastapi.FastAPI(openapi_url=None)
    app.add_api_route("/", _to_language, include_in_schema=False)
    app.add_api_route("/healthz", _health, include_in_schema=False)
    app.add_route("/files/{job}/{kind}/{name}", Files(conversation).__call__)
    app.mount("/gallery", StaticFiles(directory=GALLERY))
    for language in LANGUAGES:
        page = Page(Desk(conversation, language), language, days=conversation.storage.retention_days)
        app = gr.mount_gradio_app(
            app,
            page.blocks,
            path=f"/{language}",
            theme=THEME,
            footer_links=[],
            run_history=False,
            ssr_mode=False,
            pwa=False,
            mcp_server=False,
            enable_monitoring=False,
            show_error=False,
            max_file_size=LARGEST_UPLOAD,
        )
    return Visitors(Frame(app, head=HEAD), seconds=_COOKIE_DAYS * 86400)


def _to_language(request: Request) -> RedirectResponse:
    """To the page in the language chosen last, or else the browser's."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    language: Language = language_of(chosen or request.headers.get("accept-language"))
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{language}/{query}", 307)


def _health() -> PlainTextResponse:
    return PlainTextResponse("ok")


async def _take_note(conversation: Conversation) -> None:
    """Nothing has to be brought to a page: whoever waits is looking, or comes back. So every delivery counts as made."""
    async for delivery in conversation.queue.deliveries(conversation.platform):
        await delivery.sent()


class _Server(uvicorn.Server):
    """uvicorn, stopped by us: its own handlers would end the process by the signal although all went well."""

    def stop(self) -> None:
        """Stop serving. Open pages hold their connections for ever: that these are cut is no error, so nothing is said of it."""
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave the signals alone."""
        yield


@contextmanager
def _listening(settings: WebSettings) -> Generator[socket.socket]:
    """A socket at the settings' address. Raises CannotListen."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((settings.host, settings.port))
            door.listen(128)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CannotListen(say("web_port_taken", "en", port=settings.port)) from error
            raise CannotListen(
                say("web_no_address", "en", host=settings.host, port=settings.port, reason=error.strerror or error)
            ) from error
        yield door
