"""A foreign mesh laid over the photo, and the embedded model's anatomy laid into it.

An engine's mesh has a scale and a heading of its own. The embedded model of the same cutout brings what the engine does not know: the
camera of the photo and where the parts of the body are. So the mesh is turned about the vertical until its outline, seen through that
camera, covers the photo's best; size and place follow from the outlines' boxes. What then lies nearest tells which part a vertex is of.

Outlines cannot tell everything: an animal that comes half towards the viewer has the outline of one that goes half away. Where
headings are as good as each other, the one counts with which the mesh lies nearer to the embedded model, that comes towards the viewer, and
that is nearer to how engines say that they deliver (facing +Z).
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from ..asset import Floats, Indices, Mesh
from ..body import Body, BodyPart, Projection
from ..embedded.model import Model
from ..preview.raster import rasterise
from .symmetry import middle_plane

__all__ = ["Registered", "registered"]

Doubles = NDArray[np.float64]
Mask = NDArray[np.bool_]

_SIDE = 160  # pixels at which outlines are compared
_HEADINGS = 24  # tried all around
_KEPT = 4  # of these are refined
_ROUNDS = 6  # halvings of the steps
_STEPS = (7.5, 0.03, 0.02, 0.02)  # degrees of yaw, share of scale, shares of the side across and down: where refinement begins
_POINTS = 1500  # that stand for a surface
_APART = 0.5  # of the outlines' overlap that a mean distance of 1 m to the embedded model costs
_AS_SAID = 0.01  # that the heading which the engine announced is worth
_TOWARDS = 0.01  # that coming towards the viewer is worth
_SYMMETRIC = 0.03  # of the extent: mirrored points further off than that tell of no middle plane
_LEVEL = 0.01  # radians by which a camera may look down and be level
_FEW = 24  # vertices below which a part's centre line is left as it was


@dataclass(frozen=True, kw_only=True)
class Registered:
    """The ``model`` with the foreign mesh in it; ``yaw`` degrees by which that was turned, ``iou`` of the outlines.

    ``heading``: degrees between the viewer's direction and the way in which the body's middle plane runs, towards the picture's right
    (0 frontal, 90 side); None where the mesh is not like its mirror image.
    """

    model: Model
    yaw: float
    iou: float
    heading: float | None


@dataclass(frozen=True, kw_only=True)
class _Fit:
    """A way to lay the mesh: ``yaw`` degrees; ``scale``, ``across`` and ``down`` what refinement adds to the fit of the boxes."""

    yaw: float
    scale: float = 1.0
    across: float = 0.0
    down: float = 0.0
    iou: float = 0.0


def registered(mesh: Mesh, model: Model, mask: Mask) -> Registered:
    """Lay ``mesh`` (upright, any scale, place and heading) over the subject's ``mask`` (S, S) in the canonical picture.

    ``model``: the embedded one of the same picture. The answer's model has the foreign mesh with its ground at y = 0, centred, its longest
    extent 1 m, and the body and the camera that go with it.
    """
    # How far the camera looks down the embedded engine guesses from the outline: the mesh may know better.
    level = _levelled(model)
    ways = [_over(mesh, model, mask)] if level is None else [_over(mesh, way, mask) for way in (model, level)]
    return max(ways, key=lambda way: way.iou)


def _over(mesh: Mesh, model: Model, mask: Mask) -> Registered:
    view = _View(mesh, model.projection, mask)
    tried = sorted((view.tried(_Fit(yaw=yaw)) for yaw in np.arange(_HEADINGS) * 360 / _HEADINGS), key=lambda fit: -fit.iou)
    fits = [_refined(view, fit) for fit in tried[:_KEPT]]
    depth = _middle(model.projection.project(model.mesh.vertices)[:, 2])
    plane = middle_plane(mesh.vertices)
    along = plane.along if plane.error < _SYMMETRIC else None

    def merit(fit: _Fit) -> float:
        nearness = _merit(fit, view.placed(fit, depth), model.mesh.vertices)
        return nearness if along is None else nearness + _TOWARDS * float(np.cos(np.radians(_heading(along, fit, model.projection))))

    best = max(fits, key=merit)
    placed = Mesh(vertices=view.placed(best, depth), faces=mesh.faces)
    return Registered(
        model=_joined(placed, model),
        yaw=(best.yaw + 180) % 360 - 180,
        iou=best.iou,
        heading=None if along is None else _heading(along, best, model.projection),
    )


def _levelled(model: Model) -> Model | None:
    """The model seen by a camera at its own height, leant as far as shows the same picture; None where the camera is level."""
    right, viewer = (row / np.linalg.norm(row) for row in model.projection.matrix[[0, 2], :3].astype(np.float64))
    rise = float(np.arcsin(np.clip(viewer[1], -1, 1)))
    if abs(rise) < _LEVEL:
        return None
    lean = Rotation.from_rotvec(right * rise).as_matrix()
    matrix = model.projection.matrix.astype(np.float64)
    matrix[:, :3] = matrix[:, :3] @ lean.T
    parts = tuple(replace(part, path=(part.path @ lean.T).astype(np.float32)) for part in model.body.parts)
    return Model(
        mesh=replace(model.mesh, vertices=(model.mesh.vertices @ lean.T).astype(np.float32)),
        body=replace(model.body, parts=parts),
        projection=Projection(matrix=matrix.astype(np.float32), size=model.projection.size),
    )


class _View:
    """The mesh through the photo's camera, beside the mask."""

    def __init__(self, mesh: Mesh, camera: Projection, mask: Mask) -> None:
        self._mesh = mesh
        self._camera = camera.matrix.astype(np.float64)
        self._ratio = _SIDE / camera.size
        shrunk = cv2.resize(mask.astype(np.float32), (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
        self._mask: Mask = np.asarray(shrunk, np.float32) >= 0.5
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        self._low = np.array([columns[0], rows[0]], np.float64)
        self._high = np.array([columns[-1] + 1, rows[-1] + 1], np.float64)

    def tried(self, fit: _Fit) -> _Fit:
        """``fit`` with the overlap that it gives."""
        seen, scale, shift = self._laid(fit)
        flat = np.empty((len(seen), 3), np.float32)
        flat[:, :2] = (seen[:, :2] * scale + shift) * self._ratio
        flat[:, 2] = seen[:, 2]
        covered = rasterise(flat, self._mesh.faces, width=_SIDE, height=_SIDE, cull=False).face >= 0
        return replace(fit, iou=float((covered & self._mask).sum() / max((covered | self._mask).sum(), 1)))

    def placed(self, fit: _Fit, depth: float) -> Floats:
        """The mesh's vertices (V, 3) in the embedded model's world, their middle at that ``depth`` of its camera."""
        seen, scale, shift = self._laid(fit)
        wanted = np.array([*(shift - self._camera[:2, 3]), depth - self._camera[2, 3]])
        wanted[2] -= _middle(seen[:, 2]) * scale
        moved = np.linalg.solve(self._camera[:, :3], wanted)
        placed: Floats = (self._mesh.vertices @ _about_y(fit.yaw).T * scale + moved).astype(np.float32)
        return placed

    def _laid(self, fit: _Fit) -> tuple[Doubles, float, Doubles]:
        """The turned mesh in pixels and metres of depth (V, 3), before the scale and the shift (2,) in pixels that lay it on the mask."""
        seen: Doubles = self._mesh.vertices.astype(np.float64) @ (self._camera[:, :3] @ _about_y(fit.yaw)).T
        low, high = seen[:, :2].min(0), seen[:, :2].max(0)
        own, theirs = high - low, self._high - self._low
        scale = fit.scale * float(own @ theirs / max(float(own @ own), 1e-12))
        side = float(theirs.max())
        shift: Doubles = (self._low + self._high) / 2 - scale * (low + high) / 2 + side * np.array([fit.across, fit.down])
        return seen, scale, shift


def _refined(view: _View, fit: _Fit) -> _Fit:
    """The best fit around ``fit``, one of its numbers after the other, in ever smaller steps; the yaw first alone, for what the others
    add to a wrong one keeps it wrong."""
    numbers = tuple(zip(("yaw", "scale", "across", "down"), _STEPS, strict=True))
    for halving, chosen in [(halving, chosen) for chosen in (numbers[:1], numbers) for halving in range(_ROUNDS)]:
        for name, step in chosen:
            for way in (1, -1):
                trial = view.tried(_changed(fit, name, way * step / 2**halving))
                if trial.iou > fit.iou:
                    fit = trial
                    break
    return fit


def _changed(fit: _Fit, name: str, step: float) -> _Fit:
    values = {"yaw": fit.yaw, "scale": fit.scale, "across": fit.across, "down": fit.down}
    values[name] += step
    return _Fit(**values)


def _merit(fit: _Fit, placed: Floats, embedded: Floats) -> float:
    random = np.random.default_rng(0)
    ours, theirs = (points[random.permutation(len(points))[:_POINTS]] for points in (embedded, placed))
    apart = np.mean([np.mean(cKDTree(one).query(other)[0]) for one, other in ((ours, theirs), (theirs, ours))])
    return fit.iou - _APART * float(apart) + _AS_SAID * float(np.cos(np.radians(fit.yaw)))


def _heading(along: Doubles, fit: _Fit, camera: Projection) -> float:
    """Degrees between the viewer's direction and a mesh's middle plane, laid as ``fit`` says, towards the picture's right."""
    forward = _about_y(fit.yaw) @ along
    if float(forward @ camera.matrix[0, :3]) < 0:
        forward = -forward
    return float(np.degrees(np.arccos(np.clip(forward @ camera.viewer, -1, 1))))


def _joined(placed: Mesh, model: Model) -> Model:
    """The foreign mesh in the embedded model's world with its body and camera, all brought to our world's measures."""
    low, high = placed.vertices.min(0).astype(np.float64), placed.vertices.max(0).astype(np.float64)
    size = 1 / float((high - low).max())
    base = np.array([(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2])
    owner: Indices = model.body.vertex_part[np.asarray(cKDTree(model.mesh.vertices).query(placed.vertices)[1])].astype(np.int32)
    parts = _deepened(model.body.parts, owner, placed.vertices, model.projection.viewer)
    moved = tuple(
        replace(part, path=((part.path - base) * size).astype(np.float32), radius=(part.radius * size).astype(np.float32)) for part in parts
    )
    matrix = model.projection.matrix.astype(np.float64)
    matrix[:, 3] += matrix[:, :3] @ base
    matrix[:2, :3] /= size
    matrix[2, 3] *= size
    return Model(
        mesh=Mesh(vertices=((placed.vertices - base) * size).astype(np.float32), faces=placed.faces),
        body=Body(plan=model.body.plan, view=model.body.view, parts=moved, vertex_part=owner),
        projection=Projection(matrix=matrix.astype(np.float32), size=model.projection.size),
    )


def _deepened(parts: tuple[BodyPart, ...], owner: Indices, vertices: Floats, viewer: Floats) -> tuple[BodyPart, ...]:
    """The parts with their centre lines moved along the line of sight into the middle of the foreign mesh.

    Where a part is in the picture the photo has told; how deep it lies the embedded engine could only guess, and the mesh knows better.
    """
    depths = vertices @ viewer
    found: list[BodyPart] = []
    for place, part in enumerate(parts):
        own = np.flatnonzero(owner == place)
        if len(own) < _FEW:
            found.append(part)
            continue
        flat = part.path - np.outer(part.path @ viewer, viewer)
        beside = vertices[own] - np.outer(depths[own], viewer)
        nearest = np.asarray(cKDTree(flat).query(beside)[1])
        known = [point for point in range(len(flat)) if (nearest == point).sum() >= 3]
        if not known:
            found.append(part)
            continue
        middles = [_middle(depths[own[nearest == point]]) for point in known]
        wanted = np.interp(np.arange(len(flat)), known, middles)
        smooth = np.convolve(np.pad(wanted, 2, mode="edge"), np.ones(5) / 5, mode="valid")
        path = flat + np.outer(smooth, viewer)
        found.append(replace(part, path=path.astype(np.float32)))
    return tuple(found)


def _about_y(degrees: float) -> Doubles:
    """The rotation that turns +Z towards +X."""
    turn = np.radians(degrees)
    return np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])


def _middle(values: NDArray[np.floating]) -> float:
    return float(values.min() + values.max()) / 2
