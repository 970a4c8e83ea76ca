"""Which animals and other subjects are known, what their bodies are like, and the names of key points."""

import re

__all__ = ["AP10K_POINTS", "COCO_POINTS", "COCO_SUBJECTS", "PLANS", "SPECIES", "plain_name", "plan_of"]

PLANS = ("quadruped", "biped", "bird", "fish", "snake", "object")
"""The body plans of the pipeline (its ``terms.BodyPlan``), repeated here because an environment knows only rigshot_env."""

SPECIES: dict[str, str] = {
    "cat": "quadruped",
    "dog": "quadruped",
    "rabbit": "quadruped",
    "hamster": "quadruped",
    "guinea pig": "quadruped",
    "mouse": "quadruped",
    "rat": "quadruped",
    "ferret": "quadruped",
    "hedgehog": "quadruped",
    "squirrel": "quadruped",
    "horse": "quadruped",
    "donkey": "quadruped",
    "cow": "quadruped",
    "sheep": "quadruped",
    "goat": "quadruped",
    "pig": "quadruped",
    "fox": "quadruped",
    "wolf": "quadruped",
    "bear": "quadruped",
    "lion": "quadruped",
    "tiger": "quadruped",
    "elephant": "quadruped",
    "zebra": "quadruped",
    "giraffe": "quadruped",
    "deer": "quadruped",
    "lizard": "quadruped",
    "turtle": "quadruped",
    "frog": "quadruped",
    "person": "biped",
    "monkey": "biped",
    "teddy bear": "biped",
    "doll": "biped",
    "robot": "biped",
    "bird": "bird",
    "parrot": "bird",
    "budgerigar": "bird",
    "chicken": "bird",
    "duck": "bird",
    "owl": "bird",
    "penguin": "bird",
    "fish": "fish",
    "goldfish": "fish",
    "snake": "snake",
    "toy": "object",
}
"""Body plan by species: the list that a subject's species is chosen from. ``monkey`` stands as people do once it is rigged."""

COCO_SUBJECTS = frozenset({"person", "bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe", "teddy bear"})
"""The classes of COCO that can be a subject; an animal that COCO does not know is mostly found as the likest of these."""

AP10K_POINTS = (
    "left_eye",
    "right_eye",
    "nose",
    "neck",
    "root_of_tail",
    "left_shoulder",
    "left_elbow",
    "left_front_paw",
    "right_shoulder",
    "right_elbow",
    "right_front_paw",
    "left_hip",
    "left_knee",
    "left_back_paw",
    "right_hip",
    "right_knee",
    "right_back_paw",
)
"""The key points of AP-10K (Yu et al., "AP-10K: A Benchmark for Animal Pose Estimation in the Wild", 2021) in their order."""

COCO_POINTS = (
    "nose",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
)
"""The key points of COCO's people in their order."""

_NAME = re.compile(r"[a-z][a-z \-]{0,38}[a-z]")


def plain_name(words: str) -> str | None:
    """A species' name as it may stand in a prompt: letters, blanks and hyphens, at most 40; None for anything else.

    What a person wrote goes into an instruction to a model, so nothing but a name may come through here.
    """
    name = re.sub(r"[\s_]+", " ", words).strip().lower()
    return name if _NAME.fullmatch(name) else None


def plan_of(species: str) -> str | None:
    """The body plan of a species, None where it is not in the list."""
    return SPECIES.get(species)
