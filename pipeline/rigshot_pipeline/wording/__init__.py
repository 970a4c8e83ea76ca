"""Every sentence that the pipeline says to a person, in English and Traditional Chinese.

Errors and advice carry a code and values; the words live here alone, one file for each stage, so that a bot, a page
and a terminal say the same.
"""

from collections.abc import Mapping
from typing import Literal

from . import cutout, engines, enhance, export, geometry, intake, preview, report, run, standardise

__all__ = ["LANGUAGES", "Language", "codes", "sentence"]

Language = Literal["en", "zh-TW"]
LANGUAGES: tuple[Language, ...] = ("en", "zh-TW")

_ROOMS = (run, engines, intake, enhance, standardise, cutout, geometry, export, preview, report)
_TEXTS: dict[str, tuple[str, str]] = {code: texts for room in _ROOMS for code, texts in room.TEXTS.items()}


def sentence(code: str, values: Mapping[str, object] | None = None, language: Language = "en") -> str:
    """The sentence of a code in a language, its gaps filled with ``values``. Unknown codes raise KeyError."""
    english, chinese = _TEXTS[code]
    return (chinese if language == "zh-TW" else english).format_map(values or {})


def codes() -> tuple[str, ...]:
    """All codes, sorted."""
    return tuple(sorted(_TEXTS))
