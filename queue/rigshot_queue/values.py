"""What a request, a job and a place in the line are."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

__all__ = [
    "FORMATS",
    "LANGUAGES",
    "REPOSES",
    "SUBJECTS",
    "TERMINAL",
    "VIEWS",
    "EngineSeen",
    "Failure",
    "FailureKind",
    "Forgotten",
    "Job",
    "Language",
    "Overview",
    "Person",
    "Place",
    "Platform",
    "Pose",
    "Preferences",
    "Request",
    "Said",
    "State",
    "Wishes",
    "WorkerSeen",
]

Person: TypeAlias = str
"""``telegram:123``, ``discord:456``, ``web:SESSION``, ``terminal:USER``."""
Platform = Literal["telegram", "discord", "web", "terminal"]
Language = Literal["en", "zh-TW"]
State = Literal["waiting", "running", "done", "failed", "cancelled", "expired"]
FailureKind = Literal["bad_input", "out_of_memory", "missing_weights", "internal", "lost", "timeout"]

Pose = Literal["", "redrawn", "redrawable"]

LANGUAGES: tuple[Language, ...] = get_args(Language)
TERMINAL: frozenset[State] = frozenset({"done", "failed", "cancelled", "expired"})
# The pipeline's own words, said once more because a bot's image holds no pipeline; a test keeps the two equal.
SUBJECTS = ("auto", "quadruped", "biped", "bird", "fish", "snake", "object")
VIEWS = ("auto", "side", "three_quarter", "front")
FORMATS = ("glb", "fbx", "obj")
REPOSES = ("ask", "always", "never")
"""When an engine may redraw a subject standing and from its side: only when the person says so of this photo, wherever it helps, never."""
_ENGINE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
"""auto, embedded, or an engine's name: which there are, only the worker's machine knows."""


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What a person asked for; the defaults leave all to the stages. Raises ValueError for words that do not exist.

    ``box``: left, top, width, height around the subject in pixels of the upright photo; ``turn`` degrees clockwise. ``repose``: one of
    ``REPOSES``.
    """

    subject: str = "auto"
    view: str = "auto"
    box: tuple[int, int, int, int] | None = None
    turn: str | int = "auto"
    clip: str = "auto"
    formats: tuple[str, ...] = ("glb", "fbx")
    seed: int = 0
    engine: str = "auto"
    repose: str = "ask"

    def __post_init__(self) -> None:
        known = self.subject in SUBJECTS and self.view in VIEWS and self.repose in REPOSES and bool(_ENGINE.fullmatch(self.engine))
        known = known and self.turn in ("auto", 0, 90, 180, 270) and bool(self.formats) and set(self.formats) <= set(FORMATS)
        if not known:
            raise ValueError(f"wishes that nobody can grant: {self}")


@dataclass(frozen=True, kw_only=True)
class Request:
    """A photo's way into the line.

    ``origin``: the adapter's own JSON (chat id, message ids), handed back with the job. ``title``: the photo's name. ``key``: the same
    key of the same platform is the same job, however often it is submitted. ``after`` and ``redo``: the job whose finished
    stages this one takes over, and the stage from which all is made anew (set by ``Queue.again``).
    """

    person: Person
    platform: Platform
    language: Language = "en"
    wishes: Wishes = field(default_factory=Wishes)
    origin: Mapping[str, Any] = field(default_factory=dict[str, Any])
    title: str = ""
    key: str | None = None
    after: str | None = None
    redo: str | None = None


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why there is no model: who can mend it (``kind``), which sentence (``code``) and the sentence itself, by language."""

    kind: FailureKind
    code: str
    sentences: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Said:
    """The coach's advice on a photo: a ``note`` or a ``warning``, with its sentence by language."""

    code: str
    level: Literal["note", "warning"]
    sentences: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Job:
    """A request on its way, as its record tells. Times are seconds since 1970 by Redis' clock.

    ``fraction`` 0..1 of the whole job, ``stage_fraction`` of the ``stage`` at work. ``attempt``: how often a worker has started it.
    ``engines`` and ``seconds`` by stage; ``body_plan`` and ``clips`` once the model is made, and ``pose``: whether the subject was
    ``redrawn`` in another one, or is ``redrawable`` (an engine here could, and the photo shows it sitting, at an angle or cut off).
    ``delivery``: empty, ``sent``, or why it could not be delivered.
    """

    id: str
    request: Request
    state: State
    created: float
    started: float | None = None
    ended: float | None = None
    stage: str | None = None
    fraction: float = 0.0
    stage_fraction: float = 0.0
    attempt: int = 0
    failure: Failure | None = None
    advice: tuple[Said, ...] = ()
    engines: Mapping[str, str] = field(default_factory=dict[str, str])
    seconds: Mapping[str, float] = field(default_factory=dict[str, float])
    body_plan: str = ""
    clips: tuple[str, ...] = ()
    pose: Pose = ""
    delivery: str = ""

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in TERMINAL


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a job stands: ``position`` 1 is the next to start, 0 is at work. ``waiting``: how many wait in all.

    ``low`` and ``high``: seconds until it is done, as earlier jobs let expect. ``workers``: how many are alive; with none the
    seconds are those that one would need.
    """

    position: int
    waiting: int
    low: float
    high: float
    workers: int


@dataclass(frozen=True, kw_only=True)
class WorkerSeen:
    """A worker process as it last reported: the ``job`` at work or empty; ``until`` when it counts as ``alive`` unless it reports again."""

    name: str
    job: str
    until: float
    alive: bool


@dataclass(frozen=True, kw_only=True)
class EngineSeen:
    """An engine that workers have beside the embedded one: its ``name`` in wishes, its ``title`` for people, the ``stages`` it can do."""

    name: str
    title: str
    stages: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Overview:
    """The whole line: ``waiting`` in the order in which they will start, ``running``, the workers, the mean seconds of a job."""

    waiting: tuple[Job, ...]
    running: tuple[Job, ...]
    workers: tuple[WorkerSeen, ...]
    mean_seconds: float


@dataclass(frozen=True, kw_only=True)
class Preferences:
    """What a person wants each time; None: as the platform says."""

    language: Language | None = None
    clip: str = "auto"
    formats: tuple[str, ...] = ("glb", "fbx")
    subject: str = "auto"
    engine: str = "auto"
    repose: str = "ask"


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """What was deleted of a person."""

    jobs: int
    files: int
