"""Installing an engine: from a hub that breaks off, from folders, in steps that are not done twice, and offline ever after."""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from small_engine import EngineLab

from rigshot_pipeline.commands.envs import COMMAND
from rigshot_pipeline.engines import Spec, Worker, choose, installed, read_spec
from rigshot_pipeline.engines.install import Installation, InstallFailed, find_python, remove, verify
from rigshot_pipeline.engines.places import Place
from rigshot_pipeline.options import Options

LARGE = bytes(range(256)) * 4000
SMALL = b'{"layers": 2}'
REVISION = "5" * 40
WEIGHTS = f"""
[[weights]]
name = "geometry"
repository = "someone/Shapes"
revision = "{REVISION}"
files = ["net/model.safetensors", "net/config.json"]
bytes = {len(LARGE) + len(SMALL)}
licence = "MIT"
stages = ["geometry"]

[[weights]]
name = "label"
repository = "someone/Shapes"
revision = "{REVISION}"
files = ["label/model.safetensors"]
optional = true
"""
WORKER = """
from pathlib import Path

def geometry(job: Job):
    weights = Path(os.environ["RIGSHOT_ENGINE_WEIGHTS"]) / "geometry" / "net" / "model.safetensors"
    source = Path(os.environ["RIGSHOT_ENGINE_SOURCE"])
    code = (source / "net" / "code.py").read_text() if source.is_dir() else ""
    if not weights.is_file():
        raise MissingWeights(str(weights))
    try:
        import small_package
        package = small_package.SIZE
    except ImportError:
        package = None
    return {"bytes": weights.stat().st_size, "code": code, "package": package}

raise SystemExit(main(engine="tiny", stages={"geometry": geometry}))
"""


class Hub(ThreadingHTTPServer):
    """Speaks the paths of the Hugging Face hub: a file in LFS is redirected to a store, a small one is sent at once."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Pages)
        self.breaks: list[int] = []
        self.token: str | None = None
        self.seen: list[str] = []
        self.large = LARGE

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Pages(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        asked = self.headers.get("Range", "")
        self.server.seen.append(f"{self.command} {self.path} {asked}".strip())
        authorised = self.headers.get("Authorization") == f"Bearer {self.server.token}"
        if self.path == "/store/large":
            assert not self.headers.get("Authorization")
            return self._send(self.server.large, body, asked)
        prefix = f"/someone/Shapes/resolve/{REVISION}/"
        if not self.path.startswith(prefix):
            return self.send_error(404)
        if self.server.token and not authorised:
            return self.send_error(401)
        if self.path.endswith(".safetensors"):
            self.send_response(302)
            self.send_header("Location", "/store/large")
            self.send_header("X-Linked-Etag", f'"{hashlib.sha256(LARGE).hexdigest()}"')
            self.send_header("X-Linked-Size", str(len(LARGE)))
            self.end_headers()
            return None
        return self._send(SMALL, body, asked, etag=hashlib.sha1(b"blob %d\0" % len(SMALL) + SMALL).hexdigest())

    def _send(self, content: bytes, body: bool, asked: str, etag: str = "") -> None:
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(content) - start))
        if etag:
            self.send_header("ETag", f'"{etag}"')
        self.end_headers()
        if body:
            end = start + self.server.breaks.pop(0) if self.server.breaks else len(content)
            self.wfile.write(content[start:end])

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EngineLab:
    lab = EngineLab(tmp_path)
    for name, value in lab.variables.items():
        monkeypatch.setenv(name, value)
    for name in ("HF_ENDPOINT", "HF_TOKEN", "RIGSHOT_ENGINE_DEVICE"):
        monkeypatch.delenv(name, raising=False)
    return lab


@pytest.fixture
def upstream(tmp_path: Path) -> tuple[Path, str]:
    """A git repository with two commits, and the first one's hash."""
    folder = tmp_path / "upstream"
    (folder / "net").mkdir(parents=True)
    (folder / "demo").mkdir()
    (folder / "demo" / "large.bin").write_bytes(b"not wanted")
    (folder / "net" / "code.py").write_text("the pinned one")

    def git(*words: str) -> str:
        identity = ("-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false")
        return subprocess.run(["git", "-C", folder, *identity, *words], check=True, capture_output=True, text=True).stdout.strip()

    git("init", "--quiet")
    git("config", "uploadpack.allowAnySHA1InWant", "true")
    git("add", ".")
    git("commit", "--quiet", "-m", "one")
    commit = git("rev-parse", "HEAD")
    (folder / "net" / "code.py").write_text("a later one")
    git("commit", "--quiet", "-a", "-m", "two")
    return folder, commit


def source_of(upstream: tuple[Path, str]) -> str:
    folder, commit = upstream
    return f'[source]\nrepository = "{folder.as_uri()}"\ncommit = "{commit}"\nfolders = ["net"]\n'


def asked(spec: Spec) -> dict[str, object]:
    worker = Worker(spec)
    try:
        return dict(worker.ask("geometry", {}, {}, lambda _: None).values)
    finally:
        worker.kill()


def test_all_comes_from_the_hub_and_from_git_and_stays(lab: EngineLab, hub: Hub, upstream: tuple[Path, str]) -> None:
    spec = lab.engine(WORKER, more=source_of(upstream) + WEIGHTS)
    hub.breaks = [300_000, 100_000]
    steps: list[str] = []
    bars: list[tuple[str, int, int | None]] = []
    Installation(spec=spec, mirror=hub.url, say=steps.append, progress=lambda *bar: bars.append(bar)).run()
    ranges = [line for line in hub.seen if line.startswith("GET /store/large")]
    assert ranges == ["GET /store/large", "GET /store/large bytes=300000-", "GET /store/large bytes=400000-"]
    assert bars[-1][:2] == ("geometry/net/config.json", len(SMALL))
    place = Place.of("tiny")
    assert (place.weights / "geometry" / "net" / "model.safetensors").read_bytes() == LARGE
    assert not (place.weights / "label").exists()
    assert not (place.source / "demo").exists()
    assert asked(spec)["code"] == "the pinned one"
    record = installed(spec)
    assert record is not None
    assert record.weights["geometry"]["files"]["net/config.json"]["hash"].startswith("git:")
    assert choose("geometry", Options()).candidate is not None
    assert verify(spec) == ()
    # from here on without a network: the hub is asked nothing
    before = len(hub.seen)
    Installation(spec=spec, mirror=hub.url, say=steps.append).run()
    assert len(hub.seen) == before
    assert [step.split()[0] for step in steps] == ["making", "fetching", "starting", "starting"]


def test_what_an_earlier_attempt_left_is_not_fetched_again(lab: EngineLab, hub: Hub, upstream: tuple[Path, str]) -> None:
    spec = lab.engine(WORKER, more=source_of(upstream) + WEIGHTS)
    part = Place.of("tiny").weights / "geometry" / "net" / "model.safetensors.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(LARGE[:500_000])
    Installation(spec=spec, mirror=hub.url).run()
    assert "GET /store/large bytes=500000-" in hub.seen


def test_optional_weights_come_by_name_and_stay(lab: EngineLab, hub: Hub) -> None:
    spec = lab.engine(WORKER, more=WEIGHTS)
    Installation(spec=spec, mirror=hub.url).run()
    record = Installation(spec=spec, mirror=hub.url, sets=("label",)).run()
    assert sorted(record.weights) == ["geometry", "label"]
    with pytest.raises(InstallFailed, match="no weights named paint; there are geometry, label"):
        Installation(spec=spec, mirror=hub.url, sets=("paint",)).run()


def test_a_wrong_file_is_refused(lab: EngineLab, hub: Hub) -> None:
    spec = lab.engine(WORKER, more=WEIGHTS)
    hub.large = LARGE[::-1]
    with pytest.raises(InstallFailed, match="checksum"):
        Installation(spec=spec, mirror=hub.url).run()
    assert installed(spec) is None
    assert choose("geometry", Options()).candidate is None


def test_a_gated_repository_wants_a_token_and_only_the_hub_sees_it(lab: EngineLab, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = lab.engine(WORKER, more=WEIGHTS)
    hub.token = "secret"
    with pytest.raises(InstallFailed, match="HF_TOKEN"):
        Installation(spec=spec, mirror=hub.url).run()
    monkeypatch.setenv("HF_TOKEN", "secret")
    Installation(spec=spec, mirror=hub.url).run()


def test_no_network_is_one_sentence(lab: EngineLab) -> None:
    with Hub() as closed:
        gone = closed.url
    with pytest.raises(InstallFailed, match="cannot be reached"):
        Installation(spec=lab.engine(WORKER, more=WEIGHTS), mirror=gone).run()


@pytest.mark.parametrize(
    "layout",
    ["geometry", "someone/Shapes", "Shapes", f"models--someone--Shapes/snapshots/{REVISION}", "models--someone--Shapes/snapshots/abc", ""],
)
def test_weights_from_a_folder(lab: EngineLab, tmp_path: Path, layout: str) -> None:
    folder = tmp_path / "usb stick"
    (folder / layout / "net").mkdir(parents=True)
    (folder / layout / "net" / "model.safetensors").write_bytes(LARGE)
    (folder / layout / "net" / "config.json").write_bytes(SMALL)
    spec = lab.engine(WORKER, more=WEIGHTS)
    Installation(spec=spec, weights=folder, mirror="http://127.0.0.1:9").run()
    assert asked(spec)["bytes"] == len(LARGE)


def test_a_folder_without_them_and_a_wrong_file_in_it_are_sentences(lab: EngineLab, tmp_path: Path) -> None:
    known = f'[weights.sha256]\n"net/model.safetensors" = "{hashlib.sha256(LARGE).hexdigest()}"\n'
    spec = lab.engine(WORKER, more=WEIGHTS.split('[[weights]]\nname = "label"')[0] + known)
    with pytest.raises(InstallFailed, match=r"holds no net/model\.safetensors of someone/Shapes"):
        Installation(spec=spec, weights=tmp_path).run()
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "model.safetensors").write_bytes(b"something else")
    with pytest.raises(InstallFailed, match="checksum"):
        Installation(spec=spec, weights=tmp_path).run()


@pytest.mark.parametrize("kind", ["checkout", "bare", "folder"])
def test_source_from_a_folder(lab: EngineLab, tmp_path: Path, upstream: tuple[Path, str], kind: str) -> None:
    folder, commit = upstream
    text = f'[source]\nrepository = "https://127.0.0.1:9/none"\ncommit = "{commit}"\nfolders = ["net"]\n'
    spec = lab.engine(WORKER, more=text)
    if kind == "bare":
        subprocess.run(["git", "clone", "--quiet", "--bare", folder, tmp_path / "bare"], check=True)
        folder = tmp_path / "bare"
    if kind == "folder":
        (folder / ".git").rename(tmp_path / "elsewhere")
    Installation(spec=spec, source=folder).run()
    code = (Place.of("tiny").source / "net" / "code.py").read_text()
    assert code == ("a later one" if kind == "folder" else "the pinned one")


def test_a_source_that_cannot_be_had_shows_gits_words(lab: EngineLab, upstream: tuple[Path, str]) -> None:
    folder, _ = upstream
    spec = lab.engine(WORKER, more=f'[source]\nrepository = "{folder.as_uri()}"\ncommit = "{"0" * 40}"\n')
    with pytest.raises(InstallFailed, match=r"(?s)The source of Tiny could not be installed.*fatal"):
        Installation(spec=spec).run()


def test_a_worker_that_does_not_start_is_not_installed(lab: EngineLab) -> None:
    spec = lab.engine("import a_module_that_is_not_there")
    with pytest.raises(InstallFailed, match="a_module_that_is_not_there"):
        Installation(spec=spec).run()
    assert installed(spec) is None


def test_packages_come_by_pip_and_only_once(lab: EngineLab, tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    with zipfile.ZipFile(wheels / "small_package-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("small_package.py", "SIZE = 7")
        info = "small_package-1.0.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: small-package\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", f"small_package.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    spec = lab.engine(WORKER, more=WEIGHTS)
    project = spec.folder / "pyproject.toml"
    project.write_text('[project]\nname = "x"\ndependencies = ["small-package", "rigshot_env>=0.1"]\n')
    (spec.folder / "constraints.txt").write_text("small-package==2.0\n")
    with pytest.raises(InstallFailed, match=r"(?s)The packages of Tiny could not be installed.*small-package"):
        Installation(spec=spec, mirror=hub.url).run()
    (spec.folder / "constraints.txt").write_text("small-package==1.0\n")
    Installation(spec=spec, mirror=hub.url).run()
    assert asked(spec)["package"] == 7
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "gone"))
    Installation(spec=spec, mirror=hub.url).run()


def test_another_description_is_another_installation(lab: EngineLab, hub: Hub) -> None:
    spec = lab.engine(WORKER, more=WEIGHTS)
    Installation(spec=spec, mirror=hub.url).run()
    file = spec.folder / "engine.toml"
    file.write_text(file.read_text().replace("rank = 10", "rank = 10\nversion = 2"))
    again = read_spec(file)
    assert installed(again) is None
    assert [row.why_not and row.why_not.code for row in choose("geometry", Options()).passed_over] == ["engine_not_installed"]
    before = len(hub.seen)
    Installation(spec=again, mirror=hub.url).run()
    assert len(hub.seen) == before
    assert installed(again) is not None


def test_a_python_that_is_not_here_is_named(lab: EngineLab) -> None:
    spec = lab.engine(WORKER)
    file = spec.folder / "engine.toml"
    file.write_text(file.read_text().replace(f'python = "{spec.python}"', 'python = "3.99"'))
    with pytest.raises(InstallFailed, match=r"needs Python 3\.99"):
        Installation(spec=read_spec(file)).run()
    assert find_python(f"3.{sys.version_info.minor}") is not None


def test_a_full_disk_is_said_beforehand(lab: EngineLab) -> None:
    spec = lab.engine(WORKER)
    file = spec.folder / "engine.toml"
    file.write_text(file.read_text().replace("gpu_mb = 0", "gpu_mb = 0\ndisk_mb = 900000000"))
    with pytest.raises(InstallFailed, match="GB more on the disk"):
        Installation(spec=read_spec(file)).run()


def test_verify_finds_what_was_changed_and_remove_takes_all(lab: EngineLab, hub: Hub) -> None:
    spec = lab.engine(WORKER, more=WEIGHTS)
    assert "not installed" in verify(spec)[0]
    Installation(spec=spec, mirror=hub.url).run()
    model = Place.of("tiny").weights / "geometry" / "net" / "model.safetensors"
    model.write_bytes(LARGE[:-1] + b"!")
    (model.parent / "config.json").unlink()
    gone, changed, advice = verify(spec)
    assert "config.json is gone" in gone
    assert "model.safetensors is not as it came" in changed
    assert "envs remove tiny" in advice
    assert [row.why_not and row.why_not.code for row in choose("geometry", Options()).passed_over] == ["engine_lacks_weights"]
    remove("tiny", keep_weights=True)
    assert model.exists()
    assert installed(spec) is None
    assert remove("tiny") >= 0
    assert not Place.of("tiny").root.exists()


def command(*words: str) -> int:
    parser = argparse.ArgumentParser()
    COMMAND.configure(parser)
    return COMMAND.run(parser.parse_args(words))


def test_the_commands(lab: EngineLab, hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    lab.engine(WORKER, more=WEIGHTS)
    (lab.envs / "odd").mkdir()
    (lab.envs / "odd" / "engine.toml").write_text("[engine]\nname = 3\n")
    assert command("list") == 0
    listed = capsys.readouterr().out
    assert "tiny (Tiny)" in listed
    assert "[engine] name must be a text in quotes, not 3" in listed
    assert "geometry: the embedded engine" in listed
    assert command("verify", "tiny") == 1
    assert command("install", "tiny", "--mirror", hub.url) == 0
    assert command("verify", "tiny") == 0
    assert command("install", "nobody") == 2
    assert "there are tiny" in capsys.readouterr().err
    assert command("list") == 0
    assert "geometry: Tiny, the best that is installed" in capsys.readouterr().out
    assert command("remove", "tiny") == 0
    assert not (lab.home / "tiny").exists()


def test_a_killed_installation_goes_on(lab: EngineLab, hub: Hub) -> None:
    spec = lab.engine(WORKER, more=WEIGHTS)
    hub.breaks = [200_000] + [0] * 40
    script = "import sys; from rigshot_pipeline.commands.envs import COMMAND; import argparse; p = argparse.ArgumentParser(); "
    script += "COMMAND.configure(p); sys.exit(COMMAND.run(p.parse_args(sys.argv[1:])))"
    words = [sys.executable, "-c", script, "install", "tiny", "--mirror", hub.url]
    with subprocess.Popen(words, env={**os.environ, **lab.variables}, stderr=subprocess.DEVNULL) as child:
        part = Place.of("tiny").weights / "geometry" / "net" / "model.safetensors.part"
        while not (part.exists() and part.stat().st_size >= 200_000):
            assert child.poll() is None
        child.kill()
    hub.breaks = []
    hub.seen.clear()
    Installation(spec=spec, mirror=hub.url).run()
    assert hub.seen[1:2] == [f"GET /someone/Shapes/resolve/{REVISION}/net/model.safetensors bytes=200000-"]
    assert json.loads(Place.of("tiny").record.read_text())["weights"]["geometry"]["revision"] == REVISION
