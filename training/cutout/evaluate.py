"""Command: judge the shipped network on pictures that it never saw.

python -m training.cutout.evaluate --judged FOLDER --photos photos.zip [--other FOLDER --out FOLDER --grabcut --box]

T1 are the masked pictures of ``--judged`` (its MANIFEST.json), T2 the held-out breeds of the bundle, ``--other`` holds what
``other_animals`` rendered. Pixels whose truth is unknown (Oxford's band, half transparent hair) do not count. With ``--out`` every
picture is written with the outline that was found.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rigshot_pipeline.embedded.subject import Subject, find_subject
from rigshot_pipeline.embedded.subject.certainty import SURE
from rigshot_pipeline.options import Box

from . import bundle
from .bundle import UNKNOWN

__all__ = ["Case", "drawn_box", "judged_cases", "overlap", "rendered_cases"]

_SIDE = 1024
Finder = Callable[["Case"], Subject]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A picture (H, W, 3) RGB with what is known of it: ``mask`` (H, W) 0, UNKNOWN, 255, or None."""

    name: str
    kind: str
    picture: NDArray[np.uint8]
    mask: NDArray[np.uint8] | None


def overlap(found: NDArray[np.bool_], mask: NDArray[np.uint8]) -> float:
    """Intersection over union where the truth is known."""
    known, truth = mask != UNKNOWN, mask == 255
    return float((found & truth).sum() / max(int(((found | truth) & known).sum()), 1))


def judged_cases(folder: Path) -> Iterator[Case]:
    """The photos, drawings and illustrations of the shared data; sprites bring their own transparency."""
    try:
        from pi_heif import register_heif_opener

        register_heif_opener()
    except ImportError:
        pass
    for row in json.loads((folder / "MANIFEST.json").read_text()):
        if row["kind"] in ("hostile", "gt_rig", "pixel_art"):
            continue
        opened: Image.Image = Image.open(folder / row["file"])
        if opened.mode in ("RGBA", "LA", "P"):
            opened = opened.convert("RGBA")
            paper = Image.new("RGBA", opened.size, (200, 200, 200, 255))
            opened = Image.alpha_composite(paper, opened)
        picture = np.asarray(opened.convert("RGB"))
        mask = None
        for other in row.get("companions", ()):
            if ".mask." in other["file"] or "alpha_matte" in other["file"]:
                mask = _truth(folder / other["file"], picture.shape[:2])
        yield _shrunk(Case(name=Path(row["file"]).stem, kind=row["kind"], picture=picture, mask=mask))


def _truth(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8] | None:
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
    mask = None if case.mask is None else np.asarray(cv2.resize(case.mask, size, interpolation=cv2.INTER_NEAREST), np.uint8)
    picture = np.asarray(cv2.resize(case.picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    return Case(name=case.name, kind=case.kind, picture=picture, mask=mask)


def _held_out(photos: Path) -> Iterator[Case]:
    for entry in bundle.read(photos):
        if entry.role == "held_out":
            picture = np.asarray(cv2.cvtColor(entry.picture, cv2.COLOR_BGR2RGB), np.uint8)
            yield Case(name=entry.name, kind="held_out", picture=picture, mask=entry.mask)


def rendered_cases(folder: Path) -> Iterator[Case]:
    """What ``other_animals`` wrote."""
    for path in sorted(folder.glob("*.jpg")):
        picture, mask = cv2.imread(str(path), cv2.IMREAD_COLOR), cv2.imread(str(path.with_suffix(".mask.png")), cv2.IMREAD_GRAYSCALE)
        if picture is not None and mask is not None:
            colours = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
            yield Case(name=path.stem, kind="rendered", picture=colours, mask=np.asarray(mask, np.uint8))


def _found(case: Case) -> Subject:
    return find_subject(case.picture, kind="drawing" if case.kind == "drawing" else "photo")


def drawn_box(mask: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """Left, top, width, height around the true subject with a margin of 3 %, as a person draws it."""
    inside = np.argwhere(mask == 255)
    (top, left), (bottom, right) = inside.min(0), inside.max(0) + 1
    room = round(0.03 * max(mask.shape))
    left, top = max(left - room, 0), max(top - room, 0)
    right, bottom = min(right + room, mask.shape[1]), min(bottom + room, mask.shape[0])
    return int(left), int(top), int(right - left), int(bottom - top)


def _box(case: Case) -> tuple[int, int, int, int]:
    assert case.mask is not None
    return drawn_box(case.mask)


def _found_in_box(case: Case) -> Subject:
    left, top, width, height = _box(case)
    box = Box(left=left, top=top, width=width, height=height)
    return find_subject(case.picture, kind="drawing" if case.kind == "drawing" else "photo", box=box)


def _grabcut(case: Case, box: tuple[int, int, int, int]) -> Subject:
    seeds = np.zeros(case.picture.shape[:2], np.uint8)
    if box[2] * box[3] >= 0.999 * seeds.size:  # no ground to learn from
        return Subject(probability=np.ones(seeds.shape, np.float32), source="grabcut", confidence=0)
    cv2.setRNGSeed(0)
    cv2.grabCut(np.ascontiguousarray(case.picture), seeds, box, np.zeros((1, 65)), np.zeros((1, 65)), 5, cv2.GC_INIT_WITH_RECT)
    found = np.isin(seeds, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    return Subject(probability=found, source="grabcut", confidence=0)


def _by_grabcut(case: Case) -> Subject:
    height, width = case.picture.shape[:2]
    return _grabcut(case, (round(0.06 * width), round(0.06 * height), round(0.88 * width), round(0.88 * height)))


def _line(word: str, values: list[float]) -> str:
    numbers = np.array(values)
    shares = f"{(numbers >= 0.85).mean():6.1%} {(numbers >= 0.9).mean():6.1%}"
    return f"{word:28s} n={len(numbers):3d} mean {numbers.mean():.3f} median {np.median(numbers):.3f} >=.85 {shares} >=.9\n"


def _report(word: str, cases: list[Case], find: Finder, out: Path | None) -> None:
    rows: list[tuple[float, float, Case]] = []
    for case in cases:
        subject = find(case)
        value = overlap(subject.probability >= 0.5, case.mask) if case.mask is not None else float("nan")
        rows.append((value, subject.confidence, case))
        if out is not None:
            _draw(out, case, subject, value)
    judged = [row for row in rows if not np.isnan(row[0])]
    for kind in sorted({row[2].kind for row in judged}):
        part = [row for row in judged if row[2].kind == kind]
        sys.stdout.write(_line(f"{word} {kind}", [row[0] for row in part]))
        if not word.startswith("GrabCut"):
            sys.stdout.write(_trust(part))
    if not word.startswith("GrabCut"):
        sys.stdout.write("    all photos" + _trust([row for row in judged if row[2].kind not in ("drawing", "rendered")]))
    photos = sorted((row for row in judged if row[2].kind != "rendered"), key=lambda row: row[0])
    sys.stdout.write("    worst: " + ", ".join(f"{case.name} {value:.2f} ({trust:.2f})" for value, trust, case in photos[:12]) + "\n")


def _trust(rows: list[tuple[float, float, Case]]) -> str:
    sure = [value for value, trust, _ in rows if trust >= SURE]
    right = f"{np.mean([value >= 0.85 for value in sure]):.1%}" if sure else "-"
    return f"    sure of {len(sure)} of {len(rows)} ({len(sure) / max(len(rows), 1):.0%}), right {right}\n"


def _draw(out: Path, case: Case, subject: Subject, value: float) -> None:
    """The picture, darkened where the network sees no subject, and the probability beside it."""
    scale = 480 / max(case.picture.shape[:2])
    colours = cv2.resize(case.picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    chance = cv2.resize(subject.probability, colours.shape[1::-1])
    shown = (colours * (0.25 + 0.75 * chance[..., None])).astype(np.uint8)
    rings, _ = cv2.findContours((chance > 0.5).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(shown, rings, -1, (255, 60, 60), 1)
    both = np.hstack([colours, shown])
    text = f"{value:.2f} ({subject.confidence:.2f}) {case.name}"
    cv2.putText(both, text, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 0), 1, cv2.LINE_AA)
    cv2.imwrite(str(out / f"{case.kind}_{case.name}.png"), cv2.cvtColor(both, cv2.COLOR_RGB2BGR))


def main() -> None:
    """Read the arguments and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judged", type=Path, required=True)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--other", type=Path, help="rendered animals, see other_animals")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--grabcut", action="store_true", help="compare with GrabCut")
    parser.add_argument("--box", action="store_true", help="also with a box drawn by a person")
    options = parser.parse_args()
    if options.out is not None:
        options.out.mkdir(parents=True, exist_ok=True)
    rendered = [] if options.other is None else list(rendered_cases(options.other))
    cases = [*judged_cases(options.judged), *_held_out(options.photos), *rendered]
    masked = [case for case in cases if case.mask is not None]
    start = time.monotonic()
    _report("found", cases, _found, options.out)
    sys.stdout.write(f"    {(time.monotonic() - start) / len(cases) * 1000:.0f} ms a picture, drawn and all\n")
    if options.box:
        _report("found, box", masked, _found_in_box, None)
    if options.grabcut:
        _report("GrabCut", masked, _by_grabcut, None)
        if options.box:
            _report("GrabCut, box", masked, lambda case: _grabcut(case, _box(case)), None)


if __name__ == "__main__":
    main()
