"""Which pictures must never be trained on: those that the network is judged by, known by name and by look."""

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["HELD_OUT_BREEDS", "Judged", "fingerprint", "judged_pictures"]

HELD_OUT_BREEDS = ("Russian_Blue", "Birman", "beagle", "samoyed")
"""Oxford breeds that no training picture shows: two cats, two dogs, short and long hair."""

# Of 64 bits, pictures that differ in fewer than this are the same one, resaved or resized; unrelated photos differ in 20 to 44.
_SAME = 10
_PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}


class Judged:
    """The pictures that the network is judged by."""

    def __init__(self, names: Iterable[str], prints: Iterable[int]) -> None:
        self._names = {name.lower() for name in names}
        self._prints = np.array(list(prints), np.uint64)

    def reason(self, name: str, picture: NDArray[np.uint8]) -> str | None:
        """Why the BGR ``picture`` (H, W, 3) of this ``name`` (without suffix) must not be trained on; None when it may."""
        if name.lower() in self._names:
            return "its name is that of a judged picture"
        if any(name.rsplit("_", 1)[0].lower() == breed.lower() for breed in HELD_OUT_BREEDS):
            return "its breed is held out"
        for seen in (picture, np.ascontiguousarray(picture[:, ::-1])):
            if len(self._prints) and int(np.bitwise_count(self._prints ^ np.uint64(fingerprint(seen))).min()) < _SAME:
                return "it looks like a judged picture"
        return None


def fingerprint(picture: NDArray[np.uint8]) -> int:
    """64 bits of a BGR picture (H, W, 3) that survive resizing and JPEG: signs of its lowest cosine frequencies (pHash)."""
    grey = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(grey)[:8, :8].ravel()
    bits = low > np.median(low[1:])
    return int(sum(1 << place for place, bit in enumerate(bits) if bit))


def judged_pictures(*folders: Path) -> Judged:
    """All pictures under ``folders``; ``oxpet_Bombay_182.jpg`` also stands for the name ``Bombay_182``."""
    names, prints = [], []
    for path in sorted(path for folder in folders for path in folder.rglob("*")):
        if path.suffix.lower() not in _PICTURES or any(word in path.name for word in (".mask.", ".alpha_matte.")):
            continue
        names += [path.stem, path.stem.removeprefix("oxpet_")]
        try:
            picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        except cv2.error:  # some of them are damaged on purpose
            continue
        if picture is not None:
            prints.append(fingerprint(np.asarray(picture, np.uint8)))
    return Judged(names, prints)
