"""Make samples/dog_in_the_park.jpg: a young spitz on a lawn, seen from the side, photographed with a long lens.

No photo went into it: the dog is a distance field with half a million hairs (dog.py, solid.py, fur.py), the lawn is
drawn blade by blade, and what lies behind is painted and put out of focus (outdoors.py, park.py, lens.py).

    python scripts/samples/make_dog.py [--out FILE] [--mask FILE] [--scale 1.0]
"""

import numpy as np
from camera import Light
from dog import animal
from fur import Groom
from numpy.typing import NDArray
from outdoors import Shot, photograph
from portrait import command

SHOT = Shot(
    eye=(2.0, 38.0, 540.0),  # as high as the dog's back and far away: near and far feet stand almost level
    target=(2.0, 31.0, 0.0),
    per_cm=12.3,
    size=(1280, 960),
    bokeh=17.0,
    light=Light(
        sun=np.array([0.50, 0.74, 0.56]) / np.linalg.norm([0.50, 0.74, 0.56]),
        sun_colour=np.array([2.75, 2.42, 1.95]),
        sky_colour=np.array([0.40, 0.48, 0.60]),
        ground_colour=np.array([0.30, 0.31, 0.15]),
    ),
    exposure=0.60,
    hairs=560_000,
    groom=Groom(),
    seed=20,
    bokeh_seed=17,  # few discs of light touch the outline
)


def photo(scale: float = 1.0) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The picture (H x W x 3, RGB) at `scale` times 1280 x 960, and the dog's true silhouette (H x W). Always the same."""
    return photograph(animal(), SHOT, scale)


if __name__ == "__main__":
    command("dog_in_the_park.jpg", photo)
