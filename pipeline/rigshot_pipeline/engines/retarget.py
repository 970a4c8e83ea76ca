"""The embedded engine's clips on another skeleton of the same body.

In the bind pose of every rig here each joint's axes are the world's (``asset.Rig``), so a joint's world rotation in a clip says how the
piece of the body around it has turned since then, whoever placed the joint. A joint of the other skeleton therefore takes the world
rotation of that bone of ours which runs through the same piece of the body, and its local rotation follows from its parent's.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from ..asset import Clip, Floats, Indices, Mesh, Rig
from ..body import Body
from ..embedded.rig_check import torn_and_sunk
from ..pose import quaternion_matrices
from .planting import Leg, legs_of, places, planted

__all__ = ["corresponding", "retargeted", "retargeted_clips"]

Doubles = NDArray[np.float64]

_SAMPLES = 5  # along every bone
_AGAINST = 0.06  # metres that a bone at a right angle counts as further away: at a hip the thigh's bone ends beside the spine's
_SAME_SKIN = 0.15  # metres that a bone counts as nearer when it moves the very same skin
_TEARS, _SINKS = 0.0045, 0.012  # share of torn edges, metres below the ground: from here on a clip is played with less energy
_HOPELESS = 1.5  # times as much, at the least energy, and the clip is left out
_ENERGIES = (1.0, 0.8, 0.6, 0.45, 0.3)
_NO_LENGTH = 1e-6  # metres


def retargeted_clips(mesh: Mesh, body: Body, clips: tuple[Clip, ...], own: Rig, other: Rig) -> tuple[Clip, ...]:
    """``clips`` of the rig ``own`` for the skinned rig ``other`` of the same welded mesh, each with as much energy as the skin bears.

    A clip that it does not bear at all is left out, except for idle: everything can breathe.
    """
    bones = corresponding(own, other)
    legs = legs_of(body, own, other, bones)
    calmed = (_calmed(mesh, body, other, retargeted(clip, own, other, bones, legs)) for clip in clips)
    return tuple(clip for clip in calmed if clip is not None)


def corresponding(own: Rig, other: Rig) -> Indices:
    """(J of ``other``,) for every joint of ``other`` the joint of ``own`` whose bone runs through the same piece of the body.

    Nearest is the bone to which points along the other one are nearest on average, with an extra for another direction and, where both
    rigs have weights, less for as much as the two move the same skin. The root, which carries all, is the root's.
    """
    shares = np.linspace(0.1, 0.9, _SAMPLES)[None, :, None]
    starts, axes = own.joints.astype(np.float64), (own.tails - own.joints).astype(np.float64)
    points = (other.joints[:, None] + shares * (other.tails - other.joints)[:, None]).astype(np.float64)
    squared = np.maximum((axes**2).sum(1), 1e-12)
    away = points[:, :, None] - starts
    along = np.clip((away * axes).sum(3) / squared, 0, 1)
    distance = np.linalg.norm(away - along[..., None] * axes, axis=3).mean(1)
    cosine = _units(other.tails - other.joints) @ _units(own.tails - own.joints).T
    cost = distance + _AGAINST * (1 - np.maximum(cosine, 0))
    if own.weights is not None and other.weights is not None:
        cost -= _SAME_SKIN * (_units(other.weights.T) @ _units(own.weights.T).T)
    if len(own.names) > 1:
        cost[:, 0] = np.inf
    bones: Indices = cost.argmin(1).astype(np.int32)
    bones[0] = 0
    return bones


def retargeted(clip: Clip, own: Rig, other: Rig, bones: Indices, legs: tuple[Leg, ...] = ()) -> Clip:
    """``clip`` of ``own`` for the joints of ``other``, which move as the ``bones`` (J,) of ``own`` do, the feet of ``legs`` as its feet."""
    ours = _world(own, clip)
    world = ours[:, bones]
    stood = places(own, ours, clip.root_offset.astype(np.float64))

    def goal(joint: int, bone: int) -> Doubles:
        """Where a joint must be (K, 3) for the skin that turns with it to lie where it lies under our ``bone``."""
        where: Doubles = stood[:, bone] + world[:, joint] @ (other.joints[joint] - own.joints[bone]).astype(np.float64)
        return where

    carrier = min(1, len(other.names) - 1)  # the joint on the root that carries the body
    from_root = (other.joints[carrier] - other.joints[0]).astype(np.float64)
    offset: Doubles = goal(carrier, int(bones[carrier])) - other.joints[0] - world[:, 0] @ from_root
    for leg in legs:
        world = planted(other, world, offset, leg, goal(leg.joints[-1], leg.own))
    local = world.copy()
    for joint in range(1, len(other.names)):
        local[:, joint] = np.swapaxes(world[:, other.parents[joint]], 1, 2) @ world[:, joint]
    keys = len(clip.times)
    rotations = Rotation.from_matrix(local.reshape(-1, 3, 3)).as_quat().reshape(keys, -1, 4)
    for key in range(1, keys):  # neighbours on one half of the sphere, for importers that blend linearly
        rotations[key, (rotations[key] * rotations[key - 1]).sum(1) < 0] *= -1
    return Clip(
        name=clip.name,
        times=clip.times,
        rotations=rotations.astype(np.float32),
        root_offset=offset.astype(np.float32),
        loop=clip.loop,
    )


def _calmed(mesh: Mesh, body: Body, rig: Rig, clip: Clip) -> Clip | None:
    """The clip with the most energy at which the skin neither tears nor sinks; None where it does so even at the least."""
    trial, fault = clip, 0.0
    for energy in _ENERGIES:
        trial = clip if energy == 1 else _with_energy(clip, energy)
        torn, sunk = torn_and_sunk(mesh, body, rig, trial)
        fault = max(torn / _TEARS, sunk / _SINKS)
        if fault <= 1:
            break
    return trial if fault <= _HOPELESS or clip.name == "idle" else None


def _with_energy(clip: Clip, energy: float) -> Clip:
    turned = Rotation.from_quat(clip.rotations.reshape(-1, 4)).as_rotvec() * energy
    rotations = Rotation.from_rotvec(turned).as_quat().reshape(clip.rotations.shape).astype(np.float32)
    for key in range(1, len(rotations)):
        rotations[key, (rotations[key] * rotations[key - 1]).sum(1) < 0] *= -1
    offset = (clip.root_offset * np.float32(energy)).astype(np.float32)
    return Clip(name=clip.name, times=clip.times, rotations=rotations, root_offset=offset, loop=clip.loop)


def _world(rig: Rig, clip: Clip) -> Doubles:
    """World rotations (K, J, 3, 3) of the joints."""
    world: Doubles = quaternion_matrices(clip.rotations).astype(np.float64)
    for joint in range(1, len(rig.names)):
        world[:, joint] = world[:, rig.parents[joint]] @ world[:, joint]
    return world


def _units(axes: Floats) -> Doubles:
    """The rows of ``axes`` with length 1; those without length stay 0."""
    lengths = np.linalg.norm(axes, axis=1, keepdims=True).astype(np.float64)
    units: Doubles = np.where(lengths > _NO_LENGTH, axes / np.maximum(lengths, _NO_LENGTH), 0)
    return units
