"""A small plan of true stages for the tests: each reads and writes files, and does what the photo, a JSON text, tells it to do.

{"hold": {"cutout": PATH}}    the stage goes on once the file PATH exists
{"deaf": {"cutout": PATH}}    the same, but the stage does not listen meanwhile to whether anybody still wants it
{"die": ["cutout"]}           the stage kills its process
{"break": ["cutout"]}         the stage raises
{"refuse": ["cutout"]}        the stage refuses the photo
{"eat": MB}                   the export takes so much memory
"""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rigshot_pipeline.errors import Refused
from rigshot_pipeline.stage import Advice, Outcome, Stage, StageName, Work

NAMES: tuple[StageName, ...] = ("intake", "cutout", "animate", "export", "preview", "report")
GLANCE = 0.01


def _orders(work: Work) -> dict[str, Any]:
    place = work.inputs["intake"] / "photo.png" if work.inputs else work.source
    if place is None:
        raise Refused("photo_gone")
    orders: dict[str, Any] = json.loads(place.read_text())
    return orders


def _obey(name: StageName, work: Work) -> dict[str, Any]:
    orders = _orders(work)
    with (work.folder.parent.parent / "starts").open("a") as log:
        log.write(f"{name} {os.getpid()}\n")
    gate = orders.get("hold", {}).get(name)
    while gate and not Path(gate).exists():
        work.progress(0.5)
        time.sleep(GLANCE)
    gate = orders.get("deaf", {}).get(name)
    while gate and not Path(gate).exists():
        time.sleep(GLANCE)
    if name in orders.get("die", ()):
        os.kill(os.getpid(), signal.SIGKILL)
    if name in orders.get("break", ()):
        raise ValueError("broken on order")
    if name in orders.get("refuse", ()):
        raise Refused("file_too_big", megabytes=99, most=40)
    return orders


def _stage(name: StageName, write: Callable[[Work, dict[str, Any]], None], *, options: tuple[str, ...] = ()) -> Stage:
    def run(work: Work) -> Outcome:
        write(work, _obey(name, work))
        advice = (Advice(code="too_dark", level="warning"),) if name == "cutout" else ()
        return Outcome(advice=advice)

    place = NAMES.index(name)
    return Stage(name=name, reads=NAMES[:place], run=run, options=options)


def _intake(work: Work, orders: dict[str, Any]) -> None:
    (work.folder / "photo.png").write_text(json.dumps(orders))


def _cutout(work: Work, orders: dict[str, Any]) -> None:
    (work.folder / "cutout.png").write_text(json.dumps(orders) + str(work.options.seed))


def _animate(work: Work, orders: dict[str, Any]) -> None:
    (work.folder / "clips.txt").write_text("walk")


def _export(work: Work, orders: dict[str, Any]) -> None:
    eaten = bytearray(orders.get("eat", 0) * 2**20)
    for ending in work.options.formats:
        (work.folder / f"{work.name}.{ending}").write_bytes(b"model" + eaten[:1])


def _preview(work: Work, orders: dict[str, Any]) -> None:
    (work.folder / "turntable.gif").write_text(f"GIF {work.options.clip}")
    (work.folder / "poster.png").write_text("poster")


def _report(work: Work, orders: dict[str, Any]) -> None:
    report = {"clips": [{"name": "walk"}], "subject": {"plan": "quadruped"}, "licences": {"en": ["Free."], "zh-TW": ["自由。"]}}
    (work.folder / "report.json").write_text(json.dumps(report))


PLAN = (
    _stage("intake", _intake),
    _stage("cutout", _cutout, options=("seed",)),
    _stage("animate", _animate),
    _stage("export", _export, options=("formats", "name")),
    _stage("preview", _preview, options=("clip",)),
    _stage("report", _report),
)
