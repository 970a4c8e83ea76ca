"""cutout: the subject alone, its edges soft and its colours clean."""

import numpy as np

from .. import store
from ..asset import Floats
from ..embedded.refine import refine_subject
from ..embedded.subject.certainty import SURE
from ..stage import Advice, Outcome, Stage, Work

__all__ = ["STAGE"]

# Below this chance the person is asked for a box: more than half of such outlines were wrong among the tuning pictures.
DOUBTFUL = 0.7


def run(work: Work) -> Outcome:
    """Refine the rough subject of the canonical square."""
    picture = store.load_picture(work.inputs["standardise"] / "picture.png")
    rough = store.load_picture(work.inputs["standardise"] / "subject.png")
    words = store.load_json(work.inputs["standardise"] / "subject.json")
    probability: Floats = rough.astype(np.float32) / np.float32(255)
    cutout = refine_subject(picture, probability, kind=words["kind"], source=words["source"])
    work.progress(0.9)
    alpha = (cutout.alpha * 255 + 0.5).astype(np.uint8)
    store.save_picture(work.folder / "cutout.png", np.dstack([cutout.colours, alpha]))
    confidence: float = words["confidence"]
    doubtful, sure = confidence < DOUBTFUL, confidence >= SURE
    verdict: dict[str, float | bool | str] = {"method": cutout.method, "confidence": confidence, "doubtful": doubtful, "sure": sure}
    store.save_json(work.folder / "cutout.json", verdict)
    advice = (Advice(code="cutout_doubtful", level="warning"),) if doubtful else ()
    soft = float(((cutout.alpha > 0.05) & (cutout.alpha < 0.95)).mean())
    return Outcome(
        metrics=verdict | {"confidence": round(confidence, 3), "soft_share": round(soft, 4)},
        advice=advice,
    )


STAGE = Stage(name="cutout", reads=("standardise",), run=run, version=2)
