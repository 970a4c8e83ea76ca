import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from rigshot_pipeline.asset import Clip, Rig
from rigshot_pipeline.pose import clip_matrices, joint_matrices, quaternion_matrices, sample_clip, skin_vertices


def arm(weights: np.ndarray | None = None) -> Rig:
    """Two bones along +X, the second hinged at x = 1."""
    return Rig(
        names=("root", "upper", "lower"),
        parents=np.array([-1, 0, 1], np.int32),
        joints=np.array([[0, 0, 0], [0, 0, 0], [1, 0, 0]], np.float32),
        tails=np.array([[0, 0, 0.1], [1, 0, 0], [2, 0, 0]], np.float32),
        weights=weights,
    )


def turns(*degrees: float) -> np.ndarray:
    return Rotation.from_euler("z", np.array(degrees)[:, None], degrees=True).as_quat().astype(np.float32)


@given(st.lists(st.floats(-1, 1), min_size=4, max_size=4).filter(lambda row: np.linalg.norm(row) > 0.1))
def test_quaternions_become_the_rotations_that_scipy_makes_of_them(row: list[float]) -> None:
    quaternion = np.array(row) / np.linalg.norm(row)
    assert np.allclose(quaternion_matrices(quaternion.astype(np.float32)), Rotation.from_quat(quaternion).as_matrix(), atol=1e-5)


def test_bind_pose_leaves_joints_and_skin_in_place() -> None:
    rig = arm(np.array([[0, 1, 0], [0, 0.5, 0.5], [0, 0, 1]], np.float32))
    matrices = joint_matrices(rig, turns(0, 0, 0), np.zeros(3, np.float32))
    assert np.allclose(matrices[:, :3, 3], rig.joints)
    points = np.array([[0.2, 0.1, 0], [1, 0.3, 0.2], [1.9, 0, -0.4]], np.float32)
    assert np.allclose(skin_vertices(points, rig, matrices), points, atol=1e-6)


def test_a_childs_rotation_adds_to_its_parents() -> None:
    matrices = joint_matrices(arm(), turns(0, 90, 90), np.array([0, 0, 5], np.float32))
    assert np.allclose(matrices[2, :3, 3], [0, 1, 5], atol=1e-6)  # the elbow stands above the shoulder
    assert np.allclose(matrices[2, :3, :3] @ [1, 0, 0], [-1, 0, 0], atol=1e-6)  # the forearm points back


def test_weights_blend_the_joints_motions() -> None:
    rig = arm(np.array([[0, 0.25, 0.75]], np.float32))
    moved = skin_vertices(np.array([[2, 0, 0]], np.float32), rig, joint_matrices(rig, turns(0, 0, 90), np.zeros(3, np.float32)))
    assert np.allclose(moved, 0.25 * np.array([2, 0, 0]) + 0.75 * np.array([1, 1, 0]), atol=1e-6)


def test_skinning_without_weights_is_refused() -> None:
    rig = arm()
    with pytest.raises(ValueError, match="no weights"):
        skin_vertices(rig.joints, rig, joint_matrices(rig, turns(0, 0, 0), np.zeros(3, np.float32)))


def swing(loop: bool) -> Clip:
    return Clip(
        name="swing",
        times=np.array([0, 1, 2], np.float32),
        rotations=np.stack([turns(0, 0, 0), turns(0, 80, 0), turns(0, 0, 0)]),
        root_offset=np.array([[0, 0, 0], [0, 2, 0], [0, 0, 0]], np.float32),
        loop=loop,
    )


def test_between_keys_rotations_go_along_the_arc_and_offsets_straight() -> None:
    rotations, offset = sample_clip(swing(True), 0.25)
    assert np.allclose(rotations, turns(0, 20, 0), atol=1e-6)
    assert np.allclose(offset, [0, 0.5, 0])


def test_opposite_signs_of_a_quaternion_take_the_short_way() -> None:
    clip = swing(True)
    flipped = Clip(
        name="x", times=clip.times, rotations=clip.rotations * np.array([1, -1, 1], np.float32)[:, None, None], root_offset=clip.root_offset
    )
    assert np.allclose(quaternion_matrices(sample_clip(flipped, 0.5)[0]), quaternion_matrices(turns(0, 40, 0)), atol=1e-5)


@pytest.mark.parametrize(("loop", "expected"), [(True, 1.0), (False, 0.0)])
def test_after_its_end_a_loop_starts_again_and_another_clip_holds(loop: bool, expected: float) -> None:
    assert sample_clip(swing(loop), 2.5)[1][1] == pytest.approx(expected)


def test_a_clip_moves_the_whole_chain() -> None:
    matrices = clip_matrices(arm(), swing(True), 1.0)
    assert np.allclose(matrices[2, :3, 3], [np.cos(np.radians(80)), 2 + np.sin(np.radians(80)), 0], atol=1e-5)
