"""The dog of make_dog.py: a young spitz with a fox-coloured coat. Parts to melt together, in cm; +X forward, +Z near."""

import numpy as np
from features import Eye
from fur import JOINTS
from markings import blob, layered, line_distance, ramp
from numpy.typing import NDArray
from portrait import Animal
from solid import Fur, Sculpture, Vectors, turned

HEAD = turned(pitch=2.0, yaw=5.0)
HEAD_AT = np.array([22.8, 46.8, 0.5])
HEAD_SIZE = 1.22

RED_ROOT, RED_TIP = np.array([0.32, 0.105, 0.030]), np.array([0.47, 0.175, 0.055])
SABLE_TIP = np.array([0.20, 0.066, 0.022])
CREAM_ROOT, CREAM_TIP = np.array([0.60, 0.44, 0.29]), np.array([0.74, 0.61, 0.45])
WHITE_ROOT, WHITE_TIP = np.array([0.58, 0.48, 0.36]), np.array([0.72, 0.64, 0.52])
NOSE = np.array([0.042, 0.025, 0.022])  # brown-black, as red dogs have it

FETLOCKS = ((8.2, 4.0), (20.2, 4.2), (-26.2, 4.0), (-14.8, 4.0))  # front near, front far, hind near, hind far: x, y
SIDES = (4.9, -4.9, 5.2, -5.2)  # their z
TOES = ((-1.5, 2.5), (-0.55, 3.4), (0.55, 3.4), (1.5, 2.5))  # aside and ahead of the fetlock


def _paw(s: Sculpture, fetlock: tuple[float, float], side: float, name: str) -> None:
    """A cat-like paw: a pad and four toes."""
    x, y = fetlock
    fur = Fur(comb=(1, -0.5, 0), length=0.55, rise=0.15)
    s.ball((x + 0.9, y - 1.9, side), (2.8, 1.95, 2.2), fur=fur, group=name, blend=1.2)
    for spread, ahead in TOES:
        s.cone(
            (x + ahead - 1.4, y - 1.9, side + spread), (x + ahead, 1.2, side + spread * 1.12), 1.1, 1.02, fur=fur, group=name, blend=0.25
        )


def _front_leg(
    s: Sculpture, side: float, elbow: tuple[float, float], wrist: tuple[float, float], fetlock: tuple[float, float], name: str
) -> None:
    """From the point of the shoulder to the toes; `side` is the z of the leg."""
    s.cone((14.6, 28.0, side * 0.93), (*elbow, side), 3.6, 3.1, fur=Fur(comb=(-0.5, -1, 0), length=2.2), group=name, blend=2.6)
    s.cone((*elbow, side), (*wrist, side * 0.97), 3.0, 1.85, fur=Fur(comb=(-0.35, -1, 0), length=1.7, rise=0.25), group=name, blend=1.6)
    s.cone((*wrist, side * 0.97), (*fetlock, side), 1.9, 1.75, fur=Fur(comb=(-0.25, -1, 0), length=1.1, rise=0.2), group=name, blend=1.0)
    _paw(s, fetlock, side, name)


def _hind_leg(
    s: Sculpture, side: float, knee: tuple[float, float], hock: tuple[float, float], fetlock: tuple[float, float], name: str
) -> None:
    """From the hip to the toes."""
    thigh = Fur(comb=(-0.55, -1, 0), length=2.6)
    s.cone((-18.0, 30.5, side * 0.72), (*knee, side), 5.8, 3.2, fur=thigh, group=name, blend=2.8, wide=((0, 0, 1), 0.78))
    back = Fur(comb=(-0.7, -1, 0), length=2.6, rise=0.35)
    s.cone(
        (knee[0] - 5.0, knee[1] + 5.5, side * 0.95),
        (hock[0] + 3.0, hock[1] + 5.0, side),
        4.2,
        2.4,
        fur=back,
        group=name,
        blend=2.2,
        wide=((0, 0, 1), 0.75),
    )
    s.cone((*knee, side), (*hock, side), 2.9, 1.55, fur=Fur(comb=(-0.6, -1, 0), length=1.2, rise=0.2), group=name, blend=1.2)
    shank = Fur(comb=(-0.2, -1, 0), length=1.0, rise=0.15)
    s.cone((hock[0] + 5.0, hock[1] + 9.0, side), (hock[0] - 0.5, hock[1] + 1.0, side), 2.2, 0.95, fur=shank, group=name, blend=0.8)
    s.cone((hock[0], hock[1] - 0.3, side), (*fetlock, side), 1.6, 1.65, fur=shank, group=name, blend=0.5)
    _paw(s, fetlock, side, name)


def _head(s: Sculpture) -> None:
    """Skull, stop, muzzle, jaw, cheeks and ears, in the frame of the head (+X to the nose)."""
    s.frame, s.origin, s.size = HEAD, HEAD_AT, HEAD_SIZE
    face = Fur(comb=(-1, 0.25, 0), length=0.7, rise=0.2)
    s.ball((-0.6, 0.2, 0), (5.4, 4.8, 5.0), fur=Fur(comb=(-1, 0.1, 0), length=1.4, rise=0.25), blend=2.6)
    s.ball((2.5, 0.9, 0), (3.2, 3.1, 4.2), fur=Fur(comb=(-1, 0.5, 0), length=0.9, rise=0.2), blend=1.8)
    for side in (-1, 1):
        s.ball((0.4, -2.2, side * 3.1), (4.2, 3.5, 2.7), fur=Fur(comb=(-1, -0.35, 0.5 * side), length=2.2, rise=0.4), blend=1.8)
        s.ball((-2.6, -3.0, side * 3.4), (3.2, 3.5, 2.8), fur=Fur(comb=(-1, -0.6, 0.5 * side), length=3.2, rise=0.5), blend=2.0)
    s.cone((3.2, -1.7, 0), (7.9, -2.15, 0), 3.1, 1.9, fur=face, blend=1.5, wide=((0, 0, 1), 0.98))
    s.cone((3.8, -0.7, 0), (7.8, -1.5, 0), 1.9, 1.35, fur=face, blend=1.2)
    for side in (-1, 1):  # upper lip
        s.cone((3.6, -2.9, side * 1.4), (7.8, -2.95, side * 0.9), 1.6, 1.15, fur=Fur(comb=(-1, -0.35, 0), length=0.6, rise=0.2), blend=1.0)
    s.cone((1.6, -4.6, 0), (7.1, -4.45, 0), 2.2, 1.2, fur=Fur(comb=(-1, -0.3, 0), length=0.9, rise=0.3), blend=0.6)
    for side in (-1, 1):
        s.ball((3.7, 1.0, side * 2.75), (1.7, 1.5, 1.4), fur=Fur(comb=(-1, 0.3, 0), length=0.45, rise=0.1), blend=0.9)
        name = "near ear" if side > 0 else "far ear"
        opening = (0.62, 0.05, 0.78 * side)
        ear = Fur(comb=(-0.1, 1, 0.1 * side), length=0.8, rise=0.15)
        s.cone((-2.0, 3.0, side * 3.3), (-1.3, 8.5, side * 4.3), 3.35, 0.6, fur=ear, group=name, blend=1.4, wide=(opening, 0.5))
        lining = Fur(comb=(-0.3, 1, 0), length=1.5, rise=0.35)
        s.cone(
            (-0.2, 4.2, side * 5.05), (-0.3, 7.6, side * 5.3), 1.9, 0.4, fur=lining, group=name, blend=0.6, wide=(opening, 0.6), carve=True
        )
    s.frame, s.origin, s.size = np.eye(3), np.zeros(3), 1.0


TAIL = [  # x, y, z, radius
    (-22.5, 35.5, 0.0, 2.7),
    (-27.6, 38.6, 0.5, 2.5),
    (-31.6, 43.6, 1.0, 2.4),
    (-33.0, 49.6, 1.3, 2.3),
    (-31.2, 55.2, 1.3, 2.1),
    (-26.6, 58.6, 1.0, 1.6),
    (-22.8, 59.4, 0.8, 0.9),
]
TAIL_CENTRE = np.array([-23.5, 48.0])  # of its curl


def body() -> Sculpture:
    """The whole animal, standing with four feet apart."""
    s = Sculpture()
    s.ball((5.0, 29.2, 0), (13.0, 8.7, 6.5), pitch=-3, fur=Fur(comb=(-1, -0.35, 0), length=2.6, rise=0.28), blend=3.0)
    s.cone((3, 31.4, 0), (-16, 32.2, 0), 7.0, 6.3, fur=Fur(comb=(-1, -0.3, 0), length=2.6, rise=0.28), blend=4.0, wide=((0, 0, 1), 0.88))
    s.ball((-18.2, 31.8, 0), (7.4, 6.6, 6.1), pitch=-12, fur=Fur(comb=(-1, -0.5, 0), length=2.8, rise=0.3), blend=4.0)
    s.ball((14.8, 29.6, 0), (5.6, 7.0, 5.2), fur=Fur(comb=(0.1, -1, 0), length=3.4, rise=0.4), blend=4.0)
    s.cone((4, 33.6, 0), (12.5, 35.4, 0), 4.4, 4.4, fur=Fur(comb=(-1, -0.1, 0), length=2.9, rise=0.35), blend=3.5)
    s.cone(
        (13.4, 34.6, 0), (20.0, 43.8, 0), 7.5, 6.5, fur=Fur(comb=(-0.6, -1, 0), length=3.6, rise=0.42), blend=4.0, wide=((0, 0, 1), 0.92)
    )
    for side in (-1, 1):
        s.ball((12.0, 30.0, side * 4.6), (4.6, 8.4, 2.7), pitch=-20, fur=Fur(comb=(-0.6, -1, 0), length=2.5), blend=2.5)
    _head(s)
    _front_leg(s, 4.9, (8.6, 21.0), (7.6, 9.6), FETLOCKS[0], "front near")
    _front_leg(s, -4.9, (13.2, 21.2), (18.2, 10.2), FETLOCKS[1], "front far")
    _hind_leg(s, 5.2, (-14.6, 21.0), (-27.2, 12.2), FETLOCKS[2], "hind near")
    _hind_leg(s, -5.2, (-9.6, 20.8), (-16.8, 11.4), FETLOCKS[3], "hind far")
    s.chain(TAIL, fur=Fur(comb=(1, 0, 0), length=4.4, rise=0.5), group="tail")
    return s


def in_head(points: Vectors) -> Vectors:
    """World points in the frame of the head, in its own unit."""
    return np.asarray((points - HEAD_AT) @ HEAD / HEAD_SIZE)


def _on_tail(points: Vectors) -> tuple[Vectors, Vectors, Vectors]:
    """How far along the tail a point is (0-1), how far from its axis, and how far outside of it, seen from its curl (cm)."""
    knots = np.array(TAIL)[:, :3]
    axis = np.stack([np.interp(np.linspace(0, 1, 48), np.linspace(0, 1, len(knots)), knots[:, k]) for k in range(3)], 1)
    nearest = np.zeros(len(points), int)
    off = np.full(len(points), np.inf)
    for index, centre in enumerate(axis):
        far = np.linalg.norm(points - centre, axis=1)
        nearest[far < off] = index
        off = np.minimum(off, far)
    centre = np.append(TAIL_CENTRE, 0.8)
    return nearest / 47, off, np.linalg.norm(points - centre, axis=1) - np.linalg.norm(axis - centre, axis=1)[nearest]


def coat(points: Vectors, normals: Vectors, noise: Vectors) -> tuple[Vectors, Vectors]:
    """The colour of hairs at their roots and at their tips; `noise` (N x 3, cm) frays the borders of the markings."""
    p = points + 1.1 * noise
    q = in_head(points + 0.45 * noise)
    head = ramp(np.linalg.norm((q - [1.5, 0, 0]) / [11, 10, 8], axis=1), 1.0, 0.8) * ramp(q[:, 0], -6.5, -4.0)
    mirrored = q * [1, 1, 0] + np.abs(q) * [0, 0, 1]
    along, off, outside = _on_tail(p)
    tail = ramp(off, 5.2, 3.6) * ramp(along, 0.02, 0.1)
    legs = ramp(p[:, 1], 24.5, 19.0)

    sable = 0.8 * ramp(normals[:, 1], 0.0, 0.85) * ramp(p[:, 1], 32, 39) * (1 - head) + 0.35 * head * ramp(q[:, 1], 2.6, 4.8)
    cream = np.maximum.reduce(
        [
            blob(p, (20.5, 30.0, 0), (5.2, 13.0, 6.0), 0.3),
            blob(p, (24.0, 38.5, 0), (5.5, 7.0, 6.0), 0.3),
            blob(p, (0.0, 18.5, 0), (25.0, 7.0, 14.0), 0.18) * ramp(np.abs(points[:, 2]), 6.2, 5.2) * ramp(points[:, 1], 16, 19),
            0.85 * blob(p, (-28.0, 26.5, 0), (5.0, 9.0, 12.0), 0.35),
            0.8 * legs * ramp(p[:, 1], 8.5, 3.5),
            0.35 * legs * (normals[:, 2] * np.sign(points[:, 2]) < -0.2),
        ]
    ) * (1 - head)
    cream = np.maximum(cream, tail * np.maximum(ramp(along, 0.66, 0.84), 0.9 * ramp(outside, 0.2, 2.4) * ramp(along, 0.08, 0.3)))
    muzzle = ramp(q[:, 1] + 0.10 * (q[:, 0] - 5), -0.75, -1.7) * ramp(q[:, 0], 2.0, 4.0)
    cheek = blob(mirrored, (-0.2, -3.4, 3.6), (4.8, 2.7, 3.6), 0.35)
    chin = ramp(q[:, 1], -3.3, -4.3) * ramp(q[:, 0], -4, 0)
    brow = 0.22 * blob(mirrored, (4.5, 2.6, 2.0), (0.9, 0.6, 1.0), 0.5)
    lining = blob(mirrored, (0.3, 5.9, 4.8), (1.6, 2.9, 1.6), 0.25) * ramp(q[:, 1], 3.9, 4.7)
    cream = np.maximum(cream, head * np.maximum.reduce([muzzle, cheek, chin, brow, 0.9 * lining]))
    white = np.maximum.reduce(
        [
            ramp(p[:, 1], 4.6, 1.8),
            0.8 * blob(p, (21.5, 30.0, 0), (4.0, 9.0, 4.0), 0.4) * (1 - head),
            0.7 * head * muzzle,
            0.75 * tail * ramp(along, 0.70, 0.86),
        ]
    )

    layers = (
        (1.0, RED_ROOT, RED_TIP),
        (sable, RED_ROOT, SABLE_TIP),
        (cream, CREAM_ROOT, CREAM_TIP),
        (white, WHITE_ROOT, WHITE_TIP),
    )
    return layered(points, layers)


MOUTH = np.array([(8.9, -3.7), (7.9, -4.05), (6.5, -4.1), (5.0, -3.8), (3.7, -3.1), (2.9, -2.2)])


def mouth_line(points: Vectors) -> Vectors:
    """Distance (cm of the head's unit) of points to the line of the mouth on either side of the muzzle."""
    return line_distance(in_head(points)[:, :2], MOUTH)


def nose() -> Sculpture:
    """The leather of the nose, with its nostrils."""
    s = Sculpture(frame=HEAD, origin=HEAD_AT, size=HEAD_SIZE)
    bare = Fur(comb=(1, 0, 0), length=0)
    s.ball((8.85, -1.2, 0), (1.35, 1.15, 1.45), fur=bare, blend=0.4)
    s.ball((9.05, -2.0, 0), (0.9, 0.95, 0.8), fur=bare, blend=0.5)
    for side in (-1, 1):
        s.ball((9.1, -1.45, side * 0.85), (0.9, 0.74, 0.7), fur=bare, blend=0.3)
        s.ball((9.9, -1.45, side * 0.78), (0.5, 0.3, 0.27), fur=bare, blend=0.2, carve=True)
        s.cone((9.4, -1.5, side * 0.8), (8.7, -1.75, side * 1.5), 0.14, 0.1, fur=bare, blend=0.15, carve=True)
    s.cone((10.0, -1.5, 0), (9.5, -3.0, 0), 0.08, 0.08, fur=bare, blend=0.2, carve=True)
    return s


def bristles(rng: np.random.Generator) -> tuple[NDArray[np.float32], Vectors, Vectors]:
    """Claws and whiskers as stiff hairs: points (N x JOINTS x 3), colours (N x 3), widths at the root (cm)."""
    s = np.linspace(0, 1, JOINTS)[:, None]
    points, colours, widths = [], [], []
    for (x, _), side in zip(FETLOCKS, SIDES, strict=True):
        for spread, ahead in TOES:
            root = np.array([x + ahead + 0.9, 1.05, side + spread * 1.12])
            points.append(root + s * [1.15, 0.05, 0.08 * spread] - s**2 * [0.1, 0.75, 0])
            colours.append([0.055, 0.045, 0.040])
            widths.append(0.42)
    for side in (-1, 1):
        for _ in range(11):
            root = np.array([rng.uniform(5.6, 7.4), rng.uniform(-3.3, -2.1), 2.05 * side])
            way = np.array([rng.uniform(-0.75, -0.1), rng.uniform(-0.5, 0.25), side * 1.0])
            whisker = root + s * way * rng.uniform(2.6, 4.2) - s**2 * [0.5, 0.55, 0]
            points.append(whisker * HEAD_SIZE @ HEAD.T + HEAD_AT)
            colours.append([0.55, 0.5, 0.45])
            widths.append(0.035)
    return np.array(points, np.float32), np.array(colours), np.array(widths)


def bald(points: Vectors) -> NDArray[np.bool_]:
    """Where no hair grows: on the nose (the eyes see to themselves)."""
    q = in_head(points)
    return np.asarray(np.linalg.norm((q - [9.3, -1.5, 0]) / [1.5, 1.35, 1.5], axis=1) < 1)


def _eye(side: float) -> Eye:
    return Eye(
        centre=HEAD @ (HEAD_SIZE * np.array([3.7, 1.1, side * 2.9])) + HEAD_AT,
        radius=1.2 * HEAD_SIZE,
        gaze=HEAD @ np.array([0.68, 0.02, 0.73 * side]),
        lids=HEAD @ np.array([0.62, 0.06, 0.78 * side]),
        across=HEAD @ np.array([-0.8, 0.28, 0.5 * side]),
        half_width=0.88,
        upper=0.60,
        lower=0.47,
        iris=0.84,
        pupil=0.40,
        slit=1.0,
        inner_colour=np.array([0.17, 0.068, 0.02]),
        outer_colour=np.array([0.050, 0.018, 0.007]),
    )


def animal() -> Animal:
    """The dog, ready to be photographed."""
    return Animal(
        body=body(),
        nose=nose(),
        nose_colour=NOSE,
        eyes=(_eye(-1.0), _eye(1.0)),
        coat=coat,
        bare=bald,
        lips=mouth_line,
        bristles=bristles,
    )
