"""How a trunk lies: level or upright, where its spine runs, which of its legs are the front pair."""

import numpy as np

from ..asset import Floats
from ..body import Body, BodyPart
from .centre_line import along, places

__all__ = ["is_fore", "is_level", "spine_line", "upright"]


def is_level(body: Body) -> bool:
    """Whether this is a four-legged body whose back lies level."""
    return body.plan == "quadruped" and upright(body.parts[0]) < 0.7


def spine_line(body: Body) -> Floats:
    """The trunk's centre line; a level one's, which dips to the legs at both ends, made straight from its middle half."""
    path = body.parts[0].path
    if not is_level(body):
        return path
    shares = places(path)
    middle = (shares > 0.2) & (shares < 0.8)
    if middle.sum() < 2 or abs(path[-1, 2] - path[0, 2]) < 0.05:
        return path
    straight = path.copy()
    slope, height = np.polyfit(path[middle, 2].astype(np.float64), path[middle, 1].astype(np.float64), 1)
    slope = float(np.clip(slope, -0.5, 0.5))
    height = float(np.mean(path[middle, 1] - slope * path[middle, 2]))
    straight[:, 1] = np.maximum(path[:, 1], height + slope * path[:, 2])
    return straight


def is_fore(body: Body, leg: BodyPart) -> bool:
    """Whether a quadruped's leg is one of the front pair: by its name, else by where it leaves the trunk."""
    if "fore" in leg.name or "front" in leg.name:
        return True
    if "hind" in leg.name or "back" in leg.name:
        return False
    return along(body.parts[0].path, leg.path[0]) > 0.5


def upright(trunk: BodyPart) -> float:
    """How far the trunk stands up: 1 vertical, 0 level."""
    axis = trunk.path[-1] - trunk.path[0]
    return abs(float(axis[1])) / (float(np.linalg.norm(axis)) or 1.0)
