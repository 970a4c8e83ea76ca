"""The weights: fetching with resume from a real server, and rembg's own loading code on a tiny network."""

import argparse
import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from rigshot_pipeline import models
from rigshot_pipeline.commands.models import COMMAND
from rigshot_pipeline.embedded.subject import find_subject, rembg_network
from rigshot_pipeline.options import Box, Options

CONTENT = np.random.default_rng(1).bytes(700_001)


class Server(ThreadingHTTPServer):
    """Serves CONTENT; ``ranges`` what was asked for; ``break_after`` bytes the connection dies once."""

    def __init__(self, *, ranged: bool = True) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.ranged = ranged
        self.ranges: list[str | None] = []
        self.break_after: int | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/net.onnx"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.server.ranged else 0
        if start >= len(CONTENT):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        end, self.server.break_after = start + (self.server.break_after or len(CONTENT)), None
        self.wfile.write(CONTENT[start:end])

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def weights(server: Server, folder: Path, *, checksum: str | None = None) -> models.Weights:
    checksum = checksum or f"md5:{hashlib.md5(CONTENT).hexdigest()}"
    return models.Weights(model="net", url=server.url, checksum=checksum, path=folder / "net" / "net.onnx")


def test_a_broken_download_goes_on_where_it_stopped(server: Server, tmp_path: Path) -> None:
    wanted = weights(server, tmp_path)
    server.break_after = 300_000
    with pytest.raises(models.DownloadFailed, match="goes on from there"):
        models.fetch(wanted)
    assert wanted.part.stat().st_size == 300_000
    assert not wanted.path.exists()
    seen: list[tuple[int, int | None]] = []
    assert models.fetch(wanted, progress=lambda done, total: seen.append((done, total))) == wanted.path
    assert server.ranges == [None, "bytes=300000-"]
    assert wanted.path.read_bytes() == CONTENT
    assert not wanted.part.exists()
    assert seen[0] == (300_000, len(CONTENT))
    assert seen[-1] == (len(CONTENT), len(CONTENT))


def test_a_server_without_ranges_sends_all_again(server: Server, tmp_path: Path) -> None:
    wanted = weights(server, tmp_path)
    wanted.part.parent.mkdir()
    wanted.part.write_bytes(CONTENT[:1000])
    server.ranged = False
    models.fetch(wanted)
    assert wanted.path.read_bytes() == CONTENT


def test_a_part_that_is_whole_already_is_only_checked(server: Server, tmp_path: Path) -> None:
    wanted = weights(server, tmp_path)
    wanted.part.parent.mkdir()
    wanted.part.write_bytes(CONTENT)
    models.fetch(wanted)
    assert wanted.path.read_bytes() == CONTENT


def test_a_wrong_file_is_thrown_away(server: Server, tmp_path: Path) -> None:
    wanted = weights(server, tmp_path, checksum=f"md5:{'0' * 32}")
    with pytest.raises(models.DownloadFailed, match="checksum"):
        models.fetch(wanted)
    assert not wanted.path.exists()
    assert not wanted.part.exists()


def test_no_network_is_one_sentence(tmp_path: Path) -> None:
    with Server() as closed:
        gone = weights(closed, tmp_path)
    with pytest.raises(models.DownloadFailed, match="cannot be reached"):
        models.size_to_fetch(gone)


def test_the_size_is_known_before_the_download(server: Server, tmp_path: Path) -> None:
    assert models.size_to_fetch(weights(server, tmp_path)) == len(CONTENT)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home for rembg's weights."""
    pytest.importorskip("rembg")
    for variable in ("U2NET_HOME", "XDG_DATA_HOME", "REMBG_HOME", models.SETTING):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("REMBG_HOME", str(tmp_path / "weights"))
    rembg_network.forget_session()
    return tmp_path / "weights"


def put_tiny_network(home: Path, model: str, side: int) -> None:
    """A network with rembg's shapes whose answer is the picture's first channel: bright red is subject."""
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto
    nodes = [
        helper.make_node("Constant", [], ["first"], value=helper.make_tensor("v", kind.INT64, [1], [0])),
        helper.make_node("Gather", ["x", "first"], ["y"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("x", kind.FLOAT, [1, 3, side, side])],
        [helper.make_tensor_value_info("y", kind.FLOAT, [1, 1, side, side])],
    )
    place = home / "models" / model / f"{model}.onnx"
    place.parent.mkdir(parents=True)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(place))


@pytest.mark.parametrize("model", models.CUTOUT_MODELS)
def test_rembg_publishes_an_address_and_a_checksum(home: Path, model: str) -> None:
    published = models.weights_of(model)
    assert published.url.startswith("https://")
    assert published.url.endswith(".onnx")
    assert published.checksum is not None
    assert published.checksum.startswith("md5:")
    assert published.path == home / "models" / model / f"{model}.onnx"


def test_without_weights_the_classical_method_is_chosen(home: Path) -> None:
    assert models.chosen_model(Options()) is None


def test_weights_take_over_once_they_are_there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_tiny_network(home, "u2netp", 320)
    assert models.chosen_model(Options()) == "u2netp"
    assert models.chosen_model(Options(engine="embedded")) is None
    monkeypatch.setenv(models.SETTING, "isnet-general-use")
    assert models.chosen_model(Options()) is None


def test_rembgs_loading_code_finds_the_subject(home: Path) -> None:
    put_tiny_network(home, "u2netp", 320)
    picture = np.random.default_rng(0).integers(0, 90, (200, 300, 3)).astype(np.uint8)
    picture[60:150, 80:200] = 255, 40, 40
    picture[10:40, 250:290] = 255, 40, 40
    subject = find_subject(picture, kind="photo", model="u2netp")
    assert subject.source == "rembg:u2netp"
    assert subject.box is not None
    assert abs(subject.box.left - 80) <= 3
    assert abs(subject.box.width - 120) <= 6
    assert subject.probability[20, 270] == 0
    pointed = find_subject(picture, kind="photo", model="u2netp", box=Box(left=240, top=2, width=58, height=46))
    assert pointed.box is not None
    assert abs(pointed.box.left - 250) <= 3


def test_the_command_says_the_size_first_and_fetches(
    home: Path, server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(models.MIRROR, server.url.removesuffix("/net.onnx"))
    monkeypatch.setenv("MODEL_CHECKSUM_DISABLED", "1")  # rembg's switch: what this server sends is not the real file
    parser = argparse.ArgumentParser()
    COMMAND.configure(parser)
    assert COMMAND.run(parser.parse_args(["get", "cutout", "--model", "u2netp"])) == 0
    assert "1 MB" in capsys.readouterr().err
    assert models.weights_on_disk("u2netp") == home / "models" / "u2netp" / "u2netp.onnx"
    assert COMMAND.run(parser.parse_args(["list"])) == 0
    assert "in use" in capsys.readouterr().out
    assert COMMAND.run(parser.parse_args(["get", "cutout", "--model", "nonsense"])) == 2
