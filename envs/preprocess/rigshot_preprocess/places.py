"""Where this environment's parts lie, as the one who started it says, and whether they are there."""

import os
from pathlib import Path

from rigshot_env import MissingWeights

__all__ = ["cache_folder", "has_weights", "source_folder", "weights_folder"]

NEEDED: dict[str, tuple[str, ...]] = {
    "swin2sr": ("config.json", "model.safetensors"),
    "realesrgan": ("RealESRGAN_x4plus.safetensors",),
    "birefnet": ("model.safetensors",),
    "rembg": ("onnx/model.onnx",),
    "rtdetr": ("config.json", "preprocessor_config.json", "model.safetensors"),
    "vitpose-animal": ("torch/ap10k/vitpose-b-ap10k.pth",),
    "vitpose-person": ("config.json", "preprocessor_config.json", "model.safetensors"),
    "dinov2": ("config.json", "model.safetensors"),
    "clip": ("config.json", "preprocessor_config.json", "tokenizer.json", "model.safetensors"),
    "qwen": ("model_index.json",),
    "qwen-lightning": ("Qwen-Image-Edit-2511-Lightning-4steps-V1.0-bf16.safetensors",),
    "flux": ("model_index.json",),
}
"""The files of each set without which nothing can be loaded. Big models are in many: their loader says what of them is missing."""


def has_weights(name: str) -> bool:
    """Whether the set is on disk."""
    return all((_root("WEIGHTS") / name / file).is_file() for file in NEEDED[name])


def weights_folder(name: str) -> Path:
    """The folder of a set of weights. Raises MissingWeights."""
    if not has_weights(name):
        raise MissingWeights(f"the weights {name} are not installed: rigshot envs install preprocess --weights {name}")
    return _root("WEIGHTS") / name


def source_folder() -> Path:
    """The folder of BiRefNet's published code. Raises MissingWeights, for it comes with the same installation."""
    folder = _root("SOURCE")
    if not (folder / "models" / "birefnet.py").is_file():
        raise MissingWeights("BiRefNet's code is not installed: rigshot envs install preprocess")
    return folder


def cache_folder() -> Path:
    """A folder for what can be made again; it is made."""
    folder = _root("CACHE")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _root(what: str) -> Path:
    variable = f"RIGSHOT_ENGINE_{what}"
    if not os.environ.get(variable):
        raise MissingWeights(f"{variable} is not set; whoever starts the worker names the folder with it")
    return Path(os.environ[variable])
