"""Where the models lie: artifacts (a folder or S3), records with retention, signed links, and the server that hands them out."""

from .artifacts import Artifacts, Entry, open_artifacts
from .errors import BadKey, MissingArtifact, StorageError, StorageUnavailable
from .links import Links, Verdict
from .local import LocalArtifacts
from .media import media_type
from .model import Model, ModelFile
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
