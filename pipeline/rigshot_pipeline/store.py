"""The files that pass between stages: one reader and one writer for each kind."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from .asset import Clip, Floats, Mesh, Pixels, Rig
from .body import Body, BodyPart, Projection

__all__ = [
    "load_body",
    "load_clips",
    "load_json",
    "load_mesh",
    "load_picture",
    "load_projection",
    "load_rig",
    "save_body",
    "save_clips",
    "save_json",
    "save_mesh",
    "save_picture",
    "save_projection",
    "save_rig",
]


def save_json(path: Path, value: object) -> None:
    """Write ``value`` as UTF-8 JSON with sorted keys."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def load_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def save_picture(path: Path, pixels: Pixels) -> None:
    """Write (H, W), (H, W, 3) or (H, W, 4) uint8 as PNG, lightly compressed: these files live minutes."""
    # Differences of neighbours and no search for repetitions: as small as zlib's first level, in less than half of its time.
    order = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
    picture = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, order[pixels.shape[2]])
    words = [cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY]
    path.write_bytes(cv2.imencode(".png", picture, words)[1].tobytes())


def load_picture(path: Path) -> Pixels:
    """Read a picture of ours: (H, W) grey, (H, W, 3) RGB or (H, W, 4) RGBA, uint8."""
    with Image.open(path) as image:
        return np.asarray(image)


def save_mesh(path: Path, mesh: Mesh) -> None:
    """Write a mesh as NPZ, one array for each field that is set."""
    fields = {"vertices": mesh.vertices, "faces": mesh.faces, "normals": mesh.normals, "uv": mesh.uv, "source": mesh.source}
    arrays: dict[str, Any] = {name: array for name, array in fields.items() if array is not None}
    np.savez(path, **arrays)


def load_mesh(path: Path) -> Mesh:
    """Read a mesh written by ``save_mesh``."""
    with np.load(path) as data:
        return Mesh(**{name: data[name] for name in data.files})


def save_rig(path: Path, rig: Rig) -> None:
    """Write the rig contract: ``path`` (.npz) with joints, tails, parents, weights, and the names in ``path`` (.json)."""
    arrays: dict[str, Any] = {"joints": rig.joints, "tails": rig.tails, "parents": rig.parents}
    if rig.weights is not None:
        arrays["weights"] = rig.weights
    np.savez(path, **arrays)
    save_json(path.with_suffix(".json"), {"names": rig.names})


def load_rig(path: Path) -> Rig:
    """Read a rig written by ``save_rig``."""
    with np.load(path) as data:
        return Rig(names=tuple(load_json(path.with_suffix(".json"))["names"]), **{name: data[name] for name in data.files})


def save_clips(path: Path, clips: tuple[Clip, ...]) -> None:
    """Write clips as NPZ (three arrays a clip) with their names in the JSON beside it."""
    arrays: dict[str, Any] = {}
    for place, clip in enumerate(clips):
        arrays |= {f"times_{place}": clip.times, f"rotations_{place}": clip.rotations, f"root_offset_{place}": clip.root_offset}
    np.savez(path, **arrays)
    save_json(path.with_suffix(".json"), [{"name": clip.name, "loop": clip.loop} for clip in clips])


def load_clips(path: Path) -> tuple[Clip, ...]:
    """Read clips written by ``save_clips``, in their order."""
    with np.load(path) as data:
        return tuple(
            Clip(
                name=row["name"],
                loop=row["loop"],
                times=data[f"times_{place}"],
                rotations=data[f"rotations_{place}"],
                root_offset=data[f"root_offset_{place}"],
            )
            for place, row in enumerate(load_json(path.with_suffix(".json")))
        )


def save_body(path: Path, body: Body) -> None:
    """Write a body as NPZ (paths, radii, vertex parts) and JSON (names, kinds, sides, parents)."""
    arrays: dict[str, Any] = {"vertex_part": body.vertex_part}
    for place, part in enumerate(body.parts):
        arrays |= {f"path_{place}": part.path, f"radius_{place}": part.radius}
    np.savez(path, **arrays)
    rows = [
        {"name": part.name, "kind": part.kind, "side": part.side, "parent": part.parent, "visible": part.visible} for part in body.parts
    ]
    save_json(path.with_suffix(".json"), {"plan": body.plan, "view": body.view, "parts": rows})


def load_body(path: Path) -> Body:
    """Read a body written by ``save_body``."""
    words = load_json(path.with_suffix(".json"))
    with np.load(path) as data:
        parts = tuple(
            BodyPart(**row, path=data[f"path_{place}"], radius=data[f"radius_{place}"]) for place, row in enumerate(words["parts"])
        )
        return Body(plan=words["plan"], view=words["view"], parts=parts, vertex_part=data["vertex_part"])


def save_projection(path: Path, projection: Projection) -> None:
    """Write the photo's camera as JSON."""
    save_json(path, {"matrix": projection.matrix.tolist(), "size": projection.size})


def load_projection(path: Path) -> Projection:
    """Read a camera written by ``save_projection``."""
    words = load_json(path)
    matrix: Floats = np.asarray(words["matrix"], np.float32)
    return Projection(matrix=matrix, size=words["size"])
