"""Step1X-3D's geometry, upstream's way against ours: seconds per stage, cold and warm, and the GPU's peak memory.

    python benchmarks/gpu/step1x3d.py --source …/Step1X-3D [--weights FOLDER] [--tiny] [--out build/step1x3d.json]

Run it with the Python of envs/step1x3d. Without --weights the checkpoint is made of random numbers in the published
architecture (--tiny: in a tiny one, to try the script on a CPU). A random field has no figure in it, so after the real decoder
has answered, its values are replaced by those of a dog made of capsules, truncated as a trained field is; --real keeps the
decoder's values.

Each way runs in a process of its own; the cold column adds its imports and loading to its first mesh. "Upstream" is upstream's own
call in fp32 up to the latents, its autoencoder in fp32, and marching cubes over the whole grid. Two of its parts are not run:
volume_decoders.py (non-commercial; our sampling asks the same network in fp32) and pymeshlab (GPL; our clean-up follows
instead, which is quicker).
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "envs" / "step1x3d"), str(ROOT / "envs" / "rigshot_env")]

_STAGES = ("import", "load", "encode", "denoise", "decode", "sample", "mesh", "total")
_TRUNCATION = 0.02  # of the field, in a cube from -1.05 to 1.05


def main() -> int:
    """Measure both ways and print the table."""
    arguments = _arguments()
    if arguments.child:
        print("\n" + json.dumps({"upstream": _upstream, "ours": _ours}[arguments.child](arguments)))
        return 0
    with tempfile.TemporaryDirectory(prefix="step1x3d-benchmark-") as place:
        if arguments.weights is None:
            arguments.weights = Path(place) / "weights"
            print(f"made a random checkpoint in {_clock(lambda: _write(arguments)):.1f} s", file=sys.stderr)
        picture = Path(place) / "cutout.png"
        _draw(picture)
        columns: dict[str, dict[str, Any]] = {}
        for way in ("upstream", "ours"):
            columns |= _measure(way, arguments, picture)
    _print(columns)
    words = {"machine": _machine(), "options": {name: str(value) for name, value in vars(arguments).items()}, "columns": columns}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(words, indent=1), encoding="utf-8")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--source", type=Path, required=True, help="a checkout of stepfun-ai/Step1X-3D")
    parser.add_argument("--weights", type=Path, help="the folder of the sets that engine.toml names; made of random numbers if left out")
    parser.add_argument("--variant", choices=("base", "label"), default="base")
    parser.add_argument("--tiny", action="store_true", help="a tiny architecture, for a CPU")
    parser.add_argument("--real", action="store_true", help="keep the decoder's values: for published weights")
    parser.add_argument("--device", default=None)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--octree", type=int, default=384)
    parser.add_argument("--warm", type=int, default=3, help="warm runs, of which the median counts")
    parser.add_argument("--out", type=Path, default=Path("build/step1x3d.json"))
    parser.add_argument("--picture", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--child", choices=("upstream", "ours"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    return arguments


def _measure(way: str, arguments: argparse.Namespace, picture: Path) -> dict[str, dict[str, Any]]:
    given = ["--source", arguments.source, "--weights", arguments.weights, "--variant", arguments.variant, "--child", way]
    given += ["--steps", arguments.steps, "--octree", arguments.octree, "--warm", arguments.warm, "--picture", picture]
    given += ["--device", arguments.device] if arguments.device else []
    given += ["--real"] if arguments.real else []
    command = [sys.executable, __file__, *map(str, given)]
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    columns: dict[str, dict[str, Any]] = json.loads(answer.splitlines()[-1])
    return columns


def _upstream(arguments: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Upstream's classes and call in fp32."""
    seconds: dict[str, float] = {}
    begun = time.perf_counter()
    import numpy as np
    import torch
    from rigshot_step1x3d.loading import keep_offline, with_local_names
    from rigshot_step1x3d.mesh import Triangles, clean
    from rigshot_step1x3d.upstream import import_upstream
    from rigshot_step1x3d.volume import sample
    from rigshot_step1x3d.weights import find_checkpoint
    from skimage.measure import marching_cubes

    upstream = import_upstream(arguments.source)
    seconds["import"] = time.perf_counter() - begun
    device = torch.device(arguments.device or ("cuda" if torch.cuda.is_available() else "cpu"))
    checkpoint = find_checkpoint(arguments.weights, arguments.variant)
    keep_offline(upstream, checkpoint, device)
    begun = time.perf_counter()
    with with_local_names(checkpoint) as folder:
        pipeline = upstream.pipeline.from_pretrained(str(folder), local_files_only=True).to(device)
    pipeline.set_progress_bar_config(disable=True)
    _wait(device)
    seconds["load"] = time.perf_counter() - begun
    figure = None if arguments.real else _figure(device)

    @torch.no_grad()
    def once() -> dict[str, float]:
        times: dict[str, float] = {}
        clock = _Clock(times, device)
        generator = torch.Generator(device).manual_seed(0)
        latents = pipeline(str(arguments.picture), num_inference_steps=arguments.steps, generator=generator, output_type="latent").mesh
        clock("denoise")  # its call encodes, too
        tokens = pipeline.vae.decode(latents)
        clock("decode")

        def field(points: Any) -> Any:
            values = pipeline.vae.query(points[None], tokens)[0, :, 0]
            return values if figure is None else figure(points)

        found = sample(field, resolution=arguments.octree, device=device)
        clock("sample")
        whole = np.full((arguments.octree + 1,) * 3, np.nan, dtype=np.float32)
        part = tuple(slice(low, low + side) for low, side in zip(found.origin, found.values.shape, strict=True))
        whole[part] = found.values
        vertices, faces, _, _ = marching_cubes(whole, 0.0, mask=_mask(whole.shape, part, found.cells))
        clean(Triangles(vertices=vertices.astype(np.float32), faces=faces.astype(np.int32)), faces=200_000)
        clock("mesh")
        return times

    return {
        "upstream cold": _column(seconds | once(), device, seconds),
        "upstream warm": _column(_median([once() for _ in range(max(1, arguments.warm - 1))]), device),
    }


def _ours(arguments: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Our engine: the first job, the second, which waits for the compiling, warm ones, one after a sleep in host memory."""
    begun = time.perf_counter()
    import torch
    from rigshot_step1x3d import loading
    from rigshot_step1x3d.engine import Engine
    from rigshot_step1x3d.picture import open_cutout
    from rigshot_step1x3d.request import GeometryOptions

    from rigshot_env import Job, Request

    if not arguments.real:
        ask = loading.Networks.field

        def field(self: Any, points: Any, tokens: Any) -> Any:
            ask(self, points, tokens)
            return _figure(points.device)(points)

        loading.Networks.field = field  # type: ignore[method-assign]
    engine = Engine(source=arguments.source, weights=arguments.weights, device=arguments.device)
    seconds = {"import": time.perf_counter() - begun}
    options = GeometryOptions(steps=arguments.steps, octree=arguments.octree, variant=arguments.variant)
    mesh = arguments.picture.with_name("mesh.npz")
    request = Request(id="1", stage="geometry", paths={"image": arguments.picture, "mesh": mesh})

    def once() -> dict[str, Any]:
        begun = time.perf_counter()
        values = engine.geometry(Job(request=request, emit=lambda _event: None), options, open_cutout(arguments.picture))
        return values | {"seconds": values["seconds"] | {"total": time.perf_counter() - begun}}

    def warm() -> dict[str, Any]:
        runs = [once() for _ in range(arguments.warm)]
        return _column(_median([run["seconds"] for run in runs]), engine.device) | {
            "queries": runs[0]["queries"],
            "faces": runs[0]["faces"],
        }

    first = once()
    columns = {"ours cold": _column(seconds | first["seconds"], engine.device, seconds) | {"compiled": first["compiled"]}}
    second = once()
    if second["compiled"] != (engine.device.type == "cuda"):
        raise RuntimeError("the transformer did not get compiled")
    columns["ours second"] = _column(second["seconds"], engine.device)
    columns["ours warm"] = warm()
    engine.sleep("ram")
    held = torch.cuda.memory_reserved(engine.device) // 2**20 if engine.device.type == "cuda" else 0
    columns["ours woken"] = _column(once()["seconds"], engine.device) | {"asleep_mb": held}
    return columns


class _Clock:
    """Writes down how long it is since it was last asked."""

    def __init__(self, times: dict[str, float], device: Any) -> None:
        self._times = times
        self._device = device
        self._last = time.perf_counter()

    def __call__(self, name: str) -> None:
        _wait(self._device)
        now = time.perf_counter()
        self._times[name] = now - self._last
        self._times["total"] = self._times.get("total", 0.0) + now - self._last
        self._last = now


def _column(times: Mapping[str, float], device: Any, before: Mapping[str, float] | None = None) -> dict[str, Any]:
    """A column of the table; what came ``before`` the job counts in its total."""
    import torch

    total = times["total"] + sum((before or {}).values())
    words: dict[str, Any] = {"seconds": {name: round(value, 3) for name, value in times.items()} | {"total": round(total, 3)}}
    if device.type == "cuda":
        words |= {
            "peak_mb": torch.cuda.max_memory_allocated(device) // 2**20,
            "reserved_mb": torch.cuda.max_memory_reserved(device) // 2**20,
        }
    return words


def _median(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    middle = sorted(runs, key=lambda run: run["total"])[len(runs) // 2]
    return dict(middle)


def _figure(device: Any) -> Callable[[Any], Any]:
    """The truncated distance field of a dog made of capsules, the same on every call."""
    import torch

    rows = [((0, 0.1, -0.5), (0, 0.1, 0.4), 0.2), ((0, 0.15, 0.4), (0, 0.55, 0.6), 0.12), ((0, 0.55, 0.6), (0, 0.5, 0.85), 0.1)]
    rows += [((x, 0.0, z), (x, -0.8, z), 0.06) for x in (-0.14, 0.14) for z in (-0.45, 0.35)]
    rows += [((0, 0.15, -0.5), (0, 0.5, -0.85), 0.04)]
    starts, ends = (torch.tensor([row[place] for row in rows], device=device, dtype=torch.float32) for place in (0, 1))
    radii = torch.tensor([row[2] for row in rows], device=device)

    def field(points: Any) -> Any:
        values = torch.full((len(points),), -1.0, device=points.device)
        for start, end, radius in zip(starts, ends, radii, strict=True):
            along = end - start
            share = ((points - start) @ along / along.dot(along)).clamp(0, 1)
            fur = 0.004 * torch.sin(60 * points).prod(dim=-1)  # bumps, for as many faces as a real figure has
            values = torch.maximum(values, radius + fur - (points - start - share[:, None] * along).norm(dim=-1))
        return (values / _TRUNCATION).clamp(-1, 1)

    return field


def _mask(shape: tuple[int, ...], part: tuple[slice, ...], cells: Any) -> Any:
    import numpy as np

    mask = np.zeros(shape, dtype=bool)
    mask[tuple(slice(place.start + 1, place.stop) for place in part)] = cells
    return mask


def _write(arguments: argparse.Namespace) -> None:
    """The random checkpoint, in a process of its own: what it leaves in memory must not be measured."""
    script = (
        "import sys; from pathlib import Path; from rigshot_step1x3d.upstream import import_upstream;"
        "from rigshot_step1x3d.random_weights import REAL, TINY, write_checkpoint;"
        "size = TINY if sys.argv[4] == 'True' else REAL;"
        "write_checkpoint(Path(sys.argv[2]), import_upstream(Path(sys.argv[1])), size, variant=sys.argv[3])"
    )
    given = [str(arguments.source), str(arguments.weights), arguments.variant, str(arguments.tiny)]
    paths = os.pathsep.join([*sys.path[:2], *filter(None, [os.environ.get("PYTHONPATH")])])
    subprocess.run([sys.executable, "-c", script, *given], env=os.environ | {"PYTHONPATH": paths}, stdout=sys.stderr, check=True)


def _draw(path: Path) -> None:
    from PIL import Image, ImageDraw

    picture = Image.new("RGBA", (768, 768))
    draw = ImageDraw.Draw(picture)
    for box in ((150, 300, 560, 480), (500, 150, 680, 320), (180, 400, 240, 660), (460, 400, 520, 660)):
        draw.ellipse(box, fill=(170, 120, 60, 255))
    picture.save(path)


def _clock(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _wait(device: Any) -> None:
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _print(columns: Mapping[str, Mapping[str, Any]]) -> None:
    names = list(columns)
    print(f"{'':15}" + "".join(f"{name:>16}" for name in names))
    for stage in _STAGES:
        cells = (columns[name]["seconds"].get(stage) for name in names)
        print(f"{stage:15}" + "".join(f"{'' if cell is None else f'{cell:.3f}':>16}" for cell in cells))
    for key in ("peak_mb", "reserved_mb", "asleep_mb", "queries", "faces"):
        cells = (columns[name].get(key) for name in names)
        print(f"{key:15}" + "".join(f"{'' if cell is None else cell:>16}" for cell in cells))


def _machine() -> dict[str, str]:
    import torch

    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    card = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    libraries = {name: version(name) for name in ("torch", "diffusers", "transformers", "scikit-image", "fast-simplification")}
    return {"gpu": card, "python": platform.python_version(), "commit": commit} | libraries


if __name__ == "__main__":
    raise SystemExit(main())
