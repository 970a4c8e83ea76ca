"""What the network is judged by: pictures with their truth, each of a set and a kind, and how an outline is measured against it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import bundle
from .bundle import UNKNOWN

__all__ = ["Case", "drawn_box", "held_out_cases", "judged_cases", "overlap", "rendered_cases"]

Picture = NDArray[np.uint8]

# Photos are judged at this longer side, the one that the stages work at.
_SIDE = 1024
# A sprite on a plain sheet, and any other picture that brings its transparency, before the grey of a render.
_SHEET, _GREY = 255, 200
_CATS = ("Russian_Blue", "Birman")


@dataclass(frozen=True, kw_only=True)
class Case:
    """A picture (H, W, 3) RGB of a ``group`` and a ``kind`` with what is known of it: ``mask`` (H, W) 0, UNKNOWN, 255."""

    name: str
    group: str
    kind: str
    picture: Picture
    mask: Picture


def overlap(found: NDArray[np.bool_], mask: Picture) -> float:
    """Intersection over union where the truth is known."""
    known, truth = mask != UNKNOWN, mask == 255
    return float((found & truth).sum() / max(int(((found | truth) & known).sum()), 1))


def drawn_box(mask: Picture) -> tuple[int, int, int, int]:
    """Left, top, width, height around the true subject with a margin of 3 %, as a person draws it."""
    inside = np.argwhere(mask == 255)
    (top, left), (bottom, right) = inside.min(0), inside.max(0) + 1
    room = round(0.03 * max(mask.shape))
    left, top = max(left - room, 0), max(top - room, 0)
    right, bottom = min(right + room, mask.shape[1]), min(bottom + room, mask.shape[0])
    return int(left), int(top), int(right - left), int(bottom - top)


def judged_cases(folder: Path) -> Iterator[Case]:
    """The pictures of the shared data with a mask or a matte (group T1), and those that bring their transparency, on a plain ground.

    A sheet of several sprites has no one subject and is left out, as is a picture of two birds.
    """
    for row in json.loads((folder / "MANIFEST.json").read_text(encoding="utf-8")):
        if row["kind"] in ("hostile", "gt_rig", "negative") or row["subject"].startswith(("two ", "sprite sheet")):
            continue
        truth = [name for other in row.get("companions", ()) if ".mask." in (name := other["file"]) or "alpha_matte" in name]
        case = _masked(folder, row, folder / truth[0]) if truth else _transparent(folder, row)
        if case is not None:
            yield case


def held_out_cases(photos: Path) -> Iterator[Case]:
    """The photos of breeds that no training picture shows (group T2)."""
    for entry in bundle.read(photos):
        if entry.role == "held_out" and entry.mask is not None:
            kind = "cat" if entry.name.startswith(_CATS) else "dog"
            picture = np.asarray(cv2.cvtColor(entry.picture, cv2.COLOR_BGR2RGB), np.uint8)
            yield Case(name=entry.name, group="T2", kind=kind, picture=picture, mask=entry.mask)


def rendered_cases(folder: Path, kind: str = "other animal") -> Iterator[Case]:
    """What ``other_animals`` wrote."""
    for path in sorted(folder.glob("*.jpg")):
        picture, mask = cv2.imread(str(path), cv2.IMREAD_COLOR), cv2.imread(str(path.with_suffix(".mask.png")), cv2.IMREAD_GRAYSCALE)
        if picture is not None and mask is not None:
            colours = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
            yield Case(name=path.stem, group="scenes", kind=kind, picture=colours, mask=np.asarray(mask, np.uint8))


def _kind(row: dict[str, Any]) -> str:
    word = str(row["subject"]).split()[0]
    if row["kind"] in ("photo_pet", "photo_animal"):
        return word if word in ("cat", "dog") else "other animal"
    return {"photo_person": "person", "toy_photo": "toy", "pixel_art": "sprite"}.get(str(row["kind"]), str(row["kind"]))


def _masked(folder: Path, row: dict[str, Any], truth: Path) -> Case | None:
    with Image.open(folder / row["file"]) as opened:
        picture = np.asarray(_on(opened, _GREY))
    mask = _truth(truth, picture.shape[:2])
    return None if mask is None else _shrunk(Case(name=Path(row["file"]).stem, group="T1", kind=_kind(row), picture=picture, mask=mask))


def _transparent(folder: Path, row: dict[str, Any]) -> Case | None:
    if "alpha" not in row["background"]:
        return None
    sprite = row["kind"] == "pixel_art"
    with Image.open(folder / row["file"]) as opened:
        alpha = np.asarray(opened.convert("RGBA"))[..., 3]
        picture = np.asarray(_on(opened, _SHEET if sprite else _GREY))
    mask = np.where(alpha >= 128, 255, 0).astype(np.uint8)
    case = Case(name=Path(row["file"]).stem, group="plain ground", kind=_kind(row), picture=picture, mask=mask)
    return case if sprite else _shrunk(case)


def _on(opened: Image.Image, grey: int) -> Image.Image:
    """The picture before a plain ``grey`` where it is transparent."""
    if opened.mode not in ("RGBA", "LA", "P"):
        return opened.convert("RGB")
    colours = opened.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", colours.size, (grey, grey, grey, 255)), colours).convert("RGB")


def _truth(path: Path, shape: tuple[int, ...]) -> Picture | None:
    shades = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if shades is None:
        return None
    grey = np.asarray(shades if shades.ndim == 2 else shades[..., -1] if shades.shape[2] == 4 else cv2.cvtColor(shades, cv2.COLOR_BGR2GRAY))
    if "oxpet" in path.name:  # black, a colour for cat or dog, white for the unknown band
        grey = np.select([grey == 0, grey == 255], [0, UNKNOWN], 255)
    else:
        grey = np.select([grey < 30, grey > 225], [0, 255], UNKNOWN)
    if grey.shape != shape[:2]:
        grey = cv2.resize(grey.astype(np.uint8), (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST)
    return grey.astype(np.uint8)


def _shrunk(case: Case) -> Case:
    scale = min(1.0, _SIDE / max(case.picture.shape[:2]))
    size = (round(case.picture.shape[1] * scale), round(case.picture.shape[0] * scale))
    mask = np.asarray(cv2.resize(case.mask, size, interpolation=cv2.INTER_NEAREST), np.uint8)
    picture = np.asarray(cv2.resize(case.picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    return Case(name=case.name, group=case.group, kind=case.kind, picture=picture, mask=mask)
