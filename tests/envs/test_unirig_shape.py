"""Geometry around UniRig's networks: the mesh they see, the voxel prior, the way of weights to the full mesh, the check of rigs."""

import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "envs" / "unirig"))

from rigshot_unirig import prior, rig_check, transfer
from rigshot_unirig.mesh import (
    Box,
    Preparation,
    components,
    edges_of,
    from_upstream,
    load_mesh,
    pieces_of,
    prepare,
    rows_by,
    sample,
    to_upstream,
    welded,
)
from rigshot_unirig.rig_files import RigFile, load_rig, save_rig
from rigshot_unirig.skeleton import Skeleton
from rigshot_unirig.tries import Try, best_of, classes_for
from rigshot_unirig.voxels import fill
from rigshot_unirig.weight_check import bleed
from unirig_kit import DOG, capsule, dog, one_tree, skeleton_of, together

from rigshot_env import BadInput, BadRig
from rigshot_pipeline.evaluation.truth_rig import load_truth

Floats = NDArray[np.float32]


def quiet(_: float) -> None:
    """Hears and does nothing."""


def test_axes_turn_and_turn_back() -> None:
    """What faces +Z and stands on +Y comes to face -Y and to stand on +Z; the left stays +X."""
    axes = np.eye(3, dtype=np.float32)
    assert to_upstream(axes).tolist() == [[1, 0, 0], [0, 0, 1], [0, -1, 0]]
    points = np.random.default_rng(0).normal(size=(9, 3)).astype(np.float32)
    assert np.array_equal(from_upstream(to_upstream(points)), points)


def test_a_split_mesh_is_welded_and_a_large_one_reduced() -> None:
    vertices, faces = capsule((0, 0.2, 0), (0, 0.8, 0), 0.2, sides=220, rings=160)
    split = vertices[faces].reshape(-1, 3)
    apart = np.arange(len(split), dtype=np.int32).reshape(-1, 3)
    places, corners, index = welded(split, apart)
    assert (len(places), len(corners)) == (len(vertices), len(faces))
    assert np.array_equal(places[index], split)
    mesh = prepare(split, apart)
    assert 40_000 < len(mesh.faces) <= 50_000 < len(faces)
    assert np.allclose(np.linalg.norm(mesh.vertex_normals, axis=1), 1, atol=1e-5)
    out = mesh.vertices - np.clip(mesh.vertices, [0, 0, 0.2], [0, 0, 0.8])
    assert (np.einsum("vd,vd->v", mesh.vertex_normals, out / np.linalg.norm(out, axis=1, keepdims=True)) > 0.98).all()


def test_the_last_mesh_is_prepared_once() -> None:
    vertices, faces = dog()
    prepared = Preparation()
    mesh = prepared(vertices, faces)
    assert prepared(vertices.copy(), faces.copy()) is mesh
    other = prepared(vertices * np.float32(2), faces)
    assert other is not mesh and np.allclose(other.vertices, 2 * mesh.vertices)


def test_samples_lie_on_the_surface_and_carry_values() -> None:
    vertices, faces = dog()
    mesh = prepare(vertices, faces)
    places = Box.around(mesh.vertices).inside(mesh.vertices)
    assert np.abs(places).max() == pytest.approx(1)
    first, again, other = (sample(mesh, places, count=3000, of_vertices=500, seed=seed) for seed in (4, 4, 5))
    assert np.array_equal(first.points, again.points) and not np.array_equal(first.points, other.points)
    assert (len(first.points), len(first.vertex)) == (3000, 500)
    assert np.allclose(first.of(places, mesh.faces), first.points, atol=1e-6)
    corners = places[mesh.faces[first.face]]
    off = np.einsum("sd,sd->s", first.points[500:] - corners[:, 0], mesh.face_normals[first.face])
    assert np.abs(off).max() < 1e-5


@pytest.mark.parametrize(
    ("arrays", "text"),
    [
        ({"vertices": np.zeros((3, 2)), "faces": np.zeros((2, 3), int)}, "needs"),
        ({"vertices": np.zeros((9, 3)), "faces": np.zeros((9, 3), int)}, "no size"),
        ({"vertices": np.full((9, 3), np.nan), "faces": np.zeros((9, 3), int)}, "no place"),
        ({"vertices": np.ones((9, 3)), "faces": np.full((9, 3), 9)}, "does not have"),
        ({"vertices": np.ones((9, 3)), "faces": np.zeros((1, 3), int)}, "cannot be rigged"),
        ({"vertices": np.ones((9, 3))}, "cannot be read"),
    ],
)
def test_bad_meshes_are_refused(arrays: dict[str, NDArray[np.float64]], text: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "mesh.npz", **arrays)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match=text):
        load_mesh(tmp_path / "mesh.npz")
    with pytest.raises(BadInput, match="missing"):
        load_mesh(tmp_path / "other.npz")


def test_a_flat_mesh_without_area_has_no_surface() -> None:
    line = np.linspace(0, 1, 9)[:, None] * np.ones(3)
    faces = np.array([[0, 1, 2], [2, 3, 4], [4, 5, 6], [6, 7, 8]], np.int32)
    with pytest.raises(BadInput, match="no surface"):
        prepare(line.astype(np.float32), faces)


def test_voxels_fill_a_ball() -> None:
    vertices, faces = capsule((0, -0.001, 0), (0, 0.001, 0), 0.9, sides=48, rings=48)
    voxels = fill(vertices, faces.astype(np.int64), 60)
    radius = np.linalg.norm(((np.argwhere(np.ones_like(voxels.solid)) * 2 + 1) / 60 - 1), axis=1).reshape(voxels.solid.shape)
    assert voxels.solid[radius < 0.86].all()
    assert not voxels.solid[radius > 0.95].any()
    assert voxels.at(np.array([[0, 0, 0], [0.99, 0.99, 0.99], [3, 0, 0]])).tolist() == [True, False, False]


def test_the_prior_goes_through_the_body_and_not_through_the_air() -> None:
    """Two arms of a horseshoe lie close together; a joint in the one is far from the other one's tip."""
    shoe = together([capsule((-0.2, -0.8, 0), (-0.2, 0.8, 0), 0.1), capsule((0.2, -0.8, 0), (0.2, 0.8, 0), 0.1), bow()])
    box = Box.around(shoe[0])
    places, faces = box.inside(shoe[0]), shoe[1].astype(np.int64)
    joints = box.inside(np.array([[-0.2, 0.7, 0], [0, -0.8, 0], [0.2, -0.6, 0]], np.float32))
    found, grid = prior.voxel_prior(places, faces, joints, prior.PriorSettings(grid=80), quiet)
    assert grid == 80 and found.shape == (len(places), 3)
    assert np.allclose(found.sum(1), 1, atol=1e-5)
    tip = int(np.linalg.norm(shoe[0] - [0.2, 0.9, 0], axis=1).argmin())
    assert found[tip, 2] > 4 * found[tip, 0], "through the air the first joint is nearer"
    assert found[int(np.linalg.norm(shoe[0] - [-0.2, 0.9, 0], axis=1).argmin())].argmax() == 0


def bow() -> tuple[Floats, NDArray[np.int32]]:
    return capsule((-0.2, -0.8, 0), (0.2, -0.8, 0), 0.1)


def test_processes_find_what_one_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    vertices, faces = dog()
    box = Box.around(vertices)
    joints = box.inside(skeleton_of(DOG)[0])
    settings = prior.PriorSettings(grid=40, processes=2)
    alone = prior.voxel_prior(box.inside(vertices), faces.astype(np.int64), joints, settings, quiet)[0]
    monkeypatch.setattr(prior, "_HERE", 0)
    shares: list[float] = []
    apart = prior.voxel_prior(box.inside(vertices), faces.astype(np.int64), joints, settings, shares.append)[0]
    assert np.array_equal(alone, apart)
    assert shares == sorted(shares) and shares[-1] <= 1


def test_searches_stop_when_told_and_at_their_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prior, "_HERE", 0)
    vertices, faces = dog()
    box = Box.around(vertices)
    joints = box.inside(skeleton_of(DOG)[0])
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def remembered(*words: object, **more: object) -> subprocess.Popen[bytes]:
        started.append(popen(*words, **more))  # type: ignore[call-overload]
        return started[-1]

    monkeypatch.setattr(prior.subprocess, "Popen", remembered)

    def enough(share: float) -> None:
        if share >= 0.2 and started:
            raise KeyError("enough")

    settings = prior.PriorSettings(grid=40, processes=2)
    with pytest.raises(KeyError, match="enough"):
        prior.voxel_prior(box.inside(vertices), faces.astype(np.int64), joints, settings, enough)
    with pytest.raises(prior.TooLong):
        prior.voxel_prior(box.inside(vertices), faces.astype(np.int64), joints, replace(settings, seconds=0), quiet)
    assert len(started) == 4
    assert all(child.returncode is not None for child in started), "no process is left behind"


def test_a_bulky_body_gets_a_coarser_grid() -> None:
    assert prior.chosen_grid(500_000, 30, 196) == 196
    grid = prior.chosen_grid(3_900_000, 52, 196)
    assert 90 < grid < 110
    assert 3_900_000 * (grid / 196) ** 3 * 52 <= prior.MOST_WORK
    assert prior.chosen_grid(3_900_000, 10_000, 196) == 64


def test_the_graph_is_the_meshs_and_symmetric() -> None:
    """Along a thin rod the way between two joints is as long as the rod between them."""
    rod = capsule((0, -0.9, 0), (0, 0.9, 0), 0.1)
    voxels = fill(rod[0], rod[1].astype(np.int64), 64)
    ends = np.array([[0.1, -0.9, 0], [0.1, 0.9, 0]], np.float32)
    graph, starts = prior._graph(rod[0], rod[1].astype(np.int64), ends, voxels, prior.PriorSettings(grid=64))
    assert abs(graph - graph.T).max() == 0
    way = dijkstra(graph, indices=int(starts[0]))[starts[1]]
    assert 1.79 < way < 1.95


def test_weights_of_a_rig_survive_the_way_to_the_full_mesh(shared_data: Path) -> None:
    """The truth's weights at sampled points, brought back to the vertices, are the truth's again."""
    rig = load_truth(shared_data / "gt_rig" / "khronos_Fox.glb")
    places, faces, index = welded(rig.vertices.astype(np.float32), rig.faces.astype(np.int32))
    truth = np.zeros((len(places), len(rig.names)), np.float32)
    truth[index] = rig.weights
    mesh = prepare(places, faces)
    known = truth[cKDTree(to_upstream(places)).query(mesh.vertices)[1]]
    samples = sample(mesh, mesh.vertices, count=32768, of_vertices=8192, seed=0)
    pieces = components(len(places), edges_of(faces))
    own = pieces_of(mesh, to_upstream(places), pieces)[samples.corner(mesh.faces)]
    bones = np.stack([rig.places, rig.places + 0.01], 1)
    skin = transfer.transfer(samples.points, own, samples.of(known, mesh.faces), to_upstream(places), edges_of(faces), pieces, bones)
    assert skin.mended == 0
    assert np.allclose(skin.weights.sum(1), 1, atol=1e-5)
    assert (skin.weights > 0).sum(1).max() <= 4
    assert np.abs(skin.weights - truth).sum(1).mean() < 0.05
    assert (skin.weights.argmax(1) == truth.argmax(1)).mean() > 0.98


def two_bars() -> tuple[Floats, NDArray[np.int32], Floats, NDArray[np.int64], Floats]:
    """Two bars a millimetre apart, points on both, the one moved by bone 0, the other by bone 1."""
    left, right = capsule((-0.1005, -0.8, 0), (-0.1005, 0.8, 0), 0.1), capsule((0.1005, -0.8, 0), (0.1005, 0.8, 0), 0.1)
    vertices, faces = together([left, right])
    points = np.concatenate([vertices[:-5], vertices[5:]])
    own = (points[:, 0] > 0).astype(np.int64)
    return vertices, faces, points, own, np.eye(2, dtype=np.float32)[own]


def test_nothing_is_taken_from_another_piece_that_is_near() -> None:
    vertices, faces, points, own, weights = two_bars()
    pieces = components(len(vertices), edges_of(faces))
    bones = np.array([[[-0.1, -1, 0], [-0.1, 1, 0]], [[0.1, -1, 0], [0.1, 1, 0]]])
    skin = transfer.transfer(points, own, weights, vertices, edges_of(faces), pieces, bones)
    assert np.array_equal(skin.weights, np.eye(2, dtype=np.float32)[(vertices[:, 0] > 0).astype(int)])


def test_points_without_weights_are_mended_or_the_rig_is_bad() -> None:
    vertices, faces, points, own, weights = two_bars()
    pieces = components(len(vertices), edges_of(faces))
    bones = np.array([[[-0.1, -1, 0], [-0.1, 1, 0]], [[0.1, -1, 0], [0.1, 1, 0]]])
    weights[:2] = np.nan
    weights[-1] = 0
    skin = transfer.transfer(points, own, weights, vertices, edges_of(faces), pieces, bones)
    assert skin.mended == pytest.approx(3 / len(points))
    assert np.array_equal(skin.weights.argmax(1), (vertices[:, 0] > 0).astype(int))
    weights[: len(weights) // 50] = np.nan
    with pytest.raises(BadRig, match="no weights for 2% of the surface"):
        transfer.transfer(points, own, weights, vertices, edges_of(faces), pieces, bones)


def test_smoothing_counts_every_neighbour() -> None:
    """In the middle of a fan every neighbour counts once, and none that is too far away."""
    angle = np.arange(6) * np.pi / 3
    vertices = np.concatenate([[[0, 0, 0]], np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1)]).astype(np.float32)
    faces = np.array([[0, 1 + k, 1 + (k + 1) % 6] for k in range(6)], np.int32)
    weights = np.zeros((7, 2))
    weights[1:4, 0] = weights[[0, 4, 5, 6], 1] = 1
    near = transfer._neighbour_mean(vertices, edges_of(faces), 100.0)
    assert np.allclose((near @ weights)[0], [3 / 7, 4 / 7], atol=1e-4)
    assert np.allclose(near.sum(1), 1)
    far = transfer._neighbour_mean(vertices, edges_of(faces), 0.2)
    assert np.allclose(far @ weights, weights, atol=1e-9)


def test_four_influences_are_kept() -> None:
    weights = transfer.strongest(np.array([[0.3, 0.25, 0.2, 0.15, 0.1], [1, 0.005, 0, 0, 0], [0.5, 0.5, 0, 0, 0]]))
    assert np.allclose(weights[0], np.array([0.3, 0.25, 0.2, 0.15, 0]) / 0.9)
    assert weights[1].tolist() == [1, 0, 0, 0, 0]
    assert weights[2].tolist() == [0.5, 0.5, 0, 0, 0]


def test_weight_far_away_through_the_body_is_bled() -> None:
    near = np.array([[0.98, 0.015, 0.005], [0.6, 0.39, 0.01]], np.float32)
    parents = np.array([-1, 0, 1], np.int32)
    assert bleed(np.array([[1, 0, 0], [0.5, 0.5, 0]], np.float32), near, parents) == 0
    assert bleed(np.array([[0.4, 0, 0.6], [0, 1, 0]], np.float32), near, parents) == pytest.approx(0.3)


def subject_and_skeleton() -> tuple[rig_check.Subject, Skeleton]:
    vertices, faces = dog()
    mesh = prepare(vertices, faces)
    box = Box.around(mesh.vertices)
    joints, parents = skeleton_of(DOG)
    skeleton = Skeleton(joints=box.inside(to_upstream(joints)), parents=parents)
    return rig_check.Subject.of(box.inside(mesh.vertices), mesh.faces), skeleton


def test_a_sound_rig_is_good_and_spoilt_ones_are_worse() -> None:
    subject, skeleton = subject_and_skeleton()
    assert subject.mirrored
    good = rig_check.check_rig(subject, skeleton)
    assert good.sound and good.score >= rig_check.GOOD, good
    assert good.inside > 0.9 and good.covered > 0.9 and good.symmetry > 0.99
    legless = replace(skeleton, joints=skeleton.joints[:7], parents=skeleton.parents[:7])
    lamed = rig_check.check_rig(subject, legless)
    assert lamed.covered < good.covered - 0.1 and lamed.score < good.score
    aside = rig_check.check_rig(subject, replace(skeleton, joints=skeleton.joints + np.float32([0.5, 0, 0])))
    assert not aside.sound and "outside the body" in aside.faults[0]
    small = rig_check.check_rig(subject, replace(skeleton, joints=(skeleton.joints * 0.2).astype(np.float32)))
    assert not small.sound and any("spans" in fault for fault in small.faults)
    lame = skeleton.joints.copy()
    lame[7:10] += np.float32([0.05, 0.25, 0.1])
    assert rig_check.check_rig(subject, replace(skeleton, joints=lame)).symmetry < good.symmetry
    single = Skeleton(joints=skeleton.joints[:2], parents=skeleton.parents[:2])
    assert "it has 2 joints" in rig_check.check_rig(subject, single).faults


@pytest.mark.parametrize("name", ["khronos_Fox", "quaternius_Wolf", "quaternius_Trex", "quaternius_woman_Casual"])
def test_rigs_that_people_made_pass_and_shaken_ones_score_less(name: str, shared_data: Path) -> None:
    rig = load_truth(shared_data / "gt_rig" / f"{name}.glb")
    mesh = prepare(rig.vertices.astype(np.float32), rig.faces.astype(np.int32))
    box = Box.around(mesh.vertices)
    subject = rig_check.Subject.of(box.inside(mesh.vertices), mesh.faces)
    _, places, parents = one_tree(rig)
    skeleton = Skeleton(joints=box.inside(to_upstream(places)), parents=parents)
    truth = rig_check.check_rig(subject, skeleton)
    assert truth.sound and truth.score > rig_check.GOOD, truth
    shaken = skeleton.joints + np.random.default_rng(0).normal(scale=0.12, size=skeleton.joints.shape)
    other = rig_check.check_rig(subject, replace(skeleton, joints=shaken.astype(np.float32)))
    assert not other.sound and other.score < truth.score - 0.2, other


def test_the_best_try_is_kept_and_a_good_one_ends_the_search() -> None:
    subject, skeleton = subject_and_skeleton()
    good = Try(skeleton=skeleton, check=rig_check.check_rig(subject, skeleton), seed=3)
    poor = Try(skeleton=skeleton, check=replace(good.check, covered=0.45), seed=2)
    bad = Try(skeleton=skeleton, check=replace(good.check, faults=("it is bad",)), seed=1)
    tries = iter([bad, poor, good, bad])
    assert best_of(tries) is good
    assert list(tries) == [bad], "what comes after a good one is not made"
    assert best_of(iter([bad, poor, bad])) is poor
    assert best_of(iter([bad])) is bad
    assert classes_for("biped", 3, "articulationxl") == ["articulationxl", "vroid", "articulationxl"]
    assert classes_for("quadruped", 2, "other") == ["other", "other"]


def test_rig_files_are_checked_and_whole(tmp_path: Path) -> None:
    joints, parents = skeleton_of(DOG)
    words = {"names": [row[0] for row in DOG], "roles": [None] * len(DOG)}
    rig = RigFile(joints=joints, tails=joints + np.float32(0.01), parents=parents, words=words)
    weights = np.zeros((5, len(DOG)), np.float32)
    save_rig(tmp_path / "rig.npz", rig, weights)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rig.json", "rig.npz"]
    again = load_rig(tmp_path / "rig.npz")
    assert np.array_equal(again.joints, joints) and again.words == words and again.bound == list(range(len(DOG)))
    rooted = replace(rig, words={"names": ["root", *words["names"][1:]]})
    assert rooted.bound == list(range(1, len(DOG)))
    np.savez(tmp_path / "rig.npz", joints=joints, tails=joints, parents=parents[::-1])
    with pytest.raises(BadInput, match="only root"):
        load_rig(tmp_path / "rig.npz")
    (tmp_path / "rig.json").write_text("[")
    with pytest.raises(BadInput, match="cannot be read"):
        load_rig(tmp_path / "rig.npz")
    (tmp_path / "rig.json").unlink()
    with pytest.raises(BadInput, match="missing"):
        load_rig(tmp_path / "rig.npz")


def test_a_search_ends_with_the_process_that_asked_for_it(tmp_path: Path) -> None:
    """Its parent gone, it does not start another search: of many slow ones few are done."""
    nodes = 400_000
    data = np.ones(2 * nodes - 2)
    row = np.arange(nodes - 1)
    graph = coo_matrix((data, (np.r_[row, row + 1], np.r_[row + 1, row])), (nodes, nodes)).tocsr()
    for name in ("data", "indices", "indptr"):
        np.save(tmp_path / f"{name}.npy", getattr(graph, name))
    np.save(tmp_path / "starts.npy", np.zeros(500, np.int64))
    script = "import subprocess, sys, time; subprocess.Popen(sys.argv[1:]); time.sleep(60)"
    command = [sys.executable, "-c", script, sys.executable, str(prior._SEARCH), str(tmp_path), "10", "1", "0"]
    parent = subprocess.Popen(command, start_new_session=True)
    try:
        while not list(tmp_path.glob("found_*.npy")):
            assert parent.poll() is None
            time.sleep(0.02)
    finally:
        parent.kill()
        parent.wait()
    count = -1
    while (now := len(list(tmp_path.glob("found_*.npy")))) != count:
        count = now
        threading.Event().wait(0.6)
    assert count < 400 and not (tmp_path / "found_499.npy").exists()


def test_thousands_of_pieces_are_no_burden() -> None:
    """Rows are grouped once, and pieces that no sample fell on are asked about together."""
    random = np.random.default_rng(0)
    places = random.uniform(-1, 1, (4000, 1, 3)) + random.normal(scale=0.01, size=(4000, 3, 3))
    vertices = places.reshape(-1, 3).astype(np.float32)
    faces = np.arange(12000, dtype=np.int32).reshape(-1, 3)
    pieces = components(len(vertices), edges_of(faces))
    assert sorted(rows_by(pieces)) == list(range(4000))
    own = np.arange(0, 12000, 5)
    weights = np.stack([vertices[own, 0] > 0, vertices[own, 0] <= 0], 1).astype(np.float32)
    bones = np.array([[[0.5, 0, 0], [0.6, 0, 0]], [[-0.5, 0, 0], [-0.6, 0, 0]]])
    skin = transfer.transfer(vertices[own], pieces[own].astype(np.int64), weights, vertices, edges_of(faces), pieces, bones)
    clear = np.abs(vertices[:, 0]) > 0.2
    assert np.array_equal(skin.weights[clear].argmax(1), (vertices[clear, 0] <= 0).astype(int))
