"""Command: silhouettes of rigged four-legged animals, out of proportion and from anywhere, with how they are turned.

python -m training.heading.silhouettes --rigs FOLDER --out silhouettes.npz [--count N --seed S]

Writes ``masks`` (N, 64, 64) uint8, the share of each cell that is subject, as the engine shows them to the network; ``heading`` (N,)
degrees from the viewer's direction to the animal's forward, -180..180, 90 = it walks to the picture's right; ``pitch`` (N,) degrees that
the camera looks down; ``rig`` (N,) which model. A few models must stand for all animals, so their legs, trunks, necks, heads and tails
are made longer and shorter, their heads turned (pets look at the camera), their outlines furry.
"""

import argparse
import os
import sys
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from rigshot_pipeline.embedded.heading import framed
from rigshot_pipeline.evaluation.truth_rig import TruthRig, clip_names, load_truth
from rigshot_pipeline.preview.camera import fit, orbit
from rigshot_pipeline.preview.raster import rasterise

__all__ = ["Sample", "silhouette"]

Points = NDArray[np.float64]
Bools = NDArray[np.bool_]

_PICTURE = 192  # pixels of the drawn silhouette, before it is framed
_MOMENTS = 14  # poses of each model that are read
_REST = 0.35  # share of silhouettes at rest: people photograph animals that stand
# What animals in photos mostly do; the rest of a model's clips (death, attack) they do not.
_CLIPS = ("idle", "walk", "gallop", "eating", "run")
# Models unlike pets are shown less often.
_RARE = {"Stegosaurus": 0.3, "Triceratops": 0.4, "Fox": 2.0}


@dataclass(frozen=True, kw_only=True)
class Sample:
    """``mask`` (S, S) and how the animal in it is turned, in degrees."""

    mask: Bools
    heading: float
    pitch: float


def silhouette(rig: TruthRig, random: np.random.Generator) -> Sample:
    """The outline of ``rig`` in random proportions, seen by a random camera."""
    points = _out_of_proportion(rig, random)
    heading = float(random.choice([random.uniform(-180, 180), random.normal(random.choice([-1, 1]) * 65, 30)]))
    pitch = float(np.clip(random.normal(9, 9), -8, 40))
    distance = float(random.choice([np.inf, random.uniform(1.8, 6)]))
    camera = fit(orbit(-heading, pitch, distance=distance), points, fill=0.62 if np.isfinite(distance) else 0.8)
    seen = camera.project(points, width=_PICTURE, height=_PICTURE)
    mask = rasterise(seen, rig.faces, width=_PICTURE, height=_PICTURE, cull=False).face >= 0
    return Sample(mask=_as_cut_out(mask, random), heading=(heading + 180) % 360 - 180, pitch=pitch)


def _out_of_proportion(rig: TruthRig, random: np.random.Generator) -> NDArray[np.float32]:
    """The posed vertices (V, 3) with longer or shorter legs, trunk, neck, head, ears and tail."""
    points = rig.vertices.copy()
    turned = _turned(points, rig, ("Head", "Ear"), (random.normal(0, 35), random.normal(0, 12)))
    points = _turned(turned, rig, ("Neck", "Head", "Ear"), (random.normal(0, 15), random.normal(0, 12)))
    points = _turned(points, rig, ("Tail",), (random.normal(0, 20), random.choice([0.0, random.uniform(-110, 30)])))
    points = _scaled(points, rig, ("Tail",), float(random.uniform(0.05, 1.3)))
    points = _scaled(points, rig, ("Head", "Ear"), float(random.uniform(0.85, 1.6)))
    points = _scaled(points, rig, ("Ear",), float(random.uniform(0.4, 1.6)))
    points = _scaled(points, rig, ("Neck", "Head", "Ear"), float(random.uniform(0.6, 1.1)))
    tall = float(np.ptp(points[:, 1]))
    belly = 0.42 * tall
    legs = float(random.uniform(0.45, 1.2))
    points[:, 1] = np.where(points[:, 1] < belly, points[:, 1] * legs, points[:, 1] - belly * (1 - legs))
    points *= np.array([random.uniform(0.75, 1.6), 1.0, random.uniform(0.65, 1.1)])
    waves = random.normal(0, 4, (3, 3))
    points = points + 0.012 * np.sin(points @ waves + random.uniform(0, 6.3, 3))
    return points.astype(np.float32)


def _share(rig: TruthRig, parts: tuple[str, ...]) -> tuple[Points, Points | None]:
    """How far (V, 1) each vertex belongs to joints of these names, and where the first of them is."""
    chosen = np.array([name.startswith(parts) for name in rig.names])
    if not chosen.any():
        return np.zeros((len(rig.vertices), 1)), None
    return rig.weights[:, chosen].sum(1, keepdims=True), rig.places[int(np.argmax(chosen))]


def _turned(points: Points, rig: TruthRig, parts: tuple[str, ...], angles: tuple[float, float]) -> Points:
    """A part turned about its first joint by degrees aside and down."""
    share, pivot = _share(rig, parts)
    if pivot is None:
        return points
    turn = Rotation.from_euler("yx", angles, degrees=True).as_matrix()
    moved: Points = points + share * ((points - pivot) @ turn.T + pivot - points)
    return moved


def _scaled(points: Points, rig: TruthRig, parts: tuple[str, ...], factor: float) -> Points:
    share, pivot = _share(rig, parts)
    if pivot is None:
        return points
    scaled: Points = points + share * (factor - 1) * (points - pivot)
    return scaled


def _as_cut_out(mask: Bools, random: np.random.Generator) -> Bools:
    """The mask with a furry, grown or shrunken outline, feet in the grass now and then."""
    inside = mask.astype(np.float32)
    size = float(max(np.ptp(np.nonzero(mask)[0]), np.ptp(np.nonzero(mask)[1]), 8))
    fur = cv2.GaussianBlur(random.normal(0, 1, mask.shape).astype(np.float32), (0, 0), float(random.uniform(1.5, 5)))
    fur *= random.uniform(0, 0.18) / max(float(fur.std()), 1e-6)
    soft = cv2.GaussianBlur(inside, (0, 0), size * float(random.uniform(0.004, 0.02)))
    cut: Bools = soft + fur * (4 * soft * (1 - soft)) > random.choice([0.5, random.uniform(0.15, 0.7)])
    if random.random() < 0.15:
        rows = np.flatnonzero(cut.any(1))
        cut[int(rows[-1] - random.uniform(0.02, 0.1) * len(rows)) :] = False
    count, labels, stats, _ = cv2.connectedComponentsWithStats(cut.astype(np.uint8))
    if count < 2:
        return mask
    largest: Bools = labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    return largest


@lru_cache(maxsize=64)
def _poses(path: Path) -> tuple[TruthRig, ...]:
    """The model at rest, and at moments of its usual clips."""
    rest = load_truth(path)
    clips = [name for name in clip_names(path) if any(word in name.lower() for word in _CLIPS) and "jump" not in name.lower()]
    moments = np.random.default_rng(1).uniform(0, 1.5, _MOMENTS)
    return rest, *(load_truth(path, clip=clips[place % len(clips)], seconds=float(at)) for place, at in enumerate(moments))


def _some(job: tuple[tuple[Path, ...], int, int, int]) -> list[tuple[NDArray[np.uint8], float, float, int]]:
    rigs, seed, number, count = job
    random = np.random.default_rng([seed, number])
    usual = np.array([_RARE.get(path.stem, 1.0) for path in rigs])
    made: list[tuple[NDArray[np.uint8], float, float, int]] = []
    while len(made) < count:
        place = int(random.choice(len(rigs), p=usual / usual.sum()))
        poses = _poses(rigs[place])
        rig = poses[0] if random.random() < _REST else poses[int(random.integers(len(poses)))]
        sample = silhouette(rig, random)
        made.append((np.round(framed(sample.mask) * 255).astype(np.uint8), sample.heading, sample.pitch, place))
    return made


def main() -> None:
    """Read the arguments, draw on all cores, write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rigs", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=60000)
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args()
    rigs = tuple(sorted(options.rigs.glob("*.glb")))
    if not rigs:
        sys.exit(f"{options.rigs}: there are no models (.glb)")
    jobs = [(rigs, options.seed, number, 500) for number in range(-(-options.count // 500))]
    with get_context("spawn").Pool(os.cpu_count()) as pool:
        rows = [row for part in pool.imap(_some, jobs) for row in part]
    masks, headings, pitches, places = zip(*rows, strict=True)
    numbers = np.array(headings, np.float32), np.array(pitches, np.float32), np.array(places, np.int32)
    np.savez_compressed(options.out, masks=np.stack(masks), heading=numbers[0], pitch=numbers[1], rig=numbers[2])


if __name__ == "__main__":
    main()
