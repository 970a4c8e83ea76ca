"""Upstream's two networks, built from its configuration and filled from plain tensor files; warm, or asleep in memory."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from box import Box
from safetensors.torch import load_file
from torch import nn

from rigshot_env import MissingWeights

from .checkpoint import converted
from .settings import Settings
from .stand_ins import install

__all__ = ["Network", "Networks", "build_network", "chosen_device", "without_memory"]

Network = Any
"""One of upstream's modules: it has methods that nn.Module does not promise."""

# facebook/opt-350m's configuration as published copies of it say, without asking the hub for it: upstream uses the shape
# of that model and overrides some of it
_OPT_350M = {
    "activation_function": "relu",
    "attention_dropout": 0.0,
    "dropout": 0.1,
    "ffn_dim": 4096,
    "layerdrop": 0.0,
    "num_attention_heads": 16,
    "num_hidden_layers": 24,
    "bos_token_id": 2,
    "eos_token_id": 2,
    "pad_token_id": 1,
}


class _LocalConfig:
    """Takes the place of transformers' AutoConfig in upstream's module: the same call, no hub, attention by torch."""

    @staticmethod
    def from_pretrained(pretrained_model_name_or_path: str, **words: Any) -> Any:
        from transformers import OPTConfig

        if not pretrained_model_name_or_path.endswith("opt-350m"):
            raise ValueError(f"{pretrained_model_name_or_path} is not the language model that this worker knows")
        words = {name: value for name, value in words.items() if name not in ("n_positions", "_attn_implementation")}
        return OPTConfig(  # type: ignore[no-untyped-call]
            **{**_OPT_350M, **words}, attn_implementation="sdpa"
        )


def chosen_device(wanted: str) -> torch.device:
    """The device for ``wanted`` (cuda, cuda:N, cpu or nothing). TF32 is allowed: decoding in it is four times bf16's speed."""
    device = torch.device(wanted or ("cuda" if torch.cuda.is_available() else "cpu"))
    if device.type == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = True
        torch.backends.cudnn.allow_tf32 = True
        # cuDNN plans attention anew for every length of the cache, which costs more than the attention
        torch.backends.cuda.enable_cudnn_sdp(False)
    return device


def build_network(settings: Settings, stage: str) -> Network:
    """Upstream's network for ``skeleton`` or ``skin``, with parameters on whatever device is torch's default."""
    _import_upstream(settings.source)
    if stage == "skeleton":
        from src.model import unirig_ar

        unirig_ar.AutoConfig = _LocalConfig
        words = _boxed(settings.skeleton_model)
        return unirig_ar.UniRigAR(**words, tokenizer=_Tokens(settings.vocabulary)).eval()
    from src.model import unirig_skin

    return unirig_skin.UniRigSkin(**_boxed(settings.skin_model)).eval()


@contextmanager
def without_memory() -> Iterator[None]:
    """Within, modules get parameters without memory, which costs nothing to make; buffers are real, for files lack some."""
    register = nn.Module.register_parameter

    def light(self: nn.Module, name: str, param: nn.Parameter | None) -> None:
        register(self, name, None if param is None else nn.Parameter(param.detach().to("meta"), requires_grad=False))

    nn.Module.register_parameter = light  # type: ignore[method-assign]
    try:
        yield
    finally:
        nn.Module.register_parameter = register  # type: ignore[method-assign]


class Networks:
    """The two networks, each loaded when it is first asked for and put to sleep when the worker is told to."""

    def __init__(self, settings: Settings, weights: Path, cache: Path, device: torch.device) -> None:
        self.settings = settings
        self.device = device
        self._weights = weights
        self._cache = cache
        self._warm: dict[str, Network] = {}
        self._asleep: set[str] = set()

    def get(self, stage: str, tick: Callable[[], None] = lambda: None) -> Network:
        """The network for ``skeleton`` or ``skin``, on its device; ``tick`` is called while it is loaded and may raise.

        Raises MissingWeights.
        """
        if stage not in self._warm:
            self._warm[stage] = self._loaded(stage, tick)
        elif stage in self._asleep:
            _each_tensor(self._warm[stage], lambda tensor: tensor.to(self.device, non_blocking=True))
            self._asleep.discard(stage)
        return self._warm[stage]

    def sleep(self, level: str) -> None:
        """Free the GPU (``ram``: keep the weights in pinned memory) or the memory, too (``out``)."""
        if level == "out":
            self._warm.clear()
            self._asleep.clear()
        elif self.device.type != "cpu":
            for stage in self._warm.keys() - self._asleep:
                _each_tensor(self._warm[stage], _to_pinned)
                self._asleep.add(stage)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def _loaded(self, stage: str, tick: Callable[[], None]) -> Network:
        checkpoint = self._weights / stage / self.settings.checkpoints[stage]
        file = converted(checkpoint, self._cache, stage, tick)
        with without_memory():
            network = build_network(self.settings, stage)
        tick()
        tensors = load_file(file, device=str(self.device))
        tick()
        try:
            network.load_state_dict(tensors, strict=True, assign=True)
        except RuntimeError as error:
            raise MissingWeights(f"the weights {stage} are not those of this network: {str(error).splitlines()[1].strip()}") from error
        if stage == "skeleton":
            network.transformer.tie_weights()
        return network.to(self.device).eval().requires_grad_(False)


class _Tokens:
    """All that upstream's network asks its tokeniser when it is built."""

    def __init__(self, vocabulary: Any) -> None:
        self.vocab_size = vocabulary.size


def _import_upstream(source: Path) -> None:
    if "flash_attn" not in sys.modules:
        install()
    if str(source) not in sys.path:
        sys.path.insert(0, str(source))


def _boxed(words: Mapping[str, Any]) -> dict[str, Any]:
    """A model's configuration as upstream reads it: attributes and keys."""
    boxed = Box(deepcopy(dict(words)))
    return {name: value for name, value in boxed.items() if name != "__target__"}


def _each_tensor(network: nn.Module, move: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """Move what a network holds; a weight that two layers share is one parameter."""
    for tensor in [*network.parameters(), *network.buffers()]:
        tensor.data = move(tensor.data)
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _to_pinned(tensor: torch.Tensor) -> torch.Tensor:
    return torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True).copy_(tensor, non_blocking=True)
