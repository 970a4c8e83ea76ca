"""arq's words: how a job is written so that an arq worker calls it. Its keys are only the transport, our record is the truth."""

import json
import time
from typing import Any

from arq.jobs import serialize_job

__all__ = ["CALL", "CALL_MS", "dump", "load", "write_call"]

CALL = "make"  # the one function that workers know
CALL_MS = 30 * 86_400_000  # until then Redis keeps a call: far longer than any job may wait


def dump(words: dict[str, Any]) -> bytes:
    """JSON and never pickle: whoever can write to Redis must not run code in a worker."""
    return json.dumps(words, default=repr).encode()


def load(text: bytes) -> dict[str, Any]:
    """The reverse of ``dump``."""
    words: dict[str, Any] = json.loads(text)
    return words


def write_call(job: str) -> str:
    """The call that makes a worker start the job."""
    return serialize_job(CALL, (job,), {}, None, time.time_ns() // 1_000_000, serializer=dump).decode()
