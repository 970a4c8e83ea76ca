"""A picture in, a mesh out: the networks kept between jobs, the stages in their order, and what is tried again when it fails."""

import gc
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from rigshot_env import Job, SleepLevel

from .compiling import Compilation
from .denoise import Condition, denoise, noise
from .loading import Networks, load
from .mesh import Triangles, clean, extract, save
from .picture import prepare
from .request import GeometryOptions, Variant
from .upstream import import_upstream
from .volume import CHUNK, NotFinite, sample
from .weights import find_checkpoint

__all__ = ["Engine"]

_SMALL_CHUNK = CHUNK // 4  # points at once when the GPU was full
_SHARES = {"load": 0.1, "encode": 0.15, "denoise": 0.7, "decode": 0.72, "sample": 0.9, "mesh": 1.0}
"""Where each stage ends in the progress of a job."""
_LOOK = 0.2  # seconds between two looks at whether a waiting job was given up
_MIB = 2**20
_log = logging.getLogger(__name__)


class Engine:
    """Step1X-3D's geometry on one device."""

    def __init__(
        self, *, source: Path, weights: Path, device: str | None = None, dtype: torch.dtype | None = None, compiled: bool = True
    ) -> None:
        """``source``: upstream's checkout; ``weights``: the folder of the sets that engine.toml names; ``dtype``: what the networks
        compute in (default: float16 on a GPU, float32 on a CPU, where half precision is slower); ``compiled``: compile on a GPU.
        """
        self.device = _device(device)
        self._dtype = dtype or (torch.float32 if self.device.type == "cpu" else torch.float16)
        self._upstream = import_upstream(source)
        self._weights = weights
        self._compiled = compiled and self.device.type == "cuda"
        self._networks: Networks | None = None
        self._loaded: tuple[Variant, bool] | None = None  # which variant, and whether precisely
        self._compilation: Compilation | None = None
        self._condition: Condition | None = None

    def geometry(self, job: Job, options: GeometryOptions, cutout: Image.Image) -> dict[str, Any]:
        """Write the mesh of ``cutout`` to the job's path ``mesh``; the values of the result."""
        watch = _Stages(job, self.device)
        try:
            self._await_compiling(job)
            self._wake(watch, options)
            made = self._make(job, watch, options, cutout)
            save(made.mesh, job.path("mesh"))
        finally:
            self._give_back()
        assert self._networks is not None
        self._compile()
        return {
            "faces": len(made.mesh.faces),
            "vertices": len(made.mesh.vertices),
            "open_edges": made.mesh.open_edges,
            "seed": options.seed,
            "seconds": watch.seconds,
            "gpu_peak_mb": watch.peak_mb(),
            "model": f"Step1X-3D {options.variant}",
            "precision": str(self._networks.dtype).removeprefix("torch."),
            "compiled": made.compiled,
            "queries": made.queries,
        }

    def sleep(self, level: SleepLevel) -> None:
        """Free the device (``ram``) or all memory (``out``)."""
        if self._compilation is not None:
            self._compilation.wait()  # it computes with the weights
        if level == "out":
            self._drop()
        elif self._networks is not None:
            self._networks.rest()
        self._tidy()

    def _await_compiling(self, job: Job) -> None:
        """Let the compiling of the last job's shapes end. While it traces the networks nothing else may call one: torch.fx
        replaces the call of all modules meanwhile, on every thread."""
        while self._compilation is not None and not self._compilation.wait(_LOOK):
            job.progress(0.0)

    def _wake(self, watch: "_Stages", options: GeometryOptions) -> None:
        with watch.stage("load"):
            wanted = (options.variant, options.parity)
            if self._networks is not None and self._loaded == wanted:
                self._networks.wake()
                return
            checkpoint = find_checkpoint(self._weights, options.variant)
            self.sleep("out")
            dtype = torch.float32 if options.parity else self._dtype
            self._networks = load(self._upstream, checkpoint, device=self.device, dtype=dtype)
            self._loaded = wanted

    def _make(self, job: Job, watch: "_Stages", options: GeometryOptions, cutout: Image.Image) -> "_Made":
        """The mesh; what fails for want of memory or precision is tried once more."""
        assert self._networks is not None
        thrifty = False
        while True:
            try:
                return self._try(job, watch, options, cutout, thrifty=thrifty)
            except torch.OutOfMemoryError:
                if thrifty:
                    raise
                thrifty = True
                _log.warning("the GPU is full: once more in smaller pieces")
            except NotFinite as error:
                if self._networks.dtype != torch.float16:
                    raise
                _log.warning("%s: once more in bfloat16, whose range is that of float32", error)
                self._forget_compiled()
                self._networks.cast(torch.bfloat16)
            self._tidy()  # not above: while the error is handled its frames hold the tensors

    def _try(self, job: Job, watch: "_Stages", options: GeometryOptions, cutout: Image.Image, *, thrifty: bool) -> "_Made":
        networks = self._networks
        assert networks is not None
        start = noise(options.seed, networks.latent_shape, self.device)
        compiled = None
        if options.parity:
            with watch.stage("denoise") as progress:
                latents = self._upstream_latents(job.path("image"), options, start, progress)
        else:
            with watch.stage("encode"):
                condition = self._condition = networks.condition(prepare(cutout), options.label)
            # compiled are the shapes of a guided step in one batch; another shape would compile while the person waits
            usual = options.guidance > 1 and not thrifty
            compiled = self._compilation.transformer if usual and self._compilation is not None else None
            with watch.stage("denoise") as progress:
                latents = denoise(
                    networks.transformer if compiled is None else compiled,
                    networks.pipeline.scheduler,
                    condition,
                    start,
                    steps=options.steps,
                    guidance=options.guidance,
                    dtype=networks.dtype,
                    together=not thrifty,
                    progress=progress,
                )
        with watch.stage("decode"):
            tokens = networks.decode(latents)
        with watch.stage("sample") as progress:
            field = sample(
                lambda points: networks.field(points, tokens),
                resolution=options.octree,
                device=self.device,
                chunk=_SMALL_CHUNK if thrifty else CHUNK,
                progress=progress,
            )
        with watch.stage("mesh"):
            mesh = clean(extract(field), faces=options.faces)
        return _Made(mesh=mesh, queries=field.queries, compiled=compiled is not None)

    def _upstream_latents(
        self, image: Path, options: GeometryOptions, start: torch.Tensor, progress: Callable[[float], None]
    ) -> torch.Tensor:
        """What upstream's own call makes of the picture, in float32 and with all its steps, up to the latents."""
        assert self._networks is not None
        pipeline = self._networks.pipeline
        pipeline.progress_bar = lambda total: _Bar(total, progress)
        latents: torch.Tensor = pipeline(
            str(image),
            label=None if options.label is None else options.label.upstream(),
            num_inference_steps=options.steps,
            guidance_scale=options.guidance,
            latents=start,
            output_type="latent",
        ).mesh
        return latents

    def _compile(self) -> None:
        """Start compiling with the shapes of the job that was just done, once for every set of loaded networks."""
        if not self._compiled or self._compilation is not None or self._condition is None or self._networks is None:
            return
        networks, condition = self._networks, self._condition
        latents = noise(0, networks.latent_shape, self.device).to(networks.dtype)

        def run(transformer: Any) -> None:
            moment = torch.full((2,), 500.0, device=self.device)
            transformer(latents.expand(2, -1, -1), moment, **condition.rows(slice(0, 2)))

        self._compilation = Compilation(networks.transformer, run, device=self.device)

    def _forget_compiled(self) -> None:
        if self._compilation is not None:
            self._compilation.wait()
        self._compilation = self._condition = None

    def _drop(self) -> None:
        self._forget_compiled()
        self._networks = self._loaded = None

    def _tidy(self) -> None:
        gc.collect()  # a third of a second: for when memory must come free, not for every job
        self._give_back()

    def _give_back(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.empty_cache()


@dataclass(frozen=True, kw_only=True)
class _Made:
    mesh: Triangles
    queries: int  # points at which the field was evaluated
    compiled: bool  # whether the transformer was


class _Stages:
    """Times the stages of one job and turns their shares into its progress."""

    def __init__(self, job: Job, device: torch.device) -> None:
        self._job = job
        self._device = device
        self.seconds: dict[str, float] = {}
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)

    @contextmanager
    def stage(self, name: str) -> Iterator[Callable[[float], None]]:
        """Time a stage; what it is given reports the stage's own progress 0..1, and raises Cancelled when the job was given up."""
        names = list(_SHARES)
        place = names.index(name)
        low, high = _SHARES[names[place - 1]] if place else 0.0, _SHARES[name]
        self._job.progress(low)
        begun = time.perf_counter()
        yield lambda fraction: self._job.progress(low + (high - low) * fraction)
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - begun, 3)

    def peak_mb(self) -> int:
        """MiB that torch had reserved at the most; 0 without a GPU."""
        return torch.cuda.max_memory_reserved(self._device) // _MIB if self._device.type == "cuda" else 0


class _Bar:
    """Stands in for the progress bar of upstream's call, whose every step then can be seen and cancelled."""

    def __init__(self, total: int, progress: Callable[[float], None]) -> None:
        self._total = total
        self._progress = progress
        self._done = 0

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *_error: object) -> None:
        return None

    def update(self) -> None:
        """One step more is done."""
        self._done += 1
        self._progress(self._done / self._total)


def _device(name: str | None) -> torch.device:
    if name is None:
        name = "cuda" if torch.cuda.is_available() else "cpu"
    device = torch.device(name)
    if device.type == "cuda":
        device = torch.device("cuda", device.index or 0)
        torch.cuda.set_device(device)
    return device
