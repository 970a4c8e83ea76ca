"""Is it still the same animal? Features and colours of the subject in two pictures, compared part by part.

The features are those of DINOv2 (Oquab et al., 2023), whose patch features correspond between two pictures of the same kind of
thing whatever its pose; that is what makes parts comparable. How they are weighed here is our own and was not calibrated on
people's judgements.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Likeness", "Subject", "compare", "lab_from_rgb"]

Floats = NDArray[np.float32]

_PARTS = 6
"""About head, chest, trunk, legs, tail and one more; the parts are found, not named."""
_LEAST = 0.03
"""A part with less of either subject may be hidden in that picture and says nothing."""
_FAR = 30.0
"""A difference in colour (CIE Lab) of clearly another coat: grey to ginger is about 50, one coat in two lights about 10."""
_LIGHTNESS = 0.5
"""Light changes with the background, hue hardly does."""
_WHOLE, _EACH, _COLOUR = 0.4, 0.25, 0.35
_ROUNDS = 12


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What the network and the picture say of a subject.

    ``whole`` (D,): the feature of the whole picture; ``patches`` (N, D): those of the patches that lie on the subject; ``colours``
    (N, 3): the mean colour of each of these patches in CIE Lab.
    """

    whole: Floats
    patches: Floats
    colours: Floats


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """How alike two subjects are, each 0..1: as a whole, part by part, in the colours of the parts, and all together."""

    whole: float
    parts: float
    colours: float

    @property
    def identity(self) -> float:
        """All three, weighed."""
        return _WHOLE * self.whole + _EACH * self.parts + _COLOUR * self.colours


def compare(photo: Subject, other: Subject) -> Likeness:
    """How alike ``other`` is to the subject of ``photo``. Both need a patch at least."""
    mine, theirs = _unit(photo.patches), _unit(other.patches)
    centres = _parts(mine)
    own, found = np.argmax(mine @ centres.T, 1), np.argmax(theirs @ centres.T, 1)
    weights, features, colours = [], [], []
    for part in range(len(centres)):
        here, there = own == part, found == part
        if min(here.mean(), there.mean()) < _LEAST:
            continue
        weights.append(here.mean())
        features.append(_cosine(mine[here].mean(0), theirs[there].mean(0)))
        difference = (photo.colours[here].mean(0) - other.colours[there].mean(0)) * (_LIGHTNESS, 1, 1)
        colours.append(np.exp(-((np.linalg.norm(difference) / _FAR) ** 2)))
    if not weights:  # nothing of one subject looks like anything of the other
        return Likeness(whole=_cosine(photo.whole, other.whole), parts=0.0, colours=0.0)
    return Likeness(
        whole=_cosine(photo.whole, other.whole),
        parts=float(np.average(features, weights=weights)),
        colours=float(np.average(colours, weights=weights)),
    )


def lab_from_rgb(colours: Floats) -> Floats:
    """CIE Lab (D65) of sRGB colours (..., 3) in 0..1."""
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    matrix = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])
    xyz = linear @ matrix.T / matrix.sum(1)
    root = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1).astype(np.float32)


def _parts(patches: Floats) -> Floats:
    """The mean directions of up to ``_PARTS`` groups of unit vectors (spherical k-means, begun at the points farthest apart, so
    that nothing is left to chance)."""
    chosen = [int(np.argmin(patches @ patches.mean(0)))]
    nearest = patches @ patches[chosen[0]]
    while len(chosen) < min(_PARTS, len(patches)) and nearest.min() < 1 - 1e-4:
        chosen.append(int(np.argmin(nearest)))
        nearest = np.maximum(nearest, patches @ patches[chosen[-1]])
    centres = patches[chosen]
    for _ in range(_ROUNDS):
        nearest_centre = np.argmax(patches @ centres.T, 1)
        groups = [patches[nearest_centre == number] for number in range(len(centres))]
        centres = _unit(np.stack([group.mean(0) if len(group) else centre for group, centre in zip(groups, centres, strict=True)]))
    return centres


def _unit(vectors: Floats) -> Floats:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-8)


def _cosine(one: Floats, other: Floats) -> float:
    return float(np.clip(_unit(one) @ _unit(other), 0, 1))
