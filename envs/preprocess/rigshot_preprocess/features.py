"""What DINOv2 (Oquab et al., 2023) sees of a subject: features of the whole and of every patch on it, and the patches' colours."""

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from .likeness import Subject, lab_from_rgb
from .places import weights_folder
from .residency import Loaded, Shelf
from .wishes import Pixels

__all__ = ["framed", "load_dinov2", "subject_of"]

_PATCHES = 32
"""Patches on a side. The networks were trained on 37 at most; with 32 an animal's ear still has one to itself."""
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_GREY = 128
_MARGIN = 0.06
_COVERED = 0.5
"""A patch is the subject's if at least this share of it is."""
_WORK = 1 << 30


def load_dinov2(device: torch.device) -> Loaded:
    """DINOv2 from its folder as on the hub."""
    from transformers import Dinov2Model

    dtype = torch.float16 if device.type == "cuda" else torch.float32
    model = Dinov2Model.from_pretrained(weights_folder("dinov2"), local_files_only=True, dtype=dtype).eval()
    return Loaded(value=model, modules=(model,), work=_WORK)


def subject_of(shelf: Shelf, picture: Pixels, alpha: Pixels) -> Subject | None:
    """The subject of a picture (H, W, 3) by its matte (H, W); None where there is hardly one."""
    with shelf.use("dinov2", lambda: load_dinov2(shelf.device)) as model:
        patch = model.config.patch_size
        colours, inside = framed(picture, alpha, side=_PATCHES * patch)
        covered = inside.reshape(_PATCHES, patch, _PATCHES, patch).mean((1, 3))
        on = covered >= _COVERED
        if not on.any():
            return None
        normalised = (colours - np.array(_MEAN, np.float32)) / np.array(_DEVIATION, np.float32)
        batch = torch.from_numpy(normalised.transpose(2, 0, 1)[None].copy()).to(shelf.device, model.dtype)
        with torch.inference_mode():
            found = model(pixel_values=batch).last_hidden_state[0].float().cpu().numpy()
    # the sum of the subject's own pixels only: the grey around it is no colour of the coat
    weighed = (colours * inside[..., None]).reshape(_PATCHES, patch, _PATCHES, patch, 3).mean((1, 3))
    means = weighed[on] / covered[on][:, None]
    return Subject(whole=found[0], patches=found[1:][on.ravel()], colours=lab_from_rgb(means))


def framed(picture: Pixels, alpha: Pixels, *, side: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The subject alone on grey in a square of ``side`` pixels, its longest side nearly filling it: colours (side, side, 3) and the
    share of every pixel that is the subject's, both 0..1."""
    rows, columns = np.flatnonzero((alpha >= 128).any(1)), np.flatnonzero((alpha >= 128).any(0))
    if not len(rows):
        return np.full((side, side, 3), _GREY / 255, np.float32), np.zeros((side, side), np.float32)
    top, bottom, left, right = (int(edge) for edge in (rows[0], rows[-1] + 1, columns[0], columns[-1] + 1))
    matte = alpha[top:bottom, left:right].astype(np.float32)[..., None] / 255
    cut = (picture[top:bottom, left:right] * matte + _GREY * (1 - matte) + 0.5).astype(np.uint8)
    scale = side * (1 - 2 * _MARGIN) / max(cut.shape[:2])
    size = (max(1, round(cut.shape[1] * scale)), max(1, round(cut.shape[0] * scale)))
    place = ((side - size[0]) // 2, (side - size[1]) // 2)
    square, inside = Image.new("RGB", (side, side), (_GREY,) * 3), Image.new("L", (side, side), 0)
    square.paste(Image.fromarray(cut).resize(size, Image.Resampling.BICUBIC), place)
    inside.paste(Image.fromarray(np.ascontiguousarray(alpha[top:bottom, left:right])).resize(size, Image.Resampling.BICUBIC), place)
    return np.asarray(square, np.float32) / 255, np.asarray(inside, np.float32) / 255
