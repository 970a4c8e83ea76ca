"""Rendered training figures: whose part a pixel shows, where the figure looks, and in which order pictures are written."""

import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from training.cutout import figures  # noqa: E402
from training.cutout.model_words import REGIONS  # noqa: E402
from training.cutout.parts import UNTOLD, looks_ahead, vertex_regions  # noqa: E402
from training.cutout.render import _shards  # noqa: E402

from rigshot_pipeline.evaluation.truth_rig import load_truth  # noqa: E402


@pytest.mark.parametrize("name", ["khronos_Fox", "quaternius_Husky", "quaternius_Cow"])
def test_parts_lie_where_an_animal_has_them(shared_data: Path, name: str) -> None:
    rig = load_truth(shared_data / "gt_rig" / f"{name}.glb")
    shares = vertex_regions(rig)
    assert shares is not None
    np.testing.assert_allclose(shares.sum(1), 1, atol=1e-3)
    head, body, legs, tail = (rig.vertices[shares.argmax(1) == column].mean(0) for column in range(len(REGIONS)))
    assert head[2] > body[2] > tail[2]
    assert legs[1] < min(body[1], head[1])
    assert looks_ahead(rig, shares)


def test_a_fish_without_named_parts_says_nothing_of_them(shared_data: Path) -> None:
    rig = load_truth(shared_data / "gt_rig" / "quaternius_Shark.glb")
    nameless = type(rig)(**{**vars(rig), "names": tuple(f"joint_{place}" for place in range(len(rig.names)))})
    assert vertex_regions(nameless) is None


def test_the_head_is_where_the_heading_says(shared_data: Path, tmp_path: Path) -> None:
    (tmp_path / "Husky.glb").write_bytes((shared_data / "gt_rig" / "quaternius_Husky.glb").read_bytes())
    sides = 0
    for seed in range(8):
        random = np.random.default_rng(seed)
        figure = figures.render(figures.posed(tmp_path, random), random, patches=[], side=96)
        assert figure.heading is not None
        assert UNTOLD not in figure.regions
        assert not figure.regions[figure.picture[..., 3] == 0].any()
        right = np.sin(np.radians(figure.heading))
        head, body = (np.argwhere(figure.regions == 1 + place) for place in (0, 1))
        if abs(right) > 0.7 and len(head) and len(body):
            sides += 1
            assert np.sign(head[:, 1].mean() - body[:, 1].mean()) == np.sign(right)
    assert sides >= 2


def test_every_kind_is_among_the_first_pictures_written() -> None:
    parts = _shards({"figures": 900, "drawings": 150, "things": 300})
    assert {kind for kind, _ in parts[:3]} == {"figures", "drawings", "things"}
    for kind, count in (("figures", 900), ("drawings", 150), ("things", 300)):
        assert sorted(number for name, numbers in parts if name == kind for number in numbers) == list(range(count))
