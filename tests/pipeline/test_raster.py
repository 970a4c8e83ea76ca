"""The rasteriser, the cameras, the light and the floor against what geometry says they must show."""

import numpy as np
import pytest
import trimesh

from rigshot_pipeline.asset import Floats, Mesh
from rigshot_pipeline.body import Projection
from rigshot_pipeline.preview.camera import Camera, fit, from_projection, orbit
from rigshot_pipeline.preview.ground import floor_shadow, lay_floor, vertex_areas
from rigshot_pipeline.preview.light import key_visibility, occlusion, vertex_light
from rigshot_pipeline.preview.raster import laid_over, rasterise, render, vertex_normals

FRONT = Camera(axes=np.eye(3, dtype=np.float32), target=np.zeros(3, np.float32), span=2.0)


def ball(radius: float = 0.5, lift: float = 0.0) -> Mesh:
    made = trimesh.creation.icosphere(4, radius)
    return Mesh(vertices=(made.vertices + np.array([0, lift, 0])).astype(np.float32), faces=made.faces.astype(np.int32))


def plate(depth: float = 0.0, half: float = 1.0) -> Mesh:
    """A square that faces the viewer at +z, its texture upright."""
    corners = np.array([[-half, -half, depth], [half, -half, depth], [half, half, depth], [-half, half, depth]], np.float32)
    uv = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float32)
    return Mesh(vertices=corners, faces=np.array([[0, 1, 2], [0, 2, 3]], np.int32), uv=uv)


def joined(*meshes: Mesh) -> Mesh:
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    faces = np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts, strict=False)])
    return Mesh(vertices=np.concatenate([mesh.vertices for mesh in meshes]), faces=faces.astype(np.int32))


def test_a_triangle_covers_the_pixels_whose_centres_lie_in_it() -> None:
    corners = np.array([[1.2, 1.1, 0], [12.7, 3.4, 0], [5.3, 14.2, 0]], np.float32)
    seen = rasterise(corners, np.array([[0, 1, 2]], np.int32), width=16, height=16, cull=False).face >= 0
    rows, columns = np.mgrid[0:16, 0:16] + 0.5
    sides = []
    for a, b in ((0, 1), (1, 2), (2, 0)):
        (ax, ay), (bx, by) = corners[a, :2], corners[b, :2]
        sides.append((bx - ax) * (rows - ay) - (by - ay) * (columns - ax))
    assert np.array_equal(seen, np.min(sides, 0) >= 0)


def test_barycentric_weights_and_depth_are_those_of_the_pixel() -> None:
    points = np.array([[2, 1, 0.5], [15, 4, 2.0], [6, 14, -1.0]], np.float32)
    faces = np.array([[0, 1, 2]], np.int32)
    found = rasterise(points, faces, width=16, height=16, cull=False)
    rows, columns = np.nonzero(found.face >= 0)
    rebuilt = found.barycentric[rows, columns] @ points
    assert np.allclose(rebuilt[:, :2], np.stack([columns + 0.5, rows + 0.5], 1), atol=1e-4)
    assert np.allclose(found.depth[rows, columns], rebuilt[:, 2], atol=1e-4)
    assert np.isneginf(found.depth[found.face < 0]).all()


def test_perspective_weights_put_a_tilted_surface_where_it_is() -> None:
    camera = orbit(25, 30, target=np.zeros(3, np.float32), span=3.0, distance=3.0)
    mesh = plate()
    found = rasterise(camera.project(mesh.vertices, width=200, height=200), mesh.faces, width=200, height=200, cull=False)
    rows, columns = np.nonzero(found.face >= 0)
    world = np.einsum("nk,nkc->nc", found.barycentric[rows, columns], mesh.vertices[mesh.faces[found.face[rows, columns]]])
    back = camera.project(world.astype(np.float32), width=200, height=200)
    assert len(rows) > 2000
    assert np.abs(back[:, :2] - np.stack([columns + 0.5, rows + 0.5], 1)).max() < 0.02


def test_a_closed_surface_shows_no_cracks() -> None:
    mesh = ball()
    for yaw in (0, 17, 90):
        camera = orbit(yaw, 11, target=np.zeros(3, np.float32), span=1.1)
        found = rasterise(camera.project(mesh.vertices, width=300, height=300), mesh.faces, width=300, height=300).face >= 0
        rows, columns = np.mgrid[0:300, 0:300] - 149.5
        assert found[np.hypot(rows, columns) < 0.49 / 1.1 * 300].all()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_nearer_face_wins_whatever_the_order(order: tuple[int, int]) -> None:
    near, far = plate(0.4, 0.5), plate(-0.4, 1.0)
    pair = [near, far]
    mesh = joined(pair[order[0]], pair[order[1]])
    colours = np.concatenate([np.tile(np.array([[200, 0, 0], [0, 0, 200]][k], np.uint8), (4, 1)) for k in order])
    picture = render(mesh, FRONT, width=32, height=32, colours=colours, shaded=False)
    assert picture[16, 16].tolist() == [200, 0, 0, 255]
    assert picture[2, 2].tolist() == [0, 0, 200, 255]


def test_faces_seen_from_behind_are_left_out_unless_asked_for() -> None:
    mesh = plate()
    behind = orbit(180, target=np.zeros(3, np.float32), span=2.0)
    points = behind.project(mesh.vertices, width=8, height=8)
    assert (rasterise(points, mesh.faces, width=8, height=8).face < 0).all()
    assert (rasterise(points, mesh.faces, width=8, height=8, cull=False).face >= 0).all()


def test_a_nearest_texture_comes_out_pixel_for_pixel() -> None:
    texture = np.random.default_rng(1).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    picture = render(plate(), FRONT, width=8, height=8, albedo=texture, nearest=True, shaded=False, samples=1)
    assert np.abs(picture[..., :3].astype(int) - texture).max() <= 1


def test_a_smooth_texture_blends_between_texels_in_linear_light() -> None:
    texture = np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8)
    picture = render(plate(), FRONT, width=64, height=64, albedo=texture, shaded=False, samples=1)
    assert picture[32, 8, 0] == 0
    assert picture[32, 56, 0] == 255
    middle = picture[32, 31:33, 0].astype(float).mean()
    assert abs(middle - 188) < 4, "half the light is the sRGB value 188"


def test_an_edge_keeps_its_colour_under_straight_alpha() -> None:
    mesh = ball()
    colours = np.tile(np.array([[250, 120, 30]], np.uint8), (len(mesh.vertices), 1))
    picture = render(mesh, FRONT, width=40, height=40, colours=colours, shaded=False, samples=4)
    half = (picture[..., 3] > 30) & (picture[..., 3] < 225)
    assert half.any()
    assert np.abs(picture[half][:, :3].astype(int) - [250, 120, 30]).max() <= 2


def test_half_covered_white_over_black_is_half_the_light() -> None:
    linear = np.zeros((1, 1, 4), np.float32)
    linear[0, 0] = 0.5
    assert laid_over(linear, np.zeros((1, 1, 3), np.float32))[0, 0, 0] == pytest.approx(188, abs=1)


@pytest.mark.parametrize(("yaw", "axis"), [(0, [1, 0, 0]), (90, [0, 0, -1]), (180, [-1, 0, 0]), (-90, [0, 0, 1])])
def test_orbit_stands_where_its_yaw_says(yaw: float, axis: list[float]) -> None:
    camera = orbit(yaw, target=np.zeros(3, np.float32))
    assert np.allclose(camera.axes[0], axis, atol=1e-6), "what lies to the picture's right"
    assert np.linalg.det(camera.axes) == pytest.approx(1)


def test_the_photos_camera_is_the_projection() -> None:
    projection = Projection(matrix=np.array([[0, 0, 300, 250], [0, -300, 0, 410], [-1, 0, 0, 0.2]], np.float32), size=512)
    points = np.random.default_rng(2).normal(0, 0.4, (50, 3)).astype(np.float32)
    for size in (512, 128):
        seen = from_projection(projection).project(points, width=size, height=size)
        assert np.allclose(seen[:, :2] * 512 / size, projection.project(points)[:, :2], atol=1e-2)


def test_fit_centres_what_it_shows() -> None:
    points = (np.random.default_rng(3).normal(0, 1, (200, 3)) + np.array([3, 2, 1])).astype(np.float32)
    seen = fit(orbit(30, 20), points, fill=0.8).project(points, width=100, height=100)
    low, high = seen[:, :2].min(0), seen[:, :2].max(0)
    assert np.allclose((low + high) / 2, 50, atol=0.1)
    assert (high - low).max() == pytest.approx(80, abs=0.1)


def test_normals_of_split_vertices_agree_across_a_seam() -> None:
    mesh = ball()
    # Every face gets corners of its own, as along texture seams.
    split = Mesh(
        vertices=mesh.vertices[mesh.faces.ravel()],
        faces=np.arange(mesh.faces.size, dtype=np.int32).reshape(-1, 3),
        source=mesh.faces.ravel().astype(np.int32),
    )
    assert np.allclose(vertex_normals(split), vertex_normals(mesh)[split.source], atol=1e-5)
    outwards = mesh.vertices / np.linalg.norm(mesh.vertices, axis=1, keepdims=True)
    assert (vertex_normals(mesh) * outwards).sum(1).min() > 0.99


def test_the_key_light_comes_from_above_on_the_left() -> None:
    normals = np.array([[-0.5, 0.7, 0.5], [0.5, -0.7, 0.5]], np.float32)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    light = vertex_light(normals, FRONT)
    assert light[0, :3].min() > 1.4 * light[1, :3].max()


def test_what_stands_behind_another_thing_lies_in_its_shadow() -> None:
    roof = Mesh(
        vertices=np.array([[-1, 0.6, -1], [1, 0.6, -1], [1, 0.6, 1], [-1, 0.6, 1]], np.float32),
        faces=np.array([[0, 2, 1], [0, 3, 2]], np.int32),
    )
    mesh = joined(ball(0.2), roof)
    share = key_visibility(mesh, vertex_normals(mesh), FRONT)
    alone = key_visibility(ball(0.2), vertex_normals(ball(0.2)), FRONT)
    top = mesh.vertices[: len(alone), 1] > 0.15
    assert alone[top].min() > 0.95
    assert share[: len(alone)][top].max() < 0.3


def test_a_ball_sees_everything_and_the_floor_of_a_cup_does_not() -> None:
    open_ball = occlusion(ball(), vertex_normals(ball()))
    assert open_ball.min() > 0.97
    cup = trimesh.creation.annulus(0.3, 0.4, 0.8)
    bottom = trimesh.creation.cylinder(0.4, 0.05, sections=32).subdivide().subdivide()
    bottom.apply_translation([0, 0, -0.4])
    mesh = joined(*(Mesh(vertices=np.asarray(part.vertices, np.float32), faces=np.asarray(part.faces, np.int32)) for part in (cup, bottom)))
    seen = occlusion(mesh, vertex_normals(mesh))
    inside = (np.hypot(mesh.vertices[:, 0], mesh.vertices[:, 1]) < 0.1) & (np.abs(mesh.vertices[:, 2] + 0.375) < 0.01)
    assert inside.any()
    assert seen[inside].max() < 0.5


def shadow_of(mesh: Mesh) -> Floats:
    normals = vertex_normals(mesh)
    areas = vertex_areas(mesh.vertices, mesh.faces)
    return floor_shadow(mesh.vertices, normals, areas, reach=2.0, key_from=np.array([0, 1, 0], np.float32)).cover


def test_the_floor_shadow_lies_below_and_grows_soft_with_height() -> None:
    standing, lifted = shadow_of(ball(0.3, 0.3)), shadow_of(ball(0.3, 1.0))
    middle = standing.shape[0] // 2
    assert standing[middle - 1 : middle + 1, middle - 1 : middle + 1].min() > 0.6
    assert standing[:8].max() < 0.05
    assert lifted.max() < standing.max()
    slope = [np.abs(np.diff(cover, axis=1)).max() / cover.max() for cover in (standing, lifted)]
    assert slope[1] < 0.7 * slope[0]


def test_the_floor_darkens_where_the_shadow_projects() -> None:
    mesh = ball(0.3, 0.3)
    normals = vertex_normals(mesh)
    areas = vertex_areas(mesh.vertices, mesh.faces)
    shadow = floor_shadow(mesh.vertices, normals, areas, reach=2.0, key_from=np.array([0, 1, 0], np.float32))
    camera = orbit(40, 30, target=np.zeros(3, np.float32), span=2.0, distance=5.0)
    floor = lay_floor(np.ones((120, 120, 3), np.float32), shadow, camera)
    column, row = camera.project(np.zeros((1, 3), np.float32), width=120, height=120)[0, :2]
    darkest = np.argwhere(floor[..., 1] == floor[..., 1].min())
    assert np.abs(darkest.mean(0) - [row, column]).max() < 6
    assert floor[0, 0].tolist() == [1, 1, 1]
