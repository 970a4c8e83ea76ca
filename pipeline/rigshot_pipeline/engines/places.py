"""Where engines are described, where they are installed, and what is there."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .spec import BadSpec, Spec, read_spec

__all__ = [
    "ENVS",
    "HOME",
    "Found",
    "Installed",
    "Place",
    "discover",
    "envs_folders",
    "installed",
    "missing_weights",
    "shared_code",
    "worker_variables",
]

ENVS = "RIGSHOT_ENVS"
"""Setting: the folders of engines, joined as PATH is; else ``envs/`` beside the rooms of the source tree."""
HOME = "RIGSHOT_ENVS_HOME"
"""Setting: where environments are installed."""
_DEFAULT_HOME = "~/.local/share/rigshot/envs"
_SHARED = "rigshot_env"

_HANDED_ON = ("PATH", "HOME", "USER", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "TERM", "CC", "CXX", "MAX_JOBS")
_HANDED_ON_FAMILIES = ("LC_", "CUDA", "NVIDIA_", "NCCL_", "OMP_", "MKL_", "OPENBLAS_", "TORCH", "PYTORCH_", "TRITON_", "RIGSHOT_ENGINE_")
"""An engine runs other people's code: it is shown what a GPU program needs, and none of the service's tokens and keys."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What lies in the folders of engines: the ``specs`` by rising name, and a sentence for every file that makes no sense."""

    specs: tuple[Spec, ...]
    broken: tuple[str, ...] = ()

    def named(self, name: str) -> Spec | None:
        """The engine of that name, or None."""
        return next((spec for spec in self.specs if spec.name == name), None)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an engine's installed parts lie."""

    root: Path

    @classmethod
    def of(cls, name: str) -> "Place":
        """The place of the engine ``name`` on this machine, there or not."""
        return cls(root=Path(os.environ.get(HOME) or _DEFAULT_HOME).expanduser() / name)

    @property
    def venv(self) -> Path:
        """The virtual environment."""
        return self.root / "venv"

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.venv / "bin" / "python"

    @property
    def source(self) -> Path:
        """Upstream's code."""
        return self.root / "source"

    @property
    def weights(self) -> Path:
        """A folder for each set of weights, in it the files as on the hub."""
        return self.root / "weights"

    @property
    def cache(self) -> Path:
        """What the engine compiles and may lose."""
        return self.root / "cache"

    @property
    def record(self) -> Path:
        """What an installation that was carried to its end wrote down."""
        return self.root / "installed.json"

    @property
    def logs(self) -> Path:
        """What workers write to their standard error, by the process that started them."""
        return self.root / "logs"


@dataclass(frozen=True, kw_only=True)
class Installed:
    """The record of an installation: ``weights`` by set the revision and by file its ``bytes`` and ``hash`` (empty: nobody gave one)."""

    engine: str
    version: int
    python: str
    commit: str = ""
    weights: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])

    @property
    def signature(self) -> str:
        """What a stage's result depends on beside its inputs: another one, another result."""
        sets = " ".join(f"{name}@{row['revision'][:12]}" for name, row in sorted(self.weights.items()))
        return f"{self.engine} {self.version} {self.commit[:12]} {sets}".strip()


def envs_folders() -> tuple[Path, ...]:
    """The folders in which engines are looked for."""
    if named := os.environ.get(ENVS):
        return tuple(Path(part).expanduser() for part in named.split(os.pathsep) if part)
    return (_own_envs(),)


def shared_code() -> Path:
    """The folder to put on an environment's path so that ``import rigshot_env`` works. Raises FileNotFoundError."""
    for folder in (*envs_folders(), _own_envs()):
        if (folder / _SHARED / _SHARED / "__init__.py").is_file():
            return (folder / _SHARED).absolute()
    raise FileNotFoundError(
        f"there is no {_SHARED} in {', '.join(map(str, envs_folders()))}; set {ENVS} to the folder envs of Rigshot's source"
    )


def discover() -> Found:
    """All engines, by looking; of two with one name the first folder's counts."""
    specs: dict[str, Spec] = {}
    broken: list[str] = []
    for folder in envs_folders():
        for file in sorted(folder.glob("*/engine.toml")):
            try:
                spec = read_spec(file)
            except BadSpec as error:
                broken.append(str(error))
            else:
                specs.setdefault(spec.name, spec)
    return Found(specs=tuple(specs[name] for name in sorted(specs)), broken=tuple(broken))


def installed(spec: Spec) -> Installed | None:
    """The record of the engine's installation; None where there is none, or one of another version of its description."""
    place = Place.of(spec.name)
    try:
        record = Installed(**json.loads(place.record.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    current = record.version == spec.version and record.commit == (spec.source.commit if spec.source else "")
    return record if current and place.python.exists() else None


def missing_weights(spec: Spec, stage: str, record: Installed | None) -> tuple[str, ...]:
    """The sets that ``stage`` waits for; of several that stand in for each other the first."""
    needed = [row for row in spec.weights if stage in row.stages and not row.optional]
    here = {row.name for row in spec.weights if record is not None and _on_disk(spec, row.name, record)}
    served = {row.either for row in needed if row.either and row.name in here}
    missing: dict[str, str] = {}
    for row in needed:
        if row.name not in here and row.either not in served - {""}:
            missing.setdefault(row.either or row.name, row.name)
    return tuple(missing.values())


def _on_disk(spec: Spec, name: str, record: Installed) -> bool:
    row, kept = spec.weight_set(name), record.weights.get(name)
    if row is None or kept is None or kept["revision"] != row.revision:
        return False
    folder = Place.of(spec.name).weights / name
    return all((folder / file).is_file() for file in row.files)


def worker_variables(spec: Spec) -> dict[str, str]:
    """The environment variables of the engine's worker."""
    place = Place.of(spec.name)
    handed_on = {key: value for key, value in os.environ.items() if key in _HANDED_ON or key.startswith(_HANDED_ON_FAMILIES)}
    return handed_on | {
        "RIGSHOT_ENGINE_SOURCE": str(place.source),
        "RIGSHOT_ENGINE_WEIGHTS": str(place.weights),
        "RIGSHOT_ENGINE_CACHE": str(place.cache),
        "RIGSHOT_ENGINE_GPU_MB": str(spec.needs.gpu_mb),
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        # from our own source, not installed: both ends always speak the same protocol
        "PYTHONPATH": str(shared_code()),
        "PYTHONNOUSERSITE": "1",
        "PYTHONUTF8": "1",
    }


def _own_envs() -> Path:
    return Path(__file__).resolve().parents[3] / "envs"
