"""Which language a visitor reads."""

import re
from typing import Literal

__all__ = ["LANGUAGES", "Language", "choose"]

Language = Literal["en", "zh-TW"]
LANGUAGES: tuple[Language, ...] = ("en", "zh-TW")

_RANGE = re.compile(r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9-]*)?\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?")


def choose(accepted: str, *, otherwise: Language = "en") -> Language:
    """The language of ours that an ``Accept-Language`` header likes best; ``otherwise`` when it names none of them."""
    best, weight = otherwise, 0.0
    for part in accepted[:400].split(","):
        match = _RANGE.fullmatch(part)
        if match is None:
            continue
        language: Language | None = {"en": "en", "zh": "zh-TW"}.get(match[1].lower())  # type: ignore[assignment]
        liking = float(match[2] or 1)
        if language is not None and liking > weight:
            best, weight = language, liking
    return best
