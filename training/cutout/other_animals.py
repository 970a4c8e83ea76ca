"""Command: set figures that the network never saw on grounds that it never saw, with exact masks.

python -m training.cutout.other_animals --rigs FOLDER --grounds FOLDER --out FOLDER [--count N --seed S]

``--rigs`` holds models (GLB), which are rendered, and figures cut out already (PNG with transparency). Writes NNN_FIGURE.jpg and
NNN_FIGURE.mask.png (0 or 255). The models must not be among those that ``render`` was given.
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import figures

__all__ = ["grounds_of", "place"]

Picture = NDArray[np.uint8]

# The longer side of a ground, and what share of its shorter side a figure takes: what people who photograph an animal do.
_SIDE = 640
_SIZES = (0.45, 0.9)


def place(figure: Picture, ground: Picture, random: np.random.Generator) -> tuple[Picture, Picture]:
    """The RGBA ``figure`` standing somewhere in the RGB ``ground``, in its light, with a shadow under it: picture and mask."""
    height, width = ground.shape[:2]
    rows, columns = np.flatnonzero((figure[..., 3] > 0).any(1)), np.flatnonzero((figure[..., 3] > 0).any(0))
    close = figure[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = random.uniform(*_SIZES) * min(height, width) / max(close.shape[:2])
    small = cv2.resize(close, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    top = round((height - small.shape[0]) * random.uniform(0.4, 1.0))
    left = round((width - small.shape[1]) * random.uniform(0.05, 0.95))
    layer = np.zeros((height, width, 4), np.float32)
    layer[top : top + small.shape[0], left : left + small.shape[1]] = small
    layer = cv2.GaussianBlur(layer, (0, 0), random.uniform(0.4, 1.0)) / 255
    alpha = layer[..., 3:]
    around = ground[max(top - 20, 0) : top + small.shape[0] + 20, max(left - 20, 0) : left + small.shape[1] + 20]
    light = (around.mean((0, 1)) / max(float(around.mean()), 1.0)) ** 0.5
    shadow = np.zeros((height, width), np.float32)
    foot = (left + small.shape[1] // 2, top + small.shape[0])
    cv2.ellipse(shadow, foot, (round(0.45 * small.shape[1]), max(round(0.06 * small.shape[1]), 1)), 0, 0, 360, 1.0, -1)
    shadow = cv2.GaussianBlur(shadow, (0, 0), 0.03 * small.shape[1] + 1)[..., None] * random.uniform(0.2, 0.6)
    mixed = ground / 255 * (1 - shadow) * (1 - alpha) + np.clip(layer[..., :3] * light, 0, 1) * alpha
    grain = random.normal(0, random.uniform(0, 0.025), ground.shape)
    return np.round(np.clip(mixed + grain, 0, 1) * 255).astype(np.uint8), ((alpha[..., 0] >= 0.5) * 255).astype(np.uint8)


def _figure(path: Path, random: np.random.Generator) -> Picture:
    """The model at rest in a random coat and light, seen from anywhere; a picture as it is. RGBA."""
    if path.suffix == ".png":
        with Image.open(path) as opened:
            return np.array(opened.convert("RGBA"))
    return figures.render(figures.thing(path), random, patches=[]).picture


def grounds_of(folder: Path) -> list[Picture]:
    """The photos of a folder, RGB, at one size."""
    found: list[Picture] = []
    for path in sorted(folder.glob("*.[jp][pn]g")):
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if picture is None:
            continue
        scale = _SIDE / max(picture.shape[:2])
        found.append(np.asarray(cv2.cvtColor(cv2.resize(picture, None, fx=scale, fy=scale), cv2.COLOR_BGR2RGB), np.uint8))
    return found


def main() -> None:
    """Read the arguments and write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rigs", type=Path, required=True)
    parser.add_argument("--grounds", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=102)
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    grounds, rigs = grounds_of(options.grounds), sorted(path for path in options.rigs.iterdir() if path.suffix in (".glb", ".png"))
    for number in range(options.count):
        random = np.random.default_rng([options.seed, number])
        path = rigs[number % len(rigs)]
        ground = grounds[random.integers(len(grounds))]
        picture, mask = place(_figure(path, random), ground, random)
        name = f"{number:03d}_{path.stem}"
        cv2.imwrite(str(options.out / f"{name}.jpg"), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 88])
        cv2.imwrite(str(options.out / f"{name}.mask.png"), mask)
    sys.stdout.write(f"{options.count} pictures of {len(rigs)} figures on {len(grounds)} grounds\n")


if __name__ == "__main__":
    main()
