"""How quick the preprocess environment is on a GPU: every network, and the stages that are made of them.

    VENV/bin/python benchmarks/gpu/preprocess.py --source BIREFNET [--qwen] [--out build/preprocess.json]
    VENV/bin/python benchmarks/gpu/preprocess.py --tiny                  on any machine: does the script itself run?

VENV is the environment's own; --source names a checkout of BiRefNet at the commit in ``engine.toml``. The architectures are the
published ones (tests hold their sizes to those of the published files), the weights are random: the times are those of the real
networks, the pictures mean nothing, and what reading 16 or 58 GB from a disk takes is not in here. Prompts are of the length that ours
have in the real tokenizer's tokens. ``--qwen`` needs 60 GB of memory and a card of 80 GB.
"""

import argparse
import gc
import json
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from timing import timed

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / part) for part in ("envs/preprocess", "envs/rigshot_env", "tests/envs")]

import tiny_preprocess as tiny  # noqa: E402
from rigshot_preprocess import birefnet, detecting, editing, features, matting, prompts, upscaling  # noqa: E402
from rigshot_preprocess.residency import Loaded, Shelf, chosen_device  # noqa: E402

PROMPT_TOKENS = 300
"""Our instructions have 1200 to 1500 letters; the stand-in for a tokenizer makes a token of each letter."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """``first`` and ``warm`` (median) in seconds; ``peak_mb`` the most that torch held of the GPU meanwhile."""

    name: str
    first: float
    warm: float
    peak_mb: int


class Bench:
    """Rows of the table as they are measured."""

    def __init__(self, device: torch.device, repeats: int) -> None:
        self.device = device
        self.repeats = repeats
        self.rows: list[Row] = []

    def measure(self, name: str, work: Callable[[], object]) -> None:
        """Run ``work`` once, then ``repeats`` times more."""
        taken = timed(work, self.device, repeats=self.repeats)
        row = Row(name=name, first=taken.first, warm=taken.warm, peak_mb=taken.peak_mb)
        self.rows.append(row)
        print(f"{row.name:<58} first {row.first:8.3f} s   warm {row.warm:8.3f} s   peak {row.peak_mb:6d} MB", flush=True)


def main() -> int:
    """Measure, print the table, and write it down."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--source", type=Path, help="a checkout of BiRefNet")
    parser.add_argument("--tiny", action="store_true", help="tiny networks and pictures")
    parser.add_argument("--qwen", action="store_true", help="Qwen-Image-Edit as well")
    parser.add_argument("--editors-only", action="store_true", help="leave out all but the editors")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "preprocess.json")
    chosen = parser.parse_args()
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    torch.manual_seed(0)
    torch.set_float32_matmul_precision("high")
    device = chosen_device()
    bench = Bench(device, 1 if chosen.tiny else chosen.repeats)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    print(f"{name}, torch {torch.__version__}, random weights{', tiny networks: no figure here means anything' if chosen.tiny else ''}")
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"RIGSHOT_ENGINE_WEIGHTS": folder, "RIGSHOT_ENGINE_CACHE": f"{folder}/cache"}
        shelf = Shelf(device)
        if chosen.tiny:
            tiny.make_all(Path(folder))
            tiny.make_realesrgan(Path(folder))
            tiny.make_rembg(Path(folder))
        if not chosen.editors_only:
            _enhance(bench, shelf, tiny_ones=chosen.tiny)
            _cutout(bench, shelf, chosen.source, tiny_ones=chosen.tiny)
            _look(bench, shelf, tiny_ones=chosen.tiny)
        for editor in ("flux", "qwen") if chosen.qwen or chosen.tiny else ("flux",):
            shelf.sleep("out")
            _edit(bench, shelf, editor, tiny_ones=chosen.tiny)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    words = {"device": name, "torch": torch.__version__, "tiny": chosen.tiny, "rows": [asdict(row) for row in bench.rows]}
    chosen.out.write_text(json.dumps(words, indent=1), encoding="utf-8")
    return 0


def _picture(height: int, width: int) -> Any:
    picture = np.random.default_rng(0).integers(100, 110, (height, width, 3), dtype=np.uint8)
    picture[height // 4 : height * 3 // 4, width // 4 : width * 3 // 4] = (230, 30, 30)
    return picture


def _nothing(_: float) -> None:
    pass


def _enhance(bench: Bench, shelf: Shelf, *, tiny_ones: bool) -> None:
    side = 48 if tiny_ones else 512
    builders = {"swin2sr": _swin2sr, "realesrgan": _realesrgan}
    for name in builders:
        with nullcontext() if tiny_ones else shelf.use(name, builders[name]):
            pass
        work = partial(upscaling.enlarge, shelf, _picture(side, side), scale=4, model=name, progress=_nothing)
        bench.measure(f"enhance {side} -> {4 * side}, {name}, fp32 with TF32", work)
    shelf.sleep("out")


def _swin2sr() -> Loaded:
    from transformers import Swin2SRConfig, Swin2SRForImageSuperResolution

    config = Swin2SRConfig(
        embed_dim=180, depths=[6] * 6, num_heads=[6] * 6, window_size=8, upscale=4, img_range=1.0, upsampler="nearest+conv"
    )
    model = Swin2SRForImageSuperResolution(config).eval()
    return Loaded(value=lambda batch: model(pixel_values=batch).reconstruction, modules=(model,))


def _realesrgan() -> Loaded:
    from spandrel.architectures.ESRGAN.__arch.RRDB import RRDBNet

    model = RRDBNet(num_filters=64, num_blocks=23, scale=4).eval()
    return Loaded(value=model, modules=(model,))


def _cutout(bench: Bench, shelf: Shelf, source: Path | None, *, tiny_ones: bool) -> None:
    side = 128 if tiny_ones else 1024
    if source is None:
        print("no --source: BiRefNet is left out")
    else:
        network = birefnet.build_network(source).to(bench.device).eval()
        batch = torch.randn(1, 3, side, side, device=bench.device)

        def forward(dtype: torch.dtype, autocast: bool) -> None:
            scope = torch.autocast(bench.device.type, torch.float16) if autocast else nullcontext()
            with torch.inference_mode(), scope:
                network(batch.to(dtype))

        if bench.device.type == "cuda":
            bench.measure(f"BiRefNet {side}, fp32 with TF32", partial(forward, torch.float32, False))
            bench.measure(f"BiRefNet {side}, fp16 by autocast (upstream's way)", partial(forward, torch.float32, True))
            network.half()
            bench.measure(f"BiRefNet {side}, fp16 weights (ours)", partial(forward, torch.float16, False))
        else:
            bench.measure(f"BiRefNet {side}, fp32", partial(forward, torch.float32, False))
        dtype = torch.float16 if bench.device.type == "cuda" else torch.float32

        def probability(picture: Any) -> Any:
            with torch.inference_mode():
                return network(matting._normalised(picture).to(bench.device, dtype))[-1][0, 0].float().sigmoid().cpu().numpy()

        if not tiny_ones:
            with shelf.use("birefnet", lambda: Loaded(value=probability, modules=(network,))):
                pass
            work = partial(matting.cut_out, shelf, _picture(1536, 2048), model="birefnet", progress=_nothing)
            bench.measure("cutout 2048 x 1536, as a stage", work)
    if tiny_ones:
        bench.measure("cutout, rembg's session", partial(matting.cut_out, shelf, _picture(96, 128), model="rembg", progress=_nothing))
    shelf.sleep("out")


def _look(bench: Bench, shelf: Shelf, *, tiny_ones: bool) -> None:
    picture = _picture(96, 128) if tiny_ones else _picture(1536, 2048)
    if not tiny_ones:
        for name, build in (("rtdetr", _rtdetr), ("vitpose-animal", _vitpose), ("dinov2", partial(_dinov2, bench.device))):
            with shelf.use(name, build):
                pass
    bench.measure("detect: boxes, RT-DETR v2 R50", partial(detecting.find_subjects, shelf, picture))
    box = (picture.shape[1] / 4, picture.shape[0] / 4, picture.shape[1] / 2, picture.shape[0] / 2)
    if tiny_ones:
        found = [detecting.Found(box=box, label="dog", score=1.0)]
        bench.measure("detect: key points, ViTPose-B", partial(detecting.key_points, shelf, picture, found))
    else:
        bench.measure("detect: key points, ViTPose-B", partial(detecting._poses, shelf, "vitpose-animal", picture, [box]))
    alpha = np.where(picture[..., 0] > 200, 255, 0).astype(np.uint8)
    bench.measure("identity: features, DINOv2-B", partial(features.subject_of, shelf, picture, alpha))
    shelf.sleep("out")


def _rtdetr() -> Loaded:
    from transformers import RTDetrV2Config, RTDetrV2ForObjectDetection
    from transformers.models.rt_detr.image_processing_pil_rt_detr import RTDetrImageProcessorPil

    model = RTDetrV2ForObjectDetection(RTDetrV2Config(num_labels=80)).eval()
    return Loaded(value=(model, RTDetrImageProcessorPil()), modules=(model,))


def _vitpose() -> Loaded:
    from transformers import VitPoseBackboneConfig, VitPoseConfig, VitPoseForPoseEstimation
    from transformers.models.vitpose.image_processing_pil_vitpose import VitPoseImageProcessorPil

    backbone = VitPoseBackboneConfig(out_indices=[12])
    model = VitPoseForPoseEstimation(VitPoseConfig(backbone_config=backbone, use_simple_decoder=False, num_labels=17)).eval()
    return Loaded(value=(model, VitPoseImageProcessorPil(), False), modules=(model,))


def _dinov2(device: torch.device) -> Loaded:
    from transformers import Dinov2Config, Dinov2Model

    model = Dinov2Model(Dinov2Config(image_size=518, patch_size=14)).eval().to(torch.float16 if device.type == "cuda" else torch.float32)
    return Loaded(value=model, modules=(model,))


def _edit(bench: Bench, shelf: Shelf, name: editing.EditorName, *, tiny_ones: bool) -> None:
    if not tiny_ones:
        editor = _flux() if name == "flux" else _qwen(bench.device)
        with shelf.use(name, lambda: Loaded(value=editor, work=5 << 30, close=editor.close)):
            pass
    wish = prompts.Wish(plan="quadruped", species="cat")
    size = (96, 64) if tiny_ones else prompts.size_for(wish)
    shown = _picture(64, 96) if tiny_ones else _picture(896, 1152)
    words = prompts.instruction(wish)[:PROMPT_TOKENS]
    work = partial(editing.edit, shelf, name, shown, words=words, size=size, seed=1, progress=_nothing)
    work()
    held: editing.Editor = shelf.value(name)
    print(f"{name} lies on the device: {held.placement}")
    bench.measure(f"edit {size[0]} x {size[1]}, {held.steps} steps, {name}, {held.placement}", work)
    rungs: tuple[editing.Placement, ...] = ("layer", "tiled")
    for rung in rungs if name == "flux" else ():
        editing._place(shelf, name, held, rung)
        bench.measure(f"edit {size[0]} x {size[1]}, {held.steps} steps, {name}, {rung}", work)
    gc.collect()


_BLOCK = 1 << 24


def _random(build: Callable[[], Any], device: torch.device | str = "cpu") -> Any:
    """The network in bf16 with small random weights, never in fp32: twice 58 GB would not fit. One block of noise is laid end to end
    (numbers drawn one by one would take minutes, equal ones would let the GPU run faster than it does)."""
    from accelerate import init_empty_weights

    with init_empty_weights(include_buffers=False):  # tables of rotations are computed at the building, and are no weights
        module = build()
    noise = (0.02 * torch.randn(_BLOCK)).to(device, torch.bfloat16)
    for part in module.modules():
        for name, parameter in part._parameters.items():
            if parameter is not None:
                values = torch.empty(parameter.shape, dtype=torch.bfloat16, device=device)
                for piece in values.view(-1).split(_BLOCK):
                    piece.copy_(noise[: len(piece)])
                part._parameters[name] = torch.nn.Parameter(values, requires_grad=False)
    if hasattr(module, "tie_weights"):
        module.tie_weights()
    return module.to(device).eval()


def _flux() -> editing.Editor:
    from diffusers import AutoencoderKLFlux2, FlowMatchEulerDiscreteScheduler, Flux2KleinPipeline, Flux2Transformer2DModel
    from transformers import Qwen3Config, Qwen3ForCausalLM

    text = Qwen3Config(
        hidden_size=2560, intermediate_size=9728, num_hidden_layers=36, num_attention_heads=32, num_key_value_heads=8, head_dim=128
    )
    settings = {"num_layers": 5, "num_single_layers": 20, "num_attention_heads": 24, "joint_attention_dim": 7680, "guidance_embeds": False}
    pipeline = Flux2KleinPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=_random(AutoencoderKLFlux2),
        text_encoder=_random(partial(Qwen3ForCausalLM, text)),
        tokenizer=tiny.qwen_tokenizer(),
        transformer=_random(partial(Flux2Transformer2DModel, **settings)),
        is_distilled=True,
    )
    pipeline.set_progress_bar_config(disable=True)
    return editing.Editor(pipeline=pipeline, arguments={"num_inference_steps": 4, "guidance_scale": 1.0})


def _qwen(device: torch.device) -> editing.Editor:
    """Made where it is used, for to carry 58 GB there takes longer than all the rest; so it is only measured as a whole."""
    from diffusers import AutoencoderKLQwenImage, FlowMatchEulerDiscreteScheduler, QwenImageEditPlusPipeline, QwenImageTransformer2DModel
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    tokenizer = tiny.qwen_tokenizer()
    numbers = tiny.vision_numbers(tokenizer)
    text = {"vocab_size": 152064, "hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28, "num_attention_heads": 28}
    text |= {"num_key_value_heads": 4, "rope_parameters": {"rope_type": "default", "mrope_section": [16, 24, 24], "rope_theta": 1e6}}
    sight = {"depth": 32, "hidden_size": 1280, "intermediate_size": 3420, "num_heads": 16, "out_hidden_size": 3584}
    sight |= {"fullatt_block_indexes": [7, 15, 23, 31], "window_size": 112}
    config = Qwen2_5_VLConfig(text_config=text, vision_config=sight, **numbers)
    pipeline = QwenImageEditPlusPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler.from_config(editing.LIGHTNING_SCHEDULER),
        vae=_random(AutoencoderKLQwenImage, device),
        text_encoder=_random(partial(Qwen2_5_VLForConditionalGeneration, config), device),
        tokenizer=tokenizer,
        processor=tiny.qwen_processor(tokenizer),
        transformer=_random(partial(QwenImageTransformer2DModel, zero_cond_t=True), device),
    )
    pipeline.set_progress_bar_config(disable=True)
    return editing.Editor(pipeline=pipeline, arguments={"num_inference_steps": 4, "true_cfg_scale": 1.0}, placement="whole")


if __name__ == "__main__":
    raise SystemExit(main())
