"""What kind of picture it is, how much it is enlarged, and that enlarging makes it better and not only larger."""

import io
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from rigshot_pipeline import store
from rigshot_pipeline.asset import Pixels
from rigshot_pipeline.embedded import pixel_art
from rigshot_pipeline.embedded.drawing import is_drawing
from rigshot_pipeline.embedded.upscale import upscale
from rigshot_pipeline.evaluation.cases import Case
from rigshot_pipeline.options import Options
from rigshot_pipeline.stage import Outcome, Work
from rigshot_pipeline.stages import enhance

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
ROWS = json.loads((SHARED / "MANIFEST.json").read_text(encoding="utf-8")) if SHARED.exists() else []
PICTURES = [row for row in ROWS if row["file"].endswith((".png", ".jpg")) and row["kind"] not in ("hostile", "pixel_art")]
SPRITES = [row["file"] for row in ROWS if row["kind"] == "pixel_art"]
STROKES = [f"drawing/animdraw_{name}" for name in ("char1.png", "char2.png", "char4.png", "char6.png", "garlic.jpg")]


def sprite(side: int = 32, *, alpha: bool = True) -> Pixels:
    """A round figure with eyes and an outline in five flat colours, and two thin legs."""
    rows, columns = np.mgrid[:side, :side] - (side - 1) / 2
    distance = np.hypot(rows * 1.1, columns)
    palette = np.array([[0, 0, 0, 0], [40, 30, 60, 255], [240, 140, 40, 255], [250, 240, 220, 255], [20, 20, 20, 255]], np.uint8)
    index = np.select([distance > side * 0.42, distance > side * 0.36], [0, 1], 2)
    index[(distance < side * 0.2) & (rows > 0)] = 3
    for column in (side // 3, 2 * side // 3):
        index[side // 3, column - 1 : column + 1] = 4
        index[-side // 6 :, column] = 1
    index[3:9, side // 2 : side // 2 + 2] = 3
    index[side // 2, 5:9] = 4
    pixels = palette[index]
    if not alpha:
        pixels = np.where(pixels[..., 3:] == 0, np.uint8(255), pixels)[..., :3]
    return np.ascontiguousarray(pixels)


def enlarged(pixels: Pixels, factor: float) -> Pixels:
    image = Image.fromarray(pixels)
    size = (round(image.width * factor), round(image.height * factor))
    return np.asarray(image.resize(size, Image.Resampling.NEAREST))


def through_jpeg(pixels: Pixels, quality: int) -> Pixels:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def run(
    photo: Pixels, folder: Path, *, box: list[int] | None = None, mask: Pixels | None = None
) -> tuple[Outcome, Pixels, dict[str, object]]:
    intake, own = folder / "intake", folder / "enhance"
    intake.mkdir(exist_ok=True)
    own.mkdir(exist_ok=True)
    store.save_picture(intake / "photo.png", photo)
    store.save_json(intake / "photo.json", {"width": photo.shape[1], "height": photo.shape[0], "scale": 1.0, "box": box})
    if mask is not None:
        store.save_picture(intake / "mask.png", mask)
    work = Work(folder=own, inputs={"intake": intake}, options=Options(), source=Path("none"), progress=lambda fraction: None)
    outcome = enhance.STAGE.run(work)
    return outcome, store.load_picture(own / "picture.png"), store.load_json(own / "picture.json")


def load(path: Path) -> Pixels:
    """As the gate would: RGBA where something is transparent, RGB otherwise."""
    pixels = np.asarray(Image.open(path).convert("RGBA"))
    return pixels if pixels[..., 3].min() < 250 else np.ascontiguousarray(pixels[..., :3])


def scene(width: int, height: int, seed: int = 0) -> Pixels:
    """Something like a photo: soft shapes, an in-focus textured ball, noise."""
    chance = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    colours = cv2.resize(chance.normal(0, 60, (6, 8, 3)), (width, height), interpolation=cv2.INTER_CUBIC) + 120
    ball = np.clip((0.25 * height - np.hypot(rows - 0.55 * height, columns - 0.5 * width)), 0, 1)[..., None]
    fur = cv2.GaussianBlur(chance.normal(0, 1, (height, width, 1)), (0, 0), 1.2)[..., None] * 60 + 90
    mixed = colours * (1 - ball) + ball * (fur + np.array([60, 20, -30])) + chance.normal(0, 2, (height, width, 3))
    return np.clip(mixed, 0, 255).astype(np.uint8)


# ---------------------------------------------------------------- pixel art


@pytest.mark.parametrize("factor", [2, 3, 7, 16, 2.5, 3.5, 6.4, 15.77])
@pytest.mark.parametrize("alpha", [True, False])
def test_an_enlarged_sprite_gets_its_true_pixels_back(factor: float, alpha: bool) -> None:
    true = sprite(alpha=alpha)
    grid = pixel_art.find_grid(enlarged(true, factor))
    assert grid is not None
    assert grid.width == pytest.approx(factor, rel=0.01)
    found = pixel_art.true_pixels(enlarged(true, factor), grid)
    assert np.array_equal(found, true)


@pytest.mark.parametrize("factor", [3, 8, 11.3])
def test_a_screenshot_of_a_sprite_may_be_cropped_anywhere(factor: float) -> None:
    large = enlarged(sprite(), factor)[5:-3, 4:-1]
    grid = pixel_art.find_grid(large)
    assert grid is not None
    found = pixel_art.true_pixels(large, grid)
    assert 29 <= min(found.shape[:2]) <= max(found.shape[:2]) <= 32
    middle = sprite()[4:-4, 4:-4]
    corners = [(row, column) for row in range(9) for column in range(9)]
    assert any(np.array_equal(found[row : row + 24, column : column + 24], middle) for row, column in corners)


@pytest.mark.parametrize("quality", [90, 60])
def test_a_sprite_is_found_behind_a_jpeg(quality: int) -> None:
    large = through_jpeg(enlarged(sprite(alpha=False), 12), quality)
    grid = pixel_art.find_grid(large)
    assert grid is not None
    found = pixel_art.true_pixels(large, grid)
    assert pixel_art.is_sprite(found, gridded=True)
    assert np.abs(found.astype(int) - sprite(alpha=False)).mean() < 6


@pytest.mark.parametrize("quality", [5, 10, 100])
def test_cells_as_large_as_the_blocks_of_a_jpeg_are_cells(quality: int) -> None:
    assert pixel_art.find_grid(through_jpeg(enlarged(sprite(alpha=False), 8), quality)) is not None


@pytest.mark.parametrize("name", ["quaternius_Cow", "quaternius_Wolf"])
def test_the_blocks_of_a_coarse_jpeg_are_no_cells(name: str, shared_data: Path) -> None:
    photo = Case(name=f"{name}-right", kind="rigged", file=shared_data / "gt_rig" / f"{name}.glb", view="right").take().photo
    coarse = through_jpeg(photo, 10)
    assert pixel_art.find_grid(coarse) is None


def test_sprites_at_their_true_size_have_no_grid() -> None:
    for side in (16, 24, 32, 64):
        assert pixel_art.find_grid(sprite(side)) is None
        assert pixel_art.is_sprite(sprite(side))


@pytest.mark.parametrize("file", SPRITES)
def test_the_shared_sprites_are_sprites_at_any_size(file: str, shared_data: Path) -> None:
    true = load(shared_data / file)
    assert pixel_art.find_grid(true) is None
    assert pixel_art.is_sprite(true)
    for factor in (2, 5, 6.4):
        large = enlarged(true, factor)
        grid = pixel_art.find_grid(large)
        assert grid is not None
        found = pixel_art.true_pixels(large, grid)
        visible = true[..., 3] > 0
        assert np.array_equal(found[visible], true[visible])


@pytest.mark.parametrize("row", PICTURES, ids=lambda row: row["file"])
def test_no_photo_or_drawing_is_taken_for_a_sprite_and_only_strokes_for_a_drawing(row: dict[str, str], shared_data: Path) -> None:
    pixels = load(shared_data / row["file"])
    assert pixel_art.find_grid(pixels) is None
    assert not pixel_art.is_sprite(pixels)
    assert is_drawing(pixels) == (row["file"] in STROKES)


def test_thumbnails_and_checkerboards_are_no_sprites() -> None:
    assert not pixel_art.is_sprite(np.asarray(cv2.resize(scene(400, 400), (64, 64), interpolation=cv2.INTER_AREA)))
    soft = np.dstack([scene(64, 64), cv2.GaussianBlur(sprite(64)[..., 3], (0, 0), 1.5)])
    assert not pixel_art.is_sprite(soft), "an anti-aliased icon"
    board = np.kron(np.indices((4, 4)).sum(0) % 2, np.ones((50, 50))).astype(np.uint8)[..., None].repeat(3, 2) * 255
    assert pixel_art.find_grid(board) is None


def test_sprites_are_enlarged_with_crisp_pixels_and_a_rounded_outline() -> None:
    true = sprite()
    large = pixel_art.enlarge_sprite(true, 20)
    assert large.shape == (640, 640, 4)
    opaque = np.unique(large[large[..., 3] == 255][:, :3], axis=0)
    assert {tuple(colour) for colour in opaque} == {tuple(colour) for colour in true[true[..., 3] > 0][:, :3]}
    centres = large[10::20, 10::20]
    inside = cv2.erode(true[..., 3], np.ones((3, 3), np.uint8)) > 0
    assert np.array_equal(centres[inside], true[inside])
    stairs = pixel_art.enlarge_sprite(true[..., :3], 20)
    assert stairs.shape == (640, 640, 3)
    mask = (large[..., 3] > 127).astype(np.uint8)
    square = true[..., 3].repeat(20, 0).repeat(20, 1) // 255
    overlap = np.count_nonzero(mask & square) / np.count_nonzero(mask | square)
    assert overlap > 0.93
    rounded, stepped = (
        cv2.arcLength(cv2.findContours(each, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0][0], True) for each in (mask, square)
    )
    assert rounded < 0.95 * stepped


def test_thin_limbs_and_corner_to_corner_lines_stay_joined() -> None:
    true = np.zeros((20, 20, 4), np.uint8)
    true[np.arange(3, 17), np.arange(3, 17)] = (200, 40, 40, 255)
    true[3, 3:17] = (200, 40, 40, 255)
    alpha = pixel_art.enlarge_sprite(true, 24)[..., 3]
    count, _ = cv2.connectedComponents((alpha > 127).astype(np.uint8))
    assert count == 2, "one figure and the ground"


@pytest.mark.parametrize("quality", [None, 70])
def test_the_ground_of_a_sprite_becomes_transparent(quality: int | None, tmp_path: Path) -> None:
    photo = enlarged(sprite(alpha=False), 10)
    _, picture, _ = run(through_jpeg(photo, quality) if quality else photo, tmp_path)
    expected = pixel_art.enlarge_sprite(sprite(), picture.shape[0] // 32)
    assert picture.shape == expected.shape
    assert np.mean((picture[..., 3] > 127) == (expected[..., 3] > 127)) > 0.99


def test_a_sprite_scene_keeps_its_background() -> None:
    scene_of_tiles = np.kron(np.random.default_rng(0).integers(0, 4, (16, 16, 1)) * 60, np.ones((2, 2, 3), int)).astype(np.uint8)
    assert pixel_art.without_ground(scene_of_tiles) is scene_of_tiles


def test_a_sprite_becomes_about_a_thousand_pixels_large(tmp_path: Path) -> None:
    outcome, picture, words = run(enlarged(sprite(), 6.4), tmp_path, box=[64, 64, 100, 100])
    assert words["kind"] == outcome.metrics["kind"] == "sprite"
    assert 768 <= max(picture.shape) <= 1150
    assert outcome.metrics["block_size"] == pytest.approx(6.4, abs=0.02)
    assert outcome.advice[0].code == "sprite_restored"
    scale = picture.shape[0] / 205
    assert words["scale"] == pytest.approx(scale, abs=1e-3)
    assert words["box"] == [round(side * scale) for side in (64, 64, 100, 100)]


def test_a_sprite_sheet_is_warned_of(tmp_path: Path) -> None:
    sheet = np.concatenate([np.pad(sprite(), ((0, 0), (2, 2), (0, 0)))] * 5, 1)
    outcome, picture, _ = run(sheet, tmp_path)
    warnings = {advice.code: advice.values for advice in outcome.advice if advice.level == "warning"}
    assert warnings == {"sprite_sheet": {"figures": 5}}
    assert max(picture.shape) <= 2048


# ---------------------------------------------------------------- drawings


def drawn(*, lines: int = 4, level: int = 225, shadow: float = 0.0) -> Pixels:
    page = np.full((400, 300, 3), level, np.uint8)
    for radius in np.linspace(40, 120, lines):
        cv2.ellipse(page, (150, 210), (int(radius), int(radius * 0.8)), 0, 0, 360, (60, 50, 70), 3, cv2.LINE_AA)
    shade = 1 - shadow * np.linspace(0, 1, 300)[None, :, None]
    return np.clip(page * shade + np.random.default_rng(0).normal(0, 1.5, page.shape), 0, 255).astype(np.uint8)


def test_strokes_on_paper_are_a_drawing_also_in_the_shade() -> None:
    assert is_drawing(drawn())
    assert is_drawing(drawn(shadow=0.35))
    assert is_drawing(drawn(level=170))


def test_a_solid_figure_on_a_light_ground_is_no_drawing() -> None:
    page = drawn(lines=2)
    cv2.ellipse(page, (150, 210), (100, 80), 0, 0, 360, (120, 90, 60), -1, cv2.LINE_AA)
    assert not is_drawing(page)
    assert not is_drawing(scene(300, 400))
    assert not is_drawing(np.full((50, 50, 3), 240, np.uint8))


# ---------------------------------------------------------------- photos


def test_a_small_subject_is_enlarged_as_much_as_it_needs(tmp_path: Path) -> None:
    photo = scene(300, 240)
    small, picture, words = run(photo, tmp_path, box=[100, 100, 150, 90])
    assert (small.metrics["kind"], small.metrics["subject_pixels"]) == ("photo", 150)
    assert picture.shape[:2] == (960, 1200)
    assert words == {"scale": 4.0, "kind": "photo", "box": [400, 400, 600, 360]}
    assert [advice.code for advice in small.advice] == ["enlarged"]
    _, picture, _ = run(scene(700, 600), tmp_path, box=[10, 10, 400, 400])
    assert picture.shape[:2] == (1200, 1400)


def test_the_mask_tells_the_subjects_size(tmp_path: Path) -> None:
    mask = np.zeros((600, 900), np.uint8)
    mask[100:300, 200:500] = 255
    outcome, picture, _ = run(scene(900, 600), tmp_path, mask=mask)
    assert outcome.metrics["subject_pixels"] == 300
    assert picture.shape[1] == 1800


def test_a_large_subject_is_left_alone_and_that_is_said(tmp_path: Path) -> None:
    photo = scene(1000, 800)
    outcome, picture, words = run(photo, tmp_path, box=[100, 50, 700, 700])
    assert np.array_equal(picture, photo)
    assert words["scale"] == 1
    assert [advice.code for advice in outcome.advice] == ["left_as_it_is"]


def test_a_tiny_subject_in_a_huge_photo_is_warned_of(tmp_path: Path) -> None:
    outcome, picture, _ = run(scene(2000, 1500), tmp_path, box=[900, 700, 120, 80])
    assert picture.shape[:2] == (1500, 2000)
    assert [(advice.code, advice.level) for advice in outcome.advice] == [("small_in_photo", "warning")]


def test_a_salient_subject_is_measured_without_a_box(tmp_path: Path) -> None:
    photo = np.full((400, 500, 3), (90, 140, 90), np.uint8)
    cv2.ellipse(photo, (250, 210), (110, 70), 0, 0, 360, (220, 120, 60), -1)
    photo = np.clip(photo + np.random.default_rng(0).normal(0, 3, photo.shape), 0, 255).astype(np.uint8)
    outcome, _, _ = run(photo, tmp_path)
    assert outcome.metrics["subject_pixels"] == pytest.approx(220, rel=0.15)


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_enlarging_comes_nearer_to_the_truth_than_bicubic(factor: int, shared_data: Path) -> None:
    gains = []
    for file in ("photo_pet/gfm_am2k_5.jpg", "photo_animal/rembg_animal-3.jpg", "toy_photo/avif_fox.jpg"):
        whole = np.asarray(Image.open(shared_data / file).convert("RGB"))
        side = 48 * factor * (900 // (48 * factor))
        truth = np.asarray(cv2.resize(whole, (side, side // 2), interpolation=cv2.INTER_AREA))
        small = np.asarray(cv2.resize(truth, (side // factor, side // 2 // factor), interpolation=cv2.INTER_AREA))
        plain = np.asarray(cv2.resize(small, (side, side // 2), interpolation=cv2.INTER_CUBIC))
        gains.append(_decibels(upscale(small, factor), truth) - _decibels(plain, truth))
    assert np.mean(gains) > {2: 0.4, 3: 0.2, 4: 0.2}[factor]


def _decibels(found: Pixels, truth: Pixels) -> float:
    return float(10 * np.log10(255**2 / np.mean((found.astype(float) - truth) ** 2)))


@pytest.mark.parametrize("factor", [2, 4])
def test_hidden_colours_do_not_come_out_at_the_rim(factor: int) -> None:
    small = np.zeros((60, 60, 4), np.uint8)  # hidden pixels are black, as most editors leave them
    alpha = cv2.GaussianBlur(cv2.circle(np.zeros((60, 60), np.uint8), (30, 30), 18, 255, -1), (0, 0), 1.0)
    small[..., 3] = alpha
    small[alpha > 0, :3] = (240, 210, 180)
    large = upscale(small, factor)
    rim = large[(large[..., 3] > 24)]
    assert np.abs(rim[:, :3].astype(int) - (240, 210, 180)).max() <= 6
    assert large[0, 0, 3] == 0


def test_flat_pictures_stay_flat() -> None:
    flat = np.full((20, 30, 3), 137, np.uint8)
    assert (upscale(flat, 4) == 137).all()
