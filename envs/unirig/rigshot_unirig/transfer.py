"""From weights at sampled points to weights of every vertex of the full mesh.

Nothing is taken from another piece of the mesh that only happens to be near: a hand before a belly, an eye in a head.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix, diags, eye
from scipy.spatial import cKDTree

from rigshot_env import BadRig

from .arrays import Booleans, Doubles, Floats, Indices, Longs
from .mesh import rows_by

__all__ = ["Skin", "bone_distances", "bone_nearest", "strongest", "transfer"]

INFLUENCES = 4
_NEIGHBOURS = 7  # sampled points that a vertex looks at, upstream's number
_STEPS = 2  # of smoothing
_REACH = 2.0  # times the distance between samples: what they say differently within it is noise, beyond it is not
_LOST = 0.01  # share of sampled points without weights that may be mended
_FAINT = 0.01  # weights below this are left out


@dataclass(frozen=True, kw_only=True)
class Skin:
    """``weights`` (V, J) of the full mesh; ``mended``: the share of sampled points for which the network had no answer."""

    weights: Floats
    mended: float


def transfer(points: Floats, point_pieces: Longs, found: Floats, vertices: Floats, edges: Indices, pieces: Indices, bones: Doubles) -> Skin:
    """Weights of ``vertices`` (V, 3) from those ``found`` (S, J) at ``points`` (S, 3).

    ``edges`` (E, 2) are the mesh's; ``point_pieces`` (S,) and ``pieces`` (V,) say which connected piece of it a point and a
    vertex belong to; ``bones`` (J, 2, 3) where bones start and end. All places are in one measure. Rows sum to 1, at most
    four entries are not zero.
    Raises BadRig if the network gave no weights for more than 1 % of the points.
    """
    weights, mended = _sound(points, found, bones)
    spread = _spread(points, point_pieces, weights, vertices, pieces)
    apart = float(np.median(cKDTree(points).query(points[:: max(len(points) // 2000, 1)], k=2)[0][:, 1]))
    smooth = _smoothed(spread, vertices, edges, max(_REACH * apart, 1e-9))
    return Skin(weights=strongest(smooth), mended=mended)


def strongest(weights: Doubles | Floats) -> Floats:
    """(V, J) the four strongest of every row, none of them faint, adding up to 1."""
    count = min(INFLUENCES, weights.shape[1])
    kept = np.argpartition(-weights, count - 1, axis=1)[:, :count]
    values = np.take_along_axis(weights, kept, 1).astype(np.float64)
    values[values < _FAINT * values.max(1, keepdims=True)] = 0
    result = np.zeros(weights.shape, np.float32)
    np.put_along_axis(result, kept, (values / values.sum(1, keepdims=True)).astype(np.float32), 1)
    return result


def bone_distances(points: Floats, bones: Doubles) -> Doubles:
    """(P, J) from points (P, 3) to bones (J, 2, 3), straight through the air."""
    start, way = bones[:, 0], bones[:, 1] - bones[:, 0]
    square = np.maximum((way * way).sum(1), 1e-18)
    result = np.empty((len(points), len(bones)))
    for first in range(0, len(points), 65536):  # keeps the (P, J, 3) in between small
        offset = points[first : first + 65536, None] - start
        along = np.clip((offset * way).sum(2) / square, 0, 1)
        result[first : first + 65536] = np.linalg.norm(offset - along[..., None] * way, axis=2)
    return result


def bone_nearest(points: Floats, bones: Doubles) -> Longs:
    """(P,) the bone nearest to every point."""
    return bone_distances(points, bones).argmin(1)


def _sound(points: Floats, found: Floats, bones: Doubles) -> tuple[Doubles, float]:
    lost: Booleans = ~np.isfinite(found).all(1) | ~(found.sum(1) > 1e-6)
    share = float(lost.mean())
    if share > _LOST:
        raise BadRig(f"the skin network gave no weights for {share:.0%} of the surface")
    weights = np.where(lost[:, None], 0.0, found).astype(np.float64)
    if lost.any():
        weights[np.flatnonzero(lost), bone_nearest(points[lost], bones)] = 1
    return weights / weights.sum(1, keepdims=True), share


def _spread(points: Floats, point_pieces: Longs, weights: Doubles, vertices: Floats, pieces: Indices) -> Doubles:
    """(V, J) means of the nearest points of the same piece, the nearer the heavier; pieces without points look everywhere."""
    result = np.empty((len(vertices), weights.shape[1]))
    sampled = rows_by(point_pieces)
    bare = []
    for piece, own in rows_by(pieces).items():
        if piece in sampled:
            result[own] = _nearby(points, sampled[piece], vertices[own]) @ weights
        else:
            bare.append(own)
    if bare:
        own = np.concatenate(bare)
        result[own] = _nearby(points, np.arange(len(points)), vertices[own]) @ weights
    return result


def _nearby(points: Floats, chosen: Longs, vertices: Floats) -> csr_matrix:
    """(V, S) what share of each of the ``chosen`` points every vertex takes. Sparse: gathered weights would take gigabytes."""
    count = min(_NEIGHBOURS, len(chosen))
    apart, nearest = cKDTree(points[chosen]).query(vertices, k=count, workers=-1)
    apart, nearest = apart.reshape(-1, count), chosen[nearest.reshape(-1, count)]
    # the furthest neighbour counts for nothing, so that weights stay continuous where neighbours change
    share = np.maximum(1 - apart / np.maximum(apart[:, -1:], 1e-12), 0) / np.maximum(apart, 1e-9)
    share[share.sum(1) <= 0] = 1
    share /= share.sum(1, keepdims=True)
    return csr_matrix((share.ravel(), nearest.ravel(), np.arange(len(vertices) + 1) * count), (len(vertices), len(points)))


def _smoothed(weights: Doubles, vertices: Floats, edges: Indices, reach: float) -> Doubles:
    """A few steps towards the neighbours that lie within ``reach``, every neighbour counted once and near ones more."""
    mean = _neighbour_mean(vertices, edges, reach)
    for _ in range(_STEPS):
        weights = mean @ weights
    return weights


def _neighbour_mean(vertices: Floats, edges: Indices, reach: float) -> csr_matrix:
    """(V, V) the mean of a vertex, which counts 1, and its neighbours, which count less the longer the edge."""
    length = np.linalg.norm(vertices[edges[:, 0]] - vertices[edges[:, 1]], axis=1).astype(np.float64)
    near = np.exp(-((length / reach) ** 2))
    pairs = np.concatenate([edges, edges[:, ::-1]])
    matrix = coo_matrix((np.concatenate([near, near]), (pairs[:, 0], pairs[:, 1])), (len(vertices),) * 2).tocsr() + eye(len(vertices))
    return (diags(1 / np.asarray(matrix.sum(1)).ravel()) @ matrix).tocsr()
