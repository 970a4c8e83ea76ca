"""The subject by a network: our own, which ships with the package, or one of rembg's."""

import numpy as np

from ...asset import Floats, Pixels
from ...options import Box
from .certainty import chance_right, doubt
from .found import Subject
from .looks import grown, look_closer, look_within
from .pieces import choose_pieces
from .rembg_network import rembg_probability
from .search import search_parts

__all__ = ["OWN", "from_network", "from_parts"]

OWN = "network"
"""The source of a subject that our own network found; rembg's are called rembg:MODEL."""

# What only a part of the picture showed is doubtful, so that the person is asked for a box: of photos 25 of 28 were right, of rendered
# animals in scenes a third was another object (a cloud, a lamp), and no sign told which.
_IN_PARTS = 0.65
# rembg's networks see a little more than the person's box: they judge a subject by what surrounds it.
_CONTEXT = 0.15
# Their confidence falls with what they leave open; a quarter means .7.
_PER_DOUBT = 1.2


def from_network(picture: Pixels, *, source: str = OWN, box: Box | None = None) -> Subject:
    """The subject of an RGB picture (H, W, 3) by the network ``source``, within the person's ``box`` if there is one."""
    if source != OWN:
        return _from_rembg(picture, source=source, box=box)
    seen = look_closer(picture) if box is None else look_within(picture, box)
    confidence = chance_right(seen.probability)
    return Subject(probability=seen.probability, source=OWN, confidence=confidence, others=seen.others)


def from_parts(picture: Pixels) -> Subject | None:
    """A small subject of an RGB picture (H, W, 3) that our network sees in a part of it; None when it sees none."""
    seen = search_parts(picture)
    if seen is None:
        return None
    confidence = min(_IN_PARTS, chance_right(seen.probability))
    return Subject(probability=seen.probability, source=OWN, confidence=confidence, others=seen.others)


def _from_rembg(picture: Pixels, *, source: str, box: Box | None) -> Subject:
    shape = (picture.shape[0], picture.shape[1])
    whole = Box(left=0, top=0, width=shape[1], height=shape[0])
    part, inside = (whole, whole) if box is None else (grown(box, _CONTEXT, shape), grown(box, 0, shape))
    crop = (slice(part.top, part.top + part.height), slice(part.left, part.left + part.width))
    seen = np.zeros(shape, np.float32)
    seen[crop] = rembg_probability(np.ascontiguousarray(picture[crop]), model=source.removeprefix("rembg:"))
    probability: Floats = np.zeros(shape, np.float32)
    kept = (slice(inside.top, inside.top + inside.height), slice(inside.left, inside.left + inside.width))
    probability[kept] = seen[kept]
    chosen, others = choose_pieces(probability >= 0.5)
    probability[(probability >= 0.5) & ~chosen] = 0
    confidence = float(np.clip(1 - _PER_DOUBT * doubt(probability), 0, 1))
    return Subject(probability=probability, source=source, confidence=confidence, others=others)
