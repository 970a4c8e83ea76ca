"""The picture as the networks want it: the subject on white, in the middle of a square, 95 % of its side."""

from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from rigshot_env import BadInput

__all__ = ["open_cutout", "prepare"]

_FILLED = 0.95  # of the square's side that the subject's longer side takes, as in upstream's pipeline
_SIDES = (16, 8192)  # pixels: below nothing can be seen, above a file of another kind than ours
_OPAQUE = 128  # of 255: from here a pixel counts as the subject's


def open_cutout(path: Path) -> Image.Image:
    """The cut-out at ``path``: RGBA, part of it transparent, part not. Raises BadInput with the reason if it is no such picture."""
    try:
        with Image.open(path) as file:
            if min(file.size) < _SIDES[0] or max(file.size) > _SIDES[1]:
                raise BadInput(f"the cut-out must have from {_SIDES[0]} to {_SIDES[1]} pixels a side, not {file.size[0]}x{file.size[1]}")
            if file.mode != "RGBA":
                raise BadInput(f"the cut-out must be an RGBA picture, not {file.mode}")
            picture = file.copy()
    except FileNotFoundError:
        raise BadInput(f"there is no file {path}") from None
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadInput(f"the cut-out cannot be read: {error}") from None
    alpha = np.asarray(picture.getchannel("A"))
    if alpha.max() < _OPAQUE:
        raise BadInput("the cut-out is empty: all of it is transparent")
    if alpha.min() == 255:
        raise BadInput("the cut-out has no transparent background")
    return picture


def prepare(cutout: Image.Image) -> Image.Image:
    """The RGB square that is shown to the networks. A picture that is no square is taken as if padded to one."""
    box = cutout.getchannel("A").getbbox()
    if box is None:
        raise BadInput("the cut-out is empty: all of it is transparent")
    white = Image.new("RGBA", cutout.size, (255, 255, 255, 255))
    subject = Image.alpha_composite(white, cutout).crop(box).convert("RGB")
    side = max(cutout.size)
    scale = side * _FILLED / max(subject.size)
    subject = subject.resize((max(1, int(subject.width * scale)), max(1, int(subject.height * scale))))
    square = Image.new("RGB", (side, side), (255, 255, 255))
    square.paste(subject, ((side - subject.width) // 2, (side - subject.height) // 2))
    return square
