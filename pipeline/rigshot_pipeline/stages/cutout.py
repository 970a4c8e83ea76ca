"""cutout: the subject alone, its edges soft and its colours clean."""

from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .. import store
from ..asset import Floats, Pixels
from ..embedded.matting import decontaminated
from ..embedded.refine import Cutout, refine_subject
from ..embedded.subject.certainty import SURE
from ..engines import Engine, by_choice, environment
from ..stage import Advice, Outcome, Stage, Work
from .unprepared import plain_cutout

__all__ = ["STAGE"]

# Below this chance the person is asked for a box: more than half of such outlines were wrong among the tuning pictures.
DOUBTFUL = 0.7
# Outlines that the person brought along, which a network would only lose.
_GIVEN = ("alpha", "mask")
# Of a network's area, the least that must lie on the subject that was found before; and of the subject, that it must cover.
_SHARED = 0.3


def run(work: Work) -> Outcome:
    """Refine the rough subject of the canonical square."""
    words = store.load_json(work.inputs["standardise"] / "subject.json")
    if "cutout" not in work.options.prepare:
        picture, outline, _ = _found(work)
        return _outcome(work, plain_cutout(picture, outline), words["confidence"])
    suits = words["kind"] == "photo" and words["source"] not in _GIVEN
    return by_choice(work, "cutout", engine=_by_engine, embedded=_embedded, suits=suits)


def _embedded(work: Work) -> Outcome:
    picture, probability, words = _found(work)
    cutout = refine_subject(picture, probability, kind=words["kind"], source=words["source"])
    work.progress(0.9)
    return _outcome(work, cutout, words["confidence"])


def _by_engine(engine: Engine) -> Outcome:
    """The outline as an engine sees it in the canonical square, of all that it sees only what is the subject."""
    picture, probability, words = _found(engine.work)
    image, out = engine.scratch / "image.png", engine.scratch / "alpha.png"
    colours = np.ascontiguousarray(picture[..., :3])
    store.save_picture(image, colours)
    values = engine.ask({"image": image, "out": out}, {}).values
    alpha = store.load_picture(out).astype(np.float32) / np.float32(255)
    if alpha.shape != probability.shape:
        raise engine.refuse("internal", f"its alpha has the shape {alpha.shape}")
    subject = _of_subject(alpha, probability >= 0.5)
    if subject is None:
        raise engine.refuse("other_subject", "")
    cutout = Cutout(alpha=subject, colours=decontaminated(colours, subject), method=engine.signature)
    return _outcome(engine.work, cutout, float(values.get("confidence", words["confidence"])))


def _found(work: Work) -> tuple[Pixels, Floats, dict[str, Any]]:
    folder = work.inputs["standardise"]
    rough = store.load_picture(folder / "subject.png").astype(np.float32) / np.float32(255)
    return store.load_picture(folder / "picture.png"), rough, store.load_json(folder / "subject.json")


def _of_subject(alpha: Floats, subject: NDArray[np.bool_]) -> Floats | None:
    """``alpha`` (S, S) without the pieces that lie beside the subject; None where hardly anything is left or is the subject's."""
    _, labels = cv2.connectedComponents((alpha >= 0.5).astype(np.uint8))
    ours = np.isin(labels, [label for label in np.unique(labels[subject]) if label])
    both = float((ours & subject).sum())
    if both < _SHARED * max(float(ours.sum()), float(subject.sum())):
        return None
    reach = cv2.dilate(ours.astype(np.uint8), np.ones((3, 3), np.uint8), iterations=max(2, round(0.015 * len(alpha))))
    others = (alpha >= 0.5) & ~ours
    kept: Floats = np.where((reach > 0) & ~others, alpha, 0).astype(np.float32)
    return kept


def _outcome(work: Work, cutout: Cutout, confidence: float) -> Outcome:
    alpha = (cutout.alpha * 255 + 0.5).astype(np.uint8)
    store.save_picture(work.folder / "cutout.png", np.dstack([cutout.colours, alpha]))
    doubtful, sure = confidence < DOUBTFUL, confidence >= SURE
    verdict: dict[str, float | bool | str] = {"method": cutout.method, "confidence": confidence, "doubtful": doubtful, "sure": sure}
    store.save_json(work.folder / "cutout.json", verdict)
    advice = (Advice(code="cutout_doubtful", level="warning"),) if doubtful else ()
    soft = float(((cutout.alpha > 0.05) & (cutout.alpha < 0.95)).mean())
    return Outcome(
        metrics=verdict | {"confidence": round(confidence, 3), "soft_share": round(soft, 4)},
        advice=advice,
    )


STAGE = Stage(name="cutout", reads=("standardise",), run=run, version=3, options=("prepare",), environment=partial(environment, "cutout"))
