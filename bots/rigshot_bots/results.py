"""What is said when a job has ended: the words below the animation, the reason of a failure, and the buttons."""

import time
from collections.abc import Sequence

from rigshot_queue import Job
from rigshot_storage import Links, Model

from .messages import Answer, Button, Press, Rows
from .status import advice_lines
from .texts import Language, has, say
from .times import date

__all__ = [
    "COMPARISON",
    "DOWNLOADS",
    "clip_name",
    "ended_answer",
    "link_buttons",
    "made_answer",
    "model_buttons",
    "redrawable",
    "redrawn_answer",
]

DOWNLOADS = ("glb", "fbx", "obj")
"""The kinds of files that people ask for, in the order of the buttons."""
COMPARISON = "compare.jpg"
"""The kind of file that shows a subject before and after it was redrawn."""
MOST_LICENCES = 160
"""Characters below a film that is to be looked at; the report and the model's page hold every licence."""


def made_answer(job: Job, model: Model, links: Links, lifetime: float, language: Language) -> Answer:
    """What goes with the animation of a finished job: what it is, advice, how long it is kept, licences; buttons below.

    ``lifetime``: seconds from now for which links are to work.
    """
    text = _made_text(job, model, links.public, time.time() + lifetime, language)
    return Answer(text=text, buttons=model_buttons(job, model, links, lifetime, language))


def _made_text(job: Job, model: Model, public: bool, until: float, language: Language) -> str:
    moves = [clip_name(clip, language) for clip in model.clips if clip != "idle"]
    if moves and has(f"plan_{model.body_plan}"):
        made = say("made", language, plan=say(f"plan_{model.body_plan}", language), clips=say("comma", language).join(moves))
    else:
        made = say("made_plain", language)
    kept = (
        say("links_until", language, date=date(until, language))
        if public
        else say("kept_until", language, date=date(model.expires, language))
    )
    licences = _licences(model.licences, language)
    tips = [say("tip", language, sentence=line) for line in advice_lines(job, language)]
    if redrawable(job):
        tips.append(say("tip", language, sentence=say("redraw_offer", language)))
    return "\n\n".join(filter(None, [made, *tips, kept, licences]))


def redrawable(job: Job) -> bool:
    """Whether the person is to be asked about having the subject redrawn."""
    return job.pose == "redrawable" and job.request.wishes.repose == "ask"


def redrawn_answer(job: Job, language: Language) -> Answer:
    """What goes with the comparison of a subject before and after it was redrawn: the way back to the photo."""
    return Answer(text=say("redrawn", language), buttons=(_as_it_is(job, language),))


def _as_it_is(job: Job, language: Language) -> tuple[Button, ...]:
    return (Button(label=say("button_as_it_is", language), press=_press("asis", job.id)),)


def _licences(sentences: Sequence[str], language: Language) -> str:
    """The first whole sentences that fit: who made the model, and whose it is."""
    space = "" if language == "zh-TW" else " "
    kept = ""
    for sentence in sentences:
        longer = f"{kept}{space}{sentence}" if kept else sentence
        if kept and len(longer) > MOST_LICENCES:
            break
        kept = longer
    return kept


def ended_answer(job: Job, language: Language) -> Answer:
    """Why a job ended without a model; a button to try again where the photo is not to blame."""
    failure = job.failure
    if failure is None:
        return Answer(text=say(f"ended_{job.state}", language))
    ours = f"failed_{failure.code}"
    text = say(ours, language) if has(ours) else failure.sentences[language]
    if failure.kind == "bad_input":
        return Answer(text=text)
    return Answer(text=text, buttons=((Button(label=say("button_again", language), press=_press("again", job.id)),),))


def model_buttons(job: Job, model: Model, links: Links, lifetime: float, language: Language) -> Rows:
    """The buttons below a finished model: the links where there are public ones, then what can be done with it."""
    doings = [Button(label=say("button_again", language), press=_press("again", job.id))]
    if len(model.clips) > 1:
        doings.append(Button(label=say("button_clip", language), press=_press("clips", job.id)))
    pose: Rows = ()
    if job.pose == "redrawn":
        pose = (_as_it_is(job, language),)
    elif redrawable(job):
        pose = ((Button(label=say("button_redraw", language), press=_press("redraw", job.id)),),)
    rest = (
        Button(label=say("button_rig", language), press=_press("rig", job.id)),
        Button(label=say("button_delete", language), press=_press("drop", job.id), danger=True),
    )
    return (*link_buttons(model, links, lifetime, language), *pose, tuple(doings), rest)


def link_buttons(model: Model, links: Links, lifetime: float, language: Language) -> Rows:
    """A row of links to the viewer and the files; no row where links would only work on this machine."""
    if not links.public:
        return ()
    files = tuple(Button(label=kind.upper(), url=links.url(model.job, kind, lifetime=lifetime)) for kind in DOWNLOADS if model.file(kind))
    return ((Button(label=say("button_view", language), url=links.viewer(model.job, lifetime=lifetime)), *files),)


def clip_name(clip: str, language: Language) -> str:
    """A movement's name in plain words; one of another engine keeps its own."""
    return say(f"clip_{clip}", language) if has(f"clip_{clip}") else clip


def _press(action: str, *words: str) -> str:
    return str(Press(action=action, words=words))
