"""Soft edges: the alpha of fur in a thin band, and colours that hold nothing of the background."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ..asset import Floats, Pixels
from .matting_band import solved_band
from .resampling import resized

__all__ = ["closed_form_alpha", "decontaminated", "guided_coefficients", "guided_filter", "trimap", "warm"]

# The band is solved at this size, and a guided filter sets the edge at full size.
_SIDE = 448
# The colours of a pixel are believed from this alpha on.
_TRUSTED = 0.25


def trimap(mask: NDArray[np.bool_], *, inner: float, outer: float) -> Floats:
    """1 where ``mask`` (H, W) is surely subject, 0 where surely not, 0.5 in a band about its edge.

    The band reaches ``inner`` pixels into the mask and ``outer`` pixels out of it.
    """
    depth = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)
    known = np.full(mask.shape, 0.5, np.float32)
    known[depth > inner] = 1
    known[away > outer] = 0
    return known


def closed_form_alpha(picture: Pixels, known: Floats) -> Floats:
    """Alpha (H, W) of an RGB picture (H, W, 3) where the trimap ``known`` says 0.5 (closed-form matting, Levin et al. 2006).

    Solved at a working size and carried to full size by the coefficients of a guided filter (He & Sun 2015), which put the
    edge where the picture has it.
    """
    open_band = (known > 0) & (known < 1)
    if not open_band.any():
        return known
    height, width = known.shape
    scale = min(1.0, _SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    guide: Floats = resized(picture, *size).astype(np.float32) / np.float32(255)
    rough = resized(known, *size)
    rough = np.where(rough > 0.98, 1.0, np.where(rough < 0.02, 0.0, 0.5)).astype(np.float32)
    alpha = solved_band(guide, rough) if (rough == 1).any() and (rough == 0).any() and (rough == 0.5).any() else rough
    slope, offset = guided_coefficients(guide, alpha, radius=2, epsilon=1e-4)
    model = resized(np.dstack([slope, offset]), width, height)[open_band]
    fine = known.copy()
    fine[open_band] = np.clip((model[:, :3] * picture[open_band]).sum(1) / np.float32(255) + model[:, 3], 0, 1)
    return fine


def guided_filter(guide: Floats, values: Floats, *, radius: int, epsilon: float) -> Floats:
    """``values`` (H, W) smoothed along the edges of ``guide`` (H, W, 3) in 0..1 (guided filter, He et al. 2010)."""
    slope, offset = guided_coefficients(guide, values, radius=radius, epsilon=epsilon)
    filtered: Floats = ((slope * guide).sum(2) + offset).astype(np.float32)
    return filtered


def guided_coefficients(guide: Floats, values: Floats, *, radius: int, epsilon: float) -> tuple[Floats, Floats]:
    """Slope (H, W, 3) and offset (H, W) of the guided filter's local linear model, already averaged over the windows."""
    window = (2 * radius + 1, 2 * radius + 1)

    def mean(array: Floats) -> Floats:
        return np.asarray(cv2.blur(array, window, borderType=cv2.BORDER_REFLECT), np.float32)

    red, green, blue = (np.ascontiguousarray(guide[..., channel]) for channel in range(3))
    centre, level = mean(guide), mean(values)
    r, g, b = (centre[..., channel] for channel in range(3))
    # The windows' covariance of the colours, symmetric, and that of colours and values.
    rr, gg, bb = mean(red * red) - r * r + epsilon, mean(green * green) - g * g + epsilon, mean(blue * blue) - b * b + epsilon
    rg, rb, gb = mean(red * green) - r * g, mean(red * blue) - r * b, mean(green * blue) - g * b
    rv, gv, bv = mean(red * values) - r * level, mean(green * values) - g * level, mean(blue * values) - b * level
    # Solved by the adjugate, a sixth of the time of a general solver called for every pixel.
    a_rr, a_rg, a_rb = gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg
    a_gg, a_gb, a_bb = rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg
    determinant = rr * a_rr + rg * a_rg + rb * a_rb
    sides = (a_rr * rv + a_rg * gv + a_rb * bv, a_rg * rv + a_gg * gv + a_gb * bv, a_rb * rv + a_gb * gv + a_bb * bv)
    slope = np.stack([side / determinant for side in sides], -1).astype(np.float32)
    offset = level - (slope * centre).sum(2)
    return mean(slope), mean(offset)


def decontaminated(picture: Pixels, alpha: Floats) -> Pixels:
    """Colours (H, W, 3) that a subject of ``alpha`` (H, W) has without its background, everywhere defined.

    Where alpha is soft the background's share is taken out (blurred fusion, Forte 2021, in two passes; the means, which are smooth, at a
    quarter and at half of the size); where it is zero the nearest subject's colours go on, so that a texture filter that reaches over the
    edge finds nothing else.
    """
    reach = max(alpha.shape)
    coarse, cover = _shrunk(picture, alpha, 4)
    front, back = _means(coarse, coarse, cover, max(1, round(0.045 * reach / 4)))
    front = _fused(coarse, cover, front, back)
    half, cover = _shrunk(picture, alpha, 2)
    size = cover.shape[::-1]
    # Only where alpha is soft does anything change: the colours of an opaque pixel are its own.
    front = np.where(((cover > 0) & (cover < 1))[..., None], resized(front, *size), half)
    front, back = _means(front, resized(back, *size), cover, max(1, round(0.006 * reach / 2)))
    soft = (alpha > 0) & (alpha < 1)
    rows, columns = (np.minimum(place // 2, limit - 1) for place, limit in zip(np.nonzero(soft), cover.shape, strict=True))
    clean = picture.copy()
    clean[soft] = _fused(picture[soft].astype(np.float32), alpha[soft], front[rows, columns], back[rows, columns]) + np.float32(0.5)
    return _spread(clean, alpha)


def _shrunk(picture: Pixels, alpha: Floats, times: int) -> tuple[Floats, Floats]:
    size = (max(1, alpha.shape[1] // times), max(1, alpha.shape[0] // times))
    return resized(picture, *size).astype(np.float32), resized(alpha, *size)


def _means(front: Floats, back: Floats, alpha: Floats, radius: int) -> tuple[Floats, Floats]:
    """The mean ``front`` (H, W, 3) of the subject and ``back`` of the ground in windows of ``radius`` pixels, each weighed by its share."""
    window = (2 * radius + 1, 2 * radius + 1)
    means = []
    for colours, share in ((front, alpha), (back, 1 - alpha)):
        blurred = cv2.blur(np.dstack([colours * share[..., None], share]), window)
        means.append(np.asarray(blurred[..., :3] / (blurred[..., 3:] + np.float32(1e-5)), np.float32))
    return means[0], means[1]


def _fused(image: Floats, alpha: Floats, front: Floats, back: Floats) -> Floats:
    """The subject's colours (..., 3) that explain ``image`` best near the means ``front`` and ``back``."""
    weight = alpha[..., None]
    return np.clip(front + weight * (image - weight * front - (1 - weight) * back), 0, 255).astype(np.float32)


def _spread(colours: Pixels, alpha: Floats) -> Pixels:
    """``colours`` where ``alpha`` is clear enough to trust them, elsewhere those of the nearest such pixel, found at half the size."""
    trusted = alpha > _TRUSTED if (alpha > _TRUSTED).any() else alpha >= alpha.max()
    step = 2 if trusted[::2, ::2].any() else 1
    few = np.ascontiguousarray(trusted[::step, ::step])
    found = cv2.distanceTransformWithLabels((~few).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    labels = np.asarray(found[1], np.int32)
    index = np.zeros(int(labels.max()) + 1, np.int64)
    index[labels[few]] = np.flatnonzero(few)
    nearest = np.ascontiguousarray(colours[::step, ::step]).reshape(-1, 3)[index[labels]]
    soft = np.asarray(cv2.GaussianBlur(nearest, (0, 0), 1.5 / step), np.uint8)
    spread = np.asarray(cv2.resize(soft, alpha.shape[::-1], interpolation=cv2.INTER_LINEAR), np.uint8)
    return np.where(trusted[..., None], colours, spread)


def warm() -> None:
    """Compile the solver's kernels, or load them from numba's cache."""
    picture = np.zeros((16, 16, 3), np.uint8)
    picture[:, 8:] = 255
    known = np.full((16, 16), 0.5, np.float32)
    known[:, :4], known[:, 12:] = 0, 1
    closed_form_alpha(picture, known)
