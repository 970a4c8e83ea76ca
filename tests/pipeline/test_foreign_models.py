"""What engines make comes into our world: meshes are laid over the photo, skeletons get our clips."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from rigshot_pipeline.asset import Clip, Floats, Mesh, Rig
from rigshot_pipeline.body import Body, Projection
from rigshot_pipeline.embedded.clips import make_clips
from rigshot_pipeline.embedded.heat_weights import keep_strongest
from rigshot_pipeline.embedded.model import Model, model_of
from rigshot_pipeline.embedded.reading import read_silhouette
from rigshot_pipeline.embedded.rig_check import bones_inside, feet_figures, stretch
from rigshot_pipeline.embedded.rigging import rigged
from rigshot_pipeline.embedded.sound_parts import sound_body
from rigshot_pipeline.engines.foreign_mesh import is_closed, sound_mesh
from rigshot_pipeline.engines.foreign_rig import rooted, without_root
from rigshot_pipeline.engines.own_view import seen_from_its_best
from rigshot_pipeline.engines.registration import Registered, registered
from rigshot_pipeline.engines.retarget import corresponding, retargeted, retargeted_clips
from rigshot_pipeline.evaluation.truth_rig import TruthRig, load_truth
from rigshot_pipeline.pose import clip_matrices
from rigshot_pipeline.preview.raster import rasterise

Toy = tuple[Mesh, Body]

CAMERAS = {
    "side": Projection(matrix=np.array([[0, 0, 300, 200], [0, -300, 0, 370], [-1, 0, 0, 0]], np.float32), size=400),
    "front": Projection(matrix=np.array([[300, 0, 0, 200], [0, -300, 0, 370], [0, 0, 1, 0]], np.float32), size=400),
}
TURNS = [("quadruped", 0.0), ("quadruped", 90.0), ("quadruped", -137.0), ("quadruped", 180.0), ("bird", 75.0), ("biped", -137.0)]


def outline(vertices: Floats, mesh: Mesh, view: str) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    return rasterise(CAMERAS[view].project(vertices), mesh.faces, width=400, height=400, cull=False).face >= 0


def laid(mesh: Mesh, foreign: Mesh, view: str) -> Registered:
    """``foreign`` laid over the picture of ``mesh``."""
    mask = outline(mesh.vertices, mesh, view)
    rgba = np.full((*mask.shape, 4), 128, np.uint8)
    rgba[..., 3] = mask * 255
    return registered(foreign, model_of(rgba, read_silhouette(mask).seen_as(plan=None, view=view)), mask)  # type: ignore[arg-type]


def turned(mesh: Mesh, degrees: float) -> Mesh:
    """Turned about the vertical, larger or smaller, somewhere else."""
    random = np.random.default_rng(int(degrees) % 997)
    about = Rotation.from_euler("y", degrees, degrees=True).as_matrix()
    vertices = mesh.vertices @ about.T * random.uniform(0.2, 5) + random.uniform(-3, 3, 3)
    return Mesh(vertices=vertices.astype(np.float32), faces=mesh.faces)


def at_home(vertices: Floats) -> Floats:
    """On the ground, centred, 1 m long."""
    low, high = vertices.min(0), vertices.max(0)
    home: Floats = ((vertices - [(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2]) / (high - low).max()).astype(np.float32)
    return home


@pytest.mark.parametrize(("name", "degrees"), TURNS)
def test_a_turned_and_scaled_mesh_is_found(toy: Callable[[str], Toy], name: str, degrees: float) -> None:
    mesh, _ = toy(name)
    view = "front" if name == "biped" else "side"
    found = laid(mesh, turned(mesh, degrees), view)
    if name == "biped":  # outlines do not tell the back from the front; only what was announced does
        degrees += 180 if abs((found.yaw + degrees + 180) % 360 - 180) > 90 else 0
    assert abs((found.yaw + degrees + 180) % 360 - 180) < 6
    assert found.iou > 0.95
    model = found.model
    np.testing.assert_allclose(model.mesh.vertices, at_home(model.mesh.vertices), atol=1e-5)
    if name != "biped":
        assert float(np.linalg.norm(model.mesh.vertices - at_home(mesh.vertices), axis=1).mean()) < 0.03


def test_the_camera_and_the_parts_go_with_the_mesh(toy: Callable[[str], Toy]) -> None:
    mesh, body = toy("quadruped")
    model = laid(mesh, turned(mesh, 75), "side").model
    seen = rasterise(model.projection.project(model.mesh.vertices), model.mesh.faces, width=400, height=400).face >= 0
    mask = outline(mesh.vertices, mesh, "side")
    assert (seen & mask).sum() / (seen | mask).sum() > 0.95
    np.testing.assert_allclose(np.linalg.norm(model.projection.matrix[2, :3]), 1, atol=1e-5)
    kinds = [np.array([part.kind for part in whose.parts])[whose.vertex_part] for whose in (model.body, body)]
    sides = [np.array([part.side for part in whose.parts])[whose.vertex_part] for whose in (model.body, body)]
    legs = kinds[1] == "leg"
    low = legs & (at_home(mesh.vertices)[:, 1] < 0.2)
    assert (kinds[0][low] == "leg").mean() > 0.98
    assert (sides[0][low] == sides[1][low]).mean() > 0.98


def test_centre_lines_move_into_the_depth_of_the_mesh(toy: Callable[[str], Toy]) -> None:
    """The picture of a wide-legged animal is that of a narrow one; the mesh tells them apart."""
    mesh, body = toy("quadruped")
    low = np.clip((0.3 - mesh.vertices[:, 1]) / 0.3, 0, 1)
    wide = mesh.vertices.copy()
    wide[:, 0] += 0.12 * low * np.sign(mesh.vertices[:, 0])
    model = laid(mesh, Mesh(vertices=wide, faces=mesh.faces), "side").model
    paws = [part.path[-1, 0] for part in model.body.of_kind("leg")]
    assert len(paws) == 4
    assert min(abs(x) for x in paws) > 0.12
    assert rigged(model.mesh, sound_body(model.mesh, model.body)).weights is not None
    assert body.plan == model.body.plan


def truth(shared_data: Path, name: str) -> TruthRig:
    return load_truth(next((shared_data / "gt_rig").glob(f"*_{name}.glb")))


@pytest.mark.parametrize("name", ["Fox", "Horse", "Husky"])
def test_real_models_are_laid_over_their_pictures(shared_data: Path, name: str) -> None:
    animal = truth(shared_data, name)
    mesh = sound_mesh(animal.vertices.astype(np.float32), animal.faces)
    found = laid(mesh, turned(mesh, 110), "side")
    assert abs((found.yaw + 110 + 180) % 360 - 180) < 2
    assert found.iou > 0.98
    assert float(np.linalg.norm(found.model.mesh.vertices - at_home(mesh.vertices), axis=1).mean()) < 0.02


def seen_from(degrees: float) -> Projection:
    """A photographer who stands that many degrees from the animal's front, so that it looks to the right."""
    turn = np.radians(degrees)
    right, viewer = [np.cos(turn), 0, np.sin(turn)], [-np.sin(turn), 0, np.cos(turn)]
    rows = [[*(300 * np.array(right)), 200], [0, -300, 0, 370], [*viewer, 0]]
    return Projection(matrix=np.array(rows, np.float32), size=400)


def best_of(mesh: Mesh, degrees: float) -> tuple[Registered, Model, float]:
    """The mesh laid over its picture from ``degrees``, its model read from its own best view, and how well that fits the picture."""
    camera = seen_from(degrees)
    mask = rasterise(camera.project(mesh.vertices), mesh.faces, width=400, height=400, cull=False).face >= 0
    rgba = np.full((*mask.shape, 4), 128, np.uint8)
    rgba[..., 3] = mask * 255
    reading = read_silhouette(mask)
    found = registered(mesh, model_of(rgba, reading), mask)
    model = seen_from_its_best(found, reading) or found.model
    seen = rasterise(model.projection.project(model.mesh.vertices), model.mesh.faces, width=400, height=400).face >= 0
    return found, model, float((seen & mask).sum() / (seen | mask).sum())


@pytest.mark.parametrize("degrees", [20.0, 45.0, 90.0])
def test_the_heading_is_measured_on_the_mesh(toy: Callable[[str], Toy], degrees: float) -> None:
    found, model, match = best_of(toy("quadruped")[0], degrees)
    assert found.heading is not None
    assert abs(found.heading - degrees) < 8
    assert match > 0.9
    np.testing.assert_allclose(model.mesh.vertices, at_home(model.mesh.vertices), atol=1e-5)
    assert float(np.degrees(np.arccos(model.projection.viewer[2]))) == pytest.approx(found.heading, abs=4)
    assert float(np.ptp(model.mesh.vertices, axis=0).argmax()) == 2


@pytest.mark.parametrize(
    ("name", "degrees", "view"), [("Husky", 0.0, "front"), ("Cow", 45.0, "three_quarter"), ("Fox", 70.0, "three_quarter")]
)
def test_whatever_the_photo_shows_the_body_is_read_from_the_side(shared_data: Path, name: str, degrees: float, view: str) -> None:
    animal = truth(shared_data, name)
    _, model, match = best_of(sound_mesh(animal.vertices.astype(np.float32), animal.faces), degrees)
    assert match > 0.97
    assert (model.body.plan, model.body.view) == ("quadruped", view)
    assert sorted(part.side for part in model.body.of_kind("leg")) == ["left", "left", "right", "right"]
    body = sound_body(model.mesh, model.body)
    rig = rigged(model.mesh, body)
    assert bones_inside(model.mesh, rig) > 0.9
    assert "walk" in [clip.name for clip in make_clips(model.mesh, body, rig)]


def test_a_fish_that_looked_like_a_four_legged_animal_is_a_fish(shared_data: Path) -> None:
    shark = truth(shared_data, "Shark")
    _, model, match = best_of(sound_mesh(shark.vertices.astype(np.float32), shark.faces), 45.0)
    assert match > 0.97
    assert model.body.plan == "fish"


def test_a_person_who_says_what_it_is_is_believed(toy: Callable[[str], Toy]) -> None:
    mesh, _ = toy("quadruped")
    mask = outline(mesh.vertices, mesh, "front")
    rgba = np.full((*mask.shape, 4), 128, np.uint8)
    rgba[..., 3] = mask * 255
    reading = read_silhouette(mask).seen_as(plan="biped", view="front")
    model = seen_from_its_best(registered(mesh, model_of(rgba, reading), mask), reading)
    assert model is None or model.body.plan == "biped"


def test_a_mesh_is_made_sound() -> None:
    ball, crumb = trimesh.creation.icosphere(subdivisions=3), trimesh.creation.box((0.1, 0.1, 0.1))
    crumb.apply_translation([3, 0, 0])
    soup = np.concatenate([ball.triangles[20:], ball.triangles[30:40], crumb.triangles])  # a hole, double faces, a bit in the air
    vertices = soup.reshape(-1, 3).astype(np.float32)
    faces = np.arange(len(vertices), dtype=np.int32).reshape(-1, 3)[:, ::-1]  # inside out, every corner for itself
    slivers = np.array([[0, 0, 1]], np.int32)
    mesh = sound_mesh(vertices, np.concatenate([faces, slivers]))
    assert is_closed(mesh.faces)
    assert abs(len(mesh.vertices) - len(ball.vertices)) < 10
    assert float(mesh.vertices[:, 0].max()) < 1.01
    assert trimesh.Trimesh(mesh.vertices, mesh.faces, process=False).volume == pytest.approx(ball.volume, rel=0.02)


def test_too_fine_a_mesh_is_made_coarser() -> None:
    ball = trimesh.creation.icosphere(subdivisions=6)
    mesh = sound_mesh(ball.vertices.astype(np.float32), ball.faces.astype(np.int32))
    assert len(mesh.faces) < 25_000
    assert is_closed(mesh.faces)


@pytest.mark.parametrize("vertices", [np.zeros((0, 3)), np.zeros((5, 3))])
def test_nothing_stays_nothing(vertices: Floats) -> None:
    assert len(sound_mesh(vertices.astype(np.float32), np.array([[0, 1, 2]], np.int32)[: len(vertices)]).faces) == 0


@pytest.fixture(scope="module")
def dog(toy: Callable[[str], Toy]) -> tuple[Mesh, Body, Rig, tuple[Clip, ...]]:
    mesh, body = toy("quadruped")
    body = sound_body(mesh, body)
    rig = rigged(mesh, body)
    return mesh, body, rig, make_clips(mesh, body, rig)


def test_the_same_skeleton_moves_the_same(dog: tuple[Mesh, Body, Rig, tuple[Clip, ...]]) -> None:
    mesh, body, rig, clips = dog
    bones = corresponding(rig, replace(rig, names=tuple(f"bone {name}" for name in rig.names)))
    assert bones.tolist() == list(range(len(rig.names)))
    for ours, theirs in zip(clips, retargeted_clips(mesh, body, clips, rig, rig), strict=True):
        np.testing.assert_allclose(np.abs((ours.rotations * theirs.rotations).sum(2)), 1, atol=1e-5)
        np.testing.assert_allclose(ours.root_offset, theirs.root_offset, atol=1e-6)


def halved(rig: Rig) -> Rig:
    """Every bone but the root's in two, named by number; the joints keep their places."""
    names, parents, joints, tails, last = ["b0"], [-1], [rig.joints[0]], [rig.tails[0]], {0: 0}
    for joint in range(1, len(rig.names)):
        middle = (rig.joints[joint] + rig.tails[joint]) / 2
        for start, end, parent in ((rig.joints[joint], middle, last[int(rig.parents[joint])]), (middle, rig.tails[joint], len(names))):
            names.append(f"b{len(names)}")
            parents.append(parent)
            joints.append(start)
            tails.append(end)
        last[joint] = len(names) - 1
    return Rig(names=tuple(names), parents=np.array(parents, np.int32), joints=np.stack(joints), tails=np.stack(tails))


def test_a_finer_skeleton_moves_the_same(dog: tuple[Mesh, Body, Rig, tuple[Clip, ...]]) -> None:
    _, _, rig, clips = dog
    fine = halved(rig)
    bones = corresponding(rig, fine)
    assert bones[1::2].tolist() == bones[2::2].tolist() == list(range(1, len(rig.names)))
    for clip in clips:
        other = retargeted(clip, rig, fine, bones)
        for time in np.linspace(0, clip.seconds, 5):
            ours, theirs = clip_matrices(rig, clip, float(time)), clip_matrices(fine, other, float(time))
            np.testing.assert_allclose(theirs[1::2], ours[1:], atol=2e-3)


def elsewhere(rig: Rig, metres: float) -> Rig:
    """The same bones with every joint somewhat elsewhere, as another rigger would have put it."""
    joints = rig.joints + np.random.default_rng(0).normal(0, metres, rig.joints.shape).astype(np.float32)
    joints[0] = rig.joints[0]
    tails = rig.tails.copy()
    for joint in range(1, len(joints)):
        if (rig.parents == joint).any():
            tails[joint] = joints[rig.parents == joint].mean(0)
    return replace(rig, joints=joints, tails=tails, names=tuple(f"b{place}" for place in range(len(joints))))


def test_feet_stand_although_the_joints_are_elsewhere(dog: tuple[Mesh, Body, Rig, tuple[Clip, ...]]) -> None:
    mesh, body, rig, clips = dog
    other = elsewhere(rig, 0.02)
    moved = {clip.name: clip for clip in retargeted_clips(mesh, body, clips, rig, other)}
    assert {"walk", "idle", "look"} <= {*moved}
    plain = retargeted(clips[0], rig, other, corresponding(rig, other))
    assert clips[0].name == "walk"
    sliding = feet_figures(mesh, body, other, plain)
    assert feet_figures(mesh, body, other, moved["walk"]).slide < sliding.slide / 2
    for name in ("walk", "idle", "look"):
        ours = next(clip for clip in clips if clip.name == name)
        assert feet_figures(mesh, body, other, moved[name]).slide < feet_figures(mesh, body, rig, ours).slide + 0.008


def skeleton_of(animal: TruthRig, mesh: Mesh) -> Rig:
    """The truth's skeleton and weights as an engine would hand them over, without IK's loose ends."""
    above = {int(child): int(parent) for parent, child in animal.bones}
    order = [joint for joint in animal.carrying.tolist() if joint not in above][:1]
    for joint in order:
        order += [child for child, parent in above.items() if parent == joint]
    place = {joint: row for row, joint in enumerate(order)}
    parents = np.array([place.get(above.get(joint, -1), -1) for joint in order], np.int32)
    joints = animal.places[order].astype(np.float32)
    tails = np.stack(
        [
            joints[parents == row].mean(0) if (parents == row).any() else 1.5 * joints[row] - 0.5 * joints[parents[row]]
            for row in range(len(order))
        ]
    )
    nearest = cKDTree(animal.vertices).query(mesh.vertices)[1]
    weights = keep_strongest(np.maximum(animal.weights[nearest][:, order], 1e-9))
    return rooted(Rig(names=tuple(animal.names[joint] for joint in order), parents=parents, joints=joints, tails=tails, weights=weights))


def test_a_rig_that_a_person_made_walks_with_our_clips(shared_data: Path) -> None:
    animal = truth(shared_data, "Fox")
    mesh = sound_mesh(animal.vertices.astype(np.float32), animal.faces)
    model = laid(mesh, mesh, "side").model
    body = sound_body(model.mesh, model.body)
    own, rig = rigged(model.mesh, body), skeleton_of(animal, model.mesh)
    bones = {name: own.names[bone] for name, bone in zip(rig.names, corresponding(own, rig), strict=True)}
    assert bones["b_LeftLeg01_015"] == "leg_hind_left_upper"
    assert bones["b_RightForeArm_07"] == "leg_fore_right_lower"
    assert bones["b_Head_05"] == "head"
    assert bones["b_Tail02_013"].startswith("tail")
    clips = retargeted_clips(model.mesh, body, make_clips(model.mesh, body, own), own, rig)
    walk = next(clip for clip in clips if clip.name == "walk")
    assert float((stretch(model.mesh, rig, walk) > 2).mean(1).max()) < 0.005
    feet = feet_figures(model.mesh, body, rig, walk)
    assert feet.slide < 0.04
    assert feet.sink < 0.015
    assert walk.loop


def test_a_root_is_added_once(dog: tuple[Mesh, Body, Rig, tuple[Clip, ...]]) -> None:
    rig = dog[2]
    bare = without_root(rig)
    assert bare.names == rig.names[1:]
    again = rooted(bare)
    assert again.names == rig.names
    np.testing.assert_array_equal(again.parents, rig.parents)
    assert again.weights is not None
    assert rig.weights is not None
    np.testing.assert_array_equal(again.weights, rig.weights)
    assert rooted(again) is again
