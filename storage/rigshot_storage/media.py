"""Media types of the files that we store. The standard library's table lacks FBX and gets VRM wrong."""

import re
from pathlib import PurePosixPath
from urllib.parse import quote

__all__ = ["UNKNOWN", "content_disposition", "media_type"]

UNKNOWN = "application/octet-stream"

_TYPES = {
    ".bvh": "text/plain; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".fbx": UNKNOWN,  # no type is registered for it
    ".gif": "image/gif",
    ".glb": "model/gltf-binary",
    ".gltf": "model/gltf+json",
    ".html": "text/html; charset=utf-8",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mp4": "video/mp4",
    ".mtl": "model/mtl",
    ".obj": "model/obj",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".usdz": "model/vnd.usdz+zip",
    ".webp": "image/webp",
    ".zip": "application/zip",
}


def media_type(name: str) -> str:
    """The media type of a file by the ending of its name."""
    return _TYPES.get(PurePosixPath(name).suffix.lower(), UNKNOWN)


def content_disposition(name: str, *, inline: bool = False) -> str:
    """The header that names a download in any script, after RFC 6266: an ASCII name for old clients and the true one."""
    # Control characters, path separators and bidirectional marks (which make "gpj.exe" look like "exe.jpg") go.
    clean = re.sub(r"[\x00-\x1f\x7f/\\\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", "_", name).strip(". ") or "model"
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", clean)
    return f"{'inline' if inline else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{quote(clean, safe='')}"
