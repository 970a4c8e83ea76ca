"""What may go wrong, told apart by who can mend it. Sentences for people come from ``wording``."""

from collections.abc import Mapping
from typing import Literal

__all__ = ["Cancelled", "EngineFailed", "ErrorKind", "Refused", "RigshotError", "StageFailed"]

ErrorKind = Literal["bad_input", "out_of_memory", "missing_weights", "internal"]


class RigshotError(Exception):
    """An error with a sentence for the person: ``code`` names it in ``wording``, ``values`` fill its gaps."""

    kind: ErrorKind = "internal"

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code, values)
        self.code = code
        self.values: Mapping[str, object] = values


class Refused(RigshotError):
    """The photo or a wish cannot be served; another one can."""

    kind: ErrorKind = "bad_input"


class StageFailed(RigshotError):
    """A stage broke on a photo that should have worked: our fault, and worth a retry or a report."""


class EngineFailed(RigshotError):
    """An engine of ``envs/`` could not do what a stage asked of it. ``fault`` is its own word for why, ``kind`` ours."""

    def __init__(self, fault: str, **values: object) -> None:
        super().__init__(f"engine_{fault}", **values)
        self.fault = fault
        self.kind = _KINDS.get(fault, "internal")


_KINDS: Mapping[str, ErrorKind] = {
    "bad_input": "bad_input",
    "no_surface": "bad_input",
    "bad_rig": "bad_input",
    "other_subject": "bad_input",
    "other_shape": "bad_input",
    "out_of_memory": "out_of_memory",
    "missing_weights": "missing_weights",
}
"""Faults that another photo, more memory or an installation mends; all others are ours."""


class Cancelled(Exception):
    """The person or the shutdown asked to stop."""
