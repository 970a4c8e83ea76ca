"""Which connected pieces of a mask are the subject, which are other subjects, which are crumbs."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ...options import Box

__all__ = ["choose_pieces", "filled"]

# A second piece this large against the chosen one, and apart from it, is another subject (a pair of dogs, a sprite sheet).
_RIVAL_AREA = 0.35
# A smaller piece belongs to the subject when it lies within this share of the subject's size (a tuft, a detached tail, a sword).
_NEAR = 0.05
# Pieces below this share of the chosen one's area are crumbs.
_CRUMB = 0.002


def choose_pieces(mask: NDArray[np.bool_], *, crumb: float = _CRUMB) -> tuple[NDArray[np.bool_], tuple[Box, ...]]:
    """Of ``mask`` (H, W) the pieces that make up one subject, and the boxes of other subjects, largest first.

    The subject is the piece with the greatest area, weighted by its nearness to the picture's middle: twice the area beats any place.
    """
    count, found, stats, centres = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    labels = np.asarray(found, np.int32)
    if count <= 2:
        return mask, ()
    height, width = mask.shape
    area = stats[1:, cv2.CC_STAT_AREA].astype(np.float64)
    away = np.linalg.norm((centres[1:] - [width / 2, height / 2]) / [width, height], axis=1)
    main = int(np.argmax(area * (1 - 0.7 * np.clip(away, 0, 0.71)))) + 1
    wide, high = stats[main, 2:4]
    distance = np.asarray(cv2.distanceTransform((labels != main).astype(np.uint8), cv2.DIST_L2, 5), np.float32)
    near = _NEAR * max(wide, high)
    keep = np.zeros(count, bool)
    keep[main] = True
    others: list[tuple[float, Box]] = []
    for piece in range(1, count):
        size = float(area[piece - 1]) / float(area[main - 1])
        if piece == main or size < crumb:
            continue
        x, y, w, h = (int(value) for value in stats[piece, :4])
        part = (slice(y, y + h), slice(x, x + w))
        nearest = float(distance[part][labels[part] == piece].min())
        if size >= _RIVAL_AREA and nearest > 1.5:
            others.append((size, Box(left=x, top=y, width=w, height=h)))
        else:
            keep[piece] = nearest <= near
    others.sort(key=lambda pair: -pair[0])
    return keep[labels], tuple(box for _, box in others)


def filled(mask: NDArray[np.bool_], *, share: float = 0.015) -> NDArray[np.bool_]:
    """``mask`` (H, W) with its holes below ``share`` of its area filled.

    Eyes and collars are holes to a colour model; gaps between legs are larger.
    """
    _, found, stats, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8), connectivity=4)
    height, width = mask.shape
    small = stats[:, cv2.CC_STAT_AREA] < share * mask.sum()
    small &= (stats[:, 0] > 0) & (stats[:, 1] > 0) & (stats[:, 0] + stats[:, 2] < width) & (stats[:, 1] + stats[:, 3] < height)
    small[0] = False
    return mask | small[np.asarray(found, np.int32)]
