"""What a file is, told by its first bytes and never by its name. Standard library only."""

import re

__all__ = ["FORMATS", "HEAD_BYTES", "picture_format", "refusal", "webp_size"]

HEAD_BYTES = 4096
"""How much of a file is looked at: an HTML page may begin with blank lines and comments."""

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "GIF", "BMP", "TIFF", "PPM")
"""What the gate decodes, by Pillow's names. All others are refused by name: few people send them, and every decoder
that is not there cannot be attacked."""

_HEIF_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2", b"msf1"))
_AVIF_BRANDS = frozenset((b"avif", b"avis"))
_AUDIO_BRANDS = frozenset((b"M4A ", b"M4B ", b"M4P "))

_PICTURES: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG", "PNG"),  # the line ends that follow tell of damage on the way: the decoder will say so
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
)
_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "type_pdf"),
    (b"%!PS", "type_vector"),
    (b"\xc5\xd0\xd3\xc6", "type_vector"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "type_office"),
    (b"{\\rtf", "type_office"),
    (b"PK\x03\x04", "type_archive"),
    (b"PK\x05\x06", "type_archive"),
    (b"Rar!", "type_archive"),
    (b"7z\xbc\xaf\x27\x1c", "type_archive"),
    (b"\x1f\x8b", "type_archive"),
    (b"\x1aE\xdf\xa3", "type_video"),
    (b"FLV\x01", "type_video"),
    (b"\0\0\x01\xba", "type_video"),
    (b"\0\0\x01\xb3", "type_video"),
    (b"ID3", "type_audio"),
    (b"OggS", "type_audio"),
    (b"fLaC", "type_audio"),
    (b"glTF", "type_model"),
    (b"Kaydara FBX", "type_model"),
    (b"BLENDER", "type_model"),
    (b"8BPS", "type_photoshop"),
    (b"gimp xcf", "type_photoshop"),
    (b"FUJIFILMCCD-RAW", "type_raw"),
    (b"IIU\0", "type_raw"),
    (b"IIRO", "type_raw"),
    (b"icns", "type_rare"),
    (b"\0\0\x01\0", "type_rare"),
    (b"BLP1", "type_rare"),
    (b"BLP2", "type_rare"),
    (b"DDS ", "type_rare"),
    (b"qoif", "type_rare"),
    (b"\0\0\0\x0cjP  ", "type_rare"),
    (b"\xff\x4f\xff\x51", "type_rare"),
    (b"\0\0\0\x0cJXL ", "type_rare"),
    (b"\xff\x0a", "type_rare"),
    (b"v/1\x01", "type_rare"),
    (b"#?RADIANCE", "type_rare"),
)


def picture_format(head: bytes) -> str | None:
    """The one of ``FORMATS`` that the file claims to be, or None."""
    for magic, kind in _PICTURES:
        if head.startswith(magic):
            return kind
    if head[:4] in (b"II*\0", b"MM\0*") and head[8:10] != b"CR":  # CR: a Canon raw file in a TIFF's clothes
        return "TIFF"
    if head[:2] == b"BM" and b"\0" in head[:26]:  # two letters alone would take a text about BMWs
        return "BMP"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if re.match(rb"P[1-6][\s\d#]", head):
        return "PPM"
    brands = _brands(head)
    if brands & _AVIF_BRANDS:
        return "AVIF"
    return "HEIF" if brands & _HEIF_BRANDS else None


def refusal(head: bytes) -> str:
    """The code of the sentence that says what a file is that is none of ``FORMATS``."""
    if not head:
        return "file_empty"
    for magic, code in _OTHERS:
        if head.startswith(magic):
            return code
    if head[:4] == b"RIFF":
        return {b"AVI ": "type_video", b"WAVE": "type_audio"}.get(head[8:12], "type_unknown")
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide"):
        brands = _brands(head)
        return "type_raw" if b"crx " in brands else "type_audio" if brands & _AUDIO_BRANDS else "type_video"
    if head[:2] in (b"\xff\xfb", b"\xff\xf3", b"\xff\xf1"):
        return "type_audio"
    if head[:4] in (b"II*\0", b"MM\0*"):
        return "type_raw"
    return _text_refusal(head)


def _text_refusal(head: bytes) -> str:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if b"<svg" in text and text[:1] == b"<":
        return "type_vector"
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "type_html"
    if text[:1] == b"<" and b"<html" in text:
        return "type_html"
    control = sum(byte < 9 or 13 < byte < 32 for byte in head)
    return "type_unknown" if control > len(head) // 100 else "type_text"


def _brands(head: bytes) -> frozenset[bytes]:
    """The major and the compatible brands of an ISO base media file (ISO/IEC 14496-12, box ``ftyp``)."""
    if head[4:8] != b"ftyp":
        return frozenset()
    end = min(max(int.from_bytes(head[:4], "big"), 16), 256)
    return frozenset((head[8:12], *(head[at : at + 4] for at in range(16, end, 4))))


def webp_size(head: bytes) -> tuple[int, int] | None:
    """Width and height that a WebP's header states (RFC 9649); None where it cannot be read.

    Pillow's WebP decoder takes memory for two whole canvases when it opens a file, before anyone can ask for its size.
    """
    chunk = head[12:16]
    if chunk == b"VP8X" and len(head) >= 30:
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if chunk == b"VP8L" and len(head) >= 25:
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 " and len(head) >= 30:
        return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF
    return None
