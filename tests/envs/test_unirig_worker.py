# ruff: noqa: E402  # the imports need what the lines above them look for
"""UniRig's worker as Rigshot runs it: upstream's own code with small networks, asked over JSON lines.

Runs where torch and what the environment needs are installed and RIGSHOT_UNIRIG_SOURCE names a checkout of UniRig.
"""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

for package in ("torch", "box", "safetensors", "transformers", "einops", "addict"):
    pytest.importorskip(package)

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "envs" / "unirig"))

from rigshot_unirig.mesh import Box, to_upstream
from unirig_kit import DOG, ENVIRONMENT, dog, skeleton_of, small_source, tokens_of

ALONE = {"OMP_NUM_THREADS": "1"}  # small networks: threads that wait for each other take longer than the work
Values = dict[str, Any]


class Worker:
    """A worker of the environment over a folder with ``source`` and ``weights``."""

    def __init__(self, folder: Path, **more: str) -> None:
        places = {name: str(folder / name.lower()) for name in ("SOURCE", "WEIGHTS", "CACHE")}
        environment = {**os.environ, **{f"RIGSHOT_ENGINE_{name}": place for name, place in places.items()}}
        environment |= {
            "RIGSHOT_ENGINE_DEVICE": os.environ.get("RIGSHOT_TEST_DEVICE", "cpu"),
            "HF_HUB_OFFLINE": "1",
            "TRANSFORMERS_OFFLINE": "1",
            **ALONE,
            **more,
        }
        command = [sys.executable, "-W", "ignore", str(ENVIRONMENT / "worker.py")]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", env=environment, cwd=folder
        )
        self.asked = 0
        assert self.event()["event"] == "ready"

    def say(self, **words: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()

    def event(self) -> Values:
        assert self.process.stdout is not None
        event: Values = json.loads(self.process.stdout.readline())
        return event

    def ask(self, stage: str, parameters: Values, **paths: Path) -> tuple[Values, list[float]]:
        """How a request ended, and the shares done that were told on the way."""
        self.asked += 1
        self.say(id=str(self.asked), stage=stage, paths={name: str(path) for name, path in paths.items()}, parameters=parameters)
        shares = []
        while (event := self.event())["event"] in ("progress", "warning"):
            shares.append(event.get("fraction", -1.0))
        return event, shares

    def end(self) -> None:
        """Stop it, however the test went."""
        with self.process as process:
            self.say(op="stop")
            try:
                assert process.wait(60) == 0
            finally:
                process.kill()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installed environment: upstream's code with small networks, of which one says the dog's skeleton."""
    upstream = os.environ.get("RIGSHOT_UNIRIG_SOURCE")
    if not upstream:
        pytest.skip("RIGSHOT_UNIRIG_SOURCE names no checkout of UniRig")
    folder = tmp_path_factory.mktemp("unirig")
    (folder / "source").mkdir()
    small_source(Path(upstream).resolve(), folder / "source")
    vertices, faces = dog()
    np.savez(folder / "dog.npz", vertices=vertices, faces=faces)
    joints, parents = skeleton_of(DOG)
    np.savez(folder / "rig.npz", joints=joints, tails=joints + np.float32([0, 0.05, 0]), parents=parents)
    (folder / "rig.json").write_text(json.dumps({"names": [row[0] for row in DOG]}))
    tokens = [*tokens_of(Box.around(to_upstream(vertices)).inside(to_upstream(joints)), parents), 258]
    command = [sys.executable, "-W", "ignore", "-m", "rigshot_unirig.random_weights", str(folder / "source"), str(folder / "weights")]
    made = [*command, json.dumps(tokens)]
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL, cwd=ENVIRONMENT, env={**os.environ, **ALONE})
    return folder


@pytest.fixture(scope="module")
def worker(home: Path) -> Iterator[Worker]:
    one = Worker(home)
    yield one
    one.end()


def test_a_skeleton_is_made_judged_and_named(worker: Worker, home: Path) -> None:
    end, shares = worker.ask("skeleton", {"seed": 7, "plan": "quadruped"}, mesh=home / "dog.npz", rig=home / "out.npz")
    assert end["event"] == "result", end
    values = end["values"]
    assert values["joints"] == 20 and values["seed"] == 7 and values["score"] > 0.8
    assert {"encode", "tokens", "check"} <= set(values["seconds"]) and values["model"].startswith("UniRig")
    assert len(shares) > 60 and shares == sorted(shares)
    with np.load(home / "out.npz") as data:
        joints, tails, parents = data["joints"], data["tails"], data["parents"]
    words = json.loads((home / "out.json").read_text())
    truth, above = skeleton_of(DOG)
    assert np.abs(joints[1:] - truth).max() < 0.01, "a quantum of the tokens"
    assert parents.tolist() == [-1, *(above + 1)]
    assert joints.dtype == tails.dtype == np.float32 and parents.dtype == np.int32
    assert (np.linalg.norm(tails - joints, axis=1) > 0).all()
    assert words["names"][:4] == ["root", "hips", "spine_01", "chest"]
    assert words["roles"][-3:] == ["leg_back_r_01", "leg_back_r_02", "leg_back_r_03"]
    assert (words["seed"], words["score"]) == (7, values["score"])
    assert not list(home.glob("*.part"))


def test_the_rigs_own_weights_follow(worker: Worker, home: Path) -> None:
    end, shares = worker.ask("skin", {}, mesh=home / "dog.npz", rig=home / "rig.npz", weighted=home / "weighted.npz")
    assert end["event"] == "result", end
    assert 0 <= end["values"]["bled"] < 0.2 and end["values"]["grid"] == 48
    assert len(shares) > 15 and shares == sorted(shares)
    with np.load(home / "weighted.npz") as data:
        weights, joints = data["weights"], data["joints"]
    assert weights.shape == (len(dog()[0]), len(DOG)) and weights.dtype == np.float32
    assert np.allclose(weights.sum(1), 1, atol=1e-5) and (weights >= 0).all()
    assert ((weights > 0).sum(1) <= 4).all()
    assert np.array_equal(joints, skeleton_of(DOG)[0])
    again, _ = worker.ask("skin", {}, mesh=home / "dog.npz", rig=home / "rig.npz", weighted=home / "again.npz")
    assert again["event"] == "result"
    with np.load(home / "again.npz") as data:
        assert np.array_equal(data["weights"], weights), "one seed, one result"


def test_a_root_on_the_ground_moves_nothing(worker: Worker, home: Path) -> None:
    """The rig that the worker made goes back to it, on a mesh split along every edge."""
    assert worker.ask("skeleton", {"plan": "quadruped"}, mesh=home / "dog.npz", rig=home / "own.npz")[0]["event"] == "result"
    vertices, faces = dog()
    np.savez(home / "split.npz", vertices=vertices[faces].reshape(-1, 3), faces=np.arange(3 * len(faces)).reshape(-1, 3))
    end, _ = worker.ask("skin", {"seed": 3}, mesh=home / "split.npz", rig=home / "own.npz", weighted=home / "split_weighted.npz")
    assert end["event"] == "result", end
    with np.load(home / "split_weighted.npz") as data:
        weights = data["weights"]
    assert weights.shape == (3 * len(faces), 20)
    assert not weights[:, 0].any()
    order = faces.ravel()
    for vertex in range(0, len(vertices), 97):
        assert np.ptp(weights[order == vertex], axis=0).max() == 0, "what lies at one place moves together"


def test_a_body_that_the_skeleton_does_not_fit_is_a_bad_rig(worker: Worker, home: Path) -> None:
    vertices, faces = dog()
    stretched = vertices * np.float32([1, 1, 0.1]) + np.float32([0, 0, 0.4])
    np.savez(home / "flat.npz", vertices=stretched[:, [2, 0, 1]], faces=faces)
    (home / "bad.npz").unlink(missing_ok=True)
    # the second try of a biped asks for the template of named bones
    end, _ = worker.ask("skeleton", {"tries": 2, "plan": "biped"}, mesh=home / "flat.npz", rig=home / "bad.npz")
    assert (end["event"], end["kind"]) == ("error", "bad_rig"), end
    assert end["text"].startswith("none of 2 skeletons fits the body: ")
    assert not (home / "bad.npz").exists()


@pytest.mark.parametrize(
    ("stage", "parameters", "text"),
    [
        ("skeleton", {"beams": 0}, "beams must be a whole number from 1 to 64"),
        ("skeleton", {"seed": 1.5}, "seed must be"),
        ("skeleton", {"plan": "sofa"}, "there is no plan 'sofa'"),
        ("skeleton", {"tries": True}, "tries must be"),
        ("skin", {"seed": -1}, "seed must be"),
        ("texture", {}, "no stage 'texture'"),
    ],
)
def test_wrong_wishes_are_refused(worker: Worker, home: Path, stage: str, parameters: Values, text: str) -> None:
    end, _ = worker.ask(stage, parameters, mesh=home / "dog.npz", rig=home / "rig.npz", weighted=home / "no.npz")
    assert (end["event"], end["kind"]) == ("error", "bad_input")
    assert text in end["text"]


def test_wrong_files_are_refused(worker: Worker, home: Path) -> None:
    end, _ = worker.ask("skeleton", {}, mesh=home / "nothing.npz", rig=home / "no.npz")
    assert (end["kind"], end["text"]) == ("bad_input", "the mesh file is missing")
    end, _ = worker.ask("skin", {}, mesh=home / "dog.npz", rig=home / "dog.npz", weighted=home / "no.npz")
    assert (end["kind"], end["text"]) == ("bad_input", "the rig's files cannot be read")


def test_cancelled_between_two_tokens(home: Path) -> None:
    """A cancel is heard at the next token, in the middle of a skeleton, and the worker goes on working."""
    other = home / "talkative"
    other.mkdir()
    for name in ("source", "weights"):
        (other / name).symlink_to(home / name)
    one = Worker(other)
    one.say(id="9", stage="skeleton", paths={"mesh": str(home / "dog.npz"), "rig": str(other / "rig.npz")}, parameters={"tries": 8})
    while one.event().get("fraction", 0) < 0.08:
        pass
    one.say(op="cancel", id="9")
    later = 0
    while (event := one.event())["event"] == "progress":
        later += 1
    assert event == {"id": "9", "event": "cancelled"}
    assert later < 40, "it did not work on to the end"
    assert not (other / "rig.npz").exists()
    end, _ = one.ask("skin", {}, mesh=home / "dog.npz", rig=home / "rig.npz", weighted=other / "weighted.npz")
    assert end["event"] == "result", end
    one.end()


def test_asleep_and_awake_again(worker: Worker, home: Path) -> None:
    for level in ("ram", "out"):
        worker.say(id="s", op="sleep", level=level)
        assert worker.event() == {"id": "s", "event": "result", "values": {"level": level}}
        end, _ = worker.ask("skin", {"seed": 1}, mesh=home / "dog.npz", rig=home / "rig.npz", weighted=home / f"{level}.npz")
        assert end["event"] == "result"
    with np.load(home / "ram.npz") as one, np.load(home / "out.npz") as other:
        assert np.array_equal(one["weights"], other["weights"])


def test_missing_and_foreign_weights_are_told(home: Path) -> None:
    bare = home / "bare"
    bare.mkdir()
    (bare / "source").symlink_to(home / "source")
    (bare / "weights").mkdir()
    one = Worker(bare)
    asked = {"mesh": home / "dog.npz", "rig": bare / "rig.npz"}
    end, _ = one.ask("skeleton", {}, **asked)
    assert (end["kind"], end["text"]) == ("missing_weights", "the weights skeleton of UniRig are not installed")
    place = next((home / "weights" / "skin").rglob("model.ckpt"))
    wrong = bare / "weights" / "skeleton" / "skeleton" / "articulation-xl_quantization_256" / "model.ckpt"
    wrong.parent.mkdir(parents=True)
    shutil.copy(place, wrong)
    end, _ = one.ask("skeleton", {}, **asked)
    assert end["kind"] == "missing_weights" and "are not those of this network" in end["text"]
    one.end()
    nowhere = Worker(bare, RIGSHOT_ENGINE_SOURCE=str(bare / "none"))
    end, _ = nowhere.ask("skeleton", {}, **asked)
    assert (end["kind"], end["text"]) == ("missing_weights", "UniRig is not installed")
    nowhere.end()


def test_the_engines_card_names_what_the_worker_reads(home: Path) -> None:
    """The files of engine.toml are those that upstream's configuration asks for."""
    from rigshot_unirig.settings import Settings

    words = tomllib.loads((ENVIRONMENT / "engine.toml").read_text(encoding="utf-8"))
    assert {row["name"]: row["files"] for row in words["weights"]} == {
        stage: [place] for stage, place in Settings.of(home / "source").checkpoints.items()
    }
    assert words["engine"]["stages"] == ["skeleton", "skin"]
