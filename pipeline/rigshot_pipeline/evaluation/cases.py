"""What is measured: pictures with or without a true mask, and rigged models drawn as photos."""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from .. import store
from ..asset import Mesh, Pixels
from ..embedded.subject.alpha import has_cutout
from ..preview.camera import Camera, fit, orbit
from ..preview.raster import render
from .truth_rig import TruthRig, load_truth

__all__ = ["VIEWS", "Case", "Taken", "cases_of_rigs", "cases_of_set"]

VIEWS: dict[str, tuple[float, float]] = {
    "right": (-90, 0),
    "left": (90, 6),
    "quarter": (-55, 8),
    "front": (-10, 5),
    "behind": (-125, 8),
}
"""Yaw and pitch in degrees of the sides that a rigged model is photographed from."""
_PICTURES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".webp"})
_KINDS = frozenset({"photo_pet", "photo_animal", "photo_person", "toy_photo", "illustration", "drawing", "pixel_art"})
_SIZE = 640  # pixels of a rigged model's photo
_FILL = 0.62  # of the photo's side that the model fills
Bools = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Taken:
    """The photo (H, W, 3 or 4), its true mask (H, W) or None, where that is known, and for a rigged model the camera.

    A picture with transparency of its own and no other mask has that for its truth.
    """

    photo: Pixels
    mask: Bools | None
    known: Bools
    camera: Camera | None = None


@dataclass(frozen=True, kw_only=True)
class Case:
    """A picture to be measured on. ``kind`` as the set calls it; ``file`` the picture or, with a ``view``, the rigged model;
    ``mask`` the file of its true mask."""

    name: str
    kind: str
    file: Path
    mask: Path | None = None
    view: str | None = None

    def take(self) -> Taken:
        """Read the picture, or draw the model from its side."""
        if self.view is not None:
            return _photographed(load_truth(self.file), self.view, self.name)
        with Image.open(self.file) as image:
            upright: Image.Image = ImageOps.exif_transpose(image)
            alpha = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
            photo = np.asarray(upright.convert("RGBA" if alpha else "RGB"))
        if self.mask is None:
            own = photo[..., 3] > 127 if has_cutout(photo) else None
            return Taken(photo=photo, mask=own, known=np.ones(photo.shape[:2], bool))
        wanted, known = _true_mask(self.mask)
        size = photo.shape[1::-1]
        wanted, known = (cv2.resize(part.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0 for part in (wanted, known))
        return Taken(photo=photo, mask=wanted, known=known)


def cases_of_set(folder: Path, *, only: Iterable[str] = (), masked: bool = False) -> Iterator[Case]:
    """The pictures of a folder: as its MANIFEST.json lists them (file, kind, companions with masks), or all that lie in it, each with
    NAME.mask.png beside it as its true mask. ``only``: parts of names; ``masked``: only those with a true mask."""
    manifest = folder / "MANIFEST.json"
    found = _listed(folder, store.load_json(manifest)) if manifest.is_file() else _lying(folder)
    parts = tuple(only)
    for case in found:
        if (case.mask is not None or not masked) and (not parts or any(part in f"{case.kind}/{case.name}" for part in parts)):
            yield case


def cases_of_rigs(folder: Path, *, views: Iterable[str], only: Iterable[str] = ()) -> Iterator[Case]:
    """The rigged models (.glb) of a folder, each from several sides (names of ``VIEWS``)."""
    parts, sides = tuple(only), tuple(views)
    for file in sorted(folder.glob("*.glb")):
        if not parts or any(part in file.stem for part in parts):
            for view in sides:
                yield Case(name=f"{file.stem}-{view}", kind="rigged", file=file, view=view)


def _listed(folder: Path, rows: list[dict[str, Any]]) -> Iterator[Case]:
    for row in rows:
        if row["kind"] in _KINDS:
            masks = [part["file"] for part in row.get("companions", ()) if "mask" in part["what"] or "matte" in part["what"]]
            file = folder / row["file"]
            yield Case(name=file.stem, kind=row["kind"], file=file, mask=folder / masks[0] if masks else None)


def _lying(folder: Path) -> Iterator[Case]:
    for file in sorted(folder.iterdir()):
        if file.suffix.lower() in _PICTURES and not file.name.endswith(".mask.png"):
            mask = file.with_name(f"{file.stem}.mask.png")
            yield Case(name=file.stem, kind="picture", file=file, mask=mask if mask.is_file() else None)


def _true_mask(path: Path) -> tuple[Bools, Bools]:
    """The foreground and where it is known, from a mask, an alpha matte, or Oxford-IIIT labels.

    Those are palette pictures: 0 background, 1 cat, 2 dog, 255 an uncertain border, which counts neither way.
    """
    with Image.open(path) as image:
        if image.mode == "P":
            labels = np.asarray(image)
            return np.isin(labels, (1, 2)), labels != 255
        grey = np.asarray(image.getchannel("A") if image.mode == "RGBA" else image.convert("L"))
    return grey > 127, np.ones(grey.shape, bool)


def _photographed(rig: TruthRig, view: str, name: str) -> Taken:
    """An orthographic photo (as by a long lens) of the model on a background that its name seeds, with a shadow on the ground."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    camera = fit(orbit(*VIEWS[view]), rig.vertices.astype(np.float32), fill=_FILL)
    _, source = np.unique(np.round(rig.vertices, 4), axis=0, return_inverse=True)
    corners = rig.vertices[rig.faces]
    outward = float(np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum()) >= 0
    faces = rig.faces if outward else np.ascontiguousarray(rig.faces[:, ::-1])
    mesh = Mesh(vertices=rig.vertices.astype(np.float32), faces=faces, source=source.astype(np.int32).ravel())
    seen = render(mesh, camera, width=_SIZE, height=_SIZE, colours=_coat(rig, random), samples=3)
    alpha: NDArray[np.float32] = (seen[..., 3:] / np.float32(255)).astype(np.float32)
    place: NDArray[np.float32] = _scene(random, alpha[..., 0]) * (1 - alpha)
    photo = np.asarray(seen[..., :3] * alpha, np.float64) + place
    photo += random.normal(0, 2.5, photo.shape)
    mask = seen[..., 3] >= 128
    return Taken(photo=np.clip(photo, 0, 255).astype(np.uint8), mask=mask, known=np.ones_like(mask), camera=camera)


def _coat(rig: TruthRig, random: np.random.Generator) -> Pixels:
    """The model's colours with patches and speckles, so that its texture has something to show."""
    shade = np.ones(len(rig.vertices))
    for frequency, strength in ((6, 0.10), (17, 0.08), (45, 0.06)):
        waves = random.normal(0, frequency, (3, 3))
        shade += strength * np.sin(rig.vertices @ waves + random.uniform(0, 2 * np.pi, 3)).prod(1)
    return np.clip(rig.colours * shade[:, None], 0, 255).astype(np.uint8)


def _scene(random: np.random.Generator, alpha: NDArray[np.float32]) -> NDArray[np.float32]:
    """A place (S, S, 3): a meadow, a room or a studio, blurred as behind a subject in focus; darker below the subject."""
    size = len(alpha)
    rows = np.linspace(0, 1, size)[:, None, None]
    place = random.choice(["meadow", "room", "studio"])
    horizon = random.uniform(0.35, 0.6)
    if place == "meadow":
        far, near = np.array([150, 185, 220.0]), np.array([70, 115, 50.0])
    elif place == "room":
        far, near = (random.uniform(*tones) + random.uniform(-22, 22, 3) for tones in ((120, 215), (70, 160)))
    else:
        far = near = random.uniform(110, 215) + random.uniform(-22, 22, 3)
    ground = 1 / (1 + np.exp(-(rows - horizon) * 40))
    scene = far * (1 - ground) + near * ground * (0.8 + 0.3 * rows) + np.zeros((size, size, 3))
    if place != "studio":
        for scale, strength in ((3, 16), (9, 14), (30, 12)):
            blots = random.normal(0, 1, (size // scale + 1, size // scale + 1, 1)).astype(np.float32)
            spread = cv2.resize(np.repeat(blots, 3, axis=2), (size, size), interpolation=cv2.INTER_CUBIC)
            scene += strength * spread * (ground if place == "meadow" else 0.5)
    scene = cv2.GaussianBlur(scene, (0, 0), 1.2)
    below = np.flatnonzero((alpha > 0.5).any(1))[-1]
    columns = np.flatnonzero((alpha > 0.5).any(0))
    shadow = np.zeros((size, size), np.float32)
    middle = (int(columns.mean()), int(below))
    cv2.ellipse(shadow, middle, (max(2, len(columns) // 2), max(2, size // 30)), 0, 0, 360, 0.45, -1)
    dark: NDArray[np.float32] = (scene * (1 - cv2.GaussianBlur(shadow, (0, 0), 8))[..., None]).astype(np.float32)
    return dark
