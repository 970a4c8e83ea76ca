"""Which part of a picture stands out from what touches its frame: robust background detection on superpixels."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph, linalg
from skimage.segmentation import slic

from ..asset import Floats, Indices, Pixels

__all__ = ["Superpixels", "background_saliency", "boundary_connectivity", "superpixels"]

# Zhu et al. 2014, section 4: sigma of the spanning area, of the boundary connectivity and of the spatial distance.
_SIGMA_COLOUR = 10.0
_SIGMA_CONNECTIVITY = 1.0
_SIGMA_SPACE = 0.25
# Lab colours are divided by 100 before SLIC (scikit-image would stretch every picture to 0..1): place counts a tenth of that.
_COMPACTNESS = 0.1
# Below this share of the patches asked for the picture was not cut but united; pixels of the blur that mends it.
_TOO_FEW, _BLUR = 0.2, 3.0


@dataclass(frozen=True, kw_only=True)
class Superpixels:
    """A picture as N patches of like colour.

    ``labels`` (H, W) in 0..N-1; ``colour`` (N, 3) mean CIE Lab; ``place`` (N, 2) mean column and row as a fraction of
    the longer side; ``area`` (N,) pixels; ``frame`` (N,) pixels on the picture's frame; ``edges`` (E, 2) neighbours.
    """

    labels: Indices
    colour: Floats
    place: Floats
    area: Floats
    frame: Floats
    edges: Indices

    def mean(self, values: Floats) -> Floats:
        """Mean (N,) over every patch of a map (H, W)."""
        total = np.bincount(self.labels.ravel(), values.ravel(), len(self.area))
        return (total / self.area).astype(np.float32)


def superpixels(picture: Pixels, *, count: int = 300) -> Superpixels:
    """SLIC superpixels (Achanta et al. 2012) of an RGB picture (H, W, 3).

    Strong noise leaves SLIC nothing but specks, which it then unites into one patch: such a picture is blurred and cut again.
    """
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    labels = _cut(lab, count)
    if labels.max() < _TOO_FEW * count:
        labels = _cut(cv2.GaussianBlur(lab, (0, 0), _BLUR), count)
    labels = np.unique(labels, return_inverse=True)[1].reshape(lab.shape[:2]).astype(np.int32)
    height, width = lab.shape[:2]
    flat = labels.ravel()
    area = np.bincount(flat).astype(np.float32)
    rows, columns = np.indices(labels.shape)
    colour = np.stack([np.bincount(flat, lab[..., c].ravel()) for c in range(3)], -1) / area[:, None]
    place = np.stack([np.bincount(flat, axis.ravel()) for axis in (columns, rows)], -1) / area[:, None] / max(height, width)
    rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return Superpixels(
        labels=labels,
        colour=colour.astype(np.float32),
        place=place.astype(np.float32),
        area=area,
        frame=np.bincount(rim, minlength=len(area)).astype(np.float32),
        edges=_neighbours(labels),
    )


def _cut(lab: Floats, count: int) -> Indices:
    return np.asarray(
        slic(lab / 100, n_segments=count, compactness=_COMPACTNESS, convert2lab=False, start_label=0, max_num_iter=5), np.int32
    )


def boundary_connectivity(patches: Superpixels) -> Floats:
    """Boundary connectivity (N,): length of the frame that a patch's region holds, over the root of its area.

    Subjects have little (below 1 as a rule, even where the frame cuts them), backgrounds much. Zhu et al. 2014, eq. 4-7, with
    geodesic colour distances; patches of the frame count as neighbours of one another.
    """
    count = len(patches.area)
    rim = np.flatnonzero(patches.frame)
    pairs = np.concatenate([patches.edges, np.stack(np.triu_indices(len(rim), 1), -1).astype(np.int32)[:, ::1]])
    pairs[len(patches.edges) :] = rim[pairs[len(patches.edges) :]]
    pairs = np.unique(np.sort(pairs, 1), axis=0)
    weight = np.linalg.norm(patches.colour[pairs[:, 0]] - patches.colour[pairs[:, 1]], axis=1)
    if not len(weight):
        return np.full(len(patches.area), np.inf, np.float32)  # one patch is all background
    # A step as small as the picture's noise is no step; zero would mean "no edge" to scipy.
    weight = np.maximum(weight - np.quantile(weight, 0.05), 1e-3)
    graph = sparse.coo_matrix((weight, (pairs[:, 0], pairs[:, 1])), (count, count)).tocsr()
    distance = csgraph.dijkstra(graph, directed=False)
    near = np.exp(-(distance**2) / (2 * _SIGMA_COLOUR**2))
    share = patches.area / patches.area.mean()
    length = near @ (patches.frame > 0)
    return (length / np.sqrt(near @ share)).astype(np.float32)


def background_saliency(patches: Superpixels) -> Floats:
    """Saliency (N,) in 0..1 by robust background detection (Zhu et al. 2014, eq. 8-13): contrast to patches that are probably
    background, smoothed by a quadratic optimisation over neighbouring patches of like colour."""
    background = 1 - np.exp(-(boundary_connectivity(patches) ** 2) / (2 * _SIGMA_CONNECTIVITY**2))
    appearance = _distances(patches.colour)
    space = np.exp(-(_distances(patches.place) ** 2) / (2 * _SIGMA_SPACE**2))
    contrast = (appearance * space) @ (background * patches.area)
    contrast = contrast / max(float(contrast.max()), 1e-9)
    # Below the mean of a picture a contrast says nothing; the authors' code cuts there too.
    foreground = np.where(contrast < contrast.mean() * 0.5, 0, contrast)
    count = len(background)
    first, second = patches.edges.T
    step = np.linalg.norm(patches.colour[first] - patches.colour[second], axis=1)
    tie = np.exp(-(step**2) / (2 * _SIGMA_COLOUR**2)) + 0.1
    smooth = sparse.coo_matrix((np.concatenate([tie, tie]), (np.r_[first, second], np.r_[second, first])), (count, count)).tocsr()
    laplacian = sparse.diags_array(np.asarray(smooth.sum(1)).ravel()) - smooth
    system = sparse.csc_matrix(laplacian + sparse.diags_array(background + foreground + 1e-6))
    saliency = linalg.spsolve(system, foreground)
    low, high = float(saliency.min()), float(saliency.max())
    return ((saliency - low) / max(high - low, 1e-9)).astype(np.float32)


def _distances(rows: Floats) -> NDArray[np.float32]:
    return np.linalg.norm(rows[:, None] - rows[None], axis=2).astype(np.float32)


def _neighbours(labels: Indices) -> Indices:
    pairs = np.concatenate(
        [
            np.stack([labels[:, :-1].ravel(), labels[:, 1:].ravel()], -1),
            np.stack([labels[:-1].ravel(), labels[1:].ravel()], -1),
        ]
    )
    pairs = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], 1), axis=0)
    return pairs.astype(np.int32)
