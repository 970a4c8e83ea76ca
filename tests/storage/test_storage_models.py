"""Models: published with their record last, found, deleted, swept."""

import asyncio
from dataclasses import replace

import pytest
from places import JOB, NOW, OTHER_JOB, Place, only_folder
from pydantic import SecretStr

from rigshot_storage import BadKey, BrokenRecord, MissingArtifact, Model, ModelFile, Models

FAR = 4_000_000_000.0


async def test_a_model_comes_back_without_its_owners_name(place: Place) -> None:
    model = await place.publish()
    loaded = await place.models.load(JOB)
    assert loaded is not None
    assert replace(loaded, owner=model.owner) == model
    assert "123" not in loaded.owner
    record = (await place.artifacts.read(f"jobs/{JOB}/model.json")).decode()
    assert "telegram" not in record
    assert not any("telegram" in key for key in await place.artifacts.list("owners"))


async def test_there_is_no_model_before_its_record(place: Place) -> None:
    model = await place.publish()
    await place.artifacts.delete(f"jobs/{JOB}/model.json")
    assert await place.models.load(JOB) is None
    await place.artifacts.delete(model.files[1].key)
    with pytest.raises(MissingArtifact):
        await place.models.save(model)
    assert await place.models.load(JOB) is None


async def test_a_loaded_model_cannot_be_saved_as_somebody_elses(place: Place) -> None:
    await place.publish()
    loaded = await place.models.load(JOB)
    assert loaded is not None
    with pytest.raises(ValueError, match="is not a person"):
        await place.models.save(loaded)


async def test_a_second_attempt_replaces_the_first(place: Place) -> None:
    await place.publish()
    await place.publish(attempt=2, content=b"another")
    loaded = await place.models.load(JOB)
    assert loaded is not None
    glb = loaded.file("glb")
    assert glb is not None
    assert await place.artifacts.read(glb.key) == b"another"
    assert await place.models.delete_owner("telegram:123") == 1


async def test_deleting_takes_everything(place: Place) -> None:
    await place.publish()
    assert await place.models.delete(JOB)
    assert await place.artifacts.list("jobs") == await place.artifacts.list("owners") == []
    assert not await place.models.delete(JOB)


async def test_a_person_can_have_everything_deleted(place: Place) -> None:
    await place.publish(JOB)
    await place.publish(JOB.replace("12345678", "22222222"))
    await place.publish(OTHER_JOB, owner="telegram:1234")
    assert await place.models.delete_owner("telegram:123") == 2
    assert await place.models.delete_owner("telegram:123") == 0
    assert await place.models.load(JOB) is None
    assert await place.models.load(OTHER_JOB) is not None
    assert len(await place.artifacts.list("owners")) == 1


async def test_a_person_is_found_after_the_keys_were_rotated(place: Place) -> None:
    await place.publish()
    rotated = place.settings.model_copy(update={"link_keys": (SecretStr("quite another signing key"), *place.settings.link_keys)})
    assert await Models(place.artifacts, rotated).delete_owner("telegram:123") == 1
    assert await place.artifacts.list("jobs") == []


async def test_a_deletion_that_was_interrupted_is_finished_by_the_next(place: Place) -> None:
    await place.publish()
    await place.artifacts.delete(f"jobs/{JOB}/model.json")  # where a crash would leave it: the record goes first
    assert await place.models.load(JOB) is None
    assert await place.models.delete_owner("telegram:123") == 1
    assert await place.artifacts.list("jobs") == await place.artifacts.list("owners") == []


async def test_a_sweep_takes_what_is_over_and_leaves_the_rest(place: Place) -> None:
    await place.publish(JOB, expires=NOW)
    await place.publish(OTHER_JOB, expires=NOW + 1)
    swept = await place.models.sweep(NOW)
    assert swept.expired == (JOB,)
    assert swept.orphans == ()
    assert await place.models.load(JOB) is None
    assert [key.split("/")[1] for key in await place.artifacts.list("jobs")] == [OTHER_JOB] * 4
    assert len(await place.artifacts.list("owners")) == 1


async def test_a_sweep_takes_left_overs_only_when_they_are_old(place: Place) -> None:
    await place.publish(OTHER_JOB, expires=FAR + 1)
    await place.artifacts.write(f"jobs/{JOB}/1/model.glb", b"published halfway")
    await place.artifacts.write(f"owners/{'a' * 40}/{JOB}", b"")
    entry = await place.artifacts.entry(f"jobs/{JOB}/1/model.glb")
    assert entry is not None
    assert (await place.models.sweep(entry.modified + 3600)).orphans == ()
    assert (await place.models.sweep(FAR)).orphans == (JOB,)
    assert await place.artifacts.list(f"jobs/{JOB}") == []
    assert [key.rpartition("/")[2] for key in await place.artifacts.list("owners")] == [OTHER_JOB]


async def test_a_broken_record_is_told_and_swept_when_it_is_old(place: Place) -> None:
    await place.publish()
    await place.publish(OTHER_JOB, expires=NOW)
    await place.artifacts.write(f"jobs/{JOB}/model.json", b'{"job": 1}')
    with pytest.raises(BrokenRecord):
        await place.models.load(JOB)
    assert (await place.models.sweep(NOW, orphan_age=FAR)).expired == (OTHER_JOB,)
    assert (await place.models.sweep(FAR)).orphans == (JOB,)
    assert await place.artifacts.list("jobs") == []


async def test_two_sweeps_at_once_do_no_harm(place: Place) -> None:
    await place.publish(JOB, expires=NOW)
    await place.publish(OTHER_JOB, expires=NOW)
    await asyncio.gather(*(place.models.sweep(NOW) for _ in range(4)))
    assert await place.artifacts.list("jobs") == await place.artifacts.list("owners") == []


async def test_a_folder_that_no_job_made_stops_no_sweep(place: Place) -> None:
    await place.artifacts.write("jobs/what/is/this", b"x")
    await place.artifacts.write("jobs/model.json", b"x")
    await place.publish(JOB, expires=NOW)
    assert (await place.models.sweep(NOW)).expired == (JOB,)


def test_a_model_names_only_its_own_files() -> None:
    file = ModelFile(kind="glb", key=f"jobs/{OTHER_JOB}/1/model.glb", name="x", media_type="model/gltf-binary", size=1)
    values = {"owner": "a:1", "title": "", "language": "en", "created": 0.0, "expires": 1.0, "clips": (), "body_plan": "", "licences": ()}
    with pytest.raises(BadKey):
        Model(job=JOB, files=(file,), **values)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="two files of one kind"):
        Model(job=OTHER_JOB, files=(file, file), **values)  # type: ignore[arg-type]
    with pytest.raises(BadKey):
        Model(job="../x", files=(), **values)  # type: ignore[arg-type]


@only_folder
async def test_a_folder_keeps_no_trace_of_a_deleted_person(place: Place) -> None:
    await place.publish()
    await place.models.delete_owner("telegram:123")
    assert list((place.settings.data / "artifacts").iterdir()) == []
