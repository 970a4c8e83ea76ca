"""The subject of a photo by its colours: cues, then several graph cuts that vote; alone, or where a network is in doubt."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...asset import Floats, Pixels
from ...options import Box
from ..matting import guided_filter
from ..resampling import fitted, lab_of, resized
from .cues import colour_evidence, subject_probability
from .found import Subject
from .passepartout import inner_picture
from .pieces import choose_pieces, filled

__all__ = ["from_colours"]

# Cues and cuts are made at this size: patches of some 15 pixels, a cut in a sixth of a second.
_SIDE = 256
# What is looked at around the person's box, as a share of its longer side: ground to compare with.
_SURROUNDINGS = 0.12


@dataclass(frozen=True, kw_only=True)
class _Seeds:
    """Where a graph cut begins: sure ground below ``ground``, rather subject above ``middle``, sure subject above ``subject``."""

    ground: float
    middle: float
    subject: float
    blur: float
    rounds: int


# The second is generous, so that the dark half of a black-and-white dog gets its chance; the third may go its own way.
_CUTS = (
    _Seeds(ground=0.15, middle=0.5, subject=0.85, blur=0, rounds=2),
    _Seeds(ground=0.08, middle=0.3, subject=0.7, blur=3, rounds=2),
    _Seeds(ground=0.03, middle=0.5, subject=0.985, blur=0, rounds=3),
)

# Of a person's box: all of it may be subject.
_WHOLE = _Seeds(ground=0.5, middle=0.5, subject=2, blur=0, rounds=4)
# What a doubtful network says counts this much against the cues, and as this many of the voters (best of 0.5 and 0.75 on 53 hard pictures).
_LEARNT, _LEARNT_VOTES = 0.75, 2.0


def from_colours(picture: Pixels, *, box: Box | None = None, learnt: Subject | None = None, seed: int = 0) -> Subject:
    """The subject of an RGB photo (H, W, 3), helped by the person's ``box`` where there is one.

    ``learnt``: the doubtful answer of a network, which then counts more than the cues, and votes; its confidence is kept.
    """
    height, width = picture.shape[:2]
    part = _surroundings(box, width, height) if box else inner_picture(picture)
    crop = (slice(part.top, part.top + part.height), slice(part.left, part.left + part.width))
    small, scale = fitted(np.ascontiguousarray(picture[crop]), _SIDE)
    allowed = _allowed(small.shape[:2], box, part, scale)
    guess = subject_probability(small)
    voters: list[tuple[float, Floats]] = []
    if learnt is not None:
        known = resized(np.ascontiguousarray(learnt.probability[crop]), small.shape[1], small.shape[0])
        guess = _logistic(_LEARNT * _logit(known) + (1 - _LEARNT) * _logit(guess))
        voters.append((_LEARNT_VOTES, known))
    guess = np.where(allowed, guess, 0).astype(np.float32)
    cuts = [_cut(small, guess, allowed, seeds, seed=seed) for seeds in _CUTS] + [_smooth(small, guess) & allowed]
    if box is not None and learnt is None:
        cuts.append(_cut(small, allowed.astype(np.float32), allowed, _WHOLE, seed=seed))
    voters += [(1.0, guess), *((1.0, cut.astype(np.float32)) for cut in cuts)]
    vote = np.sum([weight * voter for weight, voter in voters], axis=0) / sum(weight for weight, _ in voters)
    chosen, others = choose_pieces(_opened(vote > 0.5))
    chosen = filled(chosen)
    probability = np.where(chosen, np.maximum(vote, 0.5), np.minimum(vote, 0.49)).astype(np.float32)
    full = np.zeros((height, width), np.float32)
    full[crop] = resized(probability, part.width, part.height)
    return Subject(
        probability=full,
        source="grabcut" if learnt is None else f"{learnt.source}+grabcut",
        confidence=_confidence(chosen, cuts, guess) if learnt is None else learnt.confidence,
        others=tuple(_placed(other, part, scale) for other in others),
    )


def _surroundings(box: Box, width: int, height: int) -> Box:
    room = round(_SURROUNDINGS * max(box.width, box.height))
    left, top = max(box.left - room, 0), max(box.top - room, 0)
    right, bottom = min(box.left + box.width + room, width), min(box.top + box.height + room, height)
    return Box(left=left, top=top, width=right - left, height=bottom - top)


def _allowed(shape: tuple[int, ...], box: Box | None, part: Box, scale: float) -> NDArray[np.bool_]:
    allowed = np.ones(shape, bool)
    if box is not None:
        allowed[:] = False
        left, top = int((box.left - part.left) * scale), int((box.top - part.top) * scale)
        right, bottom = (np.ceil((box.left + box.width - part.left) * scale), np.ceil((box.top + box.height - part.top) * scale))
        allowed[max(top, 0) : int(bottom), max(left, 0) : int(right)] = True
    return allowed


def _cut(picture: Pixels, guess: Floats, allowed: NDArray[np.bool_], seeds: _Seeds, *, seed: int) -> NDArray[np.bool_]:
    """GrabCut (Rother et al. 2004) that begins where ``guess`` (H, W) says."""
    soft = cv2.GaussianBlur(guess, (0, 0), seeds.blur) if seeds.blur else guess
    state = np.where(soft > seeds.middle, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    state[soft > seeds.subject] = cv2.GC_FGD
    state[(soft < seeds.ground) | ~allowed] = cv2.GC_BGD
    subject = (state == cv2.GC_FGD) | (state == cv2.GC_PR_FGD)
    # GrabCut fits five Gaussians to either side and needs some pixels for each.
    if min(int(subject.sum()), int((~subject).sum())) < 50:
        return subject
    cv2.setRNGSeed(seed)
    cv2.grabCut(picture, state, None, np.zeros((1, 65)), np.zeros((1, 65)), seeds.rounds, cv2.GC_INIT_WITH_MASK)
    return (state == cv2.GC_FGD) | (state == cv2.GC_PR_FGD)


def _smooth(picture: Pixels, guess: Floats) -> NDArray[np.bool_]:
    """A vote without a cut: the guess along the picture's edges, with colour models weighed in by half, never more."""
    guide = picture.astype(np.float32) / np.float32(255)
    soft = np.clip(guided_filter(guide, guess, radius=6, epsilon=1e-3), 0.01, 0.99)
    evidence = np.clip(colour_evidence(lab_of(picture), soft**2, (1 - soft) ** 2), -3, 3)
    total = 0.8 * np.log(soft / (1 - soft)) + 0.6 * evidence
    return guided_filter(guide, (1 / (1 + np.exp(-total))).astype(np.float32), radius=4, epsilon=1e-3) > 0.45


def _opened(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0
    return opened if opened.any() else mask


def _confidence(chosen: NDArray[np.bool_], cuts: list[NDArray[np.bool_]], guess: Floats) -> float:
    """Confidence 0..1 that the outline is right: how far the cuts agree with what was chosen, and the guess with itself."""
    if not chosen.any():
        return 0.0
    agree = float(np.mean([(chosen & cut).sum() / max(int((chosen | cut).sum()), 1) for cut in cuts]))
    return agree * float(np.clip(2 * guess[chosen].mean() - 0.6, 0, 1))


def _logit(probability: Floats) -> Floats:
    inside = np.clip(probability, 0.02, 0.98)
    return np.log(inside / (1 - inside))


def _logistic(value: NDArray[np.floating]) -> Floats:
    return (1 / (1 + np.exp(-value))).astype(np.float32)


def _placed(box: Box, part: Box, scale: float) -> Box:
    return Box(
        left=part.left + round(box.left / scale),
        top=part.top + round(box.top / scale),
        width=round(box.width / scale),
        height=round(box.height / scale),
    )
