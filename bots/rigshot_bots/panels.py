"""Small pieces of answers: the settings panel with its choices, the line of /queue, a photo's state in one sentence."""

from typing import Any

from rigshot_queue import SUBJECTS, Job, Overview, Place, Preferences

from .messages import Answer, Button, Press, Visitor, owner_mark
from .status import status_text
from .texts import Language, language_of, say
from .times import range_of

__all__ = ["line_of", "read_choice", "settings_panel", "short_status"]

FORMATS: tuple[tuple[str, ...], ...] = (("glb",), ("glb", "fbx"), ("glb", "fbx", "obj"))
LANGUAGES = ("auto", "en", "zh-TW")
PER_ROW = 2


def settings_panel(visitor: Visitor, preferences: Preferences) -> Answer:
    """The panel as the person's preferences stand, in the language they ask for."""
    language = preferences.language or language_of(visitor.language_code)
    now = {
        "language": preferences.language or "auto",
        "formats": "+".join(preferences.formats),
        "subject": preferences.subject,
    }
    text = say("settings", language, **{field: _called(field, value, language) for field, value in now.items()})
    choices = {"language": LANGUAGES, "formats": tuple("+".join(formats) for formats in FORMATS), "subject": SUBJECTS}
    rows: list[tuple[Button, ...]] = []
    for field, values in choices.items():
        buttons = [_choice(visitor, field, value, chosen=value == now[field], language=language) for value in values]
        width = len(buttons) if field != "subject" else PER_ROW
        rows += [tuple(buttons[start : start + width]) for start in range(0, len(buttons), width)]
    return Answer(text=text, buttons=tuple(rows))


def _choice(visitor: Visitor, field: str, value: str, *, chosen: bool, language: Language) -> Button:
    label = _called(field, value, language)
    if chosen:
        label = say("settings_chosen", language, choice=label)
    return Button(label=label, press=str(Press(action="set", words=(owner_mark(visitor.person), field, value))))


def _called(field: str, value: str, language: Language) -> str:
    if field == "language":
        return say(f"settings_language_{value}", language)
    if field == "subject":
        return say(f"plan_{value}", language)
    return value.upper().replace("+", " + ")


def read_choice(words: tuple[str, ...]) -> dict[str, Any] | None:
    """What a pressed choice changes in the preferences; None for a choice that is not (or no longer) offered."""
    match words:
        case ("language", value) if value in LANGUAGES:
            return {"language": None if value == "auto" else value}
        case ("formats", value) if tuple(value.split("+")) in FORMATS:
            return {"formats": tuple(value.split("+"))}
        case ("subject", value) if value in SUBJECTS:
            return {"subject": value}
        case _:
            return None


def line_of(overview: Overview, language: Language) -> str:
    """How long the line is, and whether anybody works on it."""
    waiting, running = len(overview.waiting), len(overview.running)
    if not any(worker.alive for worker in overview.workers):
        return say("queue_nobody_works", language, waiting=waiting)
    if not waiting and not running:
        return say("queue_empty", language)
    time = range_of(0.8 * overview.mean_seconds, 1.2 * overview.mean_seconds, language)
    return say("queue_line", language, waiting=waiting, running=running, time=time)


def short_status(job: Job, place: Place | None, language: Language) -> str:
    """Where a photo stands, in one line."""
    return status_text(job, place, language).replace("\n", " ")
