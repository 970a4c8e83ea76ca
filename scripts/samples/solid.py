"""Animals as signed distance fields: rounded cones and ellipsoids that melt into each other.

Lengths are centimetres, +Y is up. A Part is a rounded cone from `start` to `end`, squashed by a linear map, which also
gives ellipsoids (start == end). Parts of one group melt by the polynomial smooth minimum with their own `blend`; the
groups then melt with the blend of their first part. Each part also says how its fur lies: which way, how long, how steep.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

Vectors = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Fur:
    """How the fur of a part lies: the way it is combed (a direction), its length in cm and its rise (0 flat, 1 upright)."""

    comb: tuple[float, float, float]
    length: float
    rise: float = 0.35


@dataclass(frozen=True, kw_only=True)
class Part:
    """A rounded cone under a squash; `carve` takes it away instead of adding it."""

    start: Vectors
    end: Vectors
    radius: float
    end_radius: float
    squash: Vectors  # 3 x 3: maps offsets from `start` to the space where the part is round
    group: str
    blend: float
    fur: Fur
    carve: bool = False


@dataclass
class Sculpture:
    """A list of parts, filled by `cone` and `ball`; `frame`, `origin` and `size` place the parts that follow (heads turn)."""

    parts: list[Part] = field(default_factory=list)
    frame: Vectors = field(default_factory=lambda: np.eye(3))
    origin: Vectors = field(default_factory=lambda: np.zeros(3))
    size: float = 1.0

    def place(self, point: ArrayLike) -> Vectors:
        """A point of the current frame, in the world."""
        return self.frame @ (self.size * np.asarray(point, float)) + self.origin

    def cone(
        self,
        start: ArrayLike,
        end: ArrayLike,
        radius: float,
        end_radius: float,
        *,
        fur: Fur,
        group: str = "core",
        blend: float = 2.0,
        wide: tuple[tuple[float, float, float], float] | None = None,
        carve: bool = False,
    ) -> None:
        """Add a rounded cone; `wide` = (axis, factor) makes it wider along an axis."""
        squash = np.eye(3)
        if wide is not None:
            axis = self.frame @ (np.array(wide[0]) / np.linalg.norm(wide[0]))
            squash = squash + (1 / wide[1] - 1) * np.outer(axis, axis)
        self._add(self.place(start), self.place(end), self.size * radius, self.size * end_radius, squash, group, blend, fur, carve)

    def ball(
        self,
        centre: ArrayLike,
        radii: tuple[float, float, float],
        *,
        fur: Fur,
        group: str = "core",
        blend: float = 2.0,
        pitch: float = 0.0,
        yaw: float = 0.0,
        roll: float = 0.0,
        carve: bool = False,
    ) -> None:
        """Add an ellipsoid; its angles are in degrees: pitch about z, then yaw about y, then roll about x."""
        mean = self.size * float(np.prod(radii) ** (1 / 3))
        turn = self.frame @ turned(pitch=pitch, yaw=yaw, roll=roll)
        squash = turn @ np.diag(mean / (self.size * np.array(radii))) @ turn.T
        middle = self.place(centre)
        self._add(middle, middle, mean, mean, squash, group, blend, fur, carve)

    def _add(
        self,
        start: Vectors,
        end: Vectors,
        radius: float,
        end_radius: float,
        squash: Vectors,
        group: str,
        blend: float,
        fur: Fur,
        carve: bool,
    ) -> None:
        comb = self.frame @ np.array(fur.comb)
        turned_fur = Fur(comb=(float(comb[0]), float(comb[1]), float(comb[2])), length=fur.length, rise=fur.rise)
        self.parts.append(
            Part(
                start=start,
                end=end,
                radius=radius,
                end_radius=end_radius,
                squash=squash,
                group=group,
                blend=blend,
                fur=turned_fur,
                carve=carve,
            )
        )

    def chain(
        self, points: Sequence[tuple[float, float, float, float]], *, fur: Fur, group: str, pieces: int = 5, blend: float = 0.6
    ) -> None:
        """Add a smooth tube through points (x, y, z, radius), as a tail is; its fur is combed along it."""
        knots = np.array([points[0], *points, points[-1]], float)
        curve = [knots[1]]
        for a, b, c, d in zip(knots[:-3], knots[1:-2], knots[2:-1], knots[3:], strict=True):
            t = np.linspace(0, 1, pieces + 1)[1:, None]
            curve.extend(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
        for here, there in itertools.pairwise(curve):
            along = there[:3] - here[:3]
            combed = Fur(comb=(float(along[0]), float(along[1]), float(along[2])), length=fur.length, rise=fur.rise)
            self.cone(here[:3], there[:3], float(here[3]), float(there[3]), fur=combed, group=group, blend=blend)

    def solid(self) -> "Solid":
        """The parts as arrays for the kernels."""
        groups = list(dict.fromkeys(part.group for part in self.parts))
        rows = []
        for part in self.parts:
            axis = part.squash @ (part.end - part.start)
            length = float(np.linalg.norm(axis))
            unit = axis / length if length > 1e-9 else np.array([1.0, 0.0, 0.0])
            numbers = [length, part.radius, part.end_radius, part.blend, groups.index(part.group), float(part.carve)]
            rows.append(np.concatenate([part.start, part.squash.ravel(), unit, numbers]))
        order = np.argsort([groups.index(part.group) for part in self.parts], kind="stable")
        table = np.array(rows)[order]
        fur = np.array([[*self.parts[i].fur.comb, self.parts[i].fur.length, self.parts[i].fur.rise] for i in order])
        reach = np.array([max(p.radius, p.end_radius) * np.linalg.norm(np.linalg.inv(p.squash), 2) for p in self.parts])[order]
        ends = np.array([p.end for p in self.parts])[order]
        low = (np.minimum(table[:, :3], ends) - reach[:, None]).min(0)
        high = (np.maximum(table[:, :3], ends) + reach[:, None]).max(0)
        return Solid(table, fur, low, high)


@dataclass(frozen=True)
class Solid:
    """Parts ready for the kernels: table P x 21, fur P x 5 (comb, length, rise), the box around them."""

    table: Vectors
    fur: Vectors
    low: Vectors
    high: Vectors


def turned(*, pitch: float = 0.0, yaw: float = 0.0, roll: float = 0.0) -> Vectors:
    """The rotation by pitch (about z), then yaw (about y; positive takes +X to +Z), then roll (about x), in degrees."""
    p, y, r = np.radians([pitch, yaw, roll])
    about_z = np.array([[np.cos(p), -np.sin(p), 0], [np.sin(p), np.cos(p), 0], [0, 0, 1]])
    about_y = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(r), -np.sin(r)], [0, np.sin(r), np.cos(r)]])
    return np.asarray(about_y @ about_z @ about_x)


@njit(cache=True, nogil=True)
def part_distance(table, i, x, y, z):  # type: ignore[no-untyped-def]
    """Distance to part i, exact for round parts and to first order for squashed ones."""
    qx, qy, qz = x - table[i, 0], y - table[i, 1], z - table[i, 2]
    px = table[i, 3] * qx + table[i, 4] * qy + table[i, 5] * qz
    py = table[i, 6] * qx + table[i, 7] * qy + table[i, 8] * qz
    pz = table[i, 9] * qx + table[i, 10] * qy + table[i, 11] * qz
    ux, uy, uz, length, ra, rb = table[i, 12], table[i, 13], table[i, 14], table[i, 15], table[i, 16], table[i, 17]
    t = 0.0
    slope = 0.0
    if length > 1e-9:
        along = px * ux + py * uy + pz * uz
        away = np.sqrt(max(px * px + py * py + pz * pz - along * along, 0.0))
        slope = (ra - rb) / length
        t = min(max(along - away * slope / np.sqrt(max(1.0 - slope * slope, 1e-6)), 0.0), length)
    nx, ny, nz = px - t * ux, py - t * uy, pz - t * uz
    far = np.sqrt(nx * nx + ny * ny + nz * nz) + 1e-9
    nx, ny, nz = nx / far, ny / far, nz / far
    gx = table[i, 3] * nx + table[i, 6] * ny + table[i, 9] * nz
    gy = table[i, 4] * nx + table[i, 7] * ny + table[i, 10] * nz
    gz = table[i, 5] * nx + table[i, 8] * ny + table[i, 11] * nz
    return (far - (ra - slope * t)) / np.sqrt(gx * gx + gy * gy + gz * gz)


@njit(cache=True, nogil=True)
def distance(table, x, y, z):  # type: ignore[no-untyped-def]
    """The signed distance (about) of a point to the whole solid; negative inside."""
    whole = 1e9
    inner = 1e9
    group = -1.0
    joint = 1.0
    for i in range(table.shape[0]):
        d = part_distance(table, i, x, y, z)
        k = table[i, 18]
        if table[i, 19] != group:
            if group >= 0.0:
                h = max(joint - abs(whole - inner), 0.0) / joint
                whole = min(whole, inner) - h * h * joint * 0.25
            group = table[i, 19]
            joint = k
            inner = d
        elif table[i, 20] > 0.0:
            h = max(k - abs(inner + d), 0.0) / k
            inner = max(inner, -d) + h * h * k * 0.25
        else:
            h = max(k - abs(inner - d), 0.0) / k
            inner = min(inner, d) - h * h * k * 0.25
    h = max(joint - abs(whole - inner), 0.0) / joint
    return min(whole, inner) - h * h * joint * 0.25


@njit(cache=True, nogil=True)
def _fill(table, low, step, coarse, fine, factor):  # type: ignore[no-untyped-def]
    """Sample the field on the fine grid: exactly near the surface, interpolated between coarse samples elsewhere."""
    nx, ny, nz = coarse.shape
    for i in range(nx):
        for j in range(ny):
            for k in range(nz):
                coarse[i, j, k] = distance(table, low[0] + i * step * factor, low[1] + j * step * factor, low[2] + k * step * factor)
    near = step * factor * 1.8
    for i in range(fine.shape[0]):
        ci, fi = min(i // factor, nx - 2), i / factor - min(i // factor, nx - 2)
        for j in range(fine.shape[1]):
            cj, fj = min(j // factor, ny - 2), j / factor - min(j // factor, ny - 2)
            for k in range(fine.shape[2]):
                ck, fk = min(k // factor, nz - 2), k / factor - min(k // factor, nz - 2)
                v = 0.0
                for a in range(2):
                    for b in range(2):
                        for c in range(2):
                            w = (fi if a else 1 - fi) * (fj if b else 1 - fj) * (fk if c else 1 - fk)
                            v += w * coarse[ci + a, cj + b, ck + c]
                if abs(v) < near:
                    v = distance(table, low[0] + i * step, low[1] + j * step, low[2] + k * step)
                fine[i, j, k] = v


@dataclass(frozen=True)
class Field:
    """A solid sampled on a grid: values X x Y x Z at low + index * step."""

    values: NDArray[np.float32]
    low: Vectors
    step: float


def sample(solid: Solid, *, step: float, margin: float = 4.0) -> Field:
    """The solid's distances on a grid of that step with a margin around its box, both in cm."""
    factor = 4
    low = solid.low - margin
    cells = np.ceil((solid.high + margin - low) / (step * factor)).astype(int) + 1
    coarse = np.empty(tuple(cells), np.float32)
    fine = np.empty(tuple((cells - 1) * factor + 1), np.float32)
    _fill(solid.table, low, step, coarse, fine, factor)
    return Field(fine, low, step)


@njit(cache=True, nogil=True)
def look_up(values, low, step, x, y, z):  # type: ignore[no-untyped-def]
    """The field at a point, trilinear; far away outside the grid it grows with the distance to the grid."""
    gx, gy, gz = (x - low[0]) / step, (y - low[1]) / step, (z - low[2]) / step
    mx, my, mz = values.shape[0] - 1.001, values.shape[1] - 1.001, values.shape[2] - 1.001
    cx, cy, cz = min(max(gx, 0.0), mx), min(max(gy, 0.0), my), min(max(gz, 0.0), mz)
    beyond = step * np.sqrt((gx - cx) ** 2 + (gy - cy) ** 2 + (gz - cz) ** 2)
    i, j, k = int(cx), int(cy), int(cz)
    fx, fy, fz = cx - i, cy - j, cz - k
    c00 = values[i, j, k] * (1 - fx) + values[i + 1, j, k] * fx
    c10 = values[i, j + 1, k] * (1 - fx) + values[i + 1, j + 1, k] * fx
    c01 = values[i, j, k + 1] * (1 - fx) + values[i + 1, j, k + 1] * fx
    c11 = values[i, j + 1, k + 1] * (1 - fx) + values[i + 1, j + 1, k + 1] * fx
    inside = (c00 * (1 - fy) + c10 * fy) * (1 - fz) + (c01 * (1 - fy) + c11 * fy) * fz
    return inside + beyond


@njit(cache=True, nogil=True)
def slope_at(values, low, step, x, y, z, out):  # type: ignore[no-untyped-def]
    """The unit outward normal of the field at a point, written to `out`."""
    e = step * 0.9
    gx = look_up(values, low, step, x + e, y, z) - look_up(values, low, step, x - e, y, z)
    gy = look_up(values, low, step, x, y + e, z) - look_up(values, low, step, x, y - e, z)
    gz = look_up(values, low, step, x, y, z + e) - look_up(values, low, step, x, y, z - e)
    size = np.sqrt(gx * gx + gy * gy + gz * gz) + 1e-9
    out[0], out[1], out[2] = gx / size, gy / size, gz / size


@njit(cache=True, nogil=True)
def sun_reaches(values, low, step, x, y, z, sun, softness):  # type: ignore[no-untyped-def]
    """How much of the sun a point sees, 0 to 1, with a penumbra (Quilez, soft shadows in ray-marched fields)."""
    seen = 1.0
    t = 0.3
    for _ in range(60):
        d = look_up(values, low, step, x + t * sun[0], y + t * sun[1], z + t * sun[2])
        seen = min(seen, 0.5 + 0.5 * d / (softness * t))
        if seen <= 0.0:
            return 0.0
        t += min(max(d, 0.25), 4.0)
        if t > 90.0:
            break
    seen = max(seen, 0.0)
    return seen * seen * (3 - 2 * seen)


@njit(cache=True, nogil=True)
def sky_reaches(values, low, step, x, y, z, nx, ny, nz):  # type: ignore[no-untyped-def]
    """Ambient openness along the normal, 0 to 1, the ground at y = 0 included."""
    closed = 0.0
    weight = 0.42
    for i in range(5):
        h = 0.6 + 2.1 * i
        d = look_up(values, low, step, x + h * nx, y + h * ny, z + h * nz)
        d = min(d, max(y + h * ny, 0.0))
        closed += weight * max(h - d, 0.0) / h
        weight *= 0.72
    return min(max(1.0 - closed, 0.0), 1.0)
