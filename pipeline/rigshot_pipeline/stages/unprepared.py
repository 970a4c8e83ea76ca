"""What the stages enhance, standardise and cutout do when a wish leaves them out: as little as a plain image-to-3D model gets.

``Options.prepare`` names what is done to a photo before its model is made. A preparation that is not named is left out for real, so that
``rigshot evaluate`` can measure what it is worth:

* without ``resolution`` the picture stays as it came, pixel by pixel;
* without ``pose`` the whole photo, padded to a square, is the canonical square: nothing is looked for, turned, mirrored or centred;
* without ``cutout`` no network and no matting is asked. A picture's own transparency stays, as every image-to-3D model keeps it. Any
  other picture is cut by the plainest rule there is: what differs from the median colour of its frame (CIELAB, Otsu's threshold), the
  largest piece of that, holes filled. The colours under the edge stay as they are. (To hand on the whole frame instead would make a slab of
  every photo, and every preparation look like magic beside it.)
"""

import shutil

import cv2
import numpy as np
from numpy.typing import NDArray

from .. import store
from ..asset import Floats, Pixels
from ..embedded import pixel_art
from ..embedded.canonical import LARGEST, SMALLEST, CanonicalFrame
from ..embedded.drawing import is_drawing
from ..embedded.refine import Cutout
from ..embedded.subject.alpha import from_alpha, has_cutout
from ..embedded.subject.found import Kind, Subject
from ..embedded.subject.pieces import filled
from ..stage import Metric, Outcome, Work

__all__ = ["as_it_came", "plain_cutout", "plain_subject", "whole_photo_frame"]

_FRAME = 0.02  # of the shorter side: the rim whose median stands for the background
_LEAST = 0.005  # of the picture: a smaller piece is a speck of noise, and then the whole picture counts as the subject


def as_it_came(work: Work) -> Outcome:
    """enhance without ``resolution``: the photo unchanged, only its kind told."""
    folder = work.inputs["intake"]
    photo = store.load_picture(folder / "photo.png")
    box = store.load_json(folder / "photo.json")["box"]
    kind: Kind = "sprite" if pixel_art.is_sprite(photo, gridded=False) else "drawing" if is_drawing(photo) else "photo"
    shutil.copyfile(folder / "photo.png", work.folder / "picture.png")
    store.save_json(work.folder / "picture.json", {"scale": 1.0, "kind": kind, "box": box})
    metrics: dict[str, Metric] = {"scale": 1.0, "kind": kind, "subject_pixels": None}
    return Outcome(metrics=metrics)


def whole_photo_frame(shape: tuple[int, ...]) -> CanonicalFrame:
    """The canonical square that shows all of a picture of ``shape`` (H, W, ...), centred, without a margin."""
    height, width = shape[:2]
    longest = max(height, width)
    size = int(np.clip(2 * np.ceil(longest / 2), SMALLEST, LARGEST))
    scale = size / longest
    matrix = np.array([[scale, 0, (size - scale * width) / 2], [0, scale, (size - scale * height) / 2], [0, 0, 1]])
    return CanonicalFrame(matrix=matrix, size=size)


def plain_subject(picture: Pixels) -> Subject:
    """The subject of ``picture`` (H, W, 3 or 4) without any search: its transparency, or what differs from its frame's colour."""
    if has_cutout(picture):
        return from_alpha(picture)
    return Subject(probability=_unlike_the_frame(np.ascontiguousarray(picture[..., :3])).astype(np.float32), source="plain", confidence=0.0)


def plain_cutout(picture: Pixels, alpha: Floats) -> Cutout:
    """The cutout of a canonical ``picture`` (S, S, 3 or 4) with the outline ``alpha`` (S, S) as it was found, colours and all."""
    brought = picture.shape[2] == 4
    kept = alpha if brought else (alpha >= 0.5).astype(np.float32)
    method = "its own alpha" if brought else "unlike the frame"
    return Cutout(alpha=kept, colours=np.ascontiguousarray(picture[..., :3]), method=method)


def _unlike_the_frame(colours: Pixels) -> NDArray[np.bool_]:
    """(H, W) the largest piece of what lies far from the frame's median colour, Otsu's threshold between far and near."""
    lab = cv2.cvtColor(colours.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    rim = max(1, round(_FRAME * min(lab.shape[:2])))
    border = np.ones(lab.shape[:2], bool)
    border[rim:-rim, rim:-rim] = False
    away = np.linalg.norm(lab - np.median(lab[border], axis=0), axis=2)
    grey = np.clip(away / max(float(away.max()), 1e-6) * 255, 0, 255).astype(np.uint8)
    _, far = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(far)
    if count < 2:
        return np.ones(far.shape, bool)
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    if stats[largest, cv2.CC_STAT_AREA] < _LEAST * far.size:
        return np.ones(far.shape, bool)
    return filled(labels == largest)
