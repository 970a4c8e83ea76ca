"""The line in which photos stand: submit, place, progress, cancel, delivery. The worker half is in ``rigshot_queue.worker``."""

from importlib import import_module
from typing import TYPE_CHECKING

from .errors import Gone, LimitReached, QueueError, QueueUnavailable, TooLarge
from .ids import new_id
from .values import (
    FORMATS,
    LANGUAGES,
    REPOSES,
    SUBJECTS,
    VIEWS,
    EngineSeen,
    Failure,
    Forgotten,
    Job,
    Language,
    Overview,
    Person,
    Place,
    Platform,
    Pose,
    Preferences,
    Request,
    Said,
    State,
    Wishes,
    WorkerSeen,
)

if TYPE_CHECKING:
    from .client import Queue, open_queue
    from .deliveries import Deliveries, Delivery
    from .settings import Limits, QueueSettings, WorkerSettings

__all__ = [
    "FORMATS",
    "LANGUAGES",
    "REPOSES",
    "SUBJECTS",
    "VIEWS",
    "Deliveries",
    "Delivery",
    "EngineSeen",
    "Failure",
    "Forgotten",
    "Gone",
    "Job",
    "Language",
    "LimitReached",
    "Limits",
    "Overview",
    "Person",
    "Place",
    "Platform",
    "Pose",
    "Preferences",
    "Queue",
    "QueueError",
    "QueueSettings",
    "QueueUnavailable",
    "Request",
    "Said",
    "State",
    "TooLarge",
    "Wishes",
    "WorkerSeen",
    "WorkerSettings",
    "new_id",
    "open_queue",
]

# Redis' client and pydantic take a third of a second, for which ``rigshot --help`` need not wait.
_LATER = {
    "Deliveries": "deliveries",
    "Delivery": "deliveries",
    "Limits": "settings",
    "Queue": "client",
    "QueueSettings": "settings",
    "WorkerSettings": "settings",
    "open_queue": "client",
}

if not TYPE_CHECKING:  # for the type checkers a name that is not above does not exist

    def __getattr__(name: str) -> object:
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(f".{_LATER[name]}", __name__), name)
        return found
