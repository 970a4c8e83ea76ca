"""The teddy of make_teddy.py: curly mohair, button eyes, a scarf. Centimetres, +X right, +Z to the camera."""

import numpy as np
from features import Eye
from markings import blob, layered, line_distance, ramp
from numpy.typing import NDArray
from portrait import Animal
from solid import Fur, Sculpture, Vectors

HONEY_ROOT, HONEY_TIP = np.array([0.26, 0.115, 0.040]), np.array([0.50, 0.265, 0.105])
PALE_ROOT, PALE_TIP = np.array([0.52, 0.38, 0.24]), np.array([0.68, 0.54, 0.37])
RED_ROOT, RED_TIP = np.array([0.20, 0.012, 0.014]), np.array([0.42, 0.030, 0.028])
WOOL_ROOT, WOOL_TIP = np.array([0.50, 0.46, 0.40]), np.array([0.72, 0.68, 0.60])
THREAD = np.array([0.020, 0.013, 0.011])
LIFT = 3.5  # cm: everything above the legs is given as if the legs were that much shorter


def body() -> Sculpture:
    """A bear that stands with its arms out, as if for a hug."""
    s = Sculpture(origin=np.array([0.0, LIFT, 0.0]))
    plush = Fur(comb=(0, -0.6, 0.4), length=1.25, rise=0.8)
    s.ball((0, 15.2, 0), (6.9, 7.2, 6.2), fur=plush, blend=2.0)
    s.ball((0, 19.0, 0), (6.1, 5.4, 5.2), fur=plush, blend=2.5)
    s.ball((0, 29.4, 0.6), (7.7, 6.8, 6.5), fur=Fur(comb=(0, -0.3, 0.5), length=1.2, rise=0.9), blend=1.2)
    s.ball((0, 27.3, 5.9), (3.5, 2.7, 2.7), fur=Fur(comb=(0, -0.5, 0.2), length=0.55, rise=0.7), blend=0.8)
    for side in (-1, 1):
        ear, arm = f"ear {side}", f"arm {side}"
        s.ball((side * 6.5, 35.0, 0.0), (3.0, 3.0, 1.5), fur=Fur(comb=(side * 0.4, 1, 0), length=0.9, rise=0.8), group=ear, blend=0.8)
        s.ball((side * 6.4, 34.8, 2.1), (2.0, 2.0, 1.3), fur=Fur(comb=(0, 1, 0), length=0.5, rise=0.6), group=ear, blend=0.4, carve=True)
        high = 15.4 if side < 0 else 24.6  # one arm waves
        s.cone((side * 5.4, 20.6, 0.2), (side * 13.0, high, 1.6), 3.0, 2.75, fur=plush, group=arm, blend=1.0)
    turns = np.linspace(0, 2 * np.pi, 11)
    knit = Fur(comb=(1, 0, 0), length=0.35, rise=0.5)
    s.chain(
        [(5.7 * np.sin(t), 23.4 + 0.25 * np.cos(2 * t), 0.6 + 5.2 * np.cos(t), 1.25) for t in turns], fur=knit, group="scarf", blend=0.3
    )
    s.chain([(2.2, 23.0, 5.8, 1.0), (3.0, 19.6, 7.0, 1.25), (3.3, 15.6, 7.4, 1.35)], fur=knit, group="scarf", blend=0.5)
    s.origin = np.zeros(3)
    for side in (-1, 1):
        leg = f"leg {side}"
        s.cone((side * 4.1, 14.5, 0.2), (side * 6.6, 3.8, 0.6), 3.7, 3.1, fur=plush, group=leg, blend=0.8)
        s.ball((side * 6.9, 2.8, 2.4), (3.4, 2.9, 4.6), fur=Fur(comb=(0, 0.3, 1), length=0.9, rise=0.7), group=leg, blend=1.0)
    return s


def nose() -> Sculpture:
    """A nose of leather."""
    s = Sculpture(origin=np.array([0.0, LIFT, 0.0]))
    s.ball((0, 28.5, 8.15), (1.35, 0.85, 0.75), fur=Fur(comb=(0, 0, 1), length=0), blend=0.2)
    return s


def _on_scarf(points: Vectors) -> Vectors:
    """Whether points lie on the scarf (0 to 1)."""
    ring = np.abs(np.hypot(points[:, 0] / 5.7, (points[:, 2] - 0.6) / 5.2) - 1) * 5.4
    around = ramp(np.hypot(ring, points[:, 1] - 23.4), 1.75, 1.55)
    end = line_distance(points, np.array([(2.2, 23.0, 5.8), (3.0, 19.6, 7.0), (3.3, 15.6, 7.4)]))
    return np.maximum(around, ramp(end, 1.65, 1.5))


def coat(points: Vectors, _: Vectors, noise: Vectors) -> tuple[Vectors, Vectors]:
    """The colour of hairs at their roots and at their tips; `noise` (N x 3, cm) frays the borders of the markings."""
    points = points - np.array([0, LIFT, 0])
    p = points + 0.25 * noise
    mirrored = np.abs(p) * [1, 0, 0] + p * [0, 1, 1]
    pale = np.maximum.reduce(
        [
            blob(p, (0, 27.1, 6.6), (3.5, 2.6, 2.6), 0.12),
            blob(mirrored, (6.4, 34.8, 1.4), (1.9, 1.9, 1.4), 0.15),
            blob(p, (0, 14.2, 6.0), (4.2, 4.8, 2.6), 0.15),
        ]
    )
    scarf = _on_scarf(points)
    angle = np.where(points[:, 1] > 21.8, np.arctan2(points[:, 0], points[:, 2]) * 5.6, points[:, 1])
    stripe = scarf * ramp(np.cos(angle * 2 * np.pi / 3.4), 0.25, 0.45)
    layers = (
        (1.0, HONEY_ROOT, HONEY_TIP),
        (pale, PALE_ROOT, PALE_TIP),
        (scarf, RED_ROOT, RED_TIP),
        (stripe, WOOL_ROOT, WOOL_TIP),
    )
    return layered(points, layers)


MOUTH = (np.array([(0, 28.0), (0, 26.5)]), np.array([(0, 26.5), (0.6, 25.9), (1.4, 25.75), (2.1, 26.1)]))


def mouth(points: Vectors) -> Vectors:
    """Distance (cm) of points to the stitches of the mouth."""
    face = np.stack([np.abs(points[:, 0]), points[:, 1] - LIFT], 1)
    near = np.minimum(line_distance(face, MOUTH[0]), line_distance(face, MOUTH[1]))
    return np.asarray(np.where(points[:, 2] > 6.0, near, 9.0))


def bald(points: Vectors) -> NDArray[np.bool_]:
    """Where no hair grows: under the nose of leather."""
    return np.asarray(np.linalg.norm((points - [0, 28.5 + LIFT, 8.1]) / [1.4, 0.9, 0.9], axis=1) < 1)


def _no_bristles(_: np.random.Generator) -> tuple[NDArray[np.float32], Vectors, Vectors]:
    return np.empty((0, 7, 3), np.float32), np.empty((0, 3)), np.empty(0)


def _button(side: float) -> Eye:
    """An eye of black glass."""
    return Eye(
        centre=np.array([side * 3.0, 30.6 + LIFT, 5.95]),
        radius=0.95,
        gaze=np.array([0.15 * side, 0.05, 1.0]),
        lids=np.array([0.15 * side, 0.05, 1.0]),
        across=np.array([side, 0.0, 0.0]),
        half_width=0.97,
        upper=0.97,
        lower=0.97,
        iris=1.0,
        pupil=0.78,
        slit=1.0,
        inner_colour=np.array([0.030, 0.015, 0.009]),
        outer_colour=np.array([0.060, 0.026, 0.012]),
        rim=0.02,
    )


def animal() -> Animal:
    """The teddy, ready to be photographed."""
    return Animal(
        body=body(),
        nose=nose(),
        nose_colour=THREAD,
        eyes=(_button(-1.0), _button(1.0)),
        coat=coat,
        bare=bald,
        lips=mouth,
        bristles=_no_bristles,
    )
