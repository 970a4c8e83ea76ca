"""Engines that tests make: real folders, real child processes, small real work."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from rigshot_pipeline.engines import read_spec
from rigshot_pipeline.engines.places import ENVS, HOME, Place
from rigshot_pipeline.engines.spec import Spec

__all__ = ["EngineLab"]

_TOML = """
[engine]
name = "{name}"
title = "{title}"
stages = {stages}
worker = "worker.py"
python = "{python}"
rank = {rank}

[needs]
gpu_mb = {gpu_mb}

[licence]
code = "MIT"
weights = "CC-BY-4.0"
note = "Made by a test."
"""

_SITE = f"import sys; sys.path.append({str(Path(np.__file__).parents[1])!r})\n"
"""An environment of its own has no NumPy; a test's borrows ours instead of installing one."""


class EngineLab:
    """A folder of engines and a home for their environments; ``variables`` make a process find both."""

    def __init__(self, folder: Path) -> None:
        self.envs = folder / "envs"
        self.home = folder / "home"
        self.envs.mkdir()
        self.variables = {ENVS: str(self.envs), HOME: str(self.home)}

    def engine(
        self, worker: str, *, name: str = "tiny", stages: tuple[str, ...] = ("geometry",), rank: int = 10, gpu_mb: int = 0, more: str = ""
    ) -> Spec:
        """An engine's folder; ``worker`` is its source after the imports of rigshot_env, ``more`` is added to its engine.toml."""
        folder = self.envs / name
        folder.mkdir()
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        words = {"name": name, "title": name.title(), "stages": json.dumps(stages), "python": version, "rank": rank, "gpu_mb": gpu_mb}
        (folder / "engine.toml").write_text(_TOML.format(**words) + more, encoding="utf-8")
        head = "import os, sys, time\nfrom rigshot_env import BadInput, BadRig, Job, MissingWeights, NoSurface, main\n"
        (folder / "worker.py").write_text(_SITE + head + worker, encoding="utf-8")
        return read_spec(folder / "engine.toml")

    def put_in_place(self, spec: Spec) -> None:
        """What an installation leaves, without pip: an environment and a record."""
        place = Place(root=self.home / spec.name)
        place.root.mkdir(parents=True)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", place.venv], check=True)
        commit = spec.source.commit if spec.source else ""
        record = {"engine": spec.name, "version": spec.version, "python": spec.python, "commit": commit, "weights": {}}
        place.record.write_text(json.dumps(record), encoding="utf-8")
