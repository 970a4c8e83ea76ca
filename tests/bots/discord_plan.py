"""A small plan of true stages for the Discord tests: the photo, a JSON text, says how large the files become and where to wait.

{"hold": {"cutout": PATH}}      the stage goes on once the file PATH exists
{"refuse": "cutout"}            the stage refuses the photo
{"gif": N, "mp4": N, "glb": N}  so many bytes
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rigshot_pipeline.errors import Refused
from rigshot_pipeline.stage import Advice, Outcome, Stage, StageName, Work

NAMES: tuple[StageName, ...] = ("intake", "cutout", "skeleton", "animate", "export", "preview", "report")
GLANCE = 0.02
CLIPS = ("walk", "sit", "idle")


def _stage(name: StageName, write: Callable[[Work, dict[str, Any]], None], *, options: tuple[str, ...] = ()) -> Stage:
    def run(work: Work) -> Outcome:
        place = work.inputs["intake"] / "photo.png" if work.inputs else work.source
        assert place is not None
        orders: dict[str, Any] = json.loads(place.read_text())
        gate = orders.get("hold", {}).get(name)
        while gate and not Path(gate).exists():
            work.progress(0.5)
            time.sleep(GLANCE)
        if orders.get("refuse") == name:
            raise Refused("no_subject")
        write(work, orders)
        return Outcome(advice=(Advice(code="too_dark", level="warning"),) if name == "cutout" else ())

    return Stage(name=name, reads=NAMES[: NAMES.index(name)], run=run, options=options)


def _intake(work: Work, orders: dict[str, Any]) -> None:
    (work.folder / "photo.png").write_text(json.dumps(orders))


def _cutout(work: Work, _orders: dict[str, Any]) -> None:
    (work.folder / "cutout.png").write_text("a dog")


def _skeleton(work: Work, _orders: dict[str, Any]) -> None:
    (work.folder / "skeleton.txt").write_text(str(work.options.seed))


def _animate(work: Work, _orders: dict[str, Any]) -> None:
    (work.folder / "clips.txt").write_text(" ".join(CLIPS))


def _export(work: Work, orders: dict[str, Any]) -> None:
    for ending in work.options.formats:
        (work.folder / f"{work.name}.{ending}").write_bytes(b"3" * orders.get(ending, 300))


def _preview(work: Work, orders: dict[str, Any]) -> None:
    (work.folder / "turntable.gif").write_bytes(
        f"GIF {work.options.clip} {work.options.subject} ".encode().ljust(orders.get("gif", 200), b".")
    )
    (work.folder / "turntable.mp4").write_bytes(b"MP4".ljust(orders.get("mp4", 100), b"."))
    (work.folder / "poster.png").write_bytes(b"PNG")


def _report(work: Work, _orders: dict[str, Any]) -> None:
    clips = [{"name": name} for name in CLIPS]
    report = {"clips": clips, "subject": {"plan": "quadruped"}, "licences": {"en": ["The rights in the photo also cover this model."]}}
    report["licences"]["zh-TW"] = ["照片的權利也適用於這個模型。"]  # type: ignore[index]
    (work.folder / "report.json").write_text(json.dumps(report))


PLAN = (
    _stage("intake", _intake),
    _stage("cutout", _cutout),
    _stage("skeleton", _skeleton, options=("seed",)),
    _stage("animate", _animate),
    _stage("export", _export, options=("formats", "name")),
    _stage("preview", _preview, options=("clip", "subject")),
    _stage("report", _report),
)
