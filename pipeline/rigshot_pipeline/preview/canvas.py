"""A page to put pictures and words on: a column grid, rounded tiles, captions, tables. Sizes are pixels."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..asset import Pixels

__all__ = ["GUTTER", "LEFT", "MARGIN", "WIDTH", "Canvas", "Ink", "checkered", "fitted", "tile_side"]

WIDTH = 1600
MARGIN = 72
GUTTER = 20
_RADIUS = 14
_ASIDE = 176  # the width of the margin column's words
_AIR = 26  # between a section's line and what stands above and below it
LEFT = MARGIN + _ASIDE + 32
"""Where pictures and tables begin, right of the margin column."""
_LEADING = 1.38  # line height over letter height
_SMOOTH = 4  # times the size at which rounded corners are drawn

Colour = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class Ink:
    """The colours of a page."""

    paper: Colour = (250, 249, 247)
    text: Colour = (38, 40, 46)
    quiet: Colour = (118, 121, 128)
    line: Colour = (222, 220, 216)
    accent: Colour = (196, 98, 52)


@dataclass(kw_only=True)
class Canvas:
    """A page that grows downwards; ``y`` is where the next thing goes."""

    height: int
    ink: Ink = field(default_factory=Ink)
    y: int = MARGIN

    def __post_init__(self) -> None:
        self._image = Image.new("RGB", (WIDTH, self.height), self.ink.paper)
        self._draw = ImageDraw.Draw(self._image)

    def finish(self) -> Pixels:
        """The page (H, WIDTH, 3), cut off a margin below the last thing."""
        return np.asarray(self._image)[: min(self.y + MARGIN, self.height)]

    def section(self, title: str, words: str = "") -> None:
        """Begin a section: a fine line, its title and a few words in the margin column."""
        self.y += _AIR
        self._draw.line([(MARGIN, self.y), (WIDTH - MARGIN, self.y)], fill=self.ink.line, width=2)
        self.y += _AIR
        height = self.write(title, x=MARGIN, y=self.y - 5, size=25, bold=True, width=_ASIDE)
        self.write(words, x=MARGIN, y=self.y + height + 6, size=17, colour=self.ink.quiet, width=_ASIDE)

    def tiles(self, pictures: Sequence[Pixels], captions: Sequence[str], *, columns: int | None = None) -> None:
        """A row of square pictures with captions beside the margin column, in that many ``columns``."""
        side = tile_side(columns or len(pictures))
        for place, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
            x = LEFT + place * (side + GUTTER)
            self.tile(picture, x=x, y=self.y, side=side)
            self.write(caption, x=x + 2, y=self.y + side + 8, size=17, colour=self.ink.quiet, width=side)
        self.y += side + 8 + 26

    def tile(self, picture: Pixels, *, x: int, y: int, side: int) -> None:
        """A square picture (H, W, 3) with rounded corners."""
        image = Image.fromarray(np.ascontiguousarray(picture))
        if image.size != (side, side):
            image = image.resize((side, side), Image.Resampling.LANCZOS)
        self._image.paste(image, (x, y), _corners(side))

    def write(
        self, words: str, *, x: int, y: int, size: int, colour: Colour | None = None, width: int | None = None, bold: bool = False
    ) -> int:
        """Write ``words``, broken into lines of ``width``; returns the height they took."""
        font = _font(size)
        lines = _broken(words, font, width)
        for number, line in enumerate(lines):
            place = (x, y + round(number * size * _LEADING))
            self._draw.text(place, line, fill=colour or self.ink.text, font=font, stroke_width=0.35 if bold else 0)
        return round(len(lines) * size * _LEADING)

    def right(self, words: str, *, x: int, y: int, size: int, colour: Colour | None = None) -> None:
        """Write ``words`` so that they end at ``x``."""
        self._draw.text((x, y), words, fill=colour or self.ink.text, font=_font(size), anchor="ra")

    def table(self, rows: Sequence[tuple[str, ...]], *, x: int, y: int, columns: Sequence[int], size: int) -> int:
        """Rows of words with fine lines between; the first column is flush left, the others end at ``x`` + ``columns``.

        Returns the height.
        """
        step = self.step(size)
        for number, row in enumerate(rows):
            top = y + number * step
            self.write(row[0], x=x, y=top, size=size, colour=self.ink.quiet)
            for words, end in zip(row[1:], columns, strict=True):
                self.right(words, x=x + end, y=top, size=size)
            if number + 1 < len(rows):
                line = top + step - round(size * 0.3)
                self._draw.line([(x, line), (x + columns[-1], line)], fill=self.ink.line, width=1)
        return step * len(rows)

    @staticmethod
    def step(size: int) -> int:
        """The distance between two rows of a table."""
        return round(size * 1.75)

    def bar(self, *, x: int, y: int, width: int, height: int, colour: Colour) -> None:
        """A filled rectangle, at least one pixel wide."""
        self._draw.rectangle([x, y, x + max(width, 1), y + height], fill=colour)


def tile_side(columns: int) -> int:
    """The side of a tile when that many stand in a row."""
    return (WIDTH - MARGIN - LEFT - GUTTER * (columns - 1)) // columns


def fitted(picture: Pixels, side: int, paper: Colour) -> Pixels:
    """A picture of any shape, RGB or RGBA, whole in a square (side, side, 3) of ``paper``."""
    image = Image.fromarray(np.ascontiguousarray(picture)).convert("RGBA")
    scale = side / max(image.size)
    sharp = Image.Resampling.NEAREST if scale >= 3 else Image.Resampling.LANCZOS
    image = image.resize((max(round(image.width * scale), 1), max(round(image.height * scale), 1)), sharp)
    square = Image.new("RGBA", (side, side), paper)
    square.alpha_composite(image, ((side - image.width) // 2, (side - image.height) // 2))
    return np.asarray(square.convert("RGB"))


def checkered(picture: Pixels, side: int) -> Pixels:
    """An RGBA picture over the checkerboard that stands for nothing, (side, side, 3)."""
    rows, columns = np.mgrid[0:side, 0:side] // max(side // 24, 1)
    board = np.where(((rows + columns) % 2 == 0)[..., None], np.uint8(255), np.uint8(232)).repeat(3, 2).astype(np.uint8)
    image = Image.fromarray(np.ascontiguousarray(picture)).resize((side, side), Image.Resampling.LANCZOS)
    laid = Image.fromarray(board).convert("RGBA")
    laid.alpha_composite(image.convert("RGBA"))
    return np.asarray(laid.convert("RGB"))


@lru_cache(maxsize=32)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font (Aileron, public domain): no font of the system is asked for."""
    return ImageFont.load_default(size)


@lru_cache(maxsize=16)
def _corners(side: int) -> Image.Image:
    large = Image.new("L", (side * _SMOOTH, side * _SMOOTH), 0)
    ImageDraw.Draw(large).rounded_rectangle([0, 0, side * _SMOOTH - 1, side * _SMOOTH - 1], _RADIUS * _SMOOTH, fill=255)
    return large.resize((side, side), Image.Resampling.LANCZOS)


def _broken(words: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int | None) -> list[str]:
    lines: list[str] = []
    for word in words.split(" "):
        if lines and (width is None or font.getlength(f"{lines[-1]} {word}") <= width):
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
