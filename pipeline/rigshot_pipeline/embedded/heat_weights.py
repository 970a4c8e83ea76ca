"""Skin weights by heat diffusion over the surface (Baran and Popović, Pinocchio, 2007), held inside the anatomy.

Every bone warms the vertices that it is nearest to, and the warmth spreads over the surface:
(-L + M H) W = M H P with L the cotangent Laplacian, M the vertices' areas, H the inverse squared distance to the nearest
bone (held between two bounds), P its indicator.

Which bone is nearest is asked only among the bones of the vertex's own part and of the part that it
grows from: that takes the place of a visibility test. A left leg's bones never move a right leg: a vertex listens to its
own part, to those that it grows from and to those that grow from it, and to nothing else.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from ..asset import Floats, Indices, Mesh, Rig
from ..body import Body
from .skeleton import chain, joint_parts

__all__ = ["Doubles", "heat_weights", "keep_strongest", "neighbour_mean", "reconciled"]

Doubles = NDArray[np.float64]

INFLUENCES = 4
"""glTF's one set of joints holds four."""
_LEAST = 0.01  # weights below are dropped: they only cost a slot
_NEAREST = 0.012  # metres: closer bones do not warm more, or a thin leg would be rigid
_FARTHEST = 0.06  # metres: bones deep in a fat belly still hold its skin, or the legs would crumple it
_HEAT = 2.0  # the factor c of Pinocchio's H = c / d^2: 1 is smoother, 3 keeps small paws stiffer; measured in between
_FOOT = 10.0  # times the heat: a sole that bends with the shin would slide on the ground
_SMOOTHINGS = 4


def heat_weights(mesh: Mesh, body: Body, rig: Rig) -> Floats:
    """Weights (V, J) of a welded ``mesh``: rows sum to 1, at most four joints a vertex, the root moves none."""
    distance: Doubles = _bone_distances(mesh.vertices, rig)
    owner = joint_parts(rig, body)
    near: Doubles = np.where(_own_bones(body, owner)[body.vertex_part], distance, np.inf)
    feet = _give_soles_to_feet(near, mesh.vertices, body, rig)
    nearest = near.argmin(1)
    warmth = _HEAT / np.clip(near.min(1), _NEAREST, _FARTHEST) ** 2
    warmth[np.isin(nearest, feet)] *= _FOOT
    stiffness, areas = _laplacian(mesh)
    system = stiffness + sparse.diags(areas * warmth)
    source: Doubles = np.zeros(distance.shape)
    source[np.arange(len(source)), nearest] = areas * warmth
    used = source.any(0)
    weights: Doubles = np.zeros_like(source)
    weights[:, used] = splu(system.tocsc(), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}).solve(source[:, used])
    weights = reconciled(np.clip(weights, 0, None), body, rig)
    return keep_strongest(reconciled(_smoothed(mesh, weights), body, rig))


def keep_strongest(weights: Doubles) -> Floats:
    """Keep each row's four largest entries, drop those below a hundredth, and scale the rows to sum 1."""
    weights = weights / weights.sum(1, keepdims=True)
    order = np.argpartition(-weights, INFLUENCES, axis=1)[:, :INFLUENCES] if weights.shape[1] > INFLUENCES else None
    kept = np.zeros(weights.shape)
    if order is None:
        kept[:] = weights
    else:
        np.put_along_axis(kept, order, np.take_along_axis(weights, order, 1), 1)
    kept[kept < _LEAST] = 0
    scaled: Floats = (kept / kept.sum(1, keepdims=True)).astype(np.float32)
    return scaled


def _give_soles_to_feet(near: Doubles, vertices: Floats, body: Body, rig: Rig) -> list[int]:
    """Take every leg's vertices beyond its last joint away (in ``near``, in place) from the bones above; those last joints."""
    feet: list[int] = []
    for place, part in enumerate(body.parts):
        if part.kind != "leg":
            continue
        joints = chain(rig, part)
        last, above = joints[-1], joints[-2]
        axis = rig.joints[last] - rig.joints[above]
        mine = np.flatnonzero(body.vertex_part == place)
        beyond = mine[(vertices[mine] - rig.joints[last]) @ axis > 0]
        near[np.ix_(beyond, np.array(joints[:-1]))] = np.inf
        feet.append(last)
    return feet


def _own_bones(body: Body, owner: Indices) -> NDArray[np.bool_]:
    """(parts, J) whether a bone may warm a part's vertices: its own bones and those of the part that it grows from."""
    names = [part.name for part in body.parts]
    table = np.zeros((len(names), len(owner)), bool)
    for place, part in enumerate(body.parts):
        table[place] = owner == place
        if part.parent is not None:
            table[place] |= owner == names.index(part.parent)
    return table


def reconciled(weights: Doubles, body: Body, rig: Rig) -> Doubles:
    """Settle where two limbs meet that do not grow from each other (two legs, a leg and the tail).

    A vertex must not listen to a stranger's bones, yet a plain cut would tear the skin along the border. So the
    stranger's share cancels as much of the limb's own, and the joints that both limbs hang on take over: on
    the border itself both limbs have no say, and the weights (V, J) run smoothly from one side to the other.
    """
    strange = _strangers(body)
    owner = joint_parts(rig, body)
    shares = np.stack([weights[:, owner == part].sum(1) for part in range(len(body.parts))], 1)
    foreign = shares * strange[body.vertex_part]
    total = foreign.sum(1)
    own = np.take_along_axis(shares, body.vertex_part[:, None], 1)[:, 0]
    left = np.maximum(own - total, 0)
    handed = own - left
    settled = weights.copy()
    anchors = [int(rig.parents[np.flatnonzero(owner == part)[0]]) for part in range(len(body.parts))]
    for part in range(len(body.parts)):
        joints = np.flatnonzero(owner == part)
        mine = body.vertex_part == part
        if not mine.any():
            continue
        settled[np.ix_(mine, joints)] *= (left[mine] / np.maximum(own[mine], 1e-12))[:, None]
        for stranger in np.flatnonzero(strange[part]):
            settled[np.ix_(mine, owner == stranger)] = 0
            settled[mine, anchors[stranger]] += foreign[mine, stranger]
        settled[mine, anchors[part]] += handed[mine]
    return settled


def _strangers(body: Body) -> Floats:
    """(parts, parts) 1 where neither part grows, directly or over others, from the other."""
    names = [part.name for part in body.parts]
    lines: list[set[int]] = []
    for place, part in enumerate(body.parts):
        lines.append({place} | (lines[names.index(part.parent)] if part.parent else set()))
    table = [[float(a not in lines[b] and b not in lines[a]) for b in range(len(names))] for a in range(len(names))]
    return np.array(table, np.float32)


def _smoothed(mesh: Mesh, weights: Doubles) -> Doubles:
    """A few steps towards the neighbours' mean, which rounds off the kinks of the nearest-bone choice."""
    mean = neighbour_mean(mesh)
    for _ in range(_SMOOTHINGS):
        weights = 0.5 * weights + 0.5 * (mean @ weights)
    return weights


def neighbour_mean(mesh: Mesh) -> Any:
    """A sparse (V, V) matrix whose product with values of the vertices is the mean of each one's neighbours."""
    faces, count = mesh.faces, len(mesh.vertices)
    starts, ends = (
        np.concatenate([faces.ravel(), faces[:, [1, 2, 0]].ravel()]),
        np.concatenate([faces[:, [1, 2, 0]].ravel(), faces.ravel()]),
    )
    joined = sparse.csr_matrix((np.ones(len(starts)), (starts, ends)), (count, count))
    joined.data[:] = 1
    return sparse.diags(1 / np.maximum(np.asarray(joined.sum(1)).ravel(), 1)) @ joined


def _bone_distances(points: Floats, rig: Rig) -> Doubles:
    """Distances (V, J) from points (V, 3) to the bones as segments."""
    axes = (rig.tails - rig.joints).astype(np.float64)
    squared = np.maximum((axes**2).sum(1), 1e-12)
    away = points[:, None] - rig.joints[None]
    along = np.clip(np.einsum("vja,ja->vj", away, axes) / squared, 0, 1)
    distances: Doubles = np.linalg.norm(away - along[..., None] * axes, axis=2)
    return distances


def _laplacian(mesh: Mesh) -> tuple[Any, Doubles]:
    """The positive cotangent Laplacian (V, V) and the vertices' areas (V,), a third of their triangles'."""
    corners = mesh.vertices[mesh.faces].astype(np.float64)
    count = len(mesh.vertices)
    rows, columns, values = [], [], []
    areas = np.zeros(count)
    double = np.maximum(np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1), 1e-12)
    for corner in range(3):
        a, b = mesh.faces[:, (corner + 1) % 3], mesh.faces[:, (corner + 2) % 3]
        to_a, to_b = corners[:, (corner + 1) % 3] - corners[:, corner], corners[:, (corner + 2) % 3] - corners[:, corner]
        # Clipped: an obtuse sliver's negative cotangent would let weights leave 0..1.
        cotangent = np.clip((to_a * to_b).sum(1) / double, 0.01, 20) / 2
        rows += [a, b]
        columns += [b, a]
        values += [cotangent, cotangent]
        np.add.at(areas, mesh.faces[:, corner], double / 6)
    joined = sparse.coo_matrix((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), (count, count)).tocsr()
    return sparse.diags(np.asarray(joined.sum(1)).ravel()) - joined, np.maximum(areas, 1e-12)
