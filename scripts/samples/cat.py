"""The cat of make_cat.py: a silver tabby with a white bib that sits and looks at us. Centimetres, +X right, +Z to the camera."""

import numpy as np
from features import Eye
from fur import JOINTS
from markings import blob, layered, line_distance, ramp
from noise import value_noise
from numpy.typing import NDArray
from portrait import Animal
from solid import Fur, Sculpture, Vectors, turned

HEAD = turned(yaw=0.0, roll=-3.0)
HEAD_AT = np.array([0.0, 34.2, 4.6])
HEAD_SIZE = 1.0

SILVER_ROOT, SILVER_TIP = np.array([0.155, 0.130, 0.105]), np.array([0.330, 0.285, 0.235])
STRIPE_ROOT, STRIPE_TIP = np.array([0.030, 0.024, 0.020]), np.array([0.036, 0.028, 0.024])
WHITE_ROOT, WHITE_TIP = np.array([0.50, 0.46, 0.42]), np.array([0.68, 0.65, 0.61])
PALE_ROOT, PALE_TIP = np.array([0.34, 0.30, 0.26]), np.array([0.55, 0.50, 0.44])
PINK = np.array([0.42, 0.19, 0.16])


def _front_leg(s: Sculpture, side: int) -> None:
    name = f"front {side}"
    down = Fur(comb=(0, -1, 0.15), length=1.5, rise=0.2)
    s.cone(
        (side * 4.4, 19.0, 4.5), (side * 3.5, 9.0, 7.6), 3.3, 2.35, fur=Fur(comb=(0, -1, 0.1), length=2.0, rise=0.3), group=name, blend=2.5
    )
    s.cone((side * 3.5, 9.0, 7.6), (side * 3.3, 2.6, 8.4), 2.35, 1.95, fur=down, group=name, blend=0.4)
    toes = Fur(comb=(0, -0.4, 1), length=0.6, rise=0.15)
    s.ball((side * 3.35, 1.75, 9.8), (2.35, 1.8, 3.0), fur=toes, group=name, blend=1.0)
    for aside, ahead in ((-1.45, 11.3), (-0.5, 12.3), (0.5, 12.3), (1.45, 11.3)):
        s.ball((side * 3.35 + aside, 1.25, ahead), (0.78, 1.1, 1.2), fur=toes, group=name, blend=0.3)


def _hind_leg(s: Sculpture, side: int) -> None:
    name = f"hind {side}"
    s.ball(
        (side * 6.6, 8.6, -3.5),
        (5.0, 8.2, 8.4),
        roll=18,
        fur=Fur(comb=(side * 0.3, -0.9, 0.4), length=2.4, rise=0.3),
        group=name,
        blend=2.5,
    )
    toes = Fur(comb=(0, -0.4, 1), length=0.7, rise=0.15)
    s.ball((side * 7.9, 1.8, 4.6), (2.2, 1.75, 4.4), yaw=-12 * side, fur=toes, group=name, blend=1.2)
    for aside, ahead in ((-1.2, 7.9), (-0.1, 8.8), (1.1, 8.3)):
        s.ball((side * 8.3 + aside, 1.2, ahead), (0.85, 1.05, 1.1), fur=toes, group=name, blend=0.3)


def _head(s: Sculpture) -> None:
    """Round skull, brows, cheeks, whisker pads, chin and ears, in the frame of the head (+Z to the nose)."""
    s.frame, s.origin, s.size = HEAD, HEAD_AT, HEAD_SIZE
    s.ball((0, 0.6, -0.6), (6.4, 5.6, 5.6), fur=Fur(comb=(0, 1, -0.8), length=1.1, rise=0.2), blend=2.4)
    for side in (-1, 1):
        s.ball((side * 2.5, 1.9, 3.0), (2.5, 2.0, 2.0), fur=Fur(comb=(side * 0.35, 1, -0.3), length=0.7, rise=0.15), blend=1.5)
        s.ball((side * 3.7, -1.7, 1.4), (3.0, 2.8, 3.0), fur=Fur(comb=(side, -0.35, -0.3), length=1.5, rise=0.3), blend=1.5)
        s.ball((side * 4.7, -2.1, -0.6), (2.2, 2.5, 2.6), fur=Fur(comb=(side, -0.6, -0.2), length=2.5, rise=0.45), blend=1.6)
        s.ball((side * 1.25, -2.55, 4.7), (1.75, 1.35, 1.35), fur=Fur(comb=(side, -0.35, 0), length=0.55, rise=0.2), blend=0.45)
    s.cone((0, 1.6, 4.0), (0, -1.2, 5.5), 1.75, 1.05, fur=Fur(comb=(0, 1, 0), length=0.45, rise=0.1), blend=1.2)
    s.ball((0, -4.0, 3.9), (1.6, 1.15, 1.3), fur=Fur(comb=(0, -1, 0), length=0.7, rise=0.25), blend=0.6)
    for side in (-1, 1):
        name = "right ear" if side > 0 else "left ear"
        opening = (0.28 * side, 0.0, 1.0)
        ear = Fur(comb=(side * 0.3, 1, 0), length=0.6, rise=0.15)
        s.cone((side * 3.65, 3.9, -0.8), (side * 5.75, 9.4, -0.6), 2.6, 0.4, fur=ear, group=name, blend=1.0, wide=(opening, 0.42))
        lining = Fur(comb=(-side * 0.7, 1, 0.3), length=1.5, rise=0.3)
        s.cone(
            (side * 3.95, 4.7, 0.35), (side * 5.5, 8.3, 0.3), 1.7, 0.3, fur=lining, group=name, blend=0.35, wide=(opening, 0.45), carve=True
        )
    s.frame, s.origin, s.size = np.eye(3), np.zeros(3), 1.0


TAIL = [  # x, y, z, radius
    (7.0, 4.5, -9.0, 2.3),
    (12.5, 3.0, -5.0, 2.1),
    (14.6, 2.4, 2.0, 2.0),
    (14.0, 2.2, 7.5, 1.9),
    (11.6, 2.1, 11.6, 1.8),
    (8.6, 2.0, 13.4, 1.6),
    (6.8, 1.9, 13.8, 1.1),
]


def body() -> Sculpture:
    """The whole animal, sitting with its tail around its feet."""
    s = Sculpture()
    s.cone((0, 10.0, -5.0), (0, 22.0, -0.5), 9.2, 7.4, fur=Fur(comb=(0, -1, 0), length=2.3, rise=0.3), blend=3.0)
    s.ball((0, 20.0, 3.0), (6.6, 8.6, 4.8), fur=Fur(comb=(0, -1, 0.1), length=2.8, rise=0.4), blend=3.0)
    for side in (-1, 1):
        s.ball((side * 5.4, 19.5, 1.5), (3.0, 6.6, 4.6), fur=Fur(comb=(side * 0.2, -1, 0), length=2.2, rise=0.3), blend=2.5)
    s.cone((0, 24.0, 0.5), (0, 31.5, 3.2), 6.4, 5.6, fur=Fur(comb=(0, -1, 0.1), length=2.6, rise=0.4), blend=3.0)
    _head(s)
    for side in (-1, 1):
        _hind_leg(s, side)
        _front_leg(s, side)
    s.chain(TAIL, fur=Fur(comb=(1, 0, 0), length=1.9, rise=0.4), group="tail")
    return s


def in_head(points: Vectors) -> Vectors:
    """World points in the frame of the head, in its own unit."""
    return np.asarray((points - HEAD_AT) @ HEAD / HEAD_SIZE)


def _on_tail(points: Vectors) -> tuple[Vectors, Vectors]:
    """How far along the tail a point is (0-1) and how far from its axis (cm)."""
    knots = np.array(TAIL)[:, :3]
    axis = np.stack([np.interp(np.linspace(0, 1, 48), np.linspace(0, 1, len(knots)), knots[:, k]) for k in range(3)], 1)
    nearest, off = np.zeros(len(points), int), np.full(len(points), np.inf)
    for index, centre in enumerate(axis):
        far = np.linalg.norm(points - centre, axis=1)
        nearest[far < off] = index
        off = np.minimum(off, far)
    return nearest / 47, off


def _bands(phase: Vectors, share: float) -> Vectors:
    """Stripes across a phase: 1 inside those that take `share` of each unit."""
    wave = 0.5 + 0.5 * np.cos(2 * np.pi * phase)
    return ramp(wave, 1 - share - 0.16, 1 - share + 0.16)


def _stripes(p: Vectors, q: Vectors, head: Vectors, along: Vectors, tail: Vectors) -> Vectors:
    """The dark pattern of a mackerel tabby: 0 to 1."""
    warp = value_noise(p, 6.0, 51)
    flank = _bands((p[:, 1] + 0.55 * np.abs(p[:, 0]) + 0.5 * p[:, 2] + 1.8 * warp) / 3.4, 0.42) * ramp(
        np.abs(p[:, 0]) + 0.25 * warp, 2.4, 4.6
    )
    legs = _bands((p[:, 1] + 0.5 * warp) / 2.9, 0.34) * ramp(p[:, 1], 17, 14) * ramp(p[:, 2], 3.0, 6.0)
    x, y = np.abs(q[:, 0]), q[:, 1]
    crown = np.maximum.reduce(
        [
            ramp(np.abs(x - 0.75 - 0.10 * (y - 2)), 0.48, 0.20) * ramp(y, 1.7, 2.6),
            ramp(np.abs(x - 2.15 - 0.22 * (y - 2)), 0.55, 0.22) * ramp(y, 2.2, 3.0),
            ramp(np.abs(x - 3.7 - 0.30 * (y - 2)), 0.55, 0.22) * ramp(y, 2.0, 3.0),
            0.8 * ramp(x, 0.32, 0.1) * ramp(y, 3.6, 4.4),
        ]
    )
    crown = crown * ramp(y + 0.5 * x, 7.4, 6.6)
    cheeks = np.maximum(
        ramp(np.abs(y - 0.15 + 0.32 * (x - 4)), 0.52, 0.2) * ramp(x, 3.6, 4.4),
        ramp(np.abs(y + 2.0 + 0.30 * (x - 4)), 0.55, 0.2) * ramp(x, 3.9, 4.7),
    )
    rings = np.maximum(_bands(along * 8.5 + 0.12 * warp, 0.45), ramp(along, 0.86, 0.92))
    return np.asarray(np.where(tail > 0.5, rings, head * np.maximum(crown, cheeks) + (1 - head) * np.maximum(flank, legs)))


def coat(points: Vectors, normals: Vectors, noise: Vectors) -> tuple[Vectors, Vectors]:
    """The colour of hairs at their roots and at their tips; `noise` (N x 3, cm) frays the borders of the markings."""
    p, q = points + 0.6 * noise, in_head(points + 0.22 * noise)
    mirrored = np.abs(q) * [1, 0, 0] + q * [0, 1, 1]
    head = ramp(np.linalg.norm((q - [0, 2.0, 0.5]) / [9.5, 9.5, 9.0], axis=1), 1.05, 0.85) * ramp(points[:, 1], 28.5, 30.0)
    along, off = _on_tail(points)
    tail = ramp(off, 3.4, 2.6) * ramp(along, 0.10, 0.16)
    stripes = _stripes(p, q, head, along, tail)
    bib = blob(p, (0, 21.0, 6.0), (4.4, 10.5, 6.5), 0.25) * (1 - head)
    paws = ramp(p[:, 1], 5.6, 3.8) * (1 - tail) * ramp(points[:, 2], 2.0, 4.0)
    chin = head * np.maximum.reduce(
        [
            blob(mirrored, (1.0, -3.0, 4.8), (2.5, 1.75, 2.6), 0.2),
            blob(q, (0, -4.6, 2.6), (3.4, 1.9, 3.4), 0.3),
            blob(q, (0, -0.6, 5.4), (0.62, 1.9, 1.6), 0.45),
        ]
    )
    rims = (
        0.9
        * head
        * np.maximum(
            blob(mirrored, (2.75, -0.75, 4.4), (1.7, 0.65, 1.6), 0.4), 0.8 * blob(mirrored, (2.7, 1.95, 4.2), (1.3, 0.5, 1.5), 0.5)
        )
    )
    lining = blob(mirrored, (4.5, 6.3, 0.9), (1.8, 3.2, 1.2), 0.2) * ramp(normals[:, 2], -0.1, 0.2) * ramp(q[:, 1], 5.0, 5.6)
    layers = (
        (1.0, SILVER_ROOT, SILVER_TIP),
        (0.9 * stripes, STRIPE_ROOT, STRIPE_TIP),
        (rims, PALE_ROOT, PALE_TIP),
        (0.85 * lining, 0.7 * PINK, np.array([0.46, 0.29, 0.24])),
        (np.maximum.reduce([bib, paws, chin]), WHITE_ROOT, WHITE_TIP),
    )
    return layered(points, layers)


LIPS = [np.array([(0, -2.1), (0, -2.95)]), np.array([(0, -2.95), (0.5, -3.35), (1.15, -3.45), (1.75, -3.3)])]


def lips(points: Vectors) -> Vectors:
    """Distance (cm) of points of the skin to the line of the mouth."""
    q = in_head(points)
    face = np.stack([np.abs(q[:, 0]), q[:, 1]], 1)
    near = np.minimum(line_distance(face, LIPS[0]), line_distance(face, LIPS[1]))
    return np.asarray(np.where(q[:, 2] > 3.0, near, 9.0))


def nose() -> Sculpture:
    """The small pink nose."""
    s = Sculpture(frame=HEAD, origin=HEAD_AT, size=HEAD_SIZE)
    bare = Fur(comb=(0, 0, 1), length=0)
    s.ball((0, -1.45, 6.05), (0.95, 0.42, 0.55), fur=bare, blend=0.2)
    s.ball((0, -1.85, 6.15), (0.55, 0.42, 0.5), fur=bare, blend=0.4)
    for side in (-1, 1):
        s.ball((side * 0.55, -1.72, 6.5), (0.3, 0.14, 0.25), roll=0, pitch=-25 * side, fur=bare, blend=0.12, carve=True)
    return s


def bald(points: Vectors) -> NDArray[np.bool_]:
    """Where no hair grows: on the nose (the eyes see to themselves)."""
    q = in_head(points)
    return np.asarray(np.linalg.norm((q - [0, -1.6, 6.0]) / [1.0, 0.55, 0.9], axis=1) < 1)


def bristles(rng: np.random.Generator) -> tuple[NDArray[np.float32], Vectors, Vectors]:
    """Whiskers and brows as stiff hairs: points (N x JOINTS x 3), colours (N x 3), widths at the root (cm)."""
    s = np.linspace(0, 1, JOINTS)[:, None]
    points, widths = [], []
    for side in (-1, 1):
        for row in range(3):
            for column in range(4):
                root = np.array([side * (1.1 + 0.45 * column), -2.1 - 0.42 * row + rng.normal(0, 0.05), 5.7 - 0.22 * column])
                rise = 0.16 - 0.20 * row + rng.normal(0, 0.06)
                way = np.array([side * 1.0, rise, 0.35]) * rng.uniform(5.5, 8.5)
                points.append(root + s * way + s**2 * np.array([0, -1.9 - 0.6 * row, -1.5]))
                widths.append(0.045)
        for column in range(3):
            root = np.array([side * (2.2 + 0.35 * column), 2.3, 4.3])
            points.append(root + s * np.array([side * (0.9 + 0.6 * column), 3.4, 1.0]) + s**2 * np.array([side * 0.8, -0.5, -0.6]))
            widths.append(0.035)
    world = np.array(points) * HEAD_SIZE @ HEAD.T + HEAD_AT
    return world.astype(np.float32), np.tile([0.62, 0.60, 0.57], (len(points), 1)), np.array(widths)


def _eye(side: float) -> Eye:
    return Eye(
        centre=HEAD @ (HEAD_SIZE * np.array([side * 2.55, 0.55, 3.55])) + HEAD_AT,
        radius=1.8 * HEAD_SIZE,
        gaze=HEAD @ np.array([0.10 * side, -0.02, 1.0]),
        lids=HEAD @ np.array([0.24 * side, 0.05, 1.0]),
        across=HEAD @ np.array([side, 0.30, -0.2]),
        half_width=0.86,
        upper=0.53,
        lower=0.57,
        iris=0.86,
        pupil=0.50,
        slit=0.84,
        inner_colour=np.array([0.30, 0.215, 0.045]),
        outer_colour=np.array([0.150, 0.165, 0.055]),
        rim=0.11,
    )


def animal() -> Animal:
    """The cat, ready to be photographed."""
    return Animal(
        body=body(), nose=nose(), nose_colour=PINK, eyes=(_eye(-1.0), _eye(1.0)), coat=coat, bare=bald, lips=lips, bristles=bristles
    )
