"""The embedded engine's rig of a mesh: joints from the anatomy, weights by heat, relaxed."""

from dataclasses import replace

from ..asset import Mesh, Rig
from ..body import Body
from .heat_weights import heat_weights
from .skeleton import build_rig
from .weight_relaxing import relaxed_weights

__all__ = ["rigged"]


def rigged(mesh: Mesh, body: Body) -> Rig:
    """The skeleton of ``body`` with weights of the welded ``mesh``."""
    rig = build_rig(body)
    rig = replace(rig, weights=heat_weights(mesh, body, rig))
    return replace(rig, weights=relaxed_weights(mesh, body, rig))
