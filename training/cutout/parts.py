"""Which part of an animal a vertex belongs to, by the names of the joints that move it."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rigshot_pipeline.evaluation.truth_rig import TruthRig

from .model_words import REGIONS

__all__ = ["UNTOLD", "looks_ahead", "vertex_regions"]

UNTOLD: Final = 255
"""The label of a pixel of a subject whose part is not known."""

# The first word found in a joint's name decides. A neck is body up to its last joint, as geometry and skeleton count it; an arm of
# something that stands on two legs is no leg, and its hand is its arm's.
_WORDS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("tail",), "tail"),
    (("head", "ear", "jaw", "mouth", "tongue", "face", "snout", "eye"), "head"),
    (("leg", "foot", "thigh", "calf", "ff.", "ffb", "forearm", "toe", "paw"), "legs"),
)
_ARMS = ("upperarm", "lowerarm", "forearm", "hand", "fist", "index", "middle", "ring", "pinky", "thumb")
# Ahead of the trunk's middle by this share of the extent, the head tells where the animal looks; less does in a spider or a coiled snake.
_AHEAD = 0.1


def vertex_regions(rig: TruthRig) -> NDArray[np.float32] | None:
    """How much of each vertex is head, body, legs and tail: (V, 4), rows sum to 1. None when the joints' names do not tell."""
    lowered = [name.lower() for name in rig.names]
    four_legged = not any("fist" in name or "thumb" in name for name in lowered)
    columns = np.array([REGIONS.index(_region(name, four_legged=four_legged)) for name in lowered], int)
    if 0 not in columns:
        return None
    shares = np.zeros((len(rig.vertices), len(REGIONS)), np.float32)
    for joint, column in enumerate(columns):
        shares[:, column] += rig.weights[:, joint]
    total = shares.sum(1, keepdims=True)
    if float((total < 0.5).mean()) > 0.02:
        return None
    return np.asarray(shares / np.maximum(total, 1e-6), np.float32)


def looks_ahead(rig: TruthRig, regions: NDArray[np.float32]) -> bool:
    """Whether the model ``rig`` looks along +z, as its head says; people's heads say nothing, and theirs do."""
    if any("thumb" in name.lower() or "fist" in name.lower() for name in rig.names):
        return True
    head, trunk = (rig.vertices[regions[:, column] > 0.5] for column in (0, 1))
    return bool(len(head) and len(trunk)) and float(head[:, 2].mean() - trunk[:, 2].mean()) > _AHEAD


def _region(name: str, *, four_legged: bool) -> str:
    if any(word in name for word in _ARMS):
        return "legs" if four_legged else "body"
    return next((region for words, region in _WORDS if any(word in name for word in words)), "body")
