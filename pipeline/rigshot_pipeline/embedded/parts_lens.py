"""Subjects of no known plan: one calibrated lens, and a chain for every limb that the silhouette shows."""

import numpy as np

from .inflate import lens_of
from .limbs import limbs_of
from .medial_axis import MedialTree
from .reading import Reading
from .shapes import Anatomy, PartShape
from .silhouette import Silhouette

__all__ = ["single_lens"]

THICKNESS = 0.9
HEADINGS = {"side": 90.0, "three_quarter": 0.0, "front": 0.0}


def single_lens(silhouette: Silhouette, tree: MedialTree, reading: Reading) -> Anatomy:
    """One round body along the medial axis with limbs ``limb_1`` ..."""
    body = lens_of(silhouette.mask, thickness=THICKNESS)
    trunk = [int(node) for node in np.flatnonzero(tree.trunk)]
    ends = [node for node in trunk if not any(tree.trunk[child] for child in tree.children[node])] or [0]
    tops = sorted(ends, key=lambda node: tree.points[node, 1])
    way = tree.between(tops[-1], tops[0]) if len(tops) > 1 else [0]
    if len(way) < 2:
        point = tree.points[way[0]]
        path = np.array([[point[0], point[1] + 0.4 * tree.radius[0], 0], [point[0], point[1] - 0.4 * tree.radius[0], 0]])
        radius = np.full(2, tree.radius[0])
    else:
        path, radius = np.c_[tree.points[way], np.zeros(len(way))], tree.radius[way]
    shapes = [PartShape(name="trunk", kind="trunk", side="centre", parent=None, path=path, radius=radius, lens=body, core=True)]
    for place, limb in enumerate(limbs_of(tree), 1):
        nodes = list(limb.path[limb.start :]) if len(limb.path) - limb.start > 1 else list(limb.path[-2:])
        if len(nodes) > 1:
            shapes.append(
                PartShape(
                    name=f"limb_{place}",
                    kind="limb",
                    side="centre",
                    parent="trunk",
                    path=np.c_[tree.points[nodes], np.zeros(len(nodes))],
                    radius=tree.radius[nodes],
                    core=True,
                )
            )
    return Anatomy(plan=reading.plan, view=reading.view, heading=HEADINGS[reading.view], shapes=tuple(shapes))
