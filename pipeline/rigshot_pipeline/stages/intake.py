"""intake: the person's file, decoded once at the gate; from here on there are only pictures of ours.

``photo.png`` is upright, 8-bit sRGB, without metadata, at most ``gate.limits.MAX_SIDE`` on its longest side.
``photo.json`` tells how it came about: ``width`` and ``height`` of the upright, turned original, ``scale`` (pixels of
photo.png per pixel of the original) and ``box``, the person's box in pixels of photo.png, or null.

``options.turn`` turns the photo before anything else: the box and the mask are those of the turned photo.
"""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from .. import store
from ..asset import Pixels
from ..embedded.turning import turn_picture
from ..errors import Refused
from ..gate import door
from ..gate.limits import MIN_SIDE
from ..options import Box
from ..stage import Advice, Outcome, Stage, Work

__all__ = ["STAGE"]

_MASK_SHAPE = 0.02
"""How far a mask's proportions may be from the photo's: editors round when they scale."""


def run(work: Work) -> Outcome:
    """Decode the photo and, if there is one, the mask."""
    if work.source is None:
        raise Refused("photo_gone")
    with door.admit(work.source) as file:
        size = file.seek(0, 2)
        photo = door.decode(file, scratch=work.folder, alive=lambda: work.progress(0.1))
    work.progress(0.6)
    pixels = photo.pixels
    scale = max(pixels.shape[:2]) / max(photo.width, photo.height)
    width, height = photo.width, photo.height
    if work.options.turn != "auto" and work.options.turn % 360:
        pixels = turn_picture(pixels, work.options.turn)
        height, width = (round(side / scale) for side in pixels.shape[:2])
    box = _box(work.options.box, width, height, scale)
    if work.options.mask is not None:
        mask = _mask(work.options.mask, work.folder, lambda: work.progress(0.6))
        store.save_picture(work.folder / "mask.png", _fitted(mask, pixels.shape[1], pixels.shape[0], width, height))
    store.save_picture(work.folder / "photo.png", pixels)
    store.save_json(work.folder / "photo.json", {"width": width, "height": height, "scale": scale, "box": box})
    return Outcome(
        metrics={
            "format": photo.format,
            "width": photo.width,
            "height": photo.height,
            "frames": photo.frames,
            "had_alpha": pixels.shape[2] == 4,
            "turned_by_exif": photo.turned,
            "scaled": round(scale, 4),
            "bytes": size,
        },
        advice=_advice(photo),
    )


def _advice(photo: door.Decoded) -> tuple[Advice, ...]:
    found: list[Advice] = []
    if photo.frames > 1:
        found.append(Advice(code="first_page" if photo.pages else "first_frame", values={"frames": photo.frames}))
    if photo.missing:
        percent = max(round(100 * photo.missing), 1)
        found.append(Advice(code="file_mended", values={"percent": percent}, level="warning"))
    elif photo.cut:
        found.append(Advice(code="file_unsharp", level="warning"))
    return tuple(found)


def _box(box: Box | None, width: int, height: int, scale: float) -> list[int] | None:
    """The person's box in pixels of photo.png: left, top, width, height, cut to the picture."""
    if box is None:
        return None
    left, top = max(box.left, 0), max(box.top, 0)
    right, bottom = min(box.left + box.width, width), min(box.top + box.height, height)
    if right <= left or bottom <= top:
        raise Refused("box_outside", width=width, height=height)
    if max(right - left, bottom - top) < min(MIN_SIDE, width, height):
        raise Refused("box_too_small", least=MIN_SIDE)
    left, top, right, bottom = (round(side * scale) for side in (left, top, right, bottom))
    return [left, top, max(right - left, 1), max(bottom - top, 1)]


def _mask(path: Path, folder: Path, alive: Callable[[], None]) -> Pixels:
    """The person's mask (H, W): its alpha where it has one, its brightness otherwise."""
    try:
        with door.admit(path) as file:
            mask = door.decode(file, scratch=folder, alive=alive)
    except Refused as refused:
        even = refused.code in ("picture_blank", "picture_clear")
        raise Refused("mask_even" if even else "mask_unreadable", reason=refused.code) from refused
    if mask.pixels.shape[2] == 4:
        return np.ascontiguousarray(mask.pixels[..., 3])
    return np.asarray(cv2.cvtColor(mask.pixels, cv2.COLOR_RGB2GRAY), np.uint8)


def _fitted(mask: Pixels, columns: int, rows: int, width: int, height: int) -> Pixels:
    """The mask at the size of photo.png. Raises ``Refused`` if it is not a mask of this photo."""
    ratio = (mask.shape[1] / mask.shape[0]) / (columns / rows)
    if abs(ratio - 1) > _MASK_SHAPE:
        raise Refused("mask_shape", mask_width=mask.shape[1], mask_height=mask.shape[0], width=width, height=height)
    if not (mask > 127).any() or (mask > 127).all():
        raise Refused("mask_even")
    shrinking = mask.shape[1] > columns
    return np.asarray(cv2.resize(mask, (columns, rows), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR), np.uint8)


STAGE = Stage(name="intake", reads=(), run=run, options=("box", "mask", "turn"))
