"""Clips for a skinned subject, made from rules of how living things move; one file for each body plan.

``make_clips`` chooses what the subject can do (a seated animal gets no walk), plays every clip over the mesh and
takes back its energy until the skin no longer tears.
"""

from collections.abc import Callable, Sequence

import numpy as np

from ...asset import Clip, Mesh, Rig
from ...body import Body
from ...pose import clip_matrices, skin_vertices
from ..rig_check import torn_and_sunk
from . import biped, bird, quadruped, seated, sitting, swimmer, thing
from .puppet import Puppet

__all__ = ["default_clip", "make_clips"]

Maker = Callable[[Puppet, float], Clip]

_TEARS = 0.0045  # share of edges beyond twice their length from which a clip is calmed
_SLIPS = 0.004  # metres that a standing foot may stray before a clip is calmed
_SINKS = 0.006  # metres below the ground
_CALMEST = 0.3  # of its full energy: a calmer clip could hardly be seen
_HOPELESS = 1.2  # faults that are left at the calmest beyond which a clip is left out
_TRIES = 3  # halvings of the range of energies
_STANDING = ("idle", "look", "wag", "wiggle", "wave", "peck", "flap")
_FAVOURITES = ("walk", "wave", "swim", "slither", "flap", "peck", "look", "bounce", "hop", "idle")


def make_clips(mesh: Mesh, body: Body, rig: Rig) -> tuple[Clip, ...]:
    """All clips of a skinned subject, the most delightful first; ``mesh`` is the welded one that the weights are of."""
    puppet = Puppet.of(mesh, body, rig)
    clips = [clip for maker in _repertoire(puppet) if (clip := _calmed(puppet, maker)) is not None]
    if len(clips) < 2 and (glance := _calmed(puppet, seated.look)) is not None:
        clips.append(glance)  # whoever cannot bow or hop can still look about
    best = default_clip(body, clips)
    return tuple(sorted(clips, key=lambda clip: clip.name != best))


def default_clip(body: Body, clips: Sequence[Clip]) -> str:
    """The name of the clip that a preview should play when nobody has chosen one."""
    names = [clip.name for clip in clips]
    if body.view == "front" and "walk" in names and "wave" in names:
        return "wave"
    return next((name for name in _FAVOURITES if name in names), names[0])


def _repertoire(puppet: Puppet) -> list[Maker]:
    plan = puppet.body.plan
    if plan == "fish":
        return [swimmer.swim, swimmer.drift]
    if plan == "snake":
        return [swimmer.slither, swimmer.rest]
    if plan == "object":
        return [thing.bounce, thing.sway]
    if plan == "bird":
        wings = [bird.flap] if len(puppet.wings) >= 2 else []
        return [*wings, bird.peck, bird.idle, bird.hop] if puppet.legs else [*wings, seated.idle, seated.look]
    waving: list[Maker] = [biped.wave_hand] if plan == "biped" and puppet.arms else []
    if not puppet.walks:
        return [*waving, seated.idle, seated.look, seated.wag]
    if plan == "biped":
        return [*waving, biped.walk, biped.idle, biped.look]
    return [quadruped.walk, quadruped.trot, quadruped.idle, quadruped.look, sitting.sit, quadruped.wag]


def _calmed(puppet: Puppet, maker: Maker) -> Clip | None:
    """The clip at the greatest energy at which the skin holds and standing feet stand; None where it never does.

    An idle clip is always given: everything can breathe.
    """
    clip = maker(puppet, 1.0)
    faults = _faults(puppet, clip)
    if faults > 1:
        calm, wild = _CALMEST, 1.0
        clip = maker(puppet, calm)
        faults = _faults(puppet, clip)
        for _ in range(_TRIES if faults <= 1 else 0):
            middle = (calm + wild) / 2
            trial = maker(puppet, middle)
            if (wrong := _faults(puppet, trial)) <= 1:
                clip, faults, calm = trial, wrong, middle
            else:
                wild = middle
    if faults > _HOPELESS and clip.name != "idle":
        return None
    return clip if puppet.legs else _grounded(puppet, clip)


def _faults(puppet: Puppet, clip: Clip) -> float:
    """How much worse a clip is than it may be (1: just good enough)."""
    torn, sunk = torn_and_sunk(puppet.mesh, puppet.body, puppet.rig, clip)
    sunk = sunk if puppet.legs else 0.0  # who has no legs is lifted in the end
    return max(torn / _TEARS, _slip(puppet, clip) / _SLIPS, sunk / _SINKS)


def _slip(puppet: Puppet, clip: Clip) -> float:
    """Metres that the last joint of any leg strays in a clip in which feet should stand."""
    ends = [leg.end for leg in puppet.legs]
    if clip.name not in _STANDING or not ends:
        return 0.0
    moments = np.linspace(0, clip.seconds, 12, endpoint=False)
    places = np.stack([clip_matrices(puppet.rig, clip, float(time))[ends, :3, 3] for time in moments])
    return float(np.linalg.norm(places - puppet.rig.joints[ends], axis=2).max())


def _grounded(puppet: Puppet, clip: Clip) -> Clip:
    """Lift a clip's root wherever the skin would go below the ground."""
    rows = np.unique(puppet.mesh.vertices[:, 1].argsort()[: len(puppet.mesh.vertices) // 2])
    assert puppet.rig.weights is not None
    low = Rig(
        names=puppet.rig.names,
        parents=puppet.rig.parents,
        joints=puppet.rig.joints,
        tails=puppet.rig.tails,
        weights=puppet.rig.weights[rows],
    )
    lowest = np.array(
        [skin_vertices(puppet.mesh.vertices[rows], low, clip_matrices(low, clip, float(time)))[:, 1].min() for time in clip.times]
    )
    offset = clip.root_offset.copy()
    offset[:, 1] += np.maximum(-lowest, 0)
    offset[-1] = offset[0]
    return Clip(name=clip.name, times=clip.times, rotations=clip.rotations, root_offset=offset, loop=clip.loop)
