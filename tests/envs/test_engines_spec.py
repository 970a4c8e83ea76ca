"""Descriptions of engines, the folders they are found in, and the card they are to run on."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from small_engine import EngineLab

from rigshot_pipeline import wording
from rigshot_pipeline.engines import BadSpec, Worker, discover, read_spec
from rigshot_pipeline.engines.gpu import budget_mb, cards, our_card, visible_cards
from rigshot_pipeline.engines.overview import examine
from rigshot_pipeline.engines.places import envs_folders, shared_code, worker_variables
from rigshot_pipeline.errors import EngineFailed

ROOT = Path(__file__).resolve().parents[2]
GOOD = """
[engine]
name = "good"
title = "Good"
stages = ["geometry"]
worker = "worker.py"
python = "3.11"
rank = 3

[needs]
disk_mb = 10
gpu_mb = 20

[source]
repository = "https://127.0.0.1/owner/name"
commit = "0123456789012345678901234567890123456789"
folders = ["src"]

[[weights]]
name = "main"
repository = "owner/name"
revision = "v1.0"
files = ["a/b.safetensors"]
stages = ["geometry"]
sha256 = {"a/b.safetensors" = "0000000000000000000000000000000000000000000000000000000000000000"}

[licence]
code = "MIT"
"""


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EngineLab:
    lab = EngineLab(tmp_path)
    for name, value in lab.variables.items():
        monkeypatch.setenv(name, value)
    for name in ("RIGSHOT_GPU_MB", "RIGSHOT_ENGINE_DEVICE", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(name, raising=False)
    return lab


def write(folder: Path, text: str) -> Path:
    (folder / "worker.py").touch()
    (folder / "engine.toml").write_text(text)
    return folder / "engine.toml"


def test_a_description_is_read(tmp_path: Path) -> None:
    spec = read_spec(write(tmp_path, GOOD))
    assert (spec.name, spec.rank, spec.version, spec.needs.gpu_mb) == ("good", 3, 1, 20)
    assert spec.source is not None
    assert spec.source.folders == ("src",)
    (row,) = spec.weights
    assert (row.files, row.optional, row.either) == (("a/b.safetensors",), False, "")


@pytest.mark.parametrize(
    ("change", "by", "sentence"),
    [
        ('name = "good"', "", r"\[engine\] lacks name"),
        ('name = "good"', 'name = "../good"', r"\[engine\] name must be small letters"),
        ("rank = 3", 'rank = "3"', r"\[engine\] rank must be a whole number, not '3'"),
        ("rank = 3", "rank = true", r"\[engine\] rank must be a whole number, not True"),
        ("rank = 3", "rang = 3", r"\[engine\] has the unknown key rang"),
        ('stages = ["geometry"]\nworker', "stages = []\nworker", r"\[engine\] lacks stages"),
        ('worker = "worker.py"', 'worker = "other.py"', "there is no other.py beside it"),
        ('worker = "worker.py"', 'worker = "/bin/sh"', "relative path"),
        ('python = "3.11"', 'python = "three"', "a version such as 3.11"),
        ("gpu_mb = 20", "gpu_mb = -20", "must not be negative"),
        ("0123456789012345678901234567890123456789", "main", "40 hexadecimal digits"),
        ('folders = ["src"]', 'folders = ["../src"]', "relative path without"),
        ("[[weights]]", "[weights]", "two brackets"),
        ('files = ["a/b.safetensors"]', 'files = ["/etc/passwd"]', "relative path"),
        ('files = ["a/b.safetensors"]', 'files = "a"', "files must be a list of words"),
        ('repository = "owner/name"', 'repository = "https://x/owner/name"', "OWNER/NAME"),
        ('revision = "v1.0"', 'revision = "../../x"', "relative path"),
        ("= " + '"' + "0" * 64, "= " + '"' + "0" * 63, "64 hexadecimal digits"),
        ('code = "MIT"', "", r"\[licence\] lacks code"),
        ("[needs]", "[needed]", "the file has the unknown key needed"),
        ("[engine]", "[engine", "(?i)expected"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, change: str, by: str, sentence: str) -> None:
    assert change in GOOD
    file = write(tmp_path, GOOD.replace(change, by, 1))
    with pytest.raises(BadSpec, match=sentence) as caught:
        read_spec(file)
    assert str(file) in str(caught.value)


def test_a_broken_description_hides_no_other(lab: EngineLab) -> None:
    lab.engine("", name="fine")
    (lab.envs / "broken").mkdir()
    write(lab.envs / "broken", "[engine")
    found = discover()
    assert [spec.name for spec in found.specs] == ["fine"]
    assert len(found.broken) == 1


def test_the_engines_of_this_repository_are_well_described(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RIGSHOT_ENVS", raising=False)
    assert envs_folders() == (ROOT / "envs",)
    assert shared_code() == ROOT / "envs" / "rigshot_env"
    found = discover()
    assert found.broken == ()
    assert "blender" in [spec.name for spec in found.specs]
    for spec in found.specs:
        assert spec.folder.name == spec.name
        assert spec.licence.code
        assert (spec.folder / "pyproject.toml").is_file()
        for row in spec.weights:
            assert row.licence
            assert {*row.stages} <= {*spec.stages}


@pytest.mark.parametrize("name", ["preprocess", "step1x3d", "unirig"])
def test_the_workers_of_this_repository_come_up_without_torch(lab: EngineLab, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """What is heavy is loaded by the first sound request: a start is quick, and a bad request is refused at once."""
    monkeypatch.delenv("RIGSHOT_ENVS")
    spec = read_spec(ROOT / "envs" / name / "engine.toml")
    lab.put_in_place(spec)
    (site,) = (lab.home / name / "venv" / "lib").glob("python*/site-packages")
    (site / "borrowed.pth").write_text(str(Path(np.__file__).parents[1]))  # NumPy and Pillow of the tests' own environment
    worker = Worker(spec)
    try:
        worker.start()
        assert worker.alive
        with pytest.raises(EngineFailed) as caught:
            worker.ask(spec.stages[0], {}, {}, lambda _: None)
        assert caught.value.fault == "bad_input"
    finally:
        worker.kill()


@pytest.fixture
def smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """NVIDIA's tool on a machine with two cards; the test may rewrite it."""
    tool = tmp_path / "bin" / "nvidia-smi"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho '0, GPU-aa, NVIDIA H100 80GB HBM3, 81559'\necho '1, GPU-bb, NVIDIA L4, 23034'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}{os.pathsep}{os.environ['PATH']}")
    cards.cache_clear()
    yield tool
    cards.cache_clear()


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({}, "NVIDIA H100 80GB HBM3"),
        ({"CUDA_VISIBLE_DEVICES": "1"}, "NVIDIA L4"),
        ({"CUDA_VISIBLE_DEVICES": "GPU-bb,GPU-aa"}, "NVIDIA L4"),
        ({"RIGSHOT_ENGINE_DEVICE": "cuda:1"}, "NVIDIA L4"),
        ({"CUDA_VISIBLE_DEVICES": ""}, None),
        ({"RIGSHOT_ENGINE_DEVICE": "cuda:7"}, None),
        ({"RIGSHOT_ENGINE_DEVICE": "cpu"}, None),
    ],
)
def test_the_card_is_the_one_that_a_worker_would_see(
    lab: EngineLab, smi: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], name: str | None
) -> None:
    for key, value in variables.items():
        monkeypatch.setenv(key, value)
    card = our_card()
    assert (card and card.name) == name
    assert budget_mb() == (int(card.memory_mb * 0.94) if card else 0)


def test_the_visible_cards_are_those_that_are_left_in_their_order(smi: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [card.uuid for card in visible_cards()] == ["GPU-aa", "GPU-bb"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1, GPU-aa")
    assert [card.uuid for card in visible_cards()] == ["GPU-bb", "GPU-aa"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert visible_cards() == ()


@pytest.mark.parametrize("script", ["exit 9", "echo 'No devices were found'", "echo '0, GPU-aa, Strange, [N/A]'"])
def test_a_driver_that_is_ill_is_no_card(lab: EngineLab, smi: Path, script: str) -> None:
    smi.write_text(f"#!/bin/sh\n{script}\n")
    assert cards() == ()
    assert budget_mb() == 0


@pytest.mark.parametrize("language", wording.LANGUAGES)
def test_the_doctor_sees_memory_card_engines_and_choices(lab: EngineLab, smi: Path, language: wording.Language) -> None:
    here, away = lab.engine("", name="here", gpu_mb=8000), lab.engine("", name="away", stages=("skin",))
    lab.put_in_place(here)
    (lab.envs / "broken").mkdir()
    write(lab.envs / "broken", "[engine")
    found = [(row.level, row.sentence) for row in examine(language)]
    said = "\n".join(sentence for _, sentence in found)
    assert "GB" in found[0][1]
    assert "H100" in said
    assert [level for level, sentence in found if "engine.toml" in sentence] == ["bad"]
    assert next(level for level, sentence in found if "envs install away" in sentence) == "note"
    assert any("geometry" in sentence and "Here" in sentence for _, sentence in found)
    assert "CC-BY-4.0" in said
    assert away.licence.code in said


def test_a_worker_is_not_shown_what_is_none_of_its_business(lab: EngineLab, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RIGSHOT_TELEGRAM__TOKEN", "AWS_SECRET_ACCESS_KEY", "HF_TOKEN", "REDIS_URL"):
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    monkeypatch.setenv("RIGSHOT_ENGINE_DEVICE", "cuda")
    variables = worker_variables(lab.engine("", gpu_mb=8000))
    assert variables["RIGSHOT_ENGINE_GPU_MB"] == "8000"
    assert "secret" not in variables.values()
    assert (variables["CUDA_VISIBLE_DEVICES"], variables["RIGSHOT_ENGINE_DEVICE"]) == ("1", "cuda")
