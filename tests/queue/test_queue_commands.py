"""``rigshot queue`` and ``rigshot worker`` as whole processes."""

import json
import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from queue_lab import LONG, request_of, until

from rigshot_queue import Queue, QueueSettings

COMMAND = [sys.executable, "-m", "rigshot_bots.terminal"]


def _run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *words], capture_output=True, text=True, timeout=LONG, check=False, env=os.environ | environment)


async def test_queue_shows_who_waits_and_who_is_at_work(queue: Queue) -> None:
    running, waiting = [await queue.submit(request_of(f"telegram:{number}", title=f"[b]{number}.jpg"), [b"photo"]) for number in range(2)]
    await queue.database.run("claim", running.id, "token", 60_000, 3)
    await queue.database.run("report", running.id, "token", "stage", "cutout", "fraction", "0.3")
    shown = _run("queue")
    assert shown.returncode == 0
    lines = shown.stdout.splitlines()
    assert running.id in lines[1]
    assert "cutout" in lines[1]
    assert "[b]0.jpg" in lines[1]
    assert lines[2].split()[:2] == ["1", waiting.id]
    assert "start rigshot worker" in " ".join(lines[3:])
    assert "telegram:0" not in shown.stdout, "who sent it is nobody's business"


async def test_queue_as_json(queue: Queue) -> None:
    job = await queue.submit(request_of(title="小狗.jpg"), [b"photo"])
    line = json.loads(_run("queue", "--json").stdout)
    assert [row["id"] for row in line["waiting"]] == [job.id]
    assert line["waiting"][0]["request"]["title"] == "小狗.jpg"
    assert line["running"] == line["workers"] == []


async def test_queue_takes_a_job_out(queue: Queue) -> None:
    job = await queue.submit(request_of(), [b"photo"])
    assert "taken out" in _run("queue", "--cancel", job.id).stdout
    assert (await queue.job(job.id)).state == "cancelled"  # type: ignore[union-attr]
    again = _run("queue", "--cancel", job.id)
    assert (again.returncode, "not in the line" in again.stderr) == (1, True)


async def test_queue_stays_up_to_date_in_a_terminal(queue: Queue) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen([*COMMAND, "queue"], stdin=theirs, stdout=theirs, stderr=theirs, env=os.environ | {"COLUMNS": "120"}) as shown:
        os.close(theirs)
        os.set_blocking(ours, False)
        seen = bytearray()

        def read() -> bytes:
            with suppress(BlockingIOError):
                seen.extend(os.read(ours, 65536))
            return bytes(seen)

        await until(lambda: b"0 waiting" in read())
        job = await queue.submit(request_of(), [b"photo"])
        await until(lambda: job.id.encode() in read())
        os.write(ours, b"\x03")
        shown.terminate()
    os.close(ours)


def test_trouble_is_one_sentence(settings: QueueSettings, tmp_path: Path) -> None:
    for answer in (_run("queue", REDIS_URL=f"unix://{tmp_path}/nobody.sock"), _run("worker", RIGSHOT_WORKER__TRIES="none")):
        assert answer.returncode == 1
        assert len(answer.stderr.strip().splitlines()) == 1
        assert "Traceback" not in answer.stderr
