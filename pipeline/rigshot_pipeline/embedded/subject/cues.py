"""How probable each patch of a photo is subject, from a dozen classical cues and what the first guess says of the neighbours.

Two logistic regressions in the manner of auto-context (Tu & Bai 2010): the first weighs cues of a patch (contrast to the frame, saliency,
focus, texture, place, colour); the second, run twice, weighs what the guess before it implies (colour models of subject and ground,
the neighbours' probability, the place within the subject's spread). The two dozen weights below were fitted to 370 photos of the
Oxford-IIIT Pet set (CC BY-SA 4.0) with polygons; they are general enough for toys and people, who are not in it.
"""

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from ...asset import Floats, Pixels
from ..resampling import lab_of
from ..saliency import Superpixels, background_saliency, superpixels

__all__ = ["colour_evidence", "first_cues", "second_cues", "subject_probability"]

# fmt: off
FIRST: Mapping[str, float] = {
    "middle_colour": 0.882, "side_colour": 0.686, "middle_texture": 0.351, "saliency": 2.29, "from_middle": -1.55, "from_frame": 0.872,
    "focus": 0.791, "fineness": -4.96, "contrast": -1.74, "height": -0.986, "green": -3.79, "blue": -0.958, "1": 1.59,
}
SECOND: Mapping[str, float] = {
    "guess": 0.0587, "colour": 0.592, "neighbours": 0.063, "wider": 0.752, "surroundings": 0.645, "alike": -0.59, "outlying": -0.223,
    "size": -0.109, "green": -1.36, "blue": -0.094, "contrast": -0.241, "saliency": -0.582, "1": 0.55,
}
# fmt: on

# How often the second regression is applied; a third time changes nothing.
_ROUNDS = 2
# Bins of L, a and b in the colour models, and the smallest density that counts.
_BINS = (12, 16, 16)
_LEAST = 1e-4
_TEXTONS = 20


def subject_probability(picture: Pixels) -> Floats:
    """Probability (H, W) of being subject for an RGB photo (H, W, 3) of about 256 pixels."""
    patches = superpixels(picture)
    lab = lab_of(picture)
    cues = first_cues(picture, lab, patches)
    guess = _logistic(cues, FIRST)
    for _ in range(_ROUNDS):
        guess = _logistic(second_cues(lab, patches, guess, cues), SECOND)
    return guess[patches.labels]


def first_cues(picture: Pixels, lab: Floats, patches: Superpixels) -> dict[str, Floats]:
    """The cues (N,) of every patch, before anything is known of the subject."""
    centre, frame = _centre_and_frame(lab.shape[:2])
    lightness = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.float32)
    fine = cv2.GaussianBlur(np.abs(lightness - cv2.GaussianBlur(lightness, (0, 0), 1.0)), (0, 0), 5)
    unrest = _deviation(lightness, 4.0)
    nearer, farther = cv2.GaussianBlur(lab, (0, 0), 2.1), cv2.GaussianBlur(lab, (0, 0), 6.0)
    steps = _steps(patches)
    spread = max(float(lab.reshape(-1, 3).std(0).sum()), 5.0)
    sides = _touching(patches)
    return {
        # Colours of the middle against colours of the frame, and the greatest likeness to one of three sides of the frame.
        "middle_colour": patches.mean(colour_evidence(lab, centre, frame)),
        "side_colour": patches.mean(_side_likeness(lab)),
        "middle_texture": patches.mean(_texture_evidence(lab[..., 0], centre, frame)),
        "saliency": background_saliency(patches),
        # Colour steps on the way from the middle, and to the frame (not its lower side: subjects stand there).
        "from_middle": _least_way(patches, steps, _middle(patches)) / np.float32(spread),
        "from_frame": _least_way(patches, steps, sides) / np.float32(spread),
        "focus": np.log(patches.mean(fine) + 0.3) - np.float32(np.log(float(fine.max()) + 0.3)),
        "fineness": patches.mean(fine / (unrest + 2)),
        "contrast": patches.mean(np.linalg.norm(nearer - farther, axis=2).astype(np.float32)) / 10,
        "height": (patches.place[:, 1] * max(lab.shape[:2]) / lab.shape[0] - 0.5) ** 2,
        # Fur is rarely green or blue; lawns, trees, sky and water are.
        "green": np.maximum(-patches.colour[:, 1], 0) / 20,
        "blue": np.maximum(-patches.colour[:, 2], 0) / 20,
    }


def second_cues(lab: Floats, patches: Superpixels, guess: Floats, cues: Mapping[str, Floats]) -> dict[str, Floats]:
    """The cues (N,) of every patch that follow from a ``guess`` (N,) of the subject's probability."""
    pixels = guess[patches.labels]
    first, second = patches.edges.T
    count = len(guess)
    step = np.linalg.norm(patches.colour[first] - patches.colour[second], axis=1)
    tie = np.exp(-step / 8) * np.minimum(patches.area[first], patches.area[second])
    ties = sparse.coo_matrix((np.r_[tie, tie], (np.r_[first, second], np.r_[second, first])), (count, count)).tocsr()
    ties = sparse.diags_array(1 / (np.asarray(ties.sum(1)).ravel() + 1e-9)) @ ties
    near = ties @ guess
    apart = np.linalg.norm(patches.place[:, None] - patches.place[None], axis=2)
    around = np.exp(-(apart**2) / (2 * 0.1**2)) * patches.area
    alike = np.exp(-(np.linalg.norm(patches.colour[:, None] - patches.colour[None], axis=2) ** 2) / (2 * 8.0**2))
    alike = alike * np.exp(-(apart**2) / (2 * 0.25**2)) * patches.area
    least = 1e-3 * float(patches.area.mean())
    return {
        "guess": _logit(guess),
        "colour": patches.mean(colour_evidence(lab, pixels**2, (1 - pixels) ** 2)),
        "neighbours": _logit(np.asarray(near)),
        "wider": _logit(np.asarray(ties @ (ties @ near))),
        "surroundings": _logit((around @ guess) / around.sum(1)),
        "alike": (np.log(alike @ guess + least) - np.log(alike @ (1 - guess) + least)).astype(np.float32),
        "outlying": _mahalanobis(patches, guess),
        "size": np.full(count, np.log(float((patches.area * guess).sum() / patches.area.sum()) + 0.02), np.float32),
        **{name: cues[name] for name in ("green", "blue", "contrast", "saliency")},
    }


def colour_evidence(lab: Floats, subject: Floats, ground: Floats) -> Floats:
    """Log ratio (H, W) of two colour models.

    They are smoothed histograms of CIE Lab ``lab`` (H, W, 3) under the weights ``subject`` and ``ground`` (H, W).
    """
    places = _bins(lab)
    return (np.log(_histogram(places, subject) + _LEAST) - np.log(_histogram(places, ground) + _LEAST))[places].astype(np.float32)


def _bins(lab: Floats) -> NDArray[np.int64]:
    scaled = (lab + np.array([0, 64, 64], np.float32)) * (np.array(_BINS, np.float32) / np.array([100, 128, 128], np.float32))
    places = np.clip(scaled.astype(np.int64), 0, np.array(_BINS) - 1)
    return (places[..., 0] * _BINS[1] + places[..., 1]) * _BINS[2] + places[..., 2]


def _histogram(places: NDArray[np.int64], weight: Floats) -> NDArray[np.float64]:
    counts = np.bincount(places.ravel(), weight.ravel(), int(np.prod(_BINS))).reshape(_BINS)
    # A Gaussian of 0.7 bins along every axis.
    for axis in range(3):
        padded = np.pad(counts, [(1, 1) if a == axis else (0, 0) for a in range(3)], mode="edge")
        below, above = np.delete(padded, [-1, -2], axis), np.delete(padded, [0, 1], axis)
        counts = 0.575 * counts + 0.2125 * (below + above)
    return counts.ravel() / max(float(counts.sum()), 1e-9)


def _centre_and_frame(shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Where subjects are as a rule, and the frame (its lower side counts little: subjects stand there)."""
    rows, columns = ((np.arange(n, dtype=np.float32) + 0.5) / n - 0.5 for n in shape)
    centre = np.exp(-(columns[None] ** 2 / (2 * 0.18**2) + (rows[:, None] - 0.05) ** 2 / (2 * 0.2**2)))
    frame = np.zeros(shape, np.float32)
    thick = _thickness(shape)
    frame[:thick] = frame[:, :thick] = frame[:, -thick:] = 1
    frame[-thick:] = 0.3
    return centre.astype(np.float32), frame


def _thickness(shape: tuple[int, ...]) -> int:
    return max(2, int(0.05 * max(shape)))


def _side_likeness(lab: Floats) -> Floats:
    places = _bins(lab)
    thick = _thickness(lab.shape[:2])
    best = np.full(lab.shape[:2], -np.inf, np.float32)
    for side in (np.s_[:thick], np.s_[:, :thick], np.s_[:, -thick:]):
        weight = np.zeros(lab.shape[:2], np.float32)
        weight[side] = 1
        best = np.maximum(best, np.log(_histogram(places, weight) + _LEAST)[places].astype(np.float32))
    return (best / 3 + 1).astype(np.float32)


def _texture_evidence(lightness: Floats, centre: Floats, frame: Floats) -> Floats:
    """Log ratio (H, W) of textures in the middle to those on the frame; textures are clusters of edge strength and its direction."""
    layers = [np.log(_deviation(lightness, 4.0) + 1)]
    for sigma in (1.0, 2.0):
        smooth = cv2.GaussianBlur(lightness, (0, 0), sigma)
        across, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
        layers.append(np.log(cv2.GaussianBlur(np.hypot(across, down), (0, 0), 2 * sigma) + 1))
        xx, yy, xy = (cv2.GaussianBlur(product, (0, 0), 3 * sigma) for product in (across**2, down**2, across * down))
        layers.append(2 * np.sqrt((xx - yy) ** 2 + 4 * xy**2) / (xx + yy + 4))
    points = np.stack(layers, -1).reshape(-1, len(layers)).astype(np.float32)
    points /= points.std(0) + 1e-3
    cv2.setRNGSeed(0)
    enough = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 8, 0.5)
    _, _, textons = cv2.kmeans(points[::7].copy(), min(_TEXTONS, len(points[::7])), None, enough, 1, cv2.KMEANS_PP_CENTERS)
    nearest = np.argmin((textons**2).sum(1) - 2 * points @ textons.T, axis=1)
    ratio = np.zeros(len(textons))
    for weight, sign in ((centre, 1), (frame, -1)):
        share = np.bincount(nearest, weight.ravel(), len(textons)) + 1e-3 * float(weight.sum())
        ratio += sign * np.log(share / share.sum())
    return ratio[nearest].reshape(lightness.shape).astype(np.float32)


def _deviation(values: Floats, sigma: float) -> Floats:
    mean = cv2.GaussianBlur(values, (0, 0), sigma)
    return np.sqrt(np.maximum(cv2.GaussianBlur(values * values, (0, 0), sigma) - mean * mean, 0)).astype(np.float32)


def _steps(patches: Superpixels) -> sparse.csr_matrix:
    """Graph of the patches; an edge weighs its colour step beyond the usual unrest."""
    first, second = patches.edges.T
    step = np.linalg.norm(patches.colour[first] - patches.colour[second], axis=1)
    step = np.maximum(step - np.quantile(step, 0.3), 0) + 1e-3
    count = len(patches.area)
    return sparse.coo_matrix((step, (first, second)), (count, count)).tocsr()


def _least_way(patches: Superpixels, steps: sparse.csr_matrix, sources: NDArray[np.bool_]) -> Floats:
    if not sources.any():
        return np.zeros(len(patches.area), np.float32)
    return csgraph.dijkstra(steps, directed=False, indices=np.flatnonzero(sources), min_only=True).astype(np.float32)


def _touching(patches: Superpixels) -> NDArray[np.bool_]:
    """Patches on the upper, left or right side of the frame."""
    labels = patches.labels
    found = np.zeros(len(patches.area), bool)
    found[np.concatenate([labels[0], labels[:, 0], labels[:, -1]])] = True
    return found


def _middle(patches: Superpixels) -> NDArray[np.bool_]:
    height, width = patches.labels.shape
    found = np.zeros(len(patches.area), bool)
    found[patches.labels[int(0.4 * height) : int(0.7 * height) + 1, int(0.4 * width) : int(0.6 * width) + 1].ravel()] = True
    return found


def _mahalanobis(patches: Superpixels, guess: Floats) -> Floats:
    weight = patches.area * guess
    away = patches.place - (weight @ patches.place) / weight.sum()
    spread = np.einsum("n,ni,nj->ij", weight, away, away) / weight.sum() + 1e-4 * np.eye(2)
    return np.sqrt(np.einsum("ni,ij,nj->n", away, np.linalg.inv(spread), away)).astype(np.float32)


def _logit(probability: NDArray[np.floating]) -> Floats:
    inside = np.clip(probability, 0.01, 0.99)
    return np.log(inside / (1 - inside)).astype(np.float32)


def _logistic(cues: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    total = np.full(len(next(iter(cues.values()))), weights["1"])
    for name, values in cues.items():
        total = total + weights[name] * values
    return (1 / (1 + np.exp(-total))).astype(np.float32)
