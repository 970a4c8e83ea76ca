"""Make samples/teddy_on_the_lawn.jpg: a teddy bear that stands on a lawn and waves, seen from the front.

python scripts/samples/make_teddy.py [--out FILE] [--mask FILE] [--scale 1.0]
"""

import numpy as np
from camera import Light
from fur import Groom
from numpy.typing import NDArray
from outdoors import Shot, photograph
from portrait import command
from teddy import animal

SHOT = Shot(
    eye=(0.8, 27.0, 340.0),
    target=(0.8, 20.2, 0.0),
    per_cm=20.4,
    size=(960, 1120),
    bokeh=24.0,
    light=Light(
        sun=np.array([-0.62, 0.52, 0.58]) / np.linalg.norm([-0.62, 0.52, 0.58]),
        sun_colour=np.array([3.0, 2.40, 1.65]),  # late in the day
        sky_colour=np.array([0.36, 0.43, 0.56]),
        ground_colour=np.array([0.28, 0.28, 0.13]),
    ),
    exposure=0.62,
    hairs=620_000,
    groom=Groom(tuft=0.75, gather=0.75, wave=0.75, droop=0.0),
    seed=12,
    bokeh_seed=19,
)


def photo(scale: float = 1.0) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The picture (H x W x 3, RGB) at `scale` times 960 x 1120, and the teddy's true silhouette (H x W). Always the same."""
    return photograph(animal(), SHOT, scale)


if __name__ == "__main__":
    command("teddy_on_the_lawn.jpg", photo)
