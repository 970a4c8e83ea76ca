"""The Compose file and the Dockerfiles, as far as they can be judged without a Docker engine."""

import argparse
import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent
COMPOSE = YAML(typ="safe").load(ROOT / "docker-compose.yml")
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
ONCE = {"engines"}  # runs when a person says so, and ends
DOCKERFILES = sorted({service["build"]["dockerfile"] for service in OURS.values()})


def test_the_compose_file_follows_the_specification() -> None:
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"]
    run = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_profiles_are_those_of_the_docs() -> None:
    profiles = {profile for service in SERVICES.values() for profile in service.get("profiles", ())}
    assert profiles == {"telegram", "discord", "web", "cpu", "gpu", "engines"}
    told = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    assert all(f"`{profile}`" in told for profile in profiles)


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_has_the_least_rights(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] and service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", [name for name in OURS if name not in ONCE])
def test_a_service_that_stays_has_a_healthcheck(name: str) -> None:
    service = OURS[name]
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["depends_on"]["redis"] == {"condition": "service_healthy"}
    assert "inside" in service["networks"]


def test_only_what_speaks_to_the_world_is_on_the_outer_network() -> None:
    outside = {name for name, service in SERVICES.items() if "outside" in service["networks"]}
    assert outside == {"downloads", "telegram", "discord", "web", "engines"}
    assert all(SERVICES[name]["restart"] == "no" for name in ONCE)


def test_workers_and_the_installer_of_engines_share_image_and_volume() -> None:
    """What is installed is bound to the interpreter that installed it."""
    worker, installer = SERVICES["worker-gpu"], SERVICES["engines"]
    assert worker["build"] == installer["build"]
    assert "engines:/engines" in worker["volumes"] and "engines:/engines" in installer["volumes"]
    text = (ROOT / "queue" / "Dockerfile").read_text(encoding="utf-8")
    stage = text.split(" AS gpu\n")[1].split("\nFROM ")[0]
    assert "RIGSHOT_ENVS_HOME=/engines" in stage and stage.rindex("USER rigshot") < stage.rindex("CMD")
    wanted = {tomllib.loads(file.read_text(encoding="utf-8"))["engine"]["python"] for file in (ROOT / "envs").glob("*/engine.toml")}
    assert wanted == {worker["build"]["args"]["PYTHON"]}


def test_an_image_for_cards_starts_a_worker_for_each() -> None:
    from rigshot_bots.up.command import COMMAND

    stage = (ROOT / "queue" / "Dockerfile").read_text(encoding="utf-8").split(" AS gpu\n")[1].split("\nFROM ")[0]
    words = json.loads(stage[stage.rindex("CMD ") + 4 :].strip())
    parser = argparse.ArgumentParser()
    COMMAND.configure(parser)
    assert words[:4] == ["/app/bin/python", "-m", "rigshot_bots.terminal", "up"]
    chosen = parser.parse_args(words[4:])
    assert (chosen.only, chosen.workers) == (("worker",), "gpus")
    assert COMPOSE["networks"]["inside"]["internal"]


def test_redis_keeps_what_it_was_told() -> None:
    command = SERVICES["redis"]["command"]
    assert command[command.index("--appendonly") + 1] == "yes"
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"


@pytest.mark.parametrize("name", [name for name in OURS if name.startswith("worker")])
def test_a_worker_may_finish_its_photo(name: str) -> None:
    from rigshot_queue import QueueSettings

    minutes = re.fullmatch(r"(\d+)m", OURS[name]["stop_grace_period"])
    assert minutes and int(minutes[1]) * 60 > QueueSettings.model_fields["worker"].default.grace_seconds


@pytest.mark.parametrize("file", DOCKERFILES)
def test_a_dockerfile_copies_what_exists_and_runs_as_nobody_special(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8").replace("\\\n", " ")
    ignored = [line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")]
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
        for source in sources.split():
            assert (ROOT / source).exists(), source
            assert any(source == entry or source.startswith(f"{entry}/") for entry in ignored), f"{source} never reaches the engine"
    last = text.rsplit("\nFROM ", 1)[1]
    assert "\nUSER rigshot\n" in last
    assert last.rindex("USER") < last.rindex("CMD")


@pytest.mark.parametrize("file", DOCKERFILES)
def test_a_dockerfile_ends_in_a_command_that_there_is(file: str) -> None:
    command = (ROOT / file).read_text(encoding="utf-8").strip().splitlines()[-1]
    commands = {point.name for point in entry_points(group="rigshot.commands")}
    faces = {str(service["build"].get("args", {}).get("FACE")) for service in OURS.values() if service["build"]["dockerfile"] == file}
    called = faces if '\\"$FACE\\"' in command else {command.split('"')[-2]}
    assert called <= commands


@pytest.mark.parametrize("rooms", [["storage", "queue", "bots[telegram,discord,web]"], ["pipeline", "storage[viewer]", "queue", "bots"]])
def test_everything_that_an_image_installs_is_pinned(rooms: list[str]) -> None:
    run = subprocess.run([sys.executable, ROOT / "scripts" / "third_party.py", *rooms], capture_output=True, text=True, check=True)
    needed = {_plain(re.split(r"[\[<>=;! ]", line, maxsplit=1)[0]) for line in run.stdout.split("\n") if line}
    pinned = {_plain(line.split("==")[0]) for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() if "==" in line}
    assert needed and not needed - pinned
    assert not any(name.startswith("rigshot") for name in needed)


def test_a_bot_brings_no_3d_library() -> None:
    run = subprocess.run(
        [sys.executable, ROOT / "scripts" / "third_party.py", "storage", "queue", "bots[telegram,discord]"],
        capture_output=True,
        text=True,
        check=True,
    )
    heavy = _names(ROOT / "pipeline" / "pyproject.toml") - _names(ROOT / "queue" / "pyproject.toml")
    assert not heavy & {_plain(re.split(r"[\[<>=;! ]", line, maxsplit=1)[0]) for line in run.stdout.split("\n")}


def _names(file: Path) -> set[str]:
    words = tomllib.loads(file.read_text(encoding="utf-8"))["project"]["dependencies"]
    return {_plain(re.split(r"[\[<>=;! ]", word, maxsplit=1)[0]) for word in words}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
