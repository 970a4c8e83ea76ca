"""The log of a bot process: one line for each event on standard error, without secrets and without people.

``set_up(json=..., secrets=[...])`` is called once when a process starts. Whoever logs a person logs ``hashed(person)``: a
mark that tells people apart within one run of the process and leads back to nobody.
"""

import hashlib
import logging
import re
import secrets as randomness
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any

import structlog

__all__ = ["hashed", "set_up"]

_KEY = randomness.token_bytes(16)  # new for each process: ids of people are so few that a fixed key could be tried out
_BOT_TOKEN = re.compile(r"(?<!\d)\d{3,}:[A-Za-z0-9_-]{10,}\b")
"""What a Telegram token looks like; the addresses of its API hold it."""
HIDDEN = "‹hidden›"
QUIET = ("httpx", "httpcore", "telegram", "apscheduler", "discord", "aiohttp.access", "asyncio")
"""Libraries that tell of every request, tokens in the addresses included: only their warnings are of interest."""


def hashed(person: str) -> str:
    """A mark for a person in the log."""
    return hashlib.blake2s(person.encode(), key=_KEY, digest_size=5).hexdigest()


def set_up(*, json: bool = False, secrets: Iterable[str] = ()) -> None:
    """Send the events of structlog and of the standard library's loggers to standard error, ``secrets`` blotted out."""
    known = sorted((secret for secret in secrets if secret), key=len, reverse=True)

    def redact(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {name: _redacted(value, known) if isinstance(value, str) else value for name, value in event.items()}

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        structlog.stdlib.ExtraAdder(),
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    last = structlog.processors.JSONRenderer(ensure_ascii=False) if json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    finish: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.stdlib.PositionalArgumentsFormatter(),
        redact,
        last,
    ]
    handler = logging.StreamHandler()
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=finish))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _redacted(text: str, known: list[str]) -> str:
    for secret in known:
        text = text.replace(secret, HIDDEN)
    return _BOT_TOKEN.sub(HIDDEN, text)
