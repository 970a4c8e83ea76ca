"""The arrows of the house: who may know whom."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# room -> the rooms of ours that it may import
ARROWS = {
    "rigshot_pipeline": {"rigshot_pipeline"},
    "rigshot_storage": {"rigshot_storage"},
    "rigshot_queue": {"rigshot_queue", "rigshot_pipeline", "rigshot_storage"},
    "rigshot_bots": {"rigshot_bots", "rigshot_queue", "rigshot_storage"},
}
SOURCES = [
    file
    for room in ("bots", "pipeline", "queue", "storage", "envs")
    for file in sorted((ROOT / room).rglob("*.py"))
    if ".venv" not in file.parts and "build" not in file.parts
]


def _imports(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("file", SOURCES, ids=[str(file.relative_to(ROOT)) for file in SOURCES])
def test_a_room_knows_only_the_rooms_below_it(file: Path) -> None:
    place = file.relative_to(ROOT).parts
    if place[0] == "envs":  # an engine knows its own package and what all engines share
        known = {"rigshot_env", *(folder.name for folder in (ROOT / "envs" / place[1]).glob("rigshot_*"))}
    else:
        known = ARROWS[next(part for part in place if part.startswith("rigshot_"))]
    ours = {name for name in _imports(file) if name.startswith("rigshot_")}
    assert ours <= known


def test_the_queue_room_does_not_shadow_the_standard_library() -> None:
    code = "import queue, sysconfig; print(queue.__file__.startswith(sysconfig.get_path('stdlib')))"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "True"
    assert not (ROOT / "queue" / "__init__.py").exists()
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_stages_that_are_not_the_gate_never_open_a_persons_file() -> None:
    stages = ROOT / "pipeline" / "rigshot_pipeline" / "stages"
    assert [file.name for file in sorted(stages.glob("*.py")) if "work.source" in file.read_text(encoding="utf-8")] == ["intake.py"]
