"""How quick the UniRig environment is on a GPU: every step upstream's way and ours in one run, and the worker cold and warm.

    VENV/bin/python benchmarks/gpu/unirig.py --source UNIRIG [--device cuda] [--out build/unirig.json]
    VENV/bin/python benchmarks/gpu/unirig.py --source UNIRIG --small          on any machine: does the script itself run?

VENV is the environment's own; --source names a checkout of UniRig at the commit in ``engine.toml``. The architectures are the
published ones (tests hold their sizes to those of the published files), the weights are random: the skeleton network is made to
say a known skeleton of 289 tokens, and computes for it all that it would for any other. "Upstream's way" is its own
``generate`` and ``predict_step`` under bf16 autocast, as its trainer sets it, with its own grammar, on the same points; its compiled
packages are replaced in both columns, so what spconv or flash-attention would change is not in the table, nor is Blender's
part of its pipeline. Reading the checkpoints is in the cold row alone.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from timing import timed

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / "envs" / "unirig"
sys.path[:0] = [str(ENVIRONMENT), str(ROOT / "envs" / "rigshot_env"), str(ROOT / "tests" / "tools")]

from rigshot_unirig.generating import encode, generate  # noqa: E402
from rigshot_unirig.grammar import Grammar  # noqa: E402
from rigshot_unirig.mesh import Box, prepare, sample, to_upstream  # noqa: E402
from rigshot_unirig.networks import Networks, chosen_device  # noqa: E402
from rigshot_unirig.prior import voxel_prior  # noqa: E402
from rigshot_unirig.settings import Settings  # noqa: E402
from rigshot_unirig.skinning import chunk_for, predict_weights  # noqa: E402
from unirig_kit import DOG, dog, skeleton_of, small_source, tokens_of  # noqa: E402

SEED = 1
FINGERS = 30  # joints beyond the dog's, so that a skeleton has 289 tokens; some two hundred are usual
UPSTREAM_CHUNK = 512  # points at once in upstream's configuration of the skin network


@dataclass(frozen=True, kw_only=True)
class Row:
    """``first`` and ``warm`` (median) in seconds; ``peak_mb`` the most that torch held of the GPU meanwhile."""

    step: str
    way: str
    first: float
    warm: float
    peak_mb: int


class Bench:
    """Rows of the table as they are measured."""

    def __init__(self, device: torch.device, repeats: int) -> None:
        self.device = device
        self.repeats = repeats
        self.rows: list[Row] = []

    def measure(self, step: str, way: str, work: Callable[[], object]) -> None:
        """Run ``work`` once, then ``repeats`` times more."""
        taken = timed(work, self.device, repeats=self.repeats)
        self.add(Row(step=step, way=way, first=taken.first, warm=taken.warm, peak_mb=taken.peak_mb))

    def add(self, row: Row) -> None:
        """A row, told at once."""
        self.rows.append(row)
        print(f"{row.step:<34} {row.way:<12} first {row.first:8.3f} s   warm {row.warm:8.3f} s   peak {row.peak_mb:6d} MB", flush=True)


class Subject:
    """The dog, its skeleton with a bundle of short bones in the body, and the tokens that say it."""

    def __init__(self) -> None:
        self.vertices, self.faces = dog()
        joints, parents = skeleton_of(DOG)
        angle = np.linspace(0, 2 * np.pi, FINGERS, endpoint=False)
        around = np.stack([0.1 * np.cos(angle), 0.62 + 0.1 * np.sin(angle), np.linspace(-0.2, 0.2, FINGERS)], 1)
        self.joints = np.concatenate([joints, around]).astype(np.float32)
        self.parents = np.concatenate([parents, np.ones(FINGERS, np.int32)]).astype(np.int32)
        self.mesh = prepare(self.vertices, self.faces)
        self.box = Box.around(self.mesh.vertices)
        self.tokens = tokens_of(self.box.inside(to_upstream(self.joints)), self.parents)


def networks_side_by_side(bench: Bench, settings: Settings, folder: Path, subject: Subject) -> None:
    """Every step of both networks, upstream's way and ours."""
    networks = Networks(settings, folder / "weights", folder / "cache", bench.device)
    skeleton = networks.get("skeleton")
    skeleton.tokenizer = upstreams_tokeniser(settings.source)
    points = settings.skeleton_points
    places = subject.box.inside(subject.mesh.vertices)
    samples = sample(subject.mesh, places, count=points.count, of_vertices=points.of_vertices, seed=SEED)
    vertices, normals = (torch.from_numpy(array).to(bench.device) for array in (samples.points, samples.normals))
    bf16 = torch.autocast(bench.device.type, torch.bfloat16)
    drawn = {**settings.sampling.extra, "num_beams": settings.sampling.beams, "max_new_tokens": settings.sampling.most_tokens}

    def upstream_encodes() -> None:
        with torch.no_grad(), bf16:
            skeleton.encode_mesh_cond(vertices=vertices, normals=normals)

    def upstream_draws() -> None:
        torch.manual_seed(SEED)
        with bf16:
            found = skeleton.generate(vertices=vertices, normals=normals, cls=settings.sampling.skeleton_class, **drawn)
        assert len(found.joints) == len(subject.joints)

    bench.measure("mesh encoder", "upstream's", upstream_encodes)
    bench.measure("mesh encoder", "ours", lambda: encode(skeleton, samples))
    bench.measure("skeleton, encoder included", "upstream's", upstream_draws)
    for beams in dict.fromkeys((settings.sampling.beams, min(5, settings.sampling.beams))):
        name = "skeleton, encoder included" + ("" if beams == settings.sampling.beams else f", {beams} beams")
        bench.measure(name, "ours", lambda beams=beams: own_skeleton(skeleton, settings, samples, subject, beams))
    skins(bench, networks, settings, subject)


def own_skeleton(network: Any, settings: Settings, samples: Any, subject: Subject, beams: int) -> None:
    """A skeleton our way; fails if it is not the one that the weights say."""
    grammar = Grammar(vocabulary=settings.vocabulary, skeleton_class=settings.sampling.skeleton_class)
    conditions = encode(network, samples)
    most = settings.sampling.most_tokens
    found = generate(network, conditions, grammar, settings.sampling, beams=beams, most_tokens=most, seed=SEED, tick=lambda _: None)
    assert found == [*grammar.prefix, *subject.tokens, settings.vocabulary.eos], "the weights say another skeleton"


def skins(bench: Bench, networks: Networks, settings: Settings, subject: Subject) -> None:
    """The voxel prior on one core and on all, and the skin network."""
    joints = to_upstream(subject.joints)
    inside = subject.box.inside(subject.mesh.vertices), subject.mesh.faces, subject.box.inside(joints)
    alone = replace(settings.prior, processes=1, seconds=3600.0)
    bench.measure("voxel prior (CPU)", "one core", lambda: voxel_prior(*inside, alone, lambda _: None))
    bench.measure("voxel prior (CPU)", "ours", lambda: voxel_prior(*inside, settings.prior, lambda _: None))
    prior, _ = voxel_prior(*inside, settings.prior, lambda _: None)
    network = networks.get("skin")
    points = settings.skin_points
    samples = sample(subject.mesh, inside[0], count=points.count, of_vertices=points.of_vertices, seed=SEED)

    def weights(chunk: int) -> None:
        given = samples.of(prior, subject.mesh.faces)
        predict_weights(network, samples, inside[2], inside[2], subject.parents, given, seed=SEED, chunk=chunk, tick=lambda _: None)

    def upstream_weights() -> None:
        with torch.no_grad(), torch.autocast(bench.device.type, torch.bfloat16):
            network.num_train_vertex = UPSTREAM_CHUNK
            network.predict_step(upstream_batch(samples, inside[2], subject.parents, samples.of(prior, subject.mesh.faces), bench.device))

    bench.measure("skin network", "upstream's", upstream_weights)
    bench.measure("skin network", "ours", lambda: weights(chunk_for(len(joints))))


def upstream_batch(samples: Any, joints: Any, parents: Any, prior: Any, device: torch.device) -> dict[str, Any]:
    """What upstream's loader would hand to its network."""
    arrays = {"vertices": samples.points, "normals": samples.normals, "joints": joints, "tails": joints, "voxel_skin": prior}
    arrays["parents"] = parents.astype(np.int64)
    batch: dict[str, Any] = {name: torch.from_numpy(array)[None].to(device) for name, array in arrays.items()}
    return {**batch, "num_bones": torch.tensor([len(joints)]), "offset": torch.tensor([len(samples.points)], device=device)}


def upstreams_tokeniser(source: Path) -> Any:
    """Its own, with its own grammar."""
    import yaml
    from box import Box as Words
    from src.tokenizer.parse import get_tokenizer
    from src.tokenizer.spec import TokenizerConfig

    os.chdir(source)
    words = yaml.safe_load((source / "configs" / "tokenizer" / "tokenizer_parts_articulationxl_256.yaml").read_text())
    return get_tokenizer(TokenizerConfig.parse(Words(words)))


def worker_cold_and_warm(bench: Bench, folder: Path, subject: Subject, device: str, beams: int | None) -> None:
    """The worker as Rigshot runs it: the first request loads and, once for all time, converts the checkpoint."""
    np.savez(folder / "dog.npz", vertices=subject.vertices, faces=subject.faces)
    places = {f"RIGSHOT_ENGINE_{name}": str(folder / name.lower()) for name in ("SOURCE", "WEIGHTS", "CACHE")}
    environment = {**os.environ, **places, "RIGSHOT_ENGINE_DEVICE": device, "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, str(ENVIRONMENT / "worker.py")]
    begun = time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=folder) as process:
        assert process.stdin is not None and process.stdout is not None
        number = 0

        def ask(**words: Any) -> dict[str, Any]:
            nonlocal number
            number += 1
            process.stdin.write(json.dumps({"id": str(number), **words}) + "\n")  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
            while (event := json.loads(process.stdout.readline()))["event"] != "result":  # type: ignore[union-attr]
                assert event["event"] in ("progress", "warning", "ready"), event
            return event["values"]

        paths = {name: str(folder / f"{name}.npz") for name in ("dog", "rig", "weighted")}
        for stage in ("skeleton", "skin"):
            request = {"stage": stage, "paths": {"mesh": paths["dog"], "rig": paths["rig"], "weighted": paths["weighted"]}}
            request["parameters"] = {"seed": SEED, **({"beams": beams} if beams and stage == "skeleton" else {})}
            seconds, peak = [], 0
            for _ in range(1 + bench.repeats):
                values = ask(**request)
                seconds.append(time.perf_counter() - begun)
                peak = max(peak, values["gpu_peak_mb"])
                begun = time.perf_counter()
            warm = statistics.median(seconds[1:])
            bench.add(Row(step=f"worker: {stage}, cold then warm", way="ours", first=seconds[0], warm=warm, peak_mb=peak))
            print(f"    of the last: {json.dumps(values['seconds'])}")
        ask(op="sleep", level="ram")
        begun = time.perf_counter()
        ask(**request)
        slept = time.perf_counter() - begun
        bench.add(Row(step="worker: skin after sleep in RAM", way="ours", first=slept, warm=slept, peak_mb=peak))
        process.stdin.write('{"op": "stop"}\n')


def table(rows: list[Row]) -> str:
    """The rows as Markdown."""
    lines = ["| step | way | first, s | warm, s | peak, MB |", "|---|---|---:|---:|---:|"]
    lines += [f"| {row.step} | {row.way} | {row.first:.3f} | {row.warm:.3f} | {row.peak_mb} |" for row in rows]
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--source", type=Path, required=True, help="a checkout of UniRig")
    parser.add_argument("--device", default="", help="cuda, cuda:N or cpu; default: cuda where there is one")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--small", action="store_true", help="networks of a few thousand parameters: to see that the script runs")
    parser.add_argument("--folder", type=Path, help="where weights are made and kept (6 GB); default: a new one that goes again")
    parser.add_argument("--beams", type=int, help="other than upstream's 15")
    parser.add_argument("--out", type=Path, help="write the rows as JSON, too")
    chosen = parser.parse_args()
    device = chosen_device(chosen.device)
    with tempfile.TemporaryDirectory(prefix="unirig-bench-") as made:
        folder = (chosen.folder or Path(made)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        rows = measured(folder, chosen.source.resolve(), device, chosen.small, chosen.repeats, chosen.beams)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    sizes = "SMALL networks: the script's own test, no measurement" if chosen.small else "real architectures, random weights"
    print(f"\n{name}, torch {torch.__version__}, {sizes}\n\n{table(rows)}")
    if chosen.out:
        chosen.out.write_text(json.dumps({"device": name, "torch": torch.__version__, "sizes": sizes, "rows": [vars(row) for row in rows]}))


def measured(folder: Path, upstream: Path, device: torch.device, small: bool, repeats: int, beams: int | None) -> list[Row]:
    """All rows."""
    bench, subject, source = Bench(device, repeats), Subject(), folder / "source"
    if not source.exists():
        if small:
            source.mkdir()
            small_source(upstream, source, most_tokens=400)
        else:
            source.symlink_to(upstream)
    settings = Settings.of(source.resolve() if not small else source)
    if beams:
        settings = replace(settings, sampling=replace(settings.sampling, beams=beams))
    if not (folder / "weights").exists():
        command = [sys.executable, "-m", "rigshot_unirig.random_weights", str(source), str(folder / "weights")]
        tokens = json.dumps([*subject.tokens, settings.vocabulary.eos])
        paths = os.pathsep.join([*sys.path[:3], *filter(None, [os.environ.get("PYTHONPATH")])])
        subprocess.run([*command, tokens], env=os.environ | {"PYTHONPATH": paths}, check=True, stdout=subprocess.DEVNULL)
    worker_cold_and_warm(bench, folder, subject, str(device), beams)
    networks_side_by_side(bench, settings, folder, subject)
    return bench.rows


if __name__ == "__main__":
    main()
