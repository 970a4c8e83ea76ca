"""From the rough subject in the canonical square to a cutout with soft edges and clean colours."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..asset import Floats, Pixels
from .matting import closed_form_alpha, decontaminated, trimap
from .resampling import resized, resized_mask
from .subject.found import Kind
from .subject.pieces import choose_pieces, filled

__all__ = ["Cutout", "refine_subject"]

# GrabCut's time grows with the pixels, its outline does not get better beyond this size: matting sets the edge.
_SIDE = 360
# The rough outline is right to this share of the square; beyond that GrabCut has no say.
_KNOWN_TO = 0.025
# Half-widths of the band that matting may change, as shares of the square.
_BAND_INSIDE, _BAND_OUTSIDE = 0.010, 0.014


@dataclass(frozen=True, kw_only=True)
class Cutout:
    """``alpha`` (S, S) 0..1, ``colours`` (S, S, 3) defined everywhere, ``method`` words that say how."""

    alpha: Floats
    colours: Pixels
    method: str


def refine_subject(picture: Pixels, probability: Floats, *, kind: Kind, source: str, seed: int = 0) -> Cutout:
    """The cutout of a canonical ``picture`` (S, S, 3 or 4) with the rough ``probability`` (S, S) of its subject.

    ``source`` as ``Subject.source``. Transparency that the picture brought is kept; of a sprite every pixel is in or out; a drawing's
    strokes are thinner than any matting band, so its outline stays as found. In a photo a person's mask, a flat ground's and a
    network's outline are trusted but for their edge, and GrabCut's is cut once more at this resolution. (To ask the network again,
    of the canonical square, made outlines worse on average: it learnt whole photos.)
    """
    colours = np.ascontiguousarray(picture[..., :3])
    if kind == "sprite":
        alpha, method = (probability >= 0.5).astype(np.float32), "hard edge"
    elif source == "alpha":
        alpha, method = probability, "its own alpha"
    elif kind == "drawing":
        alpha, method = _antialiased(probability), "smooth edge"
    else:
        by_cut = source.endswith("grabcut")
        mask = _cut_again(colours, probability, seed=seed) if by_cut else probability >= 0.5
        size = len(mask)
        alpha = _without_crumbs(closed_form_alpha(colours, trimap(mask, inner=_BAND_INSIDE * size, outer=_BAND_OUTSIDE * size)))
        method = "cut again, closed-form matting" if by_cut else "closed-form matting"
    return Cutout(alpha=alpha, colours=decontaminated(colours, alpha), method=method)


def _antialiased(probability: Floats) -> Floats:
    """An edge two pixels wide along the line of one half."""
    slope = float(np.abs(np.diff(probability, axis=0)).max(initial=0.0))
    gain = max(0.5 / max(slope, 1e-3), 1.0)
    return np.clip((probability - 0.5) * gain + 0.5, 0, 1).astype(np.float32)


def _cut_again(picture: Pixels, probability: Floats, *, seed: int) -> NDArray[np.bool_]:
    small, rough = resized(picture, _SIDE, _SIDE), resized(probability, _SIDE, _SIDE)
    seeds = np.where(rough >= 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    inside, outside = (cv2.distanceTransform(part.astype(np.uint8), cv2.DIST_L2, 5) for part in (rough >= 0.5, rough < 0.5))
    seeds[inside > _KNOWN_TO * _SIDE] = cv2.GC_FGD
    seeds[outside > _KNOWN_TO * _SIDE] = cv2.GC_BGD
    if not np.isin(seeds, (cv2.GC_FGD, cv2.GC_PR_FGD)).any() or not np.isin(seeds, (cv2.GC_BGD, cv2.GC_PR_BGD)).any():
        return probability >= 0.5
    cv2.setRNGSeed(seed)
    cv2.grabCut(small, seeds, None, np.zeros((1, 65)), np.zeros((1, 65)), 2, cv2.GC_INIT_WITH_MASK)
    cut = np.isin(seeds, (cv2.GC_FGD, cv2.GC_PR_FGD))
    cut, _ = choose_pieces(cut)
    return resized_mask(filled(cut), *probability.shape[::-1])


def _without_crumbs(alpha: Floats) -> Floats:
    chosen, _ = choose_pieces(alpha >= 0.5)
    size = 2 * max(2, round(0.015 * len(alpha))) + 1
    reach = cv2.dilate(chosen.astype(np.uint8), np.ones((size, size), np.uint8))
    return np.where(reach > 0, alpha, 0).astype(np.float32)
