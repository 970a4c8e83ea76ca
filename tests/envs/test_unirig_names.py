"""Bones are named by their place in the body: on rigs that people made, on bodies made here, and not where it is unclear."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "envs" / "unirig"))

from rigshot_unirig.anatomy import path_between
from rigshot_unirig.names import name_rig, template_roles
from rigshot_unirig.roles import Roles, find_roles
from rigshot_unirig.skeleton import Skeleton, bone_tails
from unirig_kit import DOG, dog, one_tree, skeleton_of

from rigshot_pipeline.evaluation.truth_rig import load_truth

Row = tuple[str, int, tuple[float, float, float]]

# a doll in metres: what a humanoid is to be recognised by; left is +x
DOLL: list[Row] = [
    ("hips", -1, (0, 0.5, 0)),
    ("spine", 0, (0, 0.58, 0)),
    ("chest", 1, (0, 0.68, 0)),
    ("neck", 2, (0, 0.78, 0)),
    ("head", 3, (0, 0.84, 0)),
    ("head_end", 4, (0, 1.0, 0)),
    *(
        (f"{side}_{word}", parent, (sign * x, y, z))
        for first, (side, sign) in ((6, ("left", 1)), (14, ("right", -1)))
        for word, parent, x, y, z in (
            ("shoulder", 2, 0.05, 0.74, 0),
            ("upper_arm", first, 0.12, 0.73, 0),
            ("lower_arm", first + 1, 0.27, 0.71, 0),
            ("hand", first + 2, 0.41, 0.7, 0),
            ("upper_leg", 0, 0.09, 0.46, 0),
            ("lower_leg", first + 4, 0.1, 0.25, 0.01),
            ("foot", first + 5, 0.1, 0.05, -0.01),
            ("toes", first + 6, 0.1, 0.02, 0.08),
        )
    ),
]


def roles_of(rows: list[Row], plan: str | None = None) -> dict[str, str | None]:
    joints, parents = skeleton_of(rows)
    low, high = joints.min(0) - 0.05, joints.max(0) + 0.05
    low[1] = 0
    return dict(zip((row[0] for row in rows), find_roles(joints, parents, low, high, plan).words, strict=True))


def test_a_doll_is_a_humanoid_and_gets_mixamos_names() -> None:
    assert roles_of(DOLL, "biped") == {row[0]: row[0] for row in DOLL}
    joints, parents = skeleton_of(DOLL)
    skeleton = Skeleton(joints=joints, parents=parents)
    low, high = np.array([-0.45, 0, -0.1], np.float32), np.array([0.45, 1, 0.1], np.float32)
    rig = name_rig(skeleton, bone_tails(joints, parents), low, high, "biped")
    assert rig.names[:3] == ("root", "mixamorig:Hips", "mixamorig:Spine")
    named = dict(zip(rig.roles, rig.names, strict=True))
    assert (named["left_upper_arm"], named["right_lower_leg"]) == ("mixamorig:LeftArm", "mixamorig:RightLeg")
    assert rig.parents.tolist() == [-1, *(parents + 1)]
    assert rig.joints[0].tolist() == [0, 0, 0], "the root stands on the ground, below the origin"


def test_a_doll_that_is_no_person_gets_no_persons_names() -> None:
    """Arms that hang on the hips, or a doll upside down: no humanoid."""
    crab = [(name, 0 if "shoulder" in name else parent, place) for name, parent, place in DOLL]
    assert not {"left_upper_arm", "spine"} & set(roles_of(crab, "biped").values())
    fallen: list[Row] = [(name, parent, (x, 1.0 - y, z)) for name, parent, (x, y, z) in DOLL]
    assert "left_upper_arm" not in roles_of(fallen, "biped").values()


def test_a_dog_has_four_legs_wherever_the_root_is() -> None:
    found = roles_of(DOG, "quadruped")
    assert found["hips"] == "hips" and found["chest"] == "chest" and found["spine"] == "spine_01"
    assert (found["neck"], found["head"], found["tail"], found["tail end"]) == ("neck_01", "head", "tail_01", "tail_02")
    for end in ("front", "back"):
        for side in ("left", "right"):
            for number, part in enumerate(("upper", "lower", "foot"), 1):
                assert found[f"{end} {part} {side}"] == f"leg_{end}_{side[0]}_{number:02d}"
    assert roles_of(_rerooted(DOG, 2), "quadruped") == found
    assert roles_of(_rerooted(DOG, 1)) == found, "a plan is not needed"


def test_a_dogs_names_are_its_roles_and_unique() -> None:
    joints, parents = skeleton_of([*DOG, ("something", 1, (0.0, 0.9, 0.0)), ("more", 1, (0.02, 0.9, 0.0))])
    vertices = dog()[0]
    rig = name_rig(Skeleton(joints=joints, parents=parents), bone_tails(joints, parents), vertices.min(0), vertices.max(0), "quadruped")
    assert len(set(rig.names)) == len(rig.names)
    assert rig.names[-2:] == ("bone_19", "bone_20") and rig.roles[-1] is None
    assert rig.kind == "quadruped" and set(rig.names) >= {"leg_front_l_01", "tail_02", "head"}


def test_a_fish_has_a_spine_a_tail_and_fins() -> None:
    fish: list[Row] = [
        ("hips", -1, (0, 0.3, 0)),
        ("spine_01", 0, (0, 0.3, 0.2)),
        ("head", 1, (0, 0.3, 0.4)),
        ("tail_01", 0, (0, 0.3, -0.2)),
        ("tail_02", 3, (0, 0.3, -0.45)),
        ("fin_l_01", 1, (0.1, 0.2, 0.15)),
        ("fin_l_02", 5, (0.2, 0.1, 0.1)),
        ("fin_r_01", 1, (-0.1, 0.2, 0.15)),
        ("fin_r_02", 7, (-0.2, 0.1, 0.1)),
    ]
    assert roles_of(fish, "fish") == {row[0]: row[0] for row in fish}


def test_a_spider_is_not_known() -> None:
    spider: list[Row] = [("body", -1, (0, 0.3, 0))]
    for z in (-0.3, -0.1, 0.1, 0.3):
        for sign in (1, -1):
            spider += [(f"leg {z} {sign}", 0, (sign * 0.2, 0.4, z)), (f"foot {z} {sign}", len(spider), (sign * 0.5, 0.02, z))]
    assert set(roles_of(spider).values()) == {None}


def test_templates_are_named_in_order(shared_data: Path) -> None:
    """VRoid's bones in upstream's order are those of the table that was handed over."""
    table = shared_data.parent / "design" / "bone_names.json"
    if not table.is_file():
        pytest.skip("the table of bone names is not there")
    rows = json.loads(table.read_text())
    names = [row["mixamo"] for row in rows]
    joints = np.random.default_rng(0).uniform(-1, 1, (len(rows), 3)).astype(np.float32)
    parents = np.arange(-1, len(rows) - 1).astype(np.int32)
    skeleton = Skeleton(joints=joints, parents=parents, template="vroid", template_bones=52)
    rig = name_rig(skeleton, joints, joints.min(0), joints.max(0), None)
    assert list(rig.names[1:]) == names
    assert (len(template_roles("body")), len(template_roles("hand"))) == (22, 30)


# of the truth's joints, what the person who made the rig called them -> the role that they must get
TRUTH = {
    "khronos_Fox": {
        "b_Hip_01": "hips",
        "b_Spine02_03": "chest",
        "b_Neck_04": "neck_01",
        "b_Head_05": "head",
        "b_Tail03_014": "tail_03",
        "b_LeftUpperArm_09": "leg_front_l_01",
        "b_RightHand_08": "leg_front_r_03",
        "b_LeftLeg01_015": "leg_back_l_01",
        "b_RightFoot02_022": "leg_back_r_04",
    },
    "quaternius_Horse": {
        "Back": "hips",
        "Head": "head",
        "Tail1": "tail_01",
        "FrontUpperLeg.L": "leg_front_l_02",
        "BackUpperLeg.R": "leg_back_r_03",
        "Ear1.L": "ear_l_01",
    },
    "quaternius_Cow": {"Back": "hips", "Head": "head", "Tail2": "tail_02", "FrontUpperLeg.R": "leg_front_r_02"},
    "quaternius_Husky": {"Back": "hips", "Tail1": "tail_01", "BackLowerLeg.L": "leg_back_l_04", "Ear1.R": "ear_r_01"},
    "quaternius_woman_Casual": {
        "Hips": "hips",
        "Abdomen": "spine",
        "Chest": "upper_chest",
        "Neck": "neck",
        "Head": "head",
        "Shoulder.L": "left_shoulder",
        "UpperArm.R": "right_upper_arm",
        "Hand.L": "left_hand",
        "UpperLeg.R": "right_upper_leg",
        "Foot.L": "left_foot",
    },
}


@pytest.mark.parametrize("name", TRUTH)
def test_rigs_that_people_made_are_read(name: str, shared_data: Path) -> None:
    rig = load_truth(shared_data / "gt_rig" / f"{name}.glb")
    names, joints, parents = one_tree(rig)
    low, high = rig.vertices.min(0).astype(np.float32), rig.vertices.max(0).astype(np.float32)
    for plan in (None, "biped" if "woman" in name else "quadruped"):
        roles: Roles = find_roles(joints, parents, low, high, plan)
        found = dict(zip(names, roles.words, strict=True))
        assert {joint: found[joint] for joint in TRUTH[name]} == TRUTH[name]
        given = [word for word in roles.words if word]
        assert len(set(given)) == len(given)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.sampled_from([None, "quadruped", "biped", "bird", "fish", "snake", "object"]))
def test_any_tree_gets_unique_names(seed: int, count: int, plan: str | None) -> None:
    """Half of the trees are mirrored, as bodies are, with joints at one place among them; nothing is named twice."""
    random = np.random.default_rng(seed)
    joints = random.normal(size=(count, 3)) * [0.3, 0.4, 0.5] + [0, 0.5, 0]
    joints[random.random(count) < 0.3, 0] = 0
    joints[random.random(count) < 0.1] = joints[0]
    parents = np.array([-1, *(int(random.integers(0, joint)) for joint in range(1, count))], np.int32)
    if seed % 2:
        joints = np.concatenate([joints, joints[1:] * [-1, 1, 1]])
        parents = np.concatenate([parents, [0 if parent == 0 else parent + count - 1 for parent in parents[1:]]]).astype(np.int32)
    places = joints.astype(np.float32)
    skeleton = Skeleton(joints=places, parents=parents)
    rig = name_rig(skeleton, bone_tails(places, parents), places.min(0), places.max(0), plan)
    assert len(rig.names) == len(set(rig.names)) == len(joints) + 1
    assert all(role is not None or name.startswith("bone_") for role, name in zip(rig.roles, rig.names, strict=True))


def _rerooted(rows: list[Row], root: int) -> list[Row]:
    """The same tree with another root; parents come first."""
    _, parents = skeleton_of(rows)
    order = sorted(range(len(rows)), key=lambda joint: len(path_between(parents, root, joint)))
    place = {joint: number for number, joint in enumerate(order)}
    result: list[Row] = []
    for joint in order:
        parent = -1 if joint == root else place[path_between(parents, joint, root)[1]]
        result.append((rows[joint][0], parent, rows[joint][2]))
    return result
