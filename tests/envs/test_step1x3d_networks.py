"""Step1X-3D's environment with torch: the sampling of a field, and upstream's real classes with tiny random weights.

Needs torch, diffusers and transformers as envs/step1x3d/pyproject.toml pins them, and for most tests a checkout of upstream:

    RIGSHOT_STEP1X3D_SOURCE=…/Step1X-3D python -m pytest tests/envs/test_step1x3d_networks.py
"""

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy.spatial import cKDTree
from skimage.measure import marching_cubes

from rigshot_env import Cancelled, Job, NoSurface, Request

torch = pytest.importorskip("torch")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "envs" / "step1x3d"))

from rigshot_step1x3d.mesh import clean, extract  # noqa: E402
from rigshot_step1x3d.picture import open_cutout, prepare  # noqa: E402
from rigshot_step1x3d.request import GeometryOptions, Label  # noqa: E402
from rigshot_step1x3d.volume import NotFinite, sample  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # of the libraries; what they warn of is not ours to mend


# --- sampling


def truncated(distance: Callable[[Any], Any], width: float = 0.02) -> Callable[[Any], Any]:
    """The field that a network learns: distances over ``width``, cut at one."""
    return lambda points: (distance(points) / width).clamp(-1, 1)


def sphere(points: Any) -> Any:
    return 0.8 - points.norm(dim=-1)


def torus(points: Any) -> Any:
    ring = points[:, [0, 2]].norm(dim=-1) - 0.7
    return 0.12 - torch.stack([ring, points[:, 1]]).norm(dim=0)


def sticks(points: Any) -> Any:
    """Thin limbs that start where the coarsest grid has no point: 0.016 thick in cells of 0.033."""
    pieces = [0.3 - points.norm(dim=-1)]
    for x in (-0.2133, 0.2133):
        foot = torch.tensor([x, -0.9, 0.11])
        along = torch.tensor([0.0, 0.9, 0.0])
        share = ((points - foot) @ along / along.dot(along)).clamp(0, 1)
        pieces.append(0.016 - (points - foot - share[:, None] * along).norm(dim=-1))
    return torch.stack(pieces).max(dim=0).values


@pytest.mark.parametrize("shape", [sphere, torus, sticks])
def test_the_sampled_surface_is_the_dense_one(shape: Callable[[Any], Any]) -> None:
    field = truncated(shape)
    found = sample(field, resolution=128)
    axis = torch.linspace(-1.05, 1.05, 129)
    points = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), dim=-1).reshape(-1, 3)
    dense = field(points).reshape(129, 129, 129).numpy()
    vertices, faces, _, _ = marching_cubes(dense, 0.0, gradient_direction="ascent")
    mesh = extract(found)
    assert len(mesh.faces) == len(faces)
    expected = vertices * (2.1 / 128) - 1.05
    assert cKDTree(mesh.vertices).query(expected)[0].max() < 1e-4
    assert cKDTree(expected).query(mesh.vertices)[0].max() < 1e-4
    assert found.queries < 0.4 * 129**3


def test_finer_grids_cost_little_more_than_the_surface() -> None:
    queries = [sample(truncated(sphere), resolution=size).queries for size in (64, 128, 256)]
    assert queries[0] == 65**3
    assert queries[2] < 0.15 * 257**3
    assert clean(extract(sample(truncated(sphere), resolution=256)), faces=10**6).open_edges == 0


def test_chunks_change_nothing_and_report() -> None:
    seen: list[float] = []
    whole, parts = sample(truncated(torus), resolution=64), sample(truncated(torus), resolution=64, chunk=9_999, progress=seen.append)
    assert (whole.values == parts.values).all()
    assert len(seen) == -(-(65**3) // 9_999) and seen == sorted(seen) and seen[-1] == 1


def test_a_field_that_is_not_finite_is_an_error() -> None:
    with pytest.raises(NotFinite):
        sample(lambda points: torch.where(points[:, 0] > 1, torch.nan, sphere(points)), resolution=32)


@pytest.mark.parametrize("value", [-1.0, 1.0])
def test_a_field_without_a_zero_gives_no_surface(value: float) -> None:
    field = sample(lambda points: torch.full((len(points),), value), resolution=64)
    if value > 0:
        assert clean(extract(field), faces=10**6).vertices.max() == pytest.approx(1.05, abs=1e-3)  # the cube itself
    else:
        with pytest.raises(NoSurface):
            extract(field)


# --- upstream's networks


@pytest.fixture(scope="module")
def source() -> Path:
    pytest.importorskip("diffusers")
    place = os.environ.get("RIGSHOT_STEP1X3D_SOURCE")
    if not place:
        pytest.skip("upstream's source is not here: set RIGSHOT_STEP1X3D_SOURCE to a checkout of stepfun-ai/Step1X-3D")
    return Path(place)


@pytest.fixture(scope="module")
def upstream(source: Path) -> Any:
    from rigshot_step1x3d.upstream import import_upstream

    return import_upstream(source)


@pytest.fixture(scope="module")
def weights(upstream: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both variants, tiny and random, as `rigshot envs install` would lay them out."""
    from rigshot_step1x3d.random_weights import TINY, write_checkpoint

    folder = tmp_path_factory.mktemp("weights")
    for variant in ("base", "label"):
        write_checkpoint(folder, upstream, TINY, variant=variant)
    return folder


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    image = Image.new("RGBA", (96, 96))
    draw = ImageDraw.Draw(image)
    draw.ellipse((20, 30, 70, 80), fill=(180, 120, 40, 255))
    draw.ellipse((50, 10, 80, 45), fill=(90, 60, 20, 200))
    path = tmp_path_factory.mktemp("picture") / "cutout.png"
    image.save(path)
    return path


def networks(upstream: Any, weights: Path, variant: Any = "base") -> Any:
    from rigshot_step1x3d.loading import load
    from rigshot_step1x3d.weights import find_checkpoint

    return load(upstream, find_checkpoint(weights, variant), device=torch.device("cpu"), dtype=torch.float32)


def test_the_non_commercial_file_is_never_loaded(upstream: Any) -> None:
    decoders = sys.modules["step1x3d_geometry.models.autoencoders.volume_decoders"]
    assert getattr(decoders, "__file__", None) is None
    assert upstream.autoencoder.HierarchicalVolumeDecoder is vars(decoders)["HierarchicalVolumeDecoder"]
    assert not {"pymeshlab", "rembg", "pytorch_lightning", "wandb"} & set(sys.modules)


def test_the_source_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rigshot_step1x3d.upstream import import_upstream

    with pytest.raises(FileNotFoundError, match="source is not in"):
        import_upstream(tmp_path)


def test_the_real_architectures_have_the_published_sizes(upstream: Any, tmp_path: Path) -> None:
    from rigshot_step1x3d.random_weights import REAL, build_parts, write_configurations

    sizes = {}
    for variant in ("base", "label"):
        checkpoint = write_configurations(tmp_path / variant, REAL, variant)
        with torch.device("meta"):
            parts = build_parts(upstream, REAL, checkpoint, variant)
        sizes |= {(variant, name): _file_size(part) for name, part in parts.items()}
    assert sizes == {
        ("base", "vae"): 766_401_652,
        ("base", "transformer"): 5_265_243_816,
        ("base", "visual_encoder"): 1_217_544_216,
        ("label", "vae"): 766_401_652,
        ("label", "transformer"): 5_086_980_952,
        ("label", "visual_encoder"): 2_928_089_212,
        ("label", "label_encoder"): 33_104,
    }


def _file_size(module: Any) -> int:
    """Bytes of the module's weights as a safetensors file of float32: 8, the header padded to 8, the numbers."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    # the format sorts by size of the number type, then by name
    for name, tensor in sorted(module.state_dict().items()):
        assert tensor.dtype == torch.float32
        start, end = end, end + 4 * tensor.numel()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [start, end]}
    length = len(json.dumps(header, separators=(",", ":")))
    return int(8 + -(-length // 8) * 8 + end)


def test_the_picture_is_prepared_as_upstream_does(upstream: Any, picture: Path) -> None:
    ours = np.asarray(prepare(open_cutout(picture))).astype(int)
    module = sys.modules["step1x3d_geometry.models.pipelines.pipeline_utils"]
    theirs = np.asarray(module.preprocess_image(Image.open(picture), foreground_ratio=0.95).convert("RGB")).astype(int)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= 1


@pytest.mark.parametrize("guidance", [7.5, 1.0])
def test_our_loop_gives_what_upstreams_call_gives(upstream: Any, weights: Path, picture: Path, guidance: float) -> None:
    from rigshot_step1x3d.denoise import denoise, noise

    ours = networks(upstream, weights)
    start = noise(3, ours.latent_shape, "cpu")
    call = {"num_inference_steps": 6, "guidance_scale": guidance, "latents": start, "output_type": "latent"}
    theirs = ours.pipeline(str(picture), **call).mesh
    condition = ours.condition(prepare(open_cutout(picture)), None)
    seen: list[float] = []
    loop = {"steps": 6, "guidance": guidance, "dtype": torch.float32}
    latents = denoise(ours.transformer, ours.pipeline.scheduler, condition, start, progress=seen.append, **loop)
    assert float((latents - theirs).abs().max()) < 2e-4 * float(theirs.abs().max())
    assert float((latents - start).abs().max()) > 0.01
    assert seen == [number / 6 for number in range(2, 7)]
    apart = denoise(ours.transformer, ours.pipeline.scheduler, condition, start, together=False, **loop)
    assert float((latents - apart).abs().max()) < 1e-4


def test_our_field_is_upstreams_query(upstream: Any, weights: Path) -> None:
    ours = networks(upstream, weights)
    tokens = ours.decode(torch.randn(ours.latent_shape, generator=torch.Generator().manual_seed(1)))
    points = torch.rand(300, 3, generator=torch.Generator().manual_seed(2)) * 2 - 1
    exact = ours.pipeline.vae.query(points[None], tokens)[0, :, 0]
    assert float((ours.field(points, tokens) - exact).abs().max()) < 1e-6
    ours.cast(torch.bfloat16)
    narrow = ours.field(points, tokens.to(torch.bfloat16))
    spread = float(exact.std())
    assert ours.pipeline.vae.decoder.embedder.frequencies.dtype == torch.float32
    assert 0 < float((narrow - exact).abs().mean()) < 0.05 * spread


def test_labels_change_the_shape_and_no_label_is_upstreams_none(upstream: Any, weights: Path, picture: Path) -> None:
    ours = networks(upstream, weights, "label")
    shown = prepare(open_cutout(picture))
    told = {name: ours.condition(shown, label).label for name, label in _LABELS.items()}
    assert told["none"] is not None and (told["none"] == 0).all()
    for one, other in (("sharp", "smooth"), ("symmetric", "asymmetric"), ("sharp", "said nothing"), ("none", "said nothing")):
        assert not torch.equal(told[one], told[other]), (one, other)
    assert torch.equal(told["normal"], told["said nothing"])
    assert ours.pipeline.visual_encoder.clip_model.text_model is None and ours.pipeline.vae.encoder is None
    for rows in told.values():
        assert rows.shape == (2, 3, 1024) and (rows[0] == 0).all()


_LABELS = {
    "none": None,
    "said nothing": Label(),
    "normal": Label(edge="normal"),
    "sharp": Label(edge="sharp"),
    "smooth": Label(edge="smooth"),
    "symmetric": Label(symmetry="x"),
    "asymmetric": Label(symmetry="asymmetry"),
}


# --- the engine


def job(picture: Path, out: Path, given_up: threading.Event | None = None, seen: list[dict[str, Any]] | None = None) -> Job:
    request = Request(id="1", stage="geometry", paths={"image": picture, "mesh": out})
    return Job(request=request, emit=([] if seen is None else seen).append, given_up=given_up or threading.Event())


def make(engine: Any, picture: Path, out: Path, **parameters: Any) -> dict[str, Any]:
    options = GeometryOptions.from_parameters({"steps": 3, "octree": 32, "faces": 4_000} | parameters)
    values: dict[str, Any] = engine.geometry(job(picture, out), options, open_cutout(picture))
    json.dumps(values)
    return values


def distance(one: Path, other: Path) -> float:
    """How far two meshes' vertices lie from the nearest of the other, on average."""
    with np.load(one) as a, np.load(other) as b:
        there, back = cKDTree(a["vertices"]).query(b["vertices"])[0], cKDTree(b["vertices"]).query(a["vertices"])[0]
    return float(max(there.mean(), back.mean()))


@pytest.fixture
def engine(source: Path, weights: Path, upstream: Any) -> Any:
    from rigshot_step1x3d.engine import Engine

    return Engine(source=source, weights=weights, device="cpu")


def test_a_picture_becomes_a_mesh_the_same_for_the_same_seed(engine: Any, picture: Path, tmp_path: Path) -> None:
    values = make(engine, picture, tmp_path / "a.npz", seed=5)
    assert set(values["seconds"]) == {"load", "encode", "denoise", "decode", "sample", "mesh"}
    assert values["seed"] == 5 and values["precision"] == "float32" and values["compiled"] is False and values["gpu_peak_mb"] == 0
    with np.load(tmp_path / "a.npz") as data:
        vertices, faces = data["vertices"], data["faces"]
    assert vertices.dtype == np.float32 and faces.dtype == np.int32
    assert (len(vertices), len(faces)) == (values["vertices"], values["faces"]) and 100 <= len(faces) <= 4_000
    assert np.abs(vertices).max() < 1.1
    make(engine, picture, tmp_path / "b.npz", seed=5)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    make(engine, picture, tmp_path / "c.npz", seed=6)
    assert (tmp_path / "a.npz").read_bytes() != (tmp_path / "c.npz").read_bytes()


def test_half_precision_gives_nearly_the_same_mesh(source: Path, weights: Path, engine: Any, picture: Path, tmp_path: Path) -> None:
    from rigshot_step1x3d.engine import Engine

    half = Engine(source=source, weights=weights, device="cpu", dtype=torch.float16)
    make(engine, picture, tmp_path / "a.npz", faces=2_000_000)
    values = make(half, picture, tmp_path / "b.npz", faces=2_000_000)
    assert values["precision"] == "float16"
    assert half._networks.transformer.dtype == half._networks.pipeline.visual_encoder.dtype == torch.float16
    assert half._networks.pipeline.vae.decoder.embedder.frequencies.dtype == torch.float32
    assert 0 < distance(tmp_path / "a.npz", tmp_path / "b.npz") < 0.003


def test_parity_runs_upstreams_call_to_nearly_the_same_mesh(engine: Any, picture: Path, tmp_path: Path) -> None:
    ours = make(engine, picture, tmp_path / "ours.npz", faces=2_000_000)
    theirs = make(engine, picture, tmp_path / "theirs.npz", faces=2_000_000, parity=True)
    assert "encode" not in theirs["seconds"]
    assert theirs["faces"] == pytest.approx(ours["faces"], rel=0.01)
    assert distance(tmp_path / "ours.npz", tmp_path / "theirs.npz") < 1e-4


def test_the_label_variant_makes_another_mesh(engine: Any, picture: Path, tmp_path: Path) -> None:
    make(engine, picture, tmp_path / "base.npz")
    whole = {"variant": "label", "faces": 2_000_000}
    sharp = make(engine, picture, tmp_path / "sharp.npz", label={"symmetry": "x", "edge": "sharp"}, **whole)
    make(engine, picture, tmp_path / "smooth.npz", label={"symmetry": "x", "edge": "smooth"}, **whole)
    make(engine, picture, tmp_path / "upstream.npz", label={"symmetry": "x", "edge": "sharp"}, parity=True, **whole)
    assert sharp["model"] == "Step1X-3D label"
    assert distance(tmp_path / "sharp.npz", tmp_path / "upstream.npz") < 0.2 * distance(tmp_path / "sharp.npz", tmp_path / "smooth.npz")


@pytest.mark.parametrize("parity", [False, True])
def test_a_job_given_up_ends_within_a_step(engine: Any, picture: Path, tmp_path: Path, parity: bool) -> None:
    given_up, seen = threading.Event(), []

    def emit(event: dict[str, Any]) -> None:
        seen.append(event["fraction"])
        if event["fraction"] > 0.3:
            given_up.set()

    request = Request(id="1", stage="geometry", paths={"image": picture, "mesh": tmp_path / "a.npz"})
    options = GeometryOptions(steps=100, octree=64, parity=parity)
    with pytest.raises(Cancelled):
        engine.geometry(Job(request=request, emit=emit, given_up=given_up), options, open_cutout(picture))
    assert seen[-1] < 0.35
    assert not (tmp_path / "a.npz").exists()


def test_no_surface_is_raised_and_nothing_written(engine: Any, picture: Path, tmp_path: Path) -> None:
    make(engine, picture, tmp_path / "a.npz")
    with torch.no_grad():
        engine._networks.pipeline.vae.decoder.output_proj.bias -= 100
    with pytest.raises(NoSurface):
        make(engine, picture, tmp_path / "b.npz")
    assert not (tmp_path / "b.npz").exists()


def test_a_full_gpu_is_tried_again_in_smaller_pieces(engine: Any, picture: Path, tmp_path: Path) -> None:
    make(engine, picture, tmp_path / "a.npz")
    sizes: list[tuple[int, int]] = []

    def limit(_module: Any, arguments: tuple[Any, ...]) -> None:
        sizes.append(tuple(arguments[0].shape[:2]))
        if sizes[-1][1] > 20_000:
            raise torch.OutOfMemoryError("out of memory")

    hook = engine._networks.pipeline.vae.decoder.query_proj.register_forward_pre_hook(limit)
    make(engine, picture, tmp_path / "b.npz")
    assert distance(tmp_path / "a.npz", tmp_path / "b.npz") < 0.002
    assert max(size for _, size in sizes[1:]) <= 20_000
    hook.remove()
    engine._networks.pipeline.vae.decoder.register_forward_pre_hook(limit)
    engine._networks.transformer.register_forward_pre_hook(_full)
    with pytest.raises(torch.OutOfMemoryError):
        make(engine, picture, tmp_path / "c.npz")


def _full(_module: Any, _arguments: tuple[Any, ...]) -> None:
    raise torch.OutOfMemoryError("out of memory")


def test_what_half_precision_cannot_hold_is_tried_in_bfloat16(engine: Any, picture: Path, tmp_path: Path) -> None:
    make(engine, picture, tmp_path / "a.npz")
    engine._networks.cast(torch.float16)

    def overflow(_module: Any, _arguments: Any, output: Any) -> Any:
        return (output[0] * 70_000,) if output[0].dtype == torch.float16 else output

    engine._networks.transformer.register_forward_hook(overflow)
    assert make(engine, picture, tmp_path / "b.npz")["precision"] == "bfloat16"


def test_sleeping_and_waking_change_nothing(engine: Any, picture: Path, tmp_path: Path) -> None:
    make(engine, picture, tmp_path / "a.npz")
    engine.sleep("ram")
    make(engine, picture, tmp_path / "b.npz")
    engine.sleep("out")
    assert engine._networks is None
    make(engine, picture, tmp_path / "c.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes() == (tmp_path / "c.npz").read_bytes()


def test_compiling_beside_the_work_gives_the_same_latents(upstream: Any, weights: Path, picture: Path) -> None:
    from rigshot_step1x3d.compiling import Compilation
    from rigshot_step1x3d.denoise import denoise, noise

    ours = networks(upstream, weights)
    condition = ours.condition(prepare(open_cutout(picture)), None)
    start = noise(1, ours.latent_shape, "cpu")
    eager = list(ours.transformer.dit_model.transformer_blocks)

    def run(transformer: Any) -> Any:
        options = {"steps": 4, "guidance": 7.5, "dtype": torch.float32}
        return denoise(transformer, ours.pipeline.scheduler, condition, start, **options)

    # "eager" traces the blocks as inductor does, without a C++ compiler for the CPU
    work = Compilation(ours.transformer, run, device=torch.device("cpu"), backend="eager")
    work.wait()
    assert work.transformer is not None and work.transformer is not ours.transformer
    assert list(ours.transformer.dit_model.transformer_blocks) == eager
    assert float((run(work.transformer) - run(ours.transformer)).abs().max()) < 1e-5
    assert work.wait(0)
    broken = Compilation(ours.transformer, lambda _transformer: 1 / 0, device=torch.device("cpu"), backend="eager")
    broken.wait()
    assert broken.transformer is None


def test_a_job_waits_for_the_compiling_and_can_be_given_up_meanwhile(engine: Any, picture: Path, tmp_path: Path) -> None:
    """torch.fx, by which inductor rewrites graphs, puts its own call into all modules: two threads must not use networks then."""
    from rigshot_step1x3d.compiling import Compilation

    make(engine, picture, tmp_path / "a.npz")
    go_on, used = threading.Event(), []
    engine._compilation = Compilation(engine._networks.transformer, lambda _: go_on.wait(60), device=torch.device("cpu"), backend="eager")
    hook = engine._networks.transformer.register_forward_pre_hook(lambda *_: used.append(go_on.is_set()))
    given_up = threading.Event()
    threading.Timer(0.5, given_up.set).start()
    seen: list[dict[str, Any]] = []
    with pytest.raises(Cancelled):
        engine.geometry(job(picture, tmp_path / "b.npz", given_up, seen), GeometryOptions(steps=3, octree=32), open_cutout(picture))
    assert len(seen) >= 1 and not used
    threading.Timer(0.5, go_on.set).start()
    values = make(engine, picture, tmp_path / "c.npz")
    assert used and all(used) and values["compiled"] is True
    hook.remove()
