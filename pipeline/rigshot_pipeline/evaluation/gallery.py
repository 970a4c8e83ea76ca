"""What the figures look like: every picture's model without preparation above, with it below."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .. import store
from ..asset import Mesh, Pixels
from ..preview.camera import fit, from_projection, orbit
from ..preview.raster import render
from ..preview.sheet import on_ground

__all__ = ["CELL", "CELLS", "sheets", "strip"]

CELL = 220  # pixels of a picture
CELLS = 5  # the photo, the cutout, the model as in the photo, at an angle, as clay
_ANGLE = -35.0  # degrees of yaw
_LABEL = 16  # pixels of a line of text
_PINK = (214, 60, 190)  # shows what is cut out
_PAIRS = 8  # on a sheet


def strip(file: Path, photo: Pixels, folder: Path | None) -> None:
    """Write a row of pictures of a job's ``folder``; the photo alone where it made no model."""
    cells = [_framed(photo)]
    if folder is not None:
        cells.append(_framed(store.load_picture(folder / "cutout" / "cutout.png"), _PINK))
        cells += _views(folder)
    row = np.full((CELL, CELL * CELLS, 3), 255, np.uint8)
    joined = np.concatenate(cells[:CELLS], axis=1)
    row[:, : joined.shape[1]] = joined
    Image.fromarray(row).save(file, quality=88)


def sheets(out: Path, pairs: Sequence[tuple[str, Sequence[tuple[str, Path]]]]) -> list[Path]:
    """Write gallery_NN.jpg of ``pairs``: a title, and the strips below one another, each with a word before it."""
    files: list[Path] = []
    for start in range(0, len(pairs), _PAIRS):
        blocks = [_block(title, strips) for title, strips in pairs[start : start + _PAIRS]]
        files.append(out / f"gallery_{start // _PAIRS:02d}.jpg")
        Image.fromarray(np.concatenate(blocks)).save(files[-1], quality=85)
    return files


def _block(title: str, strips: Sequence[tuple[str, Path]]) -> Pixels:
    rows: list[Pixels] = [_words(title, 0)]
    for word, file in strips:
        with Image.open(file) as image:
            rows += [_words(word, 90), np.asarray(image.convert("RGB"))]
    rows.append(np.full((6, CELL * CELLS, 3), 120, np.uint8))
    return np.concatenate(rows)


def _words(text: str, grey: int) -> Pixels:
    line = Image.new("RGB", (CELL * CELLS, _LABEL), "white")
    ImageDraw.Draw(line).text((4, 1), text, fill=(grey, grey, grey), font=ImageFont.load_default(11))
    return np.asarray(line)


def _views(folder: Path) -> list[Pixels]:
    projection = store.load_projection(folder / "geometry" / "camera.json")
    textured = (folder / "texture" / "mesh.npz").is_file()
    mesh: Mesh = store.load_mesh(folder / ("texture" if textured else "geometry") / "mesh.npz")
    albedo = np.ascontiguousarray(store.load_picture(folder / "texture" / "albedo.png")[..., :3]) if textured else None
    front = fit(from_projection(projection), mesh.vertices)
    side = fit(orbit(_ANGLE, 10), mesh.vertices)
    looks = ((front, albedo), (side, albedo), (side, None))
    return [on_ground(render(mesh, camera, width=CELL, height=CELL, albedo=paint)) for camera, paint in looks]


def _framed(pixels: Pixels, ground: tuple[int, int, int] = (200, 200, 200)) -> Pixels:
    picture = Image.fromarray(pixels).convert("RGBA")
    picture.thumbnail((CELL, CELL))
    sheet = Image.new("RGBA", (CELL, CELL), (255, 255, 255, 255))
    patch = Image.new("RGBA", picture.size, (*ground, 255))
    patch.alpha_composite(picture)
    sheet.paste(patch, ((CELL - picture.width) // 2, (CELL - picture.height) // 2))
    return np.asarray(sheet.convert("RGB"))
