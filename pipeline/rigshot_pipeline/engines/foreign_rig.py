"""A rig that an engine made: taken in, checked, and given the root that our exporters count on."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from ..asset import Floats, Mesh, Rig
from ..embedded.heat_weights import keep_strongest
from ..embedded.rig_check import bones_inside
from ..store import load_json
from .asking import Engine

__all__ = ["ROOT", "is_same_skeleton", "load_weights", "rooted", "taken_skeleton", "without_root"]

ROOT = "root"
_MOST_JOINTS = 256
_OUTSIDE = 0.15  # metres that a joint may lie outside the mesh's box: ears and tails end in the air
_INSIDE = 0.4  # of the skeleton's length: below it the skeleton is another animal's
_SAME = 1e-5  # metres


def taken_skeleton(engine: Engine, file: Path, mesh: Mesh) -> Rig:
    """The rig contract in ``file`` without weights, its first joint the root on the ground. Raises ``EngineFailed`` (bad_rig)."""
    try:
        with np.load(file) as data:
            joints, tails, parents = (np.ascontiguousarray(data[name]) for name in ("joints", "tails", "parents"))
        names = tuple(str(name) for name in load_json(file.with_suffix(".json"))["names"])
        rig = Rig(names=names, parents=parents.astype(np.int32), joints=joints.astype(np.float32), tails=tails.astype(np.float32))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise engine.refuse("bad_rig", str(error)) from error
    low, high = mesh.vertices.min(0) - _OUTSIDE, mesh.vertices.max(0) + _OUTSIDE
    if not 2 <= len(names) <= _MOST_JOINTS:
        raise engine.refuse("bad_rig", f"it has {len(names)} joints")
    if not (np.isfinite(rig.joints).all() and np.isfinite(rig.tails).all()):
        raise engine.refuse("bad_rig", "a joint has no place")
    if (rig.joints < low).any() or (rig.joints > high).any():
        raise engine.refuse("bad_rig", "a joint lies outside the model")
    if (inside := bones_inside(mesh, rooted(rig))) < _INSIDE:
        raise engine.refuse("bad_rig", f"only {100 * inside:.0f} % of its bones lie inside the model")
    return rooted(rig)


def rooted(rig: Rig) -> Rig:
    """``rig`` with a first joint on the ground that carries all others and no vertex; a rig that has one as it is."""
    if rig.names[0] == ROOT:
        return rig
    names = (ROOT, *(f"{name}_" if name == ROOT else name for name in rig.names))
    parents = np.concatenate([[-1], rig.parents + 1]).astype(np.int32)
    joints = np.concatenate([np.zeros((1, 3), np.float32), rig.joints])
    tails = np.concatenate([np.array([[0, 0, 0.1]], np.float32), rig.tails])
    weights = None if rig.weights is None else np.concatenate([np.zeros((len(rig.weights), 1), np.float32), rig.weights], 1)
    return Rig(names=names, parents=parents, joints=joints, tails=tails, weights=weights)


def without_root(rig: Rig) -> Rig:
    """``rig`` as an engine wants it for its weights: a root that carries exactly one joint and no vertex is left out."""
    if rig.names[0] != ROOT or int((rig.parents == 0).sum()) != 1 or (rig.weights is not None and rig.weights[:, 0].any()):
        return rig
    weights = None if rig.weights is None else rig.weights[:, 1:]
    parents = np.maximum(rig.parents[1:] - 1, -1).astype(np.int32)
    return Rig(names=rig.names[1:], parents=parents, joints=rig.joints[1:], tails=rig.tails[1:], weights=weights)


def load_weights(engine: Engine, file: Path, rig: Rig, mesh: Mesh) -> Rig:
    """``rig``, as it was handed to the engine, with the weights that it wrote to ``file``, rooted. Raises ``EngineFailed`` (bad_rig)."""
    try:
        with np.load(file) as data:
            weights: Floats = np.ascontiguousarray(data["weights"], np.float32)
    except (OSError, ValueError, KeyError) as error:
        raise engine.refuse("bad_rig", str(error)) from error
    if weights.shape != (len(mesh.vertices), len(rig.names)):
        raise engine.refuse(
            "bad_rig", f"weights of the shape {weights.shape} for {len(mesh.vertices)} vertices and {len(rig.names)} joints"
        )
    if not np.isfinite(weights).all() or (weights < 0).any() or (weights.sum(1) <= 0).any():
        raise engine.refuse("bad_rig", "a vertex is moved by nothing")
    return rooted(replace(rig, weights=keep_strongest(weights.astype(np.float64))))


def is_same_skeleton(one: Rig, other: Rig) -> bool:
    """Whether two rigs have the same joints at the same places."""
    return one.names == other.names and np.allclose(one.joints, other.joints, atol=_SAME) and np.array_equal(one.parents, other.parents)
