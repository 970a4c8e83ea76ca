"""Whether weights stay with the limb they belong to."""

import numpy as np

from .arrays import Floats, Indices

__all__ = ["bleed"]

_FAR = 1 / 50
"""Of the strongest bone's influence: seven times as far away, along ways inside the body."""


def bleed(weights: Floats, prior: Floats, parents: Indices) -> float:
    """The share of all weight that lies on bones far away through the body, 0..1.

    ``weights`` and ``prior`` (V, J) at the same vertices. A bone is as near as its joint or the joints where it ends.
    """
    near = prior.copy()
    for joint, parent in enumerate(parents):
        if parent >= 0:
            near[:, parent] = np.maximum(near[:, parent], prior[:, joint])
    far = near < _FAR * near.max(1, keepdims=True)
    return float((weights * far).sum() / max(float(weights.sum()), 1e-9))
