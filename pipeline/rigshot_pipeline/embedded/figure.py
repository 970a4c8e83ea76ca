"""A silhouette with its medial tree and the measures that every body plan asks for."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from .labels import disc_mask, label_cells, nearest_value
from .medial_axis import MedialTree
from .silhouette import Silhouette

__all__ = ["Branch", "Figure", "Points"]

Points = NDArray[np.float64]

HIDDEN = 0.85
"""The share of a limb that must lie inside the outline, if the outline is to hide it."""


@dataclass(frozen=True, kw_only=True)
class Branch:
    """What grows out of a core of the tree: ``nodes`` from the core's node to the tip, ``start`` the first one outside its
    ball, ``twigs`` all nodes of side branches, ``length`` and median ``radius`` of what shows, in cells."""

    nodes: tuple[int, ...]
    start: int
    twigs: tuple[int, ...]
    length: float
    radius: float

    @property
    def tip(self) -> int:
        """The last node."""
        return self.nodes[-1]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A silhouette and its tree; ``light`` (H, W) the picture's lightness 0..1; ``cut`` names the picture's sides that cut the subject
    off (bottom, left, right, top)."""

    silhouette: Silhouette
    tree: MedialTree
    light: NDArray[np.float32]
    cut: frozenset[str] = frozenset()

    @property
    def mask(self) -> NDArray[np.bool_]:
        """(H, W) the silhouette's cells."""
        return self.silhouette.mask

    @cached_property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom in cells."""
        return self.silhouette.box

    @property
    def left(self) -> int:
        """First column."""
        return self.box[0]

    @property
    def top(self) -> int:
        """First row."""
        return self.box[1]

    @property
    def ground(self) -> int:
        """The row below the last one."""
        return self.box[3]

    @property
    def width(self) -> int:
        """Columns."""
        return self.box[2] - self.box[0]

    @property
    def height(self) -> int:
        """Rows."""
        return self.box[3] - self.box[1]

    @cached_property
    def bust(self) -> bool:
        """The picture's lower side cuts through the body, not through separate legs."""
        low = self.mask[max(self.ground - max(self.height // 50, 2), 0) : self.ground].any(0)
        columns = np.flatnonzero(low)
        whole = len(columns) > 0 and float(low.sum()) > 0.8 * (columns[-1] - columns[0] + 1)
        return "bottom" in self.cut and whole and float(low.sum()) > 0.3 * self.width

    def room(self, x: float, y: float) -> float:
        """Cells from a point to the outline, negative outside: the radius of the ball that fits there."""
        distance = self.silhouette.distance
        row = int(np.clip(y, 0, distance.shape[0] - 1))
        column = int(np.clip(x, 0, distance.shape[1] - 1))
        return float(distance[row, column])

    def hides(self, path: Points) -> bool:
        """Whether the outline could hide a limb along ``path`` (n, 2 or more columns)."""
        return bool(np.mean([self.room(point[0], point[1]) > 0 for point in path]) >= HIDDEN)

    def branches(self, core: set[int]) -> list[Branch]:
        """All branches of the tree that leave a connected set of nodes ``core`` holding the root, longest way of each."""
        tree = self.tree
        found = []
        for first in range(1, len(tree.parent)):
            if first in core or int(tree.parent[first]) not in core:
                continue
            inside = self._below(first)
            leaves = [node for node in inside if not tree.children[node]]
            ways = [tree.to_root(leaf) for leaf in leaves]
            ways = [way[: way.index(first) + 2][::-1] for way in ways]
            way = max(ways, key=lambda nodes: tree.length(nodes) + tree.radius[nodes[-1]])
            base = way[0]
            far = np.linalg.norm(tree.points[way] - tree.points[base], axis=1) > 0.8 * tree.radius[base]
            start = int(np.argmax(far)) if far.any() else len(way) - 1
            found.append(
                Branch(
                    nodes=tuple(way),
                    start=start,
                    twigs=tuple(node for node in inside if node not in set(way)),
                    length=tree.length(way) + float(tree.radius[way[-1]] - tree.radius[base]),
                    radius=float(np.median(tree.radius[way[start:]])),
                )
            )
        return found

    def _below(self, first: int) -> list[int]:
        nodes, waiting = [], [first]
        while waiting:
            node = waiting.pop()
            nodes.append(node)
            waiting += self.tree.children[node]
        return nodes

    def nearest(self, nodes: list[int]) -> NDArray[np.int64]:
        """(H, W) the place in ``nodes`` of the ball that each cell lies deepest in, -1 outside the silhouette."""
        return label_cells(self.mask, self.tree.points[nodes], self.tree.radius[nodes], np.arange(len(nodes)))

    def cells_of(self, owner: NDArray[np.int64]) -> NDArray[np.int64]:
        """(H, W) the owner (n,) of the tree's node whose ball each cell lies deepest in, -1 outside."""
        return label_cells(self.mask, self.tree.points, self.tree.radius, owner)

    def discs(self, points: Points, radius: Points) -> NDArray[np.bool_]:
        """(H, W) the discs around points (n, 2), cut to the silhouette."""
        return disc_mask(self.mask.shape, points[:, :2], radius) & self.mask

    def field_along(self, path: Points, values: Points, *, blur: float = 3.0) -> NDArray[np.float32]:
        """(H, W) ``values`` (n,) carried from the nearest point of ``path`` (n, 2), softened."""
        field = np.zeros(self.mask.shape, np.float32)
        nearest_value(np.ascontiguousarray(path[:, :2], np.float64), np.asarray(values, np.float64), field)
        return cv2.GaussianBlur(field, (0, 0), blur)
