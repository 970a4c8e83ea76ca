"""What of a job's stage folders people get: files by kind, and what the report says of the model."""

import json
import zipfile
from pathlib import Path
from typing import Any

__all__ = ["products"]

# stage, file, kind, ending of the name for people; before and after show what the normalisation made of the photo
_PICTURES = (
    ("preview", "turntable.gif", "turntable.gif", ".gif"),
    ("preview", "turntable.mp4", "turntable.mp4", ".mp4"),
    ("preview", "poster.png", "poster.png", "_poster.png"),
    ("preview", "skeleton.gif", "skeleton.gif", "_skeleton.gif"),
    ("preview", "skeleton.mp4", "skeleton.mp4", "_skeleton.mp4"),
    ("report", "report.png", "report.png", "_report.png"),
    ("report", "report.json", "report.json", "_report.json"),
    ("intake", "photo.png", "before.png", "_before.png"),
    ("standardise", "after.png", "redrawn.png", "_redrawn.png"),
    ("standardise", "picture.png", "standardised.png", "_standardised.png"),
    ("cutout", "cutout.png", "after.png", "_after.png"),
)


def products(stages: Path, name: str, language: str) -> dict[str, Any]:
    """``files`` (kind, path, name), ``clips``, ``body_plan`` and ``licences`` of the finished job in ``stages``, as plain JSON."""
    exported = {kind: stages / "export" / f"{name}.{kind}" for kind in ("glb", "fbx")}
    files = [{"kind": kind, "path": str(file), "name": file.name} for kind, file in exported.items() if file.is_file()]
    if (stages / "export" / f"{name}.obj").is_file():
        files.append({"kind": "obj", "path": str(_zipped(stages / "export", name, stages / "obj.zip")), "name": f"{name}_obj.zip"})
    files += [
        {"kind": kind, "path": str(stages / stage / file), "name": name + ending}
        for stage, file, kind, ending in _PICTURES
        if (stages / stage / file).is_file()
    ]
    report = json.loads((stages / "report" / "report.json").read_text(encoding="utf-8"))
    return {
        "files": files,
        "clips": [clip["name"] for clip in report["clips"]],
        "body_plan": report["subject"]["plan"],
        "licences": report["licences"][language],
    }


def _zipped(folder: Path, name: str, place: Path) -> Path:
    """An OBJ is three files that must stay together: the mesh, its material and its texture."""
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for ending in ("obj", "mtl", "png"):
            archive.write(folder / f"{name}.{ending}", f"{name}.{ending}")
    return place
