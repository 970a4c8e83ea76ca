"""What the line may refuse; the sentences for people come from ``wording``."""

from collections.abc import Mapping

from . import wording
from .values import Language

__all__ = ["Gone", "LimitReached", "QueueError", "QueueUnavailable", "TooLarge"]


class QueueError(Exception):
    """An error with a sentence for the person: ``code`` names it in ``wording``, ``values`` fill its gaps."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(wording.sentence(code, values))
        self.code = code
        self.values: Mapping[str, object] = values

    def sentence(self, language: Language) -> str:
        """What to tell the person."""
        return wording.sentence(self.code, self.values, language)


class LimitReached(QueueError):
    """The person has enough in the line, or the line is full: ``active_limit``, ``day_limit``, ``queue_full``."""


class TooLarge(QueueError):
    """A photo of more bytes than anybody can use, or too many photos: ``photo_too_large``, ``too_many_photos``."""


class Gone(QueueError):
    """The job or what it left is no longer here: ``job_gone``."""


class QueueUnavailable(QueueError):
    """Redis does not answer or cannot be started: ``queue_unavailable``, ``no_redis``, ``redis_broken``."""
