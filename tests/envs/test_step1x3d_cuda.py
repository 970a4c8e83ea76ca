"""Step1X-3D's engine on a GPU: half precision, compiling beside the work, sleep. Skips without a GPU or upstream's source."""

import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
if not torch.cuda.is_available():
    pytest.skip("there is no GPU", allow_module_level=True)
for package in ("diffusers", "fast_simplification", "skimage", "scipy"):
    pytest.importorskip(package)

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / "envs" / "step1x3d")]

from PIL import Image, ImageDraw  # noqa: E402
from rigshot_step1x3d.engine import Engine  # noqa: E402
from rigshot_step1x3d.picture import open_cutout  # noqa: E402
from rigshot_step1x3d.random_weights import TINY, write_checkpoint  # noqa: E402
from rigshot_step1x3d.request import GeometryOptions  # noqa: E402
from rigshot_step1x3d.upstream import import_upstream  # noqa: E402
from scipy.spatial import cKDTree  # noqa: E402

from rigshot_env import Job, Request  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")
COMPILING = 240  # seconds


@pytest.fixture(scope="module")
def source() -> Path:
    place = os.environ.get("RIGSHOT_STEP1X3D_SOURCE")
    if not place:
        pytest.skip("upstream's source is not here: set RIGSHOT_STEP1X3D_SOURCE to a checkout of stepfun-ai/Step1X-3D")
    return Path(place)


@pytest.fixture(scope="module")
def weights(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    for variant in ("base", "label"):
        write_checkpoint(folder, import_upstream(source), TINY, variant=variant)
    return folder


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("picture") / "cutout.png"
    image = Image.new("RGBA", (96, 96))
    ImageDraw.Draw(image).ellipse((20, 10, 70, 90), fill=(180, 120, 40, 255))
    image.save(path)
    return path


def make(engine: Engine, picture: Path, out: Path, **parameters: Any) -> dict[str, Any]:
    words = {"steps": 6, "octree": 64, "faces": 2_000_000} | parameters
    request = Request(id="1", stage="geometry", paths={"image": picture, "mesh": out})
    job = Job(request=request, emit=lambda _event: None)
    return engine.geometry(job, GeometryOptions.from_parameters(words), open_cutout(picture))


def distance(one: Path, other: Path) -> float:
    """How far two meshes' vertices lie from the nearest of the other, on average."""
    with np.load(one) as a, np.load(other) as b:
        there, back = cKDTree(a["vertices"]).query(b["vertices"])[0], cKDTree(b["vertices"]).query(a["vertices"])[0]
    return float(max(there.mean(), back.mean()))


def test_a_gpus_half_precision_gives_nearly_a_cpus_mesh(source: Path, weights: Path, picture: Path, tmp_path: Path) -> None:
    exact = make(Engine(source=source, weights=weights, device="cpu"), picture, tmp_path / "cpu.npz")
    engine = Engine(source=source, weights=weights, device="cuda", compiled=False)
    values = make(engine, picture, tmp_path / "gpu.npz")
    assert (exact["precision"], values["precision"]) == ("float32", "float16")
    assert 0 < values["gpu_peak_mb"] < 2000
    assert distance(tmp_path / "cpu.npz", tmp_path / "gpu.npz") < 0.003
    make(engine, picture, tmp_path / "parity.npz", parity=True)
    assert distance(tmp_path / "cpu.npz", tmp_path / "parity.npz") < 0.001
    label = {"variant": "label", "label": {"symmetry": "x", "edge": "sharp"}}
    assert make(engine, picture, tmp_path / "label.npz", **label)["model"] == "Step1X-3D label"


def test_compiled_blocks_give_nearly_the_same_mesh_and_sleep_frees_the_gpu(
    source: Path, weights: Path, picture: Path, tmp_path: Path
) -> None:
    engine = Engine(source=source, weights=weights, device="cuda")
    assert make(engine, picture, tmp_path / "eager.npz")["compiled"] is False
    begun = time.monotonic()
    while not (values := make(engine, picture, tmp_path / "compiled.npz"))["compiled"]:
        assert time.monotonic() - begun < COMPILING
    assert distance(tmp_path / "eager.npz", tmp_path / "compiled.npz") < 0.003
    engine.sleep("ram")
    assert not any(tensor.is_cuda for module in engine._networks._modules() for tensor in module.parameters())
    values = make(engine, picture, tmp_path / "woken.npz")
    assert values["compiled"] is True
    assert (tmp_path / "woken.npz").read_bytes() == (tmp_path / "compiled.npz").read_bytes()
    engine._networks.transformer.register_forward_hook(_overflow)
    assert make(engine, picture, tmp_path / "wide.npz")["precision"] == "bfloat16"
    engine.sleep("out")
    assert make(engine, picture, tmp_path / "anew.npz")["precision"] == "float16"
    assert (tmp_path / "anew.npz").read_bytes() == (tmp_path / "eager.npz").read_bytes()


def _overflow(_module: Any, _arguments: Any, output: Any) -> Any:
    return (output[0] * 70_000,) if output[0].dtype == torch.float16 else output
