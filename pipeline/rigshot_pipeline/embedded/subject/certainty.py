"""How far an outline of our network can be trusted: the chance that its intersection over union with the truth is above .85.

A logistic regression on two signs of doubt away from the outline: holes (subject that the looks leave open) and blobs (ground that they
half take for subject). Fitted by `training/cutout/certainty.py` to photos of breeds that the network was trained on, each without and
with a box, made hard by cushions of the coat's colour, shadows, occluders, likeness of subject and ground, turning, blur, noise and
JPEG (undisturbed it knows them by heart: 99 % right), and to rendered animals. Fitted to either kind, the two signs ranked the other
kind best. Left out, because their weights differed from kind to kind or added nothing: how far two looks disagree, softness of the edge,
contact with the frame, rivals, agreement with GrabCut, likeness of the subject's and the ground's colours. Area, the mean probability
inside and colour edges along the outline raised the order of the tuning pictures a little (area under the curve .79 to .81); with the last
two, photos of unseen breeds were told apart no better (one more wrong among those called sure), and the two signs were kept.
"""

import math

import cv2
import numpy as np

from ...asset import Floats

__all__ = ["NOTHING", "SURE", "chance_right", "doubt", "holes_and_blobs"]

SURE = 0.85
"""A chance above which an outline is called sure: so were 65 % of 658 photos made hard, and 94 % of those were right.

On photos of breeds that the network never saw it is less: see the model card."""

_HOLES, _BLOBS, _BASE = -0.764, -0.660, -2.762
NOTHING = 0.01
"""What is added to a sign before its logarithm: a hundredth of the subject is nothing."""

# Signs are measured at this longer side, further from the outline than so many pixels: nearer, hair is open by right.
_SIDE, _RIM = 256, 3
# Doubt, their sum in a square of this side.
_MEASURED, _OUTLINE = 352, 4


def chance_right(probability: Floats) -> float:
    """The chance 0..1 that the outline of a subject's ``probability`` (H, W) is right."""
    signs = holes_and_blobs(probability)
    if signs is None:
        return 0.0
    score = _HOLES * math.log(signs[0] + NOTHING) + _BLOBS * math.log(signs[1] + NOTHING) + _BASE
    return 1 / (1 + math.exp(-score))


def holes_and_blobs(probability: Floats) -> tuple[float, float] | None:
    """Area with p < 0.9 in the subject, and with p > 0.1 on the ground, away from its outline, as shares of the subject's area.

    None when there is no subject.
    """
    height, width = probability.shape
    scale = _SIDE / max(height, width)
    small = cv2.resize(probability, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA)
    subject = (small >= 0.5).astype(np.uint8)
    if not subject.any():
        return None
    around = np.ones((2 * _RIM + 1, 2 * _RIM + 1), np.uint8)
    within = cv2.erode(subject, around, borderType=cv2.BORDER_CONSTANT, borderValue=1) > 0
    beyond = cv2.dilate(subject, around) == 0
    area = float(subject.sum())
    return float((within & (small < 0.9)).sum()) / area, float((beyond & (small > 0.1)).sum()) / area


def doubt(probability: Floats) -> float:
    """How much of the subject's area, or of ground taken for it, the network leaves open (0.1 < p < 0.9) away from the outline.

    0 is sure, 1 the most, also when there is no subject.
    """
    small = cv2.resize(probability, (_MEASURED, _MEASURED), interpolation=cv2.INTER_AREA)
    subject = (small >= 0.5).astype(np.uint8)
    if not subject.any():
        return 1.0
    around = np.ones((2 * _OUTLINE + 1, 2 * _OUTLINE + 1), np.uint8)
    away = (cv2.erode(subject, around) > 0) | (cv2.dilate(subject, around) == 0)
    return min(1.0, float((away & (small > 0.1) & (small < 0.9)).sum() / subject.sum()))
