"""How well a picture suits what comes after it: a standing subject, whole, seen from the wished side, legs apart.

Scores are 0..1. What the outline tells is always known; key points count half where a pose network found enough of them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Facing", "Point", "facing_of", "outline_scores", "point_scores", "view_score"]

Mask = NDArray[np.bool_]
Facing = Literal["left", "right"]

_ASPECTS = {
    ("quadruped", "side"): (1.1, 1.9),
    ("quadruped", "three_quarter"): (0.75, 1.4),
    ("quadruped", "front"): (0.35, 0.8),
    ("biped", "side"): (0.2, 0.5),
    ("biped", "three_quarter"): (0.3, 0.8),
    ("biped", "front"): (0.35, 0.95),
    ("bird", "side"): (0.5, 1.6),
    ("bird", "three_quarter"): (0.4, 1.2),
    ("bird", "front"): (0.35, 0.9),
    ("fish", "side"): (1.5, 3.5),
    ("fish", "three_quarter"): (1.0, 2.5),
    ("fish", "front"): (0.4, 1.1),
    ("snake", "side"): (2.0, 12.0),
}
"""Width by height of the whole subject, tail and ears included, as standing animals have it; nothing is expected of the rest."""
_TOLERANCE = 0.35
"""Natural logarithm of the factor by which an aspect may miss before the score falls to 0.6."""
_LEGS = {"quadruped": {"side": 3, "three_quarter": 3, "front": 2}, "biped": {"side": 1, "three_quarter": 2, "front": 2}}
_DAYLIGHT = {"side": 0.3, "three_quarter": 0.15}
"""Share of the length between the outermost feet under which a standing animal has clear air."""
_AIR, _GROUND = 0.2, 0.06
"""Clear air and a foot on the ground, as shares of the subject's height above its lowest point."""
_SURE = 0.3
"""Key points below this score are taken for not seen."""
_ENOUGH = 6
"""Fewer key points than this do not make a pose."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """A key point in pixels (columns right, rows down) and the network's trust in it, 0..1."""

    x: float
    y: float
    score: float


_UNSEEN = Point(x=0, y=0, score=0)


def view_score(mask: Mask, points: Mapping[str, Point], *, plan: str, view: str) -> float:
    """How well a picture shows a subject of ``plan`` from ``view``: outline and key points together. 0 where nothing is seen."""
    outline = outline_scores(mask, plan=plan, view=view)
    if not outline:
        return 0.0
    by_outline = _mean(outline)
    by_points = point_scores(points, view=view) if plan == "quadruped" else {}
    return 0.5 * by_outline + 0.5 * _mean(by_points) if by_points else by_outline


def outline_scores(mask: Mask, *, plan: str, view: str) -> dict[str, float]:
    """``whole``: not cut by the frame; ``aspect``: as wide for its height as a standing one; ``legs``: as many feet apart as can be
    seen; ``daylight``: air under the belly. Empty where the mask is."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return {}
    box = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scores = {"whole": _whole(mask)}
    if (expected := _ASPECTS.get((plan, view))) is not None:
        scores["aspect"] = _within(box.shape[1] / box.shape[0], *expected)
    if (wanted := _LEGS.get(plan, {}).get(view)) is not None:
        scores["legs"] = min(_feet(box) / wanted, 1.0)
    if plan == "quadruped" and view in _DAYLIGHT:
        scores["daylight"] = min(_daylight(box) / _DAYLIGHT[view], 1.0)
    return scores


def point_scores(points: Mapping[str, Point], *, view: str) -> dict[str, float]:
    """Of a quadruped with AP-10K's names: ``standing``: paws well below the trunk; ``straight``: legs stretched; ``level``: the back
    is; ``profile``: the trunk is as long as it is from that side. Only what the points allow; empty for fewer than six."""
    seen = {name: np.array([point.x, point.y]) for name, point in points.items() if point.score >= _SURE}
    if len(seen) < _ENOUGH or not {"neck", "root_of_tail"} <= seen.keys():
        return {}
    along = seen["root_of_tail"] - seen["neck"]
    legs = [leg for leg in _legs() if all(name in seen for name in leg)]
    scores: dict[str, float] = {}
    heights = [seen[leg[2]][1] - seen[leg[0]][1] for leg in legs]
    # animals are about as long in the trunk as their legs are high; a trunk seen from the front is short, its legs are not
    scale = max(float(np.linalg.norm(along)), *(abs(height) for height in heights), 1.0)
    if legs:
        scores["standing"] = float(np.mean([np.clip(height / (0.45 * scale), 0, 1) for height in heights]))
        scores["straight"] = float(np.mean([_stretched(*(seen[name] for name in leg)) for leg in legs]))
    if view != "front":
        scores["level"] = float(np.clip(1.5 - 2 * abs(along[1]) / scale, 0, 1))
    share = abs(along[0]) / scale
    scores["profile"] = float(
        {"side": np.clip(share / 0.8, 0, 1), "three_quarter": 1 - min(abs(share - 0.65) / 0.65, 1)}.get(view, 1 - share)
    )
    return scores


def facing_of(points: Mapping[str, Point]) -> Facing | None:
    """The side of the picture that a quadruped's head is on, by its neck and the root of its tail; None where they are not seen, or
    where it comes towards us or goes away."""
    if any(points.get(name, _UNSEEN).score < _SURE for name in ("neck", "root_of_tail")):
        return None
    columns = [point.x for point in points.values() if point.score >= _SURE]
    along = points["neck"].x - points["root_of_tail"].x
    if abs(along) < 0.3 * (max(columns) - min(columns)):
        return None
    return "right" if along > 0 else "left"


def _legs() -> Sequence[tuple[str, str, str]]:
    front = [(f"{side}_shoulder", f"{side}_elbow", f"{side}_front_paw") for side in ("left", "right")]
    return [*front, *((f"{side}_hip", f"{side}_knee", f"{side}_back_paw") for side in ("left", "right"))]


def _stretched(top: NDArray[np.float64], middle: NDArray[np.float64], end: NDArray[np.float64]) -> float:
    """1 for a straight leg, 0 for one bent to a right angle; elbows and knees of standing animals are never quite straight."""
    upper, lower = top - middle, end - middle
    cosine = upper @ lower / max(float(np.linalg.norm(upper) * np.linalg.norm(lower)), 1e-6)
    return float(np.clip((math.degrees(math.acos(np.clip(cosine, -1, 1))) - 90) / 50, 0, 1))


def _whole(mask: Mask) -> float:
    """1 for a subject clear of the frame, less the more of the frame it touches; 0 from a fifth of one side's length."""
    touched = max(float(edge.mean()) for edge in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))
    return max(0.0, 1 - touched / 0.2)


def _within(aspect: float, low: float, high: float) -> float:
    miss = max(math.log(low / aspect), math.log(aspect / high), 0.0)
    return math.exp(-0.5 * (miss / _TOLERANCE) ** 2)


def _feet(box: Mask) -> int:
    """The most separate pieces that a row in the lowest eighth has; specks narrower than a hundredth do not count."""
    least = max(1, box.shape[1] // 100)
    return max(sum(length >= least for length in _runs(row)) for row in box[-max(1, box.shape[0] // 8) :])


def _daylight(box: Mask) -> float:
    """Share of the columns between the outermost feet under which there is clear air, up to a fifth of the subject's height at least.

    Head and tail beyond the feet do not count: they hang in the air in every pose.
    """
    filled = np.flatnonzero(box.any(0))
    above = np.argmax(box[::-1, filled], 0) / box.shape[0]
    feet = np.flatnonzero(above <= _GROUND)
    return float((above[feet[0] : feet[-1] + 1] >= _AIR).mean())


def _runs(row: NDArray[np.bool_]) -> list[int]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(np.int8), [0]])))
    return [int(end - start) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def _mean(scores: Mapping[str, float]) -> float:
    """The geometric mean, with a floor: one thing that is quite wrong cannot be made good by the others."""
    return math.exp(sum(math.log(max(score, 0.05)) for score in scores.values()) / len(scores))
