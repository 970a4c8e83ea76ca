"""What Step1X-3D's environment does without torch: requests, the picture, the band of cells and the mesh."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from rigshot_env import BadInput, MissingWeights, NoSurface

ENVIRONMENT = Path(__file__).resolve().parents[2] / "envs" / "step1x3d"
sys.path.insert(0, str(ENVIRONMENT))

from rigshot_step1x3d import grid  # noqa: E402
from rigshot_step1x3d.mesh import Sampled, Triangles, clean, extract, save  # noqa: E402
from rigshot_step1x3d.picture import open_cutout, prepare  # noqa: E402
from rigshot_step1x3d.request import GeometryOptions  # noqa: E402
from rigshot_step1x3d.weights import find_checkpoint  # noqa: E402

Field = Callable[[np.ndarray], np.ndarray]


def capsule(points: np.ndarray, start: tuple[float, ...], end: tuple[float, ...], radius: float) -> np.ndarray:
    """Signed distance, positive inside."""
    a, b = np.array(start), np.array(end)
    along = np.clip((points - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
    return radius - np.linalg.norm(points - (a + along[..., None] * (b - a)), axis=-1)


def dog(points: np.ndarray) -> np.ndarray:
    """A figure that looks along +Z: trunk, four thin legs, neck, head with a muzzle, tail."""
    parts = [((0, 0.1, -0.5), (0, 0.1, 0.4), 0.2), ((0, 0.15, 0.4), (0, 0.55, 0.6), 0.12), ((0, 0.55, 0.6), (0, 0.5, 0.85), 0.1)]
    parts += [((x, 0, z), (x, -0.7, z), 0.05) for x in (-0.14, 0.14) for z in (-0.45, 0.35)]
    parts += [((0, 0.15, -0.5), (0, 0.5, -0.85), 0.03)]
    return np.max([capsule(points, *part) for part in parts], axis=0)


def sampled(field: Field, resolution: int = 64, bound: float = 1.05) -> Sampled:
    """A field known everywhere."""
    axis = np.linspace(-bound, bound, resolution + 1)
    values = field(np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)).astype(np.float32)
    grid.close_border(values)
    cells = np.ones((resolution,) * 3, dtype=bool)
    return Sampled(values=values, cells=cells, origin=np.zeros(3, np.int64), resolution=resolution, bound=bound, queries=values.size)


def volume(mesh: Triangles) -> float:
    a, b, c = (mesh.vertices[mesh.faces[:, corner]].astype(float) for corner in range(3))
    return float(np.einsum("nd,nd->n", a, np.cross(b, c)).sum() / 6)


# --- requests


def test_options_have_upstreams_defaults() -> None:
    options = GeometryOptions.from_parameters({})
    assert (options.steps, options.guidance, options.octree, options.faces, options.variant) == (50, 7.5, 384, 200_000, "base")


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"steps": 1}, "steps"),
        ({"steps": 5.0}, "steps"),
        ({"seed": -1}, "seed"),
        ({"seed": True}, "seed"),
        ({"guidance": float("nan")}, "guidance"),
        ({"guidance": "7"}, "guidance"),
        ({"octree": 100}, "octree"),
        ({"octree": 1024}, "octree"),
        ({"faces": 3}, "faces"),
        ({"variant": "large"}, "variant"),
        ({"parity": 1}, "parity"),
        ({"label": {"symmetry": "x"}}, "label"),
        ({"variant": "label", "label": {"symmetry": "y"}}, "symmetry"),
        ({"variant": "label", "label": {"edge_type": "sharp"}}, "label"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_options_out_of_range_are_refused_by_name(parameters: dict[str, Any], word: str) -> None:
    with pytest.raises(BadInput, match=word):
        GeometryOptions.from_parameters(parameters)


def test_a_label_is_said_as_upstream_reads_it() -> None:
    options = GeometryOptions.from_parameters({"variant": "label", "label": {"symmetry": "x", "edge": "sharp"}})
    assert options.label is not None
    assert options.label.upstream() == {"symmetry": "x", "geometry_type": ["sharp"]}
    unsaid = GeometryOptions.from_parameters({"variant": "label", "label": {"edge": None}}).label
    assert unsaid is not None and unsaid.upstream() == {}


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingWeights, match="geometry, dinov2-with-registers-large"):
        find_checkpoint(tmp_path, "base")
    for name in ("config.json", "preprocessor_config.json"):
        file = tmp_path / "dinov2-with-registers-large" / name
        file.parent.mkdir(exist_ok=True)
        file.touch()
    with pytest.raises(MissingWeights, match="label variant lacks weights: geometry-label, clip-vit-large-patch14"):
        find_checkpoint(tmp_path, "label")


# --- the picture


def cutout(size: tuple[int, int], box: tuple[int, int, int, int]) -> Image.Image:
    picture = Image.new("RGBA", size)
    ImageDraw.Draw(picture).ellipse(box, fill=(200, 30, 30, 255))
    return picture


def test_the_subject_fills_the_square_on_white() -> None:
    square = np.asarray(prepare(cutout((400, 200), (180, 10, 219, 189))))
    assert square.shape == (400, 400, 3)
    assert (square[0, 0] == 255).all()
    rows, columns = np.nonzero((square < 250).any(axis=2))
    assert abs(rows.min() - 10) <= 2 and abs(rows.max() - 389) <= 2
    assert abs((columns.min() + columns.max()) / 2 - 199.5) <= 1.5
    assert abs((columns.max() - columns.min()) - 380 * 40 / 180) <= 3


def test_half_transparent_colours_come_from_white_not_from_black() -> None:
    picture = Image.new("RGBA", (64, 64))
    picture.paste((0, 0, 0, 128), (16, 16, 48, 48))
    assert abs(int(np.asarray(prepare(picture))[32, 32, 0]) - 127) <= 2


@pytest.mark.parametrize(
    ("picture", "word"),
    [
        (Image.new("RGBA", (64, 64)), "empty"),
        (Image.new("RGBA", (64, 64), (9, 9, 9, 255)), "no transparent background"),
        (Image.new("RGB", (64, 64)), "RGBA"),
        (cutout((8, 8), (2, 2, 6, 6)), "pixels"),
    ],
)
def test_unfit_cutouts_are_refused(tmp_path: Path, picture: Image.Image, word: str) -> None:
    picture.save(tmp_path / "a.png")
    with pytest.raises(BadInput, match=word):
        open_cutout(tmp_path / "a.png")


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no file"):
        open_cutout(tmp_path / "a.png")
    cutout((64, 64), (9, 9, 50, 50)).save(tmp_path / "a.png")
    whole = (tmp_path / "a.png").read_bytes()
    for broken in (b"", b"GIF89a", whole[: len(whole) // 2]):
        (tmp_path / "a.png").write_bytes(broken)
        with pytest.raises(BadInput, match="cannot be read"):
            open_cutout(tmp_path / "a.png")


# --- the band of cells


def test_levels_double_up_to_the_resolution() -> None:
    assert grid.levels(384) == (96, 192, 384)
    assert grid.levels(512) == (64, 128, 256, 512)
    assert grid.levels(48) == (48,)


def test_crossed_cells_are_those_with_both_signs() -> None:
    values = np.random.default_rng(1).normal(size=(5, 6, 7)).astype(np.float32)
    cells = grid.crossed(values)
    assert cells.shape == (4, 5, 6)
    for x, y, z in np.ndindex(cells.shape):
        corners = values[x : x + 2, y : y + 2, z : z + 2]
        assert cells[x, y, z] == ((corners > 0).any() and (corners <= 0).any())


def test_grown_cells_touch_and_refined_points_are_corners_of_the_smaller_cells() -> None:
    cells = np.zeros((4, 4, 4), dtype=bool)
    cells[1, 2, 3] = True
    wide = grid.grown(cells)
    assert np.argwhere(wide).min(axis=0).tolist() == [0, 1, 2] and np.argwhere(wide).max(axis=0).tolist() == [2, 3, 3]
    assert wide.sum() == 3 * 3 * 2 and cells.sum() == 1
    points = grid.refined(cells)
    assert points.shape == (9, 9, 9) and points.sum() == 27
    assert np.argwhere(points).min(axis=0).tolist() == [2, 4, 6]
    assert np.argwhere(grid.known_cells(points)).tolist() == [[x, y, z] for x in (2, 3) for y in (4, 5) for z in (6, 7)]


def test_the_band_holds_every_crossed_cell_of_the_finer_grid() -> None:
    coarse, fine = sampled(dog, 32), sampled(dog, 64)
    band = grid.known_cells(grid.refined(grid.grown(grid.crossed(coarse.values))))
    assert not (grid.crossed(fine.values) & ~band).any()
    assert band.mean() < 0.2


# --- the mesh


def test_a_sphere_comes_out_closed_outward_and_of_its_size() -> None:
    mesh = extract(sampled(lambda points: 0.8 - np.linalg.norm(points, axis=-1), 64))
    assert mesh.open_edges == 0
    assert volume(mesh) == pytest.approx(4 / 3 * np.pi * 0.8**3, rel=0.01)
    assert np.abs(np.linalg.norm(mesh.vertices, axis=1) - 0.8).max() < 0.002
    assert np.abs(mesh.vertices.mean(axis=0)).max() < 1e-3


def test_only_the_cells_that_are_known_are_read() -> None:
    whole = sampled(lambda points: 0.5 - np.linalg.norm(points, axis=-1), 32)
    cells = grid.crossed(whole.values)
    values = np.where(_corners(cells), whole.values, np.nan).astype(np.float32)
    crop = (slice(4, 30), slice(5, 29), slice(6, 28))
    part = Sampled(
        values=values[crop],
        cells=cells[4:29, 5:28, 6:27],
        origin=np.array([4, 5, 6]),
        resolution=32,
        bound=1.05,
        queries=0,
    )
    expected, mesh = extract(whole), extract(part)
    assert np.isfinite(mesh.vertices).all()
    assert len(mesh.faces) == len(expected.faces)
    assert np.abs(np.sort(mesh.vertices, axis=0) - np.sort(expected.vertices, axis=0)).max() < 1e-6


def _corners(cells: np.ndarray) -> np.ndarray:
    points = np.zeros(tuple(side + 1 for side in cells.shape), dtype=bool)
    for corner in np.ndindex(2, 2, 2):
        points[tuple(slice(start, start + side) for start, side in zip(corner, cells.shape, strict=True))] |= cells
    return points


def test_what_the_cube_cuts_gets_a_lid() -> None:
    mesh = clean(extract(sampled(lambda points: 0.4 - np.linalg.norm(points[..., :2], axis=-1), 48)), faces=100_000)
    assert mesh.open_edges == 0
    assert mesh.vertices[:, 2].max() == pytest.approx(1.05, abs=1e-3)


@pytest.mark.parametrize("value", [-1.0, 1.0])
def test_no_surface_is_said_so(value: float) -> None:
    field = sampled(lambda points: np.full(points.shape[:-1], value), 32)
    if value > 0:
        field.values[:] = 1.0
    with pytest.raises(NoSurface, match="no surface"):
        extract(field)


def test_a_speck_is_no_surface() -> None:
    with pytest.raises(NoSurface, match="faces only"):
        clean(extract(sampled(lambda points: 0.04 - np.linalg.norm(points, axis=-1), 64)), faces=10_000)


def test_floaters_go_and_limbs_stay() -> None:
    def field(points: np.ndarray) -> np.ndarray:
        return np.maximum(dog(points), 0.05 - np.linalg.norm(points - [0.8, 0.8, 0.8], axis=-1))

    mesh = clean(extract(sampled(field, 96)), faces=1_000_000)
    assert mesh.vertices[:, 0].max() < 0.3
    assert np.ptp(mesh.vertices, axis=0) == pytest.approx([0.4, 1.4, 1.83], abs=0.06)
    assert mesh.open_edges == 0


def test_decimation_keeps_the_shape_closed() -> None:
    full = extract(sampled(dog, 96))
    mesh = clean(full, faces=6_000)
    assert 5_000 < len(mesh.faces) <= 6_000
    assert mesh.open_edges == 0
    assert volume(mesh) == pytest.approx(volume(full), rel=0.02)
    assert mesh.vertices.dtype == np.float32 and mesh.faces.dtype == np.int32
    assert np.unique(mesh.faces).size == len(mesh.vertices)


def test_doubled_vertices_are_welded() -> None:
    mesh = extract(sampled(dog, 48))
    loose = Triangles(vertices=mesh.vertices[mesh.faces].reshape(-1, 3), faces=np.arange(mesh.faces.size, dtype=np.int32).reshape(-1, 3))
    assert loose.open_edges > 0
    assert clean(loose, faces=1_000_000).open_edges == 0
    assert len(clean(loose, faces=1_000_000).vertices) == len(clean(mesh, faces=1_000_000).vertices)


def test_flaps_go_whole_and_doubles_once() -> None:
    ball = extract(sampled(lambda points: 0.6 - np.linalg.norm(points, axis=-1), 32))
    face = ball.faces[:1]
    for extra, left in ((face, 0), (face[:, ::-1], -1), (np.concatenate([face, face[:, ::-1]]), 0)):
        mesh = clean(Triangles(vertices=ball.vertices, faces=np.concatenate([ball.faces, extra])), faces=100_000)
        assert len(mesh.faces) == len(clean(ball, faces=100_000).faces) + left
        assert volume(mesh) > 0 and (mesh.open_edges == 0) == (left == 0)


def test_a_saved_mesh_appears_whole(tmp_path: Path) -> None:
    mesh = extract(sampled(dog, 48))
    save(mesh, tmp_path / "mesh.npz")
    with np.load(tmp_path / "mesh.npz") as data:
        assert sorted(data) == ["faces", "vertices"]
        assert (data["vertices"] == mesh.vertices).all() and (data["faces"] == mesh.faces).all()
    assert [path.name for path in tmp_path.iterdir()] == ["mesh.npz"]
