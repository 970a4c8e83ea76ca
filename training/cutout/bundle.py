"""The training pictures in one file that travels: a zip of JPEGs, PNG masks and an index."""

import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["UNKNOWN", "Entry", "read", "write"]

UNKNOWN = 128
"""The grey of a mask where the truth is not known; 0 is ground, 255 subject."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One picture: ``role`` is subject (masked), ground (nothing to cut out), unlabelled or held_out; ``picture`` BGR (H, W, 3)."""

    name: str
    role: str
    source: str
    picture: NDArray[np.uint8]
    mask: NDArray[np.uint8] | None


def write(path: Path, entries: Iterable[Entry], *, side: int = 416, quality: int = 90) -> dict[str, int]:
    """Write ``entries``, made no larger than ``side`` pixels; returns how many there are of each role and source."""
    index: list[dict[str, object]] = []
    counts: dict[str, int] = {}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for entry in entries:
            scale = min(1.0, side / max(entry.picture.shape[:2]))
            size = (max(1, round(entry.picture.shape[1] * scale)), max(1, round(entry.picture.shape[0] * scale)))
            small = cv2.resize(entry.picture, size, interpolation=cv2.INTER_AREA) if scale < 1 else entry.picture
            archive.writestr(f"{len(index)}.jpg", cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes())
            if entry.mask is not None:
                mask = cv2.resize(entry.mask, size, interpolation=cv2.INTER_NEAREST)
                archive.writestr(f"{len(index)}.png", cv2.imencode(".png", mask)[1].tobytes())
            index.append({key: value for key, value in asdict(entry).items() if key not in ("picture", "mask")})
            word = f"{entry.role} {entry.source}"
            counts[word] = counts.get(word, 0) + 1
        archive.writestr("index.json", json.dumps(index))
    return counts


def read(path: Path) -> Iterator[Entry]:
    """The entries of a bundle, in their order."""
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        for number, row in enumerate(json.loads(archive.read("index.json"))):
            picture = cv2.imdecode(np.frombuffer(archive.read(f"{number}.jpg"), np.uint8), cv2.IMREAD_COLOR)
            mask = None
            if f"{number}.png" in names:
                mask = cv2.imdecode(np.frombuffer(archive.read(f"{number}.png"), np.uint8), cv2.IMREAD_GRAYSCALE)
            yield Entry(picture=np.asarray(picture, np.uint8), mask=None if mask is None else np.asarray(mask, np.uint8), **row)
