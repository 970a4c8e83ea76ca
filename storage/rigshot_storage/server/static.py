"""The pages' own styles, scripts and icon, and the 3D view where it is installed."""

import hashlib
from pathlib import Path

from ..viewer import FOLDER, VENDOR, viewer_ready, viewer_script

__all__ = ["StaticFiles"]

VERSION_LETTERS = 12


class StaticFiles:
    """The files below ``/static/``, each at an address that changes with its content."""

    def __init__(self) -> None:
        self._files = {file.name: file for file in sorted((FOLDER / "static").iterdir()) if file.is_file()}
        self._versions = {name: hashlib.sha256(file.read_bytes()).hexdigest()[:VERSION_LETTERS] for name, file in self._files.items()}

    def file(self, name: str) -> Path | None:
        """The file of a name, or None: only names that are known lead anywhere."""
        if name == viewer_script() and viewer_ready():
            return VENDOR / name
        return self._files.get(name)

    def address(self, name: str) -> str:
        """Where a file is, from the server's root."""
        return f"static/{name}?v={self._versions[name]}"

    def viewer(self) -> str | None:
        """Where the 3D view's script is, from the server's root; None when it is not installed."""
        return f"static/{viewer_script()}" if viewer_ready() else None
