"""skeleton: named joints from the anatomy, or from an engine that also finds the weights."""

from ..asset import Mesh
from ..embedded.rig_check import bones_inside
from ..embedded.skeleton import build_rig
from ..engines import Engine, by_choice, choose, environment
from ..engines.foreign_rig import taken_skeleton
from ..options import Options
from ..stage import Outcome, Stage, Work
from ..store import load_body, load_mesh, save_mesh, save_rig

__all__ = ["STAGE"]


def run(work: Work) -> Outcome:
    """Write ``rig.npz`` and ``rig.json``: a rig without weights."""
    # Our own weights follow our own bones: an engine's skeleton is of use only with an engine's weights.
    weighted = choose("skin", work.options).candidate is not None
    return by_choice(work, "skeleton", engine=_by_engine, embedded=_embedded, suits=weighted)


def _by_engine(engine: Engine) -> Outcome:
    work = engine.work
    mesh = load_mesh(work.inputs["geometry"] / "mesh.npz")
    body = load_body(work.inputs["geometry"] / "body.npz")
    plain, made = engine.scratch / "mesh.npz", engine.scratch / "rig.npz"
    save_mesh(plain, Mesh(vertices=mesh.vertices, faces=mesh.faces))
    values = engine.ask({"mesh": plain, "rig": made}, {"seed": engine.seed, "plan": body.plan}).values
    rig = taken_skeleton(engine, made, mesh)
    save_rig(work.folder / "rig.npz", rig)
    return Outcome(
        metrics={
            "joints": len(rig.names),
            "bones_inside": round(bones_inside(mesh, rig), 3),
            "score": values.get("score"),
            "engine_seed": values.get("seed"),
            "gpu_peak_mb": values.get("gpu_peak_mb"),
        }
    )


def _embedded(work: Work) -> Outcome:
    body = load_body(work.inputs["geometry"] / "body.npz")
    mesh = load_mesh(work.inputs["geometry"] / "mesh.npz")
    rig = build_rig(body)
    work.progress(0.5)
    save_rig(work.folder / "rig.npz", rig)
    limbs = sum(part.kind not in ("trunk", "neck", "head") for part in body.parts)
    return Outcome(
        metrics={
            "joints": len(rig.names),
            "limbs": limbs,
            "legs": len(body.of_kind("leg")),
            "bones_inside": round(bones_inside(mesh, rig), 3),
        }
    )


def _environment(options: Options) -> str:
    return f"{environment('skeleton', options)}, {environment('skin', options)}"


STAGE = Stage(name="skeleton", reads=("geometry",), run=run, environment=_environment)
