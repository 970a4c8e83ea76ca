"""What the page shows, as values: the panel beside the photo, and what stands around it."""

from dataclasses import dataclass

from rigshot_queue import EngineSeen

__all__ = ["Panel", "Result", "Shown"]


@dataclass(frozen=True, kw_only=True)
class Result:
    """A finished model: pieces of HTML, the path of its GLB below the page's root, and the movements that can be filmed.

    ``pose``: what is said of a subject that was ``redrawn``, or that may be redrawn (``redrawable``); empty where there is nothing to say.
    """

    headline: str
    film: str
    model: str
    under_model: str
    steps: str
    downloads: str
    advice: str
    clips: tuple[tuple[str, str], ...]
    pose: str = ""
    redrawn: bool = False
    redrawable: bool = False


@dataclass(frozen=True, kw_only=True)
class Panel:
    """The side of the page that tells of one job.

    ``html``: what is said of it while there is no ``result``. ``pause``: seconds until it should be looked at again; None: never.
    """

    job: str = ""
    html: str = ""
    pause: float | None = None
    stoppable: bool = False
    repeatable: bool = False
    result: Result | None = None


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An answer to whatever somebody did. ``panel``, ``mine`` and ``engines`` (what workers have beside the embedded one) stay as they
    are where they are None; ``notice`` is one sentence."""

    panel: Panel | None = None
    mine: str | None = None
    notice: str = ""
    engines: tuple[EngineSeen, ...] | None = None
