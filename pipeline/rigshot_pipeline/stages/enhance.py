"""enhance: the resolution that the later stages need, and what kind of picture this is.

``picture.json``: ``scale`` pixels of picture.png per pixel of photo.png; ``kind`` photo, drawing or sprite; ``box`` the
person's box in pixels of picture.png, or null.
"""

import math
import shutil
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from .. import store
from ..asset import Pixels
from ..embedded import pixel_art
from ..embedded.denoise import denoised, noise_level
from ..embedded.drawing import is_drawing
from ..embedded.saliency import background_saliency, superpixels
from ..embedded.upscale import upscale
from ..engines import Engine, by_choice, environment
from ..gate.limits import MAX_SIDE
from ..stage import Advice, Metric, Outcome, Stage, Work
from .unprepared import as_it_came

__all__ = ["STAGE"]

_SUBJECT_PIXELS = 640
"""The subject's longest side that the texture can make use of; more is thrown away by the canonical picture."""
_MOST = 4
"""Enlarging further only makes the blur larger."""
_SPRITE_PIXELS = 1024
_GLANCE = 300
"""The longest side at which the subject's size is guessed."""
_SALIENT = 0.3
_NOISY = 4.5
"""Grey levels. Of 70 clean pictures none has more than 3.1; noise of 10 grey levels in every channel measures 6."""


Enlarge = Callable[[Pixels, int], Pixels]


def run(work: Work) -> Outcome:
    """Enlarge what is too small for the stages to come."""
    if "resolution" not in work.options.prepare:
        return as_it_came(work)
    return by_choice(work, "enhance", engine=_by_engine, embedded=partial(_enhance, enlarge=upscale))


def _by_engine(engine: Engine) -> Outcome:
    def enlarge(photo: Pixels, factor: int) -> Pixels:
        image, out = engine.scratch / "image.png", engine.scratch / "out.png"
        store.save_picture(image, np.ascontiguousarray(photo[..., :3]))
        engine.ask({"image": image, "out": out}, {"scale": 2 if factor <= 2 else 4})
        return _to_size(store.load_picture(out), photo, factor)

    return _enhance(engine.work, enlarge=enlarge)


def _to_size(large: Pixels, photo: Pixels, factor: int) -> Pixels:
    """An engine's picture at ``factor`` times the photo's size, with the photo's transparency."""
    size = (photo.shape[1] * factor, photo.shape[0] * factor)
    colours = np.ascontiguousarray(large[..., :3])
    if colours.shape[1::-1] != size:
        colours = np.asarray(cv2.resize(colours, size, interpolation=cv2.INTER_AREA), np.uint8)
    if photo.shape[2] == 3:
        return colours
    alpha = cv2.resize(np.ascontiguousarray(photo[..., 3]), size, interpolation=cv2.INTER_CUBIC)
    return np.dstack([colours, np.asarray(alpha, np.uint8)])


def _enhance(work: Work, *, enlarge: Enlarge) -> Outcome:
    photo = store.load_picture(work.inputs["intake"] / "photo.png")
    box = store.load_json(work.inputs["intake"] / "photo.json")["box"]
    mask = work.inputs["intake"] / "mask.png"
    grid = pixel_art.find_grid(photo)
    small = pixel_art.true_pixels(photo, grid) if grid else photo
    work.progress(0.2)
    if pixel_art.is_sprite(small, gridded=grid is not None):
        picture, metrics, advice = _sprite(pixel_art.without_ground(small), grid)
    else:
        clean, noise = _without_noise(photo)
        small = small if grid or not noise else clean
        subject = _subject_pixels(clean, box, store.load_picture(mask) if mask.exists() else None)
        picture, metrics, advice = _photo(small, enlarge, round(subject * max(small.shape[:2]) / max(photo.shape[:2])))
        advice = (Advice(code="denoised"), *advice) if small is clean and noise else advice
        metrics["noise"] = round(noise, 1)
    work.progress(0.8)
    scale = max(picture.shape[:2]) / max(photo.shape[:2])
    if picture is photo:
        shutil.copyfile(work.inputs["intake"] / "photo.png", work.folder / "picture.png")
    else:
        store.save_picture(work.folder / "picture.png", picture)
    scaled_box = [round(side * scale) for side in box] if box else None
    store.save_json(work.folder / "picture.json", {"scale": scale, "kind": metrics["kind"], "box": scaled_box})
    block = round((grid.width + grid.height) / 2, 3) if grid else 1
    return Outcome(metrics={"scale": round(scale, 4), "block_size": block, **metrics}, advice=advice)


def _without_noise(photo: Pixels) -> tuple[Pixels, float]:
    """The photo without its noise, and how strong that was; the photo itself and 0 where nobody would see any."""
    level = noise_level(photo)
    return (denoised(photo, level), level) if level >= _NOISY else (photo, 0.0)


def _sprite(small: Pixels, grid: pixel_art.Grid | None) -> tuple[Pixels, dict[str, Metric], tuple[Advice, ...]]:
    height, width = small.shape[:2]
    sides = pixel_art.figure_sides(small)
    factor = max(min(_SPRITE_PIXELS // max(sides), MAX_SIDE // max(width, height)), 1)
    values: dict[str, Metric] = {"width": width, "height": height, "factor": factor}
    if grid:
        advice = [Advice(code="sprite_restored", values={**values, "block": round(grid.width, 1)})]
    else:
        advice = [Advice(code="sprite", values=values)]
    if len(sides) > 1:
        advice.append(Advice(code="sprite_sheet", values={"figures": len(sides)}, level="warning"))
    metrics: dict[str, Metric] = {"kind": "sprite", "subject_pixels": max(sides), "figures": len(sides)}
    return pixel_art.enlarge_sprite(small, factor), metrics, tuple(advice)


def _photo(photo: Pixels, enlarge: Enlarge, subject: int) -> tuple[Pixels, dict[str, Metric], tuple[Advice, ...]]:
    metrics: dict[str, Metric] = {"kind": "drawing" if is_drawing(photo) else "photo", "subject_pixels": subject}
    wanted = min(math.ceil(_SUBJECT_PIXELS / max(subject, 1)), _MOST)
    factor = min(wanted, MAX_SIDE // max(photo.shape[:2]))
    values: dict[str, Metric] = {"pixels": subject, "factor": factor}
    if factor > 1:
        advice = Advice(code="enlarged", values=values)
    elif wanted > 2:
        advice = Advice(code="small_in_photo", values=values, level="warning")
    else:
        advice = Advice(code="left_as_it_is", values=values)
    return (enlarge(photo, factor) if factor > 1 else photo), metrics, (advice,)


def _subject_pixels(photo: Pixels, box: list[int] | None, mask: Pixels | None) -> int:
    """The longest side of the subject in pixels: the person's mask or box, the alpha channel, or a guess by saliency."""
    if mask is not None:
        return _extent(mask > 127)
    if box:
        return max(box[2:])
    if photo.shape[2] == 4:
        return _extent(photo[..., 3] > 127)
    factor = min(_GLANCE / max(photo.shape[:2]), 1.0)
    glance = np.asarray(cv2.resize(photo, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
    patches = superpixels(glance)
    salient: NDArray[np.bool_] = background_saliency(patches)[patches.labels] > _SALIENT
    return round(_extent(salient) / factor)


def _extent(visible: NDArray[np.bool_]) -> int:
    """The longest side of what is True in (H, W); 0 if nothing is."""
    places = [np.flatnonzero(visible.any(axis)) for axis in (0, 1)]
    sides = [int(along[-1] - along[0]) + 1 if len(along) else 0 for along in places]
    return max(sides)


STAGE = Stage(name="enhance", reads=("intake",), run=run, version=3, options=("prepare",), environment=partial(environment, "enhance"))
