"""The compiled loops of the rasteriser. Serial, and without the GIL: frames are drawn in threads beside each other."""

import numpy as np
from numba import njit

from ..asset import Floats, Indices, Pixels

__all__ = ["add_normals", "corner_weights", "mixed", "over", "shade", "shade_plain", "straight", "visibility"]


@njit(cache=True, nogil=True)
def visibility(points: Floats, faces: Indices, cull: bool, depth: Floats, face: Indices) -> None:
    """Keep the nearest face of every sample in ``depth`` and ``face`` (H, W); ``points`` (V, 4) as projected."""
    height, width = depth.shape
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        ax, ay, bx, by, cx, cy = points[a, 0], points[a, 1], points[b, 0], points[b, 1], points[c, 0], points[c, 1]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        # Rows run downwards, so a face that is counter-clockwise in the world has a negative area here.
        if area == 0 or (cull and area > 0) or not np.isfinite(area):
            continue
        left = max(int(np.ceil(min(ax, bx, cx) - 0.5)), 0)
        right = min(int(np.floor(max(ax, bx, cx) - 0.5)), width - 1)
        top = max(int(np.ceil(min(ay, by, cy) - 0.5)), 0)
        bottom = min(int(np.floor(max(ay, by, cy) - 0.5)), height - 1)
        if left > right or top > bottom:
            continue
        scale = np.float32(1) / area
        ux, vx = (by - cy) * scale, (cy - ay) * scale
        uy, vy = (cx - bx) * scale, (ax - cx) * scale
        az, bz, cz = points[a, 2], points[b, 2], points[c, 2]
        for y in range(top, bottom + 1):
            dx, dy = np.float32(left + 0.5) - cx, np.float32(y + 0.5) - cy
            u, v = ux * dx + uy * dy, vx * dx + vy * dy
            for x in range(left, right + 1):
                w = np.float32(1) - u - v
                if u >= -1e-6 and v >= -1e-6 and w >= -1e-6:
                    z = u * az + v * bz + w * cz
                    if z > depth[y, x]:
                        depth[y, x] = z
                        face[y, x] = f
                u += ux
                v += vx


@njit(cache=True, nogil=True, inline="always")
def _weights_at(points: Floats, a: int, b: int, c: int, x: float, y: float) -> tuple[float, float, float]:
    """The corner weights at a place of the picture, corrected for perspective."""
    cx, cy = points[c, 0], points[c, 1]
    px, py = np.float32(x) - cx, np.float32(y) - cy
    area = (points[b, 0] - points[a, 0]) * (cy - points[a, 1]) - (points[b, 1] - points[a, 1]) * (cx - points[a, 0])
    u = ((points[b, 1] - cy) * px + (cx - points[b, 0]) * py) / area
    v = ((cy - points[a, 1]) * px + (points[a, 0] - cx) * py) / area
    u, v, w = u * points[a, 3], v * points[b, 3], (np.float32(1) - u - v) * points[c, 3]
    scale = np.float32(1) / (u + v + w)
    return u * scale, v * scale, w * scale


@njit(cache=True, nogil=True)
def corner_weights(points: Floats, faces: Indices, face: Indices, barycentric: Floats) -> None:
    """Fill ``barycentric`` (H, W, 3) where ``face`` (H, W) is not -1."""
    for y in range(face.shape[0]):
        for x in range(face.shape[1]):
            f = face[y, x]
            if f >= 0:
                u, v, w = _weights_at(points, faces[f, 0], faces[f, 1], faces[f, 2], x + 0.5, y + 0.5)
                barycentric[y, x, 0] = u
                barycentric[y, x, 1] = v
                barycentric[y, x, 2] = w


@njit(cache=True, nogil=True)
def shade(
    points: Floats,
    faces: Indices,
    face: Indices,
    uv: Floats,
    light: Floats,
    texture: Pixels,
    nearest: bool,
    shoulder: bool,
    samples: int,
    to_linear: Floats,
    out: Floats,
) -> None:
    """Add up the lit colour of all samples into ``out`` (H, W, 4): linear, premultiplied.

    ``face`` (H x samples, W x samples); ``light`` (V, 4): three factors of the colour and a white that is
    added. ``shoulder`` bends what is brighter than 0.75 softly towards 1 instead of burning it out.
    """
    rows, columns = texture.shape[0], texture.shape[1]
    share = np.float32(1 / (samples * samples))
    one, half = np.float32(1), np.float32(0.5)
    for y in range(face.shape[0]):
        for x in range(face.shape[1]):
            f = face[y, x]
            if f < 0:
                continue
            a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
            u, v, w = _weights_at(points, a, b, c, x + 0.5, y + 0.5)
            s = (u * uv[a, 0] + v * uv[b, 0] + w * uv[c, 0]) * np.float32(columns)
            t = (u * uv[a, 1] + v * uv[b, 1] + w * uv[c, 1]) * np.float32(rows)
            if not nearest:
                s -= half
                t -= half
            left, top = int(np.floor(s)), int(np.floor(t))
            fx, fy = np.float32(0), np.float32(0)
            if not nearest:
                fx, fy = s - np.float32(left), t - np.float32(top)
            x0, x1 = min(max(left, 0), columns - 1), min(max(left + 1, 0), columns - 1)
            y0, y1 = min(max(top, 0), rows - 1), min(max(top + 1, 0), rows - 1)
            w00, w01, w10, w11 = (one - fx) * (one - fy), fx * (one - fy), (one - fx) * fy, fx * fy
            sheen = u * light[a, 3] + v * light[b, 3] + w * light[c, 3]
            py, px = y // samples, x // samples
            for k in range(3):
                colour = (
                    w00 * to_linear[texture[y0, x0, k]]
                    + w01 * to_linear[texture[y0, x1, k]]
                    + w10 * to_linear[texture[y1, x0, k]]
                    + w11 * to_linear[texture[y1, x1, k]]
                )
                lit = colour * (u * light[a, k] + v * light[b, k] + w * light[c, k]) + sheen
                if shoulder and lit > 0.75:
                    lit = np.float32(1) - np.float32(0.0625) / (lit - half)
                out[py, px, k] += share * lit
            out[py, px, 3] += share


@njit(cache=True, nogil=True)
def shade_plain(points: Floats, faces: Indices, face: Indices, light: Floats, shoulder: bool, samples: int, out: Floats) -> None:
    """As ``shade``, for a surface without texture: ``light`` (V, 4) holds its colour already."""
    share = np.float32(1 / (samples * samples))
    for y in range(face.shape[0]):
        for x in range(face.shape[1]):
            f = face[y, x]
            if f < 0:
                continue
            a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
            u, v, w = _weights_at(points, a, b, c, x + 0.5, y + 0.5)
            sheen = u * light[a, 3] + v * light[b, 3] + w * light[c, 3]
            py, px = y // samples, x // samples
            for k in range(3):
                lit = u * light[a, k] + v * light[b, k] + w * light[c, k] + sheen
                if shoulder and lit > 0.75:
                    lit = np.float32(1) - np.float32(0.0625) / (lit - np.float32(0.5))
                out[py, px, k] += share * lit
            out[py, px, 3] += share


@njit(cache=True, nogil=True)
def straight(linear: Floats, to_srgb: Pixels, out: Pixels) -> None:
    """From linear, premultiplied (H, W, 4) to sRGB with straight alpha (H, W, 4)."""
    last = np.float32(to_srgb.shape[0] - 1)
    for y in range(linear.shape[0]):
        for x in range(linear.shape[1]):
            alpha = linear[y, x, 3]
            scale = np.float32(1) / alpha if alpha > 0 else np.float32(0)
            for k in range(3):
                out[y, x, k] = to_srgb[int(min(linear[y, x, k] * scale, np.float32(1)) * last + np.float32(0.5))]
            out[y, x, 3] = int(min(alpha, np.float32(1)) * 255 + 0.5)


@njit(cache=True, nogil=True)
def over(linear: Floats, opacity: float, ground: Floats, to_srgb: Pixels, out: Pixels) -> None:
    """Lay ``linear`` (H, W, 4), premultiplied, times ``opacity`` over ``ground`` (H, W, 3) linear: sRGB (H, W, 3)."""
    last = np.float32(to_srgb.shape[0] - 1)
    for y in range(linear.shape[0]):
        for x in range(linear.shape[1]):
            through = np.float32(1) - linear[y, x, 3] * np.float32(opacity)
            for k in range(3):
                value = linear[y, x, k] * np.float32(opacity) + ground[y, x, k] * through
                out[y, x, k] = to_srgb[int(min(value, np.float32(1)) * last + np.float32(0.5))]


@njit(cache=True, nogil=True)
def mixed(linear: Floats, opacity: float, ground: Floats, out: Floats) -> None:
    """Lay ``linear`` (H, W, 4), premultiplied, times ``opacity`` over ``ground`` (H, W, 3): linear (H, W, 3)."""
    for y in range(linear.shape[0]):
        for x in range(linear.shape[1]):
            through = np.float32(1) - linear[y, x, 3] * np.float32(opacity)
            for k in range(3):
                out[y, x, k] = linear[y, x, k] * np.float32(opacity) + ground[y, x, k] * through


@njit(cache=True, nogil=True)
def add_normals(vertices: Floats, faces: Indices, source: Indices, sums: Floats) -> None:
    """Add the area vector of every face to its corners' entries in ``sums`` (number of unsplit vertices, 3)."""
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        ux, uy, uz = vertices[b, 0] - vertices[a, 0], vertices[b, 1] - vertices[a, 1], vertices[b, 2] - vertices[a, 2]
        vx, vy, vz = vertices[c, 0] - vertices[a, 0], vertices[c, 1] - vertices[a, 1], vertices[c, 2] - vertices[a, 2]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for corner in range(3):
            s = source[faces[f, corner]]
            sums[s, 0] += nx
            sums[s, 1] += ny
            sums[s, 2] += nz
