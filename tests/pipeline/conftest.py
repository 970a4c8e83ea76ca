"""Subjects made of capsules, so that the rig can be tested without a photo."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from skimage.measure import marching_cubes

from rigshot_pipeline import store
from rigshot_pipeline.asset import Clip, Floats, Mesh, Rig
from rigshot_pipeline.body import Body, BodyPart, BodyPlan, PartKind, Projection, Side, View
from rigshot_pipeline.preview.raster import rasterise, vertex_normals

Toy = tuple[Mesh, Body]


@pytest.fixture(scope="session")
def toy() -> Callable[[str], Toy]:
    """A function from a name (quadruped, stubby, biped, seated, bird, fish, snake, object) to a mesh and its body."""
    return make_toy


@pytest.fixture(scope="session")
def job_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A job's folder in which every stage before the preview has left its files: a capsule dog with checks on its coat."""
    folder = tmp_path_factory.mktemp("job")
    mesh, body = make_toy("quadruped")
    camera = Projection(matrix=np.array([[0, 0, 420, 256], [0, -420, 0, 420], [-1, 0, 0, 0]], np.float32), size=512)
    names = [part.name for part in body.parts]
    parents = np.array([names.index(part.parent) if part.parent else -1 for part in body.parts], np.int32)
    ends = [np.stack([part.path[place] for part in body.parts]) for place in (0, -1)]
    rig = Rig(names=tuple(names), parents=parents, joints=ends[0], tails=ends[1])
    weights = (body.vertex_part[:, None] == np.arange(len(names))).astype(np.float32)
    places = camera.project(mesh.vertices)
    uv = (places[:, :2] / camera.size).astype(np.float32)
    source = np.arange(len(mesh.vertices), dtype=np.int32)
    rows, columns = np.mgrid[0:512, 0:512] // 16
    coat = np.where(((rows + columns) % 2 == 0)[..., None], [214, 150, 82], [120, 74, 40]).astype(np.uint8)
    seen = rasterise(places, mesh.faces, width=512, height=512).face >= 0
    picture = np.where(seen[..., None], coat, np.array([70, 140, 60], np.uint8)).astype(np.uint8)
    for name in ("intake", "enhance", "standardise", "cutout", "geometry", "texture", "skeleton", "skin", "animate", "export"):
        (folder / name).mkdir()
        record: dict[str, object] = {"stage": name, "engine": "embedded", "seconds": 0.5, "peak_mb": 300.0, "advice": []}
        store.save_json(folder / name / "stage.json", record)
    store.save_picture(folder / "intake" / "photo.png", picture)
    store.save_picture(folder / "enhance" / "picture.png", picture)
    store.save_json(folder / "enhance" / "picture.json", {"scale": 1.0, "kind": "photo"})
    store.save_picture(folder / "standardise" / "picture.png", picture)
    words = {"kind": "photo", "view": "side", "pose": "standing", "plan": "quadruped", "mirrored": False, "source": "grabcut"}
    store.save_json(folder / "standardise" / "subject.json", words | {"confidence": 0.9, "canonical_from_photo": np.eye(3).tolist()})
    store.save_picture(folder / "cutout" / "cutout.png", np.dstack([picture, seen.astype(np.uint8) * 255]))
    store.save_mesh(folder / "geometry" / "mesh.npz", mesh)
    store.save_body(folder / "geometry" / "body.npz", body)
    store.save_projection(folder / "geometry" / "camera.json", camera)
    split = Mesh(vertices=mesh.vertices, faces=mesh.faces, uv=uv, source=source, normals=vertex_normals(mesh))
    store.save_mesh(folder / "texture" / "mesh.npz", split)
    store.save_picture(folder / "texture" / "albedo.png", coat)
    store.save_rig(folder / "skeleton" / "rig.npz", rig)
    store.save_rig(folder / "skin" / "rig.npz", replace(rig, weights=weights))
    store.save_clips(folder / "animate" / "clips.npz", (swing("walk", names, "leg"), swing("wag", names, "tail")))
    return folder


def swing(name: str, joints: list[str], kind: str) -> Clip:
    """A looping clip of a second in which all joints of a kind swing by 20 degrees about x."""
    times = np.linspace(0, 1, 9, dtype=np.float32)
    half = np.radians(10) * np.sin(2 * np.pi * times)
    rotations = np.tile(np.array([0, 0, 0, 1], np.float32), (len(times), len(joints), 1))
    for joint, joint_name in enumerate(joints):
        if joint_name.startswith(kind):
            rotations[:, joint, 0], rotations[:, joint, 3] = np.sin(half), np.cos(half)
    return Clip(name=name, times=times, rotations=rotations, root_offset=np.zeros((len(times), 3), np.float32))


@cache
def make_toy(name: str) -> Toy:
    """Build the parts, unite their capsules smoothly and mesh the union by marching cubes."""
    plan, view, parts = _TOYS[name]()
    size = 1.0 / 60
    points = np.concatenate([part.path for part in parts])
    margin = max(float(part.radius.max()) for part in parts) + 4 * size
    low, high = points.min(0) - margin, points.max(0) + margin
    axes = [np.arange(low[k], high[k], size) for k in range(3)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1).astype(np.float32)
    fields = np.stack([_distance(part, grid.reshape(-1, 3)).reshape(grid.shape[:3]) for part in parts])
    blend = 0.02
    union = -blend * np.log(np.exp(-np.clip(fields, -0.5, 0.5) / blend).sum(0))
    found = marching_cubes(union, 0.0, spacing=(size,) * 3, gradient_direction="descent")
    vertices = (found[0] + low).astype(np.float32)
    ground = float(vertices[:, 1].min())
    vertices[:, 1] -= ground
    lifted = tuple(_lifted(part, -ground) for part in parts)
    owner = np.argmin([_distance(part, vertices) for part in lifted], 0).astype(np.int32)
    mesh = Mesh(vertices=vertices, faces=found[1].astype(np.int32))
    return mesh, Body(plan=plan, view=view, parts=lifted, vertex_part=owner)


def _lifted(part: BodyPart, height: float) -> BodyPart:
    path = part.path + np.array([0, height, 0], np.float32)
    return BodyPart(name=part.name, kind=part.kind, side=part.side, parent=part.parent, path=path, radius=part.radius)


def _distance(part: BodyPart, points: Floats) -> Floats:
    """Signed distance of points (N, 3) to the part's tapered capsules."""
    best = np.full(len(points), np.inf, np.float32)
    for start, end, thin, thick in zip(part.path, part.path[1:], part.radius, part.radius[1:], strict=False):
        axis = end - start
        along = np.clip((points - start) @ axis / (axis @ axis), 0, 1)
        away = np.linalg.norm(points - start - along[:, None] * axis, axis=1)
        best = np.minimum(best, away - (thin + (thick - thin) * along))
    return best


def _part(name: str, kind: PartKind, side: Side, parent: str | None, *rows: tuple[float, float, float, float]) -> BodyPart:
    """A part from rows of x, y, z, radius, resampled finely like geometry's centre lines."""
    table = np.array(rows, np.float32)
    place = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(table[:, :3], axis=0), axis=1))])
    fine = np.linspace(0, place[-1], 12)
    table = np.stack([np.interp(fine, place, table[:, k]) for k in range(4)], 1).astype(np.float32)
    return BodyPart(name=name, kind=kind, side=side, parent=parent, path=table[:, :3], radius=table[:, 3])


def _both(name: str, kind: PartKind, parent: str, *rows: tuple[float, float, float, float]) -> list[BodyPart]:
    right: list[tuple[float, float, float, float]] = [(-x, y, z, r) for x, y, z, r in rows]
    return [_part(f"{name}_left", kind, "left", parent, *rows), _part(f"{name}_right", kind, "right", parent, *right)]


def _quadruped() -> tuple[BodyPlan, View, list[BodyPart]]:
    return (
        "quadruped",
        "side",
        [
            _part("trunk", "trunk", "centre", None, (0, 0.42, -0.25, 0.09), (0, 0.41, 0, 0.09), (0, 0.42, 0.2, 0.1)),
            _part("neck", "neck", "centre", "trunk", (0, 0.44, 0.22, 0.08), (0, 0.58, 0.33, 0.06)),
            _part("head", "head", "centre", "neck", (0, 0.6, 0.34, 0.07), (0, 0.58, 0.48, 0.04)),
            *_both("ear", "ear", "head", (0.045, 0.64, 0.33, 0.025), (0.06, 0.73, 0.32, 0.012)),
            _part("tail", "tail", "centre", "trunk", (0, 0.46, -0.32, 0.03), (0, 0.5, -0.44, 0.03), (0, 0.6, -0.5, 0.02)),
            *_both("leg_fore", "leg", "trunk", (0.06, 0.4, 0.17, 0.05), (0.06, 0.2, 0.16, 0.032), (0.06, 0.03, 0.17, 0.03)),
            *_both(
                "leg_hind",
                "leg",
                "trunk",
                (0.06, 0.4, -0.24, 0.06),
                (0.06, 0.22, -0.21, 0.04),
                (0.06, 0.13, -0.27, 0.03),
                (0.06, 0.03, -0.24, 0.03),
            ),
        ],
    )


def _stubby() -> tuple[BodyPlan, View, list[BodyPart]]:
    return (
        "quadruped",
        "side",
        [
            _part("trunk", "trunk", "centre", None, (0, 0.3, -0.22, 0.17), (0, 0.3, 0.12, 0.17)),
            _part("head", "head", "centre", "trunk", (0, 0.45, 0.2, 0.16), (0, 0.45, 0.34, 0.12)),
            *_both("leg_fore", "leg", "trunk", (0.1, 0.22, 0.14, 0.075), (0.1, 0.07, 0.15, 0.07)),
            *_both("leg_hind", "leg", "trunk", (0.1, 0.22, -0.22, 0.075), (0.1, 0.07, -0.22, 0.07)),
        ],
    )


def _biped() -> tuple[BodyPlan, View, list[BodyPart]]:
    return (
        "biped",
        "front",
        [
            _part("trunk", "trunk", "centre", None, (0, 0.42, 0, 0.09), (0, 0.66, 0, 0.1)),
            _part("neck", "neck", "centre", "trunk", (0, 0.7, 0, 0.05), (0, 0.76, 0, 0.05)),
            _part("head", "head", "centre", "neck", (0, 0.78, 0, 0.09), (0, 0.92, 0.01, 0.08)),
            *_both("arm", "arm", "trunk", (0.12, 0.66, 0, 0.04), (0.2, 0.52, 0, 0.035), (0.25, 0.38, 0.02, 0.03)),
            *_both("leg", "leg", "trunk", (0.06, 0.4, 0, 0.06), (0.07, 0.2, 0, 0.045), (0.075, 0.05, 0, 0.04), (0.075, 0.035, 0.06, 0.035)),
        ],
    )


def _seated() -> tuple[BodyPlan, View, list[BodyPart]]:
    return (
        "quadruped",
        "front",
        [
            _part("trunk", "trunk", "centre", None, (0, 0.2, -0.06, 0.19), (0, 0.45, 0, 0.15)),
            _part("head", "head", "centre", "trunk", (0, 0.58, 0.02, 0.17), (0, 0.82, 0.04, 0.16)),
            *_both("ear", "ear", "head", (0.12, 0.88, 0.02, 0.05), (0.17, 0.97, 0.02, 0.03)),
            _part("tail", "tail", "centre", "trunk", (0.12, 0.1, -0.2, 0.04), (0.25, 0.08, -0.22, 0.04), (0.34, 0.2, -0.22, 0.03)),
            *_both("leg_fore", "leg", "trunk", (0.08, 0.4, 0.12, 0.05), (0.08, 0.2, 0.18, 0.045), (0.08, 0.04, 0.2, 0.045)),
            *_both("leg_hind", "leg", "trunk", (0.18, 0.12, -0.02, 0.09), (0.2, 0.06, 0.16, 0.06)),
        ],
    )


def _bird() -> tuple[BodyPlan, View, list[BodyPart]]:
    return (
        "bird",
        "side",
        [
            _part("trunk", "trunk", "centre", None, (0, 0.32, -0.15, 0.1), (0, 0.42, 0.1, 0.13)),
            _part("neck", "neck", "centre", "trunk", (0, 0.5, 0.16, 0.08), (0, 0.6, 0.2, 0.07)),
            _part("head", "head", "centre", "neck", (0, 0.64, 0.22, 0.08), (0, 0.63, 0.36, 0.025)),
            _part("tail", "tail", "centre", "trunk", (0, 0.32, -0.22, 0.05), (0, 0.28, -0.45, 0.04)),
            *_both("wing", "wing", "trunk", (0.12, 0.44, 0.08, 0.04), (0.15, 0.38, -0.1, 0.035), (0.13, 0.34, -0.28, 0.02)),
            *_both("leg", "leg", "trunk", (0.06, 0.28, 0, 0.03), (0.06, 0.14, 0.01, 0.02), (0.06, 0.03, 0, 0.02), (0.06, 0.02, 0.06, 0.02)),
        ],
    )


def _fish() -> tuple[BodyPlan, View, list[BodyPart]]:
    return (
        "fish",
        "side",
        [
            _part("trunk", "trunk", "centre", None, (0, 0.2, -0.3, 0.05), (0, 0.2, -0.05, 0.12), (0, 0.2, 0.15, 0.13)),
            _part("head", "head", "centre", "trunk", (0, 0.2, 0.2, 0.12), (0, 0.2, 0.42, 0.06)),
            _part("tail", "tail", "centre", "trunk", (0, 0.2, -0.34, 0.04), (0, 0.2, -0.5, 0.05)),
            *_both("fin", "fin", "trunk", (0.1, 0.18, 0.1, 0.025), (0.2, 0.1, 0, 0.02)),
        ],
    )


def _snake() -> tuple[BodyPlan, View, list[BodyPart]]:
    return (
        "snake",
        "side",
        [
            _part("trunk", "trunk", "centre", None, (0, 0.05, -0.48, 0.025), (0, 0.05, 0, 0.05), (0, 0.05, 0.3, 0.045)),
            _part("head", "head", "centre", "trunk", (0, 0.06, 0.34, 0.05), (0, 0.06, 0.48, 0.035)),
        ],
    )


def _object() -> tuple[BodyPlan, View, list[BodyPart]]:
    return ("object", "front", [_part("trunk", "trunk", "centre", None, (0, 0.15, 0, 0.15), (0, 0.85, 0, 0.12))])


_TOYS: dict[str, Callable[[], tuple[BodyPlan, View, list[BodyPart]]]] = {
    "quadruped": _quadruped,
    "stubby": _stubby,
    "biped": _biped,
    "seated": _seated,
    "bird": _bird,
    "fish": _fish,
    "snake": _snake,
    "object": _object,
}
