"""What people are shown of a subject that an engine redrew in another pose, and whether one might still be."""

from pathlib import Path
from typing import Literal

from . import store
from .embedded.reading import Reading
from .engines import choose
from .engines.reposing import wish_for
from .errors import Refused
from .options import Options
from .preview.side_by_side import side_by_side

__all__ = ["comparison", "pose_of"]


def pose_of(stages: Path, options: Options) -> Literal["", "redrawn", "redrawable"]:
    """Of the finished job in ``stages``: whether its subject was ``redrawn``, or could be.

    ``redrawable``: nobody asked for it, the photo shows the subject other than standing, whole and from its side, and an engine here
    takes on what ``Options.repose`` asks for.
    """
    if (stages / "standardise" / "after.png").is_file():
        return "redrawn"
    words = stages / "standardise" / "subject.json"
    if options.repose or options.view != "auto" or not words.is_file() or (stages / "intake" / "mask.png").is_file():
        return ""
    seen = store.load_json(words)
    # What redrawing asks for beyond these words, which way the subject looks, does not decide whether it is wanted.
    told = {name: seen[name] for name in ("view", "view_confidence", "plan", "plan_confidence", "pose", "lean")}
    reading = Reading(**told, facing="front", heading=0.0)
    wanted = seen["kind"] == "photo" and wish_for(reading, whole=not seen["cut"]) is not None
    return "redrawable" if wanted and _possible(options) else ""


def _possible(options: Options) -> bool:
    try:
        return choose("standardise", options).candidate is not None
    except Refused:
        return False


def comparison(stages: Path) -> Path | None:
    """``compare.jpg`` in ``stages``, drawn now: the part of the photo that an engine redrew, and what it drew; None where none did."""
    before, after = (stages / "standardise" / name for name in ("before.png", "after.png"))
    if not (before.is_file() and after.is_file()):
        return None
    place = stages / "compare.jpg"
    place.write_bytes(side_by_side(store.load_picture(before), store.load_picture(after)))
    return place
