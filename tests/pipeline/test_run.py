"""The runner keeps what holds, redoes what does not, and leaves nothing half done."""

from dataclasses import replace
from pathlib import Path

import pytest

from rigshot_pipeline.errors import Cancelled, Refused, StageFailed
from rigshot_pipeline.options import Options
from rigshot_pipeline.run import Event, dependants, read_record, run_job
from rigshot_pipeline.stage import Advice, Outcome, Stage, Work
from rigshot_pipeline.stages import intake


def _copy(work: Work) -> Outcome:
    assert work.source is not None
    (work.folder / "photo.png").write_bytes(work.source.read_bytes())
    return Outcome(metrics={"bytes": work.source.stat().st_size}, advice=(Advice(code="stage_broke", values={"stage": "x"}),))


def _double(work: Work) -> Outcome:
    work.progress(0.5)
    text = (work.inputs["intake"] / "photo.png").read_text()
    (work.folder / "deep").mkdir()
    (work.folder / "deep" / "twice.txt").write_text(text * 2 + str(work.options.seed))
    return Outcome()


def _seedless(work: Work) -> Outcome:
    (work.folder / "twice.txt").write_text((work.inputs["enhance"] / "deep" / "twice.txt").read_text())
    return Outcome(engine="other")


PLAN = (
    Stage(name="intake", reads=(), run=_copy),
    Stage(name="enhance", reads=("intake",), run=_double, options=("seed",)),
    Stage(name="cutout", reads=("enhance",), run=_seedless),
)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_text("abc")
    return path


def _run(photo: Path, *, plan: tuple[Stage, ...] = PLAN, seed: int = 0, redo: str | None = None) -> list[str]:
    events: list[Event] = []
    run_job(photo, photo.parent / "job", options=Options(seed=seed), watch=events.append, plan=plan, redo=redo)  # type: ignore[arg-type]
    return [f"{event.stage} {event.what}" for event in events if event.what in ("done", "kept")]


def test_a_second_run_does_nothing(photo: Path) -> None:
    assert _run(photo) == ["intake done", "enhance done", "cutout done"]
    assert _run(photo) == ["intake kept", "enhance kept", "cutout kept"]


def test_without_the_photo_all_that_does_not_read_it_can_be_made_again(photo: Path) -> None:
    _run(photo)
    folder = photo.parent / "job"
    records = run_job(None, folder, options=Options(seed=1), plan=PLAN)
    assert [record.stage for record in records] == ["intake", "enhance", "cutout"]
    assert (folder / "cutout" / "twice.txt").read_text() == "abcabc1"


def test_the_gate_says_that_the_photo_is_gone(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        run_job(None, tmp_path / "job", options=Options(), plan=(intake.STAGE,))
    assert caught.value.code == "photo_gone"


def test_an_option_redoes_only_the_stages_that_name_it_and_those_behind(photo: Path) -> None:
    _run(photo)
    assert _run(photo, seed=1) == ["intake kept", "enhance done", "cutout done"]


def test_another_photo_redoes_all(photo: Path) -> None:
    _run(photo)
    photo.write_text("abd")
    assert _run(photo) == ["intake done", "enhance done", "cutout done"]


def test_a_higher_version_redoes_a_stage(photo: Path) -> None:
    _run(photo)
    raised = (*PLAN[:2], replace(PLAN[2], version=2))
    assert _run(photo, plan=raised) == ["intake kept", "enhance kept", "cutout done"]


def test_a_result_that_someone_changed_is_made_again(photo: Path) -> None:
    _run(photo)
    (photo.parent / "job" / "enhance" / "deep" / "twice.txt").write_text("other")
    assert _run(photo) == ["intake kept", "enhance done", "cutout kept"]  # the same bytes came out: cutout still holds


def test_a_broken_record_is_no_record(photo: Path) -> None:
    _run(photo)
    (photo.parent / "job" / "cutout" / "stage.json").write_text("{")
    assert _run(photo)[-1] == "cutout done"


def test_a_record_whose_advice_no_one_can_say_any_more_is_no_record(photo: Path) -> None:
    _run(photo)
    record = photo.parent / "job" / "intake" / "stage.json"
    record.write_text(record.read_text().replace("stage_broke", "a_code_of_an_older_version"))
    assert _run(photo)[0] == "intake done"


def test_redo_throws_away_the_stage_and_all_behind_it(photo: Path) -> None:
    _run(photo)
    assert _run(photo, redo="enhance") == ["intake kept", "enhance done", "cutout done"]
    assert dependants("enhance", PLAN) == {"enhance", "cutout"}


def test_the_environment_is_part_of_the_key(photo: Path) -> None:
    weights = ["none"]
    plan = (*PLAN[:2], replace(PLAN[2], environment=lambda _: weights[0]))
    _run(photo, plan=plan)
    weights[0] = "isnet"
    assert _run(photo, plan=plan) == ["intake kept", "enhance kept", "cutout done"]


def test_a_record_tells_what_was_done(photo: Path) -> None:
    _run(photo)
    record = read_record(photo.parent / "job" / "intake")
    assert record is not None
    assert record.metrics == {"bytes": 3}
    assert record.advice == (Advice(code="stage_broke", values={"stage": "x"}),)
    assert record.seconds >= 0
    assert set(record.outputs) == {"photo.png"}


def test_a_crash_is_one_sentence_with_a_log_and_the_finished_stages_stay(photo: Path) -> None:
    def explode(work: Work) -> Outcome:
        (work.folder / "half.txt").write_text("half")
        raise ZeroDivisionError("boom")

    with pytest.raises(StageFailed) as caught:
        _run(photo, plan=(*PLAN[:2], replace(PLAN[2], run=explode)))
    job = photo.parent / "job"
    assert caught.value.code == "stage_broke"
    assert "boom" in (job / "cutout.log").read_text()
    assert sorted(path.name for path in job.iterdir()) == ["cutout.log", "enhance", "intake"]
    assert _run(photo) == ["intake kept", "enhance kept", "cutout done"]
    assert not (job / "cutout.log").exists()


def test_a_refusal_passes_through(photo: Path) -> None:
    def refuse(work: Work) -> Outcome:
        raise Refused("stage_broke", stage="x", log="y")

    with pytest.raises(Refused):
        _run(photo, plan=(replace(PLAN[0], run=refuse),))
    assert list((photo.parent / "job").iterdir()) == []


def test_memory_running_out_says_so(photo: Path) -> None:
    def gorge(work: Work) -> Outcome:
        raise MemoryError

    with pytest.raises(StageFailed) as caught:
        _run(photo, plan=(replace(PLAN[0], run=gorge),))
    assert caught.value.code == "no_memory"


def test_cancelling_between_two_steps_of_a_stage_leaves_no_half_stage(photo: Path) -> None:
    asked: list[Event] = []
    job = photo.parent / "job"
    with pytest.raises(Cancelled):
        run_job(
            photo,
            job,
            options=Options(),
            plan=PLAN,
            watch=asked.append,
            cancelled=lambda: any(event.stage == "enhance" for event in asked),
        )
    assert [path.name for path in job.iterdir()] == ["intake"]


def test_left_overs_of_a_killed_run_are_removed(photo: Path) -> None:
    left = photo.parent / "job" / ".enhance-x1y2"
    left.mkdir(parents=True)
    _run(photo)
    assert not left.exists()


def test_until_ends_there(photo: Path) -> None:
    records = run_job(photo, photo.parent / "job", options=Options(), plan=PLAN, until="enhance")
    assert [record.stage for record in records] == ["intake", "enhance"]
