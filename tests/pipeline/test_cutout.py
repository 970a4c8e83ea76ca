"""The cutout: soft edges, clean colours, hard sprites."""

import cv2
import numpy as np
import pytest

from rigshot_pipeline.asset import Floats, Pixels
from rigshot_pipeline.embedded.matting import closed_form_alpha, decontaminated, trimap
from rigshot_pipeline.embedded.matting_band import solved_band
from rigshot_pipeline.embedded.refine import refine_subject

SIZE = 256


def soft_disc() -> tuple[Pixels, Floats]:
    """An orange disc with a soft edge before magenta, and its true alpha."""
    rows, columns = np.indices((SIZE, SIZE))
    radius = np.hypot(rows - SIZE / 2, columns - SIZE / 2)
    alpha = np.clip((80 - radius) / 6 + 0.5, 0, 1).astype(np.float32)
    grain = np.random.default_rng(0).normal(0, 4, (SIZE, SIZE, 1))
    mixed = alpha[..., None] * np.array([220, 130, 30]) + (1 - alpha[..., None]) * np.array([200, 40, 200]) + grain
    return np.clip(mixed, 0, 255).astype(np.uint8), alpha


def test_matting_finds_a_soft_edge() -> None:
    picture, truth = soft_disc()
    alpha = closed_form_alpha(picture, trimap(truth >= 0.5, inner=8, outer=8))
    assert float(np.abs(alpha - truth).mean()) < 0.01
    assert float(np.abs(alpha - truth).max()) < 0.35


def test_no_background_stays_under_soft_edges() -> None:
    picture, alpha = soft_disc()
    clean = decontaminated(picture, alpha).astype(int)
    edge = (alpha > 0.02) & (alpha < 0.98)
    # Magenta has a blue of 200, orange of 30: what is left of it in the mean is below a tenth.
    assert clean[edge, 2].mean() < 30 + 17
    assert clean[alpha == 0, 2].mean() < 30 + 34


def test_a_sprite_is_all_or_nothing() -> None:
    picture, truth = soft_disc()
    alpha = refine_subject(picture, truth, kind="sprite", source="alpha").alpha
    assert set(np.unique(alpha)) == {0.0, 1.0}


def test_own_transparency_is_kept() -> None:
    picture, truth = soft_disc()
    np.testing.assert_array_equal(refine_subject(picture, truth, kind="photo", source="alpha").alpha, truth)


def test_a_thin_stroke_of_a_drawing_survives() -> None:
    paper = np.full((SIZE, SIZE, 3), 240, np.uint8)
    mask = np.zeros((SIZE, SIZE), np.uint8)
    cv2.circle(mask, (128, 90), 40, 255, -1)
    cv2.line(mask, (128, 130), (128, 240), 255, 3)
    paper[mask > 0] = 40
    alpha = refine_subject(paper, (mask / np.float32(255)).astype(np.float32), kind="drawing", source="flat").alpha
    assert (alpha[140:235, 128] > 0.9).all()


@pytest.mark.parametrize("source", ["grabcut", "mask", "network"])
def test_the_outline_stays_where_it_was_found(source: str) -> None:
    picture, truth = soft_disc()
    found = refine_subject(picture, (truth >= 0.5).astype(np.float32), kind="photo", source=source).alpha >= 0.5
    true = truth >= 0.5
    assert (found & true).sum() / (found | true).sum() > 0.95


def test_an_empty_subject_breaks_nothing() -> None:
    picture, _ = soft_disc()
    cutout = refine_subject(picture, np.zeros((SIZE, SIZE), np.float32), kind="photo", source="grabcut")
    assert not cutout.alpha.any()


def test_the_band_is_solved_as_the_dense_matting_laplacian_says() -> None:
    picture, truth = soft_disc()
    window = (slice(30, 70), slice(100, 150))
    guide, alpha = picture[window].astype(np.float32) / np.float32(255), truth[window]
    known = np.where(alpha > 0.99, 1, np.where(alpha < 0.01, 0, 0.5)).astype(np.float32)
    known[:, -3:] = 0.5  # a band that reaches the picture's edge
    assert float(np.abs(solved_band(guide, known) - dense_matting(guide, known)).max()) < 0.02


def dense_matting(guide: Floats, known: Floats) -> Floats:
    """Levin et al. 2006, equation 12, with all of the matrix and without any of its structure."""
    height, width = known.shape
    laplacian = np.zeros((known.size, known.size))
    for row in range(1, height - 1):
        for column in range(1, width - 1):
            rows, columns = np.mgrid[row - 1 : row + 2, column - 1 : column + 2]
            pixels = (rows * width + columns).ravel()
            colours = guide.reshape(-1, 3)[pixels].astype(float)
            centred = colours - colours.mean(0)
            covariance = (centred.T @ centred + 1e-6 * np.eye(3)) / 9
            laplacian[np.ix_(pixels, pixels)] += np.eye(9) - (1 + centred @ np.linalg.inv(covariance) @ centred.T) / 9
    unknown = known.ravel() == 0.5
    alpha = known.ravel().astype(float)
    alpha[unknown] = np.linalg.solve(laplacian[np.ix_(unknown, unknown)], -laplacian[np.ix_(unknown, ~unknown)] @ alpha[~unknown])
    return np.clip(alpha, 0, 1).reshape(known.shape).astype(np.float32)
