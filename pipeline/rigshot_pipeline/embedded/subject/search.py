"""A small subject in a large scene: what the network cannot see in the whole picture, it may see in a part of it."""

from collections.abc import Iterator

import numpy as np

from ...asset import Floats, Pixels
from ...options import Box
from .certainty import doubt
from .found import bounding_box
from .looks import Seen, grown
from .own_network import subject_probability
from .pieces import choose_pieces

__all__ = ["search_parts"]

# Three by three windows, each half as wide and high as the picture, overlap by half: a subject of a quarter of the width is whole in one.
_WINDOWS, _SHARE = 3, 0.5
# A window that holds less of a subject than this is not followed up; nor are more than so many.
_LEAST, _MOST_FOLLOWED = 0.02, 4
# A subject found must be seen whole, in surroundings of this width, with less doubt than this: tree trunks and parts of animals are not.
_ROOM, _DOUBT = 0.3, 0.1
# How often a look is widened that cuts what it sees.
_WIDENED = 3


def search_parts(picture: Pixels) -> Seen | None:
    """The largest subject of an RGB picture (H, W, 3) that is clear in a part of it; None when there is none. Takes 9 to 25 looks."""
    shape = (picture.shape[0], picture.shape[1])
    hints = sorted(_hints(picture), key=lambda hint: hint[0])[:_MOST_FOLLOWED]
    best: tuple[int, Seen] | None = None
    done: list[Box] = []
    for _, box in hints:
        if any(_holds(other, box) for other in done):
            continue
        seen = _settled(picture, box, shape)
        if seen is None:
            continue
        area = int((seen.probability >= 0.5).sum())
        found = bounding_box(seen.probability)
        if found is not None:
            done.append(found)
        if best is None or area > best[0]:
            best = area, seen
    return None if best is None else best[1]


def _hints(picture: Pixels) -> Iterator[tuple[float, Box]]:
    """Doubt and box of what each window shows."""
    height, width = picture.shape[:2]
    high, wide = round(height * _SHARE), round(width * _SHARE)
    for row in range(_WINDOWS):
        for column in range(_WINDOWS):
            top, left = round((height - high) * row / (_WINDOWS - 1)), round((width - wide) * column / (_WINDOWS - 1))
            answer = subject_probability(np.ascontiguousarray(picture[top : top + high, left : left + wide]))
            chosen, _ = choose_pieces(answer >= 0.5)
            box = bounding_box(chosen.astype(np.float32))
            if box is not None and float(chosen.mean()) >= _LEAST:
                answer[(answer >= 0.5) & ~chosen] = 0
                yield doubt(answer), Box(left=left + box.left, top=top + box.top, width=box.width, height=box.height)


def _settled(picture: Pixels, box: Box, shape: tuple[int, int]) -> Seen | None:
    """What a look around ``box`` shows, widened until it holds all of it."""
    for _ in range(_WIDENED):
        part = grown(box, _ROOM, shape)
        rows, columns = slice(part.top, part.top + part.height), slice(part.left, part.left + part.width)
        close = np.ascontiguousarray(picture[rows, columns])
        mean: Floats = ((subject_probability(close) + subject_probability(close, mirrored=True)) / 2).astype(np.float32)
        chosen, _ = choose_pieces(mean >= 0.5)
        found = bounding_box(chosen.astype(np.float32))
        if found is None:
            return None
        mean[(mean >= 0.5) & ~chosen] = 0
        box = Box(left=part.left + found.left, top=part.top + found.top, width=found.width, height=found.height)
        if _cuts(part, box, shape):
            continue
        if doubt(mean) >= _DOUBT:
            return None
        probability = np.zeros(shape, np.float32)
        probability[rows, columns] = mean
        return Seen(probability=probability, others=())
    return None


def _cuts(part: Box, box: Box, shape: tuple[int, int]) -> bool:
    """Whether ``part`` of the picture ends where the subject in ``box`` goes on; the picture's own edge does not count."""
    right, bottom = part.left + part.width, part.top + part.height
    return (
        (part.left > 0 and box.left <= part.left + 1)
        or (part.top > 0 and box.top <= part.top + 1)
        or (right < shape[1] and box.left + box.width >= right - 1)
        or (bottom < shape[0] and box.top + box.height >= bottom - 1)
    )


def _holds(outer: Box, inner: Box) -> bool:
    across, down = inner.left + inner.width / 2, inner.top + inner.height / 2
    return outer.left <= across <= outer.left + outer.width and outer.top <= down <= outer.top + outer.height
