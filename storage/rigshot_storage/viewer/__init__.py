"""The page on which people see a model, and whether its 3D view is installed.

The 3D view is <model-viewer> (https://modelviewer.dev), served from here, never from elsewhere. ``install`` fetches it once.
"""

import json
from pathlib import Path

__all__ = ["FOLDER", "VENDOR", "viewer_ready", "viewer_script"]

FOLDER = Path(__file__).parent
VENDOR = FOLDER / "vendor"


def viewer_script() -> str:
    """The name that the 3D view's script has in ``vendor``; it carries the version, so that browsers may keep it for ever."""
    package = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
    return f"model-viewer-{package['dependencies']['@google/model-viewer']}.min.js"


def viewer_ready() -> bool:
    """Whether the 3D view is installed; without it pages show the turntable film."""
    return (VENDOR / viewer_script()).is_file()
