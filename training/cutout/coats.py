"""Coats for rendered animals: plain, patched, spotted, striped, or bits of real fur, over strands of hair."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Coat", "random_coat"]

Floats = NDArray[np.float32]

# Linear colours that fur has; others are drawn at random now and then, for toys and cartoons.
_FUR = np.array(
    [
        [0.85, 0.83, 0.78], [0.70, 0.60, 0.45], [0.45, 0.28, 0.13], [0.30, 0.15, 0.06], [0.16, 0.08, 0.04], [0.02, 0.02, 0.02],
        [0.05, 0.045, 0.04], [0.20, 0.19, 0.18], [0.40, 0.38, 0.36], [0.55, 0.35, 0.15], [0.62, 0.42, 0.25], [0.12, 0.13, 0.15],
    ]
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Coat:
    """``colour`` maps places (N, 3) and the model's own colours (N, 3) to linear colours; ``hair`` is how strongly strands show."""

    colour: Callable[[Floats, Floats], Floats]
    hair: float

    def strands(self, random: np.random.Generator, side: int) -> Floats:
        """Factors (side, side) around 1: noise drawn out along a direction, as hair lies."""
        if self.hair == 0:
            return np.ones((side, side), np.float32)
        length = int(random.integers(7, 31)) | 1
        kernel = np.zeros((length, length), np.float32)
        angle = random.uniform(0, np.pi)
        reach = np.array([np.cos(angle), np.sin(angle)]) * (length // 2)
        middle = length // 2
        ends = (np.round(middle - reach).astype(int).tolist(), np.round(middle + reach).astype(int).tolist())
        cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA)
        noise = cv2.filter2D(random.normal(0, 1, (side, side)).astype(np.float32), -1, kernel / kernel.sum())
        coarse = cv2.resize(random.normal(0, 1, (side // 24, side // 24)).astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
        drawn: Floats = np.clip(1 + self.hair * (noise / max(float(noise.std()), 1e-6) + 0.5 * coarse), 0.2, 2.2)
        return drawn


def random_coat(random: np.random.Generator, *, patches: list[NDArray[np.uint8]], kind: str | None = None) -> Coat:
    """A coat, of that ``kind`` if one is named; ``patches`` are pictures (h, w, 3) RGB of real fur."""
    kinds = ["own", "plain", "patched", "spotted", "striped", "belly", "photo"]
    kind = kind or str(random.choice(kinds, p=[0.14, 0.16, 0.16, 0.08, 0.10, 0.10, 0.26]))
    hair = float(random.choice([0.0, random.uniform(0.03, 0.12), random.uniform(0.1, 0.3)], p=[0.2, 0.4, 0.4]))
    if kind == "own":
        tint = np.clip(random.normal(1, 0.25, 3), 0.3, 1.7)
        return Coat(colour=lambda _, own: (own**2.2 * tint).astype(np.float32), hair=hair)
    if kind == "photo" and patches:
        return Coat(colour=_photo(random, patches[random.integers(len(patches))]), hair=hair / 2)
    first, second, third = (_colour(random) for _ in range(3))
    noise, fine = _noise(random, 5.0), _noise(random, 14.0)
    across, width = random.normal(0, 1, 3), random.uniform(0.02, 0.06)

    def colour(place: Floats, _: Floats) -> Floats:
        share = np.zeros(len(place))
        if kind == "patched":
            share = _step(noise(place) - 0.1)
        elif kind == "spotted":
            share = _step(fine(place) - 0.55)
        elif kind == "striped":
            share = _step(np.sin(place @ across / width + 2 * noise(place)) - 0.2)
        elif kind == "belly":
            height = (place[:, 1] - place[:, 1].min()) / max(float(np.ptp(place[:, 1])), 1e-6)
            share = _step((0.45 - height) * 3 + 0.3 * noise(place))
        mixed = first + (second - first) * share[:, None]
        tips = np.clip(fine(place) * 0.2 + 0.1, 0, 0.3)[:, None]
        return (mixed + (third - mixed) * tips).astype(np.float32)

    return Coat(colour=colour, hair=hair)


def _colour(random: np.random.Generator) -> Floats:
    if random.random() < 0.15:
        return random.uniform(0, 1, 3).astype(np.float32) ** 2
    return np.clip(_FUR[random.integers(len(_FUR))] * random.normal(1, 0.15) * random.normal(1, 0.06, 3), 0.01, 0.95).astype(np.float32)


def _noise(random: np.random.Generator, scale: float) -> Callable[[Floats], NDArray[np.float64]]:
    """A smooth random field of about -1..1: plane waves, bent by slower ones."""
    waves, phases = random.normal(0, scale, (3, 10)), random.uniform(0, 6.3, 10)
    slow, offsets = random.normal(0, scale / 3, (3, 3)), random.uniform(0, 6.3, 3)

    def field(place: Floats) -> NDArray[np.float64]:
        bent = place + 0.15 * np.sin(place @ slow + offsets)
        return np.sin(bent @ waves + phases).mean(1) * 2.2

    return field


def _step(value: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(value * 6 + 0.5, 0, 1)


def _photo(random: np.random.Generator, patch: NDArray[np.uint8]) -> Callable[[Floats, Floats], Floats]:
    scale, turn = random.uniform(1.5, 5), random.uniform(0, np.pi)
    axes = np.array([[np.cos(turn), np.sin(turn)], [random.normal(0, 0.3), random.normal(0, 0.3)], [-np.sin(turn), np.cos(turn)]])

    def colour(place: Floats, _: Floats) -> Floats:
        spot = np.abs((place @ axes * scale) % 2 - 1)  # mirrored tiles have no seams
        rows = (spot[:, 0] * (patch.shape[0] - 1)).astype(int)
        columns = (spot[:, 1] * (patch.shape[1] - 1)).astype(int)
        return ((patch[rows, columns] / 255.0) ** 2.2 * 1.3).astype(np.float32)

    return colour
