"""The anatomy of a subject: its parts as centre lines with radii, found with the geometry, used by everything after it."""

from dataclasses import dataclass

import numpy as np

from .asset import Floats, Indices
from .terms import BODY_PLANS, PART_KINDS, VIEWS, BodyPlan, PartKind, Side, View

__all__ = ["BODY_PLANS", "PART_KINDS", "VIEWS", "Body", "BodyPart", "BodyPlan", "PartKind", "Projection", "Side", "View"]


@dataclass(frozen=True, kw_only=True)
class BodyPart:
    """One part as a centre line.

    ``name`` unique, such as ``leg_fore_left``, ``ear_right``, ``tail``; ``parent`` the name of the part that it
    grows from (None for the trunk); ``path`` (n, 3) world positions in metres from its root to its tip (a trunk's
    from the hips to the chest; a head's from the neck to the muzzle or the crown); ``radius`` (n,) metres.
    ``visible``: the photo shows it (False for a part mirrored from its twin).
    """

    name: str
    kind: PartKind
    side: Side
    parent: str | None
    path: Floats
    radius: Floats
    visible: bool = True

    def __post_init__(self) -> None:
        if self.path.ndim != 2 or self.path.shape[1] != 3 or len(self.path) < 2 or self.radius.shape != self.path.shape[:1]:
            raise ValueError(f"part {self.name}: needs a path (n >= 2, 3) and radii (n,)")


@dataclass(frozen=True, kw_only=True)
class Body:
    """The parts of a subject; ``parts[0]`` is the trunk and parents stand before their children.

    ``vertex_part`` (V,): for every vertex of the geometry's mesh the index of the part it belongs to.
    """

    plan: BodyPlan
    view: View
    parts: tuple[BodyPart, ...]
    vertex_part: Indices

    def __post_init__(self) -> None:
        names = [part.name for part in self.parts]
        if not names or self.parts[0].kind != "trunk" or self.parts[0].parent is not None:
            raise ValueError("the first part must be the trunk")
        if len(set(names)) != len(names):
            raise ValueError("part names must be unique")
        for place, part in enumerate(self.parts[1:], 1):
            if part.parent not in names[:place]:
                raise ValueError(f"part {part.name}: its parent must stand before it")

    def part(self, name: str) -> BodyPart | None:
        """The part of that name, or None."""
        return next((part for part in self.parts if part.name == name), None)

    def of_kind(self, kind: PartKind) -> tuple[BodyPart, ...]:
        """All parts of a kind, in their order."""
        return tuple(part for part in self.parts if part.kind == kind)


@dataclass(frozen=True, kw_only=True)
class Projection:
    """The orthographic camera of the photo: world metres to the canonical picture.

    ``matrix`` (3, 4): column and row in pixels of the canonical square (pixel centres at .5, rows downwards) and
    depth in metres, larger = nearer to the viewer. ``size`` the side of the canonical square in pixels.
    """

    matrix: Floats
    size: int

    def project(self, points: Floats) -> Floats:
        """Columns, rows and depths (N, 3) of world points (N, 3)."""
        projected: Floats = (points @ self.matrix[:, :3].T + self.matrix[:, 3]).astype(np.float32)
        return projected

    @property
    def viewer(self) -> Floats:
        """Unit vector (3,) in the world that points from the subject to the viewer."""
        direction = self.matrix[2, :3]
        unit: Floats = (direction / np.linalg.norm(direction)).astype(np.float32)
        return unit
