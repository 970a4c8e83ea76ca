"""The rig against truth: how far the joints of rigged animals lie from the bones that we give their silhouettes.

    python benchmarks/rig_truth.py [--rigs Fox Horse]

Every animal is rendered from its right side, its silhouette goes through geometry, skeleton, skin and animate, and the result
is laid over the truth as the camera saw it. ``joint`` is the mean distance of the truth's joints (without its IK
controls) to the nearest of our bones, ``worst`` the largest, as shares of the longest extent; the rest are the figures of
the stages ``skin`` and ``animate``: torn edges are those beyond twice their length, at a clip's worst moment.
"""

import argparse
from dataclasses import replace

import numpy as np
from geometry_truth import RIGS, SIZE, truth_silhouette
from numpy.typing import NDArray

from rigshot_pipeline.embedded.clips import make_clips
from rigshot_pipeline.embedded.heat_weights import heat_weights
from rigshot_pipeline.embedded.model import Model, model_of
from rigshot_pipeline.embedded.reading import read_silhouette
from rigshot_pipeline.embedded.rig_check import bones_inside, feet_figures, leg_bleed, stretch, weight_steps
from rigshot_pipeline.embedded.skeleton import build_rig
from rigshot_pipeline.embedded.weight_relaxing import relaxed_weights
from rigshot_pipeline.evaluation.truth_rig import TruthRig, load_truth
from rigshot_pipeline.preview.camera import Camera

__all__ = ["joint_distances"]

NOT_BONES = ("pole", "root", "ik", "ff", "body", "control")
"""Parts of the names of controls that move other joints but carry no skin."""
Array = NDArray[np.float64]


def joint_distances(truth: TruthRig, camera: Camera, model: Model, joints: Array, tails: Array) -> Array:
    """Distances of the truth's joints to our nearest bones, in the picture's plane and the depth that fits best."""
    axis = camera.axes[2].astype(np.float64)
    starts, ends, skin = (_placed(points, model, camera) for points in (joints[1:], tails[1:], model.mesh.vertices))
    depth = axis * float(np.median(truth.vertices @ axis) - np.median(skin @ axis))
    starts, ends = starts + depth, ends + depth
    points = np.array([place for name, place in truth.joints.items() if not any(word in name.lower() for word in NOT_BONES)])
    along = ends - starts
    share = np.clip(((points[:, None] - starts) * along).sum(2) / np.maximum((along**2).sum(1), 1e-9), 0, 1)
    distances: Array = np.linalg.norm(points[:, None] - starts - share[..., None] * along, axis=2).min(1)
    return distances


def _placed(points: Array, model: Model, camera: Camera) -> Array:
    """Points of the model's world in the truth's, by way of the picture that both share."""
    seen = model.projection.project(points.astype(np.float32)).astype(np.float64)
    pixel = camera.span / SIZE
    metre = pixel * float(np.linalg.norm(model.projection.matrix[0, :3]))
    flat = np.c_[(seen[:, 0] - SIZE / 2) * pixel, (SIZE / 2 - seen[:, 1]) * pixel, seen[:, 2] * metre]
    placed: Array = flat @ camera.axes.astype(np.float64) + camera.target.astype(np.float64)
    return placed


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rigs", nargs="*", default=["Fox", "Cow", "Deer", "Horse", "Husky", "ShibaInu", "Stag", "Wolf"])
    wishes = parser.parse_args()
    print(f"{'rig':14s} joints  joint  worst inside bleed  step  p99   clip:torn/slide/sink (per mille, mm, mm)")
    for path in sorted(RIGS.glob("*.glb")):
        if not any(name.lower() in path.stem.lower() for name in wishes.rigs):
            continue
        truth = load_truth(path)
        camera, mask = truth_silhouette(truth, -90.0)
        grey = np.full((*mask.shape, 4), 128, np.uint8)
        grey[..., 3] = mask * 255
        model = model_of(grey, read_silhouette(mask))
        rig = build_rig(model.body)
        rig = replace(rig, weights=heat_weights(model.mesh, model.body, rig))
        rig = replace(rig, weights=relaxed_weights(model.mesh, model.body, rig))
        away = joint_distances(truth, camera, model, rig.joints.astype(np.float64), rig.tails.astype(np.float64))
        assert rig.weights is not None
        mean, high = weight_steps(model.mesh, rig.weights)
        words = []
        for clip in make_clips(model.mesh, model.body, rig):
            torn = float((stretch(model.mesh, rig, clip) > 2).mean(1).max())
            feet = feet_figures(model.mesh, model.body, rig, clip)
            words.append(f"{clip.name}:{1000 * torn:.1f}/{1000 * feet.slide:.1f}/{1000 * feet.sink:.1f}")
        print(
            f"{path.stem.split('_')[-1]:14s} {len(rig.names):5d} {away.mean():7.3f} {away.max():6.3f} {bones_inside(model.mesh, rig):6.2f}"
            f" {leg_bleed(model.body, rig):5.2f} {mean:5.2f} {high:5.2f}  {' '.join(words)}"
        )


if __name__ == "__main__":
    main()
