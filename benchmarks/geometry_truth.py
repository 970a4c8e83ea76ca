"""Geometry against truth: rigged animals rendered orthographically, their silhouettes fed to the engine, the answer compared.

    python benchmarks/geometry_truth.py [--rigs Fox Horse] [--yaw -90]

The engine sees nothing but one grey outline: this is the geometry alone. `rigshot evaluate --truth` measures whole photos.
``rigshot_pipeline/evaluation/shape_scores.py`` defines the figures.
"""

import argparse
from dataclasses import astuple, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rigshot_pipeline.embedded.model import model_of
from rigshot_pipeline.embedded.reading import read_silhouette
from rigshot_pipeline.evaluation.shape_scores import Placement, ShapeScores, shape_scores
from rigshot_pipeline.evaluation.truth_rig import TruthRig, load_truth
from rigshot_pipeline.preview.camera import Camera, fit, orbit
from rigshot_pipeline.preview.raster import rasterise

__all__ = ["RIGS", "SIZE", "load_truth", "truth_silhouette"]

RIGS = Path(__file__).parents[2] / "shared" / "data" / "gt_rig"
SIZE = 640
FILL = 0.84


def truth_silhouette(rig: TruthRig, yaw: float, pitch: float = 0.0) -> tuple[Camera, NDArray[np.bool_]]:
    """The camera and the silhouette (SIZE, SIZE) of a rig from a direction."""
    camera = fit(orbit(yaw, pitch), rig.vertices.astype(np.float32), fill=FILL)
    points = camera.project(rig.vertices.astype(np.float32), width=SIZE, height=SIZE)
    return camera, rasterise(points, rig.faces, width=SIZE, height=SIZE, cull=False).face >= 0


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rigs", nargs="*", default=["Fox", "Cow", "Deer", "Horse", "Husky", "ShibaInu", "Stag", "Wolf"])
    parser.add_argument("--yaw", type=float, default=-90.0)
    parser.add_argument("--pitch", type=float, default=0.0)
    parser.add_argument("--plan")
    parser.add_argument("--view")
    wishes = parser.parse_args()
    print(f"{'rig':28s} {'view':14s} " + " ".join(f"{field.name:>18s}" for field in fields(ShapeScores)))
    scores: list[tuple[float, ...]] = []
    for path in sorted(RIGS.glob("*.glb")):
        if not any(name.lower() in path.stem.lower() for name in wishes.rigs):
            continue
        camera, mask = truth_silhouette(load_truth(path), wishes.yaw, wishes.pitch)
        reading = read_silhouette(mask).seen_as(plan=wishes.plan, view=wishes.view)
        grey = np.full((*mask.shape, 4), 128, np.uint8)
        grey[..., 3] = mask * 255
        model = model_of(grey, reading)
        place = Placement(camera=camera, size=SIZE, canonical_from_photo=np.eye(3), projection=model.projection, shift=np.zeros(3))
        score, _ = shape_scores(path, place, model.mesh.vertices, model.mesh.faces)
        scores.append(astuple(score))
        print(f"{path.stem:28s} {reading.view:14s} {_row(scores[-1])}")
    print(f"{'mean':43s} {_row(tuple(np.mean(scores, axis=0)))}")


def _row(values: tuple[float, ...]) -> str:
    return " ".join(f"{value:18.4f}" for value in values)


if __name__ == "__main__":
    main()
