"""Small pieces of answers: the settings panel with its choices, the line of /queue, a photo's state in one sentence."""

from collections.abc import Sequence
from typing import Any, Literal

from rigshot_queue import REPOSES, SUBJECTS, EngineSeen, Job, Overview, Place, Preferences

from .messages import Answer, Button, Press, Visitor, owner_mark
from .status import status_text
from .texts import Language, language_of, say
from .times import range_of

__all__ = ["ENGINES", "Page", "line_of", "page_of", "read_choice", "redraws", "settings_panel", "short_status"]

FORMATS: tuple[tuple[str, ...], ...] = (("glb",), ("glb", "fbx"), ("glb", "fbx", "obj"))
LANGUAGES = ("auto", "en", "zh-TW")
ENGINES = ("auto", "embedded")
"""What may be chosen wherever there is a choice; the names of installed engines come after."""
PER_ROW = 2

Page = Literal["main", "making"]


def settings_panel(visitor: Visitor, preferences: Preferences, engines: Sequence[EngineSeen], page: Page = "main") -> Answer:
    """The panel as the person's preferences stand, in the language they ask for.

    ``engines``: those that workers have beside the embedded one; where there are any, a second ``page`` tells who makes a model.
    """
    language = preferences.language or language_of(visitor.language_code)
    if page == "making" and engines:
        return _making(visitor, preferences, engines, language)
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
    if engines:
        text += "\n" + say("settings_made_by", language, engine=_engine(preferences, engines, language))
        rows.append((_turn(visitor, "making", say("settings_making", language)),))
    return Answer(text=text, buttons=tuple(rows))


def _making(visitor: Visitor, preferences: Preferences, engines: Sequence[EngineSeen], language: Language) -> Answer:
    """Who makes a model, and whether an engine may redraw its subject, where one can."""
    titles = {name: say(f"settings_engine_{name}", language) for name in ENGINES} | {engine.name: engine.title for engine in engines}
    now = preferences.engine if preferences.engine in titles else "auto"
    lines = [
        say("settings_made_by", language, engine=titles[now]),
        say("settings_making_help", language, auto=titles["auto"]),
    ]
    buttons = [_button(visitor, "engine", name, title, name == now, language) for name, title in titles.items()]
    rows = [tuple(buttons[start : start + PER_ROW]) for start in range(0, len(buttons), PER_ROW)]
    if redraws(engines):
        said = {repose: say(f"settings_repose_{repose}", language) for repose in REPOSES}
        lines += ["", say("settings_redrawing", language, repose=said[preferences.repose]), say("settings_redrawing_help", language)]
        rows.append(
            tuple(_button(visitor, "repose", repose, label, repose == preferences.repose, language) for repose, label in said.items())
        )
    rows.append((_turn(visitor, "main", say("button_back", language)),))
    return Answer(text="\n".join(lines), buttons=tuple(rows))


def redraws(engines: Sequence[EngineSeen]) -> bool:
    """Whether any of them can redraw a subject in another pose."""
    return any("standardise" in engine.stages for engine in engines)


def _engine(preferences: Preferences, engines: Sequence[EngineSeen], language: Language) -> str:
    title = next((engine.title for engine in engines if engine.name == preferences.engine), None)
    return title or say(f"settings_engine_{preferences.engine if preferences.engine in ENGINES else 'auto'}", language)


def _turn(visitor: Visitor, page: Page, label: str) -> Button:
    """The button that leads to another page of the panel."""
    return Button(label=label, press=str(Press(action="set", words=(owner_mark(visitor.person), "page", page))))


def _choice(visitor: Visitor, field: str, value: str, *, chosen: bool, language: Language) -> Button:
    return _button(visitor, field, value, _called(field, value, language), chosen, language)


def _button(visitor: Visitor, field: str, value: str, label: str, chosen: bool, language: Language) -> Button:
    if chosen:
        label = say("settings_chosen", language, choice=label)
    return Button(label=label, press=str(Press(action="set", words=(owner_mark(visitor.person), field, value))))


def _called(field: str, value: str, language: Language) -> str:
    if field == "language":
        return say(f"settings_language_{value}", language)
    if field == "subject":
        return say(f"plan_{value}", language)
    return value.upper().replace("+", " + ")


def page_of(words: tuple[str, ...]) -> Page:
    """The page of the panel that is to be shown after a choice: that on which it was made, or the one that was asked for."""
    return "making" if words[:1] in (("engine",), ("repose",)) or words == ("page", "making") else "main"


def read_choice(words: tuple[str, ...], engines: Sequence[EngineSeen]) -> dict[str, Any] | None:
    """What a pressed choice changes in the preferences; None for a choice that is not (or no longer) offered."""
    match words:
        case ("language", value) if value in LANGUAGES:
            return {"language": None if value == "auto" else value}
        case ("formats", value) if tuple(value.split("+")) in FORMATS:
            return {"formats": tuple(value.split("+"))}
        case ("subject", value) if value in SUBJECTS:
            return {"subject": value}
        case ("engine", value) if value in ENGINES or value in [engine.name for engine in engines]:
            return {"engine": value}
        case ("repose", value) if value in REPOSES:
            return {"repose": value}
        case ("page", "main" | "making"):
            return {}
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
