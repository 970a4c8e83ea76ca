"""Making an engine's environment: interpreter and packages, upstream's source, weights, a first start.

Every step leaves a mark when it is done and is passed over as long as the mark fits the description, so that the same command goes on
where an earlier one stopped. Once all is there nothing needs a network.
"""

import fcntl
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..download import DownloadFailed, checksum_of
from ..errors import EngineFailed
from .hub import copy_file, fetch_file, find_file, hub_address
from .places import Installed, Place, installed
from .spec import Spec, WeightSet
from .worker import Worker

__all__ = ["InstallFailed", "Installation", "remove", "verify"]

_MARK = ".rigshot.json"
_MB = 2**20
_LAST_LINES = 12  # of a program's output that are shown when it fails
_OWN = "rigshot-env"

Progress = Callable[[str, int, int | None], None]
"""Told a file's name, its bytes so far, and its bytes in all where they are known."""


class InstallFailed(Exception):
    """What stopped an installation, as a sentence; what was done stays and need not be done again."""


def _quiet(_: str) -> None:
    """A step that nobody watches."""


def _still(file: str, done: int, total: int | None) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, kw_only=True)
class Installation:
    """One engine's installation.

    ``sets``: the sets of weights by name, None for those that its stages wait for. ``source``: a checkout, a bare repository or a folder
    instead of upstream's address; ``weights``: a folder instead of the hub; ``mirror``: another address with the hub's paths. ``say`` hears
    of every step.
    """

    spec: Spec
    sets: tuple[str, ...] | None = None
    source: Path | None = None
    weights: Path | None = None
    mirror: str | None = None
    say: Callable[[str], None] = _quiet
    progress: Progress = _still

    @property
    def place(self) -> Place:
        """Where it goes."""
        return Place.of(self.spec.name)

    def run(self) -> Installed:
        """Carry it to its end. Raises ``InstallFailed``."""
        self.place.root.mkdir(parents=True, exist_ok=True)
        with _alone(self.place.root):
            chosen = self._chosen()
            self._check_disk()
            try:
                self._environment()
                self._source()
                kept = self._weights(chosen)
            except (OSError, DownloadFailed) as error:
                raise InstallFailed(str(error)) from error
            self.say("starting it once")
            self_test(self.spec)
            record = Installed(
                engine=self.spec.name,
                version=self.spec.version,
                python=self.spec.python,
                commit=self.spec.source.commit if self.spec.source else "",
                weights=kept,
            )
            _write(self.place.record, asdict(record))
            return record

    def _chosen(self) -> tuple[WeightSet, ...]:
        """The sets to fetch. Those that an earlier installation brought stay."""
        here = {row.name for row in self.spec.weights if _mark(self.place.weights / row.name).get("revision") == row.revision}
        if self.sets is None:
            filled = {row.either for row in self.spec.weights if row.name in here}
            names, groups = set(here), set(filled)
            for row in self.spec.weights:
                if not row.optional and (not row.either or row.either not in groups):
                    names.add(row.name)
                    groups.add(row.either)
            return tuple(row for row in self.spec.weights if row.name in names)
        if unknown := [name for name in self.sets if self.spec.weight_set(name) is None]:
            known = ", ".join(row.name for row in self.spec.weights) or "none"
            raise InstallFailed(f"{self.spec.title} has no weights named {', '.join(unknown)}; there are {known}.")
        return tuple(row for row in self.spec.weights if row.name in {*self.sets, *here})

    def _check_disk(self) -> None:
        present = sum(file.stat().st_size for file in self.place.root.rglob("*") if file.is_file() and not file.is_symlink()) / _MB
        free = shutil.disk_usage(self.place.root).free / _MB
        wanted = self.spec.needs.disk_mb - present
        if wanted > free:
            raise InstallFailed(
                f"{self.spec.title} needs {wanted / 1024:.1f} GB more on the disk, and {free / 1024:.1f} GB are free in {self.place.root}."
            )

    def _environment(self) -> None:
        packages, constraints = _packages(self.spec)
        words = [self.spec.python, *packages, constraints.read_text(encoding="utf-8") if constraints else ""]
        digest = hashlib.sha256("\n".join(words).encode()).hexdigest()
        if self.place.python.exists() and _mark(self.place.venv).get("digest") == digest:
            return
        if not self.place.python.exists() or _mark(self.place.venv).get("python") != self.spec.python:
            self.say(f"making the environment for Python {self.spec.python}")
            shutil.rmtree(self.place.venv, ignore_errors=True)
            python = find_python(self.spec.python)
            if python is None:
                raise InstallFailed(
                    f"{self.spec.title} needs Python {self.spec.python} with its venv module, which is not on the PATH here; "
                    f"install it (Debian: python{self.spec.python}-venv) and try again."
                )
            self._run([python, "-m", "venv", *([] if packages else ["--without-pip"]), str(self.place.venv)], "the environment")
            _write(self.place.venv / _MARK, {"python": self.spec.python})
        if packages:
            self.say(f"installing {', '.join(re.split(r'[^A-Za-z0-9._-]', package)[0] for package in packages)} and what they need")
            command = [str(self.place.python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet"]
            self._run([*command, *(["-c", str(constraints)] if constraints else []), *packages], "the packages")
        _write(self.place.venv / _MARK, {"python": self.spec.python, "digest": digest})

    def _source(self) -> None:
        wanted = self.spec.source
        if wanted is None or _mark(self.place.source).get("commit") == wanted.commit:
            return
        half = self.place.root / "source.part"
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir()
        repository = self.source or wanted.repository
        self.say(f"fetching its source from {repository}")
        if self.source is not None and not _is_git(self.source):
            for folder in wanted.folders or (".",):
                _copy(self.source / folder, half / folder)
        else:
            bare = self.place.root / "source.git"
            git = ["git", "--git-dir", str(bare)]
            if self.source is not None:
                git = ["git", "-C", str(self.source)]
            else:
                self._run(["git", "init", "--quiet", "--bare", str(bare)], "the source")
                self._run([*git, "fetch", "--quiet", "--depth", "1", wanted.repository, wanted.commit], "the source")
            archive = self._run([*git, "archive", "--format=zip", wanted.commit, *wanted.folders], "the source")
            # Not a tar: its extraction is safe only from Python 3.11.4 on, and Debian 12 has 3.11.2.
            with zipfile.ZipFile(io.BytesIO(archive)) as packed:
                packed.extractall(half)
            shutil.rmtree(bare, ignore_errors=True)
        _write(half / _MARK, {"commit": wanted.commit})
        shutil.rmtree(self.place.source, ignore_errors=True)
        half.rename(self.place.source)

    def _weights(self, chosen: tuple[WeightSet, ...]) -> dict[str, Mapping[str, Any]]:
        kept: dict[str, Mapping[str, Any]] = {}
        hub = hub_address(self.mirror)
        for row in chosen:
            folder = self.place.weights / row.name
            if _mark(folder).get("revision") not in (None, row.revision):
                shutil.rmtree(folder)
            folder.mkdir(parents=True, exist_ok=True)
            files: dict[str, Any] = _mark(folder).get("files", {})
            for file in row.files:
                place = folder / file
                known = files.get(file)
                if known is None or not place.is_file() or place.stat().st_size != known["bytes"]:
                    checksum = self._fetch(row, file, place, hub)
                    files[file] = {"bytes": place.stat().st_size, "hash": checksum}
                    _write(folder / _MARK, {"revision": row.revision, "files": files})
            kept[row.name] = {"revision": row.revision, "files": files}
        return kept

    def _fetch(self, row: WeightSet, file: str, place: Path, hub: str) -> str:
        if self.weights is None:
            return fetch_file(row, file, place, hub=hub, progress=lambda done, total: self.progress(f"{row.name}/{file}", done, total))
        found = find_file(self.weights, row, file)
        if found is None:
            raise InstallFailed(f"{self.weights} holds no {file} of {row.repository}.")
        self.say(f"taking {file} from {found.parent}")
        return copy_file(found, place, row, file)

    def _run(self, command: list[str], what: str) -> bytes:
        """The standard output of a program. Raises ``InstallFailed`` with its last words."""
        variables = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "PYTHONNOUSERSITE": "1"}
        for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"):
            variables.pop(name, None)
        try:
            answer = subprocess.run(command, capture_output=True, check=False, env=variables)
        except FileNotFoundError:
            raise InstallFailed(f"{command[0]} is not on this machine, and {what} of {self.spec.title} cannot be had without it.") from None
        if answer.returncode:
            last = "\n".join((answer.stdout + answer.stderr).decode(errors="replace").strip().splitlines()[-_LAST_LINES:])
            raise InstallFailed(f"{what.capitalize()} of {self.spec.title} could not be installed:\n{last}")
        return answer.stdout


def self_test(spec: Spec) -> None:
    """Start the worker and wait until it is ready. Raises ``InstallFailed``."""
    worker = Worker(spec)
    try:
        worker.start()
    except EngineFailed as error:
        words = worker.log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if worker.log.is_file() else []
        raise InstallFailed("\n".join([f"{spec.title} does not start:", *words[-_LAST_LINES:]])) from error
    finally:
        worker.stop()


def verify(spec: Spec, *, say: Callable[[str], None] = _quiet) -> tuple[str, ...]:
    """What is wrong with an installation, a sentence each; nothing where every file is as it came and the worker starts."""
    record, place = installed(spec), Place.of(spec.name)
    if record is None:
        return (f"{spec.title} is not installed as its description asks: “rigshot envs install {spec.name}”.",)
    wrong: list[str] = []
    for name, row in record.weights.items():
        for file, known in row["files"].items():
            path = place.weights / name / file
            say(f"reading {name}/{file}")
            if not path.is_file():
                wrong.append(f"{path} is gone.")
            elif path.stat().st_size != known["bytes"] or checksum_of(path, known["hash"].partition(":")[0]) != known["hash"]:
                wrong.append(f"{path} is not as it came.")
    if wrong:
        wrong.append(f"“rigshot envs remove {spec.name}” and then “install” puts that right.")
    try:
        self_test(spec)
    except InstallFailed as error:
        wrong.append(str(error))
    return tuple(wrong)


def remove(name: str, *, keep_weights: bool = False) -> int:
    """Delete an installation, all of it or all but its weights; answers with the megabytes that are free now."""
    root = Place.of(name).root
    if not root.is_dir():
        return 0
    with _alone(root):
        gone = 0
        for path in list(root.iterdir()):
            if keep_weights and path.name == "weights":
                continue
            files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
            gone += sum(file.lstat().st_size for file in files)
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    if not any(root.iterdir()):
        root.rmdir()
    return gone // _MB


def find_python(version: str) -> str | None:
    """An interpreter of that version with a venv module: our own, or one of the PATH."""
    code = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    for name in (f"python{version}", "python3", "python", sys.executable):
        path = shutil.which(name)
        if path is None:
            continue
        try:
            answer = subprocess.run([path, "-c", code], capture_output=True, text=True, check=False, timeout=60)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if answer.returncode == 0 and answer.stdout.strip() == version:
            return path
    return None


def _packages(spec: Spec) -> tuple[list[str], Path | None]:
    """What the engine's pyproject.toml asks for, and its file of constraints.

    Only the dependencies: an engine runs from its folder, and rigshot_env comes from ours (``places.worker_variables``).
    """
    project = spec.folder / "pyproject.toml"
    if not project.is_file():
        return [], None
    try:
        words = tomllib.loads(project.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InstallFailed(f"{project}: {error}") from error
    asked: list[str] = words.get("project", {}).get("dependencies", [])
    constraints = spec.folder / "constraints.txt"
    return [row for row in asked if not _is_own(row)], constraints if constraints.is_file() else None


def _is_own(requirement: str) -> bool:
    name = re.split(r"[\s<>=!~;\[@(]", requirement.strip(), maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower() == _OWN


def _is_git(folder: Path) -> bool:
    return (folder / ".git").exists() or ((folder / "HEAD").is_file() and (folder / "objects").is_dir())


def _copy(source: Path, place: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, place, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".git", "__pycache__"))
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, place)


def _mark(folder: Path) -> dict[str, Any]:
    try:
        words: dict[str, Any] = json.loads((folder / _MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return words


def _write(path: Path, words: Mapping[str, Any]) -> None:
    """Whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(words, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    part.replace(path)


@contextmanager
def _alone(root: Path) -> Generator[None, None, None]:
    """Nobody else installs or removes here meanwhile. Raises ``InstallFailed`` when somebody does."""
    with (root.parent / f".{root.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InstallFailed(f"Another command is at work in {root}; wait until it is done.") from error
        yield
