from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from rigshot_pipeline.asset import Mesh, Rig
from rigshot_pipeline.body import Body
from rigshot_pipeline.embedded.heat_weights import heat_weights, keep_strongest
from rigshot_pipeline.embedded.rig_check import leg_bleed, weight_steps
from rigshot_pipeline.embedded.skeleton import build_rig, chain

Toy = Callable[[str], tuple[Mesh, Body]]
TOYS = ("quadruped", "stubby", "biped", "seated", "bird", "fish", "snake", "object")


def skinned(toy: Toy, name: str) -> tuple[Mesh, Body, Rig]:
    mesh, body = toy(name)
    rig = build_rig(body)
    return mesh, body, replace(rig, weights=heat_weights(mesh, body, rig))


@pytest.mark.parametrize("name", TOYS)
def test_rows_sum_to_one_with_four_influences_and_no_root(toy: Toy, name: str) -> None:
    _, _, rig = skinned(toy, name)
    assert rig.weights is not None
    assert rig.weights.dtype == np.float32
    assert np.allclose(rig.weights.sum(1), 1, atol=1e-5)
    assert ((rig.weights > 0).sum(1) <= 4).all()
    assert (rig.weights[rig.weights > 0] >= 0.009).all()
    assert not rig.weights[:, 0].any()


@pytest.mark.parametrize("name", ["quadruped", "stubby", "biped", "seated", "bird"])
def test_no_leg_moves_another_leg_and_borders_are_smooth(toy: Toy, name: str) -> None:
    mesh, body, rig = skinned(toy, name)
    assert rig.weights is not None
    assert leg_bleed(body, rig) == 0
    mean, high = weight_steps(mesh, rig.weights)
    assert mean < 0.17
    assert high < 0.7  # a cut between two parts shows as 2 (.5 on a mesh three times as fine)


def test_a_mirrored_animal_has_mirrored_weights(toy: Toy) -> None:
    mesh, _, rig = skinned(toy, "quadruped")
    assert rig.weights is not None
    mirror = np.linalg.norm(mesh.vertices[:, None] * np.array([-1, 1, 1], np.float32) - mesh.vertices[None, ::7], axis=2).argmin(0)
    swapped = [rig.names.index(_twin(name)) for name in rig.names]
    difference = np.abs(rig.weights[::7] - rig.weights[mirror][:, swapped]).sum(1)
    assert np.median(difference) < 0.06
    assert np.percentile(difference, 95) < 0.4  # the toy's grid is not mirrored


def _twin(name: str) -> str:
    return name.replace("left", "#").replace("right", "left").replace("#", "right")


@pytest.mark.parametrize("name", ["quadruped", "stubby", "biped", "bird"])
def test_soles_move_with_the_foot_alone(toy: Toy, name: str) -> None:
    mesh, body, rig = skinned(toy, name)
    assert rig.weights is not None
    for place, part in enumerate(body.parts):
        if part.kind == "leg":
            own = np.flatnonzero(body.vertex_part == place)
            sole = own[mesh.vertices[own, 1] < 0.01]
            assert rig.weights[sole, chain(rig, part)[-1]].mean() > 0.8


def test_the_crown_follows_the_head_and_the_rump_the_hips(toy: Toy) -> None:
    mesh, _, rig = skinned(toy, "biped")
    assert rig.weights is not None
    crown = mesh.vertices[:, 1].argmax()
    assert rig.weights[crown, rig.names.index("head")] > 0.95


def test_a_part_without_vertices_does_no_harm(toy: Toy) -> None:
    mesh, body = toy("quadruped")
    tail = [part.name for part in body.parts].index("tail")
    body = replace(body, vertex_part=np.where(body.vertex_part == tail, 0, body.vertex_part).astype(np.int32))
    weights = heat_weights(mesh, body, build_rig(body))
    assert np.isfinite(weights).all()
    assert np.allclose(weights.sum(1), 1, atol=1e-5)


def test_the_four_strongest_are_kept_and_crumbs_dropped() -> None:
    kept = keep_strongest(np.array([[0.4, 0.3, 0.2, 0.06, 0.04], [0.995, 0.005, 0, 0, 0]]))
    assert np.allclose(kept[0], np.array([0.4, 0.3, 0.2, 0.06, 0]) / 0.96)
    assert np.allclose(kept[1], [1, 0, 0, 0, 0])
