"""Plans for chat tests, built on the line's small plan: quick, and with what a chat needs (a film, two movements).

``PLAN`` obeys the photo's orders; ``DOOR`` lets the true first stage open the photo, so that any picture may be sent.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import imageio_ffmpeg
import small_plan

from rigshot_pipeline.stage import Outcome, Stage, Work
from rigshot_pipeline.stages import intake

REPORT = {
    "clips": [{"name": "walk"}, {"name": "wag"}],
    "subject": {"plan": "quadruped"},
    "licences": {"en": ["Free."], "zh-TW": ["自由使用。"]},
}


def film(place: Path) -> None:
    """A true MP4 of half a second."""
    writer = imageio_ffmpeg.write_frames(str(place), (64, 48), fps=12, codec="libx264", macro_block_size=2, ffmpeg_log_level="error")
    writer.send(None)
    for shade in range(6):
        writer.send(bytes([40 * shade]) * (64 * 48 * 3))
    writer.close()


def _also(stage: Stage, write: Callable[[Work], None]) -> Stage:
    def run(work: Work) -> Outcome:
        outcome = stage.run(work)
        write(work)
        return outcome

    return replace(stage, run=run)


def _instead(stage: Stage, write: Callable[[Work], None]) -> Stage:
    def run(work: Work) -> Outcome:
        write(work)
        return Outcome()

    return replace(stage, run=run)


def _film(work: Work) -> None:
    film(work.folder / "turntable.mp4")
    (work.folder / "turntable.gif").write_bytes(b"GIF")
    (work.folder / "poster.png").write_bytes(b"poster")


def _export(work: Work) -> None:
    for ending in work.options.formats:
        (work.folder / f"{work.name}.{ending}").write_bytes(b"model")


def _report(work: Work) -> None:
    (work.folder / "report.json").write_text(json.dumps(REPORT), encoding="utf-8")


_STAGES = {stage.name: stage for stage in small_plan.PLAN}
_OURS = {"preview": _film, "report": _report}
PLAN = tuple(_also(stage, _OURS[stage.name]) if stage.name in _OURS else stage for stage in small_plan.PLAN)
DOOR = (
    intake.STAGE,
    *(
        _instead(replace(_STAGES[name], reads=("intake",)), write)
        for name, write in (("export", _export), ("preview", _film), ("report", _report))
    ),
)
