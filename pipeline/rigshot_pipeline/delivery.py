"""Where a photo's results lie: ``out/NAME`` with the deliverables on top and the stages' folders in ``stages/``."""

import shutil
from pathlib import Path

from . import store

__all__ = ["claim_folder", "deliver", "give_back", "safe_stem"]

# Windows keeps these for devices, whatever ending follows.
DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))})
LONGEST_STEM = 60  # characters; file systems take 255 bytes, and a CJK character may need four

# stage, file in its folder, what it is called beside the model's name
_PICTURES = (
    ("standardise", "before.png", "_before.png"),
    ("standardise", "after.png", "_after.png"),
    ("preview", "turntable.gif", ".gif"),
    ("preview", "turntable.mp4", ".mp4"),
    ("preview", "poster.png", "_poster.png"),
    ("preview", "skeleton.gif", "_skeleton.gif"),
    ("preview", "skeleton.mp4", "_skeleton.mp4"),
    ("report", "report.png", "_report.png"),
    ("report", "report.json", "_report.json"),
)


def safe_stem(name: str) -> str:
    """``name`` as a file name that every system takes: letters and digits of any script, dashes and underscores."""
    kept = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in name)
    stem = kept.strip("_")[:LONGEST_STEM] or "photo"
    return f"{stem}_" if stem.lower() in DEVICES else stem


def claim_folder(out: Path, photo: Path) -> Path:
    """The folder below ``out`` that belongs to ``photo``: the one it had before, or a new one.

    Two photos of one name get two folders (``cat``, ``cat-2``), each marked with the path of its photo, so that
    neither overwrites the other.
    """
    source = str(photo.absolute())
    stem = safe_stem(photo.stem)
    number = 1
    while True:
        folder = out / (stem if number == 1 else f"{stem}-{number}")
        mark = folder / "stages" / "source.json"
        if not folder.exists():
            mark.parent.mkdir(parents=True)
            store.save_json(mark, {"photo": source})
            return folder
        if mark.is_file() and store.load_json(mark).get("photo") == source:
            return folder
        number += 1


def give_back(folder: Path) -> None:
    """Remove a claimed folder in which no stage was finished, as after a refused photo; any other stays."""
    stages = folder / "stages"
    if {path.name for path in folder.iterdir()} == {"stages"} and {path.name for path in stages.iterdir()} == {"source.json"}:
        shutil.rmtree(folder)


def deliver(folder: Path) -> dict[str, Path]:
    """Put what people want on top of the job's folder and answer with it, by kind.

    Files of an earlier run that are made no more are removed.
    """
    stages = folder / "stages"
    wanted = {folder / file.name: file for file in sorted((stages / "export").iterdir()) if file.name != "stage.json"}
    wanted |= {
        folder / f"{folder.name}{ending}": stages / stage / file for stage, file, ending in _PICTURES if (stages / stage / file).is_file()
    }
    for old in folder.iterdir():
        if old.is_file() and old not in wanted and old.name.startswith(folder.name):
            old.unlink()
    for place, file in wanted.items():
        _copy(file, place)
    return {place.name.removeprefix(folder.name).lstrip("._"): place for place in wanted}


def _copy(file: Path, place: Path) -> None:
    """A copy that appears whole or not at all. Never a link: people edit what they are given."""
    half = place.with_name(f".{place.name}.part")
    shutil.copyfile(file, half)
    half.replace(place)
