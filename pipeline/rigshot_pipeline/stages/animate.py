"""animate: clips of the skinned subject."""

import numpy as np

from ..asset import Clip, Mesh, Rig
from ..body import Body
from ..embedded.clips import make_clips
from ..embedded.rig_check import feet_figures, stretch
from ..embedded.rigging import rigged
from ..embedded.skeleton import build_rig
from ..embedded.sound_parts import sound_body
from ..engines.foreign_rig import is_same_skeleton
from ..engines.retarget import retargeted_clips
from ..stage import Metric, Outcome, Stage, Work
from ..store import load_body, load_mesh, load_rig, save_clips

__all__ = ["STAGE"]


def run(work: Work) -> Outcome:
    """Write ``clips.npz`` and ``clips.json``, the clip that shows the subject best first."""
    mesh = load_mesh(work.inputs["geometry"] / "mesh.npz")
    plain = load_body(work.inputs["geometry"] / "body.npz")
    body = sound_body(mesh, plain)
    rig = load_rig(work.inputs["skin"] / "rig.npz")
    ours = is_same_skeleton(rig, build_rig(plain))
    clips = make_clips(mesh, body, rig) if ours else _for_another(mesh, body, rig)
    work.progress(0.6)
    save_clips(work.folder / "clips.npz", clips)
    metrics: dict[str, Metric] = {"clips": " ".join(clip.name for clip in clips), "default_clip": clips[0].name, "retargeted": not ours}
    for place, clip in enumerate(clips):
        ratios = stretch(mesh, rig, clip, times=8)
        feet = feet_figures(mesh, body, rig, clip, times=24)
        metrics[f"{clip.name}_stretch_p99"] = round(float(np.percentile(ratios, 99)), 3)
        metrics[f"{clip.name}_torn_share"] = round(float((ratios > 2).mean(1).max()), 5)
        metrics[f"{clip.name}_foot_slide"] = round(feet.slide, 4)
        metrics[f"{clip.name}_foot_sink"] = round(feet.sink, 4)
        work.progress(0.6 + 0.4 * (place + 1) / len(clips))
    return Outcome(metrics=metrics)


def _for_another(mesh: Mesh, body: Body, rig: Rig) -> tuple[Clip, ...]:
    """Clips for an engine's skeleton: made for our own, and retargeted."""
    own = rigged(mesh, body)
    return retargeted_clips(mesh, body, make_clips(mesh, body, own), own, rig)


STAGE = Stage(name="animate", reads=("geometry", "skin"), run=run)
