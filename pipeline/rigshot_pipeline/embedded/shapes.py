"""The parts of a subject as solids on the working grid, before they become one surface."""

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ..body import BodyPlan, PartKind, Side, View
from .inflate import Lens

__all__ = ["Anatomy", "PartShape", "cones_along", "mirrored", "moved", "oblique"]

HEAD_SHEAR = 0.5  # how much of a body's shear its head keeps
HEAD_FADE = 12.0  # cells over which a body's thickening fades out towards the head


@dataclass(frozen=True, kw_only=True)
class PartShape:
    """One part: its centre line and the solids that it is made of, all in cells (x right, y down, z towards the viewer).

    ``path`` (n, 3), ``radius`` (n,); ``lens`` what the picture shows of it; ``cones`` (k, 9) round cones x0 y0 z0 r0
    x1 y1 z1 r1 and a factor by which their depth is squashed; ``core`` parts melt into each other, the others only
    into the core (a left leg never into the right one), over ``blend`` cells.
    """

    name: str
    kind: PartKind
    side: Side
    parent: str | None
    path: NDArray[np.float64]
    radius: NDArray[np.float64]
    lens: Lens | None = None
    cones: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 9)))
    core: bool = False
    blend: float = 9.0
    visible: bool = True


@dataclass(frozen=True, kw_only=True)
class Anatomy:
    """``heading`` degrees from the viewer's direction to the subject's forward: 0 looks at the viewer, 90 to the picture's right;
    ``pitch`` degrees that the camera looks down on the ground.

    ``shapes[0]`` is the trunk; parents stand before their children.
    """

    plan: BodyPlan
    view: View
    heading: float
    shapes: tuple[PartShape, ...]
    pitch: float = 0.0


def cones_along(path: NDArray[np.float64], radius: NDArray[np.float64], *, squash: float = 1.0) -> NDArray[np.float64]:
    """(n - 1, 9) round cones between the points ``path`` (n, 3) with ``radius`` (n,)."""
    return np.c_[path[:-1], radius[:-1], path[1:], radius[1:], np.full(len(path) - 1, squash)]


def moved(shape: PartShape, move: NDArray[np.float64]) -> PartShape:
    """The shape elsewhere, by cells (3,)."""
    lens, cones = shape.lens, shape.cones.copy()
    cones[:, 0:3] += move
    cones[:, 4:7] += move
    if lens is not None:
        shift = np.array([[1, 0, move[0]], [0, 1, move[1]]])
        size = lens.square.shape[::-1]
        fields = (cv2.warpAffine(field, shift, size, borderMode=cv2.BORDER_REPLICATE) for field in (lens.square, lens.centre, lens.reach))
        square, centre, reach = (np.asarray(field, np.float32) for field in fields)
        lens = Lens(square=square, centre=centre + np.float32(move[2]), reach=reach)
    return replace(shape, path=shape.path + move, lens=lens, cones=cones)


def mirrored(anatomy: Anatomy, width: int) -> Anatomy:
    """The anatomy in the mirror image of the picture (``width`` columns): it looks to the other side and shows its other flank."""
    return replace(anatomy, heading=-anatomy.heading, shapes=tuple(_mirrored(shape, width) for shape in anatomy.shapes))


def _mirrored(shape: PartShape, width: int) -> PartShape:
    def across(points: NDArray[np.float64]) -> NDArray[np.float64]:
        turned = points.copy()
        turned[:, 0] = width - turned[:, 0]
        return turned

    lens = shape.lens
    if lens is not None:
        lens = Lens(
            square=np.ascontiguousarray(lens.square[:, ::-1]),
            centre=np.ascontiguousarray(lens.centre[:, ::-1]),
            reach=np.ascontiguousarray(lens.reach[:, ::-1]),
        )
    cones = shape.cones.copy()
    cones[:, [0, 4]] = width - cones[:, [0, 4]]
    other: dict[Side, Side] = {"left": "right", "right": "left", "centre": "centre"}
    side = other[shape.side]
    name = shape.name.replace(f"_{shape.side}", f"_{side}") if shape.side != "centre" else shape.name
    return replace(shape, name=name, side=side, path=across(shape.path), cones=cones, lens=lens)


def oblique(anatomy: Anatomy, heading: float, *, pitch: float, middle: tuple[float, float], head: float) -> Anatomy:
    """An anatomy built as a pure side view, turned so that it heads ``heading`` degrees (0 < heading < 180; below 90 partly towards the
    viewer, above it away) under a camera that looks down by ``pitch`` degrees.

    Undoes the foreshortening by a shear in depth that leaves the picture as it is. With the sagittal plane through ``middle`` (column,
    row) what lies at the column x and the row y of it moves to the depth ``(x - middle) / tan(heading) / cos(pitch)`` less
    ``(y - middle) * tan(pitch)``, and thicknesses grow as slanting cuts do. Beyond the column ``head`` what comes towards the viewer
    fades out: heads are balls, and turn towards the camera.
    """
    turn, rise = np.radians(heading), np.radians(pitch)
    grow, slope = 1 / float(np.sin(turn) * np.cos(rise)), 1 / float(np.tan(turn) * np.cos(rise))
    kept = HEAD_SHEAR if heading < 90 else 1.0
    fall = float(np.tan(rise))

    def shear(columns: NDArray[np.float64]) -> NDArray[np.float64]:
        beyond: NDArray[np.float64] = np.maximum(columns - head, 0)
        return (columns - middle[0] - beyond * (1 - kept)) * slope

    def sunk(rows: NDArray[np.float64]) -> NDArray[np.float64]:
        return (middle[1] - rows) * fall

    def growth(columns: NDArray[np.float64]) -> NDArray[np.float64]:
        return grow + (1 - grow) * np.clip((columns - head) / HEAD_FADE + 0.5, 0, 1)

    def moved(points: NDArray[np.float64]) -> NDArray[np.float64]:
        result = points.copy()
        result[:, 2] = points[:, 2] * growth(points[:, 0]) + shear(points[:, 0]) + sunk(points[:, 1])
        return result

    def turned(shape: PartShape) -> PartShape:
        lens = shape.lens
        if lens is not None:
            columns: NDArray[np.float64] = np.arange(lens.centre.shape[1]).astype(np.float64) + 0.5
            rows: NDArray[np.float64] = np.arange(lens.centre.shape[0]).astype(np.float64) + 0.5
            wider, away = growth(columns)[None], shear(columns)[None] + sunk(rows)[:, None]
            lens = Lens(
                square=(lens.square * wider**2).astype(np.float32),
                centre=(lens.centre * wider + away).astype(np.float32),
                reach=(lens.reach * wider**2).astype(np.float32),
            )
        cones = shape.cones.copy()
        if len(cones):
            cones[:, 0:3], cones[:, 4:7] = moved(cones[:, 0:3]), moved(cones[:, 4:7])
        return replace(shape, path=moved(shape.path), cones=cones, lens=lens)

    return replace(anatomy, heading=heading, pitch=pitch, shapes=tuple(turned(shape) for shape in anatomy.shapes))
