"""What the gate lets in, and what the decoding child may use. Standard library only: the child imports this first."""

import resource

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "MAX_PIXELS_JPEG",
    "MAX_RATIO",
    "MAX_SIDE",
    "MIN_SIDE",
    "WALL_SECONDS",
    "confine",
]

MAX_BYTES = 40 * 2**20
"""The largest file. A 108 megapixel phone JPEG has about 30 MB; chat networks stop at 20 to 25 MB."""
MAX_PIXELS = 64_000_000
"""Decoding is refused above this: phones go to 50 megapixels (8160 x 6144), at 4 bytes a pixel that is 200 MB."""
MAX_PIXELS_JPEG = 128_000_000
"""A JPEG is decoded at a half, a quarter or an eighth, row by row, so that 108 megapixel phones may come in."""
MAX_SIDE = 2048
"""The longest side that leaves the gate: twice the canonical picture, more than any later stage looks at."""
MIN_SIDE = 16
"""The smallest sprites that are drawn as figures have 16 pixels."""
MAX_RATIO = 10.0
"""Longest : shortest side. A sprite sheet of eight frames has 6; a panorama of 30 has no figure that could be seen."""

WALL_SECONDS = 20.0
"""Twice the CPU limit: a machine that is busy with other jobs is not the photo's fault."""
_CPU_SECONDS = 10
"""The slowest honest file tried (a 50 megapixel progressive JPEG) takes 2 s."""
_ADDRESS_SPACE = 1200 * 2**20
"""64 megapixels RGBA, once as read and once premultiplied for the resampling (512 MB), and the libraries."""
_WRITTEN_BYTES = 24 * 2**20
"""The largest file the child may write: MAX_SIDE squared, 4 bytes a pixel (16 MB), with some room."""
_OPEN_FILES = 32


def confine() -> None:
    """Take memory, time, files and core dumps away from this process. Irrevocable."""
    for what, limit in (
        (resource.RLIMIT_AS, _ADDRESS_SPACE),
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_FSIZE, _WRITTEN_BYTES),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        ceiling = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(what, (ceiling, ceiling))
