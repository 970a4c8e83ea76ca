"""The worker of UniRig: a skeleton for a mesh, and weights of a mesh for a skeleton.

    {"stage": "skeleton", "paths": {"mesh": "mesh.npz", "rig": "rig.npz"},
     "parameters": {"seed": 0, "plan": "quadruped", "tries": 3, "beams": 15, "max_tokens": 2048}}
    {"stage": "skin", "paths": {"mesh": "mesh.npz", "rig": "rig.npz", "weighted": "weighted.npz"}, "parameters": {"seed": 0}}

Meshes are NPZ files with ``vertices`` and ``faces`` in glTF's axes and metres; a rig is an NPZ (joints, tails, parents)
with a JSON of the same stem (names, roles). All parameters may be left out.
"""

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rigshot_unirig.asking import plan_of, whole

from rigshot_env import BadInput, BadRig, Job, MissingWeights, SleepLevel, main

MODEL = "UniRig (Articulation-XL2.0)"
_MOST_SEED = 2**32 - 8
_FEW_BEAMS = 5  # what a second attempt takes where the GPU's memory was too small for all
_SMALLER = 4  # so much smaller are its chunks


class Rigger:
    """The engine, warm from its first request on. What imports torch is imported then: ``--help`` and a bad request are quick."""

    def __init__(self) -> None:
        self._networks: Any = None
        self._prepared: Any = None

    def skeleton(self, job: Job) -> Mapping[str, Any]:
        """Joints for a mesh: several seeds, judged without a truth, the best kept. Raises BadRig if none is sound."""
        from rigshot_unirig import tries
        from rigshot_unirig.mesh import Box, load_mesh, sample
        from rigshot_unirig.rig_check import Subject
        from rigshot_unirig.rig_files import RigFile, save_rig

        seed, plan = whole(job, "seed", 0, 0, _MOST_SEED), plan_of(job)
        count = whole(job, "tries", 3, 1, 8)
        vertices, faces = load_mesh(job.path("mesh"))
        networks = self._ready(job)
        settings = networks.settings
        beams = whole(job, "beams", settings.sampling.beams, 1, 64)
        most_tokens = whole(job, "max_tokens", settings.sampling.most_tokens, 100, settings.sampling.most_tokens)
        clock = _Clock(networks)
        mesh = self._prepared(vertices, faces)
        box = Box.around(mesh.vertices)
        places = box.inside(mesh.vertices)
        subject = Subject.of(places, mesh.faces)
        network = networks.get("skeleton", lambda: job.progress(0.02))
        clock.lap("load and prepare")
        classes = tries.classes_for(plan, count, settings.sampling.skeleton_class)

        def made() -> Iterator[tries.Try]:
            for number, skeleton_class in enumerate(classes):
                points = settings.skeleton_points
                samples = sample(mesh, places, count=points.count, of_vertices=points.of_vertices, seed=seed + number)
                share = _Share(job, 0.05 + 0.9 * number / count, 0.9 / count)
                tokens = _drawn(clock, network, samples, settings, skeleton_class, beams, most_tokens, seed + number, share)
                one = tries.judged(tokens, settings.vocabulary, subject, seed + number)
                clock.lap("check")
                yield one

        best = tries.best_of(made())
        if not best.check.sound:
            raise BadRig(f"none of {count} skeletons fits the body: of the best one, {' and '.join(best.check.faults)}")
        rig = tries.in_metres(best.skeleton, subject, box, vertices, plan)
        score = round(best.check.score, 4)
        words = {"names": rig.names, "roles": rig.roles, "seed": best.seed, "score": score, "kind": rig.kind}
        save_rig(job.path("rig"), RigFile(joints=rig.joints, tails=rig.tails, parents=rig.parents, words=words))
        return {"joints": len(rig.names), "score": score, "seed": best.seed, **clock.values(), "model": MODEL}

    def skin(self, job: Job) -> Mapping[str, Any]:
        """Weights of every vertex for a given rig."""
        from rigshot_unirig.binding import bind
        from rigshot_unirig.mesh import load_mesh
        from rigshot_unirig.rig_files import load_rig, save_rig

        seed = whole(job, "seed", 0, 0, _MOST_SEED)
        vertices, faces = load_mesh(job.path("mesh"))
        rig = load_rig(job.path("rig"))
        networks = self._ready(job)
        clock = _Clock(networks)
        network = networks.get("skin", lambda: job.progress(0.02))
        clock.lap("load")

        def attempt(divisor: int) -> Any:
            return bind(network, networks.settings, vertices, faces, rig, self._prepared, seed, divisor, job.progress, clock.lap)

        bound = _with_less(clock, lambda: attempt(1), lambda: attempt(_SMALLER))
        if bound.mended:
            job.warn(f"{bound.mended:.1%} of the surface got the weights of its nearest bone")
        save_rig(job.path("weighted"), rig, bound.weights)
        return {"bled": round(bound.bled, 4), "grid": bound.grid, **clock.values(), "model": MODEL}

    def sleep(self, level: SleepLevel) -> None:
        """Free the GPU, or the memory too."""
        if self._networks is not None:
            self._networks.sleep(level)

    def _ready(self, job: Job) -> Any:
        if self._networks is None:
            source, weights = _folder("RIGSHOT_ENGINE_SOURCE"), _folder("RIGSHOT_ENGINE_WEIGHTS")
            job.progress(0.01)
            from rigshot_unirig.mesh import Preparation
            from rigshot_unirig.networks import Networks, chosen_device
            from rigshot_unirig.settings import Settings

            try:
                settings = Settings.of(source)
            except FileNotFoundError as error:
                raise MissingWeights(str(error)) from error
            cache = Path(os.environ.get("RIGSHOT_ENGINE_CACHE") or weights / "converted")
            self._prepared = Preparation()
            self._networks = Networks(settings, weights, cache, chosen_device(os.environ.get("RIGSHOT_ENGINE_DEVICE", "")))
        return self._networks


class _Share:
    """A part of a job's progress."""

    def __init__(self, job: Job, start: float, size: float) -> None:
        self._job, self._start, self._size = job, start, size

    def token(self, number: int) -> None:
        """After ``number`` tokens, of which a skeleton takes some two hundred, sometimes many more."""
        self._job.progress(self._start + self._size * number / (number + 100))


class _Clock:
    """Seconds by step, and the GPU's peak."""

    def __init__(self, networks: Any) -> None:
        import torch

        self._torch = torch
        self._gpu = networks.device if networks.device.type == "cuda" else None
        self._seconds: dict[str, float] = {}
        if self._gpu is not None:
            torch.cuda.reset_peak_memory_stats(self._gpu)
        self._last = time.monotonic()

    def lap(self, step: str) -> None:
        """The time since the last lap went into ``step``."""
        if self._gpu is not None:
            self._torch.cuda.synchronize(self._gpu)
        now = time.monotonic()
        self._seconds[step] = self._seconds.get(step, 0.0) + now - self._last
        self._last = now

    def values(self) -> dict[str, Any]:
        """For the result."""
        peak = self._torch.cuda.max_memory_allocated(self._gpu) / 2**20 if self._gpu is not None else 0
        return {"seconds": {step: round(seconds, 3) for step, seconds in self._seconds.items()}, "gpu_peak_mb": round(peak)}


def _drawn(
    clock: _Clock,
    network: Any,
    samples: Any,
    settings: Any,
    skeleton_class: str,
    beams: int,
    most_tokens: int,
    seed: int,
    share: _Share,
) -> list[int]:
    """The tokens of one try; with fewer beams where the memory does not hold all."""
    from rigshot_unirig.generating import encode, generate
    from rigshot_unirig.grammar import Grammar
    from rigshot_unirig.rig_check import FEWEST, MOST

    grammar = Grammar(vocabulary=settings.vocabulary, skeleton_class=skeleton_class, least=FEWEST, most=MOST)
    if most_tokens < grammar.need(grammar.start):
        raise BadInput(f"max_tokens must be at least {grammar.need(grammar.start)} for this kind of skeleton")
    share.token(0)
    conditions = encode(network, samples)
    clock.lap("encode")

    def draw(beams: int) -> list[int]:
        return generate(
            network,
            conditions,
            grammar,
            settings.sampling,
            beams=beams,
            most_tokens=most_tokens,
            seed=seed,
            tick=share.token,
        )

    tokens = _with_less(clock, lambda: draw(beams), lambda: draw(min(beams, _FEW_BEAMS)))
    clock.lap("tokens")
    return tokens


def _with_less(clock: _Clock, all_of_it: Any, less: Any) -> Any:
    """``all_of_it()``; where the GPU's memory was too small, ``less()``, once."""
    import torch

    try:
        return all_of_it()
    except torch.OutOfMemoryError:
        clock.lap("out of memory")
    # outside the handler: the error holds on to what did not fit
    torch.cuda.empty_cache()
    return less()


def _folder(name: str) -> Path:
    path = os.environ.get(name)
    if not path or not Path(path).is_dir():
        raise MissingWeights("UniRig is not installed")
    return Path(path).resolve()


if __name__ == "__main__":
    # the decoder's cache grows with every token: in fixed segments, what it leaves behind would not fit the next size
    os.environ.setdefault("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True")
    rigger = Rigger()
    raise SystemExit(main(engine="unirig", stages={"skeleton": rigger.skeleton, "skin": rigger.skin}, sleep=rigger.sleep))
