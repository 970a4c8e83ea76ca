"""A job's record: a hash of words in Redis, a ``Job`` in Python."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, cast

from .values import Failure, Job, Pose, Request, Said, State, Wishes

__all__ = ["dump_fields", "load_job", "request_words", "tupled"]


def request_words(request: Request) -> list[str]:
    """The request as fields for ``submit``; what the scripts need by name, they add themselves."""
    return ["request", _dump(asdict(request))]


def dump_fields(**fields: Any) -> list[str]:
    """Fields of a record as the words of HSET: texts and numbers plain, everything else as JSON."""
    words: list[str] = []
    for name, value in fields.items():
        words += [name, str(value) if isinstance(value, str | int | float) else _dump(value)]
    return words


def load_job(words: Mapping[str, str]) -> Job | None:
    """The job of a record; None for an empty one."""
    if "request" not in words:
        return None
    request: dict[str, Any] = json.loads(words["request"])
    wishes = tupled(request.pop("wishes"))
    failure = json.loads(words.get("failure", "null"))
    return Job(
        id=words["id"],
        request=Request(wishes=Wishes(**wishes), **request),
        state=cast(State, words["state"]),
        created=float(words["created"]),
        started=_number(words.get("started")),
        ended=_number(words.get("ended")),
        stage=words.get("stage") or None,
        fraction=float(words.get("fraction", 0)),
        stage_fraction=float(words.get("stage_fraction", 0)),
        attempt=int(words.get("attempt", 0)),
        failure=None if failure is None else Failure(**failure),
        advice=tuple(Said(**said) for said in json.loads(words.get("advice", "[]"))),
        engines=json.loads(words.get("engines", "{}")),
        seconds=json.loads(words.get("seconds", "{}")),
        body_plan=words.get("body_plan", ""),
        clips=tuple(json.loads(words.get("clips", "[]"))),
        pose=cast(Pose, words.get("pose", "")),
        delivery=words.get("delivery", ""),
    )


def tupled(words: dict[str, Any]) -> dict[str, Any]:
    """The lists of an object as the tuples that they were before JSON, which knows none."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in words.items()}


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    return asdict(value)
