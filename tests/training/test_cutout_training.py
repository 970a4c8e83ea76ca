"""What keeps the training honest: judged pictures are recognised, masks survive packing, IoU leaves out what is unknown."""

import json
import sys
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from training.cutout import bundle  # noqa: E402
from training.cutout.bundle import UNKNOWN, Entry  # noqa: E402
from training.cutout.cases import drawn_box, judged_cases, overlap  # noqa: E402
from training.cutout.likeness import fingerprint, judged_pictures  # noqa: E402
from training.cutout.pack import chosen  # noqa: E402


def photo(seed: int, *, height: int = 240, width: int = 320) -> np.ndarray:
    """Smooth blobs of colour, as different from seed to seed as photos are."""
    random = np.random.default_rng(seed)
    cells = random.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(cells, (width, height), interpolation=cv2.INTER_CUBIC))


@pytest.fixture
def judged_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "judged"
    folder.mkdir()
    cv2.imwrite(str(folder / "oxpet_Bombay_182.jpg"), photo(1))
    cv2.imwrite(str(folder / "oxpet_Bombay_182.mask.png"), photo(2))
    (folder / "damaged.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    return folder


@pytest.mark.parametrize("change", ["resized", "saved", "brighter", "mirrored"])
def test_a_judged_photo_is_known_however_it_comes_back(judged_folder: Path, change: str) -> None:
    picture = photo(1)
    if change == "resized":
        picture = np.asarray(cv2.resize(picture, (150, 170), interpolation=cv2.INTER_AREA))
    elif change == "saved":
        picture = np.asarray(cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 30])[1], cv2.IMREAD_COLOR))
    elif change == "brighter":
        picture = np.clip(picture * 1.15 + 8, 0, 255).astype(np.uint8)
    else:
        picture = np.ascontiguousarray(picture[:, ::-1])
    assert judged_pictures(judged_folder).reason("another_name_7", picture) == "it looks like a judged picture"


def test_names_and_breeds_are_refused_and_strangers_are_not(judged_folder: Path) -> None:
    judged = judged_pictures(judged_folder)
    assert judged.reason("Bombay_182", photo(9)) == "its name is that of a judged picture"
    assert judged.reason("russian_blue_4", photo(9)) == "its breed is held out"
    assert [judged.reason(f"pug_{seed}", photo(seed)) for seed in range(10, 60)] == [None] * 50


def test_unrelated_pictures_have_unlike_fingerprints() -> None:
    prints = [fingerprint(photo(seed)) for seed in range(40)]
    apart = [(a ^ b).bit_count() for place, a in enumerate(prints) for b in prints[:place]]
    assert min(apart) >= 10


def test_packing_keeps_each_photo_once_and_sets_breeds_apart(judged_folder: Path) -> None:
    mask = np.zeros((240, 320), np.uint8)
    rows = [("pug_1", 3), ("pug_1", 4), ("pug_2", 3), ("beagle_5", 5), ("Bombay_182", 6), ("pug_3", 1)]
    entries = (Entry(name=name, role="subject", source="labels", picture=photo(seed), mask=mask) for name, seed in rows)
    refused: Counter[str] = Counter()
    kept = list(chosen(entries, judged_pictures(judged_folder), refused))
    assert [(entry.name, entry.role) for entry in kept] == [("pug_1", "subject"), ("beagle_5", "held_out")]
    assert refused["it is there already"] == 2
    assert sum(refused.values()) == 4


def test_a_bundle_gives_back_what_was_put_in(tmp_path: Path) -> None:
    mask = np.zeros((480, 640), np.uint8)
    mask[100:300, 200:500] = 255
    mask[90:100] = UNKNOWN
    entry = Entry(name="pug_1", role="subject", source="labels", picture=photo(3, height=480, width=640), mask=mask)
    bare = Entry(name="room", role="ground", source="coco_mini", picture=photo(4), mask=None)
    counts = bundle.write(tmp_path / "photos.zip", [entry, bare], side=320)
    assert counts == {"subject labels": 1, "ground coco_mini": 1}
    first, second = bundle.read(tmp_path / "photos.zip")
    assert first.picture.shape == (240, 320, 3)
    assert first.mask is not None
    assert set(np.unique(first.mask)) == {0, UNKNOWN, 255}
    assert abs(float((first.mask == 255).mean()) - float((mask == 255).mean())) < 0.01
    assert second.mask is None
    assert (second.name, second.role) == ("room", "ground")


def test_what_is_unknown_does_not_count() -> None:
    mask = np.array([[255, 255, UNKNOWN, UNKNOWN, 0, 0]], np.uint8)
    assert overlap(np.array([[1, 1, 1, 0, 0, 0]], bool), mask) == 1.0
    assert overlap(np.array([[1, 0, 1, 1, 1, 0]], bool), mask) == pytest.approx(1 / 3)


def test_judged_pictures_come_with_their_kind_and_truth(tmp_path: Path) -> None:
    mask = np.zeros((60, 80), np.uint8)
    mask[20:40, 30:60] = 255
    cv2.imwrite(str(tmp_path / "rabbit.jpg"), photo(1, height=60, width=80))
    cv2.imwrite(str(tmp_path / "rabbit.alpha_matte.png"), mask)
    for name in ("knight.png", "sheet.png"):
        cv2.imwrite(str(tmp_path / name), np.dstack([photo(2, height=60, width=80), mask]))
    cv2.imwrite(str(tmp_path / "bare.jpg"), photo(3))
    companions = [{"file": "rabbit.alpha_matte.png"}]
    rows = [
        {"file": "rabbit.jpg", "kind": "photo_pet", "subject": "rabbit", "background": "grass", "companions": companions},
        {"file": "knight.png", "kind": "pixel_art", "subject": "knight", "background": "alpha"},
        {"file": "sheet.png", "kind": "pixel_art", "subject": "sprite sheet of a knight", "background": "alpha"},
        {"file": "bare.jpg", "kind": "photo_pet", "subject": "cat", "background": "sofa"},
    ]
    (tmp_path / "MANIFEST.json").write_text(json.dumps(rows))
    rabbit, knight = judged_cases(tmp_path)
    assert (rabbit.group, rabbit.kind, knight.group, knight.kind) == ("T1", "other animal", "plain ground", "sprite")
    assert drawn_box(rabbit.mask) == (28, 18, 34, 24)
    for case in (rabbit, knight):
        np.testing.assert_array_equal(case.mask == 255, mask == 255)
    assert (knight.picture[0, 0] == 255).all()
