"""How good the cutout is: intersection over union with truth masks, and whether its confidence can be believed.

    python benchmarks/cutout.py --data ../shared/data [--out build/cutout] [--engine auto] [--only NAME ...] [--times N]

Every picture of the set that has a mask or a matte goes through the stages up to `cutout` three times: alone, with the box of
its truth as a person would draw it (--box), and with the truth as a mask (--mask). The cutout's alpha is brought back into the
photo by `canonical_from_photo` and compared at one half; pixels that the truth calls uncertain do not count. Prints a table
and writes `cutout.json` and a picture of every cutout, worst first, to --out. With --times only the time is taken, of our own sample
photos at 1024 px: of one look of the network, of finding the subject, of its soft edge and of writing the pictures that both stages write,
the least of N runs of each in turn, because cores are shared.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rigshot_pipeline import store
from rigshot_pipeline.embedded.canonical import canonical_frame, warp_colours, warp_map
from rigshot_pipeline.embedded.refine import Cutout, refine_subject
from rigshot_pipeline.embedded.subject import find_subject
from rigshot_pipeline.embedded.subject.own_network import subject_probability
from rigshot_pipeline.errors import RigshotError
from rigshot_pipeline.options import Box, Options
from rigshot_pipeline.run import run_job

GOOD = 0.85
HELPS = ("alone", "box", "mask")
Help = Literal["alone", "box", "mask"]
TILE = 240


@dataclass(frozen=True, kw_only=True)
class Truth:
    """A picture with its truth: ``subject`` and ``counted`` (H, W)."""

    photo: Path
    kind: str
    subject: NDArray[np.bool_]
    counted: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One run."""

    name: str
    kind: str
    help: str
    iou: float
    sure: bool
    doubtful: bool
    confidence: float
    source: str
    seconds: float


def main() -> int:
    """Run all and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("build/cutout"))
    parser.add_argument("--engine", choices=("auto", "embedded"), default="auto")
    parser.add_argument("--help-with", nargs="*", choices=HELPS, default=HELPS)
    parser.add_argument("--only", nargs="*", default=[], help="parts of file names")
    parser.add_argument("--times", type=int, help="only take the time, the least of so many runs")
    arguments = parser.parse_args()
    if arguments.times:
        _times(arguments.times)
        return 0
    shutil.rmtree(arguments.out, ignore_errors=True)
    arguments.out.mkdir(parents=True)
    rows: list[Row] = []
    for truth in _truths(arguments.data, arguments.only):
        for kind in arguments.help_with:
            row = _one(truth, kind, arguments.out, arguments.engine)
            rows.append(row)
            flag = "doubtful" if row.doubtful else ""
            print(
                f"{row.name:<34} {row.help:<6} {row.source:<10} IoU {row.iou:.3f}  {row.confidence:.2f} {row.seconds:5.2f} s {flag}",
                flush=True,
            )
    store.save_json(arguments.out / "cutout.json", [asdict(row) for row in rows])
    _sheet([row for row in rows if row.help == "alone"], arguments.out)
    for kind in arguments.help_with:
        _table([row for row in rows if row.help == kind], kind)
    return 0


def _times(runs: int) -> None:
    for path in sorted(Path("samples").glob("*_on_*.jpg")) + sorted(Path("samples").glob("*_in_*.jpg")):
        with Image.open(path) as image:
            photo = np.asarray(image.convert("RGB"), np.uint8)
        scale = 1024 / max(photo.shape[:2])
        photo = np.asarray(cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        subject = find_subject(photo, kind="photo")
        frame = canonical_frame(subject.probability >= 0.5)
        square, rough = warp_colours(photo, frame), warp_map(subject.probability, frame)
        cutout = refine_subject(square, rough, kind="photo", source="network")
        works: dict[str, Callable[[], object]] = {
            "one look": lambda photo=photo: subject_probability(photo),
            "subject": lambda photo=photo: find_subject(photo, kind="photo"),
            "soft edge": lambda square=square, rough=rough: refine_subject(square, rough, kind="photo", source="network"),
            "files": lambda square=square, rough=rough, cutout=cutout: _written(square, rough, cutout),
        }
        least = dict.fromkeys(works, (np.inf, np.inf))
        for _ in range(runs):
            for name, work in works.items():
                wall, cpu = time.perf_counter(), time.process_time()
                work()
                taken = time.perf_counter() - wall, time.process_time() - cpu
                least[name] = min(least[name][0], taken[0]), min(least[name][1], taken[1])
        unit = least["one look"][1]
        words = [f"{name} {wall * 1000:.0f} ms, CPU {cpu * 1000:.0f} ms = {cpu / unit:.1f} looks" for name, (wall, cpu) in least.items()]
        print(f"{path.stem:<18} {len(square)} px  " + "; ".join(words), flush=True)


def _written(square: NDArray[np.uint8], rough: NDArray[np.float32], cutout: Cutout) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store.save_picture(Path(folder) / "picture.png", square)
        store.save_picture(Path(folder) / "subject.png", (rough * 255 + 0.5).astype(np.uint8))
        store.save_picture(Path(folder) / "cutout.png", np.dstack([cutout.colours, (cutout.alpha * 255 + 0.5).astype(np.uint8)]))


def _truths(data: Path, only: Sequence[str]) -> Iterator[Truth]:
    for entry in store.load_json(data / "MANIFEST.json"):
        companion = next(
            (part["file"] for part in entry.get("companions", []) if part["file"].endswith((".mask.png", ".alpha_matte.png"))), None
        )
        if companion is None or (only and not any(part in entry["file"] for part in only)):
            continue
        with Image.open(data / companion) as image:
            labels = np.asarray(image)
            coded = image.mode == "P"  # Oxford-IIIT: 0 background, 1 cat, 2 dog, 255 uncertain border
        subject = (labels == 1) | (labels == 2) if coded else labels >= 128
        counted = labels != 255 if coded else np.ones(labels.shape, bool)
        yield Truth(photo=data / entry["file"], kind=entry["kind"], subject=subject, counted=counted)


def _one(truth: Truth, kind: Help, out: Path, engine: Literal["auto", "embedded"]) -> Row:
    folder = out / f"{truth.photo.stem}.{kind}"
    options: dict[str, Any] = {"engine": engine}
    if kind == "box":
        options["box"] = _box(truth.subject)
    elif kind == "mask":
        options["mask"] = out / f"{truth.photo.stem}.mask.png"
        store.save_picture(options["mask"], (truth.subject | ~truth.counted).astype(np.uint8) * 255)
    name = truth.photo.stem
    try:
        records = run_job(truth.photo, folder, options=Options(**options), until="cutout")
    except RigshotError as error:
        return Row(name=name, kind=truth.kind, help=kind, iou=0, sure=False, doubtful=True, confidence=0, source=error.code, seconds=0)
    alpha = store.load_picture(folder / "cutout" / "cutout.png")[..., 3]
    words = store.load_json(folder / "standardise" / "subject.json")
    verdict = store.load_json(folder / "cutout" / "cutout.json")
    height, width = truth.subject.shape
    photo = store.load_picture(folder / "intake" / "photo.png")
    matrix = np.array(words["canonical_from_photo"]) @ np.diag([photo.shape[1] / width, photo.shape[0] / height, 1])
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    back = np.linalg.inv(half) @ np.linalg.inv(matrix) @ half
    found = cv2.warpAffine(alpha, back[:2], (width, height), flags=cv2.INTER_LINEAR) >= 128
    union = ((found | truth.subject) & truth.counted).sum()
    iou = float((found & truth.subject & truth.counted).sum() / max(int(union), 1))
    seconds = sum(record.seconds for record in records if record.stage in ("standardise", "cutout"))
    return Row(
        name=name,
        kind=truth.kind,
        help=kind,
        iou=iou,
        sure=verdict["sure"],
        doubtful=verdict["doubtful"],
        confidence=verdict["confidence"],
        source=words["source"],
        seconds=seconds,
    )


def _box(subject: NDArray[np.bool_]) -> Box:
    """The box that a person would draw: 1.5 % larger than need be."""
    rows, columns = np.flatnonzero(subject.any(1)), np.flatnonzero(subject.any(0))
    room = round(0.015 * max(len(rows), len(columns)))
    left, top = max(int(columns[0]) - room, 0), max(int(rows[0]) - room, 0)
    right, bottom = min(int(columns[-1]) + 1 + room, subject.shape[1]), min(int(rows[-1]) + 1 + room, subject.shape[0])
    return Box(left=left, top=top, width=right - left, height=bottom - top)


def _table(rows: Sequence[Row], kind: str) -> None:
    for name, part in (("photos", [r for r in rows if r.kind.startswith("photo")]), ("drawings", [r for r in rows if r.kind == "drawing"])):
        if not part:
            continue
        iou = np.array([row.iou for row in part])
        sure = np.array([row.sure for row in part])
        good = iou >= GOOD
        right = f"{good[sure].mean():.0%}" if sure.any() else "-"
        print(
            f"{kind:<6} {name:<9} n {len(part):3d}  IoU mean {iou.mean():.3f} median {np.median(iou):.3f}  >= {GOOD}: {good.mean():.0%}  "
            f"sure of {sure.mean():.0%}: right {right}  median {np.median([r.seconds for r in part]):.2f} s"
        )


def _sheet(rows: Sequence[Row], out: Path) -> None:
    tiles: list[NDArray[np.uint8]] = []
    for row in sorted(rows, key=lambda row: row.iou):
        path = out / f"{row.name}.{row.help}" / "cutout" / "cutout.png"
        if not path.is_file():
            continue
        cutout = store.load_picture(path)
        alpha = cutout[..., 3:] / 255
        picture = (cutout[..., :3] * alpha + np.array([200, 60, 180]) * (1 - alpha)).astype(np.uint8)
        picture = cv2.resize(picture, (TILE, TILE), interpolation=cv2.INTER_AREA)
        cv2.putText(picture, f"{row.iou:.2f} {row.confidence:.2f}", (6, TILE - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 0), 2)
        tiles.append(picture)
    if tiles:
        tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % 6)
        store.save_picture(out / "sheet.png", np.vstack([np.hstack(tiles[place : place + 6]) for place in range(0, len(tiles), 6)]))


if __name__ == "__main__":
    sys.exit(main())
