"""The gate: what it lets in, what it refuses and in which words, and what a hostile file may cost."""

import io
import json
import os
import random
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from rigshot_pipeline import store, wording
from rigshot_pipeline.errors import Cancelled, Refused
from rigshot_pipeline.gate import door, limits
from rigshot_pipeline.options import Box, Options
from rigshot_pipeline.stage import Outcome, Work
from rigshot_pipeline.stages import intake

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "MANIFEST.json"
HOSTILE = [row for row in json.loads(SHARED.read_text(encoding="utf-8")) if row["kind"] == "hostile"] if SHARED.exists() else []
FIT = ("animated", "colour", "exif", "format", "lenient")


def take_in(source: Path, folder: Path, options: Options | None = None) -> Outcome:
    folder.mkdir(exist_ok=True)
    work = Work(folder=folder, inputs={}, options=options or Options(), source=source, progress=lambda fraction: None)
    return intake.STAGE.run(work)


def refused(source: Path, folder: Path, options: Options | None = None) -> Refused:
    with pytest.raises(Refused) as caught:
        take_in(source, folder, options)
    error = caught.value
    for language in wording.LANGUAGES:
        said = wording.sentence(error.code, error.values, language)
        assert 10 < len(said) < 200 and "\n" not in said
    assert not list(folder.iterdir()), "a refusal leaves nothing behind"
    return error


def figure(width: int = 64, height: int = 48) -> Image.Image:
    """An upright picture that differs in all four corners, so that every turn shows."""
    rows, columns = np.mgrid[:height, :width]
    colours = np.stack([255 * columns / width, 255 * rows / height, 0 * rows + 90], -1).astype(np.uint8)
    colours[: height // 3, : width // 3] = (250, 250, 250)
    return Image.fromarray(colours)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    figure(200, 150).save(path)
    return path


# ---------------------------------------------------------------- the hostile files


@pytest.mark.parametrize("row", HOSTILE, ids=lambda row: row["file"].removeprefix("hostile/"))
def test_hostile_files_behave_as_their_manifest_expects(row: dict[str, str], shared_data: Path, tmp_path: Path) -> None:
    source, folder = shared_data / row["file"], tmp_path / "intake"
    if row["category"] in FIT or row["file"].endswith("african_elephants_truncated_file.jpg"):
        outcome = take_in(source, folder)
        pixels = store.load_picture(folder / "photo.png")
        assert pixels.shape[2] in (3, 4) and pixels.dtype == np.uint8
        said = [advice.code for advice in outcome.advice]
        assert ("first_frame" in said or "first_page" in said) == (row["category"] == "animated" or "zPug_3" in row["file"])
        assert ("file_mended" in said) == (row["category"] == "truncated")
    else:
        error = refused(source, folder)
        prefix = {"bomb": "picture_too_large type_rare", "wrongtype": "type_ file_empty", "tiny": "picture_too_small"}
        expected = prefix.get(row["category"], "picture_broken picture_cut_short picture_incomplete picture_too_long")
        assert any(error.code.startswith(code) for code in expected.split())


@pytest.mark.parametrize("number", [3, 5, 6, 8])
def test_exif_turned_photos_come_out_upright(number: int, shared_data: Path, tmp_path: Path) -> None:
    upright = store.load_picture(_photo_of(shared_data / "hostile/exif_Portrait_1.jpg", tmp_path / "upright"))
    turned = store.load_picture(_photo_of(shared_data / f"hostile/exif_Portrait_{number}.jpg", tmp_path / "turned"))
    assert turned.shape == upright.shape
    # The pictures differ in the number painted in their middle and in compression, and in nothing else.
    assert np.median(np.abs(turned.astype(int) - upright)) <= 2


def _photo_of(source: Path, folder: Path) -> Path:
    take_in(source, folder)
    return folder / "photo.png"


def test_a_bomb_is_refused_before_it_takes_memory(shared_data: Path, tmp_path: Path) -> None:
    bombs = [
        shared_data / "hostile/bomb_200MP.heic",
        shared_data / "hostile/bomb_decompression_bomb.gif",
        _png_bomb(tmp_path / "bomb.png", 8_100),
        _webp_bomb(tmp_path / "bomb.webp"),
    ]
    for bomb in bombs:
        assert _peak_of_child(bomb, tmp_path) < 120
        assert refused(bomb, tmp_path / "intake").code == "picture_too_large"


def _peak_of_child(source: Path, folder: Path) -> float:
    """Megabytes that the decoding child held at most."""
    script = (
        "import resource, subprocess, sys\n"
        "subprocess.run([sys.executable, '-I', '-m', 'rigshot_pipeline.gate.child', sys.argv[2]], stdin=open(sys.argv[1]))\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)\n"
    )
    said = subprocess.run([sys.executable, "-c", script, source, folder], capture_output=True, text=True, check=True)
    (folder / "answer.json").unlink()
    return float(said.stdout)


def _png_bomb(path: Path, side: int) -> Path:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    row = b"\0" * (side * 3 + 1)
    packer = zlib.compressobj(1)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b""))
    return path


def _webp_bomb(path: Path) -> Path:
    """Only a header, but it states 16383 x 16383 pixels, for which Pillow would take two canvases on opening."""
    data = bytearray(io.BytesIO(_saved(figure(), "WEBP", lossless=True)).getvalue())
    data[21:25] = (16382 | 16382 << 14).to_bytes(4, "little")
    path.write_bytes(data)
    return path


# ---------------------------------------------------------------- colours and modes


def _saved(image: Image.Image, kind: str, **wishes: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **wishes)
    return buffer.getvalue()


def _palette_with_a_hole() -> bytes:
    image = figure().quantize(16)
    image.info["transparency"] = image.getpixel((0, 0))
    return _saved(image, "PNG", transparency=image.getpixel((0, 0)))


SOURCES: dict[str, Callable[[], bytes]] = {
    "rgb.png": lambda: _saved(figure(), "PNG"),
    "rgb.webp": lambda: _saved(figure(), "WEBP", lossless=True),
    "rgb.bmp": lambda: _saved(figure(), "BMP"),
    "rgb.ppm": lambda: _saved(figure(), "PPM"),
    "rgb.tiff": lambda: _saved(figure(), "TIFF"),
    "rgb.avif": lambda: _saved(figure(), "AVIF", quality=95),
    "rgb.jpg": lambda: _saved(figure(), "JPEG", quality=95),
    "progressive.jpg": lambda: _saved(figure(), "JPEG", quality=95, progressive=True),
    "palette.png": lambda: _saved(figure().quantize(256), "PNG"),
    "palette.gif": lambda: _saved(figure().quantize(256), "GIF"),
    "cmyk.tiff": lambda: _saved(figure().convert("CMYK"), "TIFF"),
    "lab.tiff": lambda: _saved(_lab(), "TIFF"),
    # compressed, because Pillow 12 cannot read the uncompressed one that it writes
    "ycbcr.tiff": lambda: _saved(figure().convert("YCbCr"), "TIFF", compression="tiff_lzw"),
}
CLOSE = {"rgb.avif": 8, "rgb.jpg": 6, "progressive.jpg": 6, "palette.png": 12, "palette.gif": 12, "lab.tiff": 6, "ycbcr.tiff": 4}


def _lab() -> Image.Image:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    converted = ImageCms.profileToProfile(figure(), srgb, lab, outputMode="LAB")
    assert converted is not None
    return converted


@pytest.mark.parametrize("name", SOURCES)
def test_every_way_of_storing_colours_gives_the_same_picture(name: str, tmp_path: Path) -> None:
    source = tmp_path / "sent under any name.txt"
    source.write_bytes(SOURCES[name]())
    take_in(source, tmp_path / "intake")
    found = store.load_picture(tmp_path / "intake/photo.png")
    difference = np.abs(found.astype(int) - np.asarray(figure()))
    assert np.mean(difference) <= CLOSE.get(name, 0)


GREYS: dict[str, Callable[[], bytes]] = {
    "grey.png": lambda: _saved(figure().convert("L"), "PNG"),
    "16bit.png": lambda: _saved(_grey16(), "PNG"),
    "16bit.tiff": lambda: _saved(_grey16(), "TIFF"),
    "float.tiff": lambda: _saved(Image.fromarray(np.asarray(figure().convert("L"), np.float32) / 255), "TIFF"),
    "32bit.tiff": lambda: _saved(Image.fromarray(np.asarray(figure().convert("L"), np.int32) * 257), "TIFF"),
}


def _grey16() -> Image.Image:
    return Image.fromarray(np.asarray(figure().convert("L"), np.uint16) * 257)


@pytest.mark.parametrize("name", GREYS)
def test_greys_keep_their_tones_whatever_their_depth(name: str, tmp_path: Path) -> None:
    source = tmp_path / name
    source.write_bytes(GREYS[name]())
    take_in(source, tmp_path / "intake")
    found = store.load_picture(tmp_path / "intake/photo.png")
    assert found.shape[2] == 3
    assert np.abs(found[..., 1].astype(int) - np.asarray(figure().convert("L"))).max() <= 1


def test_one_bit_pictures_are_black_and_white(tmp_path: Path) -> None:
    source = tmp_path / "ink.png"
    figure().convert("1").save(source)
    take_in(source, tmp_path / "intake")
    assert set(np.unique(store.load_picture(tmp_path / "intake/photo.png"))) == {0, 255}


@pytest.mark.parametrize("kind", ["palette", "grey_alpha", "colour_key"])
def test_transparency_becomes_alpha_however_it_is_stored(kind: str, tmp_path: Path) -> None:
    source = tmp_path / "hole.png"
    if kind == "palette":
        source.write_bytes(_palette_with_a_hole())
    elif kind == "grey_alpha":
        grey = figure().convert("LA")
        grey.putalpha(Image.fromarray(np.where(np.asarray(figure())[..., 2] == 250, 0, 255).astype(np.uint8)))
        grey.save(source)
    else:
        figure().save(source, transparency=(250, 250, 250))
    outcome = take_in(source, tmp_path / "intake")
    alpha = store.load_picture(tmp_path / "intake/photo.png")[..., 3]
    assert outcome.metrics["had_alpha"] is True
    assert alpha[2, 2] == 0
    assert alpha[-2, -2] == 255


def test_an_alpha_channel_that_hides_nothing_is_dropped(tmp_path: Path) -> None:
    source = tmp_path / "opaque.png"
    image = figure()
    image.putalpha(255)
    image.save(source)
    assert take_in(source, tmp_path / "intake").metrics["had_alpha"] is False
    assert store.load_picture(tmp_path / "intake/photo.png").shape[2] == 3


def test_colours_go_through_their_profile(tmp_path: Path) -> None:
    source = tmp_path / "swapped.jpg"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # An sRGB profile whose description is another one and whose red and green primaries are exchanged.
    swapped = profile.replace(b"rXYZ", b"TEMP").replace(b"gXYZ", b"rXYZ").replace(b"TEMP", b"gXYZ").replace(b"s\0R\0G\0B", b"x\0R\0G\0B")
    swapped = swapped.replace(b"sRGB", b"xRGB")
    figure().save(source, quality=95, icc_profile=swapped)
    take_in(source, tmp_path / "intake")
    found = store.load_picture(tmp_path / "intake/photo.png").astype(int)
    asked = np.asarray(figure()).astype(int)
    assert np.abs(found[..., ::-1][..., 1:] - asked[..., :2][..., ::-1][..., ::-1]).mean() < np.abs(found[..., :2] - asked[..., :2]).mean()


def test_metadata_stays_outside(tmp_path: Path) -> None:
    source = tmp_path / "tagged.jpg"
    image = figure()
    exif = image.getexif()
    exif[0x010E] = "taken at home"
    exif[0x0112] = 6
    image.save(source, exif=exif, comment=b"secret")
    outcome = take_in(source, tmp_path / "intake")
    with Image.open(tmp_path / "intake/photo.png") as found:
        assert not found.info and not found.getexif()
        assert found.size == (48, 64)
    assert outcome.metrics["turned_by_exif"] is True
    assert (outcome.metrics["width"], outcome.metrics["height"]) == (48, 64)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "PNG", "WEBP"])
def test_all_orientations_of_all_formats_come_out_upright(kind: str, orientation: int, tmp_path: Path) -> None:
    # Storing the inverse of an orientation's turn is storing the turn of its inverse: only 6 and 8 change places.
    undone = {6: 8, 8: 6}.get(orientation, orientation)
    upright = figure()
    helper = upright.copy()
    helper.getexif()[0x0112] = undone
    stored = ImageOps.exif_transpose(helper)
    exif = Image.Exif()
    exif[0x0112] = orientation
    source = tmp_path / "turned"
    wishes: dict[str, dict[str, Any]] = {"JPEG": {"quality": 95}, "WEBP": {"lossless": True}}
    stored.save(source, kind, exif=exif, **wishes.get(kind, {}))
    take_in(source, tmp_path / "intake")
    found = store.load_picture(tmp_path / "intake/photo.png")
    assert found.shape == (48, 64, 3)
    assert np.abs(found.astype(int) - np.asarray(upright)).mean() < 3


# ---------------------------------------------------------------- sizes


def test_a_large_photo_is_made_smaller_and_says_by_how_much(tmp_path: Path) -> None:
    source = tmp_path / "large.jpg"
    figure(4032, 3024).save(source, quality=80)
    outcome = take_in(source, tmp_path / "intake", Options(box=Box(left=403, top=302, width=2000, height=1000)))
    pixels = store.load_picture(tmp_path / "intake/photo.png")
    photo = store.load_json(tmp_path / "intake/photo.json")
    assert max(pixels.shape) <= limits.MAX_SIDE
    assert (outcome.metrics["width"], outcome.metrics["height"]) == (4032, 3024)
    assert outcome.metrics["scaled"] == pytest.approx(pixels.shape[1] / 4032, abs=1e-3)
    assert photo["box"] == [round(side * photo["scale"]) for side in (403, 302, 2000, 1000)]


def test_sprites_are_welcome_and_smaller_pictures_are_not(tmp_path: Path) -> None:
    sprite, speck = tmp_path / "sprite.png", tmp_path / "speck.png"
    figure(16, 16).save(sprite)
    figure(15, 40).save(speck)
    take_in(sprite, tmp_path / "intake")
    assert refused(speck, tmp_path / "speck").code == "picture_too_small"


def test_strips_are_refused(tmp_path: Path) -> None:
    source = tmp_path / "strip.png"
    figure(1700, 160).save(source)
    assert refused(source, tmp_path / "intake").code == "picture_too_long"


def test_pictures_that_show_nothing_are_refused(tmp_path: Path) -> None:
    clear, blank = tmp_path / "clear.png", tmp_path / "blank.jpg"
    Image.new("RGBA", (64, 64), (200, 30, 30, 0)).save(clear)
    Image.new("RGB", (64, 64), (200, 30, 30)).save(blank)
    assert refused(clear, tmp_path / "intake").code == "picture_clear"
    assert refused(blank, tmp_path / "intake").code == "picture_blank"


def test_a_shadow_figure_is_not_blank(tmp_path: Path) -> None:
    source = tmp_path / "shadow.png"
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (16, 16, 48, 60))
    image.save(source)
    assert take_in(source, tmp_path / "intake").metrics["had_alpha"] is True


def test_an_animation_that_fades_in_gives_its_first_frame_that_shows_something(tmp_path: Path) -> None:
    source = tmp_path / "fade.gif"
    frames = [Image.new("RGB", (64, 48), "black"), figure(), figure().transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    frames[0].save(source, save_all=True, append_images=frames[1:])
    outcome = take_in(source, tmp_path / "intake")
    assert outcome.metrics["frames"] == 3
    assert np.abs(store.load_picture(tmp_path / "intake/photo.png").astype(int) - np.asarray(figure())).mean() < 12


# ---------------------------------------------------------------- cut and damaged files


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_is_nearly_whole_is_kept_without_the_missing_rows(progressive: bool, tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (400, 300, 3), np.uint8)
    data = _saved(Image.fromarray(noise), "JPEG", quality=90, progressive=progressive)
    source = tmp_path / "cut.jpg"
    source.write_bytes(data[: int(0.8 * len(data))])
    outcome = take_in(source, tmp_path / "intake")
    assert [advice.code for advice in outcome.advice] == ["file_unsharp" if progressive else "file_mended"]
    rows = store.load_picture(tmp_path / "intake/photo.png").shape[0]
    # A baseline file lacks its last rows; a progressive one has all rows and lacks only detail.
    assert rows == 400 if progressive else 290 <= rows <= 325


def test_a_jpeg_of_which_half_is_missing_is_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (400, 300, 3), np.uint8)
    data = _saved(Image.fromarray(noise), "JPEG", quality=90)
    source = tmp_path / "cut.jpg"
    source.write_bytes(data[: len(data) // 2])
    error = refused(source, tmp_path / "intake")
    assert error.code == "picture_cut_short"
    assert 40 <= int(str(error.values["percent"])) <= 55


@pytest.mark.parametrize(
    "name", ["rgb.png", "rgb.webp", "rgb.jpg", "progressive.jpg", "palette.gif", "rgb.bmp", "rgb.tiff", "rgb.avif", "lab.tiff"]
)
def test_damaged_files_end_in_a_picture_or_a_sentence(name: str, tmp_path: Path) -> None:
    whole = SOURCES[name]()
    chance = random.Random(name)
    for attempt in range(6):
        data = bytearray(whole)
        for _ in range(1 + attempt * 4):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if attempt % 2:
            del data[chance.randrange(len(data)) :]
        _in_a_picture_or_a_sentence(bytes(data), tmp_path)


def test_damaged_heic_files_end_in_a_picture_or_a_sentence(shared_data: Path, tmp_path: Path) -> None:
    whole = (shared_data / "hostile/format_zPug_3.heic").read_bytes()
    chance = random.Random(3)
    for attempt in range(10):
        data = bytearray(whole)
        for _ in range(1 + attempt):
            data[chance.randrange(2000 if attempt % 2 else len(data))] = chance.randrange(256)
        _in_a_picture_or_a_sentence(bytes(data), tmp_path)


def test_data_behind_the_picture_does_not_matter_and_missing_data_does(shared_data: Path, tmp_path: Path) -> None:
    source = tmp_path / "phone.heic"
    for file in ("format_zPug_3.heic", "exif_rot1mir0.avif"):
        whole = (shared_data / "hostile" / file).read_bytes()
        source.write_bytes(whole + b"\0\x7f\xff\xffSEFH and whatever else a phone appends")
        take_in(source, tmp_path / "intake")
        source.write_bytes(whole[:-200])
        assert refused(source, tmp_path / "refused").code == "picture_incomplete"


def _in_a_picture_or_a_sentence(data: bytes, folder: Path) -> None:
    source = folder / "damaged"
    source.write_bytes(data)
    try:
        take_in(source, folder / "intake")
    except Refused as error:
        assert wording.sentence(error.code, error.values)


def test_a_child_that_dies_or_lies_is_a_refusal(photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {
        "import os; os.kill(os.getpid(), 11)": "picture_kills",
        "import os; os.kill(os.getpid(), 24)": "picture_too_slow",
        "": "picture_kills",
        "open(sys.argv[1] + '/answer.json', 'w').write('[]')": "picture_kills",
        "open(sys.argv[1] + '/answer.json', 'w').write('{\"refused\": \"no_such_code\", \"values\": {}}')": "picture_kills",
        "open(sys.argv[1] + '/answer.json', 'w').write('{\"rows\": 9e9, \"columns\": 9, \"channels\": 3}')": "picture_kills",
    }
    for script, code in answers.items():
        stand_in = tmp_path / "python"
        stand_in.write_text(f"#!{sys.executable}\nimport sys; sys.argv = sys.argv[-2:]; {script}\n", encoding="utf-8")
        stand_in.chmod(0o755)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "executable", str(stand_in))
            assert refused(photo, tmp_path / "intake").code == code


def test_a_child_that_never_ends_is_ended(photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = tmp_path / "python"
    stand_in.write_text(f"#!{sys.executable}\nimport time; time.sleep(60)\n", encoding="utf-8")
    stand_in.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(stand_in))
    monkeypatch.setattr("rigshot_pipeline.gate.door.WALL_SECONDS", 0.2)
    assert refused(photo, tmp_path / "intake").code == "picture_too_slow"


def test_a_person_who_gives_up_ends_the_child(photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = tmp_path / "python"
    number = tmp_path / "number"
    telling = f"import os, pathlib, time; pathlib.Path({str(number)!r}).write_text(str(os.getpid())); time.sleep(600)"
    stand_in.write_text(f"#!{sys.executable}\n{telling}\n", encoding="utf-8")
    stand_in.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(stand_in))

    def give_up() -> None:
        if number.exists() and number.read_text():
            raise Cancelled

    with door.admit(photo) as file, pytest.raises(Cancelled):
        door.decode(file, scratch=tmp_path, alive=give_up)
    with pytest.raises(ProcessLookupError):
        os.kill(int(number.read_text()), 0)
    assert not list(tmp_path.glob(".gate-*"))


def test_the_child_is_confined() -> None:
    script = (
        "from rigshot_pipeline.gate.limits import confine; confine()\n"
        "import resource, os\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE))\n"
        "try: bytearray(2 * 2**30)\n"
        "except MemoryError: print('no memory')\n"
        "try: [os.open('/dev/null', 0) for _ in range(200)]\n"
        "except OSError: print('no files')\n"
    )
    said = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == ["(0, 0)", "no memory", "no files"]


# ---------------------------------------------------------------- files that are no files


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    folder = tmp_path / "intake"
    assert refused(pipe, folder).code == "file_not_regular"
    assert refused(tmp_path, folder).code == "file_not_regular"
    assert refused(Path("/dev/zero"), folder).code == "file_not_regular"
    assert refused(circle, folder).code == "file_missing"
    assert refused(tmp_path / "nothing", folder).code == "file_missing"
    assert refused(tmp_path / ("x" * 5000), folder).code == "file_missing"
    assert refused(Path("zero\0byte"), folder).code == "file_missing"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(photo: Path, tmp_path: Path) -> None:
    photo.chmod(0)
    assert refused(photo, tmp_path / "intake").code == "file_forbidden"


def test_names_and_links_do_not_matter(photo: Path, tmp_path: Path) -> None:
    for name in ("two\nlines.pdf", "ünï 貓 🐈.jpg", "-rf", "%s{0}", "x" * 250):
        link = tmp_path / name
        link.symlink_to(photo)
        take_in(link, tmp_path / "intake")


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    source = tmp_path / "huge.jpg"
    with source.open("wb") as file:
        file.truncate(10 * 2**40)
    error = refused(source, tmp_path / "intake")
    assert error.code == "file_too_big"


OTHERS = {
    b"%PDF-1.7 ": "type_pdf",
    b"\n\n<!-- hi --><!DOCTYPE html><html><body>": "type_html",
    b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>": "type_vector",
    b"%!PS-Adobe-3.0 EPSF-3.0": "type_vector",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600): "type_office",
    b"PK\x03\x04[Content_Types].xml": "type_archive",
    b"\0\0\0\x18ftypmp42\0\0\0\0isommp42": "type_video",
    b"\x1aE\xdf\xa3matroska": "type_video",
    b"RIFF\0\0\0\0AVI LIST": "type_video",
    b"RIFF\0\0\0\0WAVEfmt ": "type_audio",
    b"ID3\x04\0": "type_audio",
    b"glTF\x02\0\0\0": "type_model",
    b"8BPS\0\x01": "type_photoshop",
    b"II*\0\x10\0\0\0CR\x02\0": "type_raw",
    b"icns\0\0\0\0": "type_rare",
    b"Dear Sir, here is my cat.\n": "type_text",
    "親愛的,這是我的貓。\n".encode(): "type_text",
    b"BMW is not a picture": "type_text",
    bytes(range(256)): "type_unknown",
}


@pytest.mark.parametrize(("head", "code"), OTHERS.items(), ids=lambda value: value if isinstance(value, str) else "")
def test_other_files_are_named_for_what_they_are(head: bytes, code: str, tmp_path: Path) -> None:
    source = tmp_path / "photo.jpg"
    source.write_bytes(head)
    assert refused(source, tmp_path / "intake").code == code


# ---------------------------------------------------------------- box, mask, turn


def test_a_box_beside_the_picture_is_refused_and_one_across_its_rim_is_cut(photo: Path, tmp_path: Path) -> None:
    error = refused(photo, tmp_path / "intake", Options(box=Box(left=200, top=0, width=50, height=50)))
    assert (error.code, error.values["width"], error.values["height"]) == ("box_outside", 200, 150)
    assert refused(photo, tmp_path / "intake", Options(box=Box(left=20, top=20, width=-5, height=9))).code == "box_outside"
    assert refused(photo, tmp_path / "intake", Options(box=Box(left=20, top=20, width=5, height=9))).code == "box_too_small"
    take_in(photo, tmp_path / "intake", Options(box=Box(left=-50, top=100, width=1000, height=1000)))
    assert store.load_json(tmp_path / "intake/photo.json")["box"] == [0, 100, 200, 50]


def test_a_mask_is_brought_to_the_photos_size(photo: Path, tmp_path: Path) -> None:
    mask = tmp_path / "mask.gif"
    image = Image.new("L", (401, 300), 0)
    image.paste(255, (100, 50, 300, 250))
    image.save(mask)
    take_in(photo, tmp_path / "intake", Options(mask=mask))
    found = store.load_picture(tmp_path / "intake/mask.png")
    assert found.shape == (150, 200)
    assert found[75, 100] == 255 and found[10, 10] == 0
    assert np.count_nonzero(found > 127) == pytest.approx(100 * 100, rel=0.03)


def test_masks_that_are_none_are_refused(photo: Path, tmp_path: Path) -> None:
    square, even, text = tmp_path / "square.png", tmp_path / "even.png", tmp_path / "text.png"
    figure(150, 150).save(square)
    Image.new("L", (200, 150), 255).save(even)
    text.write_text("no mask")
    folder = tmp_path / "intake"
    assert refused(photo, folder, Options(mask=square)).code == "mask_shape"
    assert refused(photo, folder, Options(mask=even)).code == "mask_even"
    assert refused(photo, folder, Options(mask=text)).code == "mask_unreadable"
    assert refused(photo, folder, Options(mask=tmp_path / "none.png")).code == "mask_unreadable"


def test_a_turn_comes_before_the_box(photo: Path, tmp_path: Path) -> None:
    outcome = take_in(photo, tmp_path / "intake", Options(turn=90, box=Box(left=0, top=150, width=150, height=50)))
    found = store.load_picture(tmp_path / "intake/photo.png")
    expected = np.asarray(figure(200, 150).transpose(Image.Transpose.ROTATE_270))
    assert np.array_equal(found, expected)
    assert store.load_json(tmp_path / "intake/photo.json")["box"] == [0, 150, 150, 50]
    assert outcome.metrics["width"] == 200


@pytest.mark.parametrize("turn", [-30, 17, 200])
def test_a_slant_turn_keeps_the_corners_and_invents_no_frame(turn: int, photo: Path, tmp_path: Path) -> None:
    take_in(photo, tmp_path / "intake", Options(turn=turn))
    found = store.load_picture(tmp_path / "intake/photo.png")
    assert found.shape[0] > 150 and found.shape[1] > 200
    assert found[..., 2].min() > 60, "every colour of the photo has blue in it; a black frame would have none"


def test_a_slant_turn_of_a_cutout_has_clear_corners_and_no_dark_rim(tmp_path: Path) -> None:
    source = tmp_path / "cutout.png"
    image = Image.new("RGBA", (100, 80), (0, 0, 0, 0))
    image.paste((240, 200, 60, 255), (20, 20, 80, 70))
    image.save(source)
    take_in(source, tmp_path / "intake", Options(turn=25))
    found = store.load_picture(tmp_path / "intake/photo.png")
    assert found[0, 0, 3] == 0
    rim = found[found[..., 3] > 16]
    assert (np.abs(rim[:, :3].astype(int) - (240, 200, 60)) <= 4).all()
