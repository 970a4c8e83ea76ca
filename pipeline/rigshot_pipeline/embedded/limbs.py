"""Limbs: what leaves the trunk of a medial tree."""

from dataclasses import dataclass

import numpy as np

from .medial_axis import MedialTree

__all__ = ["Limb", "limbs_of"]

LEAVES_BALL = 0.8  # of the radius at the attachment: from there on the limb shows outside its parent's ball


@dataclass(frozen=True, kw_only=True)
class Limb:
    """``path``: nodes from the attachment on the trunk to the tip; ``start``: index in it where the limb leaves the trunk's ball.

    ``length`` from the trunk's outline to the tip's and ``radius`` (the median outside the trunk), both in cells.
    """

    path: tuple[int, ...]
    start: int
    length: float
    radius: float


def limbs_of(tree: MedialTree) -> tuple[Limb, ...]:
    """The limbs of a tree, one for each leaf outside the trunk."""
    trunk = tree.trunk
    limbs: list[Limb] = []
    for leaf in tree.leaves:
        if trunk[leaf]:
            continue
        path = tree.to_root(leaf)
        path = path[: next(place for place, node in enumerate(path) if trunk[node]) + 1][::-1]
        attach = path[0]
        far = np.linalg.norm(tree.points[path] - tree.points[attach], axis=1) > LEAVES_BALL * tree.radius[attach]
        start = int(np.argmax(far)) if far.any() else len(path) - 1
        limbs.append(
            Limb(
                path=tuple(path),
                start=start,
                length=tree.length(path) + float(tree.radius[leaf] - tree.radius[attach]),
                radius=float(np.median(tree.radius[path[start:]])),
            )
        )
    return tuple(limbs)
