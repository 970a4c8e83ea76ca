"""skin: weights of every vertex."""

from dataclasses import replace
from functools import partial

from ..asset import Mesh, Rig
from ..embedded.heat_weights import heat_weights
from ..embedded.rig_check import leg_bleed, weight_steps
from ..embedded.skeleton import build_rig
from ..embedded.sound_parts import sound_body
from ..embedded.weight_relaxing import relaxed_weights
from ..engines import Engine, by_choice, environment
from ..engines.foreign_rig import is_same_skeleton, load_weights, without_root
from ..stage import Metric, Outcome, Stage, Work
from ..store import load_body, load_mesh, load_rig, save_mesh, save_rig

__all__ = ["STAGE"]


def run(work: Work) -> Outcome:
    """Write ``rig.npz`` and ``rig.json``: the skeleton's rig with weights."""
    return by_choice(work, "skin", engine=_by_engine, embedded=_embedded)


def _by_engine(engine: Engine) -> Outcome:
    work = engine.work
    mesh = load_mesh(work.inputs["geometry"] / "mesh.npz")
    rig = without_root(load_rig(work.inputs["skeleton"] / "rig.npz"))
    plain, asked, weighted = (engine.scratch / name for name in ("mesh.npz", "rig.npz", "weighted.npz"))
    save_mesh(plain, Mesh(vertices=mesh.vertices, faces=mesh.faces))
    save_rig(asked, rig)
    values = engine.ask({"mesh": plain, "rig": asked, "weighted": weighted}, {"seed": engine.seed}).values
    rig = load_weights(engine, weighted, rig, mesh)
    save_rig(work.folder / "rig.npz", rig)
    return Outcome(metrics=_metrics(mesh, rig) | {"bled": values.get("bled"), "gpu_peak_mb": values.get("gpu_peak_mb")})


def _embedded(work: Work) -> Outcome:
    """Weights for our own skeleton; one that came from an engine is replaced by it, for our weights follow our own bones."""
    mesh = load_mesh(work.inputs["geometry"] / "mesh.npz")
    body = load_body(work.inputs["geometry"] / "body.npz")
    rig = load_rig(work.inputs["skeleton"] / "rig.npz")
    kept = is_same_skeleton(rig, own := build_rig(body))
    rig, body = rig if kept else own, sound_body(mesh, body)
    rig = replace(rig, weights=heat_weights(mesh, body, rig))
    work.progress(0.5)
    rig = replace(rig, weights=relaxed_weights(mesh, body, rig))
    save_rig(work.folder / "rig.npz", rig)
    return Outcome(metrics=_metrics(mesh, rig) | {"leg_bleed": round(leg_bleed(body, rig), 5), "skeleton_kept": kept})


def _metrics(mesh: Mesh, rig: Rig) -> dict[str, Metric]:
    assert rig.weights is not None  # for the type checkers: both ways have just found them
    mean, high = weight_steps(mesh, rig.weights)
    return {"max_influences": int((rig.weights > 0).sum(1).max()), "step_mean": round(mean, 4), "step_p99": round(high, 4)}


STAGE = Stage(name="skin", reads=("geometry", "skeleton"), run=run, environment=partial(environment, "skin"))
