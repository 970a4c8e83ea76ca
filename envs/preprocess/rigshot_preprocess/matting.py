"""cutout: how much of every pixel belongs to the subject.

BiRefNet (Zheng et al., 2024) in torch, or a network of rembg in ONNX. BiRefNet sees a square of 1024 pixels; where the subject fills
little of the photo it looks a second time, at the subject alone, so that fur and whiskers get the pixels.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from .places import cache_folder, has_weights, weights_folder
from .residency import Loaded, Shelf, first_that_fits
from .wishes import Pixels

__all__ = ["MODELS", "Matte", "best_model", "cut_out", "load_birefnet", "load_rembg", "look_again"]

MODELS = ("birefnet", "rembg")
SIDE = 1024
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_WORK = 2 << 30
"""At 1024 squared in half precision, 1.3 GiB beside the weights were measured."""
_AROUND = 0.12
"""Margin of the second look, as a share of the subject's longer side."""
_CLOSE = 0.6
"""A subject whose box with its margin covers more of the picture gains nothing by a second look."""
_SEEN = 0.5
_AGREED = 0.7
"""The second look may only be finer. One that takes something else for the subject, now that less is around it, does not count."""

Floats = NDArray[np.float32]
Progress = Callable[[float], None]


@dataclass(frozen=True, kw_only=True)
class Matte:
    """``alpha`` (H, W) of the whole picture; ``confidence`` 0..1: how decided the network was, 0 where it found nothing.

    The confidence is no probability of being right: a network can be quite sure of the wrong thing.
    """

    alpha: Pixels
    confidence: float
    model: str


def best_model() -> str:
    """The network that is here: BiRefNet, else rembg's. Raises MissingWeights for the first where there is neither."""
    return "rembg" if has_weights("rembg") and not has_weights("birefnet") else "birefnet"


def load_birefnet(device: torch.device) -> Loaded:
    """BiRefNet; in half precision on a GPU, as upstream runs it."""
    from .birefnet import load_network

    dtype = torch.float16 if device.type == "cuda" else torch.float32
    network = load_network().to(dtype)

    def probability(picture: Pixels) -> Floats:
        with torch.inference_mode():
            return network(_normalised(picture).to(device, dtype))[-1][0, 0].float().sigmoid().cpu().numpy()

    return Loaded(value=probability, modules=(network,), work=_WORK)


def load_rembg(device: torch.device) -> Loaded:
    """rembg's session for BiRefNet's ONNX export. rembg looks for its files by name in a folder of its own and would fetch what is not
    there: it gets one with a link to what was installed."""
    published = weights_folder("rembg") / "onnx" / "model.onnx"
    home = cache_folder() / "rembg"
    home.mkdir(exist_ok=True)
    _link(published, home / "birefnet-general.onnx")
    os.environ["U2NET_HOME"] = str(home)
    from rembg import new_session

    wanted = ["CUDAExecutionProvider"] if device.type == "cuda" else []
    session = new_session("birefnet-general", providers=_available([*wanted, "CPUExecutionProvider"]))

    def probability(picture: Pixels) -> Floats:
        return np.asarray(session.predict(Image.fromarray(picture))[0], np.float32) / 255

    return Loaded(value=probability)


LOADERS: dict[str, Callable[[torch.device], Loaded]] = {"birefnet": load_birefnet, "rembg": load_rembg}


def cut_out(shelf: Shelf, picture: Pixels, *, model: str, progress: Progress) -> Matte:
    """The matte of a picture (H, W, 3)."""
    with shelf.use(model, lambda: LOADERS[model](shelf.device)) as network:
        probability: Callable[[Pixels], Floats] = network

        def seen(part: Pixels) -> Floats:
            made = first_that_fits([partial(probability, part)] * 2, between=shelf.clear)
            return _resized(made, part.shape[:2])

        progress(0.1)
        alpha = seen(picture)
        progress(0.6)
        if (box := look_again(alpha)) is not None:
            rows, columns = box
            close = seen(np.ascontiguousarray(picture[rows, columns]))
            if _agreement(close, alpha[rows, columns]) >= _AGREED:
                alpha = np.zeros_like(alpha)  # beyond the box no pixel was even half the subject's
                alpha[rows, columns] = close
    return Matte(alpha=(np.clip(alpha, 0, 1) * 255 + 0.5).astype(np.uint8), confidence=_confidence(alpha), model=model)


def look_again(alpha: Floats) -> tuple[slice, slice] | None:
    """Rows and columns around the subject for a second look; None where it is close enough, or not there."""
    rows, columns = np.flatnonzero((alpha >= _SEEN).any(1)), np.flatnonzero((alpha >= _SEEN).any(0))
    if not len(rows):
        return None
    margin = round(_AROUND * max(rows[-1] - rows[0], columns[-1] - columns[0]) + 8)
    box = tuple(
        slice(max(int(found[0]) - margin, 0), min(int(found[-1]) + 1 + margin, length))
        for found, length in zip((rows, columns), alpha.shape, strict=True)
    )
    covered = (box[0].stop - box[0].start) * (box[1].stop - box[1].start) / alpha.size
    return (box[0], box[1]) if covered < _CLOSE else None


def _agreement(one: Floats, other: Floats) -> float:
    """Intersection over union of two mattes of one part."""
    first, second = one >= _SEEN, other >= _SEEN
    return float((first & second).sum() / max(int((first | second).sum()), 1))


def _confidence(alpha: Floats) -> float:
    """The mean of |2a - 1|, weighed by a: 1 for a matte of only full pixels, little for a grey cloud, 0 for an empty one."""
    mass = float(alpha.sum())
    return float((alpha * np.abs(2 * alpha - 1)).sum() / mass) if mass >= 1 else 0.0


def _normalised(picture: Pixels) -> torch.Tensor:
    small = np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BILINEAR), np.float32) / 255
    normalised = (small - np.array(_MEAN, np.float32)) / np.array(_DEVIATION, np.float32)
    return torch.from_numpy(normalised.transpose(2, 0, 1)[None].copy())


def _resized(alpha: Floats, shape: tuple[int, ...]) -> Floats:
    if alpha.shape == shape[:2]:
        return alpha
    return np.clip(np.asarray(Image.fromarray(alpha).resize((shape[1], shape[0]), Image.Resampling.BICUBIC)), 0, 1)


def _link(published: Path, place: Path) -> None:
    place.unlink(missing_ok=True)
    try:
        place.symlink_to(published)
    except OSError:  # a file system without links
        shutil.copyfile(published, place)


def _available(wanted: list[str]) -> list[Any]:
    import onnxruntime

    return [name for name in wanted if name in onnxruntime.get_available_providers()]
