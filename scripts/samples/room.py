"""A living room to sit in: a sofa of woven cloth with a velvet cushion, and behind it, out of focus, shelves and lamps."""

import numpy as np
from camera import Camera, Image32, Light, see
from lens import add_discs, defocus
from noise import value_noise
from numba import njit
from numpy.typing import NDArray
from solid import Field, Fur, Sculpture, Vectors, sample, sky_reaches, sun_reaches

CLOTH = np.array([0.026, 0.098, 0.112])  # petrol
VELVET = np.array([0.52, 0.235, 0.028])  # mustard
FRONT, BACK, BACK_TOP, LEAN = 21.0, -17.0, 35.0, 0.16  # cm: the seat's front edge, the back cushions' foot, top and slope
PILLOW = np.array([26.6, 10.6, -6.0])  # the button in the middle of the cushion
SEAM = 10.5  # x of the seam between the back cushions


@njit(cache=True, nogil=True)
def _light_at(points, normals, values, low, step, sun, out):  # type: ignore[no-untyped-def]
    """Sun and ambient light that reach points beside a solid: out N x 2."""
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        nx, ny, nz = normals[i, 0], normals[i, 1], normals[i, 2]
        out[i, 0] = sun_reaches(values, low, step, x + 0.3 * nx, y + 0.3 * ny, z + 0.3 * nz, sun, 0.22)
        out[i, 1] = (
            sky_reaches(values, low, step, x, y + 3.0, z, nx, ny, nz) if ny < 0.9 else sky_reaches(values, low, step, x, y, z, nx, ny, nz)
        )


def _weave(u: Vectors, v: Vectors) -> tuple[Vectors, Vectors]:
    """A plain weave over cloth coordinates in cm: brightness of the threads (about 1) and their height (0-1)."""
    spots = np.stack([u, v, 0 * u], 1)
    u = u + 0.05 * value_noise(spots, 1.3, 91)
    v = v + 0.05 * value_noise(spots, 1.3, 92)
    pitch = 0.26
    warp, weft = np.floor(u / pitch), np.floor(v / pitch)
    over = (warp + weft) % 2 < 0.5
    across = np.where(over, u / pitch - warp, v / pitch - weft) - 0.5
    along = np.where(over, v / pitch - weft, u / pitch - warp) - 0.5
    height = np.sqrt(np.clip(1 - (2 * across) ** 2, 0, 1)) * (0.55 + 0.45 * np.cos(np.pi * along))
    thread = np.where(over, np.sin(warp * 78.233 + 12.9), np.sin(weft * 39.425 + 4.1)) * 43758.5453
    melange = 1 + 0.30 * (thread - np.floor(thread) - 0.5) + 0.12 * value_noise(spots * [1, 4, 1], 0.6, 93)
    return np.asarray(melange), np.asarray(height)


def cushion() -> Sculpture:
    """A round cushion that leans in the corner."""
    s = Sculpture()
    plain = Fur(comb=(0, 1, 0), length=0)
    s.ball(PILLOW + np.array([0.3, -0.9, -4.5]), (9.8, 9.8, 4.2), yaw=-14, roll=-10, fur=plain, blend=1.0)
    s.ball(PILLOW, (1.2, 1.2, 1.6), fur=plain, blend=2.4, carve=True)
    return s


def sofa(camera: Camera, animal: Field, light: Light) -> tuple[Image32, NDArray[np.float64]]:
    """Seat, front, back and cushion: a picture (H x W x 4, premultiplied) and the distance of its pixels (H x W, cm)."""
    rows, columns = np.mgrid[0 : camera.height, 0 : camera.width]
    ways = camera.ways(rows, columns)
    seat = -camera.eye[1] / np.where(ways[..., 1] < 0, ways[..., 1], -1e-9)
    front = (FRONT - camera.eye[2]) / ways[..., 2]
    back = (BACK - camera.eye[2] - LEAN * camera.eye[1]) / (ways[..., 2] + LEAN * ways[..., 1])
    seat_z = camera.eye[2] + seat * ways[..., 2]
    on_seat = (ways[..., 1] < 0) & (seat_z < FRONT) & (seat < back)
    on_front = ~on_seat & (camera.eye[1] + front * ways[..., 1] < 0)
    back_y = camera.eye[1] + back * ways[..., 1]
    back_x = camera.eye[0] + back * ways[..., 0]
    edge = BACK_TOP - 1.6 * np.exp(-np.abs(back_x - SEAM) / 1.6) + 0.5 * np.sin(back_x / 9)
    on_back = ~on_seat & ~on_front & (back_y < edge)
    picture = np.zeros((*rows.shape, 4), np.float32)
    distance = np.full(rows.shape, 1e9)
    for chosen, depth, kind in ((on_seat, seat, "seat"), (on_front, front, "front"), (on_back, back, "back")):
        points = camera.eye + ways[chosen] * depth[chosen][:, None]
        picture[chosen, :3] = _cloth(points, kind, animal, light)
        picture[chosen, 3] = 1
        distance[chosen] = depth[chosen]
    _place_cushion(camera, light, animal, picture, distance)
    return picture, distance


def _cloth(points: Vectors, kind: str, animal: Field, light: Light) -> Vectors:
    """The radiance of upholstery at points of the seat, the front or the back: N x 3."""
    x, y, z = points.T
    fold = value_noise(points, 9.0, 95)
    shade = np.ones(len(points))
    if kind == "seat":
        normal = np.stack([0.05 * fold, np.ones_like(x), 0.25 * np.clip((z - FRONT + 3) / 3, 0, 1)], 1)
        melange, height = _weave(x, z)
        shade -= 0.55 * np.exp(-(z - BACK) / 4.0)  # where the seat meets the back
    elif kind == "front":
        bulge = np.clip(-y / 2.2, 0, 1)
        normal = np.stack([0.05 * fold, 0.9 * (1 - bulge), 0.2 + bulge], 1)
        melange, height = _weave(x, y)
        shade -= 0.45 * np.exp(-(((y + 1.1) / 0.22) ** 2))  # piping
        shade += 0.25 * np.exp(-(((y + 0.8) / 0.25) ** 2))
    else:
        pinch = x - SEAM
        round_off = np.exp(-np.abs(pinch) / 1.8)
        top = np.clip((y - BACK_TOP + 5) / 5, 0, 1)
        normal = np.stack([-0.9 * np.sign(pinch) * -round_off + 0.10 * fold, LEAN + 1.2 * top**2 + 0.08 * fold, np.ones_like(x)], 1)
        melange, height = _weave(x, y)
        shade -= 0.6 * np.exp(-np.abs(pinch) / 0.5) + 0.5 * np.exp(-y / 3.0)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    reached = np.empty((len(points), 2))
    _light_at(points, normal, animal.values, animal.low, animal.step, light.sun, reached)
    facing = np.clip(0.85 * (normal @ light.sun) + 0.15, 0, 1)
    up = 0.5 + 0.5 * normal[:, 1:2]
    albedo = CLOTH * (melange * (0.45 + 0.75 * height))[:, None]
    lit = light.sun_colour * (reached[:, 0] * facing)[:, None] + reached[:, 1:] * (light.sky_colour * up + light.ground_colour * (1 - up))
    return np.asarray(albedo * lit * np.clip(shade, 0.1, 1.3)[:, None])


def _place_cushion(camera: Camera, light: Light, animal: Field, picture: Image32, distance: NDArray[np.float64]) -> None:
    """Draw the velvet cushion into the picture where it is nearest."""
    depth, normals = see(sample(cushion().solid(), step=0.35), camera)
    chosen = depth < distance
    rows, columns = np.nonzero(chosen)
    points = camera.points_at(rows, columns, depth[chosen])
    local = points - PILLOW
    angle, radius = np.arctan2(local[:, 1], local[:, 0]), np.hypot(local[:, 0], local[:, 1])
    pleat = np.sin(angle * 26 + 1.5 * value_noise(points, 3.0, 96)) * np.clip(1 - radius / 9.5, 0.1, 1)
    tangent = np.stack([-np.sin(angle), np.cos(angle), 0 * angle], 1)
    normal = normals[chosen] + 0.55 * pleat[:, None] * tangent + 0.10 * value_noise(points, 1.2, 97)[:, None]
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    reached = np.empty((len(points), 2))
    _light_at(points, normal, animal.values, animal.low, animal.step, light.sun, reached)
    view = camera.eye - points
    view /= np.linalg.norm(view, axis=1, keepdims=True)
    sheen = np.clip(1 - (normal * view).sum(1), 0, 1)[:, None] ** 2.5  # velvet shines at its rim
    facing = np.clip(normal @ light.sun, 0, 1) * reached[:, 0]
    lit = light.sun_colour * facing[:, None] + reached[:, 1:] * (
        light.sky_colour * (0.5 + 0.5 * normal[:, 1:2]) + 0.5 * light.ground_colour
    )
    contact = np.clip(points[:, 1:2] / 5, 0.35, 1)
    picture[chosen, :3] = VELVET * lit * contact * (0.8 + 1.4 * sheen)
    picture[chosen, 3] = 1
    distance[chosen] = depth[chosen]


BOOKS = np.array([[0.22, 0.05, 0.04], [0.05, 0.10, 0.18], [0.30, 0.22, 0.10], [0.06, 0.12, 0.07], [0.32, 0.29, 0.24], [0.16, 0.06, 0.10]])


def backdrop(camera: Camera, rng: np.random.Generator, *, blur: float) -> Image32:
    """The room behind the sofa, out of focus: H x W x 3; `blur` is the radius of the bokeh in pixels."""
    unit = camera.height / 1200
    height, width = camera.height, camera.width
    picture = np.empty((height, width, 3), np.float32)
    rows, columns = np.mgrid[0:height, 0:width] / unit
    picture[:] = (np.array([0.060, 0.085, 0.120]) * (1.15 - 0.0005 * rows)[..., None]).astype(np.float32)

    def slab(left: float, top: float, right: float, bottom: float, colour: Vectors) -> None:
        picture[max(int(top * unit), 0) : max(int(bottom * unit), 0), max(int(left * unit), 0) : max(int(right * unit), 0)] = colour

    for shelf in (120, 330, 540):  # a bookcase at the right
        left = 560.0
        while left < 1000:
            wide, tall = rng.uniform(16, 38), rng.uniform(120, 178)
            slab(left, shelf - tall, left + wide - 3, shelf, BOOKS[rng.integers(len(BOOKS))] * rng.uniform(0.5, 1.1))
            left += wide if rng.uniform() < 0.9 else wide + 45
        slab(545, shelf, 1000, shelf + 18, np.array([0.10, 0.055, 0.028]))
    slab(0, -10, 262, 330, np.array([0.075, 0.050, 0.035]))  # a picture in its frame
    slab(18, 8, 244, 312, np.array([0.30, 0.28, 0.24]))
    slab(40, 150, 222, 290, np.array([0.10, 0.17, 0.15]))
    lamp = np.hypot((columns - 420) / 95, (rows - 250) / 80)  # a lamp and its glow on the wall
    picture += (np.exp(-(lamp**1.3) / 2.2)[..., None] * np.array([1.15, 0.66, 0.27])).astype(np.float32)
    shade = (np.abs(columns - 420) < 62 + 0.22 * (rows - 250)) & (np.abs(rows - 250) < 62)
    picture[shade] = np.array([2.6, 1.75, 0.85])
    slab(412, 312, 428, 560, np.array([0.05, 0.035, 0.025]))
    picture = defocus(picture, blur)
    x = rng.uniform(-20, 1020, 42)  # a string of fairy lights
    y = 70 + 46 * np.sin(x / 120) + 0.04 * x + rng.normal(0, 9, len(x))
    power = rng.uniform(0.10, 0.42, len(x))
    add_discs(picture, x * unit, y * unit, np.full(len(x), 1.15 * blur), np.array([1.0, 0.66, 0.26]) * power[:, None])
    return picture
