"""The line in which photos stand: submit, place, progress, cancel, delivery. The worker half is in ``rigshot_queue.worker``."""

from .client import Queue, open_queue
from .deliveries import Deliveries, Delivery
from .errors import Gone, LimitReached, QueueError, QueueUnavailable, TooLarge
from .ids import new_id
from .settings import Limits, QueueSettings, WorkerSettings
from .values import (
    FORMATS,
    LANGUAGES,
    SUBJECTS,
    VIEWS,
    Failure,
    Forgotten,
    Job,
    Language,
    Overview,
    Person,
    Place,
    Platform,
    Preferences,
    Request,
    Said,
    State,
    Wishes,
    WorkerSeen,
)

__all__ = [
    "FORMATS",
    "LANGUAGES",
    "SUBJECTS",
    "VIEWS",
    "Deliveries",
    "Delivery",
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
