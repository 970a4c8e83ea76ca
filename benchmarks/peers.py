"""The embedded engine beside peers that run on a CPU, on the same inputs, in one run.

    python benchmarks/peers.py --truth ../shared/data/gt_rig [--set ../shared/data] [--python PEERS/bin/python] [--rigs Fox Cow]

* shape, from the true outline of a rigged animal seen from its right: the outline inflated by its distance to the rim and by the Poisson
  equation (Repousse, Joshi and Carr 2008; Monster Mash, Dvoroznak et al. 2020, inflate so), meshed by marching cubes;
* skeleton, from our mesh: skeletor's wavefront curve skeleton, its forks and ends taken as joints;
* weights, for our mesh and our skeleton: each vertex to its nearest bone; Blender's bone heat (automatic weights);
* outline, in photos with a true mask: GrabCut (Rother et al. 2004) from a rectangle, and what differs from the frame's colour;
* joints of drawn figures: Meta's AnimatedDrawings' own annotation is the truth, by which the distance to our bones is measured.

skeletor is GPL-3 and Blender GPL: both run as programs of their own from the environment of ``--python``
(``python3.11 -m venv PEERS; PEERS/bin/pip install skeletor "bpy==4.5.*"``) and are left out without it. The weights that rembg
would load cannot be had here; it has no method without any, so GrabCut stands in for it.
"""

import argparse
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from geometry_truth import SIZE, truth_silhouette
from numpy.typing import NDArray
from scipy.sparse import coo_array, diags_array
from scipy.sparse.linalg import spsolve
from skimage.measure import marching_cubes

from rigshot_pipeline import store
from rigshot_pipeline.asset import Mesh, Rig
from rigshot_pipeline.body import Projection
from rigshot_pipeline.embedded.clips import make_clips
from rigshot_pipeline.embedded.heat_weights import heat_weights, keep_strongest
from rigshot_pipeline.embedded.model import Model, model_of
from rigshot_pipeline.embedded.reading import read_silhouette
from rigshot_pipeline.embedded.rig_check import stretched_share, weight_steps
from rigshot_pipeline.embedded.skeleton import build_rig
from rigshot_pipeline.embedded.weight_relaxing import relaxed_weights
from rigshot_pipeline.errors import RigshotError
from rigshot_pipeline.evaluation.cases import Case, cases_of_set
from rigshot_pipeline.evaluation.picture_scores import iou
from rigshot_pipeline.evaluation.rig_scores import compare_skeletons, matched, motion_scores, skeleton_scores, skin_scores
from rigshot_pipeline.evaluation.scores import moments_of
from rigshot_pipeline.evaluation.shape_scores import Placement, shape_scores
from rigshot_pipeline.evaluation.truth_rig import load_truth
from rigshot_pipeline.options import Options
from rigshot_pipeline.run import run_job
from rigshot_pipeline.stages.unprepared import plain_subject

WORKER = Path(__file__).parent / "peers_env" / "worker.py"
COARSE = 3  # pixels of the outline for a cell of the inflations
Row = dict[str, Any]
Floats64 = NDArray[np.float64]
Bools = NDArray[np.bool_]


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--set", type=Path, dest="pictures")
    parser.add_argument("--python", type=Path, help="a Python that has skeletor and bpy")
    parser.add_argument("--rigs", nargs="*", default=["Fox", "Cow", "Deer", "Horse", "Husky", "ShibaInu", "Stag", "Wolf"])
    parser.add_argument("--pictures", nargs="*", default=["oxpet_A", "oxpet_B", "gfm_am2k"], dest="only")
    wishes = parser.parse_args()
    rows: list[Row] = []
    for path in sorted(wishes.truth.glob("*.glb")):
        if any(name in path.stem for name in wishes.rigs):
            rows += _of_rig(path, wishes.python)
            print(path.stem, flush=True)
    if wishes.pictures:
        for case in cases_of_set(wishes.pictures, only=wishes.only, masked=True):
            rows += _outlines(case)
            print(case.name, flush=True)
        rows += _drawn(wishes.pictures)
    for what in dict.fromkeys(row["what"] for row in rows):
        print("\n" + _table(what, [row for row in rows if row["what"] == what]))


def _of_rig(path: Path, python: Path | None) -> Iterator[Row]:
    truth = load_truth(path)
    camera, mask = truth_silhouette(truth, -90.0)
    grey = np.full((*mask.shape, 4), 128, np.uint8)
    grey[..., 3] = mask * 255
    begin = time.perf_counter()
    model = model_of(grey, read_silhouette(mask))
    seconds = time.perf_counter() - begin
    place = Placement(camera=camera, size=SIZE, canonical_from_photo=np.eye(3), projection=model.projection, shift=np.zeros(3))
    shape, placed = shape_scores(path, place, model.mesh.vertices, model.mesh.faces)
    yield {"what": "shape", "who": "ours", "of": path.stem, **asdict(shape), "seconds": seconds}
    for who, inflate in (("distance inflation", _by_distance), ("Poisson inflation", _by_poisson)):
        begin = time.perf_counter()
        mesh = _lens(inflate(mask[::COARSE, ::COARSE]))
        seconds = time.perf_counter() - begin
        flat = Projection(matrix=np.array([[SIZE, 0, 0, 0], [0, -SIZE, 0, SIZE], [0, 0, 1, 0]], np.float32), size=SIZE)
        peer, _ = shape_scores(path, replace(place, projection=flat), mesh.vertices, mesh.faces)
        yield {"what": "shape", "who": who, "of": path.stem, **asdict(peer), "seconds": seconds}
    yield from _rigs(path, model, placed, python)


def _rigs(path: Path, model: Model, placed: Placement, python: Path | None) -> Iterator[Row]:
    truth = load_truth(path)
    begin = time.perf_counter()
    rig = build_rig(model.body)
    rigging = time.perf_counter() - begin
    begin = time.perf_counter()
    rig = replace(rig, weights=heat_weights(model.mesh, model.body, rig))
    rig = replace(rig, weights=relaxed_weights(model.mesh, model.body, rig))
    weighting = time.perf_counter() - begin
    pair = matched(rig, placed(model.mesh.vertices), placed(rig.joints), placed(rig.tails), truth)
    yield {"what": "skeleton", "who": "ours", "of": path.stem, **asdict(skeleton_scores(pair)), "seconds": rigging}
    if python is not None:
        found, seconds = _peer(python, "skeletor", {"vertices": model.mesh.vertices, "faces": model.mesh.faces})
        edges = found["edges"].astype(np.int64)
        degree = np.bincount(edges.ravel(), minlength=len(found["points"]))
        points = placed(found["points"])
        curve = compare_skeletons(points, np.flatnonzero(degree != 2), edges, truth)
        yield {"what": "skeleton", "who": "skeletor (wavefront)", "of": path.stem, **asdict(curve), "seconds": seconds}
    assert rig.weights is not None
    moves = rig.weights.max(0) > 1e-3
    clip = next(clip for clip in make_clips(model.mesh, model.body, rig) if clip.name in ("walk", "swim", "idle"))
    ways: dict[str, tuple[NDArray[np.float32], float]] = {"ours": (rig.weights, weighting)}
    begin = time.perf_counter()
    ways["nearest bone"] = (_nearest_bone(model.mesh, rig, moves), time.perf_counter() - begin)
    if python is not None:
        given = {"joints": rig.joints, "tails": rig.tails, "parents": rig.parents, "moves": moves}
        found, seconds = _peer(python, "bone_heat", {"vertices": model.mesh.vertices, "faces": model.mesh.faces, **given})
        bare = found["weights"].sum(1) < 1e-6
        ways["Blender bone heat"] = (
            keep_strongest(np.where(bare[:, None], ways["nearest bone"][0], found["weights"]).astype(np.float64)),
            seconds,
        )
        print(f"  bone heat left {bare.mean():.1%} of the vertices without a bone")
    for who, (weights, seconds) in ways.items():
        other = replace(rig, weights=weights)
        pair = matched(other, placed(model.mesh.vertices), placed(rig.joints), placed(rig.tails), truth)
        motion = motion_scores(pair, list(moments_of(path)))
        steps = weight_steps(model.mesh, weights)
        torn = stretched_share(model.mesh, other, clip)
        figures = {"weight_step": steps[0], "torn_share": torn, "seconds": seconds}
        yield {"what": "weights", "who": who, "of": path.stem, **asdict(skin_scores(pair)), **(asdict(motion) if motion else {}), **figures}


def _peer(python: Path, what: str, arrays: Mapping[str, Any]) -> tuple[dict[str, Any], float]:
    """What a peer made of ``arrays`` in its own process, and the seconds with its start."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.npz", Path(folder) / "out.npz"
        np.savez(source, **arrays)
        begin = time.perf_counter()
        subprocess.run([python, WORKER, what, source, target], check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - begin
        with np.load(target) as data:
            return {name: data[name] for name in data.files}, seconds


def _nearest_bone(mesh: Mesh, rig: Rig, moves: Bools) -> NDArray[np.float32]:
    along = rig.tails - rig.joints
    share = np.clip(((mesh.vertices[:, None] - rig.joints) * along).sum(2) / np.maximum((along**2).sum(1), 1e-9), 0, 1)
    away = np.linalg.norm(mesh.vertices[:, None] - rig.joints - share[..., None] * along, axis=2)
    away[:, ~moves] = np.inf
    return np.eye(len(rig.names), dtype=np.float32)[away.argmin(1)]


def _by_distance(mask: Bools) -> Floats64:
    """Half the thickness (H, W) is the distance to the rim."""
    return cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5).astype(np.float64)


def _by_poisson(mask: Bools) -> Floats64:
    """Half the thickness (H, W) is the root of u with Laplace(u) = -4 and u = 0 outside."""
    places = np.full(mask.shape, -1)
    places[mask] = np.arange(mask.sum())
    pairs = [(places[1:], places[:-1]), (places[:, 1:], places[:, :-1])]
    rows = np.concatenate([part for a, b in pairs for part in (a[(a >= 0) & (b >= 0)], b[(a >= 0) & (b >= 0)])])
    columns = np.concatenate([part for a, b in pairs for part in (b[(a >= 0) & (b >= 0)], a[(a >= 0) & (b >= 0)])])
    count = int(mask.sum())
    system = diags_array(np.full(count, 4.0)) - coo_array((np.ones(len(rows)), (rows, columns)), shape=(count, count))
    half = np.zeros(mask.shape)
    half[mask] = np.sqrt(np.maximum(spsolve(system.tocsc(), np.full(count, 4.0)), 0))
    return half


def _lens(half: Floats64) -> Mesh:
    """The solid |z| <= half (H, W) as a mesh; x right, y up, z to the viewer, the picture 1 wide."""
    deep = int(np.ceil(half.max())) + 2
    depth = np.arange(-deep, deep + 1)
    field = np.where(half[..., None] > 0, half[..., None] - np.abs(depth), -1.0)
    found = marching_cubes(np.pad(field, ((1, 1), (1, 1), (0, 0)), constant_values=-1.0), 0.0, gradient_direction="descent")
    rows, columns, z = (found[0] - [0.5, 0.5, deep]).T
    size = half.shape[0]
    vertices = np.stack([columns / size, 1 - rows / size, z / size], 1).astype(np.float32)
    return Mesh(vertices=vertices, faces=found[1].astype(np.int32))


def _outlines(case: Case) -> Iterator[Row]:
    taken = case.take()
    if taken.mask is None or taken.photo.shape[2] == 4:
        return
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        try:
            run_job(case.file, Path(folder), options=Options(engine="embedded"), until="cutout")
            ours = _in_photo(Path(folder), taken.mask.shape)
        except RigshotError:
            ours = np.zeros_like(taken.mask)
        seconds = time.perf_counter() - begin
    yield {"what": "outline", "who": "ours", "of": case.name, "iou": iou(ours, taken.mask, taken.known), "seconds": seconds}
    for who, cut in (("GrabCut", _grabcut), ("unlike the frame", lambda photo: plain_subject(photo).probability >= 0.5)):
        begin = time.perf_counter()
        mask = cut(taken.photo)
        yield {
            "what": "outline",
            "who": who,
            "of": case.name,
            "iou": iou(mask, taken.mask, taken.known),
            "seconds": time.perf_counter() - begin,
        }


def _grabcut(photo: NDArray[np.uint8]) -> Bools:
    """GrabCut of all but the outer twentieth of the photo, at no more than 640 pixels."""
    scale = min(1.0, 640 / max(photo.shape[:2]))
    small = np.ascontiguousarray(cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    height, width = small.shape[:2]
    rim = max(2, round(0.05 * min(height, width)))
    mask = np.zeros((height, width), np.uint8)
    cv2.setRNGSeed(0)
    cv2.grabCut(small, mask, (rim, rim, width - 2 * rim, height - 2 * rim), np.zeros((1, 65)), np.zeros((1, 65)), 5, cv2.GC_INIT_WITH_RECT)
    found = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    return cv2.resize(found, photo.shape[1::-1], interpolation=cv2.INTER_NEAREST) > 0


def _in_photo(folder: Path, shape: tuple[int, ...]) -> Bools:
    alpha = np.ascontiguousarray(store.load_picture(folder / "cutout" / "cutout.png")[..., 3])
    words = store.load_json(folder / "standardise" / "subject.json")
    scale = float(store.load_json(folder / "intake" / "photo.json")["scale"])
    matrix = np.asarray(words["canonical_from_photo"], np.float64) @ np.diag([scale, scale, 1.0])
    return cv2.warpPerspective(alpha, matrix, shape[1::-1], flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP) > 127


def _drawn(folder: Path) -> Iterator[Row]:
    """Distances of AnimatedDrawings' joints (without the root) to our bones and joints, as shares of the figure's longer side."""
    for case in cases_of_set(folder, only=["animdraw_char"], masked=True):
        file = case.file.with_name(f"{case.file.stem}.skeleton_2d.yaml")
        wanted = {name: place for name, place in _joints(file.read_text(encoding="utf-8")).items() if name != "root"}
        with tempfile.TemporaryDirectory() as made:
            try:
                run_job(case.file, Path(made), options=Options(engine="embedded"), until="skin")
            except RigshotError:
                continue
            rig = store.load_rig(Path(made) / "skin" / "rig.npz")
            camera = store.load_projection(Path(made) / "geometry" / "camera.json")
            matrix = np.linalg.inv(np.asarray(store.load_json(Path(made) / "standardise" / "subject.json")["canonical_from_photo"]))
        heads, tails = ((camera.project(points)[1:, :2] @ matrix[:2, :2].T + matrix[:2, 2]) for points in (rig.joints, rig.tails))
        points = np.array(list(wanted.values()), np.float64)
        mask = case.take().mask
        assert mask is not None
        size = max(int(mask.any(0).sum()), int(mask.any(1).sum()))
        along = tails - heads
        share = np.clip(((points[:, None] - heads) * along).sum(2) / np.maximum((along**2).sum(1), 1e-9), 0, 1)
        to_bone = np.linalg.norm(points[:, None] - heads - share[..., None] * along, axis=2).min(1) / size
        to_joint = np.linalg.norm(points[:, None] - heads, axis=2).min(1) / size
        near = {"to_bone": to_bone.mean(), "to_joint": to_joint.mean(), "bones_within_5": (to_bone < 0.05).mean()}
        yield {"what": "drawn joints", "who": "ours", "of": case.name, **near, "joints_within_10": (to_joint < 0.1).mean()}


def _joints(text: str) -> dict[str, tuple[int, int]]:
    """The joints of AnimatedDrawings' YAML: of each ``loc`` with two numbers the ``name`` that follows."""
    words = text.replace("- loc:", " loc ").replace("name:", " name ").split()
    found: dict[str, tuple[int, int]] = {}
    for place, word in enumerate(words):
        if word == "loc":
            numbers = [int(number) for number in words[place + 1 : place + 5] if number != "-"][:2]
            found[words[words.index("name", place) + 1]] = (numbers[0], numbers[1])
    return found


def _table(what: str, rows: list[Row]) -> str:
    figures = [key for key in rows[0] if key not in ("what", "who", "of")]
    means = {
        who: {figure: float(np.mean([row[figure] for row in rows if row["who"] == who and figure in row])) for figure in figures}
        for who in dict.fromkeys(row["who"] for row in rows)
    }
    lines = [f"### {what} ({len({row['of'] for row in rows})} inputs; in brackets ours over theirs)", ""]
    lines += ["| | " + " | ".join(figures) + " |", "|---" * (len(figures) + 1) + "|"]
    for who, values in means.items():
        cells = [
            f"{value:.4g}" + ("" if who == "ours" or not value else f" ({means['ours'][figure] / value:.2f})")
            for figure, value in values.items()
        ]
        lines.append(f"| {who} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
