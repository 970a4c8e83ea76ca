"""An animal photographed on the lawn of the park: the layers of the scene, from the wood to the foremost blades."""

from dataclasses import dataclass

import numpy as np
from camera import Camera, Image32, Light
from fur import Groom
from lens import confusion, defocus, defocus_by_depth, develop, over, smaller
from numpy.typing import NDArray
from park import backdrop, blades, lawn_floor
from portrait import Animal, Hairs, coat, coverage, skin
from solid import Field, sample

FINE = 2  # pixels per pixel while drawing
# Layers of blades behind the animal: nearest and farthest (cm behind it) and blades per square cm.
LAYERS = ((320.0, 500.0, 1.5), (210.0, 320.0, 2.5), (140.0, 210.0, 4.0), (85.0, 140.0, 6.0), (45.0, 85.0, 8.0))


@dataclass(frozen=True, kw_only=True)
class Shot:
    """How the photo is taken: camera (eye, target in cm), its scale, the picture, lens, light and the fur's care."""

    eye: tuple[float, float, float]
    target: tuple[float, float, float]
    per_cm: float  # pixels per cm at the animal
    size: tuple[int, int]
    bokeh: float  # radius in pixels of a point at infinity
    light: Light
    exposure: float
    hairs: int
    groom: Groom
    seed: int
    bokeh_seed: int

    @property
    def distance(self) -> float:
        """From the camera to the animal, which stands at z = 0."""
        return self.eye[2]

    def camera(self, scale: float) -> Camera:
        """The camera of a picture `scale` times as large."""
        width, height = self.size
        return Camera(
            eye=np.array(self.eye),
            target=np.array(self.target),
            focal=self.per_cm * self.distance * scale,
            width=round(width * scale),
            height=round(height * scale),
        )

    def blur(self, distance: float, scale: float) -> float:
        """The radius in pixels of a point at that distance."""
        return float(confusion(distance, focus=self.distance, infinity=self.bokeh * scale))


def _grass(shot: Shot, camera: Camera, near: float, far: float, per_cm2: float, field: Field, *, height: float) -> Hairs:
    """Blades between two distances behind the animal (before it: negative)."""
    rng = np.random.default_rng([shot.seed, round(near) + 1000])
    points, colours, widths = blades(
        camera, shot.distance + near, shot.distance + far, per_cm2, field, shot.light, rng, height=height, fade=15.0
    )
    return Hairs(points=points, colours=colours, widths=widths, opacity=0.95)


def _blurred(grass: Hairs, camera: Camera, radius: float) -> Image32:
    """A layer of blades (H x W x 4), out of focus."""
    layer = np.zeros((camera.height, camera.width, 4), np.float32)
    grass.draw(camera, np.full(layer.shape[:2], 1e9, np.float32), layer)
    return defocus(layer, radius)


def _behind(shot: Shot, camera: Camera, field: Field, scale: float) -> Image32:
    """All that lies behind the animal (H x W x 3), as sharp as the lens shows it."""
    floor, distance = lawn_floor(camera, field, shot.light)
    floor = defocus_by_depth(floor, confusion(distance, focus=shot.distance, infinity=shot.bokeh * scale))
    picture = over(backdrop(camera, np.random.default_rng(shot.bokeh_seed), blur=shot.bokeh * scale), floor)
    for near, far, dense in LAYERS:
        grass = _grass(shot, camera, near, far, dense, field, height=2.3)
        picture = over(_blurred(grass, camera, shot.blur(shot.distance + (near + far) / 2, scale)), picture)
    return picture


def photograph(animal: Animal, shot: Shot, scale: float) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The picture (H x W x 3, RGB) and the animal's true silhouette (H x W). The same scale gives the same pixels."""
    camera, fine = shot.camera(scale), shot.camera(scale * FINE)
    field = sample(animal.body.solid(), step=0.25)
    layer, depth = skin(animal, field, fine, shot.light)
    hairs = coat(animal, field, fine, shot.light, count=round(shot.hairs * min(1.0, 2 * scale)), groom=shot.groom, seed=shot.seed)
    alone = layer.copy()
    hairs.draw(fine, depth, alone)
    hairs.draw(fine, depth, layer, _grass(shot, fine, -40, 45, 9.0, field, height=2.0))
    picture = over(defocus(smaller(layer, FINE), 0.45 * scale), _behind(shot, camera, field, scale))
    front = _blurred(_grass(shot, camera, -120, -40, 7.0, field, height=2.2), camera, shot.blur(shot.distance - 60, scale))
    picture = over(front, picture)
    return develop(picture, np.random.default_rng(shot.seed), exposure=shot.exposure), coverage(smaller(alone, FINE))
