"""geometry: from the cutout to a watertight mesh with its anatomy and the photo's camera."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import store
from ..embedded.model import Model, model_of
from ..embedded.reading import Reading, read_silhouette
from ..engines import Engine, by_choice, environment
from ..engines.foreign_mesh import FACES, is_closed, load_mesh_of
from ..engines.own_view import seen_from_its_best
from ..engines.registration import registered
from ..options import Options
from ..preview.raster import rasterise
from ..stage import Advice, Metric, Outcome, Stage, Work

__all__ = ["STAGE"]

_CUT = 0.15  # of the subject's extent along a side of the picture: a shorter contact is no cut
_ANOTHER_SHAPE = 0.6  # silhouette IoU below which an engine's mesh is not what the photo shows
_DOUBTFUL = 0.6  # below this confidence the person is told what the engine saw, and how to correct it


def run(work: Work) -> Outcome:
    """Read the refined silhouette, have its model built and say what was seen."""
    kind = store.load_json(work.inputs["standardise"] / "subject.json")["kind"]
    return by_choice(work, "geometry", engine=_by_engine, embedded=_embedded, suits=kind != "sprite")


def _embedded(work: Work) -> Outcome:
    model, reading, mask = _built(work)
    work.progress(0.8)
    _save(work, model)
    return Outcome(metrics=_metrics(model, mask), advice=_advice(reading))


def _by_engine(engine: Engine) -> Outcome:
    """An engine's mesh, laid over the photo, with the anatomy that the embedded engine reads from it."""
    work = engine.work
    made = engine.scratch / "mesh.npz"
    paths = {"image": work.inputs["cutout"] / "cutout.png", "mesh": made}
    values = engine.ask(paths, {"seed": engine.seed, "faces": FACES}).values
    mesh = load_mesh_of(engine, made)
    model, reading, mask = _built(work)
    work.progress(0.85)
    laid = registered(mesh, model, mask)
    if laid.iou < _ANOTHER_SHAPE:
        raise engine.refuse("other_shape", f"outlines overlap by {100 * laid.iou:.0f} %")
    best = seen_from_its_best(laid, reading)
    _save(work, model := best or laid.model)
    heading = None if laid.heading is None else round(laid.heading, 1)
    turned: dict[str, Metric] = {"turned_degrees": round(laid.yaw, 1), "heading": heading, "read_from_mesh": best is not None}
    opened = () if is_closed(mesh.faces) else (Advice(code="engine_mesh_open", values={"engine": engine.spec.title}),)
    metrics = _metrics(model, mask) | turned | {"engine_seed": values.get("seed"), "gpu_peak_mb": values.get("gpu_peak_mb")}
    return Outcome(metrics=metrics, advice=(*_advice(reading), *opened))


def _built(work: Work) -> tuple[Model, Reading, NDArray[np.bool_]]:
    """The embedded model of the cutout, what was read from its outline, and that outline (S, S)."""
    cutout = store.load_picture(work.inputs["cutout"] / "cutout.png")
    subject = store.load_json(work.inputs["standardise"] / "subject.json")
    mask = cutout[..., 3] >= 128
    reading = _corrected(read_silhouette(mask, kind=_likely(subject)), work.options).leaning_to(subject["lean"])
    return model_of(cutout, reading, kind=subject["kind"], cut=_cut(subject, mask)), reading, mask


def _save(work: Work, model: Model) -> None:
    store.save_mesh(work.folder / "mesh.npz", model.mesh)
    store.save_body(work.folder / "body.npz", model.body)
    store.save_projection(work.folder / "camera.json", model.projection)


def _corrected(reading: Reading, options: Options) -> Reading:
    plan = None if options.subject == "auto" else options.subject
    view = None if options.view == "auto" else options.view
    return reading.seen_as(plan=plan, view=view)


def _likely(subject: dict[str, Any]) -> str:
    """The kind to read the silhouette as: a picture with its own alpha channel shows a toy or a figure as often as a pet."""
    return "drawing" if subject["kind"] == "photo" and subject["source"] == "alpha" else str(subject["kind"])


def _cut(subject: dict[str, Any], mask: NDArray[np.bool_]) -> frozenset[str]:
    """The sides that cut the subject off, in the canonical picture.

    A picture with its own alpha, or a sprite, is cropped tightly: there the frame touches the subject but cuts nothing. A side that
    only grazes the subject is not a cut either.
    """
    if subject["kind"] == "sprite" or subject["source"] == "alpha":
        return frozenset()
    other: dict[str, str] = {"left": "right", "right": "left"} if subject["mirrored"] else {}
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    lengths = {
        "left": mask[:, columns[0] + 1].sum() / len(rows),
        "right": mask[:, columns[-1] - 1].sum() / len(rows),
        "top": mask[rows[0] + 1].sum() / len(columns),
        "bottom": mask[rows[-1] - 1].sum() / len(columns),
    }
    cut: list[str] = subject["cut"]
    return frozenset(side for side in (other.get(name, name) for name in cut) if lengths[side] > _CUT)


def _metrics(model: Model, mask: NDArray[np.bool_]) -> dict[str, Metric]:
    mesh, projection = model.mesh, model.projection
    seen = rasterise(projection.project(mesh.vertices), mesh.faces, width=projection.size, height=projection.size).face >= 0
    edges = np.sort(np.concatenate([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]], mesh.faces[:, [2, 0]]]), 1)
    _, counts = np.unique(edges, axis=0, return_counts=True)
    forward = projection.viewer
    return {
        "faces": len(mesh.faces),
        "watertight": bool((counts == 2).all()),
        "euler": len(mesh.vertices) - len(counts) + len(mesh.faces),
        "silhouette_iou": round(float((seen & mask).sum() / max((seen | mask).sum(), 1)), 4),
        "parts": len(model.body.parts),
        "view": model.body.view,
        "plan": model.body.plan,
        "yaw_degrees": round(float(np.degrees(np.arctan2(-forward[0], forward[2]))), 1),
    }


def _advice(reading: Reading) -> tuple[Advice, ...]:
    if min(reading.plan_confidence, reading.view_confidence) >= _DOUBTFUL:
        return ()
    return (Advice(code="geometry_doubtful", values={"plan": reading.plan, "view": reading.view}),)


STAGE = Stage(
    name="geometry",
    reads=("standardise", "cutout"),
    run=run,
    version=4,
    options=("subject", "view"),
    environment=partial(environment, "geometry"),
)
