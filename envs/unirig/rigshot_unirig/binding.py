"""The skin stage: from a mesh and a rig to weights of every vertex."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from rigshot_env import BadRig

from .arrays import Floats, Indices
from .mesh import Box, Preparation, components, edges_of, pieces_of, sample, to_upstream, welded
from .networks import Network
from .prior import TooLong, voxel_prior
from .rig_files import RigFile
from .settings import Settings
from .skinning import chunk_for, predict_weights
from .transfer import transfer
from .weight_check import bleed

__all__ = ["Bound", "bind"]


@dataclass(frozen=True, kw_only=True)
class Bound:
    """``weights`` (V, J); ``bled``: the share of weight far from its bone; ``mended``: points that the network had no weights
    for; ``grid``: what the voxel prior was computed at."""

    weights: Floats
    bled: float
    mended: float
    grid: int


def bind(
    network: Network,
    settings: Settings,
    vertices: Floats,
    faces: Indices,
    rig: RigFile,
    prepared: Preparation,
    seed: int,
    divisor: int,
    progress: Callable[[float], None],
    lap: Callable[[str], None],
) -> Bound:
    """Weights for a mesh (V, 3), (F, 3) and a rig, both in glTF's axes and metres.

    ``divisor``: by so much smaller the network's chunks. ``progress`` may raise; ``lap`` is told when a step ends.
    Raises BadRig if the network finds no weights or the way to them takes too long.
    """
    bound = rig.bound
    joints, tails = to_upstream(rig.joints[bound]), to_upstream(rig.tails[bound])
    place_of = {joint: place for place, joint in enumerate(bound)}
    parents = np.array([place_of.get(int(rig.parents[joint]), -1) for joint in bound], np.int32)
    mesh = prepared(vertices, faces)
    own, box = Box.around(mesh.vertices), Box.around(mesh.vertices, joints)
    progress(0.05)
    lap("prepare")
    try:
        prior, grid = voxel_prior(
            own.inside(mesh.vertices), mesh.faces, own.inside(joints), settings.prior, lambda share: progress(0.05 + 0.45 * share)
        )
    except TooLong as error:
        raise BadRig("this body is too bulky for so many joints: the ways through it took too long") from error
    lap("voxel prior")
    points = settings.skin_points
    samples = sample(mesh, box.inside(mesh.vertices), count=points.count, of_vertices=points.of_vertices, seed=seed)
    found = predict_weights(
        network,
        samples,
        box.inside(joints),
        box.inside(tails),
        parents,
        samples.of(prior, mesh.faces),
        seed=seed,
        chunk=chunk_for(len(joints), divisor),
        tick=lambda share: progress(0.5 + 0.4 * share),
    )
    lap("skin")
    places, corners, index = welded(to_upstream(vertices), faces)
    edges = edges_of(corners)
    pieces = components(len(places), edges)
    point_pieces = pieces_of(mesh, places, pieces)[samples.corner(mesh.faces)]
    bones = np.stack([box.inside(joints), box.inside(tails)], 1).astype(np.float64)
    skin = transfer(samples.points, point_pieces, found, box.inside(places), edges, pieces, bones)
    progress(0.95)
    nearest = cKDTree(places).query(mesh.vertices)[1]
    bled = bleed(skin.weights[nearest], prior, parents)
    weights = np.zeros((len(vertices), len(rig.joints)), np.float32)
    weights[:, bound] = skin.weights[index]
    lap("transfer")
    return Bound(weights=weights, bled=bled, mended=skin.mended, grid=grid)
