"""Upstream's networks, loaded by upstream's own classes from the hub's folder layout, ready for our loop."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from PIL import Image
from torch import nn

from .denoise import Condition
from .request import Label
from .upstream import Upstream
from .weights import Checkpoint

__all__ = ["Networks", "keep_offline", "load", "with_local_names"]


class Networks:
    """The four networks and their scheduler on one device, in one precision.

    ``pipeline``: upstream's own object around them; ``dtype``: what transformer, autoencoder and encoders compute in. The
    positions that are asked of the field are embedded in float32 all the same: in half precision the finest of the eight octaves
    drowns (0.7 % error of the field against 0.07 %).
    """

    def __init__(self, pipeline: Any, device: torch.device, dtype: torch.dtype) -> None:
        self.pipeline = pipeline
        self.device = device
        self.dtype = dtype
        self.transformer: Any = pipeline.transformer
        self._vae: Any = pipeline.vae
        self._vae.encoder = self._vae.pre_kl = None  # a third of the autoencoder, for training only
        if clip := getattr(pipeline.visual_encoder, "clip_model", None):
            clip.text_model = clip.text_projection = None  # the label variant's CLIP is asked for pictures only
        self.cast(dtype)
        self.wake()

    @property
    def latent_shape(self) -> tuple[int, int, int]:
        """(1, tokens, channels) of the latents."""
        return (1, self._vae.cfg.num_latents, self.transformer.cfg.input_channels)

    @torch.no_grad()
    def condition(self, picture: Image.Image, label: Label | None) -> Condition:
        """The picture (RGB, see `picture.prepare`) and the label as the transformer takes them."""
        told = self.pipeline.visual_encoder.encode_image(picture).to(self.dtype)
        free = self.pipeline.visual_encoder.empty_image_embeds.to(told)
        visual = torch.cat([free, told])
        encoder = self.pipeline.label_encoder
        if not self.transformer.cfg.use_label_condition:
            return Condition(visual=visual)
        free = encoder.empty_label_embeds.to(told)
        told = free if label is None else encoder.encode_label([label.upstream()]).to(told)
        return Condition(visual=visual, label=torch.cat([free, told]))

    @torch.no_grad()
    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """The shape's tokens (1, N, width) from its latents."""
        tokens: torch.Tensor = self._vae.decode(latents.to(self.dtype))
        return tokens

    @torch.no_grad()
    def field(self, points: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        """The signed, truncated distance at float32 ``points`` (N, 3): (N,), positive inside."""
        decoder = self._vae.decoder
        embedded = decoder.embedder(points[None]).to(self.dtype)
        answer = decoder.ln_post(decoder.cross_attn_decoder(decoder.query_proj(embedded), tokens))
        values: torch.Tensor = decoder.output_proj(answer)[0, :, 0]
        return values

    def cast(self, dtype: torch.dtype) -> None:
        """Let the networks compute in ``dtype``."""
        for module in self._modules():
            module.to(dtype)
        self.dtype = dtype
        old = self._vae.decoder.embedder
        settings = self._vae.cfg
        precise = type(old)(num_freqs=settings.num_freqs, include_pi=settings.include_pi, include_input=old.include_input)
        self._vae.embedder = self._vae.decoder.embedder = precise.to(self.device)

    def rest(self) -> None:
        """Move the weights to host memory, pinned where there is a GPU to bring them back to (50 GB/s instead of 5)."""
        for module in self._modules():
            for tensor in _tensors(module):
                host = tensor.data.to("cpu")
                tensor.data = host.pin_memory() if torch.cuda.is_available() else host

    def wake(self) -> None:
        """Move the weights to the device; nothing to do if they are there."""
        for module in self._modules():
            for tensor in _tensors(module):
                if tensor.device != self.device:
                    tensor.data = tensor.data.to(self.device, non_blocking=True)

    def _modules(self) -> list[nn.Module]:
        pipeline = self.pipeline
        parts = (self.transformer, self._vae, pipeline.visual_encoder, pipeline.label_encoder)
        return [part for part in parts if part is not None]


def load(upstream: Upstream, checkpoint: Checkpoint, *, device: torch.device, dtype: torch.dtype) -> Networks:
    """The checkpoint's networks on ``device``. The published files are float32; they are narrowed as they are read."""
    keep_offline(upstream, checkpoint, device)
    with with_local_names(checkpoint) as folder:
        pipeline = upstream.pipeline.from_pretrained(str(folder), torch_dtype=dtype, local_files_only=True, use_safetensors=True)
    for part in (pipeline.transformer, pipeline.vae, pipeline.visual_encoder, pipeline.label_encoder):
        if part is not None:
            part.eval().requires_grad_(False)
    return Networks(pipeline, device, dtype)


def keep_offline(upstream: Upstream, checkpoint: Checkpoint, device: torch.device) -> None:
    """Let upstream's encoders use ``device`` and the configurations on disk where their code says otherwise."""
    # upstream's label encoder puts its tables' indices on cuda:RANK, whatever the device
    upstream.label.get_device = lambda: device
    if checkpoint.clip is None:
        return
    # the label variant's CLIP names a repository in code where a configuration is to be read
    module = upstream.dino_and_clip
    if not hasattr(module, "rigshot_clip_config"):
        module.rigshot_clip_config = module.ConditionalCLIPModel.config_class
    known = module.rigshot_clip_config.from_pretrained(str(checkpoint.clip), local_files_only=True)
    module.ConditionalCLIPModel = SimpleNamespace(config_class=SimpleNamespace(from_pretrained=lambda *_names, **_options: known))


@contextmanager
def with_local_names(checkpoint: Checkpoint) -> Iterator[Path]:
    """The checkpoint seen through links, its picture encoder told to read DINOv2's configuration from our folder, not from the hub."""
    with tempfile.TemporaryDirectory(prefix="step1x3d-") as place:
        folder = Path(place)
        for part in checkpoint.pipeline.iterdir():
            if part.name != "visual_encoder":
                (folder / part.name).symlink_to(part.resolve())
        encoder = folder / "visual_encoder"
        encoder.mkdir()
        for part in (checkpoint.pipeline / "visual_encoder").iterdir():
            if part.name != "config.json":
                (encoder / part.name).symlink_to(part.resolve())
        words = json.loads((checkpoint.pipeline / "visual_encoder" / "config.json").read_text(encoding="utf-8"))
        # a path under "pretrained_…" would make upstream fetch weights that the checkpoint already has
        words = {name: value for name, value in words.items() if not name.startswith("pretrained_")}
        (encoder / "config.json").write_text(json.dumps(words | {"dino_type": str(checkpoint.dino.resolve())}), encoding="utf-8")
        yield folder


def _tensors(module: nn.Module) -> Iterator[torch.Tensor]:
    yield from module.parameters()
    yield from module.buffers()
