"""Names of keys in Redis that Python uses; those of the scripts stand in ``lua/common.lua``."""

__all__ = [
    "ENDED",
    "HISTORY",
    "OPEN",
    "ORIGINALS",
    "QUEUE",
    "RUNNING",
    "WORKERS",
    "WORKERS_AT",
    "WORKERS_HAVE",
    "changed",
    "job_key",
    "person_key",
    "sending",
    "stream",
]

QUEUE = "rigshot:queue"  # sorted set, arq's: job id -> turn; a job stays in it while it runs
OPEN = "rigshot:open"  # set: jobs without a terminal state
RUNNING = "rigshot:running"  # set: jobs that a worker has claimed
ENDED = "rigshot:ended"  # sorted set: job id -> when it ended
HISTORY = "rigshot:history"  # hash: stage -> "mean deviation" in seconds
WORKERS = "rigshot:workers"  # sorted set: worker -> until when it counts as alive
WORKERS_AT = "rigshot:workers:at"  # hash: worker -> the job at work
WORKERS_HAVE = "rigshot:workers:engines"  # hash: worker -> the engines it has, as JSON
ORIGINALS = "rigshot:originals"  # sorted set: job ids whose photos are still stored -> since when


def job_key(job: str) -> str:
    """The record of a job, a hash."""
    return f"rigshot:job:{job}"


def person_key(person: str, what: str) -> str:
    """Something of a person: ``jobs``, ``active``, ``day``, ``turn``, ``preferences``."""
    return f"rigshot:person:{person}:{what}"


def stream(platform: str) -> str:
    """The stream of what a platform's bot has to deliver."""
    return f"rigshot:deliveries:{platform}"


def sending(job: str) -> str:
    """Held by the process that is delivering the job."""
    return f"rigshot:sending:{job}"


def changed(job: str) -> str:
    """The channel on which a job's changes are told."""
    return f"rigshot:changed:{job}"
