"""Subjects that look at the viewer: head, torso, limbs and ears found in the silhouette, their depth from the body plan.

The picture's right is the subject's left. What the picture shows becomes lenses whose centre and thickness follow the
plan's profile; what it hides (a body that reaches backwards, haunches) becomes round cones no thicker than the
room that the silhouette leaves them.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..body import PartKind, Side
from .face import find_nose
from .figure import Branch, Figure, Points
from .frame import Frame, frame_of, row_ball
from .inflate import Lens, lens_of
from .limb_names import name_branches
from .reading import Reading
from .shapes import Anatomy, PartShape, cones_along, moved

__all__ = ["frontal", "muzzle"]

Mask = NDArray[np.bool_]

# Profiles along the torso from the ground (0) to the neck (1): half depth over half width, the centre's depth over the half width.
SITTING_PET = (np.array([0.0, 0.15, 0.4, 0.7, 1.0]), np.array([1.15, 1.12, 1.02, 0.95, 0.85]), np.array([-0.40, -0.40, -0.24, 0.02, 0.10]))
STANDING_PET = (np.array([0.0, 0.5, 1.0]), np.array([0.9, 0.9, 0.85]), np.array([0.0, 0.0, 0.15]))
BIPED = (np.array([0.0, 0.5, 1.0]), np.array([0.80, 0.74, 0.70]), np.array([0.0, 0.0, 0.0]))
SITTING_TOY = (np.array([0.0, 0.4, 1.0]), np.array([0.95, 0.95, 0.85]), np.array([-0.12, -0.06, 0.0]))
HEAD_DEPTH = 1.0
EAR_DEPTH = 0.40
CUP = 1.5
"""How far the middle of an ear lies behind its rim, over its half thickness: above 1 its front is hollow."""
SIDES: tuple[tuple[Side, float], ...] = (("left", 1.0), ("right", -1.0))
MUZZLE = 0.42
"""Radius of the muzzle over the head's."""
TRUNK_LENGTH = (5.0, 0.65)
"""From the fore to the hind legs, over the trunk's half width and over the height: 4.1..5.5 and .5...94 of eight rigged animals."""
TRUNK_WIDTH = (0.09, 0.21)
"""Half the trunk's width over the height: .10...23."""
TRUNK_TALL = 1.3
"""The trunk's height over its width: 1.2..1.4."""
TRUNK_AT = 0.575
"""The height of the trunk's middle over the whole height: .46...69."""
ROOM = 0.6
"""The least room that the outline leaves a trunk behind it, over the trunk's half width."""


def frontal(figure: Figure, reading: Reading) -> Anatomy:
    """The anatomy of a subject seen from the front, or nearly so."""
    frame = frame_of(figure)
    reading = _hidden_behind(figure, frame, reading)
    limbs = name_branches(figure, frame, reading.plan)
    owner = np.zeros(len(figure.tree.parent), np.int64)
    for place, limb in enumerate(limbs, 1):
        owner[[*limb.branch.nodes[limb.branch.start :], *limb.branch.twigs]] = place
    cells = figure.cells_of(owner)
    eared = sum(limb.kind == "ear" for limb in limbs) == 2
    shapes = _core(figure, frame, reading, cells, eared=eared)
    for place, limb in enumerate(limbs, 1):
        shapes.append(_limb(figure, frame, reading, limb.kind, limb.side, limb.branch, cells == place, shapes))
    shapes += _hidden_legs(figure, frame, reading, shapes)
    stands = reading.plan == "quadruped" and reading.pose == "standing"
    heading, pitch = (_signed_heading(reading), reading.pitch) if stands else (0.0, 0.0)
    return Anatomy(plan=reading.plan, view=reading.view, heading=heading, pitch=pitch, shapes=tuple(_unique(shapes)))


def _signed_heading(reading: Reading) -> float:
    """Degrees from the viewer's direction to the subject's forward, to the picture's right positive."""
    return reading.heading * (1 if reading.leaning == "right" else -1) if reading.view == "front" else 0.0


def _hidden_behind(figure: Figure, frame: Frame, reading: Reading) -> Reading:
    """The reading with the body turned no further aside than the outline hides it."""
    for heading in (reading.heading, 0.66 * reading.heading, 0.33 * reading.heading):
        turned = replace(reading, heading=heading)
        way, cones = _body_behind(figure, frame, turned)
        if min(figure.room(x, y) for x, y, _ in way) > ROOM * float(cones[:, 3].min()):
            return turned
    return replace(reading, heading=0.0)


def _backwards(reading: Reading) -> Points:
    """The unit vector (3,) in the frame of the cells along which a standing animal's body reaches backwards."""
    turn, rise = np.radians(_signed_heading(reading)), np.radians(reading.pitch)
    return -np.array([np.sin(turn), np.cos(turn) * np.sin(rise), np.cos(turn) * np.cos(rise)])


def _core(figure: Figure, frame: Frame, reading: Reading, cells: NDArray[np.int64], *, eared: bool) -> list[PartShape]:
    tree = figure.tree
    nodes = sorted(frame.core)
    closed = (cells == 0) | figure.discs(tree.points[nodes], tree.radius[nodes])
    rows = np.arange(figure.mask.shape[0])[:, None] + 0.5
    neck_ball = row_ball(figure, frame.neck, frame.axis)
    disc = figure.discs(np.array([[neck_ball[0], frame.neck]]), np.array([neck_ball[1]]))
    head_mask, torso_mask = closed & ((rows < frame.neck) | disc), closed & ((rows >= frame.neck) | disc)
    torso = _torso(figure, frame, reading, torso_mask)
    head = _head(figure, frame, reading, head_mask, torso, eared=eared)
    chest = torso.path[-1]
    start = np.array([neck_ball[0], frame.neck + 0.1 * neck_ball[1], (chest[2] + head.path[0][2]) / 2])
    neck = PartShape(
        name="neck",
        kind="neck",
        side="centre",
        parent="trunk",
        path=np.stack([chest, start, head.path[0]]),
        radius=np.array([neck_ball[1], neck_ball[1], neck_ball[1]]),
        core=True,
    )
    return [torso, neck, head]


def _profile(reading: Reading) -> tuple[Points, Points, Points]:
    if reading.plan == "quadruped":
        return SITTING_PET if reading.pose == "sitting" else STANDING_PET
    return SITTING_TOY if reading.pose == "sitting" else BIPED


def _torso(figure: Figure, frame: Frame, reading: Reading, mask: Mask) -> PartShape:
    steps, depth, centre = _profile(reading)
    bottom = float(np.flatnonzero(mask.any(1))[-1] + 1) if mask.any() else figure.ground
    stands = bottom > figure.ground - 0.04 * figure.height
    half = frame.torso_radius
    rise = np.clip((bottom - np.arange(figure.mask.shape[0]) - 0.5) / max(bottom - frame.neck, 1.0), 0, 1)
    wide = np.ones((1, figure.mask.shape[1]), np.float32)
    factor = np.interp(rise, steps, depth)[:, None].astype(np.float32) * wide
    middle = (np.interp(rise, steps, centre) * half)[:, None].astype(np.float32) * wide
    lens = lens_of(mask, thickness=factor, centre=middle, ground=figure.ground if stands else None, cut=figure.cut)
    ways = np.array([0.12, 0.3, 0.5, 0.7, 0.92])
    path, radius = [], []
    for rise_at in ways:
        row = bottom - rise_at * (bottom - frame.neck)
        column, ball = row_ball(figure, row, frame.axis)
        path.append([0.5 * column + 0.5 * frame.axis, row, np.interp(rise_at, steps, centre) * half])
        radius.append(ball * np.interp(rise_at, steps, depth))
    cones = np.zeros((0, 9))
    points = np.array(path)
    if reading.plan == "quadruped" and reading.pose != "sitting":
        points, cones = _body_behind(figure, frame, reading)
        radius = list(cones[:5, 3][::-1])
    return PartShape(
        name="trunk", kind="trunk", side="centre", parent=None, path=points, radius=np.array(radius), lens=lens, cones=cones, core=True
    )


def _body_behind(figure: Figure, frame: Frame, reading: Reading) -> tuple[Points, NDArray[np.float64]]:
    """A standing animal's trunk, from the hips to the chest: as long and as tall for its width as those of rigged animals.

    Two chains of cones, one above the other, for a trunk is taller than it is wide.
    """
    height = float(figure.height)
    chest = figure.tree.points[0] if abs(figure.tree.points[0, 0] - frame.axis) < 0.5 * frame.torso_radius else frame.torso
    turn = np.radians(abs(_signed_heading(reading)))
    # The wider a turned animal's outline is, the more of it is the trunk's length.
    seen = figure.room(*chest) / float(np.cos(turn) + 0.35 * TRUNK_LENGTH[0] * np.sin(turn))
    half = float(np.clip(seen, TRUNK_WIDTH[0] * height, TRUNK_WIDTH[1] * height))
    long = 0.5 * (TRUNK_LENGTH[0] * half + TRUNK_LENGTH[1] * height)
    row = 0.5 * (chest[1] + figure.ground - TRUNK_AT * height)
    # From a little before the fore legs to a little behind the hind legs; a belly that rises towards the loins.
    steps = np.linspace(-0.5 * half, long, 5)[:, None]
    way = np.array([chest[0], row, 0.0]) + steps * _backwards(reading) - np.array([0, half, 0]) * np.array([0, 0, 0.08, 0.12, 0.1])[:, None]
    thick = half * np.array([0.92, 1.0, 0.95, 0.9, 0.84])
    apart = np.array([0.0, (TRUNK_TALL - 1) * half, 0.0]) * np.array([0.7, 1.0, 1.0, 0.9, 0.5])[:, None]
    return way[::-1].copy(), np.concatenate([cones_along(way + apart, thick), cones_along(way - apart, thick)])


def _head(figure: Figure, frame: Frame, reading: Reading, mask: Mask, torso: PartShape, *, eared: bool) -> PartShape:
    centre, ball = frame.head, frame.head_radius
    neck_z = float(torso.path[-1][2])
    pet = reading.plan == "quadruped"
    forward = neck_z + (0.35 * ball if pet else 0.08 * ball)
    lens = lens_of(mask, thickness=HEAD_DEPTH if pet else 0.95, centre=forward, cut=figure.cut)
    root = np.array([centre[0], min(frame.neck, centre[1] + 0.8 * ball), forward - 0.25 * ball])
    middle = np.array([centre[0], centre[1], forward])
    if not pet and not eared:
        path = np.stack([root, middle, np.array([centre[0], centre[1] - 0.9 * ball, forward])])
        return _head_shape(path, np.array([0.7, 1.0, 0.4]) * ball, lens, np.zeros((0, 9)))
    cones, tip = muzzle(figure, centre, ball, forward, length=0.6 if pet else 0.3)
    return _head_shape(np.stack([root, middle, tip]), np.array([0.7, 1.0, 0.3]) * ball, lens, cones)


def _head_shape(path: Points, radius: Points, lens: Lens, cones: NDArray[np.float64]) -> PartShape:
    return PartShape(
        name="head", kind="head", side="centre", parent="neck", path=path, radius=radius, lens=lens, cones=cones, core=True, blend=5.0
    )


def muzzle(figure: Figure, centre: Points, ball: float, depth: float, *, length: float) -> tuple[NDArray[np.float64], Points]:
    """A muzzle under the nose that the picture shows (or where it usually is): its round cones and its tip.

    ``centre`` (2,) and ``ball`` the head's middle and radius, ``depth`` its middle's depth, ``length`` 1 for a usual muzzle.
    """
    nose = find_nose(figure.light, figure.mask, centre, ball)
    usual = centre + ball * np.array([0.0, 0.30])
    at = usual if nose is None else 0.85 * nose + 0.15 * usual + ball * np.array([0.0, 0.05])
    wide = min(MUZZLE * ball, 0.95 * max(figure.room(*at), 2.0))
    surface = np.sqrt(max(1.0 - float(((at - centre) ** 2).sum()) / ball**2, 0.2)) * ball
    base = np.array([*(0.7 * at + 0.3 * (centre + ball * np.array([0.0, 0.2]))), depth + 0.62 * surface])
    front = np.array([*at, depth + surface + 0.22 * length * ball - 0.25 * wide])
    tip = front + np.array([0.0, -0.15 * wide, 0.75 * wide])
    return cones_along(np.stack([base, front]), np.array([1.15, 0.8]) * wide), tip


def _limb(
    figure: Figure,
    frame: Frame,
    reading: Reading,
    kind: PartKind,
    side: Side,
    branch: Branch,
    cells: Mask,
    shapes: list[PartShape],
) -> PartShape:
    tree = figure.tree
    half = frame.torso_radius
    base = branch.nodes[0]
    root = next(
        (
            place
            for place, node in enumerate(branch.nodes)
            if np.linalg.norm(tree.points[node] - tree.points[base]) > 0.45 * tree.radius[base]
        ),
        0,
    )
    nodes = list(branch.nodes[min(root, len(branch.nodes) - 2) :])
    path, radius = tree.points[nodes], np.minimum(tree.radius[nodes], 1.4 * branch.radius)
    t = np.linspace(0, 1, len(nodes))
    torso, head = shapes[0], shapes[2]
    parent, thick, ground, blend = "trunk", 1.0, None, 6.0
    if kind == "ear":
        parent, thick, blend = "head", EAR_DEPTH, 3.0
        depth = np.full(len(nodes), head.path[1][2] - 0.15 * frame.head_radius)
    elif kind == "arm":
        depth = np.interp(t, [0, 1], [0.0, 0.25 * half])
    elif kind == "leg":
        ground = figure.ground
        sitting = reading.pose == "sitting"
        z = float(np.interp(path[0, 1], torso.path[::-1, 1], torso.path[::-1, 2])) if reading.plan == "quadruped" and sitting else 0.0
        reach = min(1.1 * branch.length, 1.3 * half) if sitting else 0.0
        depth = np.interp(t, [0, 1], [z, z + reach])
    elif kind == "tail":
        depth = np.interp(t, [0, 0.5, 1], [-0.9 * half, -0.9 * half, -0.5 * half])
    else:
        depth = np.full(len(nodes), 0.0 if path[0, 1] > frame.neck else head.path[1][2])
        parent = "trunk" if path[0, 1] > frame.neck else "head"
    mask = cells | figure.discs(path, radius)
    lens = lens_of(mask, thickness=thick, centre=figure.field_along(path, depth), ground=ground, cut=figure.cut)
    if kind == "ear":
        lens = cupped(lens)
    end = path[-1] + (0, radius[-1]) if kind == "leg" else path[-1]
    full = np.c_[np.r_[path, end[None]], np.r_[depth, depth[-1]]]
    cones = np.zeros((0, 9))
    if kind == "leg" and reading.pose != "sitting":
        sole = min(figure.ground - 0.75 * radius[-1], path[-1, 1] + radius[-1])
        foot = np.array([[path[-1, 0], sole, depth[-1]], [path[-1, 0], sole + 0.1 * radius[-1], depth[-1] + 1.0 * radius[-1]]])
        cones = cones_along(foot, np.array([0.85, 0.72]) * radius[-1])
        full = np.r_[full, [[full[-1, 0], full[-1, 1], full[-1, 2] + radius[-1]]]]
    return PartShape(
        name=f"{kind}_{side}" if kind not in ("tail", "limb") else kind,
        kind=kind,
        side=side if kind != "limb" else "centre",
        parent=parent,
        path=full,
        radius=np.r_[radius, np.full(len(full) - len(radius), radius[-1] * 0.8)],
        lens=lens,
        cones=cones,
        blend=blend,
    )


def cupped(lens: Lens) -> Lens:
    """The lens of an ear, hollow towards the viewer."""
    half = np.sqrt(np.maximum(lens.square, 0)).astype(np.float32)
    return Lens(square=lens.square, centre=(lens.centre - np.float32(CUP) * half).astype(np.float32), reach=lens.reach)


def _hidden_legs(figure: Figure, frame: Frame, reading: Reading, shapes: list[PartShape]) -> list[PartShape]:
    """What a frontal picture of a pet hides or merges: fore legs of a sitting one, hind legs of both."""
    if reading.plan != "quadruped" or figure.bust:
        return []
    return _sitting_legs(figure, frame, shapes) if reading.pose == "sitting" else _hind_legs(figure, frame, reading, shapes)


def _hind_legs(figure: Figure, frame: Frame, reading: Reading, shapes: list[PartShape]) -> list[PartShape]:
    """Under the far end of the body copies of the fore legs, behind the same outline; plain legs where the picture shows none."""
    back = shapes[0].path[0] - shapes[0].path[-1]
    back = back + 0.6 * float(shapes[0].radius[0]) * back / max(float(np.linalg.norm(back)), 1e-6) * -1
    back[1] = float(np.linalg.norm(back)) * _backwards(reading)[1]
    added = []
    for side, sign in SIDES:
        place = next((place for place, shape in enumerate(shapes) if shape.kind == "leg" and shape.side == side), None)
        if place is None:
            fore = _plain_leg(figure, frame, side, sign)
            added.append(fore)
        else:
            fore = shapes[place] = replace(shapes[place], name=f"leg_fore_{side}")
        hind = _with_thigh(moved(fore, _hidden(figure, fore, back)), shapes[0], sign)
        added.append(replace(hind, name=f"leg_hind_{side}", visible=False))
    return added


def _with_thigh(leg: PartShape, trunk: PartShape, sign: float) -> PartShape:
    """The hind leg with a thigh that reaches into the trunk, wherever that is."""
    half = float(trunk.radius[0])
    hip = trunk.path[0] + np.array([sign * 0.35 * half, 0.3 * half, 0.0]) + 0.3 * (trunk.path[1] - trunk.path[0])
    thigh = cones_along(np.stack([hip, leg.path[0]]), np.array([0.7 * half, min(1.1 * float(leg.radius[0]), 0.7 * half)]))
    return replace(
        leg, path=np.r_[hip[None], leg.path], radius=np.r_[0.7 * half, leg.radius], cones=np.concatenate([thigh, leg.cones]), blend=8.0
    )


def _hidden(figure: Figure, leg: PartShape, back: Points) -> Points:
    """The move ``back`` (3,) as far aside as the outline still hides the leg."""
    for share in (1.0, 0.75, 0.5, 0.25):
        move = back * np.array([share, share, 1.0])
        if figure.hides(leg.path + move):
            return move
    return back * np.array([0.0, 0.0, 1.0])


def _plain_leg(figure: Figure, frame: Frame, side: Side, sign: float) -> PartShape:
    column = frame.axis + sign * 0.5 * frame.torso_radius
    r = 0.26 * frame.torso_radius
    ends = np.array([frame.torso[1], 0.5 * (frame.torso[1] + figure.ground), figure.ground - r, figure.ground - 0.8 * r])
    way = np.c_[np.full(4, column), ends, [0.0, 0.0, 0.0, 0.9 * r]]
    radius = _fitting(figure, way, np.array([1.5, 1.1, 1.0, 0.85]) * r)
    return PartShape(
        name=f"leg_fore_{side}", kind="leg", side=side, parent="trunk", path=way, radius=radius, cones=cones_along(way, radius), blend=6.0
    )


def _sitting_legs(figure: Figure, frame: Frame, shapes: list[PartShape]) -> list[PartShape]:
    torso = shapes[0]
    half = frame.torso_radius
    tall = figure.ground - frame.neck
    added = []
    for place, shape in enumerate(shapes):
        if shape.kind == "leg":
            shapes[place] = replace(shape, name=f"leg_hind_{shape.side}")
    taken = {shape.name for shape in shapes}
    for side, sign in SIDES:
        column = frame.axis + sign * 0.40 * half
        r = 0.27 * half
        front = [
            float(np.interp(y, torso.path[::-1, 1], torso.path[::-1, 2])) for y in (figure.ground - 0.6 * tall, figure.ground - 0.3 * tall)
        ]
        z = max(front[0] + 0.55 * half, 0.45 * half)
        way = np.array(
            [
                [column, figure.ground - 0.62 * tall, z - 0.25 * half],
                [column, figure.ground - 0.32 * tall, z],
                [column, figure.ground - r, z],
                [column, figure.ground - 0.75 * r, z + 0.42 * half],
            ]
        )
        radius = _fitting(figure, way, np.array([1.15, 0.95, 0.85, 0.8]) * r)
        added.append(
            PartShape(
                name=f"leg_fore_{side}",
                kind="leg",
                side=side,
                parent="trunk",
                path=way,
                radius=radius,
                cones=cones_along(way, radius),
                blend=4.0,
            )
        )
        if f"leg_hind_{side}" in taken:
            continue
        column = frame.axis + sign * 0.62 * half
        low = float(torso.path[0][2])
        way = np.array(
            [
                [frame.axis + sign * 0.45 * half, figure.ground - 0.30 * tall, low - 0.35 * half],
                [column, figure.ground - 0.26 * tall, low + 0.45 * half],
                [column, figure.ground - 0.06 * tall, low + 0.1 * half],
                [column + sign * 0.08 * half, figure.ground - 0.16 * half, low + 0.95 * half],
            ]
        )
        radius = _fitting(figure, way, np.array([0.40, 0.42, 0.22, 0.17]) * half)
        added.append(
            PartShape(
                name=f"leg_hind_{side}",
                kind="leg",
                side=side,
                parent="trunk",
                path=way,
                radius=radius,
                cones=cones_along(way, radius),
                blend=5.0,
                visible=False,
            )
        )
    return added


def _fitting(figure: Figure, way: Points, radius: Points) -> Points:
    """Radii no larger than the room that the silhouette leaves."""
    room = np.array(
        [max(figure.room(x, min(y, figure.ground - 3.0)), figure.ground - y if y > figure.ground - 8 else 0, 1.5) for x, y, _ in way]
    )
    return np.minimum(radius, room)


def _unique(shapes: list[PartShape]) -> list[PartShape]:
    """Number the limbs that have no better name."""
    counts = 0
    named = []
    for shape in shapes:
        if shape.name == "limb":
            counts += 1
            shape = replace(shape, name=f"limb_{counts}")
        named.append(shape)
    return named
