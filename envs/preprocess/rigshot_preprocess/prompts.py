"""What an editing model is told: what of the subject must stay, how it is to stand, from where it is to be seen.

The sentences are plain instructions, as both Qwen-Image-Edit and FLUX.2 klein are trained to follow. Few-step models run without
a negative prompt, so that what is not wanted has to be said here, too.
"""

import math
from dataclasses import dataclass
from typing import Literal, get_args

__all__ = ["LOOKS", "VIEWS", "Look", "View", "Wish", "instruction", "size_for"]

View = Literal["side", "three_quarter", "front"]
Look = Literal["photo", "drawing", "toy"]
VIEWS: tuple[View, ...] = get_args(View)
LOOKS: tuple[Look, ...] = get_args(Look)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """The picture that is asked for.

    ``species``: a plain name, or None where nobody knows; ``facing``: the side of the picture that the head points to in the
    photo. The other flank of an animal has markings that the photo does not show, therefore it is never turned around.
    """

    plan: str
    view: View = "side"
    species: str | None = None
    facing: Literal["left", "right"] | None = None
    look: Look = "photo"


_NOUNS = {"quadruped": "animal", "biped": "figure", "bird": "bird", "fish": "fish", "snake": "snake", "object": "object"}

_KEEP = {
    "quadruped": "coat colours, markings and their exact places, fur length and texture, face, eye colour, ears, tail and build",
    "biped": "face, hair, skin or fabric colours, clothes with all their patterns, and build",
    "bird": "plumage colours and pattern, beak, crest, eye colour, legs and build",
    "fish": "colours, pattern of scales and stripes, shape of every fin, eyes and build",
    "snake": "colours, pattern of scales along the whole body, head shape, eyes and thickness",
    "object": "shape, colours, materials, print and every detail",
}

_POSES = {
    "quadruped": (
        "It stands still and square on four straight legs. All four legs are visible and apart from each other, with a clear gap "
        "between the front and the hind legs and light ground seen under the belly. All paws are flat on the ground, the back is "
        "level, the head is held up, the mouth is closed, and the tail hangs free of the legs."
    ),
    "biped": (
        "It stands upright and still with straight legs a little apart and both arms stretched down and away from the body at about "
        "45 degrees, the hands open. Nothing is held in the hands, and no limb touches or covers another part of the body."
    ),
    "bird": (
        "It stands upright and still on both straight legs, which are apart and fully visible. The wings are folded at the body, the "
        "tail is straight and the beak is closed."
    ),
    "fish": "It floats still with its body straight and level, the mouth closed and all fins spread so that each of them is visible.",
    "snake": "Its body is stretched out in one gentle wave from head to tail, without coils, and no part of it covers another.",
    "object": "It stands upright and complete in its usual position.",
}

_SIDE = {
    "left": "It is seen exactly from the side, in full profile, facing the left edge of the picture as it does now.",
    "right": "It is seen exactly from the side, in full profile, facing the right edge of the picture as it does now.",
    None: "It is seen exactly from the side, in full profile, with the flank towards us that the photo shows best.",
}
_TURNED = "It is seen from the front and the side at once, turned about 40 degrees away from the camera, the head in line with the body."
_FRONT = "It is seen exactly from the front, its head, chest and both sides symmetrical, looking straight into the camera."

_STYLES = {
    "photo": "The result is a sharp, realistic photograph.",
    "drawing": "Keep the drawing's own style, line work and colouring; do not make it realistic.",
    "toy": "Keep its material, seams and finish: it is still the same toy, not a living being.",
}

_FRAME = (
    "The whole body is in the picture with an empty margin on every side, and nothing is cut off or hidden. The camera is at the height of "
    "its body and far away, without distortion of perspective."
)
_GROUND = (
    "The background and the floor are one plain, evenly lit light grey without a pattern, an edge or a hard shadow. There is no other "
    "animal, person, hand, lead, furniture or writing."
)


def instruction(wish: Wish) -> str:
    """The instruction for ``wish``."""
    noun = wish.species or _NOUNS[wish.plan]
    view = {"side": _SIDE[wish.facing], "three_quarter": _TURNED, "front": _FRONT}[wish.view]
    keep = (
        f"Show this very same {noun} again as a reference picture. Keep its identity: {_KEEP[wish.plan]} must stay exactly as they are "
        "here; what it wears stays, too. Invent no new markings."
    )
    return " ".join([keep, _POSES[wish.plan], view, _FRAME, _GROUND, _STYLES[wish.look]])


def size_for(wish: Wish, *, pixels: int = 2**20) -> tuple[int, int]:
    """(width, height) of a picture of about so many ``pixels`` (the models were trained on a megapixel), both multiples of 32, wide
    for what is long and tall for what stands on two legs."""
    if wish.plan == "biped" or (wish.view == "front" and wish.plan != "object"):
        aspect = 7 / 9
    elif wish.plan in ("fish", "snake") or (wish.view == "side" and wish.plan == "quadruped"):
        aspect = 9 / 7
    else:
        aspect = 1.0
    width, height = (max(1, round(math.sqrt(pixels * factor) / 32)) * 32 for factor in (aspect, 1 / aspect))
    return width, height
