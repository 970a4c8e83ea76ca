"""Noise: measured, taken out, and no reason to break."""

from pathlib import Path

import numpy as np
import pytest

from rigshot_pipeline import store
from rigshot_pipeline.asset import Pixels
from rigshot_pipeline.embedded.denoise import denoised, noise_level
from rigshot_pipeline.embedded.saliency import background_saliency, superpixels
from rigshot_pipeline.options import Options
from rigshot_pipeline.run import run_job
from rigshot_pipeline.warm import toy_animal


def photo(noise: float = 0.0) -> Pixels:
    """A toy before a wall whose light falls off, with noise of that standard deviation in every channel."""
    animal = toy_animal(alpha=True)
    share = animal[..., 3:] / np.float32(255)
    wall = np.linspace(200, 120, animal.shape[1])[None, :, None] * np.array([1, 0.95, 0.85])
    picture = animal[..., :3] * share + wall * (1 - share)
    return np.clip(picture + np.random.default_rng(3).normal(0, noise, picture.shape), 0, 255).astype(np.uint8)


def test_the_level_grows_with_the_noise_and_is_next_to_nothing_without() -> None:
    levels = [noise_level(photo(noise)) for noise in (0, 10, 20, 40)]
    assert levels[0] < 2
    assert levels == sorted(levels)
    assert levels[1] == pytest.approx(0.67 * 10, rel=0.25)  # grey is the mean of three channels
    assert noise_level(np.zeros((9, 9, 3), np.uint8)) == 0


def test_denoising_brings_a_photo_nearer_to_what_it_was() -> None:
    clean, noisy = photo(), photo(25)
    better = denoised(noisy, noise_level(noisy))
    before, after = (np.sqrt(np.mean((picture.astype(float) - clean) ** 2)) for picture in (noisy, better))
    assert after < 0.5 * before
    alpha = np.dstack([noisy, np.arange(noisy.shape[0] * noisy.shape[1], dtype=np.uint32).reshape(noisy.shape[:2]).astype(np.uint8)])
    assert (denoised(alpha, 10)[..., 3] == alpha[..., 3]).all()


def test_a_noisy_photo_is_cleaned_before_it_is_enlarged_and_the_person_is_told(tmp_path: Path) -> None:
    for name, noise, told in (("noisy", 30, True), ("clean", 0, False)):
        store.save_picture(tmp_path / f"{name}.png", photo(noise))
        records = run_job(tmp_path / f"{name}.png", tmp_path / name, options=Options(engine="embedded"), until="enhance")
        assert ("denoised" in {advice.code for advice in records[1].advice}) is told
        assert (records[1].metrics["noise"] > 0) is told  # type: ignore[operator]


def test_nothing_but_noise_is_still_cut_into_patches() -> None:
    random = np.random.default_rng(0)
    patches = superpixels(np.clip(random.normal(128, 60, (192, 288, 3)), 0, 255).astype(np.uint8))
    assert len(patches.area) > 60
    assert np.isfinite(background_saliency(patches)).all()
