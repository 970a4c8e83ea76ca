"""The preprocess environment's models: the libraries' own classes with tiny random checkpoints in the hub's layout.

They need torch, diffusers, transformers, spandrel, rembg and onnx, as ``envs/preprocess`` installs them, and skip without. BiRefNet's
code is its authors': those tests skip unless ``RIGSHOT_PREPROCESS_SOURCE`` names a checkout of the commit in ``engine.toml``.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
for library in ("diffusers", "transformers", "spandrel", "rembg", "onnx", "peft"):
    pytest.importorskip(library, exc_type=ImportError)

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).resolve().parents[2] / "envs" / "preprocess")]

import tiny_preprocess as tiny  # noqa: E402
from rigshot_preprocess import birefnet, detecting, editing, features, matting, standardising, upscaling, vitpose, wishes  # noqa: E402
from rigshot_preprocess.residency import Loaded, Shelf, bytes_of, first_that_fits, placement  # noqa: E402

from rigshot_env import MissingWeights  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # what the libraries say of each other is not ours

SOURCE = os.environ.get("RIGSHOT_PREPROCESS_SOURCE", "")
needs_source = pytest.mark.skipif(not SOURCE, reason="RIGSHOT_PREPROCESS_SOURCE names no checkout of BiRefNet")


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("parts")
    tiny.make_all(root / "weights")
    tiny.make_realesrgan(root / "weights")
    tiny.make_rembg(root / "weights")
    return root


@pytest.fixture(autouse=True)
def _variables(parts: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("RIGSHOT_ENGINE_WEIGHTS", str(parts / "weights"))
    monkeypatch.setenv("RIGSHOT_ENGINE_CACHE", str(parts / "cache"))
    monkeypatch.setenv("RIGSHOT_ENGINE_SOURCE", SOURCE or str(parts / "source"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    yield


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(torch.device("cpu"))


def red_on_grey(height: int = 90, width: int = 120) -> wishes.Pixels:
    """A red thing on legs on a noisy grey ground; the network that stands in for rembg's takes red for the subject."""
    picture = np.random.default_rng(0).integers(100, 110, (height, width, 3), dtype=np.uint8)
    picture[height // 4 : height // 2, width // 4 : width * 3 // 4] = (230, 30, 30)
    for leg in (0.27, 0.36, 0.62, 0.7):
        picture[height // 2 : height * 3 // 4, int(width * leg) : int(width * leg) + width // 25] = (230, 30, 30)
    return picture


def nothing(_: float) -> None:
    pass


@pytest.mark.parametrize("model", ["swin2sr", "realesrgan"])
def test_an_enlarged_picture_is_the_same_from_tiles_as_at_once(shelf: Shelf, model: str) -> None:
    picture = red_on_grey()
    whole = upscaling.enlarge(shelf, picture, scale=4, model=model, progress=nothing)
    seen: list[float] = []
    tiled = upscaling.enlarge(shelf, picture, scale=4, model=model, progress=seen.append, tiles=(72,))
    assert whole.shape == tiled.shape == (360, 480, 3)
    assert seen == [0, 0.25, 0.5, 0.75]
    assert np.abs(whole.astype(int) - tiled).mean() < 3
    half = upscaling.enlarge(shelf, picture, scale=2, model=model, progress=nothing)
    assert half.shape == (180, 240, 3)
    np.testing.assert_allclose(half, whole.reshape(180, 2, 240, 2, 3).mean((1, 3)), atol=1)


def test_swin2sr_is_the_librarys_forward(shelf: Shelf, parts: Path) -> None:
    """A picture of whole windows goes through as transformers' own processor and model would have it."""
    from transformers import Swin2SRForImageSuperResolution

    picture = np.random.default_rng(3).integers(0, 256, (32, 40, 3), dtype=np.uint8)
    model = Swin2SRForImageSuperResolution.from_pretrained(parts / "weights" / "swin2sr").eval()
    with torch.inference_mode():
        made = model(pixel_values=torch.from_numpy(picture.transpose(2, 0, 1)[None] / np.float32(255))).reconstruction[0]
    expected = (made.clamp(0, 1).permute(1, 2, 0).numpy() * 255 + 0.5).astype(np.uint8)
    np.testing.assert_array_equal(upscaling.enlarge(shelf, picture, scale=4, model="swin2sr", progress=nothing), expected)


def test_alpha_is_kept_and_small_pictures_pass(shelf: Shelf) -> None:
    picture = np.dstack([red_on_grey(5, 3), np.full((5, 3), 200, np.uint8)])
    made = upscaling.enlarge(shelf, picture, scale=2, model="swin2sr", progress=nothing)
    assert made.shape == (10, 6, 4)
    assert (made[..., 3] == 200).all()


def test_memory_that_runs_out_leads_to_smaller_tiles(shelf: Shelf) -> None:
    sizes: list[int] = []

    def full(module: object, arguments: object, named: dict[str, torch.Tensor]) -> None:
        sizes.append(named["pixel_values"].shape[-1])
        if sizes[-1] > 100:
            raise torch.OutOfMemoryError("CUDA out of memory")

    with shelf.use("swin2sr", upscaling.load_swin2sr):
        pass
    network = shelf._models["swin2sr"].modules[0]
    handle = network.register_forward_pre_hook(full, with_kwargs=True)
    try:
        assert upscaling.enlarge(shelf, red_on_grey(), scale=4, model="swin2sr", progress=nothing).shape == (360, 480, 3)
        assert sizes[0] == 120
        assert set(sizes[1:]) == {96}
        with pytest.raises(torch.OutOfMemoryError):
            upscaling.enlarge(shelf, red_on_grey(130, 130), scale=4, model="swin2sr", progress=nothing, tiles=(128,))
    finally:
        handle.remove()


def test_rembgs_network_cuts_out_without_the_net(shelf: Shelf, parts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pooch

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("rembg went to the net")

    monkeypatch.setattr(pooch, "retrieve", refuse)
    picture = red_on_grey(400, 500)
    matte = matting.cut_out(shelf, picture, model="rembg", progress=nothing)
    truth = picture[..., 0] > 200
    assert matte.alpha.shape == (400, 500)
    assert ((matte.alpha >= 128) == truth).mean() > 0.99
    assert matte.confidence > 0.9
    shutil.move(parts / "weights" / "rembg", parts / "away")
    try:
        with pytest.raises(MissingWeights, match="rembg"):
            matting.cut_out(Shelf(torch.device("cpu")), picture, model="rembg", progress=nothing)
    finally:
        shutil.move(parts / "away", parts / "weights" / "rembg")


def test_the_second_look_goes_to_a_small_subject_only() -> None:
    alpha = np.zeros((200, 300), np.float32)
    assert matting.look_again(alpha) is None
    alpha[50:70, 100:140] = 1
    assert matting.look_again(alpha) == (slice(37, 83), slice(87, 153))
    alpha[10:190, 10:290] = 1
    assert matting.look_again(alpha) is None


def test_a_second_look_that_sees_something_else_does_not_count() -> None:
    picture = np.zeros((200, 300, 3), np.uint8)
    picture[80:120, 100:180] = 255
    picture[80:120, 176:180, 0] = 250  # a fringe that only the second look tells from the subject
    picture[90:110, 120:150, 0] = 200  # a darker part, which a network might take for the subject once it is close

    def matte(of_whole: int, of_part: int) -> matting.Matte:
        shelf = Shelf(torch.device("cpu"))
        most, fringe = {200: of_whole}, {200: 1}

        def network(part: wishes.Pixels) -> np.ndarray:
            channel = part[..., 0].astype(np.float32)
            return ((channel > 0) & (channel <= most.get(len(part), of_part)) & (channel != fringe.get(len(part), 250))).astype(np.float32)

        with shelf.use("birefnet", lambda: Loaded(value=network)):
            return matting.cut_out(shelf, picture, model="birefnet", progress=nothing)

    assert (matte(255, 255).alpha >= 128).sum() == 40 * 76
    assert (matte(255, 200).alpha >= 128).sum() == 40 * 80
    assert (matte(255, 1).alpha >= 128).sum() == 40 * 80


@pytest.fixture(scope="module")
def small_birefnet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Upstream's code with the smallest of its backbones, as its own instructions for the lite weights have it, and random weights."""
    from safetensors.torch import save_file

    root = tmp_path_factory.mktemp("birefnet")
    shutil.copytree(SOURCE, root / "source")
    config = (root / "source" / "config.py").read_text(encoding="utf-8")
    head, _, tail = config.partition("'dino_v3_b', 'dino_v3_s_plus', 'dino_v3_s',\n        ][3]")
    assert tail, "upstream's config.py is not the pinned one"
    (root / "source" / "config.py").write_text(f"{head}'dino_v3_b', 'dino_v3_s_plus', 'dino_v3_s',\n        ][6]{tail}", encoding="utf-8")
    torch.manual_seed(0)
    state = birefnet.build_network(root / "source").state_dict()
    (root / "weights" / "birefnet").mkdir(parents=True)
    halves = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in state.items()}
    save_file(halves, root / "weights" / "birefnet" / "model.safetensors")
    return root


@needs_source
def test_birefnet_by_its_own_code(shelf: Shelf, small_birefnet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIGSHOT_ENGINE_WEIGHTS", str(small_birefnet / "weights"))
    monkeypatch.setenv("RIGSHOT_ENGINE_SOURCE", str(small_birefnet / "source"))
    monkeypatch.setattr(matting, "SIDE", 128)
    own = {name for name in sys.modules if name.partition(".")[0] in ("models", "config", "dataset", "kornia")}
    picture = red_on_grey()
    matte = matting.cut_out(shelf, picture, model="birefnet", progress=nothing)
    assert matte.alpha.shape == picture.shape[:2]
    assert 0 <= matte.confidence <= 1
    assert {name for name in sys.modules if name.partition(".")[0] in ("models", "config", "dataset", "kornia")} == own
    assert str(small_birefnet / "source") not in sys.path
    network = shelf._models["birefnet"].modules[0]
    with torch.inference_mode():
        logits = network(matting._normalised(picture))[-1]
    first = matting._resized(logits[0, 0].sigmoid().numpy(), picture.shape[:2])
    if matting.look_again(first) is None:
        np.testing.assert_array_equal(matte.alpha, (np.clip(first, 0, 1) * 255 + 0.5).astype(np.uint8))


@needs_source
def test_birefnet_has_the_published_size() -> None:
    with torch.device("meta"):
        state = birefnet.build_network(Path(SOURCE)).state_dict()
    assert file_size(state, halves=True) == 444_473_596


def file_size(state: dict[str, torch.Tensor], *, halves: bool) -> int:
    """Bytes of a safetensors file with these weights, floating numbers in two bytes each: the format's header is determined."""
    import json

    size = {
        name: tensor.numel() * (2 if halves and tensor.is_floating_point() else tensor.element_size()) for name, tensor in state.items()
    }
    kind = {name: "F16" if tensor.is_floating_point() else "I64" for name, tensor in state.items()}
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    place = 0
    for name in sorted(state, key=lambda name: (kind[name] != "I64", name)):
        header[name] = {"dtype": kind[name], "shape": list(state[name].shape), "data_offsets": [place, place + size[name]]}
        place += size[name]
    text = len(json.dumps(header, separators=(",", ":")))
    return 8 + text + -text % 8 + place


def test_the_editors_have_the_published_sizes() -> None:
    from diffusers import AutoencoderKLFlux2, AutoencoderKLQwenImage, Flux2Transformer2DModel, QwenImageTransformer2DModel

    with torch.device("meta"):
        flux = Flux2Transformer2DModel(
            num_layers=5, num_single_layers=20, num_attention_heads=24, joint_attention_dim=7680, guidance_embeds=False
        ).state_dict()
        qwen = QwenImageTransformer2DModel(zero_cond_t=True).state_dict()
        vaes = AutoencoderKLFlux2().state_dict(), AutoencoderKLQwenImage().state_dict()
    # BF16 is a letter longer than F16, once for each tensor, and the header is filled up to eight bytes
    assert abs(file_size(flux, halves=True) + len(flux) - 7_751_109_744) <= 8
    assert abs(file_size(vaes[0], halves=True) + len(vaes[0]) - 168_120_878) <= 8
    assert abs(file_size(vaes[1], halves=True) + len(vaes[1]) - 253_806_966) <= 8
    shards = 9_973_578_592 + 9_987_326_072 + 9_987_307_440 + 9_930_685_712 + 982_130_472
    assert 0 < shards - sum(2 * tensor.numel() for tensor in qwen.values()) < 150 * len(qwen)


def test_subjects_are_found_named_and_posed(shelf: Shelf) -> None:
    picture = red_on_grey()
    found = detecting.find_subjects(shelf, picture)
    assert found
    assert {subject.label for subject in found} == {"dog"}  # never the chair
    assert [subject.score for subject in found] == sorted((subject.score for subject in found), reverse=True)
    for subject in found:
        left, top, width, height = subject.box
        assert 0 <= left < left + width <= 120.001
        assert 0 <= top < top + height <= 90.001
    named = detecting.name_species(shelf, picture, found)
    assert len(named) == len(found)
    assert all(name in detecting.SPECIES and 0 < share <= 1 for name, share in named)
    assert 0 <= detecting.gate_score(shelf, picture) <= 1
    box = (20.0, 20.0, 60.0, 50.0)
    animals = [detecting.Found(box=box, label=label, score=0.5) for label in ("dog", "person", "bird")]
    dog, person, bird = detecting.key_points(shelf, picture, animals)
    assert tuple(dog) == detecting.AP10K_POINTS
    assert tuple(person) == detecting.COCO_POINTS
    assert bird == {}


def test_upstreams_weights_give_what_the_librarys_model_gives() -> None:
    torch.manual_seed(5)
    model = tiny.vitpose(experts=1)
    for batchnorm in (model.head.batchnorm1, model.head.batchnorm2):
        batchnorm.running_mean += torch.randn_like(batchnorm.running_mean)
    copied = vitpose.from_upstream(tiny.upstream_names(model)).eval()
    pixels = torch.randn(1, 3, 256, 192)
    with torch.inference_mode():
        torch.testing.assert_close(copied(pixels).heatmaps, model(pixels).heatmaps, atol=1e-5, rtol=1e-4)
    with pytest.raises(ValueError, match="5 key points, not 17"):
        vitpose.from_upstream(tiny.upstream_names(tiny.vitpose(experts=1, points=5)))
    with pytest.raises(ValueError, match="lack"):
        vitpose.from_upstream({"something": torch.zeros(1)})


def test_features_lie_on_the_subject_and_have_its_colours(shelf: Shelf) -> None:
    picture = red_on_grey()
    alpha = np.where(picture[..., 0] > 200, 255, 0).astype(np.uint8)
    subject = features.subject_of(shelf, picture, alpha)
    assert subject is not None
    assert subject.whole.shape == (24,)
    assert len(subject.patches) == len(subject.colours) > 50
    red = features.lab_from_rgb(np.array([230, 30, 30], np.float32) / 255)
    np.testing.assert_allclose(np.median(subject.colours, 0), red, atol=3)
    assert features.subject_of(shelf, picture, np.zeros_like(alpha)) is None


@pytest.mark.parametrize("name", ["flux", "qwen"])
def test_an_edit_is_made_step_by_step_and_depends_on_its_seed(shelf: Shelf, name: editing.EditorName) -> None:
    seen: list[float] = []

    def once(seed: int) -> wishes.Pixels:
        return editing.edit(shelf, name, red_on_grey(), words="make it stand", size=(96, 64), seed=seed, progress=seen.append)

    first = once(1)
    assert first.shape == (64, 96, 3)
    assert seen == [0.0, 0.2, 0.4, 0.6, 0.8]
    np.testing.assert_array_equal(once(1), first)
    assert (once(2) != first).any()
    assert shelf.value(name).placement == "whole"
    assert shelf.on_device == (name,)


def test_the_few_step_lora_is_in_the_weights(parts: Path) -> None:
    from safetensors.torch import load_file

    plain = load_file(parts / "weights" / "qwen" / "transformer" / "diffusion_pytorch_model.safetensors")
    (file,) = (parts / "weights" / "qwen-lightning").iterdir()
    lora = load_file(file)
    editor = editing.load_qwen(torch.device("cpu"))
    layer = "transformer_blocks.0.attn.to_q"
    expected = plain[f"{layer}.weight"] + lora[f"{layer}.lora_up.weight"] @ lora[f"{layer}.lora_down.weight"] / 2
    torch.testing.assert_close(editor.pipeline.transformer.state_dict()[f"{layer}.weight"], expected)
    assert editor.arguments == {"num_inference_steps": 4, "true_cfg_scale": 1.0}
    assert editor.pipeline.scheduler.config.shift_terminal is None
    shutil.move(file, parts / "lora")
    try:
        assert editing.load_qwen(torch.device("cpu")).steps == 40
    finally:
        shutil.move(parts / "lora", file)


def test_a_lora_is_known_by_any_of_its_names_and_a_foreign_one_is_refused() -> None:
    down, up, layers = torch.randn(2, 8), torch.randn(8, 2), {"blocks.0.to_q"}
    for names in (
        {"blocks.0.to_q.lora_down.weight": down, "blocks.0.to_q.lora_up.weight": up},
        {"transformer.blocks.0.to_q.lora_A.default.weight": down, "transformer.blocks.0.to_q.lora_B.default.weight": up},
        {"diffusion_model.blocks.0.to_q.lora_A.weight": down, "diffusion_model.blocks.0.to_q.lora_B.weight": up},
        {"blocks.0.to_q.lora_down.weight": down, "blocks.0.to_q.lora_up.weight": up / 4, "blocks.0.to_q.alpha": torch.tensor(8.0)},
    ):
        weights = editing.lora_weights(names, layers)
        assert set(weights) == {"transformer.blocks.0.to_q.lora_A.weight", "transformer.blocks.0.to_q.lora_B.weight"}
        torch.testing.assert_close(weights["transformer.blocks.0.to_q.lora_B.weight"], up)
    with pytest.raises(ValueError, match="do not fit"):
        editing.lora_weights({"blocks.9.to_q.lora_down.weight": down}, layers)
    with pytest.raises(ValueError, match="not complete"):
        editing.lora_weights({"blocks.0.to_q.lora_down.weight": down}, layers)


def test_memory_that_runs_out_leads_down_the_ladder(shelf: Shelf) -> None:
    """Whole, then layer by layer, then decoded in tiles, too; nearly the same picture comes out, and it stays where it fits."""
    expected = editing.edit(shelf, "flux", red_on_grey(), words="stand", size=(64, 64), seed=1, progress=nothing)
    editor = shelf.value("flux")
    failures = iter([True, True, False])

    def full(*_: object) -> None:
        if next(failures, False):
            raise torch.OutOfMemoryError("CUDA out of memory")

    editor.pipeline.transformer.register_forward_pre_hook(full)
    made = editing.edit(shelf, "flux", red_on_grey(), words="stand", size=(64, 64), seed=1, progress=nothing)
    assert editor.placement == "tiled"
    assert np.abs(made.astype(int) - expected).max() <= 2
    editing.edit(shelf, "flux", red_on_grey(), words="stand", size=(64, 64), seed=1, progress=nothing)
    shelf.sleep("out")
    assert shelf.loaded == ()


def test_incomplete_weights_are_missing_weights(shelf: Shelf, parts: Path) -> None:
    shutil.move(parts / "weights" / "flux" / "vae", parts / "vae")
    try:
        with pytest.raises(MissingWeights, match="flux"):
            editing.edit(shelf, "flux", red_on_grey(), words="stand", size=(64, 64), seed=1, progress=nothing)
    finally:
        shutil.move(parts / "vae", parts / "weights" / "flux" / "vae")


def test_a_subject_is_standardised_and_judged(shelf: Shelf) -> None:
    asked = wishes.standardise_wish({"species": "dog", "candidates": 2, "seed": 3, "model": "flux", "pixels": 2**16})
    kept: dict[int, wishes.Pixels] = {}
    seen: list[float] = []
    outcome = standardising.standardise(shelf, red_on_grey(180, 240), asked, keep=kept.__setitem__, progress=seen.append)
    assert set(kept) == {0, 1}
    assert kept[0].shape == (224, 288, 3)
    assert [row.candidate.seed for row in outcome.made] == [3, 4]
    assert all(0 <= value <= 1 for row in outcome.made for value in (row.candidate.identity, row.candidate.view_score))
    # a random network draws no dog: the photo is kept
    assert outcome.verdict.chosen is None
    assert outcome.pose
    assert outcome.steps == 4
    assert seen == sorted(seen)
    with pytest.raises(standardising.NoSubject):
        standardising.standardise(shelf, np.zeros((64, 64, 3), np.uint8), asked, keep=kept.__setitem__, progress=nothing)


def linear(size: int) -> torch.nn.Module:
    return torch.nn.Linear(size, size, bias=False)


def test_idle_models_make_room_in_the_order_of_their_use() -> None:
    shelf = Shelf(torch.device("cpu"), limit=250_000)
    sizes = {"a": 150, "b": 150, "c": 100}  # 90,000, 90,000 and 40,000 bytes

    def use(name: str) -> None:
        with shelf.use(name, lambda: Loaded(value=name, modules=(linear(sizes[name]),))) as value:
            assert value == name

    use("a")
    use("b")
    assert shelf.on_device == ("a", "b")
    use("a")
    use("c")
    assert shelf.on_device == ("b", "a", "c")
    with shelf.use("a", lambda: pytest.fail("it is here")):
        shelf.make_room(230_000)
        assert shelf.on_device == ("a",)  # what is in use stays
    shelf.sleep("ram")
    assert shelf.on_device == ()
    assert set(shelf.loaded) == {"a", "b", "c"}
    assert shelf.free() == 250_000
    shelf.sleep("out")
    assert shelf.loaded == ()


class Stuck(torch.nn.Linear):
    """A module that a full GPU does not take."""

    def to(self, *arguments: object, **named: object) -> torch.nn.Module:
        raise torch.OutOfMemoryError("CUDA out of memory")


def test_a_model_that_does_not_fit_is_not_left_there_in_part() -> None:
    shelf = Shelf(torch.device("cpu"))
    with pytest.raises(torch.OutOfMemoryError), shelf.use("big", lambda: Loaded(value=1, modules=(linear(10), Stuck(10, 10)))):
        pass
    assert shelf.on_device == ()
    assert shelf.loaded == ("big",)


def test_shared_weights_count_once_and_parts_find_their_place() -> None:
    one = linear(10)
    assert bytes_of([one, torch.nn.Sequential(one, linear(10))]) == 800
    size = (16 << 30) + (1 << 28)
    assert placement(size, free=30 << 30, work=5 << 30) == "whole"
    assert placement(size, free=15 << 30, work=5 << 30) == "layer"
    assert placement(size, free=4 << 30, work=5 << 30) == "tiled"


def test_an_engine_keeps_to_its_share_of_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    from rigshot_preprocess.residency import own_share

    monkeypatch.delenv("RIGSHOT_ENGINE_GPU_MB", raising=False)
    assert own_share(torch.device("cuda")) is None
    monkeypatch.setenv("RIGSHOT_ENGINE_GPU_MB", "8000")
    assert own_share(torch.device("cuda")) == (8000 << 20) - (1 << 30)
    assert own_share(torch.device("cpu")) is None


def test_the_last_attempts_error_is_raised() -> None:
    calls: list[str] = []

    def fail() -> None:
        calls.append("tried")
        raise MemoryError

    with pytest.raises(MemoryError):
        first_that_fits([fail, fail], between=lambda: calls.append("made room"))
    assert calls == ["tried", "made room", "tried"]
    with pytest.raises(ZeroDivisionError):
        first_that_fits([lambda: 1 / 0, fail], between=lambda: None)
