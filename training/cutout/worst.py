"""Command: the twelve worst outlines of the held-out breeds as one picture.

python -m training.cutout.worst --photos photos.zip --results pictures/results.json --out docs/images/cutout_worst.jpg

The photos are Oxford-IIIT Pet's (CC BY-SA 4.0), and so is the picture that comes out: name them wherever it is shown.
"""

import argparse
import json
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from rigshot_pipeline.embedded.subject import find_subject

from .bundle import UNKNOWN
from .cases import Case, held_out_cases, overlap

__all__ = ["tile"]

Picture = NDArray[np.uint8]

_COUNT, _ACROSS, _CELL, _LINE = 12, 4, 300, 22
_FOUND, _TRUTH, _PAPER = (235, 40, 40), (60, 230, 90), 24
_CREDIT = "Photos: Oxford-IIIT Pet (Parkhi, Vedaldi, Zisserman, Jawahar 2012), CC BY-SA 4.0; outlines drawn over them"


def tile(case: Case, found: NDArray[np.bool_], words: str) -> Picture:
    """One cell, RGB: the photo, pale where its truth is not known, the outline that was found in red and the true one in green."""
    scale = (_CELL - _LINE) / max(case.mask.shape)
    size = (round(case.mask.shape[1] * scale), round(case.mask.shape[0] * scale))
    colours = np.asarray(cv2.resize(case.picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    mask = cv2.resize(case.mask, size, interpolation=cv2.INTER_NEAREST)
    colours = np.where((mask == UNKNOWN)[..., None], 255 - (255 - colours) // 2, colours).astype(np.uint8)
    inside = cv2.resize(found.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    for part, ink in ((np.asarray(mask == 255, np.uint8), _TRUTH), (inside, _FOUND)):
        rings, _ = cv2.findContours(part, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(colours, rings, -1, ink, 2, cv2.LINE_AA)
    cell = np.full((_CELL, _CELL, 3), _PAPER, np.uint8)
    cell[_LINE : _LINE + size[1], : size[0]] = colours
    cv2.putText(cell, words, (3, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (255, 255, 255), 1, cv2.LINE_AA)
    return cell


def main() -> None:
    """Read the arguments and write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--results", type=Path, required=True, help="what evaluate wrote with --out")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    rows = [row for row in json.loads(options.results.read_text(encoding="utf-8")) if row["method"] == "found" and row["group"] == "T2"]
    names = [row["name"] for row in sorted(rows, key=lambda row: row["iou"])[:_COUNT]]
    cases = {case.name: case for case in held_out_cases(options.photos)}
    cells: list[Picture] = []
    for name in names:
        subject = find_subject(cases[name].picture, kind="photo")
        found = subject.probability >= 0.5
        words = f"{name}  IoU {overlap(found, cases[name].mask):.2f}  chance {subject.confidence:.2f}"
        cells.append(tile(cases[name], found, words))
    lines = [np.hstack(cells[start : start + _ACROSS]) for start in range(0, len(cells), _ACROSS)]
    foot = np.full((_LINE, lines[0].shape[1], 3), _PAPER, np.uint8)
    cv2.putText(foot, _CREDIT, (3, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (255, 255, 255), 1, cv2.LINE_AA)
    cv2.imwrite(str(options.out), cv2.cvtColor(np.vstack([*lines, foot]), cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])
    sys.stdout.write(f"{', '.join(names)}\n")


if __name__ == "__main__":
    main()
