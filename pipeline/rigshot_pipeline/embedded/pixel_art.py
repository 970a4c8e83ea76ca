"""Pixel art: tells a sprite from a photo, finds back to its true pixels and enlarges it with hard edges.

A sprite that was enlarged before it was sent has its edges on a grid of lines whose step is the enlargement, an integer or
not. Such a comb shows as a peak near 1 in the spectrum of the edges' profile; photos and drawings have none.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..asset import Floats, Pixels

__all__ = ["Grid", "enlarge_sprite", "figure_sides", "find_grid", "is_sprite", "true_pixels", "without_ground"]

_LONGEST_SPRITE = 160
"""Sprites are drawn at 16 to 128 pixels; above this a picture's own pixels are too fine to be its style."""
_SHORTEST_SPRITE = 12
_LONGEST_SHEET = 1024
"""A sheet of sprites may be as long as this if its short side is a sprite's."""
_FEW_COLOURS = 64
"""Opaque sprites come from palettes of 4 to 32 colours; the thumbnails of photos have thousands."""
_PALETTE = 256
_SOFT_ALPHA = 0.02
"""Share of half-transparent among visible pixels that an anti-aliased cutout exceeds and a sprite does not."""
_EDGE = 24
"""Steps between neighbouring pixels below this (of 255) are JPEG noise, not edges of cells."""
_PINHOLE = 2
_ONE_COLOUR = 20
"""Colours that differ by less than this in every channel were one before a JPEG."""
_GROUND_AT_RIM = 0.85
_LEAST_GROUND, _MOST_GROUND = 0.1, 0.93
"""Less is the gap beside a figure that fills its frame, more means that the figure itself has the ground's colour."""
_SMALLEST_CELL = 1.9
_LARGEST_CELL = 96.0
_SQUARE = 0.04
"""How far the cells may be from squares: rounding of the picture's sides, not a stretched picture."""
_COMB = 0.65
"""How sharp the comb must be in both directions; 1 is perfect. Enlarged sprites reach .76 at a factor of 2.5 and more at
others; of 70 photos, drawings and illustrations none comes above .4 in both."""
_LINES = 6
"""At least so many lines of the grid must carry edges in each direction, or any rectangle would be a sprite."""
_ON_GRID = 0.75
"""Share of the edges that must lie on the lines of the grid, give or take a pixel's rounding."""
_BLOCK = 8
"""Pixels of a JPEG's block."""
_ON_BLOCKS = 0.6
"""Share of the edges between a JPEG's blocks from which on the grid may be no more than those."""
_ROUGH, _ROUGH_SHARE = 12, 0.075
"""Grey levels of a block's middle, and the share of blocks beside an edge that have more, from which on the blocks are no cells. Of 44
sprites enlarged eight times and saved at qualities 5 to 100 none has more than .06, of photos that were taken for sprites at qualities
7 to 10 none less than .43; at quality 4, where little but blocks is left, two of twenty stay below."""


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Cells of ``width`` x ``height`` pixels; ``left``, ``top``: where the first whole cell begins."""

    width: float
    height: float
    left: float
    top: float


def find_grid(pixels: Pixels) -> Grid | None:
    """The grid on which a picture (H, W, 3 or 4) was enlarged from smaller pixels; None for a picture that was not."""
    layers = _layers(pixels)
    across = _comb(_profile(layers, 1))
    down = _comb(_profile(layers, 0)) if across else None
    if across is None or down is None or abs(across[0] - down[0]) > _SQUARE * max(across[0], down[0]) or _is_coarse_jpeg(pixels, layers):
        return None
    return Grid(width=across[0], height=down[0], left=across[1], top=down[1])


def true_pixels(pixels: Pixels, grid: Grid) -> Pixels:
    """The picture with one pixel for each cell of ``grid``: the median of nine samples from the cell's middle."""
    columns = _centres(grid.left, grid.width, pixels.shape[1])
    rows = _centres(grid.top, grid.height, pixels.shape[0])
    reach = min(grid.width, grid.height) / 5
    samples = [
        pixels[np.ix_(_inside(rows + dy, pixels.shape[0]), _inside(columns + dx, pixels.shape[1]))]
        for dy in (-reach, 0, reach)
        for dx in (-reach, 0, reach)
    ]
    middle: Pixels = np.median(np.stack(samples), 0).astype(np.uint8)
    return middle


def is_sprite(pixels: Pixels, *, gridded: bool = False) -> bool:
    """Whether a picture at its true size (H, W, 3 or 4) is pixel art: small, with hard edges and few colours.

    ``gridded``: it was found as the true pixels of an enlarged picture; then its edges are known to be hard, and only
    a photo of some size that was enlarged carelessly has to be kept out.
    """
    short, long = sorted(pixels.shape[:2])
    if short < _SHORTEST_SPRITE or long > _LONGEST_SHEET:
        return False
    if long > _LONGEST_SPRITE:
        sheet = short <= _LONGEST_SPRITE and long > 2 * short
        return (sheet or gridded) and _colours(pixels) <= (_PALETTE if gridded else _FEW_COLOURS)
    if gridded or _colours(pixels) <= _FEW_COLOURS:
        return True
    if pixels.shape[2] == 3:
        return False
    alpha = pixels[..., 3]
    soft = np.count_nonzero((alpha > 16) & (alpha < 240))
    return bool(soft <= _SOFT_ALPHA * np.count_nonzero(alpha > 127))


def figure_sides(pixels: Pixels) -> list[int]:
    """The longest side in pixels of every figure in a sprite (H, W, 3 or 4), where figures stand apart and are of similar
    size. One, as long as the picture, where there is no alpha channel to tell."""
    if pixels.shape[2] == 3:
        return [max(pixels.shape[:2])]
    visible = (pixels[..., 3] > 127).astype(np.uint8)
    stats = cv2.connectedComponentsWithStats(cv2.dilate(visible, np.ones((2, 2), np.uint8)), connectivity=8)[2][1:]
    sides = [int(max(row[cv2.CC_STAT_WIDTH], row[cv2.CC_STAT_HEIGHT])) for row in stats]
    return [side for side in sides if side >= 0.6 * max(sides)] or [max(pixels.shape[:2])]


def without_ground(pixels: Pixels) -> Pixels:
    """A sprite (H, W, 3) on a ground of one colour as (H, W, 4), the ground transparent; any other sprite as it is.

    Ground is what joins the frame and has the frame's colour. That is exact here, pixel by pixel, and would be guesswork
    after enlarging. Patches of the same colour inside the figure stay: they are eyes and teeth more often than gaps.
    """
    if pixels.shape[2] == 4:
        return pixels
    rim = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]).astype(np.int16)
    ground = np.median(rim, axis=0)
    if np.mean(np.abs(rim - ground).max(-1) <= _ONE_COLOUR) < _GROUND_AT_RIM:
        return pixels
    alike = np.pad(np.abs(pixels - ground).max(-1) <= _ONE_COLOUR, 1, constant_values=True)
    labels = np.asarray(cv2.connectedComponents(alike.astype(np.uint8), connectivity=4)[1])
    hidden = (labels == labels[0, 0])[1:-1, 1:-1]
    if not _LEAST_GROUND <= hidden.mean() <= _MOST_GROUND:
        return pixels
    return np.dstack([pixels, np.where(hidden, 0, 255).astype(np.uint8)])


def enlarge_sprite(pixels: Pixels, factor: int) -> Pixels:
    """A sprite (H, W, 3 or 4) enlarged by an integer ``factor``: every pixel a square of one colour.

    The outline alone is not left as stairs: alpha is the enlarged mask, smoothed over half a cell and cut again, a little
    below one half so that cells that touch at a corner stay joined. Colours reach beyond the outline. Holes of one or two
    cells are filled: they are gaps between strokes, and would be pierced through the model.
    """
    if pixels.shape[2] == 3:
        return np.ascontiguousarray(pixels.repeat(factor, 0).repeat(factor, 1))
    colours = _spread(pixels).repeat(factor, 0).repeat(factor, 1)
    mask = _without_pinholes(pixels[..., 3] > 127).astype(np.float32).repeat(factor, 0).repeat(factor, 1)
    smooth = cv2.GaussianBlur(mask, (0, 0), 0.42 * factor, borderType=cv2.BORDER_CONSTANT)
    # One pixel of the enlarged picture from clear to opaque: the blurred edge climbs by about 1 / factor per pixel.
    alpha = np.clip((smooth - 0.45) * factor + 0.5, 0, 1)
    return np.dstack([colours, np.rint(alpha * 255).astype(np.uint8)])


def _colours(pixels: Pixels) -> int:
    """How many different colours a picture has."""
    packed = pixels.astype(np.uint32) @ (256 ** np.arange(pixels.shape[2], dtype=np.uint32))
    return len(np.unique(packed))


def _layers(pixels: Pixels) -> tuple[Pixels, ...]:
    """Channels (H, W): colours on grey weighted by alpha, and alpha; what can be seen of hidden pixels is nothing."""
    if pixels.shape[2] == 3:
        return tuple(np.ascontiguousarray(pixels[..., channel]) for channel in range(3))
    alpha = pixels[..., 3].astype(np.float32) / 255
    seen = [(pixels[..., channel] * alpha + 128 * (1 - alpha)).astype(np.uint8) for channel in range(3)]
    return (*seen, np.ascontiguousarray(pixels[..., 3]))


def _profile(layers: tuple[Pixels, ...], axis: int) -> Floats:
    """Edge strength between neighbouring columns (axis 1) or rows (axis 0), summed along the other axis."""
    before, after = ((slice(None), slice(-1)), (slice(None), slice(1, None))) if axis else (slice(-1), slice(1, None))
    step = cv2.absdiff(layers[0][before], layers[0][after])
    for layer in layers[1:]:
        step = cv2.max(step, cv2.absdiff(layer[before], layer[after]))
    total = cv2.reduce(cv2.subtract(step, np.full_like(step, _EDGE)), 1 - axis, cv2.REDUCE_SUM, dtype=cv2.CV_64F)
    return np.ravel(total).astype(np.float32)


def _is_coarse_jpeg(pixels: Pixels, layers: tuple[Pixels, ...]) -> bool:
    """Whether the grid is that of a strongly compressed JPEG's own blocks, and they are no cells of a sprite.

    A cell that is one block has one lightness after any compression (colours are stored at half the size and may ring); an outline
    that passes through a block leaves waves in it.
    """
    for axis in (0, 1):
        profile = _profile(layers, axis)
        if float(profile[_BLOCK - 1 :: _BLOCK].sum()) < _ON_BLOCKS * float(profile.sum()):
            return False
    height, width = (side // _BLOCK * _BLOCK for side in pixels.shape[:2])
    grey = cv2.cvtColor(np.ascontiguousarray(pixels[:height, :width, :3]), cv2.COLOR_RGB2GRAY).astype(np.int16)
    blocks = grey.reshape(height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK).transpose(0, 2, 1, 3)
    middle, tone = blocks[..., 2:-2, 2:-2], np.median(blocks, (2, 3))
    beside = np.zeros(tone.shape, bool)
    for part, other in ((beside, tone), (beside.T, tone.T)):
        step = np.abs(np.diff(other, axis=0)) > _EDGE
        part[1:] |= step
        part[:-1] |= step
    return bool(beside.any() and float((np.ptp(middle, (2, 3))[beside] > _ROUGH).mean()) > _ROUGH_SHARE)


def _comb(profile: Floats) -> tuple[float, float] | None:
    """Step and begin of the comb in an edge profile; entry i stands for the line between pixels i and i + 1."""
    if len(profile) < _SHORTEST_SPRITE or not profile.any():
        return None
    # Single long lines (a frame, the ground) must not outweigh all others.
    weight = np.minimum(profile, 4 * float(profile[profile > 0].mean()))
    padded = 16 * (1 << (len(weight) - 1).bit_length())
    spectrum = np.fft.rfft(weight, padded) / weight.sum()
    strength = np.abs(spectrum)
    inner = strength[1:-1]
    peaks = np.flatnonzero((inner >= strength[:-2]) & (inner >= strength[2:])) + 1
    peaks = np.append(peaks, len(strength) - 1)  # cells of two pixels
    for peak in peaks[(strength[peaks] > _COMB) & (peaks >= padded / _LARGEST_CELL)]:
        size = padded / float(peak)
        # Lines at k size + shift turn the spectrum by -2 pi shift / size.
        shift = float(-np.angle(spectrum[peak]) / (2 * np.pi) * size)
        size, shift = _fitted(weight, size, shift)
        if _holds(weight, size, shift):
            return size, (shift + 1) % size
    return None


def _fitted(weight: Floats, size: float, shift: float) -> tuple[float, float]:
    """Step and shift by least squares over the edges, each counted to its nearest line: the spectrum tells the step to a
    part in some hundred, and over a long picture that adds up to a whole cell."""
    place = np.flatnonzero(weight).astype(np.float64)
    share = np.sqrt(weight[weight > 0])
    for _ in range(3):
        line = np.rint((place - shift) / size)
        if len(np.unique(line)) < 2:
            break
        size, shift = (float(value) for value in np.polyfit(line, place, 1, w=share))
    return size, shift


def _holds(weight: Floats, size: float, shift: float) -> bool:
    """Whether most of the edges lie on the lines shift + k size, and on enough of them."""
    if size < _SMALLEST_CELL:
        return False
    place = np.arange(len(weight)) - shift
    line = np.rint(place / size)
    on = np.abs(place - line * size) <= 0.75
    if float(weight[on].sum()) < _ON_GRID * float(weight.sum()):
        return False
    return len(np.unique(line[on & (weight > 0.05 * weight.max())])) >= _LINES


def _centres(begin: float, size: float, length: int) -> Floats:
    first = begin - size if begin > size / 2 else begin  # a cell that the frame cuts counts if half of it is there
    count = int(np.floor((length - first) / size + 0.5))
    return (first + (np.arange(count) + 0.5) * size).astype(np.float32)


def _inside(places: Floats, length: int) -> NDArray[np.intp]:
    return np.clip(np.floor(places), 0, length - 1).astype(np.intp)


def _without_pinholes(visible: NDArray[np.bool_]) -> NDArray[np.bool_]:
    hidden = np.pad(~visible, 1, constant_values=True).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(hidden, connectivity=4)
    small = np.flatnonzero(stats[:, cv2.CC_STAT_AREA] <= _PINHOLE)
    return visible | np.isin(labels, small)[1:-1, 1:-1]


def _spread(pixels: Pixels) -> Pixels:
    """The colours (H, W, 3) with every hidden pixel given the colour of the nearest visible one."""
    hidden = (pixels[..., 3] <= 127).astype(np.uint8)
    if hidden.all():
        return pixels[..., :3]
    labels = np.asarray(cv2.distanceTransformWithLabels(hidden, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)[1], np.int32)
    colour_of = np.zeros((int(labels.max()) + 1, 3), np.uint8)
    visible = hidden == 0
    colour_of[labels[visible]] = pixels[visible][:, :3]
    spread: Pixels = colour_of[labels]
    return spread
