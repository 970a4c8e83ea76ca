"""Files under keys, in a folder and in S3: both must behave the same."""

import asyncio
import threading
from pathlib import Path

import pytest
from places import GLB, Place, only_s3, s3_settings

from rigshot_storage import BadKey, LocalArtifacts, MissingArtifact, StorageSettings, StorageUnavailable, open_artifacts


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


async def test_what_is_put_comes_back(place: Place, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(GLB)
    await place.artifacts.put("jobs/a/1/model.glb", source, name="Mimi 的貓.glb")
    await place.artifacts.fetch("jobs/a/1/model.glb", tmp_path / "new" / "copy")
    assert (tmp_path / "new" / "copy").read_bytes() == GLB
    assert await place.artifacts.read("jobs/a/1/model.glb") == GLB
    assert await place.artifacts.size("jobs/a/1/model.glb") == len(GLB)
    assert names(tmp_path / "new") == ["copy"]


async def test_a_part_of_a_file(place: Place) -> None:
    await place.artifacts.write("a", GLB)
    for start, end in ((0, 4), (300_000, 700_001), (len(GLB) - 3, None), (0, None), (5, len(GLB))):
        assert b"".join([chunk async for chunk in place.artifacts.stream("a", start, end)]) == GLB[start:end]


async def test_the_last_writer_wins_and_the_tag_changes(place: Place) -> None:
    await place.artifacts.write("a/b", b"first")
    before = await place.artifacts.entry("a/b")
    await place.artifacts.write("a/b", b"the second")
    after = await place.artifacts.entry("a/b")
    assert await place.artifacts.read("a/b") == b"the second"
    assert before is not None
    assert after is not None
    assert before.etag != after.etag
    assert after.etag.startswith('"')


async def test_an_empty_file_is_a_file(place: Place) -> None:
    await place.artifacts.write("owners/x/job", b"")
    assert await place.artifacts.read("owners/x/job") == b""
    assert await place.artifacts.list("owners") == ["owners/x/job"]


async def test_missing_files_are_missing(place: Place, tmp_path: Path) -> None:
    with pytest.raises(MissingArtifact):
        await place.artifacts.read("no/file")
    with pytest.raises(MissingArtifact):
        await place.artifacts.fetch("no/file", tmp_path / "copy")
    with pytest.raises(MissingArtifact):
        await anext(place.artifacts.stream("no/file"))
    assert await place.artifacts.size("no/file") is None
    assert await place.artifacts.list("no") == []
    assert not (tmp_path / "copy").exists()


async def test_a_source_that_is_not_there_is_the_callers_mistake(place: Place, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await place.artifacts.put("a", tmp_path / "nothing")


async def test_prefixes_are_folders(place: Place) -> None:
    for key in ("jobs/1/a", "jobs/1/b/c", "jobs/12/a", "jobs/2"):
        await place.artifacts.write(key, b"x")
    assert await place.artifacts.list("jobs/1") == await place.artifacts.list("jobs/1/") == ["jobs/1/a", "jobs/1/b/c"]
    assert await place.artifacts.delete("jobs/1") == 2
    assert await place.artifacts.delete("jobs/2") == 1
    assert await place.artifacts.delete("jobs/none") == 0
    assert await place.artifacts.list("jobs") == ["jobs/12/a"]


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/",
        "/etc/passwd",
        "..",
        "jobs/../../x",
        "jobs//x",
        "jobs/.hidden",
        "jobs/x/",
        "jobs\\x",
        "jobs/x\n",
        "jobs/%2e%2e",
        "貓",
        "a" * 999,
    ],
)
async def test_keys_that_would_lead_elsewhere_are_refused(place: Place, tmp_path: Path, key: str) -> None:
    source = tmp_path / "source"
    source.touch()
    for attempt in (
        place.artifacts.read(key),
        place.artifacts.put(key, source),
        place.artifacts.write(key, b""),
        place.artifacts.size(key),
    ):
        with pytest.raises(BadKey):
            await attempt
    if not key.endswith("x/"):
        with pytest.raises(BadKey):
            await place.artifacts.delete(key)


async def test_symbolic_links_out_of_the_folder_lead_nowhere(tmp_path: Path) -> None:
    artifacts = LocalArtifacts(tmp_path / "folder")
    await artifacts.write("jobs/a/real", b"x")
    secret = tmp_path / "secret"
    secret.write_text("password")
    (tmp_path / "folder" / "jobs" / "a" / "link").symlink_to(secret)
    (tmp_path / "folder" / "jobs" / "out").symlink_to(tmp_path)
    with pytest.raises(MissingArtifact):
        await artifacts.read("jobs/a/link")
    for attempt in (artifacts.read("jobs/out/secret"), artifacts.write("jobs/out/secret", b""), artifacts.delete("jobs/out/secret")):
        with pytest.raises(BadKey):
            await attempt
    assert await artifacts.list("jobs") == ["jobs/a/real"]
    await artifacts.delete("jobs")
    assert secret.read_text() == "password"


async def test_readers_never_see_half_a_file(tmp_path: Path) -> None:
    artifacts = LocalArtifacts(tmp_path)
    contents = [bytes([letter]) * 3_000_000 for letter in b"ab"]
    await artifacts.write("file", contents[0])
    sizes_and_letters = set()
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            data = (tmp_path / "file").read_bytes()
            sizes_and_letters.add((len(data), len(set(data))))

    watcher = asyncio.create_task(asyncio.to_thread(watch))
    for _ in range(10):
        await asyncio.gather(*(artifacts.write("file", content) for content in contents))
    done.set()
    await watcher
    assert sizes_and_letters == {(3_000_000, 1)}


async def test_a_copy_that_fails_leaves_nothing(tmp_path: Path) -> None:
    artifacts = LocalArtifacts(tmp_path / "folder")
    await artifacts.write("jobs/a/model.glb", b"good")
    (tmp_path / "folder" / "jobs" / "a" / "model.glb.d").mkdir()
    with pytest.raises(StorageUnavailable):
        await artifacts.write("jobs/a/model.glb.d", b"a folder is in the way")
    assert names(tmp_path / "folder" / "jobs" / "a") == ["model.glb", "model.glb.d"]


async def test_writing_and_deleting_at_the_same_time_never_breaks_the_writer(tmp_path: Path) -> None:
    artifacts = LocalArtifacts(tmp_path)
    for _ in range(30):
        writes = [artifacts.write(f"owners/x/{number}", b"") for number in range(4)]
        await asyncio.gather(*writes, artifacts.delete("owners/x/0"), artifacts.delete("owners/x/1"))
    assert {"owners/x/2", "owners/x/3"} <= set(await artifacts.list("owners"))


async def test_deleting_leaves_no_empty_folders(tmp_path: Path) -> None:
    artifacts = LocalArtifacts(tmp_path)
    await artifacts.write("owners/x/job", b"")
    await artifacts.delete("owners/x/job")
    assert names(tmp_path) == []


@only_s3
async def test_s3_keeps_media_type_and_name_for_whoever_looks_into_the_bucket(place: Place, tmp_path: Path) -> None:
    import obstore
    from obstore.store import S3Store

    source = tmp_path / "source"
    source.write_bytes(b"x")
    await place.artifacts.put("jobs/a/1/model.glb", source, name="貓.glb")
    settings = place.settings.s3
    store = S3Store(
        bucket=settings.bucket or "",
        prefix=settings.prefix,
        endpoint=str(settings.endpoint).rstrip("/"),
        region="us-east-1",
        access_key_id="nobody",
        secret_access_key="nothing",
        client_options={"allow_http": True},
    )
    attributes = (await obstore.get_async(store, "jobs/a/1/model.glb")).attributes
    assert attributes["Content-Type"] == "model/gltf-binary"
    assert "filename*=UTF-8''%E8%B2%93.glb" in attributes["Content-Disposition"]


async def test_an_s3_server_that_does_not_answer_is_a_sentence(tmp_path: Path) -> None:
    settings = StorageSettings(data=tmp_path, s3=s3_settings("http://127.0.0.1:9", "bucket"))
    with pytest.raises(StorageUnavailable, match=r"^The S3 storage does not work: [^\n]+$"):
        await open_artifacts(settings).read("jobs/a")


async def test_a_bucket_that_is_not_there_is_told_apart_from_a_file_that_is_not(s3_server: str, tmp_path: Path) -> None:
    artifacts = open_artifacts(StorageSettings(data=tmp_path, s3=s3_settings(s3_server, "never-made")))
    for attempt in (artifacts.write("jobs/a", b"x"), artifacts.read("jobs/a"), anext(artifacts.stream("jobs/a"))):
        with pytest.raises(StorageUnavailable, match="does not exist"):
            await attempt
    with pytest.raises(StorageUnavailable):
        await artifacts.list("jobs")
