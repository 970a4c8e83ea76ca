"""Charts and their packing."""

import numpy as np
import pytest
import trimesh

from rigshot_pipeline.asset import Floats, Indices
from rigshot_pipeline.embedded.bake import rasterise_charts
from rigshot_pipeline.embedded.unwrap import Unwrapped, smooth_normals, unwrap

AXES = np.eye(3, dtype=np.float32)  # the viewer stands at +Z


def unwrapped(shape: trimesh.Trimesh, region: Indices | None = None, density: Floats | None = None) -> Unwrapped:
    faces = shape.faces.astype(np.int32)
    return unwrap(
        shape.vertices.astype(np.float32),
        faces,
        axes=AXES,
        face_region=np.zeros(len(faces), np.int32) if region is None else region,
        face_density=np.ones(len(faces), np.float32) if density is None else density,
    )


def ball() -> trimesh.Trimesh:
    return trimesh.creation.icosphere(subdivisions=4, radius=0.5)


def horseshoe() -> trimesh.Trimesh:
    """A bent tube: seen from the front one arm lies before the other."""
    turn = np.linspace(0, 1.4 * np.pi, 80)
    path = np.stack([0.05 * np.sin(turn), 0.3 * np.cos(turn), 0.3 * np.sin(turn)], 1)
    around = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    tangent = np.gradient(path, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    side = np.cross(tangent, [1.0, 0, 0])
    rings = path[:, None] + 0.08 * (np.cos(around)[None, :, None] * [1.0, 0, 0] + np.sin(around)[None, :, None] * side[:, None])
    faces = []
    for i in range(79):
        for j in range(24):
            a, b, c, d = i * 24 + j, i * 24 + (j + 1) % 24, (i + 1) * 24 + j, (i + 1) * 24 + (j + 1) % 24
            faces += [(a, b, c), (b, d, c)]
    return trimesh.Trimesh(rings.reshape(-1, 3), faces, process=False)


@pytest.mark.parametrize("shape", [ball(), horseshoe()], ids=["ball", "horseshoe"])
def test_no_place_of_the_atlas_is_used_twice(shape: trimesh.Trimesh) -> None:
    result = unwrapped(shape)
    uv = result.mesh.uv
    assert uv is not None and uv.min() >= 0 and uv.max() <= 1
    corner = uv[result.mesh.faces] * 1024
    first, second = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    area = np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]).sum() / 2
    covered = (rasterise_charts(result.mesh, 1024) >= 0).sum()
    assert covered == pytest.approx(area, rel=0.01)  # overlapping faces would cover less than the sum of their areas


@pytest.mark.parametrize("shape", [ball(), horseshoe()], ids=["ball", "horseshoe"])
def test_all_faces_keep_their_shape_and_their_side(shape: trimesh.Trimesh) -> None:
    result = unwrapped(shape)
    mesh = result.mesh
    assert mesh.source is not None and mesh.uv is not None
    np.testing.assert_array_equal(mesh.source[mesh.faces], shape.faces)
    np.testing.assert_allclose(mesh.vertices, shape.vertices[mesh.source], atol=1e-6)
    corner = mesh.uv[mesh.faces]
    first, second = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    flat = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    stretched = shape.area_faces / np.abs(flat).clip(1e-12)
    assert np.quantile(stretched, 0.99) < 4.5 * np.median(stretched)


def test_the_side_towards_the_viewer_is_one_chart() -> None:
    shape = ball()
    result = unwrapped(shape)
    facing = shape.face_normals[:, 2] > 0.6
    assert len(np.unique(result.face_chart[facing])) == 1
    assert result.charts <= 12


def test_charts_stay_within_their_region_and_dense_regions_get_more_texels() -> None:
    shape = ball()
    region = (shape.triangles_center[:, 1] > 0.2).astype(np.int32)
    result = unwrapped(shape, region, np.where(region == 1, 2.0, 1.0).astype(np.float32))
    for chart in range(result.charts):
        assert len(np.unique(region[result.face_chart == chart])) == 1
    assert result.mesh.uv is not None
    corner = result.mesh.uv[result.mesh.faces]
    first, second = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    texels = np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0])
    facing = shape.face_normals[:, 2] > 0.7
    density = np.sqrt(texels / shape.area_faces)
    top, bottom = facing & (region == 1), facing & (region == 0)
    assert np.median(density[top]) / np.median(density[bottom]) == pytest.approx(2, rel=0.1)


def test_packing_uses_most_of_the_square() -> None:
    assert unwrapped(ball()).utilisation > 0.55


def test_unwrapping_is_repeatable() -> None:
    first, second = unwrapped(horseshoe()), unwrapped(horseshoe())
    assert first.mesh.uv is not None and second.mesh.uv is not None
    np.testing.assert_array_equal(first.mesh.uv, second.mesh.uv)


def test_normals_are_unit_and_outward_and_survive_a_lonely_vertex() -> None:
    shape = ball()
    vertices = np.vstack([shape.vertices, [[9, 9, 9]]]).astype(np.float32)
    normals = smooth_normals(vertices, shape.faces.astype(np.int32))
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-5)
    assert ((normals[:-1] * vertices[:-1]).sum(1) > 0.49).all()
