"""Inflation of a flat shape into a lens whose cross-sections are round.

The solution of Laplace(u) = -4 with u = 0 on the outline gives sqrt(u) as half the thickness: a sphere for a disc, but a
strip comes out sqrt(2) too thick. The medial axis knows the right thickness, so u is scaled there to the squared
radius of the maximal ball and the scale is spread smoothly: round cross-sections, the exact outline, no creases.
The uncalibrated relatives are Repousse (Joshi & Carr 2008) and Monster Mash (Dvoroznak et al. 2020).
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray
from skimage.morphology import skeletonize

__all__ = ["Lens", "calibrated_square", "lens_of"]

Field = NDArray[np.float32]

SWEEPS = 160  # of successive over-relaxation: 200 cells converge to 1 %, which the calibration then removes
BEYOND = 48  # cells by which a shape that stands or is cut off is continued: more than the radius of most bodies
SOLE = 5  # cells above the ground within which a shape counts as standing on it
SPREAD = 0.22  # of the greatest radius: how far the calibration is blurred


@dataclass(frozen=True, kw_only=True)
class Lens:
    """A part as a thick sheet parallel to the picture: the solid ``(z - centre)**2 <= square``.

    ``square`` (H, W) squared half thickness in cells, negative outside the part's mask; ``centre`` (H, W) its depth
    in cells, towards the viewer; ``reach`` (H, W) the length that makes ``(square - (z - centre)**2) / (2 * reach)``
    behave like a distance near the surface.
    """

    square: Field
    centre: Field
    reach: Field


def lens_of(
    mask: NDArray[np.bool_],
    *,
    thickness: Field | float,
    centre: Field | float = 0.0,
    ground: int | None = None,
    cut: frozenset[str] = frozenset(),
) -> Lens:
    """Inflate ``mask`` (H, W): half the thickness on the medial axis is ``thickness`` times the ball's radius there.

    What stands on the row ``ground`` (within ``SOLE`` of it) or is cut off by a side of the picture keeps its
    thickness up to there instead of thinning out to an edge: it is inflated as if it went on.
    """
    longer = _continued(mask, ground, cut)
    reach = (slice(BEYOND, BEYOND + mask.shape[0]), slice(BEYOND, BEYOND + mask.shape[1]))
    square = calibrated_square(longer)[reach] * np.square(thickness, dtype=np.float32)
    inside = longer[reach]
    half = np.sqrt(np.maximum(square, 0))
    peak = cv2.dilate(half, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9)))
    blurred = cv2.GaussianBlur(peak, (0, 0), 3.0)
    scale = np.maximum(np.maximum(blurred, peak * 0.8), 1.0)
    outside = cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    square = np.where(inside, square, -2 * scale * np.maximum(outside - 0.5, 0.05)).astype(np.float32)
    depth = np.full(mask.shape, centre, np.float32) if np.isscalar(centre) else np.asarray(centre, np.float32)
    return Lens(square=square, centre=depth, reach=scale.astype(np.float32))


def _continued(mask: NDArray[np.bool_], ground: int | None, cut: frozenset[str]) -> NDArray[np.bool_]:
    """``mask`` on a grid that is ``BEYOND`` cells larger on every side, continued straight where it stands or is cut."""
    larger = np.pad(mask, BEYOND)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if len(rows) == 0:
        return larger
    if ground is not None or "bottom" in cut:
        floor = ground if ground is not None else int(rows[-1]) + 1
        for column in columns:
            lowest = int(np.flatnonzero(mask[:, column])[-1])
            if lowest >= floor - SOLE - 1:
                larger[BEYOND + lowest :, BEYOND + column] = True
    for side, turned in (("left", larger), ("right", larger[:, ::-1])):
        if side in cut:
            edge = BEYOND + (int(columns[0]) if side == "left" else mask.shape[1] - 1 - int(columns[-1]))
            turned[:, :edge] |= turned[:, edge + 1 : edge + 2]
    if "top" in cut:
        larger[: BEYOND + rows[0]] |= larger[BEYOND + rows[0] + 1]
    return larger


def calibrated_square(mask: NDArray[np.bool_]) -> Field:
    """(H, W) the squared half thickness of round cross-sections, 0 outside ``mask``."""
    solved = np.zeros(mask.shape, np.float32)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if len(rows) == 0:
        return solved
    window = (slice(max(rows[0] - 1, 0), rows[-1] + 2), slice(max(columns[0] - 1, 0), columns[-1] + 2))
    part = np.pad(mask[window], 1)
    distance = cv2.distanceTransform(part.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    field = np.ascontiguousarray(distance**2, np.float32)
    omega = 2 / (1 + np.sin(np.pi / max(12.0, 2.2 * float(distance.max()))))
    _relax(field, part, float(omega), SWEEPS)
    smooth = cv2.GaussianBlur(part.astype(np.float32), (0, 0), 1.6) > 0.5
    axis = skeletonize(smooth if smooth.any() else part) & part
    if not axis.any():
        axis = distance == distance.max()
    ratio = np.where(axis, distance**2 / np.maximum(field, 1e-3), 0).astype(np.float32)
    _, labels = cv2.distanceTransformWithLabels((~axis).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    table = np.zeros(labels.max() + 1, np.float32)
    table[labels[axis]] = ratio[axis]
    sigma = max(SPREAD * float(distance.max()), 1.0)
    weight = part.astype(np.float32)
    spread = cv2.GaussianBlur(table[labels] * weight, (0, 0), sigma) / np.maximum(cv2.GaussianBlur(weight, (0, 0), sigma), 1e-3)
    solved[window] = (field * np.clip(spread, 0.3, 1.3) * weight)[1:-1, 1:-1]
    return solved


@njit(cache=True, nogil=True)
def _relax(field: Field, mask: NDArray[np.bool_], omega: float, sweeps: int) -> None:
    """Successive over-relaxation of Laplace(u) = -4 in place, u = 0 outside the mask."""
    height, width = field.shape
    for _ in range(sweeps):
        for y in range(1, height - 1):
            for x in range(1, width - 1):
                if mask[y, x]:
                    around = field[y - 1, x] + field[y + 1, x] + field[y, x - 1] + field[y, x + 1]
                    field[y, x] += np.float32(omega) * (0.25 * (around + np.float32(4.0)) - field[y, x])
                else:
                    field[y, x] = 0.0
