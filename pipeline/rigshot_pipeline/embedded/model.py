"""From a cutout to a mesh with its anatomy and the photo's camera: the embedded engine's geometry."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..asset import Mesh, Pixels
from ..body import Body, BodyPart, Projection
from .figure import Figure
from .medial_axis import medial_tree
from .parts_bird import side_bird
from .parts_fish import side_fish, snake
from .parts_front import frontal
from .parts_lens import single_lens
from .parts_rest import resting_quadruped
from .parts_side import side_quadruped
from .reading import STEEPEST, Reading, read_silhouette
from .relief import light_on_grid, relief_field
from .shapes import Anatomy, mirrored, oblique
from .silhouette import Silhouette, silhouette_of
from .surface import Surface, surface_of

__all__ = ["Model", "model_of", "warm"]

_SQUARE = 4.0  # degrees: a subject turned by less is built as a pure side view
_LEVEL = 1.0  # degrees of pitch that are none
_HOLD = 0.08  # of the trunk's length


@dataclass(frozen=True, kw_only=True)
class Model:
    """The welded mesh, its anatomy, and the camera of the canonical picture."""

    mesh: Mesh
    body: Body
    projection: Projection


def model_of(rgba: Pixels, reading: Reading, *, kind: str = "photo", cut: frozenset[str] = frozenset()) -> Model:
    """Build the model of a canonical cutout ``rgba`` (S, S, 4), its subject where alpha is at least half.

    ``kind`` photo, drawing or sprite; ``cut`` the sides of the picture that cut the subject off (left, right, top, bottom).
    """
    silhouette = silhouette_of(rgba[..., 3] >= 128, smooth=1.0 if kind == "sprite" else 0.0)
    light = light_on_grid(rgba, silhouette)
    anatomy = _anatomy(silhouette, light, reading, cut)
    surface = surface_of(silhouette, anatomy, relief=None if kind == "sprite" else relief_field(light, silhouette))
    return _in_world(silhouette, anatomy, surface, len(rgba))


def warm() -> None:
    """Compile the kernels (or load them from numba's cache) before the first photo needs them."""
    rgba = np.zeros((64, 64, 4), np.uint8)
    rgba[20:50, 8:56] = rgba[44:60, 12:18] = rgba[44:60, 46:52] = rgba[8:30, 44:60] = 255
    model_of(rgba, read_silhouette(rgba[..., 3] > 0))


def _anatomy(silhouette: Silhouette, light: NDArray[np.float32], reading: Reading, cut: frozenset[str]) -> Anatomy:
    """The anatomy by plan, view and pose. Builders of profiles look to the right: a subject that looks left is mirrored there and back."""
    if reading.facing == "left":
        turned = replace(
            silhouette,
            mask=np.ascontiguousarray(silhouette.mask[:, ::-1]),
            distance=np.ascontiguousarray(silhouette.distance[:, ::-1]),
        )
        other = {"left": "right", "right": "left"}
        sides = frozenset(other.get(side, side) for side in cut)
        anatomy = _anatomy(turned, np.ascontiguousarray(light[:, ::-1]), replace(reading, facing="right"), sides)
        return mirrored(anatomy, silhouette.mask.shape[1])
    figure = Figure(silhouette=silhouette, tree=medial_tree(silhouette.mask), light=light, cut=cut)
    if reading.plan == "quadruped":
        if reading.view != "front" and reading.pose == "standing":
            return _side(figure, reading)
        if reading.pose == "lying" or (reading.view != "front" and reading.pose == "sitting"):
            return resting_quadruped(figure, reading)
        return frontal(figure, reading)
    if reading.plan == "biped":
        return frontal(figure, reading)
    if reading.plan == "bird" and reading.view != "front":
        return side_bird(figure)
    if reading.plan == "fish":
        return side_fish(figure)
    if reading.plan == "snake":
        return snake(figure)
    if reading.plan == "bird":
        return frontal(figure, reading)
    return single_lens(silhouette, figure.tree, reading)


def _side(figure: Figure, reading: Reading) -> Anatomy:
    """A standing animal from its side: as it is where it stands square to a camera at its own height, else turned in depth."""
    anatomy = side_quadruped(figure, heading=reading.heading, pitch=reading.pitch)
    pitch = _pitch(anatomy, reading)
    if abs(reading.heading - 90) < _SQUARE and pitch < _LEVEL:
        return replace(anatomy, view=reading.view)
    anatomy = side_quadruped(figure, heading=reading.heading, pitch=pitch, level=False)
    return _turned(anatomy, reading, pitch)


def _turned(anatomy: Anatomy, reading: Reading, pitch: float) -> Anatomy:
    """A side view's anatomy, turned in depth as the reading says."""
    anatomy = replace(anatomy, view=reading.view)
    trunk, head = anatomy.shapes[0], next((shape for shape in anatomy.shapes if shape.kind == "head"), anatomy.shapes[0])
    ball = int(np.argmax(head.radius))
    return oblique(
        anatomy,
        reading.heading,
        pitch=pitch,
        middle=(float(trunk.path[:, 0].mean()), float(trunk.path[:, 1].mean())),
        head=max(float(head.path[ball, 0] - 0.9 * head.radius[ball]), float(trunk.path[:, 0].max())),
    )


def _pitch(anatomy: Anatomy, reading: Reading) -> float:
    """The pitch that sets the feet on one level, as far as they show it, and else the reading's.

    Under a camera that looks down by p a foot's row is sin(p) times how near to the viewer it stands: a regression over the feet, held
    near the reading's by as much as feet that stand a tenth of the trunk apart.
    """
    turn = np.radians(reading.heading)
    feet = np.array([shape.path[-1] for shape in anatomy.shapes if shape.kind == "leg" and shape.visible]).reshape(-1, 3)
    if len(feet) < 2:
        return reading.pitch
    near = feet[:, 0] / np.tan(turn) + feet[:, 2] / np.sin(turn)
    near, rows = near - near.mean(), feet[:, 1] - feet[:, 1].mean()
    hold = len(feet) * (_HOLD * float(np.ptp(anatomy.shapes[0].path[:, 0]))) ** 2
    sine = (float(near @ rows) + hold * np.sin(np.radians(reading.pitch))) / (float(near @ near) + hold)
    return float(np.clip(np.degrees(np.arcsin(np.clip(sine, -1, 1))), 0, STEEPEST))


def _in_world(silhouette: Silhouette, anatomy: Anatomy, surface: Surface, size: int) -> Model:
    """Turn cells into metres: ground at y = 0, centred, the longest extent 1."""
    turn, rise = np.radians(anatomy.heading), np.radians(anatomy.pitch)
    sine, cosine, down = np.sin(turn), np.cos(turn), np.array([0, np.sin(rise), np.cos(rise)])
    # Rows: the world's X (the subject's left), Y (up) and Z (its forward) in the frame of the cells (right, down, towards the viewer);
    # ``down`` is what is level there and comes towards the viewer.
    axes = np.stack([[cosine, 0, 0] - sine * down, [0, -np.cos(rise), np.sin(rise)], [sine, 0, 0] + cosine * down])
    turned = surface.vertices @ axes.T
    low, high = turned.min(0), turned.max(0)
    scale = 1 / float((high - low).max())
    base = np.array([(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2])

    def place(points: NDArray[np.float64]) -> NDArray[np.float32]:
        return ((points @ axes.T - base) * scale).astype(np.float32)

    # The axes are a reflection (rows run down) of a right-handed frame, so the inverse map is their transpose.
    inverse = axes.T / scale
    offset = axes.T @ base
    matrix = np.zeros((3, 4))
    for row, part, shift in ((0, inverse[0], offset[0]), (1, inverse[1], offset[1])):
        matrix[row, :3] = part * silhouette.cell
        matrix[row, 3] = shift * silhouette.cell + silhouette.origin[row]
    matrix[2, :3] = axes.T[2]
    parts = tuple(
        BodyPart(
            name=shape.name,
            kind=shape.kind,
            side=shape.side,
            parent=shape.parent,
            path=place(shape.path),
            radius=(shape.radius * scale).astype(np.float32),
            visible=shape.visible,
        )
        for shape in anatomy.shapes
    )
    return Model(
        mesh=Mesh(vertices=place(surface.vertices), faces=surface.faces),
        body=Body(plan=anatomy.plan, view=anatomy.view, parts=parts, vertex_part=surface.part),
        projection=Projection(matrix=matrix.astype(np.float32), size=size),
    )
