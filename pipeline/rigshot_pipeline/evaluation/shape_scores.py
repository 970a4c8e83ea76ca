"""A model's shape against truth: volume IoU, Chamfer distance, F-score, normal consistency, the outline from an unseen side.

Definitions, with P points of the model's surface and T of the truth's outer one, all lengths over the diagonal of the truth's bounding box:

* Chamfer: (mean over P of the distance to T + mean over T of the distance to P) / 2, plain L2 (as in Puppeteer and UniRig for joints);
* F-score at 2 %: harmonic mean of the shares of P and T that lie within 0.02 of the other (Knapitsch et al. 2017, Tatarchenko et al. 2019);
* volume IoU: cells of a grid of 1/90 of the longest side, a cell inside where its winding number is above a half (Mescheder et al. 2019
  sample points instead);
* normal consistency: mean of |n(p) . n(nearest t)| in both directions (Mescheder et al. 2019, section 4).

A single picture does not tell how far away its subject stands: before anything is measured the model is moved along the line of sight,
and only there, to where the surfaces lie nearest.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import trimesh
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ..body import Projection
from ..embedded.rig_check import winding_numbers
from ..preview.camera import Camera
from ..preview.raster import rasterise
from .truth_rig import Floats64, TruthRig, load_truth
from .volumes import grid_around, inside

__all__ = ["Placement", "ShapeScores", "shape_scores", "truth_samples"]

_SAMPLES = 6000
_CELLS = 90
_NEAR = 0.02
_UNSEEN = 45  # degrees further round than the photo
_UNSEEN_SIZE = 320
Faces = NDArray[np.int32]


@dataclass(frozen=True, kw_only=True)
class ShapeScores:
    """As the module defines them; ``volume_ratio`` the model's volume over the truth's."""

    volume_iou: float
    volume_ratio: float
    chamfer: float
    f_score: float
    normal_consistency: float
    unseen_iou: float


@dataclass(frozen=True, kw_only=True)
class Placement:
    """From a model's world to the truth's, by way of the picture that both share.

    ``camera`` orthographic, took the photo of ``size`` x ``size`` pixels; ``canonical_from_photo`` (3, 3) maps its pixels to the canonical
    square that ``projection`` shows. ``shift`` (3,) along the line of sight.
    """

    camera: Camera
    size: int
    canonical_from_photo: Floats64
    projection: Projection
    shift: Floats64

    @property
    def axis(self) -> Floats64:
        """The line of sight (3,), towards the viewer."""
        return self.camera.axes[2].astype(np.float64)

    @property
    def flips(self) -> bool:
        """Whether the map is a reflection: then triangles turn round."""
        return bool(np.linalg.det(self.canonical_from_photo[:2, :2]) < 0)

    def __call__(self, points: NDArray[np.floating]) -> Floats64:
        """Points (N, 3) of the model's world in the truth's."""
        seen = self.projection.project(points.astype(np.float32)).astype(np.float64)
        inverse = np.linalg.inv(self.canonical_from_photo)
        photo = seen[:, :2] @ inverse[:2, :2].T + inverse[:2, 2]
        pixels_a_metre = float(np.linalg.norm(self.projection.matrix[0, :3])) * float(np.sqrt(abs(np.linalg.det(inverse[:2, :2]))))
        pixel = self.camera.span / self.size
        flat = np.c_[(photo[:, 0] - self.size / 2) * pixel, (self.size / 2 - photo[:, 1]) * pixel, seen[:, 2] * pixels_a_metre * pixel]
        placed: Floats64 = flat @ self.camera.axes.astype(np.float64) + self.camera.target.astype(np.float64) + self.shift
        return placed

    def faces(self, faces: Faces) -> Faces:
        """``faces`` counter-clockwise from outside in the truth's world."""
        return np.ascontiguousarray(faces[:, ::-1]) if self.flips else faces

    def best(self, points: NDArray[np.floating], truth: Floats64) -> "Placement":
        """This placement moved along the line of sight to where surface ``points`` and ``truth`` lie nearest."""
        here = self(points)
        middle = float(np.median(truth @ self.axis) - np.median(here @ self.axis))
        steps = middle + np.linspace(-0.3, 0.3, 61)
        tree, some, fine = cKDTree(truth), here[::8], truth[::8]
        costs = [
            _away(tree, some + step * self.axis)[0].mean() + _away(cKDTree(here[::4] + step * self.axis), fine)[0].mean() for step in steps
        ]
        return Placement(
            camera=self.camera,
            size=self.size,
            canonical_from_photo=self.canonical_from_photo,
            projection=self.projection,
            shift=self.shift + self.axis * steps[int(np.argmin(costs))],
        )


@lru_cache(maxsize=32)
def truth_samples(path: Path) -> tuple[TruthRig, Floats64, Floats64]:
    """The rig at rest, and points (N, 3) with normals (N, 3) of its outer surface: faces inside another shell are left out."""
    rig = load_truth(path)
    mesh = trimesh.Trimesh(rig.vertices, rig.faces, process=False)
    sign = 1 if mesh.volume > 0 else -1
    probe = mesh.triangles_center + 2e-3 * sign * mesh.face_normals
    outer = winding_numbers(np.asarray(probe, np.float64), np.asarray(mesh.triangles, np.float64)) * sign < 0.5
    shell = trimesh.Trimesh(rig.vertices, rig.faces[outer], process=False)
    points, faces = _sampled(shell, seed=1)
    return rig, points, np.asarray(shell.face_normals[faces], np.float64)


def shape_scores(truth: Path, placement: Placement, vertices: NDArray[np.float32], faces: Faces) -> tuple[ShapeScores, Placement]:
    """Measure a welded model (V, 3), (F, 3); also the placement moved to the best depth."""
    rig, there, their_normals = truth_samples(truth)
    model = trimesh.Trimesh(vertices, faces, process=False)
    samples, sampled = _sampled(model, seed=2)
    placement = placement.best(samples, there)
    own, turned = placement(vertices), placement.faces(faces)
    here = placement(samples)
    normals = np.asarray(trimesh.Trimesh(own, turned, process=False).face_normals)[sampled]
    diagonal = float(np.linalg.norm(np.ptp(rig.vertices, axis=0)))
    forth, of_ours = _away(cKDTree(here), there)
    back, of_theirs = _away(cKDTree(there), here)
    forth, back = forth / diagonal, back / diagonal
    precision, recall = float((back < _NEAR).mean()), float((forth < _NEAR).mean())
    along = np.abs((normals * their_normals[of_theirs]).sum(1)).mean() + np.abs((their_normals * normals[of_ours]).sum(1)).mean()
    grid = grid_around(rig.vertices, own, cells=_CELLS)
    theirs, mine = inside(rig.vertices, rig.faces, grid), inside(own, turned, grid)
    scores = ShapeScores(
        volume_iou=float((theirs & mine).sum() / max(int((theirs | mine).sum()), 1)),
        volume_ratio=float(mine.sum() / max(int(theirs.sum()), 1)),
        chamfer=float(forth.mean() + back.mean()) / 2,
        f_score=2 * precision * recall / max(precision + recall, 1e-9),
        normal_consistency=float(along) / 2,
        unseen_iou=_unseen(placement.camera, rig, own, turned),
    )
    return scores, placement


def _sampled(mesh: trimesh.Trimesh, *, seed: int) -> tuple[Floats64, NDArray[np.int64]]:
    """Points (N, 3) spread over a surface by area, and the faces that they lie on."""
    found = trimesh.sample.sample_surface(mesh, _SAMPLES, seed=seed)
    return np.asarray(found[0], np.float64), np.asarray(found[1], np.int64)


def _away(tree: cKDTree, points: Floats64) -> tuple[Floats64, NDArray[np.int64]]:
    """Distances (N,) of points to the nearest of a tree, and which those are."""
    distance, place = tree.query(points)
    return np.asarray(distance, np.float64), np.asarray(place, np.int64)


def _unseen(camera: Camera, rig: TruthRig, vertices: Floats64, faces: Faces) -> float:
    turn = np.radians(_UNSEEN)
    rotation = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
    other = Camera(axes=(camera.axes @ rotation.T).astype(np.float32), target=camera.target, span=camera.span * 1.1)
    seen: list[NDArray[np.bool_]] = []
    for points, triangles in ((rig.vertices, rig.faces), (vertices, faces)):
        flat = other.project(points.astype(np.float32), width=_UNSEEN_SIZE, height=_UNSEEN_SIZE)
        seen.append(rasterise(flat, triangles, width=_UNSEEN_SIZE, height=_UNSEEN_SIZE, cull=False).face >= 0)
    return float((seen[0] & seen[1]).sum() / max(int((seen[0] | seen[1]).sum()), 1))
