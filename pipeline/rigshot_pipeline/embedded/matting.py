"""Soft edges: the alpha of fur in a thin band, and colours that hold nothing of the background."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ..asset import Floats, Pixels
from .resampling import resized

__all__ = ["closed_form_alpha", "decontaminated", "guided_coefficients", "guided_filter", "trimap", "warm"]

# Closed-form matting holds 25 numbers for each pixel: at this size 60 MB and a third of a second.
_SIDE = 448


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
    from pymatting.alpha.estimate_alpha_cf import estimate_alpha_cf  # a second to load: only who mattes pays

    open_band = (known > 0) & (known < 1)
    if not open_band.any():
        return known
    height, width = known.shape
    scale = min(1.0, _SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = resized(picture, *size)
    rough = resized(known, *size)
    rough = np.where(rough > 0.98, 1.0, np.where(rough < 0.02, 0.0, 0.5)).astype(np.float32)
    if (rough == 1).any() and (rough == 0).any() and (rough == 0.5).any():
        alpha = estimate_alpha_cf(
            small / 255.0, rough.astype(np.float64), laplacian_kwargs={"epsilon": 1e-6}, cg_kwargs={"maxiter": 300, "rtol": 1e-5}
        )
    else:
        alpha = rough
    guide: Floats = small.astype(np.float32) / np.float32(255)
    slope, offset = guided_coefficients(guide, alpha.astype(np.float32), radius=2, epsilon=1e-4)
    full = picture.astype(np.float32) / 255
    fine = np.clip((resized(slope, width, height) * full).sum(2) + resized(offset, width, height), 0, 1)
    return np.where(open_band, fine, known).astype(np.float32)


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

    Where alpha is soft the background's share is taken out (blurred fusion, Forte 2021, in two passes); where it is zero the nearest
    subject's colours go on, so that a texture filter that reaches over the edge finds nothing else.
    """
    image = picture.astype(np.float32)
    front, back = image, image
    for radius in (max(2, round(0.045 * max(alpha.shape))), max(1, round(0.006 * max(alpha.shape)))):
        front, back = _fused(image, alpha, front, back, radius)
    clean = _spread(front, alpha)
    colours: Pixels = np.clip(clean + 0.5, 0, 255).astype(np.uint8)
    return colours


def _fused(image: Floats, alpha: Floats, front: Floats, back: Floats, radius: int) -> tuple[Floats, Floats]:
    window = (2 * radius + 1, 2 * radius + 1)
    weight = alpha[..., None]
    share = cv2.blur(alpha, window)[..., None]
    front_mean: Floats = np.divide(cv2.blur(front * weight, window), share + 1e-5, dtype=np.float32)
    back_mean: Floats = np.divide(cv2.blur(back * (1 - weight), window), 1 - share + 1e-5, dtype=np.float32)
    fused = front_mean + weight * (image - weight * front_mean - (1 - weight) * back_mean)
    return np.clip(fused, 0, 255).astype(np.float32), back_mean


def _spread(colours: Floats, alpha: Floats) -> Floats:
    """``colours`` where ``alpha`` is clear enough to trust them, elsewhere those of the nearest such pixel."""
    trusted = alpha > 0.25 if (alpha > 0.25).any() else alpha >= alpha.max()
    found = cv2.distanceTransformWithLabels((~trusted).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    labels = np.asarray(found[1], np.int32)
    index = np.zeros(int(labels.max()) + 1, np.int64)
    index[labels[trusted]] = np.flatnonzero(trusted)
    nearest = colours.reshape(-1, 3)[index[labels]]
    soft = cv2.GaussianBlur(nearest, (0, 0), 1.5)
    return np.where(trusted[..., None], colours, soft)


def warm() -> None:
    """Compile pymatting's kernels, about 45 s the first time; afterwards they come from numba's cache in a second."""
    picture = np.zeros((16, 16, 3), np.uint8)
    picture[:, 8:] = 255
    known = np.full((16, 16), 0.5, np.float32)
    known[:, :4], known[:, 12:] = 0, 1
    closed_form_alpha(picture, known)
