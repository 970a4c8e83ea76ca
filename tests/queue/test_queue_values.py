"""Words, ids, sentences and settings."""

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import get_args

import pytest

from rigshot_pipeline import terms
from rigshot_pipeline.errors import ErrorKind
from rigshot_pipeline.gate import limits
from rigshot_pipeline.options import FORMATS as PIPELINE_FORMATS
from rigshot_pipeline.plan import PLAN
from rigshot_queue import FORMATS, SUBJECTS, VIEWS, Failure, Job, Limits, QueueSettings, Request, Said, Wishes, new_id, wording
from rigshot_queue.estimate import TYPICAL
from rigshot_queue.record import dump_fields, load_job, request_words
from rigshot_queue.values import FailureKind


def test_the_words_are_those_of_the_pipeline() -> None:
    assert ("auto", *terms.BODY_PLANS) == SUBJECTS
    assert ("auto", *terms.VIEWS) == VIEWS
    assert FORMATS == PIPELINE_FORMATS
    assert set(get_args(ErrorKind)) <= set(get_args(FailureKind))
    assert set(TYPICAL) == {*(stage.name for stage in PLAN), "publish"}
    assert Limits().photo_mb * 2**20 == limits.MAX_BYTES


@pytest.mark.parametrize(
    "wrong",
    [
        {"subject": "dragon"},
        {"view": "above"},
        {"turn": 45},
        {"formats": ("exe",)},
        {"formats": ()},
        {"engine": "../x"},
        {"repose": "perhaps"},
    ],
)
def test_wishes_that_do_not_exist_are_an_error(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="nobody can grant"):
        Wishes(**wrong)  # type: ignore[arg-type]


def test_ids_cannot_be_guessed_and_stand_in_the_order_of_time() -> None:
    early = new_id()
    time.sleep(0.002)
    ids = [new_id() for _ in range(2000)]
    assert len(set(ids)) == 2000
    assert all(re.fullmatch("[0-9a-hjkmnp-tv-z]{26}", word) for word in ids)
    assert all(early < word for word in ids)
    assert len({word[10:] for word in ids}) == 2000


def test_a_record_holds_all_of_a_job() -> None:
    request = Request(
        person="web:1", platform="web", wishes=Wishes(box=(1, 2, 3, 4), formats=("glb",)), origin={"a": [1, {"b": None}]}, redo="skin"
    )
    job = Job(
        id="x",
        request=request,
        state="failed",
        created=1.5,
        started=2.5,
        ended=3.5,
        stage="skin",
        fraction=0.5,
        stage_fraction=0.25,
        attempt=2,
        failure=Failure(kind="lost", code="lost", sentences={"en": "a", "zh-TW": "一"}),
        advice=(Said(code="too_dark", level="warning", sentences={"en": "b"}),),
        engines={"intake": "embedded"},
        seconds={"intake": 0.5},
        body_plan="bird",
        clips=("walk",),
        pose="redrawn",
        delivery="sent",
    )
    names = ("state", "created", "started", "ended", "stage", "fraction", "stage_fraction", "attempt", "failure", "advice", "engines")
    fields = {name: getattr(job, name) for name in (*names, "seconds", "body_plan", "clips", "pose", "delivery")}
    words = ["id", "x", *request_words(request), *dump_fields(**fields)]
    assert load_job(dict(zip(words[::2], words[1::2], strict=True))) == job
    assert load_job({}) is None


@pytest.mark.parametrize("code", wording.codes())
def test_every_sentence_is_there_in_both_languages_with_the_same_gaps(code: str) -> None:
    class Gaps(dict[str, str]):
        def __missing__(self, name: str) -> str:
            return f"<{name}>"

    english, chinese = (wording.sentence(code, Gaps(), language) for language in ("en", "zh-TW"))  # type: ignore[arg-type]
    assert set(re.findall(r"<\w+>", english)) == set(re.findall(r"<\w+>", chinese))
    assert re.search(r"[一-鿿]", chinese)
    assert english.isascii()


def test_settings_come_from_the_environment_and_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("REDIS_URL=redis://somewhere/1\nRIGSHOT_LIMITS__PER_DAY=5\nRIGSHOT_TELEGRAM__TOKEN=another room's\n")
    monkeypatch.setenv("RIGSHOT_WORKER__TRIES", "7")
    settings = QueueSettings()
    assert (settings.redis_url, settings.limits.per_day, settings.worker.tries) == ("redis://somewhere/1", 5, 7)
    assert settings.work == Path("data/work")


def test_the_client_half_needs_no_pipeline() -> None:
    code = """
import sys
class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("rigshot_pipeline", "numpy", "cv2", "PIL", "scipy", "trimesh", "onnxruntime"):
            raise AssertionError(name)
sys.meta_path.insert(0, Wall())
import rigshot_queue, rigshot_queue.commands.queue, rigshot_queue.commands.worker
"""
    subprocess.run([sys.executable, "-c", code], check=True)
