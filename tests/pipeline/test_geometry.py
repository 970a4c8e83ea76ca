"""Meshes from silhouettes: closed, one piece, with the silhouette that they came from, and with an anatomy that others can rig."""

import cv2
import numpy as np
import pytest
import trimesh
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from rigshot_pipeline.body import Body
from rigshot_pipeline.embedded.face import find_nose
from rigshot_pipeline.embedded.inflate import calibrated_square, lens_of
from rigshot_pipeline.embedded.medial_axis import medial_tree
from rigshot_pipeline.embedded.model import Model, model_of
from rigshot_pipeline.embedded.reading import read_silhouette
from rigshot_pipeline.embedded.silhouette import silhouette_of
from rigshot_pipeline.preview.raster import rasterise

SIZE = 320


def ellipse(mask: NDArray[np.uint8], x: float, y: float, a: float, b: float, turn: float = 0) -> None:
    cv2.ellipse(mask, (round(x * SIZE), round(y * SIZE)), (round(a * SIZE), round(b * SIZE)), turn, 0, 360, 1, -1)


def line(mask: NDArray[np.uint8], *points: tuple[float, float], width: float) -> None:
    ends = np.round(np.array(points) * SIZE).astype(np.int32)
    cv2.polylines(mask, [ends.reshape(-1, 1, 2)], False, 1, round(width * SIZE))


STRIDE = ((0.30, 0.26, 0.30), (0.32, 0.37, 0.42), (0.60, 0.58, 0.55), (0.62, 0.66, 0.68))
STANCE = ((0.30, 0.28, 0.30), (0.62, 0.62, 0.62))
"""Columns of the hips or shoulders, knees and feet of the legs that show."""


def dog(legs: tuple[tuple[float, float, float], ...] = STRIDE) -> NDArray[np.bool_]:
    """A dog seen from its side, looking right."""
    mask = np.zeros((SIZE, SIZE), np.uint8)
    ellipse(mask, 0.46, 0.45, 0.24, 0.10)
    line(mask, (0.64, 0.42), (0.74, 0.30), width=0.10)
    ellipse(mask, 0.78, 0.27, 0.08, 0.06)
    line(mask, (0.80, 0.28), (0.90, 0.31), width=0.05)
    line(mask, (0.75, 0.22), (0.73, 0.15), width=0.035)
    for top, knee, foot in legs:
        line(mask, (top, 0.48), (knee, 0.62), (foot, 0.80), width=0.045)
    line(mask, (0.24, 0.42), (0.12, 0.30), width=0.035)
    return mask > 0


def sitting_cat() -> NDArray[np.bool_]:
    """A cat that sits and looks at the viewer."""
    mask = np.zeros((SIZE, SIZE), np.uint8)
    ellipse(mask, 0.5, 0.68, 0.17, 0.22)
    ellipse(mask, 0.5, 0.34, 0.13, 0.12)
    for sign in (-1, 1):
        cv2.fillPoly(
            mask,
            [np.round(np.array([[0.5 + sign * 0.12, 0.30], [0.5 + sign * 0.11, 0.14], [0.5 + sign * 0.02, 0.24]]) * SIZE).astype(np.int32)],
            1,
        )
    mask[round(0.86 * SIZE) :] = 0
    return mask > 0


def figure() -> NDArray[np.bool_]:
    """Somebody who stands with spread arms and looks at the viewer."""
    mask = np.zeros((SIZE, SIZE), np.uint8)
    ellipse(mask, 0.5, 0.2, 0.09, 0.10)
    line(mask, (0.5, 0.3), (0.5, 0.34), width=0.07)
    ellipse(mask, 0.5, 0.47, 0.10, 0.15)
    for sign in (-1, 1):
        line(mask, (0.5 + sign * 0.07, 0.38), (0.5 + sign * 0.30, 0.46), width=0.06)
        line(mask, (0.5 + sign * 0.06, 0.56), (0.5 + sign * 0.09, 0.88), width=0.075)
    return mask > 0


def fish() -> NDArray[np.bool_]:
    mask = np.zeros((SIZE, SIZE), np.uint8)
    ellipse(mask, 0.55, 0.5, 0.30, 0.12)
    cv2.fillPoly(mask, [np.round(np.array([[0.32, 0.5], [0.10, 0.36], [0.14, 0.5], [0.10, 0.64]]) * SIZE).astype(np.int32)], 1)
    return mask > 0


def bird() -> NDArray[np.bool_]:
    mask = np.zeros((SIZE, SIZE), np.uint8)
    ellipse(mask, 0.5, 0.5, 0.20, 0.13, -35)
    ellipse(mask, 0.64, 0.33, 0.08, 0.08)
    cv2.fillPoly(mask, [np.round(np.array([[0.70, 0.30], [0.84, 0.34], [0.70, 0.36]]) * SIZE).astype(np.int32)], 1)
    cv2.fillPoly(mask, [np.round(np.array([[0.40, 0.52], [0.16, 0.76], [0.24, 0.80], [0.46, 0.62]]) * SIZE).astype(np.int32)], 1)
    line(mask, (0.47, 0.58), (0.47, 0.84), width=0.018)
    line(mask, (0.53, 0.58), (0.55, 0.84), width=0.018)
    return mask > 0


SUBJECTS = {"dog": dog, "sitting_cat": sitting_cat, "figure": figure, "fish": fish, "bird": bird}


def build(mask: NDArray[np.bool_], *, kind: str = "drawing", cut: frozenset[str] = frozenset()) -> Model:
    rgba = np.full((*mask.shape, 4), 150, np.uint8)
    rgba[..., 3] = mask * 255
    return model_of(rgba, read_silhouette(mask, kind=kind), kind=kind, cut=cut)


def overlap(model: Model, mask: NDArray[np.bool_]) -> float:
    size = model.projection.size
    seen = rasterise(model.projection.project(model.mesh.vertices), model.mesh.faces, width=size, height=size).face >= 0
    return float((seen & mask).sum() / (seen | mask).sum())


def solid(model: Model) -> trimesh.Trimesh:
    return trimesh.Trimesh(model.mesh.vertices, model.mesh.faces, process=False)


@pytest.mark.parametrize("name", SUBJECTS)
def test_mesh_is_one_closed_body_that_shows_the_silhouette(name: str) -> None:
    mask = SUBJECTS[name]()
    model = build(mask)
    mesh = solid(model)
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert mesh.volume > 0
    assert mesh.body_count == 1
    assert 8000 <= len(mesh.faces) <= 18000
    assert overlap(model, mask) >= 0.97


@pytest.mark.parametrize("name", SUBJECTS)
def test_world_frame_is_metres_on_the_ground(name: str) -> None:
    vertices = build(SUBJECTS[name]()).mesh.vertices
    assert np.ptp(vertices, axis=0).max() == pytest.approx(1.0, abs=1e-4)
    assert vertices[:, 1].min() == pytest.approx(0.0, abs=1e-4)
    assert abs(vertices[:, 2].min() + vertices[:, 2].max()) < 1e-4


@pytest.mark.parametrize("name", SUBJECTS)
def test_anatomy_lies_inside_the_mesh_and_every_vertex_has_a_part(name: str) -> None:
    model = build(SUBJECTS[name]())
    body = model.body
    assert body.vertex_part.shape == (len(model.mesh.vertices),)
    assert body.vertex_part.min() >= 0
    assert body.vertex_part.max() < len(body.parts)
    low, high = model.mesh.vertices.min(0) - 0.03, model.mesh.vertices.max(0) + 0.03
    for part in body.parts:
        assert np.isfinite(part.path).all()
        assert ((part.path >= low) & (part.path <= high)).all(), part.name


def test_side_dog_has_four_legs_on_the_ground_left_and_right() -> None:
    model = build(dog())
    body = model.body
    assert (body.plan, body.view) == ("quadruped", "side")
    for pair in ("fore", "hind"):
        left, right = body.part(f"leg_{pair}_left"), body.part(f"leg_{pair}_right")
        assert left is not None
        assert right is not None
        assert left.path[-1, 0] > 0.01 > -0.01 > right.path[-1, 0]
        assert max(left.path[-1, 1], right.path[-1, 1]) < 0.06
        assert left.path[0, 1] > 0.2
    fore, hind = body.part("leg_fore_left"), body.part("leg_hind_left")
    head, tail = body.part("head"), body.part("tail")
    assert fore is not None
    assert hind is not None
    assert head is not None
    assert tail is not None
    assert head.path[-1, 2] > fore.path[0, 2] > hind.path[0, 2] > tail.path[-1, 2]
    assert body.part("ear_left") is not None
    assert body.part("ear_right") is not None


def test_side_dog_is_symmetric_about_its_sagittal_plane() -> None:
    mesh = solid(build(dog(STANCE)))
    points, _ = trimesh.sample.sample_surface(mesh, 30000, seed=3)
    distance = np.asarray(cKDTree(points).query(mesh.vertices[::5] * [-1, 1, 1])[0])
    assert distance.mean() < 0.006
    assert distance.max() < 0.03


def test_left_and_right_of_a_dog_that_looks_left_are_its_own() -> None:
    model = build(np.ascontiguousarray(dog()[:, ::-1]))
    assert model.projection.viewer[0] > 0.99  # it shows its left side
    head = model.body.part("head")
    assert head is not None
    assert head.path[-1, 2] > 0.2
    left = model.body.part("leg_fore_left")
    assert left is not None
    assert left.path[-1, 0] > 0
    assert overlap(model, dog()[:, ::-1]) >= 0.97


def test_left_and_right_legs_do_not_touch() -> None:
    model = build(dog())
    low = model.mesh.vertices[:, 1] < 0.2
    names = np.array([part.name for part in model.body.parts])[model.body.vertex_part]
    for pair in ("fore", "hind"):
        left = model.mesh.vertices[low & (names == f"leg_{pair}_left"), 0]
        right = model.mesh.vertices[low & (names == f"leg_{pair}_right"), 0]
        assert left.min() > right.max()


def test_sitting_cat_is_deep_and_sits_on_a_flat_base() -> None:
    model = build(sitting_cat(), kind="photo")
    assert (model.body.plan, model.body.view) == ("quadruped", "front")
    width, _, depth = np.ptp(model.mesh.vertices, axis=0)
    assert 0.8 < depth / width < 1.7
    base = model.mesh.vertices[model.mesh.vertices[:, 1] < 0.02]
    assert np.ptp(base[:, 2]) > 0.6 * depth
    head, trunk = model.body.part("head"), model.body.parts[0]
    assert head is not None
    assert head.path[-1, 2] > trunk.path[:, 2].max()  # the muzzle leads
    assert {"leg_fore_left", "leg_fore_right", "leg_hind_left", "leg_hind_right"} <= {part.name for part in model.body.parts}


def test_figure_has_named_limbs_on_its_own_sides() -> None:
    body = build(figure()).body
    assert (body.plan, body.view) == ("biped", "front")
    for kind in ("arm", "leg"):
        left, right = body.part(f"{kind}_left"), body.part(f"{kind}_right")
        assert left is not None
        assert right is not None
        assert left.path[-1, 0] > 0 > right.path[-1, 0]


def test_bird_has_two_legs_and_wings_on_its_flanks() -> None:
    body = build(bird()).body
    assert body.plan == "bird"
    names = {part.name for part in body.parts}
    assert {"leg_left", "leg_right", "wing_left", "wing_right", "head", "tail"} <= names
    wing = body.part("wing_left")
    assert wing is not None
    assert wing.path[:, 0].min() > 0.02
    assert (body.vertex_part == [part.name for part in body.parts].index("wing_left")).sum() > 50


def test_fish_is_flat() -> None:
    model = build(fish())
    assert model.body.plan == "fish"
    assert np.ptp(model.mesh.vertices[:, 1]) > 0.25
    body = model.mesh.vertices[model.body.vertex_part == 0]
    assert np.ptp(body[:, 0]) < 0.85 * np.ptp(body[:, 1])


def test_subject_cut_by_the_frame_ends_in_a_flat_cut() -> None:
    mask = sitting_cat()
    mask[round(0.62 * SIZE) :] = False
    model = build(mask, kind="photo", cut=frozenset({"bottom"}))
    base = model.mesh.vertices[model.mesh.vertices[:, 1] < 0.02]
    assert np.ptp(base[:, 2]) > 0.5 * np.ptp(model.mesh.vertices[:, 2])
    assert not model.body.of_kind("leg")
    assert solid(model).is_watertight


@pytest.mark.parametrize(
    "mask",
    [
        np.ones((SIZE, SIZE), bool),
        np.eye(SIZE, dtype=bool),
        np.pad(np.ones((2, 2), bool), 150),
        np.pad(np.ones((1, 300), bool), ((150, 0), (0, 0))),
    ],
    ids=["full", "diagonal", "speck", "line"],
)
def test_odd_silhouettes_still_give_a_closed_mesh(mask: NDArray[np.bool_]) -> None:
    size = max(mask.shape)
    square = np.zeros((size, size), bool)
    square[: mask.shape[0], : mask.shape[1]] = mask
    mesh = solid(build(square))
    assert mesh.is_watertight
    assert mesh.volume > 0
    assert mesh.body_count == 1


def test_lens_of_a_disc_is_a_ball_and_of_a_strip_a_tube() -> None:
    rows, columns = np.indices((120, 120))
    disc = (rows - 59.5) ** 2 + (columns - 59.5) ** 2 < 40**2
    assert np.sqrt(calibrated_square(disc).max()) == pytest.approx(40, rel=0.06)
    strip = np.zeros((60, 200), bool)
    strip[20:40, 10:190] = True
    assert np.sqrt(calibrated_square(strip)[30, 100]) == pytest.approx(10, rel=0.1)


def test_lens_that_stands_keeps_its_thickness_down_to_the_ground() -> None:
    mask = np.zeros((100, 80), bool)
    mask[20:90, 25:55] = True
    standing = lens_of(mask, thickness=1.0, ground=90)
    hovering = lens_of(mask, thickness=1.0)
    assert standing.square[88, 40] > 0.8 * standing.square[55, 40]
    assert hovering.square[88, 40] < 0.4 * hovering.square[55, 40]


def test_medial_tree_of_a_dog_ends_in_its_extremities_only() -> None:
    tree = medial_tree(silhouette_of(dog()).mask)
    assert 6 <= len(tree.leaves) <= 9  # four feet, tail, muzzle, ear
    assert all(tree.parent[node] < node for node in range(1, len(tree.parent)))


def test_nose_is_found_under_two_eyes_and_not_in_plain_fur() -> None:
    light = np.full((100, 100), 0.7, np.float32)
    mask = (np.indices((100, 100)) - 50) ** 2
    inside = mask.sum(0) < 45**2
    centre = np.array([50.0, 50.0])
    assert find_nose(light, inside, centre, 40.0) is None
    for x, y in ((36, 46), (64, 46), (50, 66)):
        cv2.circle(light, (x, y), 4, 0.1, -1)
    nose = find_nose(cv2.GaussianBlur(light, (0, 0), 1.0), inside, centre, 40.0)
    assert nose is not None
    assert np.abs(nose - (50.5, 66.5)).max() < 4


def test_parts_are_rooted_in_parents_that_stand_before_them() -> None:
    for make in SUBJECTS.values():
        body: Body = build(make()).body
        seen: set[str | None] = {None}
        for part in body.parts:
            assert part.parent in seen
            seen.add(part.name)
