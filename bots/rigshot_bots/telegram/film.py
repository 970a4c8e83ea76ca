"""Reads from an MP4 file what Telegram wants to be told with it: its size in pixels and its length.

The file is a tree of boxes (ISO/IEC 14496-12): four bytes of size, four of name, the content. ``moov/mvhd`` holds the length,
``moov/trak/tkhd`` the size in 16.16 fixed point at its end.
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Film"]


@dataclass(frozen=True, kw_only=True)
class Film:
    """A film file with its width and height in pixels and its length in whole seconds, at least 1."""

    path: Path
    width: int
    height: int
    seconds: int

    @classmethod
    def read(cls, path: Path) -> "Film":
        """Read the headers of an MP4 file of ours. Raises ValueError for anything else."""
        content = memoryview(path.read_bytes())
        header = _find(content, b"moov", b"mvhd")
        track = _find(content, b"moov", b"trak", b"tkhd")
        scale, length = struct.unpack(">IQ" if header[0] else ">II", header[20:32] if header[0] else header[12:20])
        width, height = struct.unpack(">II", track[-8:])
        return cls(path=path, width=width >> 16, height=height >> 16, seconds=max(math.ceil(length / scale), 1))


def _find(content: memoryview, *names: bytes) -> memoryview:
    for name in names:
        content = next((box for kind, box in _boxes(content) if kind == name), memoryview(b""))
        if not content:
            raise ValueError(f"not an MP4 film: it has no {name.decode()}")
    return content


def _boxes(content: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    start = 0
    while start + 8 <= len(content):
        size, name = struct.unpack(">I4s", content[start : start + 8])
        head = 8
        if size == 1:
            size, head = struct.unpack(">Q", content[start + 8 : start + 16])[0], 16
        size = size or len(content) - start
        if size < head:
            return
        yield name, content[start + head : start + size]
        start += size
