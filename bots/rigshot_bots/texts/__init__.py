"""Every sentence that a face says to a person, in English and Traditional Chinese.

A code names a sentence, keyword arguments fill its gaps; each file holds the sentences of one occasion. Texts are plain:
no markup of any platform, so that nothing in them needs escaping.

* ``say(code, language, **values)`` is the sentence. Unknown codes raise KeyError.
* ``has(code)`` tells whether there is one (names of clips and stages may be new to us).
* ``language_of("zh-hant")`` is the language that fits a platform's or a browser's language code.
"""

from typing import Literal

from . import advice, discord, doctor, making, names, replies, results, settings, status, terminal, up, web

__all__ = ["LANGUAGES", "Language", "codes", "has", "language_of", "say"]

Language = Literal["en", "zh-TW"]
LANGUAGES: tuple[Language, ...] = ("en", "zh-TW")

_ROOMS = (advice, discord, doctor, making, names, replies, results, settings, status, terminal, up, web)
_TEXTS: dict[str, tuple[str, str]] = {code: texts for room in _ROOMS for code, texts in room.TEXTS.items()}


def say(code: str, language: Language, /, **values: object) -> str:
    """The sentence of a code in a language, its gaps filled with ``values``. Unknown codes raise KeyError."""
    english, chinese = _TEXTS[code]
    return (chinese if language == "zh-TW" else english).format_map(values)


def has(code: str) -> bool:
    """Whether there is a sentence of that code."""
    return code in _TEXTS


def codes() -> tuple[str, ...]:
    """All codes, sorted."""
    return tuple(sorted(_TEXTS))


def language_of(code: str | None) -> Language:
    """Whoever reads any Chinese reads Traditional Chinese more easily than English; all others get English."""
    return "zh-TW" if (code or "").lower().replace("_", "-").split("-")[0] == "zh" else "en"
