"""Hairs in the light: their shading and how they are drawn, from the farthest to the nearest.

The shading of Kajiya and Kay (1989) with a second, coloured and shifted highlight as in Marschner et al. (2003), and the
surface's own shadow and openness, read from its distance field, at the root of each hair.
"""

import numpy as np
from camera import Camera, Image32, Light
from fur import Roots
from numba import njit
from numpy.typing import NDArray
from solid import Field, Vectors, sky_reaches, sun_reaches


@njit(cache=True, nogil=True)
def _root_light(points, normals, lengths, values, low, step, sun, out):  # type: ignore[no-untyped-def]
    """Sun and sky that reach the fur over each root: out N x 2."""
    for i in range(points.shape[0]):
        lift = 0.35 + 0.35 * lengths[i]
        x, y, z = points[i, 0] + lift * normals[i, 0], points[i, 1] + lift * normals[i, 1], points[i, 2] + lift * normals[i, 2]
        out[i, 0] = sun_reaches(values, low, step, x, y, z, sun, 0.16)
        out[i, 1] = sky_reaches(values, low, step, x, y, z, normals[i, 0], normals[i, 1], normals[i, 2])


@njit(cache=True, nogil=True)
def _shade(hairs, bent, normals, reached, roots, tips, eye, sun, sun_colour, sky, ground, root_dark, gloss, out):  # type: ignore[no-untyped-def]
    """Light at each joint of each hair: out N x JOINTS x 3, linear RGB."""
    joints = hairs.shape[1]
    for i in range(hairs.shape[0]):
        nx, ny, nz = bent[i, 0], bent[i, 1], bent[i, 2]
        facing = nx * sun[0] + ny * sun[1] + nz * sun[2]
        smooth = normals[i, 0] * sun[0] + normals[i, 1] * sun[1] + normals[i, 2] * sun[2]
        wrapped = max(0.55 * facing + 0.45 * smooth + 0.22, 0.0) / 1.22
        up = 0.5 + 0.5 * (0.5 * ny + 0.5 * normals[i, 1])
        for j in range(joints):
            a, b = max(j - 1, 0), min(j + 1, joints - 1)
            tx, ty, tz = hairs[i, b, 0] - hairs[i, a, 0], hairs[i, b, 1] - hairs[i, a, 1], hairs[i, b, 2] - hairs[i, a, 2]
            size = np.sqrt(tx * tx + ty * ty + tz * tz) + 1e-9
            tx, ty, tz = tx / size, ty / size, tz / size
            vx, vy, vz = eye[0] - hairs[i, j, 0], eye[1] - hairs[i, j, 1], eye[2] - hairs[i, j, 2]
            size = np.sqrt(vx * vx + vy * vy + vz * vz)
            hx, hy, hz = vx / size + sun[0], vy / size + sun[1], vz / size + sun[2]
            size = np.sqrt(hx * hx + hy * hy + hz * hz)
            hx, hy, hz = hx / size, hy / size, hz / size
            along = tx * sun[0] + ty * sun[1] + tz * sun[2]
            strand = np.sqrt(max(1 - along * along, 0.0))
            ux, uy, uz = tx + 0.12 * nx, ty + 0.12 * ny, tz + 0.12 * nz
            size = np.sqrt(ux * ux + uy * uy + uz * uz)
            first = (ux * hx + uy * hy + uz * hz) / size
            ux, uy, uz = tx - 0.18 * nx, ty - 0.18 * ny, tz - 0.18 * nz
            size = np.sqrt(ux * ux + uy * uy + uz * uz)
            second = (ux * hx + uy * hy + uz * hz) / size
            white = max(1 - first * first, 0.0) ** 40 * gloss
            tinted = max(1 - second * second, 0.0) ** 9 * gloss * 3.2
            s = j / (joints - 1)
            deep = root_dark + (1 - root_dark) * s * (2 - s)
            direct = reached[i, 0] * deep * wrapped * (0.45 + 0.55 * strand)
            shine = reached[i, 0] * deep * (0.25 + 0.75 * wrapped)
            open_sky = (0.34 + 0.66 * reached[i, 1]) * (0.35 + 0.65 * deep)
            for c in range(3):
                colour = roots[i, c] + (tips[i, c] - roots[i, c]) * s
                ambient = open_sky * (sky[c] * up + ground[c] * (1 - up))
                out[i, j, c] = colour * (sun_colour[c] * (direct + shine * tinted) + ambient) + sun_colour[c] * shine * white


def shade(
    hairs: NDArray[np.float32],
    bent: Vectors,
    roots: Roots,
    field: Field,
    colours: tuple[Vectors, Vectors],
    camera: Camera,
    light: Light,
    *,
    root_dark: float = 0.26,
    gloss: float = 0.05,
) -> NDArray[np.float32]:
    """Linear RGB of every joint; `colours` are those at the roots and at the tips (N x 3)."""
    reached = np.empty((len(hairs), 2))
    _root_light(roots.points, roots.normals, roots.lengths, field.values, field.low, field.step, light.sun, reached)
    out = np.empty_like(hairs)
    _shade(
        hairs,
        bent,
        roots.normals,
        reached,
        *colours,
        camera.eye,
        light.sun,
        light.sun_colour,
        light.sky_colour,
        light.ground_colour,
        root_dark,
        gloss,
        out,
    )
    return out


@njit(cache=True, nogil=True)
def _draw(order, projected, colours, widths, opacity, depth, slack, picture):  # type: ignore[no-untyped-def]
    """Blend segments over the picture (premultiplied RGBA) in the given order, hidden where the depth map is nearer."""
    height, width = picture.shape[0], picture.shape[1]
    segments = projected.shape[1] - 1
    for index in order:
        i, j = index // segments, index % segments
        x0, y0, z0 = projected[i, j, 0], projected[i, j, 1], projected[i, j, 2]
        x1, y1, z1 = projected[i, j + 1, 0], projected[i, j + 1, 1], projected[i, j + 1, 2]
        half = 0.5 * widths[i] * (1.0 - 0.7 * (j + 0.5) / segments)
        solid = 1.0
        if half < 0.5:  # thinner than a pixel: as wide as one, and paler
            solid = half / 0.5
            half = 0.5
        solid *= opacity[i]
        dx, dy = x1 - x0, y1 - y0
        square = dx * dx + dy * dy + 1e-12
        reach = half + 0.6
        left, right = int(np.floor(min(x0, x1) - reach)), int(np.ceil(max(x0, x1) + reach))
        top, bottom = int(np.floor(min(y0, y1) - reach)), int(np.ceil(max(y0, y1) + reach))
        if right < 0 or bottom < 0 or left >= width or top >= height:
            continue
        steep = abs(dy) > abs(dx)
        spread = reach * np.sqrt(square) / max(abs(dy), abs(dx), 1e-6) + 0.5
        for line in range(max(top, 0) if steep else max(left, 0), min(bottom + 1, height) if steep else min(right + 1, width)):
            at = x0 + (line + 0.5 - y0) * dx / dy if steep else (y0 + (line + 0.5 - x0) * dy / dx if abs(dx) > 1e-6 else y0)
            limit = width if steep else height
            low, high = max(int(np.floor(at - spread)), 0), min(int(np.ceil(at + spread)), limit - 1)
            for cross in range(low, high + 1):
                r, c = (line, cross) if steep else (cross, line)
                px, py = c + 0.5 - x0, r + 0.5 - y0
                t = (px * dx + py * dy) / square
                if (t < 0.0 and j > 0) or (t > 1.0 and j < segments - 1):
                    continue  # the neighbouring segment's
                t = min(max(t, 0.0), 1.0)
                ex, ey = px - t * dx, py - t * dy
                cover = min(max(half + 0.5 - np.sqrt(ex * ex + ey * ey), 0.0), 1.0)
                if cover <= 0.0 or z0 + (z1 - z0) * t > depth[r, c] + slack:
                    continue
                a = cover * solid
                for k in range(3):
                    value = colours[i, j, k] + (colours[i, j + 1, k] - colours[i, j, k]) * t
                    picture[r, c, k] = picture[r, c, k] * (1 - a) + value * a
                picture[r, c, 3] = picture[r, c, 3] * (1 - a) + a


def draw(
    hairs: NDArray[np.float32],
    colours: NDArray[np.float32],
    widths: Vectors,
    opacity: Vectors,
    camera: Camera,
    depth: Image32,
    picture: Image32,
    *,
    slack: float = 0.5,
) -> None:
    """Draw hairs over `picture` (H x W x 4, premultiplied linear RGBA); widths are cm; `depth` (H x W, cm) is what hides them."""
    count, joints, _ = hairs.shape
    projected = camera.project(hairs.reshape(-1, 3).astype(float)).reshape(count, joints, 3)
    middle = 0.5 * (projected[:, :-1, 2] + projected[:, 1:, 2])
    order = np.argsort(-middle.ravel(), kind="stable")
    pixels = widths * camera.focal / projected[:, 0, 2]
    _draw(order, projected.astype(np.float32), colours, pixels, opacity, depth, slack, picture)
