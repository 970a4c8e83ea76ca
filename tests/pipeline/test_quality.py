"""The figures on shapes whose answers are known."""

import numpy as np
import pytest
import trimesh

from rigshot_pipeline import quality
from rigshot_pipeline.asset import Clip, Mesh, Pixels, Rig
from rigshot_pipeline.body import Body, BodyPart, Projection
from rigshot_pipeline.preview.raster import rasterise

SIZE = 512
FRONT = Projection(matrix=np.array([[400, 0, 0, 256], [0, -400, 0, 456], [0, 0, 1, 0]], np.float32), size=SIZE)
RED, GREEN = (190, 60, 50), (60, 150, 70)


def of(made: trimesh.Trimesh) -> Mesh:
    return Mesh(vertices=np.asarray(made.vertices, np.float32), faces=np.asarray(made.faces, np.int32))


def ball() -> Mesh:
    made = trimesh.creation.icosphere(4, 0.4)
    made.apply_translation([0, 0.5, 0])
    return of(made)


def silhouette(mesh: Mesh) -> Pixels:
    seen = rasterise(FRONT.project(mesh.vertices), mesh.faces, width=SIZE, height=SIZE).face >= 0
    return seen.astype(np.uint8) * 255


def painted(mesh: Mesh) -> Mesh:
    """With the photo's own coordinates as uv: the texture is the picture."""
    uv = (FRONT.project(mesh.vertices)[:, :2] / SIZE).astype(np.float32)
    return Mesh(vertices=mesh.vertices, faces=mesh.faces, uv=uv)


def test_the_silhouette_of_a_mesh_is_its_own() -> None:
    assert quality.silhouette_iou(ball(), FRONT, silhouette(ball())) == 1


def test_half_the_silhouette_is_half_the_iou() -> None:
    half = silhouette(ball())
    half[:, : SIZE // 2] = 0
    assert quality.silhouette_iou(ball(), FRONT, half) == pytest.approx(0.5, abs=0.01)


def test_nothing_against_nothing_is_zero() -> None:
    away = Mesh(vertices=ball().vertices + np.float32(9), faces=ball().faces)
    assert quality.silhouette_iou(away, FRONT, np.zeros((SIZE, SIZE), np.uint8)) == 0


def scene() -> tuple[Mesh, Pixels, Pixels]:
    """A red ball before green, as a textured mesh, the picture and its alpha."""
    alpha = silhouette(ball())
    picture = np.where(alpha[..., None] > 0, np.array(RED), np.array(GREEN)).astype(np.uint8)
    return painted(ball()), picture, alpha


def test_a_clean_texture_does_not_bleed() -> None:
    mesh, picture, alpha = scene()
    clean = np.full_like(picture, RED)
    assert quality.background_bleed(mesh, clean, FRONT, picture, alpha) == pytest.approx(0, abs=0.002)


def test_background_in_the_rim_is_found_and_measured() -> None:
    mesh, picture, alpha = scene()
    rows, columns = np.mgrid[0:SIZE, 0:SIZE] + 0.5
    inner = np.hypot(rows - 256, columns - 256) < 400 * 0.4 - 8
    left = columns < 256
    dirty = np.where((inner | left)[..., None], np.array(RED), np.array(GREEN)).astype(np.uint8)
    bleed = quality.background_bleed(mesh, dirty, FRONT, picture, alpha)
    assert bleed == pytest.approx(0.5, abs=0.06), "the right half of the rim"


def test_where_no_background_is_there_is_nothing_to_bleed() -> None:
    mesh, picture, alpha = scene()
    assert quality.background_bleed(mesh, picture, FRONT, np.dstack([picture, alpha]), alpha) is None
    same = np.full_like(picture, RED)
    assert quality.background_bleed(mesh, same, FRONT, same, alpha) is None


def test_symmetry_of_what_is_symmetric_and_what_is_not() -> None:
    assert quality.symmetry_error(ball()) < 1e-3
    box = trimesh.creation.box((0.4, 0.4, 0.4)).subdivide().subdivide().subdivide()
    aside = box.copy()
    aside.apply_translation([0.05, 0, 0])
    # Mirrored it lies 0.1 further: the two sides across x (a third of the area) are 0.1 off, the rest slides in itself.
    assert quality.symmetry_error(of(box)) < 1e-6
    assert quality.symmetry_error(of(aside)) == pytest.approx(0.1 / 3, rel=0.25)


@pytest.mark.parametrize(
    ("shape", "watertight", "components", "euler", "genus"),
    [
        (trimesh.creation.box(), True, 1, 2, 0),
        (trimesh.creation.torus(1.0, 0.3), True, 1, 0, 1),
        (trimesh.util.concatenate([trimesh.creation.box(), trimesh.creation.box().apply_translation([3, 0, 0])]), True, 2, 4, 0),
    ],
)
def test_topology_of_known_shapes(shape: trimesh.Trimesh, watertight: bool, components: int, euler: int, genus: int) -> None:
    found = quality.topology(of(shape))
    assert (found.watertight, found.components, found.euler, found.genus) == (watertight, components, euler, genus)


def test_a_hole_and_a_flipped_face_are_not_watertight() -> None:
    box = of(trimesh.creation.box())
    open_box = Mesh(vertices=box.vertices, faces=box.faces[1:])
    assert not quality.topology(open_box).watertight
    assert quality.topology(open_box).genus is None
    turned = box.faces.copy()
    turned[0] = turned[0][::-1]
    assert not quality.topology(Mesh(vertices=box.vertices, faces=turned)).watertight


def test_vertices_that_nothing_uses_do_not_count() -> None:
    box = of(trimesh.creation.box())
    more = Mesh(vertices=np.concatenate([box.vertices, box.vertices + 5]), faces=box.faces)
    assert quality.topology(more) == quality.topology(box)


def arm() -> tuple[Mesh, Body, Rig]:
    """A rod along y that bends at its middle."""
    rod = trimesh.creation.cylinder(0.1, 1.0, sections=16)
    rod = rod.subdivide().subdivide().subdivide()
    rod.apply_transform(np.array([[1, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0], [0, 0, 0, 1]]))  # its axis from z to y
    rod.apply_translation([0, 0.5, 0])
    mesh = of(rod)
    path = np.array([[0, 0, 0], [0, 1, 0]], np.float32)
    part = BodyPart(name="trunk", kind="trunk", side="centre", parent=None, path=path, radius=np.full(2, 0.1, np.float32))
    body = Body(plan="object", view="front", parts=(part,), vertex_part=np.zeros(len(mesh.vertices), np.int32))
    joints = np.array([[0, 0, 0], [0, 0.5, 0]], np.float32)
    rig = Rig(names=("root", "tip"), parents=np.array([-1, 0], np.int32), joints=joints, tails=joints + np.array([0, 0.5, 0], np.float32))
    return mesh, body, rig


def weighted(rig: Rig, mesh: Mesh, width: float) -> Rig:
    upper = np.clip((mesh.vertices[:, 1] - 0.45) / width + 0.5, 0, 1)
    weights = np.stack([1 - upper, upper], 1).astype(np.float32)
    return Rig(names=rig.names, parents=rig.parents, joints=rig.joints, tails=rig.tails, weights=weights)


def bend(degrees: float) -> Clip:
    half = np.radians(degrees) / 2
    rotations = np.tile(np.array([0, 0, 0, 1], np.float32), (3, 2, 1))
    rotations[1, 1] = [0, 0, np.sin(half), np.cos(half)]
    return Clip(name="bend", times=np.array([0, 1, 2], np.float32), rotations=rotations, root_offset=np.zeros((3, 3), np.float32))


def test_a_hard_seam_in_the_weights_shows_in_the_figures() -> None:
    mesh, _, rig = arm()
    soft, hard = weighted(rig, mesh, 0.6), weighted(rig, mesh, 1e-3)
    assert quality.skin_figures(mesh, soft).step_p99 < 0.5
    assert quality.skin_figures(mesh, hard).step_p99 == pytest.approx(2, abs=0.05)
    assert quality.skin_figures(mesh, soft).influences == 2
    assert quality.skin_figures(mesh, hard).influences in (1, 2)
    with pytest.raises(ValueError, match="no weights"):
        quality.skin_figures(mesh, rig)


def test_a_hard_seam_tears_and_a_still_clip_does_not() -> None:
    mesh, body, rig = arm()
    hard = quality.clip_figures(mesh, body, weighted(rig, mesh, 1e-3), bend(130))
    soft = quality.clip_figures(mesh, body, weighted(rig, mesh, 0.6), bend(130))
    still = quality.clip_figures(mesh, body, weighted(rig, mesh, 0.6), bend(0))
    assert hard.over_2 > soft.over_2
    assert hard.over_1_5 >= hard.over_2
    assert still.stretch_p99 == pytest.approx(1, abs=1e-4)
    assert still.over_1_5 == still.over_2 == 0
    assert still.seconds == 2


def test_detail_is_seen_on_the_side_that_has_it() -> None:
    mesh = painted(ball())
    facing = mesh.vertices[:, 2] > 0
    # The back's vertices all look at one texel of an even grey.
    assert mesh.uv is not None
    uv = np.where(facing[:, None], mesh.uv, np.array([0.001, 0.001], np.float32)).astype(np.float32)
    texture = np.random.default_rng(4).integers(0, 256, (128, 128, 1)).repeat(3, 2).repeat(4, 0).repeat(4, 1).astype(np.uint8)
    front, back = quality.sharpness(Mesh(vertices=mesh.vertices, faces=mesh.faces, uv=uv), texture, FRONT)
    assert front > 3 * back
    even = quality.sharpness(mesh, np.full((64, 64, 3), 120, np.uint8), FRONT)
    assert max(even) < 0.01
