"""Opens one picture with the one decoder that its first bytes name. Runs in the decoding child."""

import importlib
import io
import warnings
from dataclasses import dataclass
from typing import Any, BinaryIO

from PIL import Image, ImageFile

from . import kinds, limits, pixels

__all__ = ["Loaded", "Unfit", "load"]

_PLUGINS = {
    "JPEG": "JpegImagePlugin",
    "PNG": "PngImagePlugin",
    "WEBP": "WebPImagePlugin",
    "AVIF": "AvifImagePlugin",
    "GIF": "GifImagePlugin",
    "BMP": "BmpImagePlugin",
    "TIFF": "TiffImagePlugin",
    "PPM": "PpmImagePlugin",
}
_SPOKEN = {"HEIF": "HEIC"}
"""What people call a format where that is not Pillow's name."""
_THREADS = 4
"""Decoders that start one thread for every core of a large machine would use up the child's address space on stacks."""
_DRAFT_SIDE = 1900
"""libjpeg decodes at a half, a quarter or an eighth down to this side: a 12 megapixel photo (4032) comes out at 2016."""
_ROWS_ENOUGH = 0.6
"""A file that was cut short is kept when this share of its rows is there; with less the figure's half is missing."""
_BLOCK_ROWS = 16
"""Rows of a JPEG's block row: the last one before the cut is only partly there."""
_BOXES = frozenset((b"ftyp", b"meta", b"mdat", b"moov", b"moof", b"free", b"skip", b"uuid"))
_MOST_BOXES = 64
"""Boxes at the top of a HEIC or AVIF file; there are four or five."""
_FIRST_FRAMES = 8
"""An animation may fade in: so many frames are tried until one shows something."""
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation (Exif 3.0, tag 0x0112) to what makes the picture upright."""
_ORIENTATION = 0x0112


class Unfit(Exception):
    """The picture is refused: ``code`` and ``values`` as in ``wording.intake``."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code, values)
        self.code = code
        self.values = values


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A decoded picture, RGB or RGBA, upright, its longest side at most ``limits.MAX_SIDE``.

    ``width``, ``height`` of the upright original; ``frames`` in the file; ``pages``: the frames are several pictures and
    not a motion; ``cut`` the file ended too early, ``missing`` the share of rows that were lost by that.
    """

    image: Image.Image
    format: str
    width: int
    height: int
    frames: int
    pages: bool
    turned: bool
    cut: bool
    missing: float


def load(stream: BinaryIO) -> Loaded:
    """Decode the file in ``stream`` (seekable, at its start). Raises ``Unfit``; MemoryError under the child's limit."""
    warnings.simplefilter("ignore")
    head = stream.read(kinds.HEAD_BYTES)
    kind = kinds.picture_format(head)
    if kind is None:
        raise Unfit(kinds.refusal(head))
    if kind in ("HEIF", "AVIF"):
        _check_whole(stream)
    if kind == "WEBP":
        _check_size(kinds.webp_size(head) or (0, 0), kind, whole=False)
    try:
        return _load(stream, kind)
    except (Unfit, MemoryError):
        raise
    except Exception as error:  # a damaged file makes decoders raise almost anything: KeyError, struct.error, SyntaxError
        raise Unfit("picture_broken", format=_SPOKEN.get(kind, kind)) from error


def _load(stream: BinaryIO, kind: str) -> Loaded:
    image = _open(stream, kind)
    size = image.size
    _check_size(size, kind)
    # A TIFF turns itself when it is loaded and forgets its tag; a PNG's tag may stand at its end.
    orientation = _orientation(image) if kind == "TIFF" else None
    frames, pages = _frames(image)
    cut, missing = False, 0.0
    try:
        _draft(image, kind)
        image.load()
    except (OSError, SyntaxError) as error:
        cut = True
        image, missing = _mended(stream, kind, error)
        size = (size[0], round(size[1] * (1 - missing)))
    orientation = orientation or _orientation(image)
    found = _finished(image)
    for frame in range(1, min(frames, _FIRST_FRAMES) if kind != "HEIF" else 0):
        if not (pixels.is_clear(found) or pixels.is_blank(found)):
            break
        image.seek(frame)
        found = _finished(image)
    if pixels.is_clear(found):
        raise Unfit("picture_clear")
    if pixels.is_blank(found):
        raise Unfit("picture_blank")
    width, height = size[::-1] if orientation >= 5 else size
    turned = orientation in _TURNS
    return Loaded(image=found, format=kind, width=width, height=height, frames=frames, pages=pages, turned=turned, cut=cut, missing=missing)


def _open(stream: BinaryIO, kind: str) -> Image.Image:
    """The file's header, read by one decoder; nothing is decoded yet. Its size is for the caller to judge."""
    stream.seek(0)
    Image.MAX_IMAGE_PIXELS = None
    if kind == "HEIF":
        import pi_heif  # only for those who need it

        pi_heif.register_heif_opener(thumbnails=False, decode_threads=_THREADS)
    else:
        plugin: Any = importlib.import_module(f"PIL.{_PLUGINS[kind]}")
        if kind == "AVIF":
            plugin.DEFAULT_MAX_THREADS = _THREADS
    image = Image.open(stream, formats=[kind])
    Image.MAX_IMAGE_PIXELS = limits.MAX_PIXELS_JPEG if kind == "JPEG" else limits.MAX_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    return image


def _check_whole(stream: BinaryIO) -> None:
    """Refuse an ISO base media file whose boxes reach beyond its end: libheif would fill the gap without a word."""
    end = stream.seek(0, io.SEEK_END)
    at = 0
    for _ in range(_MOST_BOXES):
        stream.seek(at)
        header = stream.read(16)
        if header[4:8] not in _BOXES:  # the end, or a phone's own data behind the picture
            return
        size = int.from_bytes(header[:4], "big")
        size = int.from_bytes(header[8:], "big") if size == 1 else size or end - at
        at += max(size, 8)
        if at > end:
            raise Unfit("picture_incomplete")


def _check_size(size: tuple[int, int], kind: str, *, whole: bool = True) -> None:
    width, height = size
    if width * height > (limits.MAX_PIXELS_JPEG if kind == "JPEG" else limits.MAX_PIXELS):
        megapixels = min(round(width * height / 1e6), 1_000_000)
        raise Unfit("picture_too_large", megapixels=megapixels, most=limits.MAX_PIXELS // 1_000_000)
    if not whole:
        return
    if min(size) < limits.MIN_SIDE:
        raise Unfit("picture_too_small", width=width, height=height, least=limits.MIN_SIDE)
    if max(size) > limits.MAX_RATIO * min(size):
        raise Unfit("picture_too_long", width=width, height=height)


def _orientation(image: Image.Image) -> int:
    try:
        found = image.getexif().get(_ORIENTATION)
    except Exception:  # a damaged EXIF block is no reason to refuse the picture around it
        return 1
    return found if isinstance(found, int) and found in _TURNS else 1


def _frames(image: Image.Image) -> tuple[int, bool]:
    """How many pictures the file holds, and whether they are several pictures and not a motion."""
    try:
        frames = int(getattr(image, "n_frames", 1))
    except Exception:  # counting reads on to the end of the file, the first frame may be sound all the same
        return 1, False
    if image.format == "MPO" and not _is_stereo(image):
        return 1, False
    return frames, image.format in ("MPO", "TIFF", "HEIF")


def _is_stereo(image: Image.Image) -> bool:
    """Whether an MPO holds several views; phones use the same container for gain maps and previews."""
    try:
        entries = getattr(image, "mpinfo", {})[0xB002]
        return any("Multi-Frame" in str(entry["Attribute"]["MPType"]) for entry in entries)
    except (KeyError, TypeError):
        return False


def _draft(image: Image.Image, kind: str) -> None:
    if kind == "JPEG" and max(image.size) > limits.MAX_SIDE:
        factor = _DRAFT_SIDE / max(image.size)
        image.draft(None, (max(int(image.width * factor), 1), max(int(image.height * factor), 1)))


def _finished(image: Image.Image) -> Image.Image:
    """The frame, upright, small enough, in sRGB."""
    image.load()
    orientation = _orientation(image)
    found = pixels.to_srgb(pixels.shrink(image, limits.MAX_SIDE))
    return found.transpose(_TURNS[orientation]) if orientation in _TURNS else found


def _mended(stream: BinaryIO, kind: str, error: Exception) -> tuple[Image.Image, float]:
    """What is there of a JPEG or PNG that ends too early, the missing rows cut off, and the share that was missing."""
    stream.seek(0)
    data = stream.read(limits.MAX_BYTES)
    if kind not in ("JPEG", "PNG") or (kind == "PNG" and b"IEND" in data[-64:]):
        raise Unfit("picture_broken", format=_SPOKEN.get(kind, kind)) from error
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    # With an end marker libjpeg hands out all that it has, also of a progressive picture.
    image = _open(io.BytesIO(data + b"\xff\xd9" if kind == "JPEG" else data), kind)
    _draft(image, kind)
    image.load()
    rows = _rows_there(image)
    share = rows / image.height
    if share < _ROWS_ENOUGH:
        raise Unfit("picture_cut_short", percent=max(round(100 * share), 1)) from error
    orientation = image.getexif()
    mended = image.crop((0, 0, image.width, rows))
    mended.info = dict(image.info)
    mended.getexif().update(orientation)
    return mended, 1 - share


def _rows_there(image: Image.Image) -> int:
    """Rows above the run of equal rows at the bottom, which is what decoders leave where the data ended."""
    data = image.tobytes()
    width = len(data) // image.height
    last = data[-width:]
    rows = image.height
    while rows and data[(rows - 1) * width : rows * width] == last:
        rows -= 1
    if rows >= image.height - 1:  # the last row is equal to itself
        return image.height
    return max(rows - _BLOCK_ROWS, 0)
