"""Times as people say them: rounded ranges, durations, dates."""

import math
from datetime import UTC, datetime

from .texts import Language, say

__all__ = ["date", "photo_name", "range_of", "took"]

MINUTE, HOUR, DAY = 60, 3600, 86400
MOMENTS = 8
"""Seconds below which a number would be gone before it is read."""


def range_of(low: float, high: float, language: Language) -> str:
    """From ``low`` to ``high`` seconds, rounded so coarsely that the text stands still for a while."""
    if high <= MOMENTS:
        return say("time_moments", language)
    if high <= 1.5 * MINUTE:
        least, most = _rounded(low, high, step=5 if high <= 30 else 10, smallest=5)
        return say("time_seconds", language, low=least, high=most) if least < most else say("time_about_seconds", language, high=most)
    if high <= 1.5 * HOUR:
        return _or_about("minute", *_rounded(low / MINUTE, high / MINUTE, step=1 if high <= 10 * MINUTE else 5), language)
    return _or_about("hour", *_rounded(low / HOUR, high / HOUR), language)


def _rounded(low: float, high: float, *, step: int = 1, smallest: int = 1) -> tuple[int, int]:
    return math.floor(low / step) * step or smallest, math.ceil(high / step) * step


def _or_about(unit: str, low: int, high: int, language: Language) -> str:
    if low < high:
        return say(f"time_{unit}s", language, low=low, high=high)
    return say(f"time_about_{unit}", language) if high == 1 else say(f"time_about_{unit}s", language, high=high)


def took(seconds: float, language: Language) -> str:
    """A duration that is over."""
    whole = max(round(seconds), 1)
    if whole >= 100:
        return say("took_minutes", language, minutes=whole // MINUTE, seconds=whole % MINUTE)
    return say("took_second" if whole == 1 else "took_seconds", language, seconds=whole)


def date(moment: float, language: Language) -> str:
    """The day of a moment (seconds since 1970), in UTC."""
    day = datetime.fromtimestamp(moment, UTC)
    return f"{day.month} 月 {day.day} 日" if language == "zh-TW" else f"{day.day} {day:%B}"


def photo_name(title: str, created: float, now: float, language: Language) -> str:
    """What a person's photo is called: by its file name, or by when it came."""
    age = now - created
    if title:
        return title if len(title) <= 40 else f"{title[:39]}…"
    if age < MINUTE:
        return say("photo_now", language)
    if age < 2 * HOUR:
        return say("photo_minutes", language, minutes=int(age // MINUTE))
    if age < 2 * DAY:
        return say("photo_hours", language, hours=int(age // HOUR))
    return say("photo_days", language, days=int(age // DAY))
