"""A subject that faced left comes out as it was, not as its mirror image."""

from dataclasses import replace

import numpy as np

from rigshot_pipeline.asset import Asset
from rigshot_pipeline.body import Projection
from rigshot_pipeline.mirroring import mirrored_asset, mirrored_projection
from rigshot_pipeline.pose import clip_matrices, skin_vertices

ACROSS = np.array([-1, 1, 1], np.float32)


def _volume(asset: Asset) -> float:
    a, b, c = np.moveaxis(asset.mesh.vertices[asset.mesh.faces], 1, 0)
    return float(np.einsum("fi,fi->", a, np.cross(b, c)) / 6)


def test_every_pose_is_the_mirror_image_of_the_pose(tube: Asset) -> None:
    turned = mirrored_asset(tube)
    for clip, other in zip(tube.clips, turned.clips, strict=True):
        for second in np.linspace(0, clip.seconds, 5):
            posed = skin_vertices(tube.mesh.vertices, tube.rig, clip_matrices(tube.rig, clip, float(second)))
            mirrored = skin_vertices(turned.mesh.vertices, turned.rig, clip_matrices(turned.rig, other, float(second)))
            np.testing.assert_allclose(mirrored, posed * ACROSS, atol=1e-5)


def test_the_surface_still_faces_outwards(tube: Asset) -> None:
    assert np.sign(_volume(mirrored_asset(tube))) == np.sign(_volume(tube))


def test_left_and_right_change_names(tube: Asset) -> None:
    names = ("root", "leg_fore_left_upper", "ear_right")[: len(tube.rig.names)]
    asset = replace(tube, rig=replace(tube.rig, names=names + tube.rig.names[3:]))
    assert mirrored_asset(asset).rig.names[:3] == ("root", "leg_fore_right_upper", "ear_left")


def test_twice_is_nothing(tube: Asset) -> None:
    again = mirrored_asset(mirrored_asset(tube))
    np.testing.assert_array_equal(again.mesh.vertices, tube.mesh.vertices)
    np.testing.assert_array_equal(again.mesh.faces, tube.mesh.faces)
    assert again.rig.names == tube.rig.names


def test_the_camera_shows_the_mirrored_subject_in_the_mirrored_picture() -> None:
    matrix = np.array([[0, 0, 500, 512], [0, -500, 0, 900], [-1, 0, 0, 0]], np.float32)
    projection = Projection(matrix=matrix, size=1024)
    point = np.array([[0.1, 0.4, 0.3]], np.float32)
    (column, row, depth), (other, same_row, same_depth) = (
        projection.project(point)[0],
        mirrored_projection(projection).project(point * ACROSS)[0],
    )
    assert other == 1024 - column
    assert (row, depth) == (same_row, same_depth)
    assert np.linalg.det(mirrored_projection(projection).matrix[:, :3]) * np.linalg.det(matrix[:, :3]) > 0
