"""Draw samples/drawing.jpg: a dinosaur in felt pen and crayon on a sheet of paper, the way a child draws one.

Every line is a wobbling spline whose ink is laid down as optical density (Beer-Lambert), so that strokes darken where
they cross. Felt pens cover the paper; crayons leave the dents of the paper white. The sheet is then "photographed":
uneven light, the shade of a hand, a crease, a little tilt, blur, grain, JPEG.

    python scripts/samples/make_drawing.py [--out FILE] [--scale 1.0]
"""

import argparse
import itertools
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
WIDTH, HEIGHT = 1400, 1040
SEED = 7

Points = NDArray[np.float64]
Plane = NDArray[np.float32]

# Absorption of an ink per unit of density, R, G, B: the colour of a full stroke is paper * exp(-absorption).
BLACK = (2.1, 2.2, 2.0)
GREEN = (1.45, 0.36, 1.5)
DARK_GREEN = (2.2, 0.85, 1.9)
ORANGE = (0.04, 0.72, 2.3)
RED = (0.15, 1.7, 1.6)
YELLOW = (0.02, 0.2, 1.9)

BODY = [
    (1228, 262), (1202, 196), (1140, 166), (1076, 180), (1034, 236), (1012, 330), (972, 412), (890, 456), (770, 434),
    (640, 420), (520, 434), (430, 482), (330, 540), (232, 572), (146, 562), (92, 526), (102, 558), (164, 612), (250, 640),
    (344, 668), (376, 760), (372, 868), (414, 884), (460, 872), (464, 780), (487, 716), (512, 780), (512, 862),
    (550, 876), (600, 864), (600, 780), (606, 724), (690, 734), (770, 722), (784, 790), (780, 868), (826, 882), (866, 868),
    (866, 780), (888, 704), (914, 780), (914, 862), (956, 878), (1004, 864), (1004, 760), (1012, 660), (1056, 560),
    (1090, 450), (1112, 376), (1162, 354), (1214, 330),
]  # fmt: skip
PLATES = [
    [(1042, 226), (956, 214), (1014, 318)],
    [(1010, 336), (908, 322), (970, 408)],
    [(956, 424), (858, 340), (866, 456)],
    [(846, 456), (790, 336), (742, 430)],
    [(728, 428), (662, 306), (620, 422)],
    [(606, 422), (526, 316), (506, 438)],
    [(494, 446), (402, 374), (404, 498)],
    [(390, 506), (300, 452), (306, 548)],
    [(290, 552), (212, 506), (214, 574)],
]
SPOTS = [(470, 560, 40), (600, 510, 30), (720, 590, 44), (845, 530, 32), (930, 610, 30), (560, 640, 26), (336, 606, 22), (1050, 420, 20)]


@dataclass(frozen=True)
class Sheet:
    """The ink on a sheet of paper: density per colour channel, and the tooth of the paper that crayons feel."""

    absorbed: Plane  # H x W x 3
    tooth: Plane  # H x W, 0 (dent) to 1 (bump)
    scale: float
    rng: np.random.Generator


def _noise(shape: tuple[int, int], sigma: float, rng: np.random.Generator) -> Plane:
    """Gaussian noise blurred by sigma pixels, with unit variance."""
    small = max(1, int(sigma / 3))
    rows, columns = shape[0] // small + 2, shape[1] // small + 2
    field = cv2.GaussianBlur(rng.standard_normal((rows, columns), np.float32), (0, 0), sigma / small)
    field = cv2.resize(field, (columns * small, rows * small), interpolation=cv2.INTER_CUBIC)[: shape[0], : shape[1]]
    return np.asarray((field - field.mean()) / field.std(), np.float32)


def _spline(points: Points, *, closed: bool, step: float = 3.0) -> Points:
    """A Catmull-Rom curve through the points, sampled about every `step` units."""
    ring = np.vstack([points[-1:], points, points[:2]]) if closed else np.vstack([points[:1], points, points[-1:]])
    pieces = []
    for a, b, c, d in zip(ring[:-3], ring[1:-2], ring[2:-1], ring[3:], strict=True):
        t = np.linspace(0, 1, max(2, int(np.linalg.norm(c - b) / step)), endpoint=False)[:, None]
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.vstack(pieces)


def _wobble(curve: Points, amount: float, rng: np.random.Generator) -> Points:
    """A hand that is not quite steady: smooth displacement along the curve."""
    knots = max(4, len(curve) // 14)
    drift = rng.normal(0, amount, (knots, 2))
    at = np.linspace(0, knots - 1, len(curve))
    smooth = np.stack([np.interp(at, np.arange(knots), drift[:, k]) for k in range(2)], 1)
    kernel = np.ones(9) / 9
    return curve + np.stack([np.convolve(np.pad(smooth[:, k], 4, "edge"), kernel, "valid") for k in range(2)], 1)


def _cover(sheet: Sheet, curve: Points, width: float) -> Plane:
    """How much of each pixel a pen of that width touches along the curve, 0 to 1 (drawn at four times the resolution)."""
    height, columns = sheet.tooth.shape
    fine = 2
    mask = np.zeros((height * fine, columns * fine), np.uint8)
    knots = max(3, len(curve) // 30)
    pressure = np.interp(np.linspace(0, knots - 1, len(curve)), np.arange(knots), sheet.rng.normal(1, 0.13, knots))
    points = np.round(curve * sheet.scale * fine * 8).astype(np.int32)
    for start, end, push in zip(points[:-1], points[1:], pressure[1:], strict=True):
        thick = max(1, round(width * sheet.scale * fine * float(push)))
        cv2.line(mask, start.tolist(), end.tolist(), 255, thick, cv2.LINE_AA, 3)
    return np.asarray(cv2.resize(mask.astype(np.float32) / 255, (columns, height), interpolation=cv2.INTER_AREA), np.float32)


def _lay(sheet: Sheet, cover: Plane, ink: tuple[float, float, float], *, density: float, crayon: bool) -> None:
    """Put ink on the paper where the pen touched it."""
    if crayon:  # wax stays on the bumps
        cover = cover * np.clip((sheet.tooth - 0.34) * 3.2, 0, 1).astype(np.float32)
    sheet.absorbed[...] += density * cover[..., None] * np.array(ink, np.float32)


def _pen(
    sheet: Sheet, points: list[tuple[float, float]], ink: tuple[float, float, float], *, width: float = 9, closed: bool = False
) -> None:
    """A felt-pen line through the points; where a closed line meets its start, it overlaps."""
    curve = _spline(np.array(points, float), closed=closed)
    if closed:
        curve = np.vstack([curve, curve[:12]])
    curve = _wobble(curve, 1.6, sheet.rng)
    cover = _cover(sheet, curve, width)
    ends = np.zeros_like(cover)
    for x, y in (curve[0], curve[-1]):  # the pen rests where it starts and stops
        cv2.circle(ends, (round(x * sheet.scale), round(y * sheet.scale)), max(1, round(width * 0.6 * sheet.scale)), 1.0, -1, cv2.LINE_AA)
    _lay(sheet, np.maximum(cover, 0.6 * ends), ink, density=1.0, crayon=False)


def _hatch(
    sheet: Sheet,
    outline: Points,
    ink: tuple[float, float, float],
    *,
    angle: float,
    spacing: float,
    width: float,
    density: float = 0.75,
    overshoot: float = 5.0,
    crayon: bool = True,
    within: tuple[float, float, float, float] = (0, 0, WIDTH, HEIGHT),
) -> None:
    """Fill an outline by zigzag strokes at an angle (degrees), as far as the box `within` (left, top, right, bottom) goes."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], 255)
    left, top, right, bottom = (round(v) for v in within)
    box = np.zeros_like(mask)
    box[top:bottom, left:right] = 255
    mask &= box
    along = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    across = np.array([-along[1], along[0]])
    centre = np.array([WIDTH, HEIGHT]) / 2
    reach = np.hypot(WIDTH, HEIGHT) / 2
    rng = sheet.rng
    flip = False
    trail: list[Points] = []
    for offset in np.arange(-reach, reach, spacing):
        base = centre + across * (offset + rng.normal(0, spacing * 0.16))
        steps = np.arange(-reach, reach, 2.0)
        line = base + steps[:, None] * along
        cells = np.round(line).astype(int)
        valid = (cells[:, 0] >= 0) & (cells[:, 0] < WIDTH) & (cells[:, 1] >= 0) & (cells[:, 1] < HEIGHT)
        inside = np.zeros(len(steps), bool)
        inside[valid] = mask[cells[valid, 1], cells[valid, 0]] > 0
        edges = np.flatnonzero(np.diff(np.concatenate([[0], inside.astype(int), [0]])))
        for first, last in zip(edges[::2], edges[1::2], strict=True):
            ends = np.array([steps[first] + rng.normal(0, overshoot), steps[last - 1] + rng.normal(0, overshoot)])
            stroke = base + np.array([[t] for t in (ends if not flip else ends[::-1])]) * along
            near = bool(trail) and float(np.linalg.norm(trail[-1][-1] - stroke[0])) < 4 * spacing
            if not near and trail:
                _hatch_trail(sheet, trail, ink, width=width, density=density, crayon=crayon)
                trail = []
            trail.append(stroke)
            if len(trail) > rng.integers(9, 22):  # the hand lifts the crayon now and then
                _hatch_trail(sheet, trail, ink, width=width, density=density, crayon=crayon)
                trail = []
        flip = not flip
    if trail:
        _hatch_trail(sheet, trail, ink, width=width, density=density, crayon=crayon)


def _hatch_trail(sheet: Sheet, trail: list[Points], ink: tuple[float, float, float], *, width: float, density: float, crayon: bool) -> None:
    corners = np.vstack(trail)
    pieces = [
        start + (end - start) * np.linspace(0, 1, max(2, int(np.linalg.norm(end - start) / 5)), endpoint=False)[:, None]
        for start, end in itertools.pairwise(corners)
    ]
    curve = np.vstack([*pieces, corners[-1:]])
    _lay(
        sheet, _cover(sheet, _wobble(curve, 1.3, sheet.rng), width), ink, density=density * float(sheet.rng.normal(1, 0.08)), crayon=crayon
    )


def _circle(x: float, y: float, radius: float, rng: np.random.Generator, *, turns: float = 1.08) -> list[tuple[float, float]]:
    """Points of a circle that does not quite close."""
    start = rng.uniform(0, 2 * np.pi)
    angles = start + np.linspace(0, turns * 2 * np.pi, 14)
    radii = radius * np.linspace(1.0, rng.uniform(0.9, 1.08), 14)
    return [(x + r * np.cos(a), y + r * np.sin(a) * 0.94) for a, r in zip(angles, radii, strict=True)]


def draw_dinosaur(sheet: Sheet) -> None:
    """The animal: crayon fills first, felt-pen lines over them."""
    body = _spline(np.array(BODY, float), closed=True)
    _hatch(sheet, body, GREEN, angle=-58, spacing=11, width=15, density=0.62)
    _hatch(sheet, body, GREEN, angle=-38, spacing=19, width=14, density=0.38, within=(300, 380, 1010, 760))
    for index, plate in enumerate(PLATES):
        _hatch(sheet, np.array(plate, float), ORANGE if index % 2 else RED, angle=-70 + 9 * index, spacing=9, width=12, density=0.8)
    for x, y, radius in SPOTS:
        circle = np.array(_circle(x, y, radius, sheet.rng), float)
        _hatch(sheet, circle, DARK_GREEN, angle=20, spacing=9, width=10, density=0.6, overshoot=3, crayon=False)
    for plate in PLATES:
        _pen(sheet, [*_between(plate[0], plate[1]), *_between(plate[1], plate[2]), plate[2]], BLACK, width=8)
    _pen(sheet, [(float(x), float(y)) for x, y in BODY], BLACK, width=10, closed=True)
    _pen(sheet, [(1222, 292), (1194, 312), (1160, 318), (1130, 304)], BLACK, width=7)  # smile
    _pen(sheet, _circle(1136, 232, 24, sheet.rng), BLACK, width=6)
    _pen(sheet, _circle(1144, 236, 6, sheet.rng, turns=2.2), BLACK, width=11)
    _pen(sheet, [(1202, 242), (1206, 248)], BLACK, width=8)
    _pen(sheet, [(1110, 200), (1130, 188), (1152, 192)], BLACK, width=6)  # brow
    for left, right, bottom in ((376, 466, 878), (512, 598, 868), (784, 868, 874), (912, 1000, 868)):
        for place in (0.2, 0.5, 0.8):  # toes
            toe = left + (right - left) * place
            _pen(sheet, [(toe - 10, bottom - 3), (toe - 7, bottom - 21), (toe + 5, bottom - 22), (toe + 10, bottom - 2)], BLACK, width=5)


def _between(start: tuple[float, float], end: tuple[float, float], count: int = 5) -> list[tuple[float, float]]:
    """Points of a straight line, its end left out."""
    return [(start[0] + (end[0] - start[0]) * k / count, start[1] + (end[1] - start[1]) * k / count) for k in range(count)]


def draw_sky(sheet: Sheet) -> None:
    """A sun in the corner, well clear of the animal."""
    ring = _circle(168, 138, 54, sheet.rng)
    _hatch(sheet, np.array(ring), YELLOW, angle=40, spacing=10, width=13, density=0.85)
    _pen(sheet, ring, ORANGE, width=8)
    for angle in np.arange(-40, 190, 33.0):
        a = np.radians(angle + sheet.rng.normal(0, 4))
        inner, outer = 76, 104 + sheet.rng.uniform(0, 26)
        rays = [(168 + r * np.cos(a), 138 + r * np.sin(a)) for r in np.linspace(inner, outer, 4)]
        _pen(sheet, rays, ORANGE, width=8)


def photograph(sheet: Sheet) -> NDArray[np.uint8]:
    """The sheet as a telephone sees it: H x W x 3, RGB."""
    rng, scale = sheet.rng, sheet.scale
    shape = sheet.tooth.shape
    height, width = shape
    paper = np.array([0.955, 0.938, 0.90], np.float32) * (1 + 0.012 * (sheet.tooth - 0.5)[..., None])
    picture = paper * np.exp(-sheet.absorbed)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    rows, columns = rows / height, columns / width
    light = 0.985 - 0.16 * (columns - 0.35) ** 2 - 0.17 * (rows - 0.3) ** 2 + 0.010 * _noise(shape, 90 * scale, rng)
    hand = np.hypot((columns - 1.08) / 0.34, (rows - 1.06) / 0.42)  # the shade of the one who takes the picture
    light -= 0.09 / (1 + np.exp((hand - 1) * 9))
    crease = (columns - 0.505) + 0.004 * np.sin(rows * 9)  # the sheet was folded once
    light += 0.020 * np.tanh(crease * 120) * np.exp(-np.abs(crease) * 26)
    light += 0.0045 * cv2.GaussianBlur(sheet.tooth - sheet.tooth.mean(), (0, 0), 0.8) / 0.1
    tint = np.stack([1.0 + 0.02 * (1 - rows), np.ones_like(rows), 0.955 + 0.045 * rows], -1)
    picture = picture * light[..., None] * tint
    quad = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = quad + np.array([[-8, -14], [16, -20], [26, 22], [-24, 12]], np.float32) * scale
    picture = cv2.warpPerspective(
        picture, cv2.getPerspectiveTransform(quad, moved), (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    picture = cv2.GaussianBlur(picture, (0, 0), 0.75)
    picture = picture + 0.006 * rng.standard_normal(picture.shape)
    return (np.clip(picture, 0, 1) * 255).round().astype(np.uint8)


def drawing(scale: float = 1.0) -> NDArray[np.uint8]:
    """The whole picture, `scale` times 1400 x 1040: H x W x 3, RGB. The same scale gives the same pixels."""
    rng = np.random.default_rng(SEED)
    shape = (round(HEIGHT * scale), round(WIDTH * scale))
    tooth = 0.5 + 0.16 * (0.6 * _noise(shape, 0.9, rng) + 0.55 * _noise(shape, 1.8 * scale, rng) + 0.2 * _noise(shape, 5.0 * scale, rng))
    sheet = Sheet(np.zeros((*shape, 3), np.float32), np.clip(tooth, 0, 1).astype(np.float32), scale, rng)
    draw_sky(sheet)
    draw_dinosaur(sheet)
    return photograph(sheet)


def main() -> None:
    """Write the drawing."""
    parser = argparse.ArgumentParser(description="Draw the dinosaur.")
    parser.add_argument("--out", type=Path, default=SAMPLES / "drawing.jpg")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the picture, 1 for 1400 x 1040")
    options = parser.parse_args()
    Image.fromarray(drawing(options.scale)).save(options.out, quality=88, subsampling=0, optimize=True)
    print(options.out)


if __name__ == "__main__":
    main()
