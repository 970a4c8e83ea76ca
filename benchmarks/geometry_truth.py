"""Geometry against truth: rigged animals rendered orthographically, their silhouettes fed to the engine, the answer compared.

    python benchmarks/geometry_truth.py [--rigs Fox Horse] [--yaw -90] [--clip walk]

Volume IoU on a grid of 1/90 of the longest side (winding number > 0.5 for the truth, whose shells overlap), the symmetric
Chamfer distance and F@.02 of surface samples as shares of the bounding box's diagonal, and the silhouette's IoU from an unseen side.
"""

import argparse
from dataclasses import astuple, dataclass
from pathlib import Path

import fast_simplification
import numpy as np
import trimesh
from numba import njit
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from truth_rigs import TruthRig, load_truth

from rigshot_pipeline.embedded.model import Model, model_of
from rigshot_pipeline.embedded.reading import read_silhouette
from rigshot_pipeline.preview.camera import Camera, fit, orbit
from rigshot_pipeline.preview.raster import rasterise

__all__ = ["Score", "compare", "truth_silhouette"]

RIGS = Path(__file__).parents[2] / "shared" / "data" / "gt_rig"
SIZE = 640
FILL = 0.84
GRID = 90
SAMPLES = 6000
Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Score:
    """``volume_iou``, ``volume_ratio`` (ours over truth), ``chamfer`` (share of the diagonal), ``f`` (F at 2 % of it),
    ``unseen_iou`` of the silhouette from 45 degrees further."""

    volume_iou: float
    volume_ratio: float
    chamfer: float
    f: float
    unseen_iou: float


def truth_silhouette(rig: TruthRig, yaw: float, pitch: float = 0.0) -> tuple[Camera, NDArray[np.bool_]]:
    """The camera and the silhouette (SIZE, SIZE) of a rig from a direction."""
    camera = fit(orbit(yaw, pitch), rig.vertices.astype(np.float32), fill=FILL)
    points = camera.project(rig.vertices.astype(np.float32), width=SIZE, height=SIZE)
    return camera, rasterise(points, rig.faces, width=SIZE, height=SIZE, cull=False).face >= 0


def compare(rig: TruthRig, camera: Camera, model: Model) -> Score:
    """Place ``model`` where the truth's camera saw it (its depth so that both surfaces lie nearest) and measure it."""
    ours = _in_truth(model, camera)
    theirs = trimesh.Trimesh(rig.vertices, rig.faces, process=False)
    mesh = trimesh.Trimesh(ours, model.mesh.faces, process=False)
    there, _ = trimesh.sample.sample_surface(_outer(theirs), SAMPLES, seed=1)
    here, _ = trimesh.sample.sample_surface(mesh, SAMPLES, seed=2)
    shift = _best_shift(here, there, camera.axes[2].astype(np.float64))
    mesh.apply_translation(shift)
    here = here + shift
    diagonal = float(np.linalg.norm(np.ptp(rig.vertices, axis=0)))
    forth, back = _away(there, here) / diagonal, _away(here, there) / diagonal
    precision, recall = float((back < 0.02).mean()), float((forth < 0.02).mean())
    low = np.minimum(rig.vertices.min(0), mesh.vertices.min(0))
    high = np.maximum(rig.vertices.max(0), mesh.vertices.max(0))
    axes = [np.arange(a + 0.5 / GRID, b, 1 / GRID) for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
    truth = _winding(grid, rig.vertices[rig.faces]) > 0.5
    mine = _inside(mesh, grid)
    return Score(
        volume_iou=float((truth & mine).sum() / max((truth | mine).sum(), 1)),
        volume_ratio=float(mine.sum() / max(truth.sum(), 1)),
        chamfer=float(forth.mean() + back.mean()) / 2,
        f=2 * precision * recall / max(precision + recall, 1e-9),
        unseen_iou=_unseen(rig, mesh, camera),
    )


def _in_truth(model: Model, camera: Camera) -> Array:
    """The model's vertices in the truth's world, by way of the picture."""
    seen = model.projection.project(model.mesh.vertices).astype(np.float64)
    scale = camera.span / SIZE
    metres = scale * float(np.linalg.norm(model.projection.matrix[0, :3])) / 1.0
    flat = np.c_[(seen[:, 0] - SIZE / 2) * scale, (SIZE / 2 - seen[:, 1]) * scale, seen[:, 2] * metres]
    return flat @ camera.axes.astype(np.float64) + camera.target.astype(np.float64)


def _away(points: Array, others: Array) -> Array:
    """The distance of each point to the nearest of the others."""
    return np.asarray(cKDTree(others).query(points)[0], np.float64)


def _outer(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    """Without the faces whose front lies inside another shell."""
    probe = mesh.triangles_center + mesh.face_normals * 0.004
    kept = _winding(probe, np.asarray(mesh.triangles)) < 0.5
    return trimesh.Trimesh(mesh.vertices, mesh.faces[kept], process=False)


def _best_shift(here: Array, there: Array, axis: Array) -> Array:
    middle = float(np.median(there @ axis) - np.median(here @ axis))
    steps = middle + np.linspace(-0.3, 0.3, 61)
    costs = [float(_away(here[::8] + step * axis, there).mean() + _away(there[::8], here[::4] + step * axis).mean()) for step in steps]
    return axis * steps[int(np.argmin(costs))]


def _unseen(rig: TruthRig, mesh: trimesh.Trimesh, camera: Camera) -> float:
    turn = np.radians(45)
    rotation = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
    other = Camera(axes=(camera.axes @ rotation.T).astype(np.float32), target=camera.target, span=camera.span * 1.1)
    masks = []
    for vertices, faces in ((rig.vertices, rig.faces), (mesh.vertices, mesh.faces)):
        points = other.project(np.asarray(vertices, np.float32), width=320, height=320)
        masks.append(rasterise(points, np.asarray(faces, np.int32), width=320, height=320, cull=False).face >= 0)
    return float((masks[0] & masks[1]).sum() / (masks[0] | masks[1]).sum())


@njit(cache=True, nogil=True)
def _winding(points: Array, triangles: Array) -> Array:
    """Generalised winding numbers (Jacobson et al. 2013): the sum of the triangles' solid angles over 4 pi."""
    result = np.zeros(len(points))
    for i in range(len(points)):
        total = 0.0
        for t in range(len(triangles)):
            ax, ay, az = triangles[t, 0, 0] - points[i, 0], triangles[t, 0, 1] - points[i, 1], triangles[t, 0, 2] - points[i, 2]
            bx, by, bz = triangles[t, 1, 0] - points[i, 0], triangles[t, 1, 1] - points[i, 1], triangles[t, 1, 2] - points[i, 2]
            cx, cy, cz = triangles[t, 2, 0] - points[i, 0], triangles[t, 2, 1] - points[i, 1], triangles[t, 2, 2] - points[i, 2]
            a, b, c = np.sqrt(ax * ax + ay * ay + az * az), np.sqrt(bx * bx + by * by + bz * bz), np.sqrt(cx * cx + cy * cy + cz * cz)
            over = ax * (by * cz - bz * cy) - ay * (bx * cz - bz * cx) + az * (bx * cy - by * cx)
            under = a * b * c + (ax * bx + ay * by + az * bz) * c + (bx * cx + by * cy + bz * cz) * a + (cx * ax + cy * ay + cz * az) * b
            total += np.arctan2(over, under)
        result[i] = total / (2 * np.pi)
    return result


def _inside(mesh: trimesh.Trimesh, grid: Array) -> NDArray[np.bool_]:
    """Points inside a watertight mesh, by its winding number on fewer faces."""
    vertices, faces = fast_simplification.simplify(np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces), target_count=3000)
    result: NDArray[np.bool_] = _winding(grid, vertices.astype(np.float64)[faces]) > 0.5
    return result


def _row(values: tuple[float, ...]) -> str:
    return "{:5.2f} {:5.2f} {:7.4f} {:5.2f} {:6.2f}".format(*values)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rigs", nargs="*", default=["Fox", "Cow", "Deer", "Horse", "Husky", "ShibaInu", "Stag", "Wolf"])
    parser.add_argument("--yaw", type=float, default=-90.0)
    parser.add_argument("--pitch", type=float, default=0.0)
    parser.add_argument("--clip")
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--plan")
    parser.add_argument("--view")
    wishes = parser.parse_args()
    print(f"{'rig':28s} {'view':14s} {'vIoU':>5s} {'ratio':>5s} {'chamfer':>7s} {'F@.02':>5s} {'unseen':>6s}")
    scores = []
    for path in sorted(RIGS.glob("*.glb")):
        if not any(name.lower() in path.stem.lower() for name in wishes.rigs):
            continue
        rig = load_truth(path, clip=wishes.clip, seconds=wishes.seconds)
        camera, mask = truth_silhouette(rig, wishes.yaw, wishes.pitch)
        reading = read_silhouette(mask)
        reading = reading.seen_as(plan=wishes.plan, view=wishes.view)
        grey = np.full((*mask.shape, 4), 128, np.uint8)
        grey[..., 3] = mask * 255
        model = model_of(grey, reading)
        score = compare(rig, camera, model)
        scores.append(score)
        print(f"{path.stem:28s} {reading.view:14s} {_row(astuple(score))}")
    print(f"{'mean':43s} {_row(tuple(np.mean([astuple(score) for score in scores], axis=0)))}")


if __name__ == "__main__":
    main()
