"""Runs the whole pipeline over a set of pictures and says how good, how fast and how large the results are.

    python benchmarks/quality.py --data ../shared/data --out build/quality [--kind photo_pet ...] [--only NAME ...] [--keep]

Writes into --out: `results.json` (a row a picture), `tables.md`, and `sheet_NN.png` (contact sheets: input, cutout, clay and
textured views, rig). The set is a folder with a MANIFEST.json whose rows give file, kind and companions (truth masks).
One process runs the pictures one after the other with compiled kernels, as a worker does; "first second" costs of
imports are left out, everything else is in. Peak memory is the kernel's high-water mark of that process.
"""

import argparse
import sys
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from rigshot_pipeline import store, wording
from rigshot_pipeline.asset import Pixels
from rigshot_pipeline.delivery import safe_stem
from rigshot_pipeline.errors import RigshotError
from rigshot_pipeline.memory import PeakMemory
from rigshot_pipeline.options import Box, Options
from rigshot_pipeline.preview.sheet import views_sheet
from rigshot_pipeline.run import run_job

KINDS = ("photo_pet", "photo_animal", "photo_person", "toy_photo", "illustration", "drawing", "pixel_art", "negative")
TILE = 200  # pixels of a contact sheet's cell
ROWS = 12  # pictures on one contact sheet
GOOD_IOU = 0.85


def main() -> int:
    """Run the benchmark; the exit status is 1 when a picture ended in a traceback."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("build/quality"))
    parser.add_argument("--kind", nargs="*", choices=KINDS, default=KINDS)
    parser.add_argument("--only", nargs="*", default=[], help="parts of file names")
    parser.add_argument("--truth-box", action="store_true", help="give the box of the truth mask, as a person would with --box")
    parser.add_argument("--keep", action="store_true", help="keep stages that hold (times then mean nothing)")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    for entry in _entries(arguments.data, arguments.kind, arguments.only):
        row = _one(entry, arguments)
        rows.append(row)
        print(f"{row['kind']:<13} {row['name']:<44} {row['outcome']:<8} {row['seconds']:6.1f} s  {_brief(row)}", flush=True)
    store.save_json(arguments.out / "results.json", rows)
    tables = "\n\n".join(_tables(rows))
    (arguments.out / "tables.md").write_text(tables + "\n", encoding="utf-8")
    print("\n" + tables)
    _sheets(rows, arguments.out)
    return int(any(row["outcome"] == "broken" for row in rows))


def _entries(data: Path, kinds: Iterable[str], only: list[str]) -> Iterator[dict[str, Any]]:
    for entry in store.load_json(data / "MANIFEST.json"):
        if entry["kind"] in kinds and (not only or any(part in entry["file"] for part in only)):
            truth = next((row["file"] for row in entry.get("companions", []) if "mask" in row["what"] or "matte" in row["what"]), None)
            yield {"path": data / entry["file"], "kind": entry["kind"], "truth": truth and data / truth}


def _one(entry: Mapping[str, Any], arguments: argparse.Namespace) -> dict[str, Any]:
    photo: Path = entry["path"]
    name = f"{entry['kind']}_{safe_stem(photo.stem)}"
    folder: Path = arguments.out / "jobs" / name
    row: dict[str, Any] = {"name": photo.name, "kind": entry["kind"], "folder": str(folder), "photo": str(photo)}
    box = _box_of(entry["truth"]) if arguments.truth_box and entry["truth"] else None
    begin = time.perf_counter()
    with PeakMemory() as memory:
        try:
            records = run_job(photo, folder, options=Options(name=name, box=box), redo=None if arguments.keep else "intake")
            row |= {"outcome": "model", "stages": {record.stage: record.seconds for record in records}}
            row["metrics"] = {record.stage: dict(record.metrics) for record in records}
            row["peak_mb"] = max(record.peak_mb for record in records)
        except RigshotError as error:
            row["outcome"] = "refused" if error.kind == "bad_input" else "broken"
            row["sentence"] = wording.sentence(error.code, error.values)
        except Exception:
            row |= {"outcome": "broken", "sentence": traceback.format_exc()}
    row["seconds"] = time.perf_counter() - begin
    row.setdefault("peak_mb", memory.peak_mb)
    if entry["truth"] and (folder / "cutout" / "cutout.png").is_file() and row["outcome"] == "model":
        row["iou"] = _iou(entry["truth"], folder)
    return row


def _truth(path: Path) -> tuple[Pixels, Pixels]:
    """The truth's foreground and where it is known, both (H, W) 0 or 255: from a mask, an alpha matte, or Oxford-IIIT labels.

    Those are palette pictures: 0 background, 1 cat, 2 dog, 255 an uncertain border, which counts neither way.
    """
    with Image.open(path) as image:
        if image.mode == "P":
            labels = np.asarray(image)
            return _bright(np.isin(labels, (1, 2))), _bright(labels != 255)
        grey = np.asarray(image.getchannel("A") if image.mode == "RGBA" else image.convert("L"))
    return _bright(grey > 127), np.full(grey.shape, 255, np.uint8)


def _bright(flags: NDArray[np.bool_]) -> Pixels:
    return np.where(flags, np.uint8(255), np.uint8(0))


def _box_of(truth: Path) -> Box:
    foreground, known = _truth(truth)
    left, top, width, height = cv2.boundingRect(foreground | ~known)
    return Box(left=left, top=top, width=width, height=height)


def _iou(truth: Path, folder: Path) -> float:
    """Intersection over union of the cutout and the truth in the photo's frame, over the pixels whose truth is known."""
    subject = store.load_json(folder / "standardise" / "subject.json")
    alpha = store.load_picture(folder / "cutout" / "cutout.png")[..., 3]
    foreground, known = _truth(truth)
    size = foreground.shape[::-1]
    matrix = np.asarray(subject["canonical_from_photo"], np.float64)
    width, height = Image.open(folder / "intake" / "photo.png").size
    matrix = matrix @ np.diag([width / size[0], height / size[1], 1.0])
    cut = cv2.warpPerspective(alpha, matrix, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP) > 127
    wanted, counted = foreground > 0, known > 0
    return float((cut & wanted & counted).sum() / max(((cut | wanted) & counted).sum(), 1))


def _brief(row: Mapping[str, Any]) -> str:
    if row["outcome"] != "model":
        return str(row["sentence"]).strip().splitlines()[-1]
    subject = row["metrics"]["standardise"]
    iou = f" IoU {row['iou']:.2f}" if "iou" in row else ""
    words = " ".join(str(subject.get(word, "")) for word in ("view", "pose", "plan", "source"))
    return f"{words}{iou} conf {row['metrics']['cutout'].get('confidence')} {row['peak_mb']:.0f} MB"


def _tables(rows: list[dict[str, Any]]) -> Iterator[str]:
    models = [row for row in rows if row["outcome"] == "model"]
    real = [row for row in rows if row["kind"] != "negative"]
    yield "| kind | pictures | models | refused | broken |\n|---|---|---|---|---|\n" + "\n".join(
        f"| {kind} | {len(of)} | "
        + " | ".join(str(sum(row["outcome"] == outcome for row in of)) for outcome in ("model", "refused", "broken"))
        + " |"
        for kind in KINDS
        if (of := [row for row in rows if row["kind"] == kind])
    )
    if not models:
        return
    seconds = np.array([row["seconds"] for row in models])
    yield (
        f"{len(models)} models of {len(real)} pictures. Photo to all files: median {np.median(seconds):.1f} s, "
        f"p95 {np.percentile(seconds, 95):.1f} s, slowest {seconds.max():.1f} s. "
        f"Peak memory {max(row['peak_mb'] for row in models):.0f} MB."
    )
    stages = list(models[0]["stages"])
    yield "| stage | median s | p95 s |\n|---|---|---|\n" + "\n".join(
        f"| {stage} | {np.median(of):.2f} | {np.percentile(of, 95):.2f} |"
        for stage in stages
        if (of := [row["stages"][stage] for row in models])
    )
    yield _cutout_table([row for row in models if "iou" in row])


def _cutout_table(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "No truth masks in this set."
    iou = np.array([row["iou"] for row in rows])
    sure = np.array([not row["metrics"]["cutout"].get("doubtful", False) for row in rows])
    good = iou >= GOOD_IOU
    precision = good[sure].mean() if sure.any() else float("nan")
    return (
        "| truth masks | mean IoU | median IoU | >= .85 | >= .9 | sure | right when sure |\n|---|---|---|---|---|---|---|\n"
        f"| {len(rows)} | {iou.mean():.3f} | {np.median(iou):.3f} | {good.mean():.0%} | {(iou >= 0.9).mean():.0%} "
        f"| {sure.mean():.0%} | {precision:.0%} |"
    )


def _sheets(rows: list[dict[str, Any]], out: Path) -> None:
    for number, start in enumerate(range(0, len(rows), ROWS)):
        strips = [_strip(row) for row in rows[start : start + ROWS]]
        Image.fromarray(np.concatenate(strips)).save(out / f"sheet_{number:02d}.png")


def _strip(row: Mapping[str, Any]) -> Pixels:
    cells: list[Pixels] = [_tile(Path(row["photo"]))]
    folder = Path(row["folder"])
    if row["outcome"] == "model":
        mesh = store.load_mesh(folder / "texture" / "mesh.npz")
        albedo = store.load_picture(folder / "texture" / "albedo.png")
        nearest = store.load_json(folder / "standardise" / "subject.json")["kind"] == "sprite"
        cells += [_tile(folder / "cutout" / "cutout.png")]
        cells += [views_sheet(mesh, albedo, yaws=(-90, -45, 0, 45, 90, 180), size=TILE, nearest=nearest)]
        cells += [views_sheet(mesh, yaws=(-90, -45, 0), size=TILE), _tile(folder / "preview" / "poster.png")]
    strip = np.full((TILE, TILE * 12, 3), 255, np.uint8)
    joined = np.concatenate(cells, axis=1)
    strip[:, : joined.shape[1]] = joined
    picture = Image.fromarray(strip)
    font = ImageFont.load_default(11)
    label = f"{row['name'][:34]} {row['seconds']:.1f}s" + (f" IoU {row['iou']:.2f}" if "iou" in row else "")
    ImageDraw.Draw(picture).text((3, 2), label, fill=(190, 0, 0), font=font, stroke_width=1, stroke_fill="white")
    if row["outcome"] != "model":
        ImageDraw.Draw(picture).text((TILE + 8, 80), f"{row['outcome']}: {row['sentence'][-160:]}", fill=(0, 0, 0), font=font)
    return np.asarray(picture)


def _tile(path: Path, ground: tuple[int, int, int] = (214, 60, 190)) -> Pixels:
    try:
        with Image.open(path) as image:
            picture = image.convert("RGBA")
    except OSError:  # a format that only the gate decodes
        picture = Image.new("RGBA", (TILE, TILE), (200, 200, 200, 255))
    picture.thumbnail((TILE, TILE))
    sheet = Image.new("RGBA", (TILE, TILE), (255, 255, 255, 255))
    patch = Image.new("RGBA", picture.size, (*ground, 255))
    patch.alpha_composite(picture)
    sheet.paste(patch, ((TILE - picture.width) // 2, (TILE - picture.height) // 2))
    return np.asarray(sheet.convert("RGB"))


if __name__ == "__main__":
    sys.exit(main())
