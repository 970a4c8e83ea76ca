"""Eyes, wet and round between almond-shaped lids, and the leather of a nose."""

from dataclasses import dataclass

import numpy as np
from camera import Camera, Image32, Light, see
from noise import value_noise
from numpy.typing import NDArray
from solid import Field, Vectors


@dataclass(frozen=True, kw_only=True)
class Eye:
    """An eyeball (centre, radius in cm), where it looks, which way its lids slant, and the colours of the iris (linear RGB)."""

    centre: Vectors
    radius: float
    gaze: Vectors  # unit; the lids' plane is normal to `lids`
    lids: Vectors  # unit; where the opening between the lids faces
    across: Vectors  # from the inner to the outer corner, about
    half_width: float  # of the opening, in radii
    upper: float
    lower: float
    iris: float  # radius, in radii of the eyeball
    pupil: float
    slit: float  # width of the pupil over its height
    inner_colour: Vectors
    outer_colour: Vectors
    rim: float = 0.16  # width of the dark rim, in radii

    def frame(self) -> Vectors:
        """Rows: across, up, out."""
        out = self.lids / np.linalg.norm(self.lids)
        across = self.across - (self.across @ out) * out
        across /= np.linalg.norm(across)
        up = np.cross(out, across)
        return np.array([across, up if up[1] > 0 else -up, out])

    def opening(self, points: Vectors) -> Vectors:
        """How far inside the opening a point is, in radii (negative: outside), seen along the way the lids face."""
        local = (points - self.centre) @ self.frame().T / self.radius
        u, v = local[..., 0], local[..., 1]
        arch = np.clip(1 - (u / self.half_width) ** 2, 0, None)
        upper = self.upper * arch**0.62
        lower = self.lower * arch**0.75
        inside = np.minimum(upper - v, v + lower)
        beyond = np.abs(u) - self.half_width
        return np.asarray(np.where(beyond > 0, -np.hypot(np.clip(beyond, 0, None), np.abs(v)), np.minimum(inside, -beyond)))


def _environment(ways: Vectors, light: Light) -> Vectors:
    """What a wet surface mirrors: a bright sky above dark trees above grass, and the sun."""
    height = ways[..., 1]
    sky = np.clip((height - 0.22) / 0.25, 0, 1)[..., None] * light.sky_colour * 3.2
    ground = np.clip((-height) / 0.5, 0, 1)[..., None] * light.ground_colour * 0.5
    if light.window:
        right = np.cross([0.0, 1.0, 0.0], light.sun)
        right /= np.linalg.norm(right)
        x, y = ways @ right, ways @ np.cross(light.sun, right)
        panes = (
            np.clip((0.34 - np.abs(x)) / 0.03, 0, 1) * np.clip((0.40 - np.abs(y)) / 0.03, 0, 1) * np.clip((np.abs(x) - 0.03) / 0.02, 0, 1)
        )
        glint = 5 * panes * (ways @ light.sun > 0)
    else:
        glint = 9 * np.clip((ways @ light.sun - 0.965) / 0.02, 0, 1)
    return np.asarray(sky + ground + glint[..., None] * light.sun_colour)


def paint_eye(eye: Eye, camera: Camera, light: Light, picture: Image32, depth: Image32, *, shade: float = 1.0) -> None:
    """Paint an eye and the dark skin of its lids into the picture (premultiplied RGBA) and the depth map."""
    column, row, far = camera.project(eye.centre[None])[0]
    reach = int(eye.radius * camera.focal / far * 1.8) + 2
    r0, r1 = max(int(row) - reach, 0), min(int(row) + reach, camera.height)
    c0, c1 = max(int(column) - reach, 0), min(int(column) + reach, camera.width)
    rows, columns = np.mgrid[r0:r1, c0:c1]
    axes = camera.rows()
    ways = camera.ways(rows, columns)
    unit = ways / np.linalg.norm(ways, axis=-1, keepdims=True)
    offset = camera.eye - eye.centre
    b = unit @ offset
    root = b * b - (offset @ offset - eye.radius**2)
    hit = root > 0
    t = -b - np.sqrt(np.clip(root, 0, None))
    points = camera.eye + t[..., None] * unit
    normals = (points - eye.centre) / eye.radius
    inside = eye.opening(points)
    pixel = far / camera.focal / eye.radius
    front = normals @ eye.frame()[2] > 0.05
    colour = _eyeball(eye, normals, unit, inside, light, shade)
    lid = np.array([0.016, 0.011, 0.010]) * (0.6 + 2.2 * np.clip(normals @ light.sun, 0, 1)[..., None]) * shade
    open_share = np.clip(inside / (2 * pixel) + 0.5, 0, 1)[..., None]
    colour = lid + open_share * (colour - lid)
    cover = (hit & front) * np.clip((inside + eye.rim) / (3 * pixel) + 0.5, 0, 1)
    patch = picture[r0:r1, c0:c1]
    known = depth[r0:r1, c0:c1]
    seen = -(points - camera.eye) @ axes[2]
    cover = np.where(seen < known + 1.2 * eye.radius, cover, 0)[..., None]
    patch[..., :3] = patch[..., :3] * (1 - cover) + colour * cover
    patch[..., 3:] = patch[..., 3:] * (1 - cover) + cover
    known[...] = np.where(cover[..., 0] > 0.5, np.minimum(seen - 0.2, known), known)


def _eyeball(eye: Eye, normals: Vectors, unit: Vectors, inside: Vectors, light: Light, shade: float) -> Vectors:
    """Sclera, iris, pupil and what the cornea mirrors."""
    gaze = eye.gaze / np.linalg.norm(eye.gaze)
    _, up, _ = eye.frame()
    side = np.cross(up, gaze)
    side /= np.linalg.norm(side)
    up = np.cross(gaze, side)
    x, y = normals @ side, normals @ up
    ahead = normals @ gaze
    radius = np.where(ahead > 0, np.hypot(x, y), 2.0)
    angle = np.arctan2(y, x)
    fibres = 0.82 + 0.18 * np.sin(angle * 37 + 3 * np.sin(angle * 11)) * np.sin(radius * 40 + angle * 5)
    along = np.clip(radius / eye.iris, 0, 1)[..., None]
    iris = (eye.inner_colour + along * (eye.outer_colour - eye.inner_colour)) * fibres[..., None]
    iris = iris * (1 - 0.85 * np.clip((along - 0.82) / 0.18, 0, 1))  # the dark ring
    lit = 0.55 + 0.75 * np.clip(-(normals @ light.sun) * 0.0 + (-y) / eye.iris, -0.6, 1)  # the lens throws light to the far side
    iris = iris * np.clip(lit, 0.25, 1.3)[..., None] * 2.2
    pupil = np.clip((eye.pupil - np.hypot(x / eye.slit, y)) / 0.035 + 0.5, 0, 1)[..., None]
    colour = iris * (1 - pupil) + 0.003 * pupil
    white = np.array([0.10, 0.07, 0.055]) * (0.35 + 0.9 * np.clip(normals @ light.sun, 0, 1))[..., None]
    edge = np.clip((radius - eye.iris) / 0.05 + 0.5, 0, 1)[..., None]
    colour = colour * (1 - edge) + white * edge
    lid_shadow = np.clip(inside / 0.30, 0, 1) ** 0.8
    colour = colour * (0.18 + 0.82 * lid_shadow)[..., None]
    bulge = normals + 0.35 * np.clip(1 - radius / (eye.iris * 1.15), 0, 1)[..., None] ** 0.5 * (normals - gaze)
    bulge /= np.linalg.norm(bulge, axis=-1, keepdims=True)
    mirrored = unit - 2 * (unit * bulge).sum(-1, keepdims=True) * bulge
    facing = np.clip(-(unit * bulge).sum(-1), 0, 1)
    fresnel = 0.05 + 0.95 * (1 - facing) ** 5
    glint = _environment(mirrored, light) * np.clip(fresnel, 0.05, 0.35)[..., None]
    return np.asarray((colour * light.sun_colour.mean() * 0.55 + glint * np.clip(inside / 0.12, 0, 1)[..., None]) * shade)


def around_eyes(points: Vectors, eyes: list[Eye]) -> tuple[NDArray[np.bool_], Vectors, Vectors]:
    """For hair roots: which lie in an eye's opening, how near to one they are (0 far, 1 at its rim), the way out of it (N x 3)."""
    blocked = np.zeros(len(points), bool)
    nearness = np.zeros(len(points))
    outward = np.zeros_like(points)
    for eye in eyes:
        close = np.linalg.norm(points - eye.centre, axis=1) < 2.6 * eye.radius
        front = close & ((points - eye.centre) @ eye.frame()[2] > -0.2 * eye.radius)
        inside = np.where(front, eye.opening(points), -9)
        blocked |= inside > -0.6 * eye.rim
        near = np.clip(1 + (inside + eye.rim) / 1.3, 0, 1) * front
        nearness = np.maximum(nearness, near)
        away = points - eye.centre
        away /= np.linalg.norm(away, axis=1, keepdims=True) + 1e-9
        outward += near[:, None] * away
    return blocked, nearness, outward


def paint_nose(
    leather: Field, camera: Camera, light: Light, picture: Image32, depth: Image32, *, colour: Vectors, shade: float = 1.0
) -> None:
    """Paint a wet, pebbled nose (a sampled solid) into the picture and the depth map."""
    far, normals = see(leather, camera)
    rows, columns = np.nonzero((far < 1e8) & (far < depth + 0.3))
    ways = camera.ways(rows, columns)
    points = camera.points_at(rows, columns, far[rows, columns])
    unit = ways / np.linalg.norm(ways, axis=1, keepdims=True)
    pebbles = np.stack([value_noise(points, 0.15, 40 + k) for k in range(3)], 1)
    bumpy = normals[rows, columns] + 0.22 * pebbles
    bumpy /= np.linalg.norm(bumpy, axis=1, keepdims=True)
    half_way = light.sun - unit
    half_way /= np.linalg.norm(half_way, axis=1, keepdims=True)
    mirrored = unit - 2 * (unit * bumpy).sum(1, keepdims=True) * bumpy
    diffuse = np.clip(0.8 * (bumpy @ light.sun) + 0.2, 0, 1)[:, None]
    shine = np.clip((bumpy * half_way).sum(1), 0, 1)[:, None] ** 26
    sky = np.clip(0.8 * mirrored[:, 1:2] + 0.2, 0, 1)
    lit = colour * (light.sun_colour * diffuse + 0.6 * light.sky_colour) + 0.11 * shine * light.sun_colour + 0.05 * sky * light.sky_colour
    picture[rows, columns, :3] = lit * shade
    picture[rows, columns, 3] = 1
    depth[rows, columns] = np.minimum(depth[rows, columns], far[rows, columns] - 0.2)
