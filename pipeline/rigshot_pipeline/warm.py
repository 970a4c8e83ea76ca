"""``python -m rigshot_pipeline.warm``: run every stage once on pictures made here, so that all kernels are compiled.

numba compiles at the first call and keeps the result on disk; done at install, the first photo need not wait for it.
"""

import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

from .asset import Pixels
from .options import Options
from .run import run_job

__all__ = ["main", "toy_animal"]


def toy_animal(*, alpha: bool, size: int = 320) -> Pixels:
    """A four-legged figure seen from the side, (size, size, 4) cut out or (size, size, 3) on a grainy ground."""
    unit = size / 320
    mask = np.zeros((size, size), np.uint8)

    def draw(x: float, y: float, w: float, h: float, turn: float = 0.0) -> None:
        cv2.ellipse(mask, ((x * unit, y * unit), (w * unit, h * unit), turn), 255, -1)

    draw(150, 160, 150, 64)
    draw(232, 112, 62, 50, -15)
    draw(210, 135, 40, 70, 30)
    draw(70, 130, 16, 70, -45)
    draw(245, 84, 12, 30, 20)
    for x in (92, 116, 188, 212):
        draw(x, 210, 17, 96)
    grain = np.random.default_rng(0)
    coat = np.clip(np.array([190, 130, 70]) + grain.normal(0, 12, (size, size, 1)), 0, 255)
    if alpha:
        return np.dstack([coat, mask]).astype(np.uint8)
    ground = cv2.GaussianBlur(grain.uniform(60, 160, (size, size, 3)), (0, 0), 6) * [0.7, 1.1, 0.8]
    soft = cv2.GaussianBlur(mask, (0, 0), 1.0)[..., None] / 255.0
    return np.clip(coat * soft + ground * (1 - soft), 0, 255).astype(np.uint8)


def main() -> int:
    """Run the plan on a cut-out figure and on one before a background; the results are thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        for alpha in (True, False):
            photo = Path(folder) / f"alpha_{alpha}.png"
            pixels = toy_animal(alpha=alpha)
            order = cv2.COLOR_RGBA2BGRA if alpha else cv2.COLOR_RGB2BGR
            cv2.imwrite(str(photo), cv2.cvtColor(pixels, order))
            run_job(photo, Path(folder) / photo.stem, options=Options())
    return 0


if __name__ == "__main__":
    sys.exit(main())
