"""What a request asks for, checked before anything is loaded, and the pictures it names. Every refusal is one sentence."""

import contextlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rigshot_env import BadInput

from .prompts import LOOKS, VIEWS, Look, View, Wish
from .species import PLANS, plain_name, plan_of

__all__ = [
    "MOST_CANDIDATES",
    "MOST_PIXELS",
    "Pixels",
    "Standardise",
    "enhance_wish",
    "gate_wish",
    "one_of",
    "read_picture",
    "standardise_wish",
    "write_picture",
]

Pixels = NDArray[np.uint8]

MOST_PIXELS = 8192**2
"""The gate lets pictures of at most 2048 by 2048 through; enlarged four times that is this."""
MOST_CANDIDATES = 8


@dataclass(frozen=True, kw_only=True)
class Standardise:
    """A checked request to ``standardise``; ``model`` None: the best one that is here; ``pixels`` about so many in a candidate."""

    wish: Wish
    model: Literal["qwen", "flux"] | None
    seeds: tuple[int, ...]
    pixels: int


def read_picture(path: Path, *, alpha: bool = False) -> Pixels:
    """The picture in ``path`` (H, W, 3), or (H, W, 4) where ``alpha`` is wanted and there. Raises BadInput."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    raise BadInput(f"the picture {path.name} has more than {MOST_PIXELS // 1_000_000} million pixels")
                mode = "RGBA" if alpha and "A" in opened.getbands() else "RGB"
                return np.asarray(opened.convert(mode))
    except (OSError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadInput(f"{path.name} cannot be read as a picture") from error


def write_picture(path: Path, picture: Pixels) -> None:
    """Write a PNG whole: it appears under its name only when it is complete. Raises BadInput where the folder is missing."""
    if not path.parent.is_dir():
        raise BadInput(f"there is no folder {path.parent.name} to write {path.name} to")
    part = path.with_name(f".{path.name}.part")
    try:
        Image.fromarray(picture).save(part, format="PNG", compress_level=1)
        part.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()


def one_of(parameters: Mapping[str, Any], name: str, choices: tuple[Any, ...]) -> Any:
    """The parameter, the first of ``choices`` where it is left out. Raises BadInput."""
    value = parameters.get(name, choices[0])
    # 1 == True for Python
    if not any(value == choice and type(value) is type(choice) for choice in choices):
        raise BadInput(f"{name} must be one of {', '.join(str(choice) for choice in choices)}")
    return value


def enhance_wish(parameters: Mapping[str, Any]) -> tuple[int, Literal["swin2sr", "realesrgan"]]:
    """The factor and the model. Raises BadInput."""
    return one_of(parameters, "scale", (4, 2)), one_of(parameters, "model", ("swin2sr", "realesrgan"))


def gate_wish(parameters: Mapping[str, Any]) -> float | None:
    """The score from which a picture is to be kept out; None, as it is by default, for no gate. Raises BadInput."""
    if not one_of(parameters, "gate", (False, True)):
        return None
    threshold = parameters.get("gate_threshold", 0.5)
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 < threshold < 1:
        raise BadInput("gate_threshold must be a number between 0 and 1")
    return float(threshold)


def standardise_wish(parameters: Mapping[str, Any]) -> Standardise:
    """``species`` (or ``label``), ``plan``, ``view``, ``look``, ``facing``, ``seed``, ``candidates``, ``model``,
    ``pixels``. Raises BadInput."""
    words = parameters.get("species", parameters.get("label"))
    species = None
    if words is not None:
        species = plain_name(words) if isinstance(words, str) else None
        if species is None:
            raise BadInput("species must be a plain name of at most 40 letters, such as cat or guinea pig")
    plan = one_of(parameters, "plan", PLANS) if parameters.get("plan") is not None else plan_of(species or "") or "quadruped"
    facing = one_of(parameters, "facing", (None, "left", "right"))
    view, look = one_of(parameters, "view", VIEWS), one_of(parameters, "look", LOOKS)
    seed = _whole(parameters, "seed", 0, low=0, high=2**31 - 1 - MOST_CANDIDATES)
    count = _whole(parameters, "candidates", 3, low=1, high=MOST_CANDIDATES)
    pixels = _whole(parameters, "pixels", 2**20, low=2**16, high=2**21)
    wish = Wish(plan=plan, view=cast(View, view), species=species, facing=facing, look=cast(Look, look))
    return Standardise(
        wish=wish, model=one_of(parameters, "model", (None, "qwen", "flux")), seeds=tuple(range(seed, seed + count)), pixels=pixels
    )


def _whole(parameters: Mapping[str, Any], name: str, default: int, *, low: int, high: int) -> int:
    value = parameters.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise BadInput(f"{name} must be a whole number from {low} to {high}")
    return value
