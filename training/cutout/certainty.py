"""Command: fit the confidence of the outline, and say how well it ranks in ten-fold cross-validation.

python -m training.cutout.certainty --photos photos.zip --rendered FOLDER [--count 330 --seeds 5 6]

The pictures are those of the training breeds, made hard, and what ``other_animals`` rendered of models that are not judged; held-out
breeds and judged pictures are not looked at. Prints the three numbers of ``rigshot_pipeline/embedded/subject/certainty.py`` and what
share is right at which threshold.
"""

import argparse
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from rigshot_pipeline.embedded.subject.certainty import NOTHING, holes_and_blobs
from rigshot_pipeline.embedded.subject.looks import look_closer, look_within
from rigshot_pipeline.options import Box

from . import bundle
from .cases import drawn_box, overlap, rendered_cases
from .hard import made_hard

__all__ = ["fitted"]

Array = NDArray[np.float64]
Picture = NDArray[np.uint8]

_GOOD, _LEAST_SHARE = 0.85, 0.02
# Weight of the squared coefficients (of standardised signs) against the mean log loss.
_RIDGE = 0.005
_FOLDS = 10


def fitted(signs: Array, right: NDArray[np.bool_]) -> Array:
    """Coefficients (K + 1,) of a logistic regression of ``right`` (N,) on ``signs`` (N, K); the constant comes last."""
    centre, spread = signs.mean(0), signs.std(0) + 1e-6
    standard, sign = (signs - centre) / spread, np.where(right, 1.0, -1.0)

    def loss(weights: Array) -> float:
        score = standard @ weights[:-1] + weights[-1]
        return float(np.logaddexp(0, -sign * score).mean() + _RIDGE * (weights[:-1] ** 2).sum())

    weights = np.asarray(minimize(loss, np.zeros(signs.shape[1] + 1)).x, np.float64)
    return np.append(weights[:-1] / spread, weights[-1] - float((weights[:-1] * centre / spread).sum()))


def _hard_photos(photos: Path, count: int, seed: int) -> Iterator[tuple[Picture, Picture]]:
    entries = [entry for entry in bundle.read(photos) if entry.role == "subject" and not entry.name.startswith(("coco", "am2k"))]
    for place in np.random.default_rng(seed).permutation(len(entries))[:count]:
        entry = entries[place]
        assert entry.mask is not None
        picture, mask = made_hard(entry.picture, entry.mask, np.random.default_rng([zlib.crc32(entry.name.encode()), seed]))
        if (mask == 255).mean() >= _LEAST_SHARE:
            yield np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8), mask


def _rows(picture: Picture, mask: Picture) -> Iterator[tuple[list[float], bool]]:
    """Signs, and whether the outline is right, without and with a box."""
    left, top, width, height = drawn_box(mask)
    for seen in (look_closer(picture), look_within(picture, Box(left=left, top=top, width=width, height=height))):
        signs = holes_and_blobs(seen.probability) or (1.0, 1.0)
        yield [float(np.log(sign + NOTHING)) for sign in signs], overlap(seen.probability >= 0.5, mask) >= _GOOD


def main() -> None:
    """Read the arguments, fit and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--rendered", type=Path, required=True)
    parser.add_argument("--count", type=int, default=330, help="photos of each seed")
    parser.add_argument("--seeds", type=int, nargs="+", default=[5, 6])
    options = parser.parse_args()
    rendered = ((case.picture, case.mask) for case in rendered_cases(options.rendered))
    hard = [row for seed in options.seeds for pair in _hard_photos(options.photos, options.count, seed) for row in _rows(*pair)]
    rows = [*hard, *(row for picture, mask in rendered for row in _rows(picture, mask))]
    signs, right = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    factors = fitted(signs, right)
    sys.stdout.write(
        f"holes {factors[0]:.3f}, blobs {factors[1]:.3f}, constant {factors[2]:.3f}; {right.mean():.1%} of {len(rows)} right\n"
    )
    # Both rows of a picture are in the same fold.
    fold = np.random.default_rng(options.seeds[0]).permutation(len(rows) // 2).repeat(2) % _FOLDS
    chance = np.zeros(len(rows))
    for number in range(_FOLDS):
        part = fitted(signs[fold != number], right[fold != number])
        chance[fold == number] = 1 / (1 + np.exp(-(signs[fold == number] @ part[:-1] + part[-1])))
    for kind, part in (("photos made hard", slice(0, len(hard))), ("rendered scenes", slice(len(hard), len(rows)))):
        for word, start in (("alone", 0), ("box", 1)):
            chances, truths = chance[part][start::2], right[part][start::2]
            for limit in (0.7, 0.8, 0.85, 0.9):
                sure = chances >= limit
                share = truths[sure].mean() if sure.any() else float("nan")
                sys.stdout.write(f"{kind}, {word}, chance >= {limit}: sure of {sure.mean():.0%} of {len(sure)}, right {share:.1%}\n")


if __name__ == "__main__":
    main()
