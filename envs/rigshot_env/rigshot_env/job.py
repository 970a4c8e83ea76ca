"""One piece of work: what a worker is asked, and what the function that does it may say meanwhile."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

__all__ = ["BadInput", "BadRig", "Cancelled", "ErrorKind", "Event", "Job", "MissingWeights", "NoSurface", "Request", "failure"]

ErrorKind = Literal["bad_input", "out_of_memory", "missing_weights", "no_surface", "bad_rig", "internal"]
Event = dict[str, Any]


class BadInput(Exception):
    """What was asked for cannot be done with these files or parameters; others may do."""


class MissingWeights(Exception):
    """A model's weights are not on disk."""


class NoSurface(Exception):
    """A geometry engine found no surface in this picture; another seed may."""


class BadRig(Exception):
    """No try of a rigging engine gave a sound skeleton or sound weights; another engine may."""


class Cancelled(Exception):
    """The one who asked gave up."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A stage to be done with files (``paths``, by what they are for) and ``parameters`` that JSON can hold."""

    id: str
    stage: str
    paths: Mapping[str, Path] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_words(cls, words: Any, *, base: Path = Path()) -> "Request":
        """The request that JSON's ``words`` mean; relative paths count from ``base``. Raises BadInput."""
        if not isinstance(words, dict):
            raise BadInput("a request must be a JSON object")
        paths, parameters = words.get("paths", {}), words.get("parameters", {})
        if not isinstance(words.get("stage"), str):
            raise BadInput("a request must name its stage")
        if not isinstance(paths, dict) or not all(isinstance(path, str) for path in paths.values()):
            raise BadInput("the paths of a request must be an object of strings")
        if not isinstance(parameters, dict):
            raise BadInput("the parameters of a request must be an object")
        places = {str(name): base / path for name, path in paths.items()}
        return cls(id=str(words.get("id", "")), stage=words["stage"], paths=places, parameters=parameters)


@dataclass(frozen=True, kw_only=True)
class Job:
    """A request under way, as the function that does it sees it."""

    request: Request
    emit: Callable[[Event], None]
    given_up: threading.Event = field(default_factory=threading.Event)

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The request's parameters."""
        return self.request.parameters

    def path(self, name: str) -> Path:
        """The path for ``name``. Raises BadInput if the request has none."""
        if name not in self.request.paths:
            raise BadInput(f"the request lacks the path {name!r}")
        return self.request.paths[name]

    def progress(self, fraction: float) -> None:
        """Say how much is done, 0..1. Raises Cancelled if nobody waits for the result any more: call it often."""
        if self.given_up.is_set():
            raise Cancelled
        self.emit({"id": self.request.id, "event": "progress", "fraction": round(min(max(fraction, 0.0), 1.0), 4)})

    def warn(self, text: str) -> None:
        """Say something that the person should know and that does not stop the work."""
        self.emit({"id": self.request.id, "event": "warning", "text": text})


def failure(identity: str, error: BaseException) -> Event:
    """The event that tells of an error, with the kind that says who can mend it."""
    return {"id": identity, "event": "error", "kind": _kind(error), "text": str(error) or type(error).__name__}


def _kind(error: BaseException) -> ErrorKind:
    if isinstance(error, (BadInput, json.JSONDecodeError)):
        return "bad_input"
    if isinstance(error, MissingWeights):
        return "missing_weights"
    if isinstance(error, NoSurface):
        return "no_surface"
    if isinstance(error, BadRig):
        return "bad_rig"
    # torch's error for a full GPU is no MemoryError, and torch is not ours to import
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return "out_of_memory"
    return "internal"
