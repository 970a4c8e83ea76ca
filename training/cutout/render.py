"""Command: render figures, drawings and sprites to arrays beside each other.

python -m training.cutout.render --rigs FOLDER --photos photos.zip --out FOLDER [--figures N --drawings N --sprites N --seed S]

Writes figures.npy (N, 384, 384, 4), sprites.npy (N, 384, 384, 4), drawings.npy (N, 416, 416, 4: RGB and mask).
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

__all__ = ["fur_patches"]

Picture = NDArray[np.uint8]


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


def _one(job: tuple[str, int], *, rigs: Path, patches: list[Picture], seed: int) -> Picture:
    kind, number = job
    random = np.random.default_rng([seed, number, len(kind)])
    figure = figures.render(*figures.posed(rigs, random), random, patches=patches)
    if kind == "drawings":
        picture, mask = doodles.drawing(figure, random)
        return np.concatenate([picture, mask[..., None]], 2)
    return doodles.sprite(figure, random) if kind == "sprites" else figure.picture


def main() -> None:
    """Read the arguments, render on all cores, write the arrays."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rigs", type=Path, required=True)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--figures", type=int, default=3000)
    parser.add_argument("--drawings", type=int, default=500)
    parser.add_argument("--sprites", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    patches = fur_patches(options.photos)
    work = partial(_one, rigs=options.rigs, patches=patches, seed=options.seed)
    work(("drawings", 0))  # compiles the rasteriser once, before the processes part
    with get_context("fork").Pool(options.processes) as pool:
        for kind in ("figures", "drawings", "sprites"):
            start, count = time.monotonic(), getattr(options, kind)
            pictures = pool.map(work, [(kind, number) for number in range(count)], chunksize=4)
            np.save(options.out / f"{kind}.npy", np.stack(pictures))
            sys.stdout.write(f"{count} {kind} in {time.monotonic() - start:.0f} s ({len(patches)} patches of fur)\n")


if __name__ == "__main__":
    main()
