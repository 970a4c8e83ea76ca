"""The figures of an evaluation on shapes, rigs and pictures whose answers are known beforehand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from numpy.typing import NDArray

from rigshot_pipeline.asset import Mesh, Rig
from rigshot_pipeline.body import Projection
from rigshot_pipeline.evaluation import picture_scores
from rigshot_pipeline.evaluation.hard import HARDSHIPS, UNSPOILT, spoil
from rigshot_pipeline.evaluation.picture_scores import Portrait, portrait_of_model, portrait_of_photo
from rigshot_pipeline.evaluation.rig_scores import matched, motion_scores, skeleton_scores, skin_scores
from rigshot_pipeline.evaluation.shape_scores import Placement, shape_scores
from rigshot_pipeline.evaluation.tables import loss_share, tables
from rigshot_pipeline.evaluation.truth_rig import TruthRig, clip_names, load_truth
from rigshot_pipeline.evaluation.volumes import grid_around, inside
from rigshot_pipeline.preview.camera import fit, orbit
from rigshot_pipeline.warm import toy_animal

FloatsOf = NDArray[np.float64]


def test_a_grid_of_cells_measures_a_sphere_and_counts_shells_that_overlap_once() -> None:
    ball = trimesh.creation.icosphere(subdivisions=4, radius=0.4)
    vertices, faces = np.asarray(ball.vertices, np.float64), np.asarray(ball.faces, np.int32)
    grid = grid_around(vertices)
    assert inside(vertices, faces, grid).sum() / 90**3 == pytest.approx(4 / 3 * np.pi * 0.4**3, rel=0.01)
    assert inside(vertices, faces[:, ::-1].copy(), grid).sum() == inside(vertices, faces, grid).sum()
    twice = np.concatenate([vertices, vertices + np.array([0.1, 0, 0])])
    both = np.concatenate([faces, faces + len(vertices)]).astype(np.int32)
    grid = grid_around(twice)
    apart = inside(twice, faces, grid) | inside(twice, (faces + len(vertices)).astype(np.int32), grid)
    assert (inside(twice, both, grid) == apart).all()


def test_a_hole_in_a_surface_does_not_let_its_volume_out() -> None:
    box = trimesh.creation.box((0.8, 0.6, 0.7))
    vertices, faces = np.asarray(box.vertices, np.float64), np.asarray(box.faces, np.int32)
    grid = grid_around(vertices, cells=40)
    assert (inside(vertices, faces[1:], grid) == inside(vertices, faces, grid)).mean() > 0.98


def stick() -> tuple[TruthRig, Rig]:
    """A bar of 1 m with two joints, and a rig of ours with the same joints and a root that moves nothing."""
    bar = trimesh.creation.box((0.1, 1.0, 0.1)).subdivide().subdivide().subdivide()
    vertices = np.asarray(bar.vertices, np.float64) + np.array([0, 0.5, 0])
    upper = np.clip((vertices[:, 1] - 0.4) / 0.2, 0, 1)
    weights = np.stack([np.zeros_like(upper), 1 - upper, upper], 1)
    places = np.array([[0, 0, 0], [0, 0.05, 0], [0, 0.5, 0]])
    truth = TruthRig(
        vertices=vertices,
        faces=np.asarray(bar.faces, np.int32),
        colours=np.full((len(vertices), 3), 120, np.uint8),
        names=("root", "lower", "upper"),
        places=places,
        turns=np.tile(np.eye(3), (3, 1, 1)),
        parents=np.array([-1, 0, 1], np.int32),
        weights=weights,
    )
    tails = np.array([[0, 0, 0.1], [0, 0.5, 0], [0, 1, 0]], np.float32)
    rig = Rig(names=truth.names, parents=truth.parents, joints=places.astype(np.float32), tails=tails, weights=weights.astype(np.float32))
    return truth, rig


def bent(truth: TruthRig, degrees: float) -> TruthRig:
    """The bar with its upper half turned about the joint between."""
    angle = np.radians(degrees)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    moved = (truth.vertices - truth.places[2]) @ turn.T + truth.places[2]
    share = truth.weights[:, 2:]
    turns = truth.turns.copy()
    turns[2] = turn
    return replace(truth, vertices=truth.vertices * (1 - share) + moved * share, turns=turns)


def test_the_truth_itself_has_no_errors_and_follows_its_own_motion() -> None:
    truth, rig = stick()
    pair = matched(rig, truth.vertices, truth.places, rig.tails.astype(np.float64), truth)
    skeleton, skin = skeleton_scores(pair), skin_scores(pair)
    assert (skeleton.j2j, skeleton.b2b, skeleton.b2b_even) == pytest.approx((0, 0, 0), abs=1e-6)
    assert skeleton.j2b == pytest.approx(0, abs=0.003)  # UniRig's samples end at 0.99 of a bone
    assert (skeleton.joints, skeleton.truth_joints) == (2, 2)  # the roots carry nothing
    assert (skin.skin_precision, skin.skin_recall, skin.skin_l1) == pytest.approx((1, 1, 0), abs=1e-6)
    motion = motion_scores(pair, [bent(truth, 40), bent(truth, -25)])
    assert motion is not None
    assert motion.motion_mean == pytest.approx(0, abs=1e-5)
    assert motion.motion_still > 0.1


def test_joints_and_weights_that_are_off_are_measured_by_how_much() -> None:
    truth, rig = stick()
    shifted = truth.places + np.array([0.1, 0, 0])
    pair = matched(rig, truth.vertices, shifted, rig.tails.astype(np.float64) + np.array([0.1, 0, 0]), truth)
    skeleton = skeleton_scores(pair)
    assert (skeleton.j2j, skeleton.b2b) == pytest.approx((0.1, 0.1), abs=1e-6)
    hard = np.eye(3, dtype=np.float32)[(truth.vertices[:, 1] > 0.5).astype(int) + 1]
    wrong = replace(rig, weights=hard[:, [0, 2, 1]])
    skin = skin_scores(matched(wrong, truth.vertices, truth.places, rig.tails.astype(np.float64), truth))
    assert skin.skin_precision < 0.3
    assert skin.skin_l1 > 1.5
    still = replace(rig, weights=np.eye(3, dtype=np.float32)[np.ones(len(truth.vertices), int)])
    motion = motion_scores(matched(still, truth.vertices, truth.places, rig.tails.astype(np.float64), truth), [bent(truth, 40)])
    assert motion is not None
    assert motion.motion_mean > 0.8 * motion.motion_still


def test_a_model_that_equals_its_truth_is_found_along_the_line_of_sight(shared_data: Path) -> None:
    file = shared_data / "gt_rig" / "khronos_Fox.glb"
    rig = load_truth(file)
    camera = fit(orbit(-60, 5), rig.vertices.astype(np.float32), fill=0.6)
    scale = 640 / camera.span
    axes = camera.axes.astype(np.float64)
    matrix = np.zeros((3, 4))
    for row, axis, sign in ((0, 0, 1), (1, 1, -1)):
        matrix[row, :3] = sign * scale * axes[axis]
        matrix[row, 3] = 320 - matrix[row, :3] @ camera.target
    matrix[2, :3] = axes[2]
    matrix[2, 3] = 0.2  # the photo does not tell the depth
    place = Placement(
        camera=camera,
        size=640,
        canonical_from_photo=np.eye(3),
        projection=Projection(matrix=matrix.astype(np.float32), size=640),
        shift=np.zeros(3),
    )
    score, moved = shape_scores(file, place, rig.vertices.astype(np.float32), rig.faces)
    assert np.abs(moved(rig.vertices) - rig.vertices).max() < 0.01
    assert score.volume_iou > 0.9
    assert score.chamfer < 0.005
    assert score.normal_consistency > 0.9
    fat, _ = shape_scores(file, place, (rig.vertices * [2, 1, 1]).astype(np.float32), rig.faces)
    assert fat.volume_iou < 0.8 * score.volume_iou
    assert fat.chamfer > 2 * score.chamfer


def test_truth_rigs_know_their_skeletons_weights_and_clips(shared_data: Path) -> None:
    file = shared_data / "gt_rig" / "khronos_Fox.glb"
    rig = load_truth(file)
    assert len(rig.names) == 24
    assert len(rig.carrying) == 22
    assert len(rig.bones) == 21
    assert np.allclose(rig.weights.sum(1), 1)
    assert clip_names(file) == ("Survey", "Walk", "Run")
    walking = load_truth(file, clip="Walk", seconds=0.3, at_rest=rig)
    moved = np.linalg.norm(walking.vertices - rig.vertices, axis=1)
    assert 0.02 < moved.max() < 0.6
    # The head's vertices move as its joint says: the weights and the turns belong to one another.
    head = rig.names.index("b_Head_05")
    own = rig.weights[:, head] > 0.99
    turn = walking.turns[head] @ rig.turns[head].T
    expected = (rig.vertices[own] - rig.places[head]) @ turn.T + walking.places[head]
    assert np.abs(walking.vertices[own] - expected).max() < 1e-3


def photo() -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    animal = toy_animal(alpha=True)
    mask = animal[..., 3] > 127
    picture = np.where(mask[..., None], animal[..., :3], np.array([60, 110, 160], np.uint8)).astype(np.uint8)
    return picture, mask


@pytest.mark.parametrize("name", [f"{way.name}-{way.levels[-1]:g}" for way in HARDSHIPS.values()])
def test_a_spoilt_photo_keeps_its_mask_and_tells_where_its_pixels_went(name: str) -> None:
    picture, mask = photo()
    known = np.ones_like(mask)
    hard = spoil(name, picture, mask, known, of="toy")
    again = spoil(name, picture, mask, known, of="toy")
    assert (hard.photo == again.photo).all()
    assert hard.photo.shape[:2] == hard.mask.shape == hard.known.shape
    assert not np.array_equal(hard.photo, picture)
    rows, columns = np.nonzero(mask)
    places = np.stack([columns + 0.5, rows + 0.5, np.ones(len(rows))], 1) @ hard.matrix.T
    column, row = places[:, 0].astype(int), places[:, 1].astype(int)
    shown = (column >= 0) & (row >= 0) & (column < hard.mask.shape[1]) & (row < hard.mask.shape[0])
    assert hard.mask[row[shown], column[shown]].mean() > 0.9
    assert shown.mean() == pytest.approx(1 if not name.startswith("cropped") else 0.7, abs=0.2)


def test_an_unspoilt_photo_is_the_photo_and_an_unknown_hardship_is_an_error() -> None:
    picture, mask = photo()
    assert (spoil(UNSPOILT, picture, mask, mask, of="toy").photo == picture).all()
    with pytest.raises(KeyError):
        spoil("burnt-3", picture, mask, mask, of="toy")


def test_bleed_counts_the_pixels_that_show_the_background() -> None:
    picture, mask = photo()
    known = np.ones_like(mask)
    clean = np.dstack([picture, mask.astype(np.uint8) * 255])
    assert picture_scores.background_bleed(clean, picture, mask, known) == pytest.approx(0, abs=0.01)
    whole = np.dstack([picture, np.full(mask.shape, 255, np.uint8)])
    bleed = picture_scores.background_bleed(whole, picture, mask, known)
    assert bleed == pytest.approx(1 - mask.mean(), abs=0.05)


def test_identity_falls_with_another_shape_another_coat_and_a_turn() -> None:
    picture, mask = photo()
    own = portrait_of_photo(picture, mask)
    assert picture_scores.identity(own, own) == pytest.approx(1)
    assert picture_scores.sharpness(own, own) == pytest.approx(1)
    red = Portrait(colours=np.where(own.mask[..., None], np.array([200, 30, 30], np.uint8), own.colours), mask=own.mask)
    turned = portrait_of_photo(np.rot90(picture).copy(), np.rot90(mask).copy())
    assert picture_scores.identity(red, own) < 0.8
    assert picture_scores.identity(turned, own) < 0.9
    assert picture_scores.upright_iou(turned, own) < 0.7


def test_a_portrait_of_a_model_fills_the_same_share_as_that_of_its_photo() -> None:
    box = trimesh.creation.box((0.2, 0.5, 1.0))
    mesh = Mesh(vertices=np.asarray(box.vertices, np.float32), faces=np.asarray(box.faces, np.int32))
    seen = Projection(matrix=np.array([[0, 0, 300, 256], [0, -300, 0, 256], [-1, 0, 0, 0]], np.float32), size=512)
    model = portrait_of_model(mesh, None, seen, mirrored=False)
    mask = np.zeros((400, 600), bool)
    mask[100:200, 50:250] = True
    of_photo = portrait_of_photo(np.zeros((400, 600, 3), np.uint8), mask)
    assert picture_scores.upright_iou(model, of_photo) > 0.97


def row(case: str, hardship: str, variant: str, silhouette: float | None) -> dict[str, float | int | bool | str | None]:
    outcome = "refused" if silhouette is None else "model"
    words = {"case": case, "kind": "photo_pet", "side": None, "hardship": hardship, "variant": variant, "outcome": outcome}
    return words | {"silhouette_iou": silhouette}


def test_losses_count_from_the_prepared_photo_and_a_refusal_is_a_zero() -> None:
    rows = [row("a", UNSPOILT, "all", 0.9), row("a", "small-4", "all", 0.8), row("a", "small-4", "none", 0.5)]
    assert loss_share(rows, "small-4", "silhouette_iou") == pytest.approx(0.25)
    rows += [row("b", UNSPOILT, "all", 0.9), row("b", "small-4", "all", 0.8), row("b", "small-4", "none", None)]
    assert loss_share(rows, "small-4", "silhouette_iou") == pytest.approx(0.1 / 0.65)
    assert loss_share(rows, "small-8", "silhouette_iou") is None
    assert "| small-4 | 0.800 | 0.250 | 0.15 |" in tables([*rows])
