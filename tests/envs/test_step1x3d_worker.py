"""Step1X-3D's worker as the pipeline meets it: a process, JSON lines, files."""

import importlib.util
import itertools
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / "envs" / "step1x3d"
PATIENCE = 120  # seconds; loading torch and diffusers takes ten on a busy machine


class Worker:
    """A worker process and its events."""

    def __init__(self, folder: Path, weights: Path, source: Path) -> None:
        variables = os.environ | {
            "RIGSHOT_ENGINE_WEIGHTS": str(weights),
            "RIGSHOT_ENGINE_SOURCE": str(source),
            "RIGSHOT_ENGINE_CACHE": str(folder / "cache"),
            "RIGSHOT_ENGINE_DEVICE": os.environ.get("RIGSHOT_TEST_DEVICE", "cpu"),
            "PYTHONPATH": str(ROOT / "envs" / "rigshot_env"),
            "LOCAL_RANK": "3",  # upstream would take it for a card
        }
        self.log = (folder / "log").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, ENVIRONMENT / "worker.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            cwd=folder,
            env=variables,
        )
        self._numbers = itertools.count()
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        assert self.event()["event"] == "ready"

    def send(self, **words: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()

    def run(self, image: Path, mesh: Path, **parameters: Any) -> dict[str, Any]:
        """The request's end."""
        identity = str(next(self._numbers))
        parameters = {"steps": 3, "octree": 64, "faces": 4_000} | parameters
        paths = {"image": str(image), "mesh": str(mesh)}
        self.send(id=identity, stage="geometry", paths=paths, parameters=parameters)
        return self.end()

    def event(self) -> dict[str, Any]:
        return self._events.get(timeout=PATIENCE)

    def end(self) -> dict[str, Any]:
        while (event := self.event())["event"] in ("progress", "warning"):
            pass
        return event

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.log.close()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self._events.put(json.loads(line))  # every line is an event: what upstream prints must not come here


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("worker")


@pytest.fixture(scope="module")
def picture(folder: Path) -> Path:
    image = Image.new("RGBA", (80, 80))
    ImageDraw.Draw(image).ellipse((20, 10, 60, 70), fill=(180, 120, 40, 255))
    image.save(folder / "cutout.png")
    return folder / "cutout.png"


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Worker]:
    """A worker that has neither source nor weights; it needs no torch to say so."""
    worker = Worker(tmp_path, tmp_path / "weights", tmp_path / "source")
    yield worker
    worker.close()


@pytest.fixture(scope="module")
def worker(folder: Path) -> Iterator[Worker]:
    source = os.environ.get("RIGSHOT_STEP1X3D_SOURCE")
    if not source or not all(importlib.util.find_spec(name) for name in ("torch", "diffusers", "transformers")):
        pytest.skip("needs torch, diffusers, transformers and RIGSHOT_STEP1X3D_SOURCE, a checkout of stepfun-ai/Step1X-3D")
    # as an installation keeps it: the files that engine.toml names and no other
    kept = folder / "source"
    for name in tomllib.loads((ENVIRONMENT / "engine.toml").read_text())["source"]["folders"]:
        place = Path(source) / name
        (kept / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(place, kept / name) if place.is_dir() else shutil.copyfile(place, kept / name)
    assert not list(kept.rglob("volume_decoders.py"))
    # in a process of its own: what it imports warns, and this process is kept as it is
    script = (
        "import sys; from pathlib import Path; from rigshot_step1x3d.upstream import import_upstream;"
        "from rigshot_step1x3d.random_weights import TINY, write_checkpoint;"
        "write_checkpoint(Path(sys.argv[2]), import_upstream(Path(sys.argv[1])), TINY)"
    )
    paths = {"PYTHONPATH": os.pathsep.join([str(ENVIRONMENT), str(ROOT / "envs" / "rigshot_env")])}
    subprocess.run([sys.executable, "-c", script, kept, folder / "weights"], env=os.environ | paths, check=True, capture_output=True)
    worker = Worker(folder, folder / "weights", kept)
    yield worker
    worker.close()


def test_requests_that_cannot_be_done_are_refused_before_torch_is_loaded(bare: Worker, picture: Path, tmp_path: Path) -> None:
    empty, opaque = tmp_path / "empty.png", tmp_path / "opaque.png"
    Image.new("RGBA", (64, 64)).save(empty)
    Image.new("RGBA", (64, 64), (1, 2, 3, 255)).save(opaque)
    mesh = tmp_path / "mesh.npz"
    answers = [
        bare.run(empty, mesh),
        bare.run(opaque, mesh),
        bare.run(tmp_path / "none.png", mesh),
        bare.run(picture, mesh, steps=10_000),
        bare.run(picture, mesh, label={"edge": "sharp"}),
    ]
    assert {(answer["event"], answer["kind"]) for answer in answers} == {("error", "bad_input")}
    for answer, word in zip(answers, ("empty", "transparent", "no file", "steps", "label"), strict=True):
        assert word in answer["text"]
    missing = bare.run(picture, mesh)
    assert (missing["kind"], missing["text"]) == (
        "missing_weights",
        "Step1X-3D's base variant lacks weights: geometry, dinov2-with-registers-large",
    )
    bare.send(id="9", op="sleep", level="out")
    assert bare.end()["values"] == {"level": "out"}


def test_a_cutout_becomes_a_mesh(worker: Worker, picture: Path, tmp_path: Path) -> None:
    end = worker.run(picture, tmp_path / "mesh.npz", seed=4)
    assert end["event"] == "result", end
    with np.load(tmp_path / "mesh.npz") as data:
        assert data["vertices"].shape == (end["values"]["vertices"], 3) and data["faces"].shape == (end["values"]["faces"], 3)
        assert np.isfinite(data["vertices"]).all()
    assert end["values"]["seed"] == 4
    assert [path.name for path in tmp_path.iterdir()] == ["mesh.npz"]


def test_a_warm_worker_does_the_next_job_without_loading(worker: Worker, picture: Path, tmp_path: Path) -> None:
    worker.run(picture, tmp_path / "mesh.npz")
    second = worker.run(picture, tmp_path / "mesh.npz")
    assert second["values"]["seconds"]["load"] < 0.5
    worker.send(id="c", op="sleep", level="ram")
    assert worker.end()["values"] == {"level": "ram"}
    assert worker.run(picture, tmp_path / "mesh.npz")["event"] == "result"


def test_what_upstream_prints_lands_on_stderr(worker: Worker, picture: Path, tmp_path: Path) -> None:
    assert worker.run(picture, tmp_path / "mesh.npz", parity=True)["event"] == "result"
    worker.log.flush()
    assert "alhpa channl" in Path(worker.log.name).read_text()


def test_cancel_ends_a_job_between_two_steps(worker: Worker, picture: Path, tmp_path: Path) -> None:
    paths = {"image": str(picture), "mesh": str(tmp_path / "mesh.npz")}
    worker.send(id="long", stage="geometry", paths=paths, parameters={"steps": 200, "octree": 64})
    while worker.event().get("fraction", 0) < 0.2:
        pass
    worker.send(id="long", op="cancel")
    assert worker.end() == {"id": "long", "event": "cancelled"}
    assert not (tmp_path / "mesh.npz").exists()
    assert worker.run(picture, tmp_path / "mesh.npz")["event"] == "result"


def test_no_surface_is_an_error_of_its_own(worker: Worker, picture: Path, tmp_path: Path, folder: Path) -> None:
    from safetensors.numpy import load_file, save_file

    file = folder / "weights" / "geometry" / "Step1X-3D-Geometry-1300m" / "vae" / "diffusion_pytorch_model.safetensors"
    kept = file.read_bytes()
    tensors = load_file(file)
    save_file(tensors | {"decoder.output_proj.bias": tensors["decoder.output_proj.bias"] - 100}, file, {"format": "pt"})
    worker.send(id="s", op="sleep", level="out")
    worker.end()
    try:
        end = worker.run(picture, tmp_path / "mesh.npz")
    finally:
        file.write_bytes(kept)
        worker.send(id="t", op="sleep", level="out")
        worker.end()
    assert (end["event"], end["kind"]) == ("error", "no_surface")
    assert not (tmp_path / "mesh.npz").exists()
