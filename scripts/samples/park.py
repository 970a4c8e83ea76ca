"""A park to stand in: a lawn of blades, and far behind it, out of focus, trees, a path, a bench, flowers and sky."""

from dataclasses import dataclass

import cv2
import numpy as np
from camera import Camera, Image32, Light
from fur import JOINTS
from lens import add_discs, defocus
from noise import value_noise
from numba import njit
from numpy.typing import NDArray
from solid import Field, Vectors, look_up, sky_reaches, sun_reaches

GRASS_ROOT, GRASS_TIP = np.array([0.026, 0.044, 0.012]), np.array([0.125, 0.185, 0.045])
STRAW = np.array([0.36, 0.31, 0.13])
SOIL = np.array([0.050, 0.050, 0.022])
LEAVES_DARK, LEAVES_OLIVE, LEAVES_GOLD = np.array([0.030, 0.066, 0.022]), np.array([0.135, 0.165, 0.030]), np.array([0.26, 0.23, 0.040])
HAZE, HAZE_SHARE = np.array([0.20, 0.36, 0.12]), 0.18
BENCH = (  # left, top, right, bottom (as in View), tone
    (1095, -40, 1245, -29, 1.7),
    (1095, -24, 1245, -13, 1.7),
    (1088, 0, 1252, 9, 2.1),
    (1108, -42, 1116, 40, 0.4),
    (1224, -42, 1232, 40, 0.4),
)


@njit(cache=True, nogil=True)
def _ground_light(points, values, low, step, sun, out):  # type: ignore[no-untyped-def]
    """Sun and sky that reach points of the ground beside a solid: out N x 2."""
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        out[i, 0] = sun_reaches(values, low, step, x, y, z, sun, 0.10)
        out[i, 1] = sky_reaches(values, low, step, x, y, z, 0.0, 1.0, 0.0)


def ground_light(points: Vectors, field: Field, light: Light) -> Vectors:
    """Shares of sun and of sky (N x 2) that an animal on the lawn leaves for points of the ground."""
    out = np.empty((len(points), 2))
    _ground_light(points, field.values, field.low, field.step, light.sun, out)
    return out


@njit(cache=True, nogil=True)
def _gaps(points, values, low, step, out):  # type: ignore[no-untyped-def]
    for i in range(points.shape[0]):
        out[i] = look_up(values, low, step, points[i, 0], points[i, 1], points[i, 2])


def dapple(points: Vectors) -> Vectors:
    """The play of light under distant trees: 1 in the sun, less in the shade, as a field on the ground."""
    flat = points * [1, 0, 1]
    return np.asarray(np.clip(0.95 + 0.40 * value_noise(flat, 140, 71) + 0.20 * value_noise(flat, 55, 72), 0.62, 1.12))


def blades(
    camera: Camera,
    near: float,
    far: float,
    per_cm2: float,
    field: Field,
    light: Light,
    rng: np.random.Generator,
    *,
    height: float = 3.0,
    fade: float = 15.0,
) -> tuple[NDArray[np.float32], NDArray[np.float32], Vectors]:
    """Grass as wide hairs (points and colours N x JOINTS x 3, widths N) between two distances; `height` is a blade's usual length.

    At both distances the blades thin out over twice `fade` cm, so that neighbouring layers pass into each other.
    """
    half = 0.54 * far * camera.width / camera.focal
    count = int(2 * half * (far - near + 2 * fade) * per_cm2)
    away = rng.uniform(near - fade, far + fade, count)
    share = np.clip((away - near) / (2 * fade) + 0.5, 0, 1) * np.clip((far - away) / (2 * fade) + 0.5, 0, 1)
    away = away[rng.uniform(size=count) < share]
    z = camera.eye[2] - away
    count = len(z)
    x = camera.target[0] + rng.uniform(-half, half, count)
    roots = np.stack([x, np.zeros(count), z], 1)
    visible = np.abs(camera.project(roots)[:, 0] / camera.width - 0.5) < 0.53
    roots = roots[visible]
    gap = np.empty(len(roots))  # to the animal: it stands on some blades and has trodden down others
    _gaps(roots + np.array([0, 0.8, 0]), field.values, field.low, field.step, gap)
    roots, gap = roots[gap > 0.15], gap[gap > 0.15]
    count = len(roots)
    patch = value_noise(roots, 22, 61) + 0.6 * value_noise(roots, 7, 62)
    length = height * np.clip(gap / 5, 0.45, 1) * np.clip(0.75 + 0.28 * patch + 0.28 * rng.standard_normal(count), 0.25, 1.9)
    heading = rng.uniform(0, 2 * np.pi, count) + 0.5 * patch
    bend = rng.gamma(2.0, 0.22, count)
    lean = np.stack([np.cos(heading), np.zeros(count), np.sin(heading)], 1) + np.array([0.25, 0, 0.1])
    s = np.linspace(0, 1, JOINTS)
    rise = (length[:, None] * s)[..., None] * np.array([0.0, 1.0, 0.0])
    side = (length * bend)[:, None, None] * (s**2)[:, None] * lean[:, None, :]
    points = roots[:, None] + rise * (1 - 0.18 * np.clip(bend, 0, 2)[:, None, None] * s[:, None]) + side
    dry = np.clip((rng.uniform(size=count) - 0.90) * 10, 0, 1) * 0.8
    tint = np.exp(0.24 * rng.standard_normal(count) + 0.20 * patch)[:, None] * (1 + 0.18 * rng.standard_normal((count, 1)) * [1, 0.1, 0])
    tip = (GRASS_TIP + dry[:, None] * (STRAW - GRASS_TIP)) * np.clip(tint, 0.35, 2.2)
    reached = ground_light(roots + np.array([0, 0.6 * height, 0]), field, light)
    sun = (reached[:, 0] * dapple(roots))[:, None, None]
    tangent = np.gradient(points, axis=1)
    tangent /= np.linalg.norm(tangent, axis=2, keepdims=True)
    facing = np.sqrt(np.clip(1 - (tangent @ light.sun) ** 2, 0, 1))[..., None]
    depth = (0.16 + 0.84 * s**1.1)[None, :, None]
    albedo = GRASS_ROOT + (tip[:, None] - GRASS_ROOT) * s[None, :, None]
    half_way = light.sun + np.array([0.0, 0.12, 0.99])
    half_way /= np.linalg.norm(half_way)
    gloss = 0.05 * np.clip(1 - (tangent @ half_way) ** 2, 0, 1)[..., None] ** 24 * s[None, :, None]
    colours = (
        albedo * depth * (sun * light.sun_colour * (0.25 + 0.75 * facing) + reached[:, 1, None, None] * light.sky_colour)
        + sun * gloss * light.sun_colour
    )
    return points.astype(np.float32), colours.astype(np.float32), rng.uniform(0.10, 0.24, count)


def lawn_floor(camera: Camera, field: Field, light: Light) -> tuple[Image32, Image32]:
    """The ground itself, under and behind the blades: radiance H x W x 3 and distance from the camera H x W (1e9: sky)."""
    height, width = camera.height, camera.width
    ways = camera.ways(*np.mgrid[0:height, 0:width])
    down = ways[..., 1] < -1e-4
    reach = np.where(down, -camera.eye[1] / np.where(down, ways[..., 1], -1), 1e9)
    picture = np.zeros((height, width, 3), np.float32)
    points = camera.eye + reach[down][:, None] * ways[down]
    far = np.clip((reach[down] / camera.eye[2] - 1.18) / 0.9, 0, 1)[:, None]
    # Far away the blades merge into a texture that grows coarser with the distance.
    patch = (
        value_noise(points, 22, 61) + 0.6 * value_noise(points, 7, 62) + 0.8 * value_noise(points * [1, 1, 0.25], 3, 64) * (1 - far[:, 0])
    )
    tint = np.exp(0.22 * patch + 0.25 * value_noise(points, 90, 63))[:, None]
    yellow = np.clip(value_noise(points * [1, 1, 0.4], 160, 65), 0, 1)[:, None]
    green = (0.55 * GRASS_TIP + 0.12 * STRAW * yellow) * tint
    albedo = SOIL * 0.8 + far * (green - SOIL * 0.8)
    near = reach[down] < 1.6 * camera.eye[2]
    reached = np.ones((len(points), 2))
    reached[near] = ground_light(points[near] + [0, 0.5, 0], field, light)
    sun = (reached[:, 0] * dapple(points))[:, None]
    picture[down] = albedo * (sun * light.sun_colour * 0.85 + reached[:, 1:] * light.sky_colour)
    return picture, np.asarray(np.where(down, reach, 1e9), np.float32)


@dataclass(frozen=True)
class View:
    """The distant part of a picture: x and y of its pixels in units of a 1280-pixel-wide picture, y from the horizon down."""

    x: Vectors
    y: Vectors
    unit: float
    horizon: float

    def texture(self, size: float, seed: int, stretch: float = 1.0) -> Vectors:
        """Smooth noise with features of that size, stretched upright (or flat, below 1)."""
        spots = np.stack([self.x.ravel(), (self.y.ravel() + self.horizon / self.unit) / stretch, np.zeros(self.x.size)], 1)
        return value_noise(spots, size, seed).reshape(self.x.shape)


def _mix(picture: Vectors, cover: Vectors, colour: Vectors) -> Vectors:
    """Lay a colour (3, or H x W x 3) over the picture where `cover` (H x W) says."""
    return np.asarray(picture + cover[..., None] * (colour - picture))


def _wood(view: View) -> Vectors:
    """Leaves in the light and in the shade, gaps of sky, trunks."""
    x, y = view.x, view.y
    leaves = 0.7 * view.texture(120, 81) + 0.9 * view.texture(55, 82) + 0.55 * view.texture(26, 83)
    hue = np.clip(0.5 + 0.5 * view.texture(95, 84) + 0.4 * view.texture(50, 85), 0, 1)
    autumn = np.clip(view.texture(110, 86) * 1.4 - 0.45, 0, 1)
    picture = _mix(_mix(np.broadcast_to(LEAVES_DARK, (*x.shape, 3)), hue, LEAVES_OLIVE), autumn, LEAVES_GOLD)
    picture = picture * (1.25 * np.exp(0.62 * leaves - 0.0016 * (y + 150)))[..., None]
    gaps = np.clip((leaves - 1.0 - 0.002 * (y + 90)) * 1.6, 0, 1) * np.clip(-y / 120, 0, 1)
    picture = _mix(picture, gaps, np.array([0.36, 0.56, 0.12]))
    for at, breadth, tone in ((92, 46, 0.9), (330, 26, 0.6), (742, 34, 0.75), (1178, 62, 1.0)):
        across = x - at - 0.04 * y - 5 * np.sin(y / 60)
        lit = np.clip(0.35 + 0.9 * across / breadth, 0.05, 1)[..., None]
        bark = np.array([0.052, 0.060, 0.018]) + lit * tone * np.array([0.115, 0.120, 0.040])
        picture = _mix(picture, np.clip((breadth / 2 - np.abs(across)) / 5 + 0.5, 0, 1) * (y < 26), bark)
    return picture


def _meadow(view: View, picture: Vectors) -> Vectors:
    """A hedge, a far meadow, a path of asphalt and a bench beside it."""
    x, y = view.x, view.y
    hedge = LEAVES_DARK * (1.0 + 0.8 * view.texture(24, 88))[..., None]
    picture = _mix(picture, np.clip((y + 46 + 26 * view.texture(120, 87)) / 14, 0, 1) * (y < 30), hedge)
    sunlit = np.clip(0.9 + 0.5 * view.texture(330, 89, 0.12), 0.35, 1.4)[..., None]
    picture = _mix(picture, np.clip((y + 4) / 6, 0, 1), np.array([0.20, 0.285, 0.060]) * sunlit)
    middle = 24 + 5 * np.sin(x / 300 + 0.6) + 0.010 * (x - 640)
    picture = _mix(picture, np.clip((7 + 0.004 * x - np.abs(y - middle)) / 4, 0, 1), np.array([0.30, 0.33, 0.22]) * sunlit)
    for left, top, right, bottom, tone in BENCH:
        picture[(x > left) & (x < right) & (y > top) & (y < bottom)] = np.array([0.040, 0.085, 0.080]) * tone
    return picture


def _glints(view: View, picture: Image32, rng: np.random.Generator, blur: float) -> None:
    """Wet leaves and specks of sky in the wood, and beds of flowers at both sides, as discs."""
    count = 110
    kinds = rng.uniform(size=count)
    x, rise = rng.uniform(-20, 1300, count), rng.gamma(2.4, 58, count)
    colours = np.where(kinds[:, None] < 0.6, [0.72, 1.0, 0.30], np.where(kinds[:, None] < 0.85, [0.90, 1.0, 0.25], [0.22, 0.85, 0.36]))
    bright = value_noise(np.stack([x, view.horizon / view.unit - rise, 0 * x], 1), 150, 81) > 0.05
    power = (0.04 + 0.22 * rng.gamma(1.1, 0.55, count)) * np.where(bright, 1.0, 0.35)
    radii = blur * rng.uniform(0.75, 1.1, count)
    add_discs(picture, x * view.unit, view.horizon - rise * view.unit, radii, colours * power[:, None])
    count = 60
    x = np.where(rng.uniform(size=count) < 0.5, rng.normal(1215, 45, count), rng.normal(15, 45, count))
    y = 27 + rng.normal(0, 7, count)
    petals = np.array([[0.16, 0.01, 0.07], [0.09, 0.015, 0.14], [0.17, 0.02, 0.02], [0.05, 0.02, 0.16]])[rng.integers(0, 4, count)]
    add_discs(picture, x * view.unit, view.horizon + y * view.unit, blur * rng.uniform(0.55, 0.8, count), petals)


def backdrop(camera: Camera, rng: np.random.Generator, *, blur: float) -> Image32:
    """Everything beyond the lawn, out of focus: H x W x 4, premultiplied; `blur` is the radius of the bokeh in pixels."""
    unit = camera.width / 1280
    horizon = camera.height / 2 - camera.focal * (camera.eye[1] - camera.target[1]) / (camera.eye[2] - camera.target[2])
    rows, columns = np.mgrid[0 : camera.height, 0 : camera.width]
    view = View(columns / unit, (rows - horizon) / unit, unit, horizon)
    picture = defocus(_meadow(view, _wood(view)).astype(np.float32), blur)
    _glints(view, picture, rng, blur)
    picture = picture + HAZE_SHARE * (HAZE - picture)  # far things are never black
    cover = cv2.GaussianBlur(np.clip((118 - view.y) / 26, 0, 1), (0, 0), 3 * unit)[..., None]
    return np.concatenate([picture * cover, cover], 2).astype(np.float32)
