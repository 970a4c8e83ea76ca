"""animate: clips of the skinned subject."""

import numpy as np

from ..embedded.clips import make_clips
from ..embedded.rig_check import feet_figures, stretch
from ..embedded.sound_parts import sound_body
from ..stage import Metric, Outcome, Stage, Work
from ..store import load_body, load_mesh, load_rig, save_clips

__all__ = ["STAGE"]


def run(work: Work) -> Outcome:
    """Write ``clips.npz`` and ``clips.json``, the clip that shows the subject best first."""
    mesh = load_mesh(work.inputs["geometry"] / "mesh.npz")
    body = sound_body(mesh, load_body(work.inputs["geometry"] / "body.npz"))
    rig = load_rig(work.inputs["skin"] / "rig.npz")
    clips = make_clips(mesh, body, rig)
    work.progress(0.6)
    save_clips(work.folder / "clips.npz", clips)
    metrics: dict[str, Metric] = {"clips": " ".join(clip.name for clip in clips), "default_clip": clips[0].name}
    for place, clip in enumerate(clips):
        ratios = stretch(mesh, rig, clip, times=8)
        feet = feet_figures(mesh, body, rig, clip, times=24)
        metrics[f"{clip.name}_stretch_p99"] = round(float(np.percentile(ratios, 99)), 3)
        metrics[f"{clip.name}_torn_share"] = round(float((ratios > 2).mean(1).max()), 5)
        metrics[f"{clip.name}_foot_slide"] = round(feet.slide, 4)
        metrics[f"{clip.name}_foot_sink"] = round(feet.sink, 4)
        work.progress(0.6 + 0.4 * (place + 1) / len(clips))
    return Outcome(metrics=metrics)


STAGE = Stage(name="animate", reads=("geometry", "skin"), run=run)
