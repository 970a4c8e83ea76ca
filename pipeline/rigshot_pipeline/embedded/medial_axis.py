"""The medial axis of a silhouette as a pruned tree: where its limbs are and how thick they are.

Skeleton pixels weighted by the distance to the outline; loops are broken at their thinnest place by a maximum
spanning tree; twigs go by their erosion thickness (Liu, Chambers, Letscher, Ju: Extended grassfire transform on
medial axes of 2D shapes, 2011).
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree
from skimage.morphology import skeletonize

__all__ = ["MedialTree", "medial_tree"]

SMOOTHING = 1.6  # cells: fur and stairs would otherwise grow twigs
TWIG_AREA = 0.06  # of the square root of the area: shorter twigs say nothing
TWIG_BALL = 0.32  # of the radius at the fork: what hardly leaves its ball is a bump, not a limb
TRUNK = 0.55  # of the greatest radius: thinner nodes belong to limbs


@dataclass(frozen=True, kw_only=True)
class MedialTree:
    """``points`` (n, 2) cells (x right, y down), ``radius`` (n,) of the maximal balls in cells, ``parent`` (n,), -1 at the root.

    Node 0 is the root, the centre of the greatest ball; parents stand before their children.
    """

    points: NDArray[np.float64]
    radius: NDArray[np.float64]
    parent: NDArray[np.int64]

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """The children of every node."""
        rows: list[list[int]] = [[] for _ in self.parent]
        for node, parent in enumerate(self.parent[1:], 1):
            rows[int(parent)].append(node)
        return tuple(tuple(row) for row in rows)

    @cached_property
    def leaves(self) -> tuple[int, ...]:
        """Nodes without children (never the root, unless it is alone)."""
        return tuple(node for node, children in enumerate(self.children) if not children)

    @cached_property
    def trunk(self) -> NDArray[np.bool_]:
        """(n,) the nodes that are connected to the root by balls of at least ``TRUNK`` of its radius."""
        inside = self.radius >= TRUNK * self.radius[0]
        for node in range(1, len(inside)):
            inside[node] &= inside[self.parent[node]]
        return inside

    def to_root(self, node: int) -> list[int]:
        """The nodes from ``node`` down to the root, both included."""
        path = [node]
        while self.parent[path[-1]] >= 0:
            path.append(int(self.parent[path[-1]]))
        return path

    def between(self, start: int, end: int) -> list[int]:
        """The nodes on the way from ``start`` to ``end``, both included."""
        up, down = self.to_root(start), self.to_root(end)
        common = set(up).intersection(down)
        fork = next(node for node in up if node in common)
        return up[: up.index(fork) + 1] + down[: down.index(fork)][::-1]

    def length(self, path: list[int]) -> float:
        """The length of a way in cells."""
        return float(np.linalg.norm(np.diff(self.points[path], axis=0), axis=1).sum())


def medial_tree(mask: NDArray[np.bool_]) -> MedialTree:
    """The pruned medial tree of a mask (H, W), one piece."""
    smooth = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), SMOOTHING) > 0.5
    if not smooth.any():
        smooth = mask
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(smooth.astype(np.uint8), connectivity=4)
    smooth = pieces == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    distance = cv2.distanceTransform(np.pad(smooth, 1).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    rows, columns = np.nonzero(skeletonize(smooth))
    radius = distance[rows, columns].astype(np.float64)
    points: NDArray[np.float64] = np.stack([columns, rows], 1).astype(np.float64) + 0.5
    order, parent = _spanning_tree(rows, columns, radius, mask.shape)
    place = np.full(len(radius), -1)
    place[order] = np.arange(len(order))
    parent = np.where(parent[order] >= 0, place[parent[order]], -1)
    points, radius = points[order], radius[order]
    kept = _pruned(points, radius, parent, float(smooth.sum()))
    new = np.cumsum(kept) - 1
    parent = parent[kept]
    return MedialTree(points=points[kept], radius=radius[kept], parent=np.where(parent >= 0, new[parent], -1))


def _spanning_tree(
    rows: NDArray[np.int64], columns: NDArray[np.int64], radius: NDArray[np.float64], shape: tuple[int, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Nodes in breadth-first order from the thickest one, and the parent of every node."""
    index = np.full((shape[0] + 2, shape[1] + 2), -1)
    index[rows + 1, columns + 1] = np.arange(len(rows))
    starts, ends, weights = [], [], []
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        other = index[rows + 1 + down, columns + 1 + right]
        near = np.flatnonzero(other >= 0)
        starts.append(near)
        ends.append(other[near])
        # The thick ways stay; a diagonal step is dearer than two straight ones of equal thickness, lest corners be cut twice.
        weights.append(1e4 - np.minimum(radius[near], radius[other[near]]) + 1e-3 * (down * right != 0))
    count = len(rows)
    graph = coo_matrix((np.concatenate(weights), (np.concatenate(starts), np.concatenate(ends))), shape=(count, count)).tocsr()
    order, parent = breadth_first_order(minimum_spanning_tree(graph), int(np.argmax(radius)), directed=False)
    return order.astype(np.int64), np.where(parent >= 0, parent, -1).astype(np.int64)


def _pruned(points: NDArray[np.float64], radius: NDArray[np.float64], parent: NDArray[np.int64], area: float) -> NDArray[np.bool_]:
    """(n,) True for the nodes of branches that stand out of their fork's ball."""
    count = len(parent)
    step = np.zeros(count)
    step[1:] = np.linalg.norm(points[1:] - points[parent[1:]], axis=1)
    burn = radius.copy()
    for node in range(count - 1, 0, -1):
        burn[parent[node]] = max(burn[parent[node]], burn[node] + step[node])
    siblings = np.bincount(parent[1:], minlength=count)
    kept = np.ones(count, bool)
    for node in range(1, count):
        fork = parent[node]
        kept[node] = kept[fork] and (
            siblings[fork] == 1 or burn[node] + step[node] - radius[fork] > max(TWIG_AREA * np.sqrt(area), TWIG_BALL * radius[fork])
        )
    return kept
