"""The preprocess environment on a GPU: half precision, models that move out and come back, an editor in all its placements.

Skips without a GPU. Tiny random checkpoints in the hub's layout, as in ``test_preprocess_models.py``.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
if not torch.cuda.is_available():
    pytest.skip("there is no GPU", allow_module_level=True)
for library in ("diffusers", "transformers", "spandrel", "peft"):
    pytest.importorskip(library, exc_type=ImportError)

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).resolve().parents[2] / "envs" / "preprocess")]

import tiny_preprocess as tiny  # noqa: E402
from rigshot_preprocess import birefnet, detecting, editing, features, upscaling, wishes  # noqa: E402
from rigshot_preprocess.residency import Shelf  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")
SOURCE = os.environ.get("RIGSHOT_PREPROCESS_SOURCE", "")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("weights")
    tiny.make_all(root)
    tiny.make_realesrgan(root)
    return root


@pytest.fixture(autouse=True)
def _variables(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("RIGSHOT_ENGINE_WEIGHTS", str(weights))
    monkeypatch.setenv("RIGSHOT_ENGINE_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(torch.backends.cuda.matmul, "allow_tf32", False)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    yield
    torch.cuda.empty_cache()


def photo(height: int = 90, width: int = 120) -> wishes.Pixels:
    picture = np.random.default_rng(0).integers(100, 110, (height, width, 3), dtype=np.uint8)
    picture[height // 4 : height * 3 // 4, width // 4 : width * 3 // 4] = (230, 30, 30)
    return picture


def nothing(_: float) -> None:
    pass


@pytest.mark.parametrize("model", ["swin2sr", "realesrgan"])
def test_a_gpu_enlarges_as_a_cpu_does(model: str) -> None:
    made = [upscaling.enlarge(Shelf(torch.device(name)), photo(), scale=4, model=model, progress=nothing) for name in ("cpu", "cuda")]
    assert np.abs(made[0].astype(int) - made[1]).max() <= 1


def test_what_is_seen_is_nearly_what_a_cpu_sees() -> None:
    alpha = np.where(photo()[..., 0] > 200, 255, 0).astype(np.uint8)
    near, far = (features.subject_of(Shelf(torch.device(name)), photo(), alpha) for name in ("cuda", "cpu"))
    assert near is not None and far is not None
    assert float(np.corrcoef(near.whole, far.whole)[0, 1]) > 0.999
    found = [detecting.find_subjects(Shelf(torch.device(name)), photo()) for name in ("cuda", "cpu")]
    assert [one.label for one in found[0]] == [one.label for one in found[1]]


@pytest.mark.skipif(not SOURCE, reason="RIGSHOT_PREPROCESS_SOURCE names no checkout of BiRefNet")
def test_birefnet_in_half_precision_sees_nearly_the_same() -> None:
    torch.manual_seed(0)
    network = birefnet.build_network(Path(SOURCE)).eval().cuda()
    batch = torch.randn(1, 3, 256, 256, device="cuda")
    with torch.inference_mode():
        exact = network(batch)[-1].sigmoid()
        half = network.half()(batch.half())[-1].float().sigmoid()
    assert torch.isfinite(half).all()
    assert float((exact - half).abs().max()) < 0.02


def on_gpu(editor: editing.Editor) -> set[str]:
    """The networks that lie there, wholly or in part."""
    return {name for name, module in editor.modules().items() if any(tensor.is_cuda for tensor in module.parameters())}


@pytest.mark.parametrize("name", ["flux", "qwen"])
def test_an_edit_is_the_same_in_every_placement_and_after_sleep(name: editing.EditorName) -> None:
    shelf = Shelf(torch.device("cuda"))

    def edit() -> wishes.Pixels:
        return editing.edit(shelf, name, photo(), words="make it stand", size=(96, 64), seed=1, progress=nothing)

    whole = edit()
    editor = shelf.value(name)
    assert editor.placement == "whole"
    np.testing.assert_array_equal(edit(), whole)
    shelf.sleep("ram")
    assert not on_gpu(editor)
    np.testing.assert_array_equal(edit(), whole)
    for rung in ("layer", "tiled"):
        editing._place(shelf, name, editor, rung)
        assert on_gpu(editor) == {"vae"}
        made = edit()
        if rung == "layer":
            np.testing.assert_array_equal(made, whole)
        assert made.shape == whole.shape  # a tile sees nothing of the others, which in a random autoencoder changes much
        np.testing.assert_array_equal(edit(), made)
        shelf.sleep("ram")
        assert not on_gpu(editor)
        np.testing.assert_array_equal(edit(), made)
    shelf.sleep("out")
    assert shelf.loaded == ()
