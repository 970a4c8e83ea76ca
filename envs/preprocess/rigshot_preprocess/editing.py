"""The two models that turn a photo's subject around and set it on its feet, both by instruction, both in a few steps.

``qwen``: Qwen-Image-Edit-2511 (20 billion parameters and a text encoder of 8) with the LoRA that distils it to four steps; without the
LoRA it takes forty with guidance, as its makers say. ``flux``: FLUX.2 klein 4B, distilled to four steps from the start.
"""

import gc
import math
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file

from rigshot_env import MissingWeights

from .places import has_weights, weights_folder
from .residency import Loaded, Placement, Shelf, bytes_of, first_that_fits, placement
from .wishes import Pixels

__all__ = ["LIGHTNING_SCHEDULER", "Editor", "best_editor", "edit", "load_flux", "load_qwen", "lora_weights"]

EditorName = Literal["qwen", "flux"]
Progress = Callable[[float], None]

LIGHTNING_SCHEDULER: dict[str, Any] = {
    "base_image_seq_len": 256,
    "base_shift": math.log(3),
    "invert_sigmas": False,
    "max_image_seq_len": 8192,
    "max_shift": math.log(3),
    "num_train_timesteps": 1000,
    "shift": 1.0,
    "shift_terminal": None,
    "stochastic_sampling": False,
    "time_shift_type": "exponential",
    "use_beta_sigmas": False,
    "use_dynamic_shifting": True,
    "use_exponential_sigmas": False,
    "use_karras_sigmas": False,
}
"""The noise levels that the LoRA was distilled with, as its publishers give them: a constant shift of 3 whatever the picture's size."""
_WORK = 5 << 30
"""Bytes for activations at a megapixel with a megapixel of reference beside it: on an H100 it was 3.2 GiB (flux), 4.2 GiB (qwen)."""
_LADDER: tuple[Placement, ...] = ("whole", "layer", "tiled")


@dataclass
class Editor:
    """A pipeline with the ``arguments`` it is called with (steps, guidance), and how it lies in memory, once that is settled."""

    pipeline: Any
    arguments: dict[str, Any]
    placement: Placement | None = None

    @property
    def steps(self) -> int:
        """Denoising steps for a picture."""
        return int(self.arguments["num_inference_steps"])

    def modules(self) -> dict[str, torch.nn.Module]:
        """The networks by their names in the pipeline."""
        return {name: part for name, part in self.pipeline.components.items() if isinstance(part, torch.nn.Module)}

    def close(self) -> None:
        """Let go of the hooks, which hold the networks."""
        self.pipeline.remove_all_hooks()


def best_editor() -> EditorName:
    """The better one that is here. Raises MissingWeights where none is."""
    for name in ("qwen", "flux"):
        if has_weights(name):
            return name
    raise MissingWeights("no weights for editing are installed: rigshot envs install preprocess --weights flux (16 GB) or qwen (58 GB)")


def load_flux(device: torch.device) -> Editor:
    """FLUX.2 klein from its folder as on the hub."""
    from diffusers import Flux2KleinPipeline

    pipeline = _pipeline(Flux2KleinPipeline, "flux", device)
    return Editor(pipeline=pipeline, arguments={"num_inference_steps": 4, "guidance_scale": 1.0})


def load_qwen(device: torch.device) -> Editor:
    """Qwen-Image-Edit from its folder as on the hub; the few-step LoRA is added into its weights where it is installed."""
    from diffusers import FlowMatchEulerDiscreteScheduler, QwenImageEditPlusPipeline

    pipeline = _pipeline(QwenImageEditPlusPipeline, "qwen", device)
    if not has_weights("qwen-lightning"):
        # guidance by a second, empty instruction: twice the work in each step
        return Editor(pipeline=pipeline, arguments={"num_inference_steps": 40, "true_cfg_scale": 4.0, "negative_prompt": " "})
    pipeline.scheduler = FlowMatchEulerDiscreteScheduler.from_config(LIGHTNING_SCHEDULER)
    file = weights_folder("qwen-lightning") / "Qwen-Image-Edit-2511-Lightning-4steps-V1.0-bf16.safetensors"
    pipeline.load_lora_weights(lora_weights(load_file(file), set(dict(pipeline.transformer.named_modules()))))
    pipeline.fuse_lora()
    pipeline.unload_lora_weights()
    return Editor(pipeline=pipeline, arguments={"num_inference_steps": 4, "true_cfg_scale": 1.0})


def lora_weights(published: Mapping[str, torch.Tensor], layers: Set[str]) -> dict[str, torch.Tensor]:
    """A LoRA's weights under diffusers' names, whichever of the usual ones they were published with; a factor alpha is worked in.

    Raises ValueError for anything that does not belong to one of the transformer's ``layers``: libraries pass over such names
    with a word in the log, and four steps without the LoRA give a picture of noise.
    """
    pairs: dict[str, dict[str, torch.Tensor]] = {}
    for name, tensor in published.items():
        plain = name.removeprefix("diffusion_model.").removeprefix("transformer.").replace(".default.", ".").removesuffix(".weight")
        layer, _, part = plain.rpartition(".")
        if layer not in layers or part not in _LORA_PARTS:
            raise ValueError(f"the weights qwen-lightning do not fit: {name}")
        pairs.setdefault(layer, {})[_LORA_PARTS[part]] = tensor
    weights: dict[str, torch.Tensor] = {}
    for layer, pair in pairs.items():
        if not {"down", "up"} <= pair.keys():
            raise ValueError(f"the weights qwen-lightning are not complete: {layer}")
        scale = float(pair["alpha"]) / pair["down"].shape[0] if "alpha" in pair else 1.0
        weights[f"transformer.{layer}.lora_A.weight"] = pair["down"]
        weights[f"transformer.{layer}.lora_B.weight"] = pair["up"] * scale
    return weights


_LORA_PARTS = {"lora_down": "down", "lora_A": "down", "lora_up": "up", "lora_B": "up", "alpha": "alpha"}

LOADERS: dict[str, Callable[[torch.device], Editor]] = {"qwen": load_qwen, "flux": load_flux}


def edit(shelf: Shelf, name: EditorName, picture: Pixels, *, words: str, size: tuple[int, int], seed: int, progress: Progress) -> Pixels:
    """The picture (H, W, 3) edited as ``words`` say, ``size`` (width, height). What ``progress`` raises ends it after the current step.

    The networks lie on the GPU together if they fit, else they visit it layer by layer, and at the worst the picture is decoded in
    tiles, too; memory that runs out while it works leads to the next of these, for good. (One network at a time, the usual way
    between them, took eight times as long as layers that are copied ahead, and more memory: docs/gpu.md.)
    """
    with shelf.use(name, lambda: Loaded(value=(made := LOADERS[name](shelf.device)), work=_WORK, close=made.close)) as editor:

        def attempt(rung: Placement) -> Pixels:
            _place(shelf, name, editor, rung)
            return _edited(editor, picture, words, size, torch.Generator("cpu").manual_seed(seed), progress)

        rungs = _LADDER[_LADDER.index(editor.placement or _first_placement(editor, shelf)) :]
        return first_that_fits([partial(attempt, rung) for rung in rungs], between=lambda: _tidy(shelf))


def _place(shelf: Shelf, name: EditorName, editor: Editor, wanted: Placement) -> None:
    """Lay the networks out. As a whole they are the shelf's to move; in parts they wait in the CPU's memory and visit the GPU."""
    if wanted == editor.placement:
        return
    if wanted == "whole":
        shelf.moves(name, tuple(editor.modules().values()))
    elif editor.placement in (None, "whole"):
        shelf.moves(name, ())
        editor.pipeline.to("cpu", silence_dtype_warnings=True)
        # leaf by leaf, the next one copied while the last one works: what accelerate's sequential offload does, but faster; not
        # the small autoencoder, for which diffusers does not promise that copying ahead and tiles go together
        streams = shelf.device.type == "cuda"
        editor.pipeline.enable_group_offload(shelf.device, offload_type="leaf_level", use_stream=streams, exclude_modules="vae")
        shelf.moves(name, (editor.pipeline.vae,))
    if wanted == "tiled":
        editor.pipeline.vae.enable_tiling()
    editor.placement = wanted


def _first_placement(editor: Editor, shelf: Shelf) -> Placement:
    size = bytes_of(list(editor.modules().values()))
    shelf.make_room(int(size * 1.15) + _WORK)
    return placement(size, free=shelf.free(), work=_WORK)


def _edited(editor: Editor, picture: Pixels, words: str, size: tuple[int, int], generator: torch.Generator, progress: Progress) -> Pixels:
    def after_step(_: Any, step: int, __: Any, values: dict[str, Any]) -> dict[str, Any]:
        progress((step + 1) / (editor.steps + 1))
        return values

    progress(0.0)
    made = editor.pipeline(
        image=[Image.fromarray(picture)],
        prompt=words,
        width=size[0],
        height=size[1],
        generator=generator,
        callback_on_step_end=after_step,
        **editor.arguments,
    )
    return np.asarray(made.images[0].convert("RGB"))


def _pipeline(kind: Any, name: EditorName, device: torch.device) -> Any:
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    folder = weights_folder(name)
    try:
        pipeline = kind.from_pretrained(folder, dtype=dtype, local_files_only=True)
    except OSError as error:
        raise MissingWeights(f"the weights {name} are not complete: {error}".splitlines()[0]) from error
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _tidy(shelf: Shelf) -> None:
    gc.collect()
    shelf.clear()
