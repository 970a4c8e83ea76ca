"""Two pictures beside each other, an arrow between them: what there was, and what became of it. Without words, so in any language."""

from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw

from ..asset import Pixels
from .canvas import Ink

__all__ = ["side_by_side"]

_HEIGHT = 720  # pixels of either picture: a phone shows no more of them
_WIDEST = 1080  # a banner beside a square would leave nothing of the square
_MARGIN, _BETWEEN, _ARROW, _ROUND = 28, 96, 22, 22
_SMOOTH = 4  # times the size at which corners and arrow are drawn
_QUALITY = 90


def side_by_side(before: Pixels, after: Pixels) -> bytes:
    """A JPEG of two pictures (H, W, 3 or 4) of one height, on the paper of the report."""
    ink = Ink()
    left, right = _tile(before, ink), _tile(after, ink)
    height = max(left.height, right.height)
    page = Image.new("RGB", (2 * _MARGIN + _BETWEEN + left.width + right.width, 2 * _MARGIN + height), ink.paper)
    x = _MARGIN
    for tile in (left, right):
        page.paste(tile, (x, _MARGIN + (height - tile.height) // 2), tile)
        x += tile.width + _BETWEEN
    arrow = _arrow()
    page.paste(ink.accent, (_MARGIN + left.width + (_BETWEEN - arrow.width) // 2, (page.height - arrow.height) // 2), arrow)
    file = BytesIO()
    page.save(file, "JPEG", quality=_QUALITY, optimize=True)
    return file.getvalue()


def _tile(picture: Pixels, ink: Ink) -> Image.Image:
    """The picture at its height, with rounded corners."""
    image = Image.fromarray(np.ascontiguousarray(picture)).convert("RGBA")
    scale = min(_HEIGHT / image.height, _WIDEST / image.width)
    image = image.resize((max(round(scale * image.width), 1), max(round(scale * image.height), 1)), Image.Resampling.LANCZOS)
    tile = Image.new("RGBA", image.size, ink.paper)
    tile.alpha_composite(image)
    corners = Image.new("L", (image.width * _SMOOTH, image.height * _SMOOTH), 0)
    sides = (0, 0, corners.width - 1, corners.height - 1)
    ImageDraw.Draw(corners).rounded_rectangle(sides, _ROUND * _SMOOTH, fill=255)
    tile.putalpha(corners.resize(image.size, Image.Resampling.LANCZOS))
    return tile


def _arrow() -> Image.Image:
    """An arrow to the right, as a mask."""
    size, middle, thick = 2 * _ARROW * _SMOOTH, _ARROW * _SMOOTH, 3 * _SMOOTH
    mask = Image.new("L", (size, size), 0)
    draw = ImageDraw.Draw(mask)
    draw.line([(thick, middle), (size - 2 * thick, middle)], fill=255, width=2 * thick)
    tip = size - thick
    draw.line(
        [(middle, middle - _ARROW * _SMOOTH * 0.62), (tip, middle), (middle, middle + _ARROW * _SMOOTH * 0.62)],
        fill=255,
        width=2 * thick,
        joint="curve",
    )
    return mask.resize((2 * _ARROW, 2 * _ARROW), Image.Resampling.LANCZOS)
