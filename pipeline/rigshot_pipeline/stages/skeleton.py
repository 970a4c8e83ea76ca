"""skeleton: named joints from the anatomy."""

from ..embedded.rig_check import bones_inside
from ..embedded.skeleton import build_rig
from ..stage import Outcome, Stage, Work
from ..store import load_body, load_mesh, save_rig

__all__ = ["STAGE"]


def run(work: Work) -> Outcome:
    """Write ``rig.npz`` and ``rig.json``: a rig without weights."""
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


STAGE = Stage(name="skeleton", reads=("geometry",), run=run)
