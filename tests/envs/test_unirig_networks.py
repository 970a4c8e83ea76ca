# ruff: noqa: E402  # the imports need what the lines above them look for
"""What stands in for UniRig's compiled packages, against independent references; checkpoints; upstream's own code beside ours.

Runs where torch and what the environment needs are installed; the tests that need upstream's code find it by
RIGSHOT_UNIRIG_SOURCE.
"""

import importlib.util
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
for package in ("box", "safetensors", "transformers", "einops", "addict"):
    pytest.importorskip(package)

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "envs" / "unirig"))

from rigshot_unirig import stand_ins
from rigshot_unirig.checkpoint import converted
from rigshot_unirig.decoding import Decoder
from rigshot_unirig.generating import GrammarProcessor
from rigshot_unirig.grammar import Grammar, Vocabulary
from rigshot_unirig.sparse_conv import SparseConvTensor, SubMConv3d
from safetensors.torch import load_file
from torch.nn import functional
from unirig_kit import DOG, ENVIRONMENT, dog, skeleton_of, tokens_of

from rigshot_env import MissingWeights

BESIDE = Path(__file__).resolve().parents[1] / "tools" / "unirig_beside_upstream.py"


def test_the_sparse_convolution_is_a_dense_one_on_a_full_grid() -> None:
    torch.manual_seed(0)
    size, batch = (5, 4, 6), 2
    cells = torch.cartesian_prod(torch.arange(batch), *(torch.arange(side) for side in size))[torch.randperm(batch * 120)]
    features = torch.randn(len(cells), 3)
    for kernel in (3, 5):
        layer = SubMConv3d(3, 7, kernel, bias=True)
        found = layer(SparseConvTensor(features, cells.int(), size, batch)).features
        dense = torch.zeros(batch, *size, 3)
        dense[tuple(cells.T)] = features
        weight = layer.weight.permute(0, 4, 1, 2, 3)
        wanted = functional.conv3d(dense.permute(0, 4, 1, 2, 3), weight, layer.bias, padding=kernel // 2)
        assert torch.allclose(found, wanted[cells[:, 0], :, cells[:, 1], cells[:, 2], cells[:, 3]], atol=1e-5)


def test_the_sparse_convolution_sees_only_occupied_cells() -> None:
    """On scattered cells it is the dense one with zeros elsewhere, read at those cells; coordinates may be large."""
    torch.manual_seed(1)
    cells = torch.unique(torch.randint(0, 9, (150, 3)), dim=0)
    features = torch.randn(len(cells), 4)
    layer = SubMConv3d(4, 5, 3, bias=False)
    indices = functional.pad(cells, (1, 0)).int()
    found = layer(SparseConvTensor(features, indices, (9, 9, 9), 1)).features
    dense = torch.zeros(9, 9, 9, 4)
    dense[tuple(cells.T)] = features
    wanted = functional.conv3d(dense.permute(3, 0, 1, 2)[None], layer.weight.permute(0, 4, 1, 2, 3), padding=1)[0]
    assert torch.allclose(found, wanted[:, cells[:, 0], cells[:, 1], cells[:, 2]].T, atol=1e-5)
    far = layer(SparseConvTensor(features, indices + torch.tensor([0, 60_000, 5, 30_000], dtype=torch.int32), (1, 1, 1), 1)).features
    assert torch.equal(far, found)


def test_points_that_share_a_cell_keep_themselves_and_look_alike_to_others() -> None:
    layer = SubMConv3d(1, 1, 3, bias=False)
    with torch.no_grad():
        layer.weight.fill_(1.0)
    cells = torch.tensor([[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 1]])
    features = torch.tensor([[1.0], [10.0], [100.0]])
    found = layer(SparseConvTensor(features, cells, (1, 1, 2), 1)).features
    assert found.flatten().tolist() == [11.0, 11.0, 101.0]


def test_neighbours_are_looked_up_once_for_all_layers() -> None:
    points = SparseConvTensor(torch.randn(4, 2), torch.tensor([[0, 0, 0, k] for k in range(4)]), (1, 1, 4), 1)
    first, second = SubMConv3d(2, 2, 3), SubMConv3d(2, 2, 3)
    after = second(first(points))
    assert after.pairs((3, 3, 3)) is points.pairs((3, 3, 3))


def test_farthest_points_are_those_of_a_plain_search() -> None:
    rng = np.random.default_rng(3)
    points = rng.normal(size=(2, 60, 3)).astype(np.float32)
    batch = torch.arange(2).repeat_interleave(60)
    found = stand_ins.fps(torch.from_numpy(points.reshape(-1, 3)), batch, ratio=0.25, random_start=False).reshape(2, 15)
    for run in range(2):
        chosen = [0]
        while len(chosen) < 15:
            apart = np.min([((points[run] - points[run, place]) ** 2).sum(1) for place in chosen], axis=0)
            chosen.append(int(apart.argmax()))
        assert found[run].tolist() == [place + 60 * run for place in chosen]
    torch.manual_seed(0)
    starts = {int(stand_ins.fps(torch.from_numpy(points[0]), ratio=0.01)[0]) for _ in range(20)}
    assert len(starts) > 5


def test_segments_are_reduced() -> None:
    values = torch.randn(9, 3)
    ends = torch.tensor([0, 2, 9])
    found = stand_ins.segment_csr(values, ends, reduce="min")
    assert torch.equal(found, torch.stack([values[:2].amin(0), values[2:].amin(0)]))
    assert torch.allclose(stand_ins.segment_csr(values, ends, reduce="mean")[1], values[2:].mean(0))


def test_cross_attention_is_torchs() -> None:
    torch.manual_seed(0)
    layer = stand_ins.MHA(embed_dim=24, num_heads=3, cross_attn=True)
    assert {name for name, _ in layer.named_parameters()} == {
        f"{part}.{kind}" for part in ("Wq", "Wkv", "out_proj") for kind in ("weight", "bias")
    }
    reference = torch.nn.MultiheadAttention(24, 3, batch_first=True)
    with torch.no_grad():
        reference.in_proj_weight.copy_(torch.cat([layer.Wq.weight, layer.Wkv.weight]))
        reference.in_proj_bias.copy_(torch.cat([layer.Wq.bias, layer.Wkv.bias]))
    reference.out_proj = layer.out_proj
    query, other = torch.randn(2, 5, 24), torch.randn(2, 7, 24)
    assert torch.allclose(layer(query, x_kv=other), reference(query, other, other)[0], atol=1e-6)


def test_attention_stays_within_its_run() -> None:
    torch.manual_seed(0)
    qkv = torch.randn(24, 3, 2, 4)
    for ends in ([0, 8, 16, 24], [0, 5, 24]):
        found = stand_ins.attention_of_patches(qkv, torch.tensor(ends, dtype=torch.int32), max(np.diff(ends)), softmax_scale=0.3)
        query, key, value = qkv.permute(1, 2, 0, 3)
        run = torch.bucketize(torch.arange(24), torch.tensor(ends[1:]), right=True)
        scores = (query @ key.transpose(1, 2) * 0.3).masked_fill(run[:, None] != run[None], -torch.inf)
        assert torch.allclose(found, (scores.softmax(-1) @ value).transpose(0, 1), atol=1e-5)


def test_the_processor_follows_beams_that_change_places() -> None:
    """Beams that are copied and reordered keep their states; what is allowed is what the grammar says of each whole row."""
    vocabulary = Vocabulary()
    grammar = Grammar(vocabulary=vocabulary, skeleton_class="articulationxl", least=2, most=20)
    heard: list[int] = []
    processor = GrammarProcessor(grammar, 60, heard.append)
    random = torch.Generator().manual_seed(0)
    rows = torch.zeros(6, 0, dtype=torch.long)
    for length in range(60):
        scores = torch.rand(6, vocabulary.size, generator=random)
        scores[:, vocabulary.branch] += 0.5
        masked = processor(rows, scores)
        for row, kept in zip(rows.tolist(), masked, strict=True):
            state = grammar.start
            for token in row:
                state = grammar.step(state, token) or pytest.fail("the processor let a wrong token through")
            kinds = grammar.kinds(state, 60 - length)
            assert torch.equal(torch.isfinite(kept), torch.from_numpy(grammar.mask(kinds or ("eos",))))
        masked[:, vocabulary.eos] -= 10
        order = torch.randint(6, (6,), generator=random)
        rows = torch.cat([rows[order], masked[order].argmax(1)[:, None]], 1)
        if any(row[-1] == vocabulary.eos for row in rows.tolist()):
            break
    assert length > 30 and heard == list(range(length + 1))
    assert rows[rows[:, -1] == vocabulary.eos].shape[1] <= 60


_DRAWN = {"do_sample": True, "top_k": 5, "top_p": 0.95, "temperature": 1.5, "repetition_penalty": 3.0}
GPU = pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU"))


@pytest.fixture
def language_model() -> Any:
    """A small OPT model of UniRig's kind, far enough from uniform that its tokens differ."""
    from transformers import OPTConfig, OPTForCausalLM

    torch.manual_seed(0)
    model = OPTForCausalLM(
        OPTConfig(
            vocab_size=267,
            hidden_size=64,
            word_embed_proj_dim=64,
            ffn_dim=128,
            num_hidden_layers=3,
            num_attention_heads=4,
            max_position_embeddings=200,
            do_layer_norm_before=True,
            attn_implementation="sdpa",
        )
    ).eval()
    for parameter in model.parameters():
        parameter.data *= 3
    return model


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize(("beams", "drawn"), [(15, _DRAWN), (1, _DRAWN), (4, {"do_sample": False})])
def test_decoding_draws_the_tokens_that_transformers_own_cache_does(
    language_model: Any, device: str, beams: int, drawn: dict[str, Any]
) -> None:
    """Beams that change places, room that is doubled twice, on a GPU graphs that are recorded anew."""
    model = language_model.to(device)
    mesh = torch.randn(1, 33, 64, device=device)
    words = {"inputs_embeds": mesh, "num_beams": beams, "max_new_tokens": 60, "bos_token_id": 257, "eos_token_id": 258} | drawn
    words["pad_token_id"] = 259
    torch.manual_seed(1)
    wanted = model.generate(**words)
    for room in (16, 64):
        torch.manual_seed(1)
        with Decoder(model, beams, room=room).at_work() as cache:
            found = model.generate(past_key_values=cache, **words)
        assert torch.equal(found, wanted)
    assert len(set(wanted[0].tolist())) > 5
    torch.manual_seed(1)
    assert torch.equal(model.generate(**words), wanted)  # and afterwards the model is its own again


def test_another_kind_of_language_model_is_refused(language_model: Any) -> None:
    language_model.config.do_layer_norm_before = False
    with pytest.raises(ValueError, match="not the kind"):
        Decoder(language_model, 2)


class Spy:
    """What a stranger's pickle would hold: an object that runs something when it is read."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> object:
        return (os.mkdir, (str(self.place),))


def test_a_checkpoint_is_converted_once_and_runs_nothing(tmp_path: Path) -> None:
    shared = torch.randn(4, 3)
    state = {
        "model.one": shared,
        "model.other": shared,
        "model.part.half": torch.ones(2, dtype=torch.bfloat16),
        "loss.weight": torch.ones(1),
    }
    words = {"state_dict": state, "hyper_parameters": Spy(tmp_path / "made by a pickle"), "optimizer_states": [{0: torch.ones(2)}]}
    torch.save(words, tmp_path / "model.ckpt")
    made = converted(tmp_path / "model.ckpt", tmp_path / "cache", "skin")
    tensors = load_file(made)
    assert sorted(tensors) == ["one", "other", "part.half"]
    assert torch.equal(tensors["one"], shared) and torch.equal(tensors["other"], shared)
    assert not (tmp_path / "made by a pickle").exists()
    before = made.stat().st_mtime_ns
    assert converted(tmp_path / "model.ckpt", tmp_path / "cache", "skin").stat().st_mtime_ns == before
    assert list((tmp_path / "cache").iterdir()) == [made]


def test_what_is_no_checkpoint_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(MissingWeights, match="not installed"):
        converted(tmp_path / "model.ckpt", tmp_path, "skin")
    (tmp_path / "model.ckpt").write_bytes(pickle.dumps(Spy(tmp_path / "made by a pickle")))
    with pytest.raises(MissingWeights, match="cannot be read"):
        converted(tmp_path / "model.ckpt", tmp_path, "skin")
    torch.save({"state_dict": {"other.one": torch.ones(1)}}, tmp_path / "model.ckpt")
    with pytest.raises(MissingWeights, match="cannot be read"):
        converted(tmp_path / "model.ckpt", tmp_path, "skin")
    assert not (tmp_path / "made by a pickle").exists()
    assert "no network" in capfd.readouterr().err


def test_a_full_card_is_met_by_less_once() -> None:
    spec = importlib.util.spec_from_file_location("unirig_worker", ENVIRONMENT / "worker.py")
    assert spec is not None and spec.loader is not None
    worker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(worker)
    asked: list[str] = []

    class Clock:
        def lap(self, step: str) -> None:
            asked.append(step)

    def full(name: str) -> str:
        asked.append(name)
        raise torch.OutOfMemoryError("CUDA out of memory")

    def enough(name: str) -> str:
        asked.append(name)
        return name

    assert worker._with_less(Clock(), lambda: enough("all"), lambda: enough("less")) == "all"
    assert worker._with_less(Clock(), lambda: full("all"), lambda: enough("less")) == "less"
    with pytest.raises(torch.OutOfMemoryError):
        worker._with_less(Clock(), lambda: full("all"), lambda: full("less"))
    assert asked == ["all", "all", "out of memory", "less", "all", "out of memory", "less"]


@pytest.fixture(scope="module")
def upstream() -> Path:
    source = os.environ.get("RIGSHOT_UNIRIG_SOURCE")
    if not source:
        pytest.skip("RIGSHOT_UNIRIG_SOURCE names no checkout of UniRig")
    return Path(source)


def beside_upstream(upstream: Path, *words: object) -> dict[str, float]:
    """What the script beside the tests found."""
    command = [sys.executable, "-W", "ignore", BESIDE, upstream, *map(str, words)]
    ended = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert ended.returncode == 0, ended.stderr
    found: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return found


def test_the_real_networks_have_the_published_sizes(upstream: Path) -> None:
    """359.9 and 364.5 million parameters: the skeleton's file of 1 439 617 174 bytes holds them in float32, the skin's of
    4 375 464 854 with Adam's two moments. What is left over is names and structure."""
    found = beside_upstream(upstream, "sizes")
    assert round(found["skeleton"] / 1e6, 1) == 359.9
    assert round(found["skin"] / 1e6, 1) == 364.5
    assert 0 < 1_439_617_174 - 4 * found["skeleton"] < 200_000
    assert 0 < 4_375_464_854 - 12 * found["skin"] < 2_000_000


def test_points_and_prior_are_those_of_upstreams_transform(upstream: Path, tmp_path: Path) -> None:
    """One seed, one mesh: upstream takes the same points, but for a few where rounding draws the neighbouring face."""
    vertices, faces = dog()
    joints, parents = skeleton_of(DOG)
    np.savez(tmp_path / "dog.npz", vertices=vertices, faces=faces, joints=joints, parents=parents)
    found = beside_upstream(upstream, "transform", tmp_path / "dog.npz")
    for stage in ("ar", "skin"):
        assert found[f"{stage} points"] > 0.99 and found[f"{stage} normals"] < 1e-5, found
    assert found["prior"] < 1e-3 and found["strongest"] > 0.999, found


def test_skeletons_are_read_as_upstreams_tokeniser_reads_them(upstream: Path) -> None:
    found = beside_upstream(upstream, "skeletons")
    assert found["bones"] > 1000 and found["worst"] < 1e-6


def test_the_tests_write_skeletons_as_upstreams_tokeniser_does(upstream: Path) -> None:
    joints, parents = skeleton_of(DOG)
    joints = joints - np.float32([0, 0.5, 0])
    found = beside_upstream(upstream, "tokens", json.dumps(joints.tolist()), json.dumps(parents.tolist()))
    assert found["tokens"] == [257, 266, *tokens_of(joints, parents), 258]
