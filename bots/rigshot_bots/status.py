"""What a person sees while a photo is on its way: one message whose text follows the job.

* ``status_answer(job, place, language)`` is that message for any state (the cancel button below it while it can be used);
  it is a plain function of its arguments, so a face edits its message exactly when the answer differs from the last one.
* ``advice_lines(job, language)`` are the coach's sentences as a chat can use them.
* The figures in it are coarse on purpose (a range of minutes, ten steps of a bar): every edit counts against the platform's limits.
"""

from rigshot_queue import Job, Place

from .messages import Answer, Button, Press, Rows
from .texts import Language, has, say
from .times import range_of, took

__all__ = ["advice_lines", "bar", "stage_name", "status_answer", "status_text"]

BAR_STEPS = 10
MOST_ADVICE = 2
"""Sentences of advice: whoever reads three of them follows none."""
NOT_FOR_CHATS = frozenset({"weights_missing", "formats_left_out", "left_as_it_is", "reposed"})
"""Advice for whoever runs the machine, that only confirms what the person has chosen, or that comes with a picture of its own."""
TOLD_NOTES = frozenset({"repose_none"})
"""Notes that answer a wish of the person."""


def status_answer(job: Job, place: Place | None, language: Language) -> Answer:
    """The status message of a job; ``place`` as the queue knows it, None when it does not (any more)."""
    buttons: Rows = ()
    if job.state in ("waiting", "running"):
        buttons = ((Button(label=say("button_cancel", language), press=str(Press(action="stop", words=(job.id,)))),),)
    return Answer(text=status_text(job, place, language), buttons=buttons)


def status_text(job: Job, place: Place | None, language: Language) -> str:
    """The words of the status message."""
    if job.state == "waiting":
        return "\n".join(_waiting(job, place, language))
    if job.state == "running":
        return "\n".join(_running(job, place, language))
    if job.state == "done":
        return say("ended_done", language, time=took((job.ended or 0) - (job.started or 0), language))
    return say(f"ended_{job.state}", language)


def _waiting(job: Job, place: Place | None, language: Language) -> list[str]:
    position = place.position if place else 0
    if position < 1:  # just taken by a worker, whose first word has not come yet
        return [say("starting", language)]
    where = say("waiting_next", language) if position == 1 else say("waiting_at", language, position=position)
    return [where, *_when_ready(place, language), *_restarted(job, language)]


def _when_ready(place: Place | None, language: Language) -> list[str]:
    """When a photo in line will be ready, if anybody works at all."""
    if place is None:
        return []
    if not place.workers:
        return [say("nobody_works", language)]
    return [say("ready_in", language, time=range_of(place.low, place.high, language))]


def _running(job: Job, place: Place | None, language: Language) -> list[str]:
    lines = [say("running_step", language, stage=stage_name(job.stage, language)) if job.stage else say("starting", language)]
    lines.append(bar(job.fraction))
    if place:
        lines.append(say("time_left", language, time=range_of(place.low, place.high, language)))
    return lines + _restarted(job, language) + [say("tip", language, sentence=line) for line in advice_lines(job, language)]


def _restarted(job: Job, language: Language) -> list[str]:
    return [say("restarted", language, attempt=job.attempt)] if job.attempt > 1 else []


def bar(fraction: float) -> str:
    """A bar of ten steps."""
    full = min(int(fraction * BAR_STEPS + 1e-6), BAR_STEPS)
    return "▰" * full + "▱" * (BAR_STEPS - full)


def stage_name(stage: str, language: Language) -> str:
    """A stage in plain words."""
    return say(f"stage_{stage}", language) if has(f"stage_{stage}") else stage


def advice_lines(job: Job, language: Language) -> tuple[str, ...]:
    """The warnings that tell how to take a better photo, in words that fit a chat; none for what a person cannot change."""
    lines: list[str] = []
    for advice in job.advice:
        if (advice.level != "warning" and advice.code not in TOLD_NOTES) or advice.code in NOT_FOR_CHATS:
            continue
        ours = f"advice_{advice.code}"
        lines.append(say(ours, language) if has(ours) else advice.sentences[language])
    return tuple(lines[:MOST_ADVICE])
