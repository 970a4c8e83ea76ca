"""Names of joints: Mixamo's for people, which Unity, Blender's and Unreal's retargeters know, and the role for others."""

from dataclasses import dataclass

import numpy as np

from .arrays import Floats, Indices
from .roles import Roles, find_roles
from .skeleton import Skeleton

__all__ = ["NamedRig", "name_rig", "template_roles"]

_BODY = {
    "hips": "Hips",
    "spine": "Spine",
    "chest": "Spine1",
    "upper_chest": "Spine2",
    "neck": "Neck",
    "head": "Head",
    "head_end": "HeadTop_End",
}
_SIDED = {
    "shoulder": "Shoulder",
    "upper_arm": "Arm",
    "lower_arm": "ForeArm",
    "hand": "Hand",
    "upper_leg": "UpLeg",
    "lower_leg": "Leg",
    "foot": "Foot",
    "toes": "ToeBase",
}
_FINGERS = {"thumb": "HandThumb", "index": "HandIndex", "middle": "HandMiddle", "ring": "HandRing", "little": "HandPinky"}
_ARM = ("shoulder", "upper_arm", "lower_arm", "hand")
_LEG = ("upper_leg", "lower_leg", "foot", "toes")
# the order of VRoid's bones upstream: the right hand's index finger stands before its thumb
_HANDS = {"left": ("thumb", "index", "middle", "ring", "little"), "right": ("index", "thumb", "middle", "ring", "little")}


@dataclass(frozen=True, kw_only=True)
class NamedRig:
    """A skeleton in glTF's axes and metres under an added ``root`` on the ground: ``joints``, ``tails`` (J, 3), ``parents``
    (J,), unique ``names`` and ``roles``, None where a joint's place in the body is not known."""

    joints: Floats
    tails: Floats
    parents: Indices
    names: tuple[str, ...]
    roles: tuple[str | None, ...]
    kind: str


def name_rig(skeleton: Skeleton, tails: Floats, low: Floats, high: Floats, plan: str | None) -> NamedRig:
    """Name a skeleton (glTF's axes) of a body with the bounding box ``low``, ``high`` and put it under a root on the ground."""
    roles = _of_template(skeleton) or find_roles(skeleton.joints, skeleton.parents, low, high, plan)
    names = [_name(role, number, roles.kind) for number, role in enumerate(roles.words)]
    # below the origin, where the embedded engine's root stands and clips turn, or as near to it as the body is
    ground = np.clip(np.zeros(3, np.float32), low, high).astype(np.float32)
    ground[1] = low[1]
    ahead = ground + np.array([0, 0, 0.1 * float((high - low).max())], np.float32)
    return NamedRig(
        joints=np.concatenate([ground[None], skeleton.joints]).astype(np.float32),
        tails=np.concatenate([ahead[None], tails]).astype(np.float32),
        parents=np.concatenate([[-1], skeleton.parents + 1]).astype(np.int32),
        names=("root", *names),
        roles=("root", *roles.words),
        kind=roles.kind,
    )


def template_roles(part: str) -> tuple[str, ...]:
    """The roles of a named part's bones in upstream's order: ``body`` (22) or ``hand`` (30)."""
    if part == "body":
        sides = [f"{side}_{word}" for words in (_ARM, _LEG) for side in ("left", "right") for word in words]
        return ("hips", "spine", "chest", "upper_chest", "neck", "head", *sides)
    return tuple(f"{side}_{finger}_{number}" for side in ("left", "right") for finger in _HANDS[side] for number in (1, 2, 3))


def _of_template(skeleton: Skeleton) -> Roles | None:
    if skeleton.template is None:
        return None
    known = (template_roles("body") + template_roles("hand"))[: skeleton.template_bones]
    return Roles(kind="humanoid", words=tuple(known) + (None,) * (len(skeleton) - len(known)))


def _name(role: str | None, number: int, kind: str) -> str:
    if role is None:
        return f"bone_{number:02d}"
    if kind != "humanoid":
        return role
    return f"mixamorig:{mixamo}" if (mixamo := _mixamo(role)) else role


def _mixamo(role: str) -> str | None:
    if role in _BODY:
        return _BODY[role]
    side, _, word = role.partition("_")
    if side not in ("left", "right"):
        return None
    if word in _SIDED:
        return side.capitalize() + _SIDED[word]
    finger, _, number = word.partition("_")
    return f"{side.capitalize()}{_FINGERS[finger]}{number}" if finger in _FINGERS else None
