"""What is done about a pressed button. ``Conversation.press`` is its way in; every press is checked against its owner here."""

from typing import TYPE_CHECKING

from rigshot_queue import Job
from rigshot_storage import Model

from . import panels
from .messages import Answer, Button, Press, Pressed, Rerun, Rows, Visitor, owner_mark
from .results import clip_name
from .texts import Language, has, language_of, say

if TYPE_CHECKING:
    from .conversation import Conversation

__all__ = ["REDO_FROM", "answer_press"]

PERSONAL = ("set", "wipe", "keep")
"""Actions that concern a person and no job; their first word is the person's mark."""
PERSONAL_NOTES = ("album", "beside")
"""Folders of a face's notes that hold what is a person's, each below the person's mark."""
REDO_FROM = "skeleton"
"""What "new skeleton" throws away: that stage and all behind it."""
ALL_JOBS = 1000
"""More than anybody has: the day's limit times the days that a model is kept."""


async def answer_press(core: "Conversation", visitor: Visitor, press: Press, language: Language) -> Pressed:
    """What a face is to do about a press. Raises QueueUnavailable."""
    if press.action not in PERSONAL:
        return await _about_job(core, visitor, press, language)
    if press.words[:1] != (owner_mark(visitor.person),):
        return Pressed(notice=say("not_yours", language))
    return await _personal(core, visitor, press, language)


async def _personal(core: "Conversation", visitor: Visitor, press: Press, language: Language) -> Pressed:
    if press.action == "keep":
        return Pressed(replace=Answer(text=say("wipe_kept", language)))
    if press.action == "wipe":
        return await _wipe(core, visitor, language)
    engines = await core.queue.engines() or ()
    changes = panels.read_choice(press.words[1:], engines)
    if changes is None:
        return Pressed(notice=say("old_button", language))
    preferences = await (core.queue.prefer(visitor.person, **changes) if changes else core.queue.preferences(visitor.person))
    panel = panels.settings_panel(visitor, preferences, engines, panels.page_of(press.words[1:]))
    saved = say("settings_saved", preferences.language or language_of(visitor.language_code)) if changes else ""
    return Pressed(notice=saved, replace=panel)


async def _wipe(core: "Conversation", visitor: Visitor, language: Language) -> Pressed:
    for folder in PERSONAL_NOTES:
        for note in await core.notes.names(f"{folder}/{owner_mark(visitor.person)}"):
            await core.notes.delete(note)
    origins = tuple(job.request.origin for job in await core.queue.jobs(visitor.person, newest=ALL_JOBS))
    forgotten = await core.queue.forget_person(visitor.person)
    code = f"wiped_{core.platform}" if has(f"wiped_{core.platform}") else "wiped"  # some faces take down what they put up
    code = code if forgotten.jobs or forgotten.files else "wiped_nothing"
    return Pressed(replace=Answer(text=say(code, language, jobs=forgotten.jobs, files=forgotten.files)), forgotten=origins)


async def _about_job(core: "Conversation", visitor: Visitor, press: Press, language: Language) -> Pressed:
    job = await core.queue.job(press.words[0]) if press.words else None
    if job is None:
        return Pressed(notice=say("gone" if press.words else "old_button", language), buttons=())
    if job.request.person != visitor.person:
        return Pressed(notice=say("not_yours", language))
    match press.action:
        case "stop":
            return Pressed(replace=await core.stop(job, language))
        case "again":
            return Pressed(rerun=Rerun(job=job.id, other_seed=job.state == "done"))
        case "rig":
            return Pressed(rerun=Rerun(job=job.id, redo=REDO_FROM, other_seed=True))
        case "asis":
            return Pressed(rerun=Rerun(job=job.id, repose="never"))
        case "redraw":
            return Pressed(rerun=Rerun(job=job.id, repose="always"))
        case "drop":
            return Pressed(buttons=_sure(job, language))
        case "dropped":
            await core.queue.forget(job.id)
            return Pressed(replace=Answer(text=say("deleted", language)))
        case "clips" | "clip" | "back":
            return await _about_model(core, job, press, language)
        case _:
            return Pressed(notice=say("old_button", language))


async def _about_model(core: "Conversation", job: Job, press: Press, language: Language) -> Pressed:
    model = await core.models.load(job.id)
    if model is None:
        return Pressed(notice=say("gone", language), buttons=())
    if press.action == "back":
        return Pressed(buttons=core.buttons(job, model, language))
    if press.action == "clip":
        number = int(press.words[1]) if len(press.words) > 1 and press.words[1].isdecimal() else len(model.clips)
        if number >= len(model.clips):
            return Pressed(notice=say("old_button", language))
        return Pressed(rerun=Rerun(job=job.id, clip=model.clips[number]), buttons=core.buttons(job, model, language))
    return Pressed(buttons=_clip_choice(job, model, language))


def _sure(job: Job, language: Language) -> Rows:
    sure = Button(label=say("button_delete_sure", language), press=str(Press(action="dropped", words=(job.id,))), danger=True)
    return ((sure, Button(label=say("button_back", language), press=str(Press(action="back", words=(job.id,))))),)


def _clip_choice(job: Job, model: Model, language: Language) -> Rows:
    """A button for every movement, three in a row, and the way back."""
    clips = [
        Button(label=clip_name(clip, language).capitalize(), press=str(Press(action="clip", words=(job.id, str(number)))))
        for number, clip in enumerate(model.clips)
    ]
    rows = [tuple(clips[start : start + 3]) for start in range(0, len(clips), 3)]
    return (*rows, (Button(label=say("button_back", language), press=str(Press(action="back", words=(job.id,)))),))
