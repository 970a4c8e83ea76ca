"""Names for the branches of a frontal figure: an assignment against a template of where ears, arms, legs and tails are.

Every branch gets a cost for every name (where its root and its tip lie, which way it goes, how slim it is); the cheapest
one-to-one assignment wins (Kuhn 1955), and a branch whose best name is too dear stays a nameless limb.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from ..body import BodyPlan, PartKind, Side
from .figure import Branch, Figure
from .frame import Frame

__all__ = ["NamedBranch", "name_branches"]

NAMELESS = 1.0
"""The cost of staying a nameless limb."""


@dataclass(frozen=True, kw_only=True)
class NamedBranch:
    """A branch and what it is; ``side`` is the subject's own (the picture's right is its left)."""

    kind: PartKind
    side: Side
    branch: Branch


@dataclass(frozen=True, kw_only=True)
class _Place:
    """A branch in the figure's own measures: heights over the ground 0..1, offsets from the axis over the torso's half width."""

    root_height: float
    tip_height: float
    neck: float
    crown: float
    root_offset: float
    tip_offset: float
    down: float
    slim: float
    length: float
    from_head: bool


def name_branches(figure: Figure, frame: Frame, plan: BodyPlan) -> list[NamedBranch]:
    """Name the branches that leave the frame's core, the longest first."""
    branches = [branch for branch in figure.branches(set(frame.core)) if branch.length > 0.045 * figure.height]
    branches.sort(key=lambda branch: -branch.length)
    if not branches:
        return []
    names: list[tuple[PartKind, Side]] = [("ear", "left"), ("ear", "right")]
    if not figure.bust:
        lower: list[tuple[PartKind, Side]] = [("leg", "left"), ("leg", "right"), ("tail", "centre")]
        names += lower
    if plan in ("biped", "bird"):
        arm: PartKind = "arm" if plan == "biped" else "wing"
        upper: list[tuple[PartKind, Side]] = [(arm, "left"), (arm, "right")]
        names += upper
    places = [_place(figure, frame, branch) for branch in branches]
    costs = np.array([[_cost(kind, side, place, plan) for kind, side in names] + [NAMELESS] * len(places) for place in places])
    rows, columns = linear_sum_assignment(costs)
    found = []
    for row, column in zip(rows, columns, strict=True):
        kind, side = names[column] if column < len(names) else ("limb", "centre")
        found.append(NamedBranch(kind=kind, side=side, branch=branches[row]))
    return _legs_in_order(figure, found)


def _place(figure: Figure, frame: Frame, branch: Branch) -> _Place:
    tree = figure.tree
    tip, root = tree.points[branch.tip], tree.points[branch.nodes[min(branch.start, len(branch.nodes) - 1)]]
    half = float(max(frame.torso_radius, 0.6 * frame.head_radius))
    way = tip - root
    base = tree.points[branch.nodes[0]]
    return _Place(
        root_height=(figure.ground - float(root[1])) / figure.height,
        tip_height=(figure.ground - float(tip[1]) - float(tree.radius[branch.tip])) / figure.height,
        neck=(figure.ground - frame.neck) / figure.height,
        crown=(figure.ground - float(frame.head[1])) / figure.height,
        root_offset=float(root[0] - frame.axis) / half,
        tip_offset=float(tip[0] - frame.axis) / half,
        down=float(way[1]) / max(float(np.linalg.norm(way)), 1e-6),
        slim=branch.length / max(branch.radius, 1.0),
        length=branch.length / figure.height,
        from_head=bool(base[1] < frame.neck),
    )


def _cost(kind: PartKind, side: Side, place: _Place, plan: BodyPlan) -> float:
    sign = {"left": 1.0, "right": -1.0, "centre": 0.0}[side]
    wrong = 0.0 if side == "centre" else 0.8 * max(0.0, 0.1 - sign * (0.6 * place.tip_offset + 0.4 * place.root_offset))
    if kind == "ear":
        low = max(0.0, place.crown - 0.02 - place.tip_height - 0.0)
        return wrong + (0.0 if place.from_head else 0.7) + 6 * low + 0.5 * max(place.down, 0.0) + 0.25 * max(place.slim - 6, 0)
    if kind == "leg":
        high = max(0.0, place.root_height - 0.62 * place.neck)
        sideways = 0.6 * max(0.35 - place.down, 0.0)
        return wrong * 0.5 + 4.5 * max(place.tip_height - 0.06, 0.0) + 3 * high + sideways + (0.8 if place.from_head else 0.0)
    if kind in ("arm", "wing"):
        off = max(0.0, place.root_height - place.neck - 0.04) + max(0.0, 0.38 * place.neck - place.root_height)
        short = 0.4 * max(0.0, 1.0 - abs(place.tip_offset))
        return wrong + 4 * off + short + 1.6 * max(0.0, 0.1 - place.tip_height) / 0.1 * 0.5 + (0.3 if place.from_head else 0.0)
    # A tail: slim, rooted low, not the leg of a standing figure.
    pet = 0.0 if plan == "quadruped" else 0.25
    return (
        0.25
        + pet
        + 0.35 * max(0.0, 5.0 - place.slim)
        + 3 * max(0.0, place.root_height - 0.5 * place.neck)
        + (0.9 if place.from_head else 0.0)
    )


def _legs_in_order(figure: Figure, found: list[NamedBranch]) -> list[NamedBranch]:
    """Of two legs the one farther right in the picture is the left one, wherever the axis runs."""
    legs = [row for row in found if row.kind == "leg"]
    if len(legs) < 2:
        return found
    legs.sort(key=lambda row: float(figure.tree.points[row.branch.tip, 0]))
    right, left = legs
    swapped = {id(right): "right", id(left): "left"}
    return [
        NamedBranch(kind=row.kind, side="right" if swapped.get(id(row)) == "right" else "left", branch=row.branch)
        if id(row) in swapped
        else row
        for row in found
    ]
