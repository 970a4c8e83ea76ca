"""Asking an engine to redraw a subject as it shows best: standing, whole, from its side (a figure on two legs from its front)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import store
from ..asset import Pixels
from ..embedded.reading import Reading
from .asking import Engine

__all__ = ["redraw", "wish_for"]

_ROOM = 0.2  # of the subject's size that is left around it: a subject that lies needs it to stand up
_SHARE = (0.3, 0.85)  # of the stage's progress


def wish_for(reading: Reading, *, whole: bool) -> dict[str, Any] | None:
    """The parameters of the request; None where the photo shows the subject so already (``whole``: no side of the frame cuts it)."""
    view = "front" if reading.plan == "biped" else "side"
    if reading.pose == "standing" and reading.view == view and whole:
        return None
    facing = {} if reading.facing == "front" else {"facing": reading.facing}
    return {"plan": reading.plan, "view": view, "look": "photo", **facing}


def redraw(engine: Engine, picture: Pixels, mask: NDArray[np.bool_], asked: dict[str, Any]) -> Pixels | None:
    """The engine's best picture (H, W, 3) of the subject in ``picture`` (H, W, 3 or 4); None where it made none that is better.

    ``before.png`` and ``after.png`` stay in the stage's folder for the person to compare. Raises ``EngineFailed``.
    """
    image, out = engine.scratch / "image.png", engine.scratch / "candidates"
    part = np.ascontiguousarray(picture[_around(mask)][..., :3])
    store.save_picture(image, part)
    values = engine.ask({"image": image, "out": out}, {**asked, "seed": engine.seed}, share=_SHARE).values
    chosen, candidates = values.get("chosen"), values.get("candidates", [])
    if chosen is None:
        return None
    if not isinstance(chosen, int) or not 0 <= chosen < len(candidates):
        raise engine.refuse("internal", f"it chose {chosen} of {len(candidates)}")
    file = out / str(candidates[chosen].get("file"))
    if file.parent != out or not file.is_file():
        raise engine.refuse("internal", f"there is no {file.name}")
    redrawn = np.ascontiguousarray(store.load_picture(file)[..., :3])
    store.save_picture(engine.work.folder / "before.png", part)
    store.save_picture(engine.work.folder / "after.png", redrawn)
    return redrawn


def _around(mask: NDArray[np.bool_]) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    room = int(_ROOM * max(len(rows), len(columns)))
    return (
        slice(max(int(rows[0]) - room, 0), int(rows[-1]) + 1 + room),
        slice(max(int(columns[0]) - room, 0), int(columns[-1]) + 1 + room),
    )
