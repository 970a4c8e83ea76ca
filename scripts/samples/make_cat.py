"""Make samples/cat_on_the_sofa.jpg: a tabby that sits on a sofa and looks at us, in the light of a window.

Like the dog (make_dog.py) it is a distance field with half a million hairs (cat.py, solid.py, fur.py) in a computed
room (room.py), seen through a computed lens (lens.py); no photo went into it.

    python scripts/samples/make_cat.py [--out FILE] [--mask FILE] [--scale 1.0]
"""

import numpy as np
from camera import Camera, Light
from cat import animal
from fur import Groom
from lens import confusion, defocus, defocus_by_depth, develop, over, smaller
from numpy.typing import NDArray
from portrait import coat, command, coverage, skin
from room import backdrop, sofa
from solid import sample

FINE = 2  # pixels per pixel while drawing
PER_CM = 19.0  # pixels of the photo per cm at the cat
DISTANCE = 185.0  # cm from the camera to the cat's face
HAIRS = 620_000
BOKEH = 30.0  # radius in pixels of a point at infinity
ROOM = 300.0  # cm from the camera to what stands behind the sofa
SEED = 31

WINDOW = np.array([-0.58, 0.55, 0.70]) / np.linalg.norm([-0.58, 0.55, 0.70])
LIGHT = Light(
    sun=WINDOW,
    sun_colour=np.array([2.35, 2.30, 2.20]),
    sky_colour=np.array([0.62, 0.54, 0.46]),
    ground_colour=np.array([0.30, 0.27, 0.24]),
    window=True,
)


def _camera(scale: float) -> Camera:
    """A camera at the height of the cat's chin."""
    return Camera(
        eye=np.array([2.6, 29.0, DISTANCE + 5.0]),
        target=np.array([2.6, 21.5, 5.0]),
        focal=PER_CM * DISTANCE * scale,
        width=round(960 * scale),
        height=round(1200 * scale),
    )


def photo(scale: float = 1.0) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The picture (H x W x 3, RGB) at `scale` times 960 x 1200, and the cat's true silhouette (H x W). Always the same."""
    camera, fine = _camera(scale), _camera(scale * FINE)
    cat = animal()
    field = sample(cat.body.solid(), step=0.2)
    layer, depth = skin(cat, field, fine, LIGHT)
    coat(cat, field, fine, LIGHT, count=round(HAIRS * min(1.0, 2 * scale)), groom=Groom(tuft=0.9), gloss=0.03, seed=SEED).draw(
        fine, depth, layer
    )
    cushions, far = sofa(fine, field, LIGHT)
    radii = confusion(smaller(far.astype(np.float32), FINE), focus=DISTANCE, infinity=BOKEH * scale)
    cushions = defocus_by_depth(smaller(cushions, FINE), np.clip(radii, 0, 0.35 * BOKEH * scale))
    room = backdrop(camera, np.random.default_rng(SEED), blur=float(confusion(ROOM, focus=DISTANCE, infinity=BOKEH * scale)))
    layer = smaller(layer, FINE)
    picture = over(defocus(layer, 0.45 * scale), over(cushions, room))
    return develop(picture, np.random.default_rng(SEED), exposure=0.60), coverage(layer)


if __name__ == "__main__":
    command("cat_on_the_sofa.jpg", photo)
