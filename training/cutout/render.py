"""Command: render figures, drawings, sprites and things that are no subject, in files of a hundred.

python -m training.cutout.render --rigs FOLDER --photos photos.zip --out FOLDER [--things FOLDER --objects N --figures N --drawings N ...]

Writes KIND_NNNNN.npz, each with ``pictures`` and ``headings`` (degrees, NaN where there is none): figures and sprites (N, 384, 384, 5: RGB,
alpha, region), drawings (N, 416, 416, 4: RGB and mask), things (N, 384, 384, 4). A training may begin when the first are there.
"""

import argparse
import os
import sys
import time
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from . import bundle, doodles, figures
from .parts import UNTOLD

__all__ = ["fur_patches"]

Picture = NDArray[np.uint8]
_SHARD = 100
# So many things keep their own colours; the rest wear coats as animals do, so that fur alone makes no subject.
_OWN = 0.65


def fur_patches(photos: Path, *, least: int = 36) -> list[Picture]:
    """Squares (h, h, 3) RGB from well inside the masked subjects of a bundle, at least ``least`` pixels wide."""
    found = []
    for entry in bundle.read(photos):
        if entry.role != "subject" or entry.mask is None or entry.name.startswith("coco"):
            continue
        depth = cv2.distanceTransform(np.pad((entry.mask == 255).astype(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
        row, column = np.unravel_index(int(depth.argmax()), depth.shape)
        reach = int(depth[row, column] / 1.42)
        if 2 * reach >= least:
            found.append(cv2.cvtColor(entry.picture[row - reach : row + reach, column - reach : column + reach], cv2.COLOR_BGR2RGB))
    return [np.asarray(patch, np.uint8) for patch in found]


def _one(job: tuple[str, int], *, rigs: Path, things: Path | None, patches: list[Picture], seed: int) -> tuple[Picture, float]:
    """A picture (side, side, C) of one kind, and its heading in degrees or NaN."""
    kind, number = job
    random = np.random.default_rng([seed, number, len(kind)])
    if kind == "things":
        assert things is not None
        paths = sorted(things.glob("*.glb"))
        model, coat = figures.thing(paths[random.integers(len(paths))]), "own" if random.random() < _OWN else None
        return figures.render(model, random, patches=patches, coat=coat).picture, np.nan
    figure = figures.render(figures.posed(rigs, random), random, patches=patches)
    heading = np.nan if figure.heading is None else figure.heading
    if kind == "drawings":
        picture, mask = doodles.drawing(figure, random)
        return np.concatenate([picture, mask[..., None]], 2), heading
    if kind == "sprites":
        picture = doodles.sprite(figure, random)
        return np.concatenate([picture, (picture[..., 3:] > 0).astype(np.uint8) * np.uint8(UNTOLD)], 2), heading
    return np.concatenate([figure.picture, figure.regions[..., None]], 2), heading


def _shards(counts: dict[str, int]) -> list[tuple[str, range]]:
    """Which pictures stand in which file, the kinds in turn: a training that begins early meets some of each."""
    parts = [(kind, range(low, min(low + _SHARD, count))) for kind, count in counts.items() for low in range(0, count, _SHARD)]
    return sorted(parts, key=lambda part: part[1].start / counts[part[0]])


def main() -> None:
    """Read the arguments, render on all cores, write the arrays."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rigs", type=Path, required=True)
    parser.add_argument("--things", type=Path, help="models that are no subjects")
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--figures", type=int, default=3000)
    parser.add_argument("--drawings", type=int, default=500)
    parser.add_argument("--sprites", type=int, default=200)
    parser.add_argument("--objects", type=int, default=0, help="pictures of --things")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    patches = fur_patches(options.photos)
    work = partial(_one, rigs=options.rigs, things=options.things, patches=patches, seed=options.seed)
    work(("drawings", 0))  # compiles the rasteriser once, before the processes part
    counts = {"figures": options.figures, "drawings": options.drawings, "sprites": options.sprites, "things": options.objects}
    start = time.monotonic()
    with get_context("fork").Pool(options.processes) as pool:
        for kind, numbers in _shards({kind: count for kind, count in counts.items() if count}):
            made = pool.map(work, [(kind, number) for number in numbers], chunksize=2)
            path = options.out / f"{kind}_{numbers.start:05d}.npz"
            unfinished = path.with_suffix(".part.npz")
            np.savez(
                unfinished, pictures=np.stack([picture for picture, _ in made]), headings=np.array([turn for _, turn in made], np.float32)
            )
            unfinished.rename(path)
    words = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    sys.stdout.write(f"{words} in {time.monotonic() - start:.0f} s ({len(patches)} patches of fur)\n")


if __name__ == "__main__":
    main()
