from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from rigshot_pipeline.asset import Mesh
from rigshot_pipeline.body import Body, BodyPart
from rigshot_pipeline.embedded.rig_check import bones_inside
from rigshot_pipeline.embedded.skeleton import build_rig, chain, joint_parts

Toy = Callable[[str], tuple[Mesh, Body]]
TOYS = ("quadruped", "stubby", "biped", "seated", "bird", "fish", "snake", "object")


@pytest.mark.parametrize("name", TOYS)
def test_every_part_has_its_chain_and_every_joint_its_part(toy: Toy, name: str) -> None:
    _, body = toy(name)
    rig = build_rig(body)
    assert rig.names[0] == "root"
    assert np.allclose(rig.joints[0], 0)
    assert len(rig.names) <= 40
    chains = [chain(rig, part) for part in body.parts]
    assert all(chains)
    assert sorted(joint for row in chains for joint in row) == list(range(1, len(rig.names)))
    assert (joint_parts(rig, body)[1:] >= 0).all()


@pytest.mark.parametrize("name", TOYS)
def test_bones_lie_inside_the_body(toy: Toy, name: str) -> None:
    mesh, body = toy(name)
    assert bones_inside(mesh, build_rig(body)) > 0.93


@pytest.mark.parametrize("name", TOYS)
def test_bones_join_end_to_end_along_a_chain(toy: Toy, name: str) -> None:
    _, body = toy(name)
    rig = build_rig(body)
    for part in body.parts:
        row = chain(rig, part)
        for joint, after in pairwise(row):
            assert rig.parents[after] == joint
            assert np.allclose(rig.tails[joint], rig.joints[after])


@pytest.mark.parametrize("name", ["quadruped", "biped", "bird", "seated"])
def test_left_and_right_are_where_their_names_say(toy: Toy, name: str) -> None:
    rig = build_rig(toy(name)[1])
    for word, sign in (("_left_", 1), ("_right_", -1)):
        named = [joint for joint, label in enumerate(rig.names) if word in label]
        assert named
        assert (sign * rig.joints[named, 0] > 0).all()


def bend_of(rig_joints: np.ndarray, row: tuple[int, ...], place: int) -> float:
    """Metres by which the joint at ``place`` of a chain stands before the line between its neighbours."""
    before, at, after = rig_joints[row[place - 1]], rig_joints[row[place]], rig_joints[row[place + 1]]
    share = (at[1] - before[1]) / (after[1] - before[1])
    return float(at[2] - (before[2] + share * (after[2] - before[2])))


@pytest.mark.parametrize(("leg", "inner"), [("leg_fore_left", -1), ("leg_fore_right", -1), ("leg_hind_left", 1), ("leg_hind_right", 1)])
def test_straight_legs_are_bent_the_way_the_animal_bends_them(toy: Toy, leg: str, inner: int) -> None:
    _, body = toy("quadruped")
    straight = tuple(_straightened(part) if part.kind == "leg" else part for part in body.parts)
    rig = build_rig(replace(body, parts=straight))
    part = body.part(leg)
    assert part is not None
    row = chain(rig, part)
    assert bend_of(rig.joints, row, 1) * inner > 0.003  # elbow backward, knee forward
    assert bend_of(rig.joints, row, 2) * -inner > 0.001  # wrist forward, hock backward


def _straightened(part: BodyPart) -> BodyPart:
    share = np.linspace(0, 1, len(part.path), dtype=np.float32)[:, None]
    down = part.path[0] * [1, 0, 1]
    return replace(part, path=(part.path[0] * (1 - share) + (down + np.array([0, 0.02, 0])) * share).astype(np.float32))


def test_a_hock_in_the_picture_is_found_where_it_is(toy: Toy) -> None:
    _, body = toy("quadruped")
    part = body.part("leg_hind_left")
    assert part is not None
    rig = build_rig(body)
    hock = rig.joints[chain(rig, part)[2]]
    corner = part.path[np.argmin(part.path[:, 2])]
    assert np.linalg.norm(hock - corner) < 0.05


def test_a_bipeds_feet_point_forward(toy: Toy) -> None:
    rig = build_rig(toy("biped")[1])
    for foot in ("leg_left_foot", "leg_right_foot"):
        joint = rig.names.index(foot)
        assert rig.tails[joint, 2] - rig.joints[joint, 2] > 0.02


def test_limbs_hang_where_they_should(toy: Toy) -> None:
    rig = build_rig(toy("quadruped")[1])
    parent = {name: rig.names[rig.parents[joint]] for joint, name in enumerate(rig.names) if joint}
    assert parent["leg_fore_left_upper"] == "chest"
    assert parent["leg_hind_left_upper"] == parent["tail_01"] == "hips"
    assert parent["neck_01"] == "chest"
    assert parent["ear_left_01"] == "head"
    assert parent["head"] == "neck_02"


def test_a_subject_of_a_trunk_alone_still_gets_bones(toy: Toy) -> None:
    _, body = toy("quadruped")
    rig = build_rig(replace(body, parts=body.parts[:1], vertex_part=np.zeros_like(body.vertex_part)))
    assert rig.names[:2] == ("root", "hips")
    assert len(rig.names) >= 4
