"""The worker of the Step1X-3D environment: a cut-out becomes a triangle mesh.

    {"stage": "geometry", "paths": {"image": "cutout.png", "mesh": "mesh.npz"},
     "parameters": {"seed": 0, "steps": 50, "guidance": 7.5, "octree": 384, "faces": 200000}}

``variant`` "label" takes ``label`` {"symmetry": "x" or "asymmetry", "edge": "normal", "smooth" or "sharp"}; ``parity`` runs upstream's own
call in fp32. The first job loads torch and the networks; a request that cannot be done is refused before that.
"""

import os
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rigshot_step1x3d.picture import open_cutout
from rigshot_step1x3d.request import GeometryOptions
from rigshot_step1x3d.weights import find_checkpoint

from rigshot_env import Job, MissingWeights, SleepLevel, main

if TYPE_CHECKING:
    from rigshot_step1x3d.engine import Engine

_BROKEN = 70  # exit status: the GPU's context is lost, and only a new process gets another


class _Worker:
    def __init__(self) -> None:
        self._engine: Engine | None = None

    def geometry(self, job: Job) -> Mapping[str, Any]:
        """Do one job."""
        options = GeometryOptions.from_parameters(job.parameters)
        cutout = open_cutout(job.path("image"))
        job.path("mesh")
        weights, source = _folder("RIGSHOT_ENGINE_WEIGHTS"), _folder("RIGSHOT_ENGINE_SOURCE")
        find_checkpoint(weights, options.variant)
        if self._engine is None:
            # not above: torch and diffusers take ten seconds to load
            from rigshot_step1x3d.engine import Engine

            self._engine = Engine(source=source, weights=weights, device=os.environ.get("RIGSHOT_ENGINE_DEVICE"))
        try:
            return self._engine.geometry(job, options, cutout)
        except RuntimeError as error:
            if "CUDA error" not in str(error):
                raise
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(_BROKEN)

    def sleep(self, level: SleepLevel) -> None:
        """Give memory back."""
        if self._engine is not None:
            self._engine.sleep(level)


def _folder(variable: str) -> Path:
    if not os.environ.get(variable):
        raise MissingWeights(f"{variable} names no folder: who starts this worker must say where upstream's source and weights are")
    return Path(os.environ[variable])


def _prepare() -> None:
    """What the libraries must find in the environment before they are imported."""
    cache = os.environ.get("RIGSHOT_ENGINE_CACHE")
    if cache:
        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(Path(cache) / "inductor"))
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    for name in ("RANK", "LOCAL_RANK", "SLURM_PROCID", "JSM_NAMESPACE_RANK", "USE_SAGEATTN"):
        os.environ.pop(name, None)  # upstream reads them: another card, another attention


if __name__ == "__main__":
    _prepare()
    worker = _Worker()
    raise SystemExit(main(engine="step1x3d", stages={"geometry": worker.geometry}, sleep=worker.sleep))
