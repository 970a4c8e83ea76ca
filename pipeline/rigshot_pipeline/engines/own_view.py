"""The anatomy of a foreign mesh, read from where it shows best.

A photo shows a subject from where the photographer stood, and the embedded engine reads the body from that one outline: legs behind legs
and a trunk that is foreshortened are guesses. A mesh can be looked at from anywhere. So the mesh, once it is laid over the photo, is drawn
from its own side (a figure on two legs from its front), the embedded engine reads that picture, and the body goes back to the mesh.
"""

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..asset import Floats, Mesh, Pixels
from ..body import BodyPlan, Projection, View
from ..embedded.model import Model, model_of
from ..embedded.reading import Reading, read_silhouette
from ..preview.camera import fit, orbit
from ..preview.raster import render
from .registration import Registered, registered

__all__ = ["photo_view", "seen_from_its_best"]

Doubles = NDArray[np.float64]

_SIDE = 640  # pixels of the picture that is drawn
_FILL = 0.84  # of it, as in a canonical picture
_BEST: dict[BodyPlan, Literal["side", "front"]] = {"quadruped": "side", "bird": "side", "fish": "side", "biped": "front"}
_PLAIN = 0.7
"""Confidence: nine rigged animals on four legs and two fish are all read so from their side; two people, a snake and two dinosaurs on two
legs are not."""
_ALREADY = 8.0  # degrees off its best view within which the photo, which has the real light, is read instead
_MATCH = 0.9  # IoU below which the mesh's own picture was misread
_THREE_QUARTER = (15.0, 75.0)  # degrees between the viewer and the subject's forward


def seen_from_its_best(laid: Registered, reading: Reading) -> Model | None:
    """The model of ``laid`` turned to face +Z, with a body read from the mesh's own best view and the photo's camera moved along.

    ``reading``: what the photo's outline told. None where the photo is that view already, or the mesh has no middle plane or no such view.
    """
    if laid.heading is None:
        return None
    seen_at = laid.heading if reading.facing != "front" or laid.heading < 90 else 180 - laid.heading
    facing = _facing_ahead(laid.model.mesh, laid.model.projection, laid.heading)
    plan = _plan(facing, reading)
    best = _BEST.get(plan)
    read_so = reading.plan == plan and reading.view == best
    if best is None or (read_so and abs(seen_at - (90 if best == "side" else 0)) < _ALREADY):
        return None
    rgba = _drawn(facing, best)
    mask = rgba[..., 3] >= 128
    own = read_silhouette(mask).seen_as(plan=plan, view=best)
    own = replace(own, heading=90.0 if best == "side" else 0.0).leaning_to(abs(own.lean) + 1.0)  # drawn to look to the right
    again = registered(facing, model_of(rgba, own), mask)
    if again.iou < _MATCH or abs(again.yaw) > _ALREADY:
        return None
    model = again.model
    view = photo_view(seen_at)
    return Model(
        mesh=model.mesh,
        body=replace(model.body, view=view),
        projection=_carried(laid.model.projection, laid.model.mesh.vertices, model.mesh.vertices),
    )


def _plan(facing: Mesh, reading: Reading) -> BodyPlan:
    """The body plan: what the person said, else what the mesh shows plainly from its side, else what the photo's outline told."""
    if reading.plan_confidence == 1.0:
        return reading.plan
    # Read as a drawing: no plan is likelier than another beforehand.
    side = read_silhouette(_drawn(facing, "side")[..., 3] >= 128, kind="drawing")
    plain = side.view == "side" and side.pose == "standing" and side.plan_confidence >= _PLAIN
    return side.plan if plain and _BEST.get(side.plan) == "side" else reading.plan


def _drawn(facing: Mesh, view: Literal["side", "front"]) -> Pixels:
    camera = fit(orbit(-90.0 if view == "side" else 0.0), facing.vertices, fill=_FILL)
    return render(facing, camera, width=_SIDE, height=_SIDE)


def photo_view(heading: float) -> View:
    """The word for a photo's view, by the degrees between the viewer's direction and the subject's forward."""
    if heading < _THREE_QUARTER[0]:
        return "front"
    return "side" if heading > _THREE_QUARTER[1] else "three_quarter"


def _facing_ahead(mesh: Mesh, camera: Projection, heading: float) -> Mesh:
    """The mesh turned about the vertical so that its forward, ``heading`` degrees from the viewer towards the picture's right, is +Z."""
    viewer, right = (_flat(row) for row in (camera.viewer, camera.matrix[0, :3]))
    forward = np.cos(np.radians(heading)) * viewer + np.sin(np.radians(heading)) * right
    turn = -np.arctan2(forward[0], forward[2])
    about = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
    return Mesh(vertices=(mesh.vertices @ about.T).astype(np.float32), faces=mesh.faces)


def _flat(direction: Floats) -> Doubles:
    level = direction.astype(np.float64) * [1, 0, 1]
    unit: Doubles = level / max(float(np.linalg.norm(level)), 1e-9)
    return unit


def _carried(camera: Projection, before: Floats, after: Floats) -> Projection:
    """The camera that shows the vertices ``after`` (V, 3) where ``camera`` shows the same ones ``before`` a turn, a scale and a shift.

    The similarity is found by least squares (Umeyama 1991); here it is exact.
    """
    middles = [points.astype(np.float64).mean(0) for points in (before, after)]
    old, new = (points.astype(np.float64) - middle for points, middle in zip((before, after), middles, strict=True))
    left, _, right = np.linalg.svd(old.T @ new)
    turn = left @ np.diag([1, 1, np.sign(np.linalg.det(left @ right))]) @ right  # rows: old = new @ turn.T * scale
    scale = float(np.sqrt((old**2).sum() / max(float((new**2).sum()), 1e-12)))
    matrix = camera.matrix.astype(np.float64)
    moved = np.empty((3, 4))
    moved[:, :3] = matrix[:, :3] @ turn * scale
    moved[:, 3] = matrix[:, 3] + matrix[:, :3] @ middles[0] - moved[:, :3] @ middles[1]
    moved[2] /= scale  # depth stays in metres
    return Projection(matrix=moved.astype(np.float32), size=camera.size)
