"""The preprocess environment's worker as the service runs it: a child process, JSON lines, tiny random checkpoints on disk."""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")
for library in ("diffusers", "transformers", "rembg", "onnx"):
    pytest.importorskip(library, exc_type=ImportError)

sys.path.insert(0, str(Path(__file__).parent))

import tiny_preprocess as tiny  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")

ENVIRONMENT = Path(__file__).resolve().parents[2] / "envs" / "preprocess"
PATIENCE = 240  # seconds without an event: importing torch and diffusers on a busy machine

HOOKED = """
import sys, torch
sys.path.insert(0, {folder!r})
import worker

def full(module, arguments):
    # a GPU that has no room for tiles above 100 pixels, nor, at first, for a step of the transformer
    kind = type(module).__name__
    if kind == "Swin2SRModel" and arguments[0].shape[-1] > 100 or kind == "Flux2Transformer2DModel" and first.pop("step", False):
        raise torch.OutOfMemoryError("CUDA out of memory")

first = {{"step": True}}
torch.nn.modules.module.register_module_forward_pre_hook(full)
code = worker.main(engine="preprocess", stages=worker.STAGES, sleep=worker.sleep)
assert not first, "the transformer was never asked"
raise SystemExit(code)
"""


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("parts")
    tiny.make_all(root / "weights")
    tiny.make_rembg(root / "weights")
    return root


class Worker:
    """A worker process and its events, read by a thread so that a test can stop waiting."""

    def __init__(self, parts: Path, scratch: Path, *, script: Path | None = None) -> None:
        environment = {
            "RIGSHOT_ENGINE_WEIGHTS": str(parts / "weights"),
            "RIGSHOT_ENGINE_SOURCE": str(parts / "source"),
            "RIGSHOT_ENGINE_CACHE": str(scratch / "cache"),
            "RIGSHOT_ENGINE_DEVICE": os.environ.get("RIGSHOT_TEST_DEVICE", "cpu"),
            "HF_HUB_OFFLINE": "1",
            "TRANSFORMERS_OFFLINE": "1",
            "PYTHONPATH": os.pathsep.join([str(ENVIRONMENT.parent / "rigshot_env"), os.environ.get("PYTHONPATH", "")]),
        }
        self.log = scratch / "worker.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(script or ENVIRONMENT / "worker.py")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                cwd=scratch,
                env=os.environ | environment,
            )
        self.events: queue.Queue[dict[str, Any]] = queue.Queue()
        self.asked = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.events.put(json.loads(line))
        self.events.put({"event": "ended"})

    def send(self, **words: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()

    def event(self) -> dict[str, Any]:
        event = self.events.get(timeout=PATIENCE)
        assert event["event"] != "ended", self.log.read_text(encoding="utf-8")[-3000:]
        return event

    def run(self, stage: str, paths: dict[str, Path], **parameters: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The end of a request and what was said before it."""
        self.asked += 1
        self.send(id=str(self.asked), stage=stage, paths={name: str(path) for name, path in paths.items()}, parameters=parameters)
        said = []
        while True:
            event = self.event()
            if event["event"] in ("result", "error", "cancelled"):
                return event, said
            said.append(event)


@pytest.fixture(scope="module")
def worker(parts: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    started = Worker(parts, tmp_path_factory.mktemp("scratch"))
    with started.process:
        ready = started.event()
        assert (ready["event"], ready["engine"]) == ("ready", "preprocess")
        assert ready["stages"] == ["cutout", "detect", "enhance", "standardise"]
        yield started
        started.process.kill()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A red thing on legs, on grey."""
    picture = np.random.default_rng(0).integers(100, 110, (180, 240, 3), dtype=np.uint8)
    picture[45:90, 60:180] = (230, 30, 30)
    for leg in (65, 85, 150, 168):
        picture[90:135, leg : leg + 10] = (230, 30, 30)
    Image.fromarray(picture).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def fractions(said: list[dict[str, Any]]) -> list[float]:
    return [event["fraction"] for event in said if event["event"] == "progress"]


def test_enhance(worker: Worker, photo: Path, tmp_path: Path) -> None:
    end, said = worker.run("enhance", {"image": photo, "out": tmp_path / "big.png"}, scale=2)
    assert end["values"]["model"] == "swin2sr"
    assert end["values"]["scale"] == 2
    assert end["values"]["gpu_peak_mb"] == 0
    assert end["values"]["seconds"] > 0
    assert fractions(said) == sorted(fractions(said))
    with Image.open(tmp_path / "big.png") as made:
        assert (made.mode, made.size) == ("RGB", (480, 360))


def test_cutout(worker: Worker, photo: Path, tmp_path: Path) -> None:
    end, _ = worker.run("cutout", {"image": photo, "out": tmp_path / "alpha.png"})
    assert end["values"]["model"] == "rembg"  # BiRefNet is not among the tiny weights
    assert end["values"]["confidence"] > 0.9
    with Image.open(tmp_path / "alpha.png") as alpha, Image.open(photo) as picture:
        assert (alpha.mode, alpha.size) == ("L", picture.size)
        agree = (np.asarray(alpha) >= 128) == (np.asarray(picture)[..., 0] > 200)
        assert agree.mean() > 0.99


def test_detect(worker: Worker, photo: Path) -> None:
    end, _ = worker.run("detect", {"image": photo}, gate=True, gate_threshold=0.01)
    values = end["values"]
    assert len(values["subjects"]) == len(values["keypoints"]) > 0
    for subject, points in zip(values["subjects"], values["keypoints"], strict=True):
        assert set(subject) == {"box", "label", "score", "species", "species_score", "plan"}
        assert subject["label"] == "dog"
        assert len(points) == 17
        assert set(points[0]) == {"name", "x", "y", "score"}
    assert values["gate"]["keep_out"] == (values["gate"]["score"] >= 0.01)
    end, _ = worker.run("detect", {"image": photo})
    assert "gate" not in end["values"]


@pytest.mark.parametrize(("model", "count"), [("flux", 2), ("qwen", 1)])
def test_standardise(worker: Worker, photo: Path, tmp_path: Path, model: str, count: int) -> None:
    paths = {"image": photo, "out": tmp_path / "candidates"}
    end, said = worker.run("standardise", paths, species="dog", view="side", seed=5, candidates=count, model=model, pixels=2**16)
    values = end["values"]
    assert values["chosen"] is None  # a random network's picture is never better than the photo
    assert values["reason"] in ("photo_is_as_good", "not_the_same_subject")
    assert (values["model"], values["steps"]) == (model, 4)
    assert 0 < values["photo_view_score"] <= 1
    assert [(row["file"], row["seed"]) for row in values["candidates"]] == [("0.png", 5), ("1.png", 6)][:count]
    assert sorted(path.name for path in paths["out"].iterdir()) == ["0.png", "1.png"][:count]
    for row in values["candidates"]:
        assert row["score"] == pytest.approx(row["identity"] * row["view_score"], abs=1e-3)
        with Image.open(paths["out"] / row["file"]) as made:
            assert made.size == (288, 224)
    steps = fractions(said)
    assert steps == sorted(steps)
    assert len(steps) > 5 * count
    assert not [event for event in said if event["event"] == "warning"]


def test_a_request_is_given_up_between_two_steps_and_the_next_one_is_done(worker: Worker, photo: Path, tmp_path: Path) -> None:
    words = {"stage": "standardise", "paths": {"image": str(photo), "out": str(tmp_path / "given-up")}}
    worker.send(id="long", **words, parameters={"candidates": 8, "model": "flux", "pixels": 2**16})
    heard = []
    while True:
        event = worker.event()
        heard.append(event)
        if event["event"] == "progress" and event["fraction"] > 0.12:  # a step of the first edit
            worker.send(id="long", op="cancel")
        if event["event"] in ("result", "error", "cancelled"):
            break
    assert heard[-1] == {"id": "long", "event": "cancelled"}
    assert heard[-2]["fraction"] < 0.5
    end, _ = worker.run("enhance", {"image": photo, "out": tmp_path / "after.png"}, scale=4)
    assert end["event"] == "result"


def test_bad_requests_get_a_sentence(worker: Worker, photo: Path, tmp_path: Path) -> None:
    (tmp_path / "words.png").write_text("no picture", encoding="utf-8")
    blank = tmp_path / "blank.png"
    Image.new("RGB", (64, 64)).save(blank)
    Image.new("RGB", (3000, 2000)).save(tmp_path / "large.png")
    for stage, paths, parameters, sentence in (
        ("enhance", {"image": photo, "out": tmp_path / "x.png"}, {"scale": 3}, "scale must be one of 4, 2"),
        ("enhance", {"image": tmp_path / "words.png", "out": tmp_path / "x.png"}, {}, "words.png cannot be read as a picture"),
        ("enhance", {"image": tmp_path / "large.png", "out": tmp_path / "x.png"}, {}, "the picture is too large to be enlarged 4 times"),
        ("cutout", {"image": photo}, {}, "the request lacks the path 'out'"),
        ("standardise", {"image": photo, "out": tmp_path / "no" / "no"}, {}, "there is no folder no to make no in"),
        ("standardise", {"image": photo, "out": tmp_path / "out"}, {"view": "above"}, "view must be one of side, three_quarter, front"),
        ("standardise", {"image": blank, "out": tmp_path / "out"}, {"model": "flux"}, "there is no subject in the picture"),
    ):
        end, _ = worker.run(stage, paths, **parameters)
        assert (end["event"], end["kind"]) == ("error", "bad_input"), end
        assert end["text"].startswith(sentence)
    assert not (tmp_path / "x.png").exists()


def test_missing_weights_are_named(worker: Worker, parts: Path, photo: Path, tmp_path: Path) -> None:
    end, _ = worker.run("enhance", {"image": photo, "out": tmp_path / "x.png"}, model="realesrgan")
    assert (end["kind"], "realesrgan" in end["text"], "rigshot envs install preprocess" in end["text"]) == ("missing_weights", True, True)
    end, _ = worker.run("cutout", {"image": photo, "out": tmp_path / "x.png"}, model="birefnet")
    assert end["kind"] == "missing_weights"
    assert "birefnet" in end["text"]


def test_sleep_and_wake(worker: Worker, photo: Path, tmp_path: Path) -> None:
    first, _ = worker.run("enhance", {"image": photo, "out": tmp_path / "a.png"}, scale=4)
    for level in ("ram", "out"):
        worker.send(id=level, op="sleep", level=level)
        assert worker.event() == {"id": level, "event": "result", "values": {"level": level}}
        again, _ = worker.run("enhance", {"image": photo, "out": tmp_path / "b.png"}, scale=4)
        assert again["event"] == first["event"] == "result"
        assert (tmp_path / "b.png").read_bytes() == (tmp_path / "a.png").read_bytes()


def test_memory_that_runs_out_is_tried_again_with_less(parts: Path, photo: Path, tmp_path: Path) -> None:
    script = tmp_path / "hooked.py"
    script.write_text(HOOKED.format(folder=str(ENVIRONMENT)), encoding="utf-8")
    hooked = Worker(parts, tmp_path, script=script)
    with hooked.process:
        assert hooked.event()["event"] == "ready"
        end, _ = hooked.run("enhance", {"image": photo, "out": tmp_path / "big.png"}, scale=4)
        assert end["event"] == "result", end
        with Image.open(tmp_path / "big.png") as made:
            assert made.size == (960, 720)
        end, _ = hooked.run("standardise", {"image": photo, "out": tmp_path / "out"}, candidates=1, model="flux", pixels=2**16)
        assert end["event"] == "result", end
        hooked.send(op="stop")
        assert hooked.process.wait(60) == 0
