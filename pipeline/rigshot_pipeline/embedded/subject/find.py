"""The order in which the segmenters are asked."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...asset import Pixels
from ...models import CLASSICAL
from ...options import Box
from .alpha import from_alpha, has_cutout
from .certainty import SURE, doubt
from .classical import from_colours
from .flat import from_flat
from .found import Kind, Subject
from .network import from_network, from_parts

__all__ = ["find_subject"]

# A doubt of our network below which nobody else is asked: on 259 tuning pictures colours and GrabCut only helped above it.
_KNOWN = 0.35
# Before an evenly plain ground colours tell the outline better than the network does, where both mean the same subject: overlap above this.
# Where they differ, colours took a studio's white floor or the coat's own white for ground, and the network is believed where it is sure.
_SAME = 0.75
# A doubtful network that finds less than this share of the picture has seen a hand, not the subject.
_CRUMB = 0.01


def find_subject(
    picture: Pixels, *, kind: Kind, box: Box | None = None, mask: NDArray[np.uint8] | None = None, model: str | None = None, seed: int = 0
) -> Subject:
    """Where the subject of ``picture`` (H, W, 3 or 4) is.

    Asked in this order: the person's ``mask`` (H, W; bright = subject), the picture's own transparency, in a drawing the paper, then
    a network: rembg's ``model`` (a name of ``models.CUTOUT_MODELS`` whose weights are on disk) or, with None, our own. Of a flat ground
    the outline by colours is taken where ours agrees or is not sure; in doubt before any other ground the network looks for a small
    subject in parts of the picture; where that fails, because it never learnt the like, colours and GrabCut have a say. With
    ``models.CLASSICAL`` they are asked alone. ``box``: the person's rectangle around the subject, in pixels of ``picture``.
    """
    if mask is not None:
        return Subject(probability=(mask / np.float32(255)).astype(np.float32), source="mask", confidence=1.0)
    if has_cutout(picture):
        return from_alpha(picture)
    colours = np.ascontiguousarray(picture[..., :3])
    flat = from_flat(colours, kind=kind, box=box)
    if flat is not None and (kind != "photo" or model == CLASSICAL):
        return flat
    if model == CLASSICAL:
        return from_colours(colours, box=box, seed=seed)
    if model is not None:
        return from_network(colours, source=f"rembg:{model}", box=box)
    learnt = from_network(colours, box=box)
    known = doubt(learnt.probability) < _KNOWN
    if flat is not None and (learnt.confidence < SURE or _agree(flat, learnt)):
        return flat
    if known:
        return learnt
    if box is None and (part := from_parts(colours)) is not None:
        return part
    both = from_colours(colours, box=box, learnt=learnt, seed=seed)
    if not 0 < float((both.probability >= 0.5).mean()) < _CRUMB:
        return both
    return replace(from_colours(colours, box=box, seed=seed), confidence=learnt.confidence)


def _agree(first: Subject, second: Subject) -> bool:
    one, other = first.probability >= 0.5, second.probability >= 0.5
    return float((one & other).sum()) > _SAME * max(float((one | other).sum()), 1.0)
