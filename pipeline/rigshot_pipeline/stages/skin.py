"""skin: weights of every vertex."""

from dataclasses import replace

from ..embedded.heat_weights import heat_weights
from ..embedded.rig_check import leg_bleed, weight_steps
from ..embedded.sound_parts import sound_body
from ..embedded.weight_relaxing import relaxed_weights
from ..stage import Outcome, Stage, Work
from ..store import load_body, load_mesh, load_rig, save_rig

__all__ = ["STAGE"]


def run(work: Work) -> Outcome:
    """Write ``rig.npz`` and ``rig.json``: the skeleton's rig with weights."""
    mesh = load_mesh(work.inputs["geometry"] / "mesh.npz")
    body = sound_body(mesh, load_body(work.inputs["geometry"] / "body.npz"))
    rig = load_rig(work.inputs["skeleton"] / "rig.npz")
    rig = replace(rig, weights=heat_weights(mesh, body, rig))
    work.progress(0.5)
    weights = relaxed_weights(mesh, body, rig)
    rig = replace(rig, weights=weights)
    save_rig(work.folder / "rig.npz", rig)
    mean, high = weight_steps(mesh, weights)
    return Outcome(
        metrics={
            "max_influences": int((weights > 0).sum(1).max()),
            "step_mean": round(mean, 4),
            "step_p99": round(high, 4),
            "leg_bleed": round(leg_bleed(body, rig), 5),
        }
    )


STAGE = Stage(name="skin", reads=("geometry", "skeleton"), run=run)
