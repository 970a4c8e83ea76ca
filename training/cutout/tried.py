"""Command: judge what the pipeline does not read, the network's regions and heading, beside what the silhouette says of the view.

python -m training.cutout.tried --onnx network.onnx --judged ../shared/data --rigs FOLDER --grounds FOLDER

``--onnx`` is what ``export --everything`` wrote. Judged on the photos of ``--judged`` whose MANIFEST.json names a view, and on renders of
models with legs that the network never saw, 20 of each, whose heading and regions are known exactly. The silhouette is told a render's
true outline.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

from rigshot_pipeline.embedded.reading import read_silhouette
from rigshot_pipeline.embedded.subject import bounding_box, find_subject
from rigshot_pipeline.embedded.subject.looks import grown
from rigshot_pipeline.evaluation.truth_rig import load_truth

from . import figures
from .model_words import HEADINGS, REGIONS
from .other_animals import grounds_of, place
from .parts import vertex_regions

__all__ = ["view_of"]

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]

_SIZE, _ROOM, _COUNT, _SIDE = 352, 0.15, 20, 1024
_KINDS = ("photo_pet", "photo_animal", "toy_photo")
_VIEWS = {"side": "side", "three_quarter": "three_quarter", "frontal": "front"}
_DEGREES = (np.arange(HEADINGS) * 360 / HEADINGS + 180) % 360 - 180
# Shares of the heading's sectors count as a side or a front within these (degrees); a true heading does within a sector and a half.
_SIDES, _FRONT = (60, 120), 30
_TRUE_SIDE, _TRUE_FRONT = (65, 115), 25


def view_of(shares: Floats) -> tuple[str, float]:
    """The likeliest view for ``shares`` (HEADINGS,) of the headings, and their mean in degrees; seen from behind counts as a front."""
    away = np.abs(_DEGREES)
    weights = {
        "side": float(shares[(away > _SIDES[0]) & (away < _SIDES[1])].sum()),
        "front": float(shares[(away < _FRONT) | (away > 180 - _FRONT)].sum()),
    }
    weights["three_quarter"] = 1 - sum(weights.values())
    mean = complex((shares * np.exp(1j * np.radians(_DEGREES))).sum())
    return max(weights, key=lambda name: weights[name]), float(np.degrees(np.angle(mean)))


class _Looker:
    def __init__(self, path: Path) -> None:
        self._session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])

    def look(self, picture: Picture, mask: NDArray[np.bool_]) -> tuple[Picture, Floats]:
        """The classes (H, W) of regions and the shares (HEADINGS,), of a look around ``mask`` (H, W); headings also of the mirror image."""
        box = bounding_box(mask.astype(np.float32))
        assert box is not None
        part = grown(box, _ROOM, mask.shape)
        rows, columns = slice(part.top, part.top + part.height), slice(part.left, part.left + part.width)
        small = cv2.resize(np.ascontiguousarray(picture[rows, columns]), (_SIZE, _SIZE), interpolation=cv2.INTER_AREA)
        colours = small.transpose(2, 0, 1)[None].astype(np.float32) / 255
        regions, heading = self._session.run(["regions", "heading"], {"colours": colours})
        (mirrored,) = self._session.run(["heading"], {"colours": np.ascontiguousarray(colours[..., ::-1])})
        classes = np.zeros(mask.shape, np.uint8)
        best = regions[0].argmax(0).astype(np.uint8)
        classes[rows, columns] = cv2.resize(best, (part.width, part.height), interpolation=cv2.INTER_NEAREST)
        return classes, ((heading[0] + np.roll(mirrored[0][::-1], 1)) / 2).astype(np.float32)


def _photos(folder: Path) -> Iterator[tuple[str, Picture]]:
    """True view and picture."""
    rows: list[dict[str, Any]] = json.loads((folder / "MANIFEST.json").read_text(encoding="utf-8"))
    for row in rows:
        words = str(row.get("view") or "none").split(",")[0].split()
        if row["kind"] not in _KINDS or words[0] not in _VIEWS or row["subject"].startswith("two"):
            continue
        try:
            with Image.open(folder / row["file"]) as opened:
                picture = np.asarray(opened.convert("RGB"), np.uint8)
        except OSError:  # HEIF, which Pillow does not read by itself
            continue
        scale = min(1.0, _SIDE / max(picture.shape[:2]))
        yield _VIEWS[words[0]], np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def _on_photos(looker: _Looker, folder: Path) -> str:
    rows = []
    for view, picture in _photos(folder):
        mask = find_subject(picture, kind="photo").probability >= 0.5
        if mask.any():
            rows.append((read_silhouette(mask).view == view, view_of(looker.look(picture, mask)[1])[0] == view))
    silhouette, network = np.array(rows).sum(0)
    return f"{len(rows)} photos: view right by silhouette {silhouette}, by the network {network}"


def _on_renders(looker: _Looker, rigs: Path, grounds: Path) -> str:
    behind, errors, views, sides = grounds_of(grounds), [], [], []
    shared, either = np.zeros(len(REGIONS)), np.zeros(len(REGIONS))
    for path in sorted(rigs.glob("*.glb")):
        shares = vertex_regions(load_truth(path))
        if shares is None or not (shares[:, REGIONS.index("legs")] > 0.5).any():  # fish: hardly any of those learnt from had named joints
            continue
        plain = figures.thing(path)
        model = figures.Posed(mesh=plain.mesh, colours=plain.colours, regions=shares, ahead=True)
        for number in range(_COUNT):
            random = np.random.default_rng([17, number, len(path.stem)])
            figure = figures.render(model, random, patches=[])
            picture, cover = place(figure.picture, behind[random.integers(len(behind))], random)
            assert figure.heading is not None
            mask, truth = cover > 127, (figure.heading + 180) % 360 - 180
            reading = read_silhouette(mask)
            classes, heading = looker.look(picture, mask)
            view, degrees = view_of(heading)
            away = abs(truth)
            side, front = _TRUE_SIDE[0] <= away <= _TRUE_SIDE[1], away <= _TRUE_FRONT or away >= 180 - _TRUE_FRONT
            true_view = "side" if side else "front" if front else "three_quarter"
            errors.append(abs((degrees - truth + 180) % 360 - 180))
            views.append((reading.view == true_view, view == true_view))
            if 20 < away < 160:
                sides.append(((reading.leaning == "right") == (truth > 0), (degrees > 0) == (truth > 0)))
            labels = _moved(figure, mask)
            for column in range(len(REGIONS)):
                shared[column] += ((labels == column + 1) & (classes == column + 1)).sum()
                either[column] += ((labels == column + 1) | (classes == column + 1)).sum()
    overlaps = ", ".join(f"{name} {share:.2f}" for name, share in zip(REGIONS, shared / either, strict=True))
    by_silhouette, by_network = np.mean(views, 0)
    left_silhouette, left_network = np.mean(sides, 0)
    return (
        f"{len(errors)} renders: heading off by {np.median(errors):.0f} degrees (median); "
        f"view right by silhouette {by_silhouette:.1%}, by the network {by_network:.1%}; "
        f"side of the head {left_silhouette:.1%}, {left_network:.1%}; IoU of regions: {overlaps}"
    )


def _moved(figure: figures.Figure, mask: NDArray[np.bool_]) -> Picture:
    """The regions of ``figure`` where it was set into the picture, which ``mask`` (H, W) shows."""
    rows, columns = (np.flatnonzero((figure.picture[..., 3] > 0).any(axis)) for axis in (1, 0))
    close = figure.regions[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    box = bounding_box(mask.astype(np.float32))
    assert box is not None
    labels = np.zeros(mask.shape, np.uint8)
    place_in = (slice(box.top, box.top + box.height), slice(box.left, box.left + box.width))
    labels[place_in] = cv2.resize(close, (box.width, box.height), interpolation=cv2.INTER_NEAREST)
    return labels


def main() -> None:
    """Read the arguments and print two lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--onnx", type=Path, required=True)
    parser.add_argument("--judged", type=Path, required=True)
    parser.add_argument("--rigs", type=Path, required=True)
    parser.add_argument("--grounds", type=Path, required=True)
    options = parser.parse_args()
    looker = _Looker(options.onnx)
    sys.stdout.write(f"{_on_photos(looker, options.judged)}\n{_on_renders(looker, options.rigs, options.grounds)}\n")


if __name__ == "__main__":
    main()
