"""Where the models lie: artifacts (a folder or S3), records with retention, signed links, and the server that hands them out."""

from importlib import import_module
from typing import TYPE_CHECKING

from .errors import BadKey, MissingArtifact, StorageError, StorageUnavailable
from .media import media_type
from .model import Model, ModelFile

if TYPE_CHECKING:
    from .artifacts import Artifacts, Entry, open_artifacts
    from .links import Links, Verdict
    from .local import LocalArtifacts
    from .models import BrokenRecord, Models, Swept
    from .settings import StorageSettings, explain

__all__ = [
    "Artifacts",
    "BadKey",
    "BrokenRecord",
    "Entry",
    "Links",
    "LocalArtifacts",
    "MissingArtifact",
    "Model",
    "ModelFile",
    "Models",
    "StorageError",
    "StorageSettings",
    "StorageUnavailable",
    "Swept",
    "Verdict",
    "explain",
    "media_type",
    "open_artifacts",
]

# pydantic takes a fifth of a second, for which ``rigshot --help`` need not wait.
_LATER = {
    "Artifacts": "artifacts",
    "BrokenRecord": "models",
    "Entry": "artifacts",
    "Links": "links",
    "LocalArtifacts": "local",
    "Models": "models",
    "StorageSettings": "settings",
    "Swept": "models",
    "Verdict": "links",
    "explain": "settings",
    "open_artifacts": "artifacts",
}

if not TYPE_CHECKING:  # for the type checkers a name that is not above does not exist

    def __getattr__(name: str) -> object:
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(f".{_LATER[name]}", __name__), name)
        return found
