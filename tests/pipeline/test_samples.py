"""The pictures in samples/ are there, decode, and are what the scripts beside them make."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts" / "samples"
PICTURES = {
    "dog_in_the_park.jpg": ((1280, 960), "RGB"),
    "cat_on_the_sofa.jpg": ((960, 1200), "RGB"),
    "teddy_on_the_lawn.jpg": ((960, 1120), "RGB"),
    "drawing.jpg": ((1400, 1040), "RGB"),
    "sprite.png": ((60, 48), "RGBA"),
}


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The scripts import each other as plain files do; nothing of that stays behind."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(SCRIPTS)
    yield
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(SCRIPTS)):
            del sys.modules[name]


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _likeness(made: NDArray[np.uint8], name: str) -> float:
    """The correlation of a small picture with a sample: details differ with the size, forms and colours must not."""
    with Image.open(ROOT / "samples" / name) as picture:
        kept = np.asarray(picture.resize((made.shape[1], made.shape[0]), Image.Resampling.BOX))
    blurred = [cv2.GaussianBlur(pixels.astype(float), (0, 0), 2).ravel() for pixels in (made, kept)]
    return float(np.corrcoef(blurred[0], blurred[1])[0, 1])


@pytest.mark.parametrize("name", PICTURES)
def test_a_sample_decodes_and_is_small(name: str) -> None:
    size, mode = PICTURES[name]
    with Image.open(ROOT / "samples" / name) as picture:
        picture.load()
        assert (picture.size, picture.mode) == (size, mode)
    assert (ROOT / "samples" / name).stat().st_size < 500_000


def test_every_sample_is_named_in_the_readme() -> None:
    text = (ROOT / "samples" / "README.md").read_text()
    kept = {path.name for path in (ROOT / "samples").iterdir() if path.suffix in {".jpg", ".png"}}
    assert kept == set(PICTURES)
    assert all(f"`{name}`" in text for name in kept)


def test_the_sprite_is_what_its_text_says(scripts: None) -> None:
    with Image.open(ROOT / "samples" / "sprite.png") as picture:
        kept = np.asarray(picture)
    module = _load("make_sprite")
    np.testing.assert_array_equal(kept, module.sprite())
    assert len(np.unique(kept.reshape(-1, 4), axis=0)) <= 16
    with pytest.raises(ValueError, match="equally long"):
        module.sprite("kk\nk")


def test_the_legs_of_the_sprite_stand_free(scripts: None) -> None:
    alpha = _load("make_sprite").sprite()[..., 3] > 0
    feet = alpha[np.flatnonzero(alpha.any(1))[-1]]
    assert np.count_nonzero(np.diff(feet.astype(int)) == 1) == 4


def test_the_drawing_comes_out_the_same_twice(scripts: None) -> None:
    module = _load("make_drawing")
    first, second = module.drawing(0.2), module.drawing(0.2)
    assert first.shape == (208, 280, 3)
    np.testing.assert_array_equal(first, second)
    assert _likeness(first, "drawing.jpg") > 0.9


@pytest.mark.parametrize(
    ("script", "name"),
    [("make_dog", "dog_in_the_park.jpg"), ("make_cat", "cat_on_the_sofa.jpg"), ("make_teddy", "teddy_on_the_lawn.jpg")],
)
def test_a_photo_is_what_its_script_makes(script: str, name: str, scripts: None) -> None:
    made, mask = _load(script).photo(0.1)
    assert _likeness(made, name) > 0.9
    subject = mask > 127
    assert 0.15 < subject.mean() < 0.5
    assert not (subject[0].any() or subject[-1].any() or subject[:, 0].any() or subject[:, -1].any())
