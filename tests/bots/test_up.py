"""One terminal for all processes: what is started, what its log says, and that everything ends."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from rigshot_bots.settings import BotSettings, DiscordSettings, TelegramSettings
from rigshot_bots.texts import say
from rigshot_bots.up import Service, Supervisor, choose, supervisor

PATIENCE = 60.0  # seconds that a busy machine may take for anything


def service(name: str, code: str) -> Service:
    return Service(name=name, command=(sys.executable, "-c", code))


class Log:
    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.told: list[str] = []
        self.changed = asyncio.Event()

    def say(self, name: str, line: str) -> None:
        self.lines.append((name, line))
        self.changed.set()

    def tell(self, code: str, **values: object) -> None:
        self.told.append(say(code, "en", **values))
        self.changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self.changed.clear()
                await self.changed.wait()


@asynccontextmanager
async def supervised(*services: Service) -> AsyncIterator[tuple[Supervisor, Log, "asyncio.Task[bool]"]]:
    log = Log()
    keeper = Supervisor(services, say=log.say, tell=log.tell)
    running = asyncio.create_task(keeper.run())
    try:
        yield keeper, log, running
    finally:
        keeper.stop()
        keeper.stop()
        await asyncio.wait_for(running, PATIENCE)


WAITS = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: (print('bye'), sys.exit(0))); print('here'); time.sleep(600)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); time.sleep(600)"


async def test_lines_carry_their_service_and_a_stop_ends_all() -> None:
    async with supervised(service("one", WAITS), service("two", WAITS)) as (keeper, log, running):
        await log.until(lambda: {("one", "here"), ("two", "here")} <= set(log.lines))
        assert sorted(keeper.running) == ["one", "two"]
        keeper.stop()
        assert await asyncio.wait_for(running, PATIENCE)
        assert {("one", "bye"), ("two", "bye")} <= set(log.lines)
        assert keeper.running == ()


async def test_the_second_stop_ends_who_does_not_listen() -> None:
    async with supervised(service("deaf", DEAF)) as (keeper, log, running):
        await log.until(lambda: ("deaf", "deaf") in log.lines)
        keeper.stop()
        assert keeper.running == ("deaf",)
        keeper.stop()
        assert await asyncio.wait_for(running, PATIENCE)


async def test_who_falls_over_starts_again_and_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "PAUSES", (0.01,))
    mark = tmp_path / "mark"
    once = (
        f"import pathlib, sys; mark = pathlib.Path({str(mark)!r}); first = not mark.exists(); mark.touch()\nif first: sys.exit(7)\n{WAITS}"
    )
    async with supervised(service("shaky", once), service("steady", WAITS)) as (_, log, _running):
        await log.until(lambda: ("shaky", "here") in log.lines and ("steady", "here") in log.lines)
        assert log.told == [say("up_again", "en", service="shaky", status=7, seconds=0.01)]
        assert [name for name, line in log.lines if line == "here"].count("steady") == 1


async def test_who_never_gets_up_is_given_up_and_when_none_is_left_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "PAUSES", (0.01,))
    monkeypatch.setattr(supervisor, "QUICK", PATIENCE)
    async with supervised(service("broken", "print('no such setting'); raise SystemExit(2)")) as (_, log, running):
        assert not await asyncio.wait_for(running, PATIENCE)
        assert log.lines == [("broken", "no such setting")] * supervisor.TRIES
        assert log.told[-1] == say("up_given_up", "en", service="broken", times=supervisor.TRIES)


async def test_a_line_of_any_length_or_encoding_stops_nothing() -> None:
    code = f"import sys; sys.stdout.buffer.write(b'x' * {3 * 2**20} + b'\\n' + b'\\xff!\\n'); {WAITS}"
    async with supervised(service("loud", code)) as (_, log, _running):
        await log.until(lambda: ("loud", "here") in log.lines)
        assert ("loud", "\ufffd!") in log.lines


async def test_a_killed_terminal_takes_its_services_along(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    child = f"import os, pathlib, time; pathlib.Path({str(pid)!r}).write_text(str(os.getpid())); time.sleep(600)"
    parent = (
        "import asyncio, sys; from rigshot_bots.up import Service, Supervisor\n"
        f"keeper = Supervisor([Service(name='a', command=(sys.executable, '-c', {child!r}))], say=print, tell=print)\n"
        "asyncio.run(keeper.run())"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", parent)
    async with asyncio.timeout(PATIENCE):
        while not (pid.exists() and pid.read_text()):
            await asyncio.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        while _alive(int(pid.read_text())):
            await asyncio.sleep(0.02)


def _alive(pid: int) -> bool:
    with suppress(ProcessLookupError, FileNotFoundError):
        os.kill(pid, 0)
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    return False


def test_only_what_has_its_token_and_was_asked_for_is_started() -> None:
    none = BotSettings(telegram=TelegramSettings(), discord=DiscordSettings())
    names = [service.name for service in choose(none).services]
    assert "downloads" in names
    assert not {"telegram", "discord"} & set(names)
    reasons = {name: say(code, "en", **values) for name, code, values in choose(none).left_out}
    assert reasons["telegram"] == "RIGSHOT_TELEGRAM__TOKEN is not set."
    assert [service.name for service in choose(none, only=("downloads",)).services] == ["downloads"]


def test_several_workers_have_names_of_their_own() -> None:
    chosen = choose(BotSettings(), only=("worker",), workers=2).services
    assert [service.name for service in chosen] == ["worker 1", "worker 2"]
    assert len({service.command for service in chosen}) == 1


def test_every_card_gets_a_worker_that_sees_it_alone() -> None:
    chosen = choose(BotSettings(), only=("worker", "downloads"), cards=("GPU-aa", "GPU-bb")).services
    assert [service.name for service in chosen] == ["worker 1", "worker 2", "downloads"]
    assert [service.environment.get("CUDA_VISIBLE_DEVICES") for service in chosen] == ["GPU-aa", "GPU-bb", None]
    assert [service.name for service in choose(BotSettings(), only=("worker",), cards=("GPU-aa",)).services] == ["worker"]


async def test_a_service_is_started_with_its_own_environment() -> None:
    lines: list[str] = []
    command = (sys.executable, "-c", "import os; print(os.environ['CUDA_VISIBLE_DEVICES'], 'PATH' in os.environ)")
    services = [Service(name="worker", command=command, environment={"CUDA_VISIBLE_DEVICES": "GPU-aa"})]
    running = Supervisor(services, say=lambda _, line: lines.append(line), tell=lambda *_, **__: None)
    task = asyncio.create_task(running.run())
    async with asyncio.timeout(20):
        while not lines:
            await asyncio.sleep(0.05)
    running.stop()
    await task
    assert lines[0] == "GPU-aa True"


def test_a_worker_for_each_card_needs_a_card(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    from rigshot_bots.up import command

    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    parser = argparse.ArgumentParser()
    command.COMMAND.configure(parser)
    assert command.COMMAND.run(parser.parse_args(["--workers", "gpus"])) == 1
    assert "no graphics card" in capfd.readouterr().err
    for wrong in ("0", "-1", "two"):
        with pytest.raises(SystemExit):
            parser.parse_args(["--workers", wrong])
