"""What a job looks like on the page, in every state: plain functions of what the queue and the storage know."""

import time
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from rigshot_queue import Job, Place
from rigshot_storage import Links, Model

from ..conversation import ACTIVE
from ..results import COMPARISON, clip_name, ended_answer, redrawable
from ..status import NOT_FOR_CHATS, TOLD_NOTES, stage_name
from ..texts import Language, has, say
from ..times import date, photo_name, range_of, took
from .pieces import Pieces
from .samples import SAMPLES
from .shown import Panel, Result

__all__ = ["GALLERY_PATH", "Teller", "file_path"]

GALLERY_PATH = "../gallery/"
"""Where the gallery lies, seen from a page."""
LOOK_RUNNING = 1.0
"""Seconds between two looks at a running job: stages last from half a second on."""
LOOK_WAITING = 2.0
"""Seconds for each place ahead in line: the last of a thousand need not look as often as the next one."""
LOOK_AT_MOST = 20.0
MOST_ADVICE = 3
_FILES = ("glb", "fbx", "obj", "turntable.mp4", "turntable.gif")
_STEPS = ("before", "redrawn", "standardised", "after")


def file_path(job: str, kind: str, name: str) -> str:
    """Where the page's server hands out a file, seen from a page; the name is for people, and for readers that go by its ending."""
    return f"../files/{job}/{kind}/{quote(name, safe='')}"


class Teller:
    """Tells of jobs in one language."""

    def __init__(self, language: Language, links: Links) -> None:
        self._language: Language = language
        self._links = links
        self.pieces = Pieces(language)

    def empty(self) -> Panel:
        """Nothing has been asked for yet."""
        return Panel(html=self.pieces("empty", sample=SAMPLES[0], place=GALLERY_PATH))

    def panel(self, job: Job, place: Place | None, model: Model | None) -> Panel:
        """The panel of a job; ``place`` for one on its way, ``model`` for one that is done."""
        if job.state in ACTIVE:
            return self._under_way(job, place)
        if job.state == "done" and model is not None:
            return Panel(job=job.id, result=self._result(job, model))
        if job.state == "done":
            return Panel(job=job.id, html=self._ended(say("web_expired", self._language), self.say("result_lost")))
        if job.state == "cancelled" and job.failure is None:
            return Panel(job=job.id, html=self._ended(self.say("web_stopped"), self.say("web_stopped_text")), repeatable=True)
        title = self.say("web_expired" if job.state == "expired" else "web_failed")
        blamed = job.failure is not None and job.failure.kind == "bad_input"
        hint = self.say("web_best") if blamed else ""
        return Panel(job=job.id, html=self._ended(title, ended_answer(job, self._language).text, hint), repeatable=not blamed)

    def mine(self, jobs: Sequence[tuple[Job, Model | None]], current: str, now: float) -> str:
        """The strip of a person's own jobs."""
        return self.pieces("mine", jobs=[self._thumb(job, model, current, now) for job, model in jobs])

    def say(self, code: str, **values: object) -> str:
        """A sentence in the page's language."""
        return say(code, self._language, **values)

    def _under_way(self, job: Job, place: Place | None) -> Panel:
        notes = [self.say("restarted", attempt=job.attempt)] if job.attempt > 1 else []
        if job.state == "waiting" and place is not None and place.position > 0:
            title = self.say("web_next") if place.position == 1 else self.say("web_at", position=place.position)
            detail = self.say("web_ready_in", time=range_of(place.low, place.high, self._language)) if place.workers else ""
            if not place.workers:
                notes.insert(0, self.say("nobody_works"))
            html = self.pieces("under_way", title=title, detail=detail, percent=None, notes=notes)
            return Panel(job=job.id, html=html, pause=min(LOOK_WAITING * place.position, LOOK_AT_MOST), stoppable=True)
        title = stage_name(job.stage, self._language) if job.stage else self.say("web_starting")
        detail = self.say("web_left", time=range_of(place.low, place.high, self._language)) if place is not None else ""
        html = self.pieces("under_way", title=title, detail=detail, percent=round(100 * job.fraction), notes=notes + self._advice(job)[:1])
        return Panel(job=job.id, html=html, pause=LOOK_RUNNING, stoppable=True)

    def _ended(self, title: str, sentence: str, hint: str = "") -> str:
        return self.pieces("ended", title=title, sentence=sentence, hint=hint)

    def _result(self, job: Job, model: Model) -> Result:
        paths = {file.kind: file_path(model.job, file.kind, file.name) for file in model.files}
        viewer = self._links.viewer(model.job, lifetime=model.expires - time.time())
        return Result(
            headline=self.pieces("done", title=self.say("web_done"), sentence=self._made(job, model)),
            film=self.pieces("film", film=paths.get("turntable.mp4", ""), still=paths.get("poster.png", "")),
            model=paths.get("glb", ""),
            under_model=self.pieces("under_model", viewer=viewer, public=self._links.public),
            steps=self.pieces(
                "steps",
                pictures=[(paths[f"{step}.png"], self.say(f"web_step_{step}")) for step in _STEPS if f"{step}.png" in paths],
                report=paths.get("report.png", ""),
            ),
            downloads=self.pieces("downloads", files=self._downloads(model, paths), until=date(model.expires, self._language)),
            advice=self.pieces("advice", lines=self._advice(job)),
            clips=tuple((clip_name(clip, self._language), clip) for clip in model.clips),
            pose=self._pose(job, paths),
            redrawn=job.pose == "redrawn",
            redrawable=redrawable(job),
        )

    def _pose(self, job: Job, paths: Mapping[str, str]) -> str:
        """The comparison of a subject that was redrawn, or the offer to have it redrawn."""
        if job.pose == "redrawn" and COMPARISON in paths:
            return self.pieces("pose", picture=paths[COMPARISON], sentence=self.say("web_redrawn"))
        return self.pieces("pose", picture="", sentence=self.say("redraw_offer")) if redrawable(job) else ""

    def _made(self, job: Job, model: Model) -> str:
        time = took((job.ended or 0) - (job.started or 0), self._language)
        moves = [clip_name(clip, self._language) for clip in model.clips if clip != "idle"]
        if not moves or not has(f"plan_{model.body_plan}"):
            return self.say("web_done_plain", time=time)
        return self.say("web_done_plan", plan=self.say(f"plan_{model.body_plan}"), clips=self.say("comma").join(moves), time=time)

    def _downloads(self, model: Model, paths: Mapping[str, str]) -> list[dict[str, str]]:
        files = [file for kind in _FILES if (file := model.file(kind))]
        return [
            {
                "address": paths[file.kind],
                "name": file.name,
                "label": (label := file.kind.rpartition(".")[2]).upper(),
                "words": self.say(f"web_file_{label}"),
                "size": f"{max(file.size / 1e6, 0.1):.1f} MB",
            }
            for file in files
        ]

    def _advice(self, job: Job) -> list[str]:
        heard = [advice for advice in job.advice if advice.level == "warning" or advice.code in TOLD_NOTES]
        told = [advice for advice in heard if advice.code not in NOT_FOR_CHATS][:MOST_ADVICE]
        ours = [(f"web_advice_{advice.code}", advice.sentences[self._language]) for advice in told]
        return [self.say(code) if has(code) else sentence for code, sentence in ours]

    def _thumb(self, job: Job, model: Model | None, current: str, now: float) -> dict[str, object]:
        still = model.file("poster.png") if model else None
        words = "web_on_its_way" if job.state in ACTIVE else f"web_state_{job.state}"
        return {
            "id": job.id,
            "current": job.id == current,
            "active": job.state in ACTIVE,
            "still": file_path(job.id, still.kind, still.name) if still else "",
            "name": photo_name(job.request.title, job.created, now, self._language),
            "words": self.say(words) if has(words) else "",
        }
