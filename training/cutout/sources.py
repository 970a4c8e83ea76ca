"""Where the photos come from, one function for each source; SOURCES says under which licence and why it may be used.

The repositories are read as git directories (``git clone --bare`` of the addresses below); nothing of them is committed.
"""

import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from .bundle import UNKNOWN, Entry

__all__ = ["SOURCES", "Source", "all_photos"]

Picture = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Source:
    """A public repository, at a commit whose files were read, and the licence of what was taken from it."""

    repository: str
    commit: str
    licence: str
    why: str


SOURCES = {
    "polygons": Source(
        repository="LTSACH/AILearningHub",
        commit="HEAD",
        licence="CC BY-SA 4.0",
        why="370 photos and label outlines of Oxford-IIIT Pet, which its authors give under CC BY-SA 4.0; the repository adds 'no "
        "commercial use', which that licence (section 2.a.5) lets nobody add",
    ),
    "trimaps": Source(
        repository="oscargao98/Segmentation_Oscar",
        commit="c76183dc",
        licence="CC BY-SA 4.0",
        why="242 photos and 978 label pictures of Oxford-IIIT Pet",
    ),
    "labels": Source(
        repository="StanCDev/oxford-pet-segmentation", commit="HEAD", licence="CC BY-SA 4.0", why="26 pairs of Oxford-IIIT Pet"
    ),
    "coco_mini": Source(
        repository="Obmutescence/COCO-MINI",
        commit="HEAD",
        licence="CC BY 2.0, CC BY-SA 2.0, no known restrictions or a US government work, picture by picture; outlines CC BY 4.0",
        why="only pictures whose own licence row is one of these are read",
    ),
    "coco_tiny": Source(
        repository="zzowenzz/COCO_Tiny", commit="HEAD", licence="as COCO-MINI", why="only pictures whose licence row is free are read"
    ),
    "mattes": Source(
        repository="JizhiziLi/GFM",
        commit="HEAD",
        licence="MIT",
        why="the animal pictures and alpha mattes of its demo (AM-2k), given with the repository under MIT",
    ),
}

# COCO's licence numbers: 4 CC BY, 5 CC BY-SA, 7 no known restrictions, 8 US government work. 1, 2, 3 are non-commercial, 6 forbids changes.
_FREE_COCO = {4, 5, 7, 8}
# Person, bird to giraffe, teddy bear: what somebody may want to see as a figure.
_COCO_SUBJECTS = {1, 88, *range(16, 26)}
# The outlines keep one piece of each label. Where more than this share of the picture is called ground than the repository's own count of
# the original label says, a head or a leg got lost, and the outline is not used.
_LOST = 0.025
# A COCO subject is trained on when it covers this much; smaller ones are called unknown.
_LEAST_SHARE = 0.03


def all_photos(mirrors: Path) -> Iterator[Entry]:
    """Every photo of every source; ``mirrors`` holds a git directory ``OWNER+NAME/repo`` for each repository."""
    trimaps = _trimaps(mirrors)
    yield from _from_trimaps(mirrors, trimaps)
    yield from _from_labels(mirrors)
    yield from _from_polygons(mirrors, trimaps)
    yield from _from_coco(mirrors, "coco_mini")
    yield from _from_coco(mirrors, "coco_tiny")
    yield from _from_mattes(mirrors)


class _Git:
    """Files of one commit of a mirrored repository."""

    def __init__(self, mirrors: Path, key: str) -> None:
        source = SOURCES[key]
        self._folder = mirrors / source.repository.replace("/", "+") / "repo"
        self._commit = source.commit

    def names(self, folder: str) -> list[str]:
        return self._run("ls-tree", "-r", "--name-only", self._commit, folder).decode().splitlines()

    def read(self, name: str) -> bytes:
        return self._run("show", f"{self._commit}:{name}")

    def files(self, *folders: str) -> dict[str, bytes]:
        """All files of some folders at once: one process is much faster than one for each file."""
        data = self._run("archive", self._commit, *folders)
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            return {row.name: archive.extractfile(row).read() for row in archive if row.isfile()}  # type: ignore[union-attr]

    def _run(self, *words: str) -> bytes:
        return subprocess.run(["git", "--git-dir", str(self._folder), *words], check=True, capture_output=True).stdout


def _trimaps(mirrors: Path) -> dict[str, bytes]:
    """Label pictures by name. The repository also holds an archive of them that breaks off; what came through is used."""
    git = _Git(mirrors, "trimaps")
    found = {Path(name).stem: data for name, data in git.files("annotations/trimaps").items() if name.endswith(".png")}
    with tarfile.open(fileobj=io.BytesIO(git.read("annotations.tar.gz")), mode="r|gz") as archive:
        try:
            for row in archive:
                path = Path(row.name)
                if row.isfile() and path.suffix == ".png" and not path.name.startswith("."):
                    found[path.stem] = archive.extractfile(row).read()  # type: ignore[union-attr]
        except (EOFError, tarfile.ReadError):
            pass
    return found


def _colours(data: bytes) -> Picture | None:
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return None if picture is None else np.asarray(picture, np.uint8)


def _grey(data: bytes) -> Picture | None:
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    return None if picture is None else np.asarray(picture, np.uint8)


def _oxford_mask(labels: Picture) -> Picture:
    """Oxford's labels (H, W): 1 subject, 2 ground, 3 a band of some 20 pixels in which the outline lies."""
    return np.select([labels == 1, labels == 3], [np.uint8(255), np.uint8(UNKNOWN)], np.uint8(0)).astype(np.uint8)


def _from_trimaps(mirrors: Path, trimaps: dict[str, bytes]) -> Iterator[Entry]:
    for name, data in _Git(mirrors, "trimaps").files("images").items():
        stem, picture = Path(name).stem, _colours(data) if name.endswith(".jpg") else None
        if picture is None:
            continue
        labels = _grey(trimaps[stem]) if stem in trimaps else None
        fits = labels is not None and labels.shape == picture.shape[:2]
        mask = _oxford_mask(labels) if labels is not None and fits else None
        yield Entry(name=stem, role="subject" if fits else "unlabelled", source="trimaps", picture=picture, mask=mask)


def _from_labels(mirrors: Path) -> Iterator[Entry]:
    files = _Git(mirrors, "labels").files("test/res")
    for name, data in files.items():
        stem = Path(name).stem
        if not name.endswith(".jpg") or (labels := files.get(f"test/res/label/{stem}.png")) is None:
            continue
        picture = _colours(data)
        # A palette picture: black ground, one colour for the cat or dog, white for the band.
        shades = cv2.imdecode(np.frombuffer(labels, np.uint8), cv2.IMREAD_GRAYSCALE)
        if picture is None or shades is None or shades.shape != picture.shape[:2]:
            continue
        mask = np.select([shades == 0, shades == 255], [np.uint8(0), np.uint8(UNKNOWN)], np.uint8(255)).astype(np.uint8)
        yield Entry(name=stem, role="subject", source="labels", picture=picture, mask=mask)


def _from_polygons(mirrors: Path, trimaps: dict[str, bytes]) -> Iterator[Entry]:
    """The outlines are those of the largest piece of Oxford's subject label and of its band; between them nothing is known."""
    git, home = _Git(mirrors, "polygons"), "datasets/oxford-pets/data"
    files = git.files(f"{home}/sample_images")
    outlines = json.loads(git.read(f"{home}/sample_annotations/segmentation_polygons/polygons.json"))
    counted = json.loads(git.read("01_Data_Analysis/01_EDA/oxford_pets_classification/assets/data/segmentation/stats.json"))
    ground = {row["image"]: row["bg_percentage"] / 100 for row in counted["mask_stats"]["mask_data"]}
    for kind, breeds in outlines.items():
        for row in (row for rows in breeds.values() for row in rows):
            picture = _colours(files[f"{home}/sample_images/{kind}/{row['filename']}"])
            if picture is None:
                continue
            labels = _grey(trimaps[row["image_id"]]) if row["image_id"] in trimaps else None
            if labels is not None and labels.shape == picture.shape[:2]:
                mask = _oxford_mask(labels)
            else:
                mask = np.zeros(picture.shape[:2], np.uint8)
                cv2.fillPoly(mask, [_corners(row["boundary"], picture)], UNKNOWN)
                cv2.fillPoly(mask, [_corners(row["foreground"], picture)], 255)
            lost = float((mask == 0).mean()) - ground[row["image_id"]] > _LOST
            role, kept = ("unlabelled", None) if lost else ("subject", mask)
            yield Entry(name=row["image_id"], role=role, source="polygons", picture=picture, mask=kept)


def _corners(outline: dict[str, list[dict[str, float]]], picture: Picture) -> NDArray[np.int32]:
    height, width = picture.shape[:2]
    return np.array([[round(point["x"] * width), round(point["y"] * height)] for point in outline["polygon"]], np.int32)


def _from_coco(mirrors: Path, key: str) -> Iterator[Entry]:
    git = _Git(mirrors, key)
    for part in ("train2017", "val2017"):
        words = json.loads(git.read(f"annotations/instances_{part}.json"))
        for row in words["images"]:
            if row["license"] not in _FREE_COCO:
                continue
            picture = _colours(git.read(f"{part}/{row['file_name']}"))
            if picture is None:
                continue
            mask = _coco_mask([shape for shape in words["annotations"] if shape["image_id"] == row["id"]], picture)
            if mask is None or (mask == 255).any():
                role = "ground" if mask is None else "subject"
                yield Entry(name=f"coco_{Path(row['file_name']).stem}", role=role, source=key, picture=picture, mask=mask)


def _coco_mask(shapes: list[dict[str, object]], picture: Picture) -> Picture | None:
    """The subjects among a picture's ``shapes``; small ones and crowds unknown. None when there is no subject of any size."""
    mask = np.zeros(picture.shape[:2], np.uint8)
    figures = [shape for shape in shapes if shape["category_id"] in _COCO_SUBJECTS]
    if not figures:
        return None
    for shape in sorted(figures, key=lambda shape: float(shape["area"])):  # type: ignore[arg-type]
        outline = shape["segmentation"]
        if isinstance(outline, dict):
            x, y, w, h = (round(value) for value in shape["bbox"])  # type: ignore[attr-defined]
            region = mask[y : y + h, x : x + w]
            region[region == 0] = UNKNOWN
            continue
        value = 255 if float(shape["area"]) > _LEAST_SHARE * mask.size else UNKNOWN  # type: ignore[arg-type]
        cv2.fillPoly(mask, [np.round(np.reshape(ring, (-1, 2))).astype(np.int32) for ring in outline], value)  # type: ignore[attr-defined]
    return mask


def _from_mattes(mirrors: Path) -> Iterator[Entry]:
    files = _Git(mirrors, "mattes").files("demo/src/am2k")
    for name, data in files.items():
        matte = files.get(name.replace(".jpg", ".png"))
        if not name.endswith(".jpg") or matte is None:
            continue
        picture, alpha = _colours(data), _grey(matte)
        if picture is None or alpha is None:
            continue
        alpha = alpha if alpha.ndim == 2 else np.ascontiguousarray(alpha[..., -1] if alpha.shape[2] == 4 else alpha[..., 0])
        alpha = cv2.resize(alpha, (picture.shape[1], picture.shape[0]))
        mask = np.select([alpha > 225, alpha < 30], [np.uint8(255), np.uint8(0)], np.uint8(UNKNOWN)).astype(np.uint8)
        yield Entry(name=f"am2k_{Path(name).stem}", role="subject", source="mattes", picture=picture, mask=mask)
