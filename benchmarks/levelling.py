"""How often standardise turns what is upright, and how well it sets upright what is not.

    python benchmarks/levelling.py --data ../shared/data [--out build/levelling] [--only NAME ...]

Every picture of the set and rigged animals, drawn from the side and at an angle, standing and in motion, go through the stages up to
`standardise`: as they are, and turned on purpose: by 10, 20 and 30 degrees to one side or the other (not sprites), and by quarter turns
(drawings, sprites, cut-outs). Pictures with a truth mask go twice, without and with it. A turn of more than 4 degrees of what is
untouched is wrong; of the others the angle that is left counts. Prints a table, writes `levelling.json` and `sheet_NN.png` (every
picture that was turned: as it was given, and as it came out) to --out.
"""

import argparse
import itertools
import shutil
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rigshot_pipeline import store
from rigshot_pipeline.asset import Pixels
from rigshot_pipeline.embedded.turning import turn_picture
from rigshot_pipeline.errors import Refused
from rigshot_pipeline.evaluation.truth_rig import load_truth
from rigshot_pipeline.options import Options
from rigshot_pipeline.preview.camera import fit, orbit
from rigshot_pipeline.preview.raster import rasterise
from rigshot_pipeline.run import run_job

KINDS = ("photo_pet", "photo_animal", "photo_person", "toy_photo", "illustration", "drawing", "pixel_art")
WRONG = 4  # degrees
TILTS, OTHER_TILTS, QUARTERS = (-30, 20, -10), (30, -20, 10), (90, 180, -90)
RIGS = ("khronos_Fox", "quaternius_Cow", "quaternius_Horse", "quaternius_Husky", "quaternius_Stag")
# A clip and a moment of it (seconds): three in which the animal stands or walks, one in which it runs.
POSES = (("", 0.0), ("Walk", 0.3), ("Idle", 0.5), ("Gallop", 0.2))
FOX = {"Idle": "Survey", "Gallop": "Run"}
VIEWS = {"side": (90, 0), "oblique": (-115, 8)}  # yaw, pitch
SIDE = 480
TILE = 260


@dataclass(frozen=True, kw_only=True)
class Case:
    """An upright picture (H, W, 3 or 4), perhaps its mask (H, W), and the purposeful turns that it is put to."""

    name: str
    group: str
    picture: Pixels
    mask: Pixels | None
    turns: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One run: ``asked`` degrees clockwise by which the picture was turned on purpose, ``answered`` by standardise."""

    name: str
    group: str
    asked: int
    answered: float

    @property
    def left(self) -> float:
        """The angle that is left."""
        return abs((self.asked + self.answered + 180) % 360 - 180)


def main() -> int:
    """Run all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("build/levelling"))
    parser.add_argument("--only", nargs="*", default=[], help="parts of names")
    arguments = parser.parse_args()
    shutil.rmtree(arguments.out, ignore_errors=True)
    arguments.out.mkdir(parents=True)
    rows: list[Row] = []
    pairs: list[Pixels] = []
    for case in itertools.chain(_animals(arguments.data / "gt_rig"), _pictures(arguments.data, arguments.out / "work")):
        if arguments.only and not any(part in case.name for part in arguments.only):
            continue
        for asked in (0, *case.turns):
            row, pair = _run(case, asked, arguments.out / "work")
            rows.append(row)
            if row.answered:
                pairs.append(pair)
                print(f"{row.group:<22} {row.name:<40} turned {asked:4d}, answered {row.answered:4.0f}, left {row.left:3.0f}", flush=True)
    shutil.rmtree(arguments.out / "work", ignore_errors=True)
    store.save_json(arguments.out / "levelling.json", [asdict(row) for row in rows])
    _sheets(pairs, arguments.out)
    print("\n" + "\n".join(_table(rows)))
    return 0


def _pictures(data: Path, work: Path) -> Iterator[Case]:
    for entry in store.load_json(data / "MANIFEST.json"):
        if entry["kind"] not in KINDS:
            continue
        path = data / entry["file"]
        try:
            run_job(path, work / "intake", options=Options(), until="intake", redo="intake")
        except Refused:
            continue
        picture = store.load_picture(work / "intake" / "intake" / "photo.png")
        turns = () if entry["kind"] == "pixel_art" else TILTS if zlib.crc32(path.stem.encode()) % 2 else OTHER_TILTS
        if entry["kind"] in ("pixel_art", "drawing", "illustration"):
            turns = (*turns, *QUARTERS)
        yield Case(name=path.stem, group=entry["kind"], picture=picture, mask=None, turns=turns)
        mask = _truth(data, entry.get("companions", ()), picture.shape)
        if mask is not None:
            yield Case(name=path.stem, group=f"{entry['kind']}, true mask", picture=picture, mask=mask, turns=turns)


def _truth(data: Path, companions: Iterable[Mapping[str, str]], shape: tuple[int, ...]) -> Pixels | None:
    """The truth mask (H, W), 0 or 255, at the picture's size; of Oxford-IIIT labels, whose border is open, the border counts as subject."""
    for part in companions:
        if part["file"].endswith((".mask.png", ".alpha_matte.png")):
            with Image.open(data / part["file"]) as image:
                labels = np.asarray(image) if image.mode == "P" else np.asarray(image.convert("L")) >= 128
            return cv2.resize((labels > 0).astype(np.uint8) * np.uint8(255), shape[1::-1], interpolation=cv2.INTER_NEAREST)
    return None


def _animals(rigs: Path) -> Iterator[Case]:
    for name in RIGS:
        for clip, seconds in POSES:
            clip = FOX.get(clip, clip) if "Fox" in name else clip
            rig = load_truth(rigs / f"{name}.glb", clip=clip or None, seconds=seconds)
            points = rig.vertices.astype(np.float32)
            for view, (yaw, pitch) in VIEWS.items():
                camera = fit(orbit(yaw, pitch), points, fill=0.8)
                seen = rasterise(camera.project(points, width=SIDE, height=SIDE), rig.faces, width=SIDE, height=SIDE, cull=False)
                inside = seen.face >= 0
                picture = np.zeros((SIDE, SIDE, 4), np.uint8)
                picture[inside] = np.c_[rig.colours[rig.faces[seen.face[inside], 0]], np.full(int(inside.sum()), 255)]
                gait = "runs" if clip in ("Gallop", "Run") else "stands"
                yield Case(
                    name=f"{name.split('_')[1]} {clip} {view}",
                    group=f"rig {view}, {gait}",
                    picture=picture,
                    mask=None,
                    turns=(*TILTS, *OTHER_TILTS, *QUARTERS),
                )


def _run(case: Case, asked: int, work: Path) -> tuple[Row, Pixels]:
    folder = work / str(zlib.crc32(f"{case.group} {case.name} {asked}".encode()))
    folder.mkdir(parents=True)
    given = _turned(case.picture, asked)
    store.save_picture(folder / "picture.png", given)
    mask = None
    if case.mask is not None:
        mask = folder / "mask.png"
        store.save_picture(mask, turn_picture(np.repeat(case.mask[..., None], 4, axis=2), asked)[..., 3])
    try:
        run_job(folder / "picture.png", folder / "job", options=Options(mask=mask), until="standardise")
    except Refused:
        return Row(name=case.name, group=case.group, asked=asked, answered=0), given
    answered = store.load_json(folder / "job" / "standardise" / "subject.json")["turned_degrees"]
    came_out = store.load_picture(folder / "job" / "standardise" / "picture.png")
    shutil.rmtree(folder)
    return Row(name=case.name, group=case.group, asked=asked, answered=answered), np.hstack([_tile(given), _tile(came_out)])


def _turned(picture: Pixels, degrees: int) -> Pixels:
    """The picture turned with all of its content; the corners that a photo lacks are filled with its reflection."""
    if picture.shape[2] == 4 or degrees % 90 == 0:
        return turn_picture(picture, degrees)
    height, width = picture.shape[:2]
    room = int(np.ceil((np.hypot(height, width) - min(height, width)) / 2)) + 2
    wide = cv2.copyMakeBorder(picture, room, room, room, room, cv2.BORDER_REFLECT_101)
    turned = turn_picture(wide, degrees)
    angle = np.deg2rad(abs(degrees))
    columns, rows = (int(first * np.cos(angle) + second * np.sin(angle)) for first, second in ((width, height), (height, width)))
    top, left = (turned.shape[0] - rows) // 2, (turned.shape[1] - columns) // 2
    return np.ascontiguousarray(turned[top : top + rows, left : left + columns])


def _table(rows: Sequence[Row]) -> Iterator[str]:
    yield "| what | pictures | turned untouched | set upright from 10 / 20 / 30 | left then, median | made worse | quarter turns found |"
    yield "|---|---|---|---|---|---|---|"
    for group in dict.fromkeys(row.group for row in rows):
        part = [row for row in rows if row.group == group]
        still = [row for row in part if not row.asked]
        wrong = sum(abs(row.answered) > WRONG for row in still)
        shares, found = [], []
        for size in (10, 20, 30):
            tilted = [row for row in part if abs(row.asked) == size]
            good = [row for row in tilted if row.answered and row.left < size / 2]
            shares.append(f"{len(good) / len(tilted):.0%}" if tilted else "–")
            found += good
        quarters = [row for row in part if abs(row.asked) >= 90]
        right = f"{sum(row.left < 45 for row in quarters) / len(quarters):.0%}" if quarters else "–"
        left = f"{np.median([row.left for row in found]):.1f}°" if found else "–"
        worse = sum(row.left > abs(row.asked) + WRONG for row in part if row.asked)
        yield f"| {group} | {len(still)} | {wrong} | {' / '.join(shares)} | {left} | {worse} of {len(part) - len(still)} | {right} |"


def _tile(picture: Pixels) -> Pixels:
    colours = picture[..., :3]
    if picture.shape[2] == 4:
        alpha = picture[..., 3:] / np.float32(255)
        colours = (colours * alpha + 215 * (1 - alpha)).astype(np.uint8)
    scale = TILE / max(colours.shape[:2])
    small = cv2.resize(colours, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    tile: NDArray[np.uint8] = np.full((TILE, TILE, 3), 255, np.uint8)
    tile[: small.shape[0], : small.shape[1]] = small[:TILE, :TILE]
    return tile


def _sheets(pairs: Sequence[Pixels], out: Path) -> None:
    for number in range(0, len(pairs), 24):
        part = [*pairs[number : number + 24]]
        part += [np.full_like(part[0], 255)] * (-len(part) % 4)
        rows = [np.hstack(part[place : place + 4]) for place in range(0, len(part), 4)]
        store.save_picture(out / f"sheet_{number // 24:02d}.png", np.vstack(rows))


if __name__ == "__main__":
    sys.exit(main())
