"""Weights on disk: which cutout networks there are, which are here, and fetching one.

The networks are rembg's (an optional extra). Addresses and checksums are those that rembg itself publishes: its session classes
hand them to pooch, and here we listen to that call, so that nothing is copied that could grow stale.
"""

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import download
from .download import DownloadFailed, Remote
from .options import Options

__all__ = [
    "CLASSICAL",
    "CUTOUT_MODELS",
    "DownloadFailed",
    "Weights",
    "chosen_model",
    "fetch",
    "rembg_installed",
    "size_to_fetch",
    "weights_of",
    "weights_on_disk",
    "wished_model",
]

# The first that is on disk is taken: isnet is the best for animals that runs in a gigabyte, u2netp the smallest (5 MB).
CUTOUT_MODELS = ("isnet-general-use", "birefnet-general-lite", "u2netp")
# Not a network at all: colours and graph cuts.
CLASSICAL = "classical"
SETTING = "RIGSHOT_CUTOUT_MODEL"
# Where the files lie under their own names, for machines that cannot reach rembg's releases; checksums stay rembg's.
MIRROR = "RIGSHOT_WEIGHTS_MIRROR"


@dataclass(frozen=True, kw_only=True)
class Weights:
    """A model's file as rembg publishes it.

    ``checksum``: "md5:...", or None where rembg checks nothing; ``path``: its place on this machine, there or not.
    """

    model: str
    url: str
    checksum: str | None
    path: Path

    @property
    def remote(self) -> Remote:
        """The file as something to fetch."""
        return Remote(url=self.url, path=self.path, checksum=self.checksum, publisher="rembg")

    @property
    def part(self) -> Path:
        """Where a download stands while it is not complete."""
        return self.remote.part


def rembg_installed() -> bool:
    """Whether the optional extra is there."""
    return importlib.util.find_spec("rembg") is not None and importlib.util.find_spec("onnxruntime") is not None


def wished_model() -> str | None:
    """The model that the setting RIGSHOT_CUTOUT_MODEL names, or None."""
    return os.environ.get(SETTING) or None


def weights_on_disk(model: str) -> Path | None:
    """The model's file where rembg would find it, or None."""
    if not rembg_installed() or not any(home.is_dir() for home in _homes()):
        return None  # the common case, without loading rembg
    found = _session_class(model).resolve_existing(f"{model}.onnx")
    return Path(found) if found else None


def chosen_model(options: Options) -> str | None:
    """The network of rembg's that finds the subject, ``CLASSICAL`` if that is wished, or None: the network that ships with Rigshot."""
    wished = wished_model()
    if wished == CLASSICAL:
        return CLASSICAL
    if options.engine == "embedded":
        return None
    return next((model for model in ((wished,) if wished else CUTOUT_MODELS) if weights_on_disk(model)), None)


def weights_of(model: str) -> Weights:
    """What rembg publishes of ``model``. Raises ValueError for a name that it does not know."""
    known = _session_class(model)
    heard: dict[str, Any] = {}

    class Listener:
        """Stands in for pooch while the session class asks for its file."""

        @staticmethod
        def retrieve(url: str, known_hash: str | None, **place: Any) -> None:
            heard.update(url=url, checksum=known_hash, **place)

    class Fresh(known):  # type: ignore[misc, valid-type]  # rembg is untyped
        """The session class on a machine that holds no weights yet."""

        @classmethod
        def resolve_existing(cls, *_: Any) -> None:
            """Nothing is here."""

    module = sys.modules[known.__module__]
    pooch, module.pooch = module.pooch, Listener  # type: ignore[attr-defined]
    try:
        Fresh.download_models()
    finally:
        module.pooch = pooch  # type: ignore[attr-defined]
    url: str = heard["url"]
    if mirror := os.environ.get(MIRROR):
        url = f"{mirror.rstrip('/')}/{url.rpartition('/')[2]}"
    return Weights(model=model, url=url, checksum=heard["checksum"], path=Path(heard["path"]) / heard["fname"])


def size_to_fetch(weights: Weights) -> int | None:
    """Bytes of the whole file as the server says them; None when it does not. Raises ``DownloadFailed``."""
    return download.size_to_fetch(weights.remote)


def fetch(weights: Weights, *, progress: Callable[[int, int | None], None] | None = None) -> Path:
    """Download the weights, going on where an earlier attempt stopped; ``progress(bytes so far, bytes in all)``.

    The file gets its name only when its checksum holds. Raises ``DownloadFailed``; OSError when the disk refuses.
    """
    return download.fetch(weights.remote, progress=progress)


def _session_class(model: str) -> Any:
    sessions = importlib.import_module("rembg.sessions").sessions
    try:
        return sessions[model]
    except KeyError:
        raise ValueError(f"rembg knows no model {model!r}") from None


def _homes() -> tuple[Path, ...]:
    """Every folder in which some version of rembg keeps weights."""
    data = os.environ.get("XDG_DATA_HOME")
    named = [os.environ.get("U2NET_HOME"), os.environ.get("REMBG_HOME"), *((f"{data}/rembg", f"{data}/.u2net") if data else ())]
    return tuple(Path(home).expanduser() for home in (*named, "~/.rembg", "~/.u2net") if home)
