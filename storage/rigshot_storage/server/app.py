"""The application and its life: addresses, headers of every answer, the sweep, the port."""

import asyncio
import errno
import logging
import time
from collections.abc import AsyncGenerator, Callable

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger
from aiohttp.typedefs import Handler, Middleware

from ..artifacts import Artifacts, open_artifacts
from ..errors import BadKey, MissingArtifact, StorageError
from ..models import Models
from ..settings import StorageSettings
from .handlers import Handlers, Refused

__all__ = ["CannotListen", "build_app", "serve"]

log = logging.getLogger("rigshot.downloads")

SWEEP_EVERY = 3600.0  # seconds; what people are promised is a day, not a minute
GRACE = 5.0  # seconds that downloads under way get when the server stops
_JOB = r"{job:[0-9a-hjkmnp-tv-z]{26}}"
_KIND = r"{kind:[a-z0-9][a-z0-9._-]{0,39}}"


class CannotListen(Exception):
    """The server cannot have its port; the message is one sentence."""


def build_app(
    settings: StorageSettings,
    *,
    artifacts: Artifacts | None = None,
    clock: Callable[[], float] = time.time,
    sweep_every: float = SWEEP_EVERY,
) -> web.Application:
    """The server over ``artifacts`` (default: those of the settings), which also sweeps them now and then."""
    place = open_artifacts(settings) if artifacts is None else artifacts
    handlers = Handlers(settings, place, clock=clock)
    app = web.Application(middlewares=[_friendly(handlers)])
    # A proxy in front may strip the path of RIGSHOT_PUBLIC_URL or leave it: both find us.
    for prefix in sorted({"", settings.path_prefix}):
        app.router.add_get(f"{prefix}/m/{_JOB}", handlers.page)
        app.router.add_get(f"{prefix}/f/{_JOB}/{_KIND}", handlers.file)
        app.router.add_get(f"{prefix}/p/{_JOB}.png", handlers.poster)
        app.router.add_get(f"{prefix}/static/{{name}}", handlers.static)
        app.router.add_get(f"{prefix}/healthz", handlers.health)
    app.on_response_prepare.append(_protect)
    app.cleanup_ctx.append(_sweeping(Models(place, settings), clock, sweep_every))
    return app


async def serve(settings: StorageSettings, *, started: Callable[[str], None] | None = None) -> None:
    """Run the server until cancelled; ``started`` is told its address. Raises CannotListen."""
    host, port = settings.downloads.host, settings.downloads.port
    runner = web.AppRunner(build_app(settings), access_log_class=AccessLog, access_log=log, shutdown_timeout=GRACE)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise CannotListen(_why(error, host, port)) from error
        if started is not None:
            started(settings.base_url)
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


class AccessLog(AbstractAccessLogger):
    """One line for each answer, without the query: whoever reads the log must not be able to open the links."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Write the line."""
        self.logger.info("%s %s %s %d bytes %.0f ms", request.method, request.path, response.status, response.body_length, 1000 * time)


def _friendly(handlers: Handlers) -> Middleware:
    """Turns what went wrong into a page for people."""

    @web.middleware
    async def friendly(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refused as refused:
            return handlers.refusal(request, refused.reason)
        except (MissingArtifact, BadKey, web.HTTPNotFound):
            return handlers.refusal(request, "not_found")
        except web.HTTPException:
            raise
        except StorageError as error:
            log.error("%s", error)
            return handlers.refusal(request, "unavailable")
        except Exception:
            log.exception("an answer broke")
            return handlers.refusal(request, "broken")

    return friendly


async def _protect(_request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Headers that every answer carries."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers.setdefault("Content-Security-Policy", "sandbox; default-src 'none'")
    response.headers["Server"] = "rigshot"


def _sweeping(models: Models, clock: Callable[[], float], every: float) -> Callable[[web.Application], AsyncGenerator[None]]:
    async def sweep() -> None:
        while True:
            try:
                swept = await models.sweep(clock())
                if swept.expired or swept.orphans:
                    log.info("removed %d models whose time was over, and %d left-overs", len(swept.expired), len(swept.orphans))
            except StorageError as error:
                log.error("the sweep did not finish: %s", error)
            await asyncio.sleep(every)

    async def context(_app: web.Application) -> AsyncGenerator[None]:
        task = asyncio.create_task(sweep())
        yield
        task.cancel()
        await asyncio.wait([task])

    return context


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is taken by another program (perhaps another “rigshot downloads”). "
            "Stop that one, or choose another port with RIGSHOT_DOWNLOADS__PORT."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} is reserved for the system; choose one above 1023 with RIGSHOT_DOWNLOADS__PORT."
    return f"Cannot listen at {host} port {port} ({error.strerror or error}); set RIGSHOT_DOWNLOADS__HOST to an address of this machine."
