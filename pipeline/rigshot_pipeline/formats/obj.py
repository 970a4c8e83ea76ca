"""Wavefront OBJ with its material file and texture: the bind pose, for programs that know neither skin nor clips."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..asset import Asset
from .naming import object_name
from .packing import surface, weld
from .texture import EncodedTexture, encode_png

__all__ = ["write_obj"]


def write_obj(asset: Asset, path: Path, *, png: EncodedTexture | None = None) -> None:
    """Write ``asset`` to ``path``, and beside it the .mtl and the .png that it names; ``png`` is its albedo if encoded already.

    Units are metres and +Y is up, as many programs expect though the format does not say. Blanks in the name of
    ``path`` would break the references in some readers. Raises ValueError for an asset without normals, uv or
    weights, or with numbers that are not finite.
    """
    name = object_name(asset.name, default="model").replace(" ", "_")
    material, picture = path.with_name(f"{path.stem}.mtl"), path.with_name(f"{path.stem}.png")
    whole = surface(asset)
    welded = weld(asset, whole)
    points = welded.point_of_vertex[whole.faces] + 1
    corners = whole.faces + 1
    sections = [
        "".join(f"# {line}\n" for licence in asset.licences for line in licence.splitlines()),
        f"mtllib {material.name}\no {name}\n",
        _rows("v %.6f %.6f %.6f\n", welded.points),
        _rows("vt %.6f %.6f\n", np.stack([whole.uv[:, 0], 1 - whole.uv[:, 1]], -1)),  # OBJ measures v upwards
        _rows("vn %.4f %.4f %.4f\n", whole.normals),
        f"usemtl {name}\ns 1\n",
        _rows("f %d/%d/%d %d/%d/%d %d/%d/%d\n", np.stack([points, corners, corners], -1).reshape(-1, 9)),
    ]
    path.write_text("".join(sections), encoding="utf-8", newline="\n")
    look = f"newmtl {name}\nKa 0 0 0\nKd 1 1 1\nKs 0.05 0.05 0.05\nNs 10\nd 1\nillum 2\nmap_Kd {picture.name}\n"
    material.write_text(look, encoding="utf-8", newline="\n")
    picture.write_bytes((png or encode_png(asset.albedo)).data)


def _rows(pattern: str, rows: NDArray[np.generic]) -> str:
    """``pattern`` once for every row: one call of %, which is ten times faster than a line at a time."""
    return (pattern * len(rows)) % tuple(rows.ravel().tolist())
