"""Checkpoints of random weights in the hub's layout, of the published architecture or a tiny one, for benchmarks and tests.

They are written by upstream's own classes, so that loading them goes the way of the published files. What comes out of them
is no figure.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from .loading import keep_offline
from .request import Variant
from .upstream import Upstream
from .weights import Checkpoint

__all__ = ["REAL", "TINY", "Architecture", "build_parts", "write_checkpoint"]

_FOLDERS: Mapping[Variant, str] = {
    "base": "geometry/Step1X-3D-Geometry-1300m",
    "label": "geometry-label/Step1X-3D-Geometry-Label-1300m",
}


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """The settings of every network: ``autoencoder``, ``transformer`` by variant, the picture encoders ``dino`` and ``clip``,
    ``pixels``: the side of the picture that they see.
    """

    autoencoder: Mapping[str, Any] = field(default_factory=dict)
    transformer: Mapping[Variant, Mapping[str, Any]]
    dino: Mapping[str, Any]
    clip: Mapping[str, Any]
    pixels: int


_AUTOENCODER = {
    "use_downsample": True,
    "with_sharp_data": True,
    "point_feats": 3,
    "include_pi": False,
    "use_ln_post": True,
    "qkv_bias": False,
    "use_flash": True,
    "use_checkpoint": False,
}
_LARGE = {
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "num_register_tokens": 4,
    "image_size": 518,
    "patch_size": 14,
}

REAL = Architecture(
    autoencoder=_AUTOENCODER
    | {"num_latents": 2048, "embed_dim": 64, "num_freqs": 8, "width": 768, "heads": 12, "num_encoder_layers": 8, "num_decoder_layers": 16},
    transformer={
        "base": {"input_channels": 64, "width": 1280, "layers": 12, "num_single_layers": 24, "num_heads": 20},
        "label": {"input_channels": 64, "width": 1536, "layers": 8, "num_single_layers": 16, "num_heads": 16},
    },
    dino=_LARGE,
    clip={
        "projection_dim": 768,
        "text_config": {"hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12, "num_hidden_layers": 12},
        "vision_config": {
            "hidden_size": 1024,
            "intermediate_size": 4096,
            "num_attention_heads": 16,
            "num_hidden_layers": 24,
            "patch_size": 14,
        },
    },
    pixels=518,
)
"""As published: the files have exactly the published sizes."""

# 1024 wide all the same: the label variant's encoder has that number written into its code
_SMALL = {
    "hidden_size": 1024,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "num_register_tokens": 2,
    "image_size": 28,
    "patch_size": 14,
    "mlp_ratio": 1,
}
TINY = Architecture(
    autoencoder=_AUTOENCODER
    | {"num_latents": 16, "embed_dim": 8, "num_freqs": 8, "width": 16, "heads": 2, "num_encoder_layers": 1, "num_decoder_layers": 1},
    transformer={
        "base": {"input_channels": 8, "width": 32, "layers": 1, "num_single_layers": 1, "num_heads": 2},
        "label": {"input_channels": 8, "width": 32, "layers": 1, "num_single_layers": 1, "num_heads": 2},
    },
    dino=_SMALL,
    clip={
        "projection_dim": 8,
        "text_config": {"hidden_size": 8, "intermediate_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1, "vocab_size": 16},
        "vision_config": {"hidden_size": 1024, "intermediate_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1, "patch_size": 14},
    },
    pixels=28,
)
"""A few megabytes; a mesh in seconds on a CPU."""


def write_checkpoint(
    weights: Path, upstream: Upstream, architecture: Architecture, *, variant: Variant = "base", seed: int = 0
) -> Checkpoint:
    """Write the sets that ``variant`` needs under ``weights``. The field is shifted so that about half of it is inside."""
    from diffusers.schedulers import FlowMatchEulerDiscreteScheduler
    from transformers import BitImageProcessor

    torch.manual_seed(seed)
    checkpoint = write_configurations(weights, architecture, variant)
    parts = build_parts(upstream, architecture, checkpoint, variant)
    _shift_field(parts["vae"])
    pipeline = upstream.pipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(num_train_timesteps=1000),
        caption_encoder=None,
        visual_eature_extractor=BitImageProcessor(),
        **{"label_encoder": None} | parts,
    )
    pipeline.save_pretrained(checkpoint.pipeline)
    config = checkpoint.pipeline / "visual_encoder" / "config.json"
    words = json.loads(config.read_text(encoding="utf-8"))
    config.write_text(json.dumps(words | {"dino_type": "facebook/dinov2-with-registers-large"}), encoding="utf-8")
    return checkpoint


def write_configurations(weights: Path, architecture: Architecture, variant: Variant) -> Checkpoint:
    """Write what the picture encoders' repositories hold; the pipeline's folder is named only."""
    from transformers import BitImageProcessor, CLIPConfig, Dinov2WithRegistersConfig

    dino, clip = weights / "dinov2-with-registers-large", weights / "clip-vit-large-patch14"
    Dinov2WithRegistersConfig(**architecture.dino).save_pretrained(dino)
    # as facebook/dinov2-with-registers-large has it
    processor = BitImageProcessor(size={"shortest_edge": 256}, image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225])
    processor.save_pretrained(dino)
    if variant == "label":
        CLIPConfig(**architecture.clip).save_pretrained(clip)
    return Checkpoint(pipeline=weights / _FOLDERS[variant], dino=dino, clip=clip if variant == "label" else None)


def build_parts(upstream: Upstream, architecture: Architecture, checkpoint: Checkpoint, variant: Variant) -> dict[str, Any]:
    """Upstream's networks with whatever weights their constructors give them, by their names in the pipeline."""
    keep_offline(upstream, checkpoint, torch.device("cpu"))
    seen = {"dino_type": str(checkpoint.dino), "image_size": architecture.pixels}
    transformer = {"use_visual_condition": True, "use_label_condition": variant == "label"} | dict(architecture.transformer[variant])
    if variant == "base":
        visual_encoder = upstream.dino.Dinov2Encoder(seen)
        others = {}
    else:
        visual_encoder = upstream.dino_and_clip.Dinov2CLIPEncoder(seen)
        others = {"label_encoder": upstream.label.LabelEncoder({"hidden_size": 1024})}
    return {
        "vae": upstream.autoencoder.MichelangeloAutoencoder(dict(architecture.autoencoder)),
        "transformer": upstream.transformer.FluxDenoiser(transformer),
        "visual_encoder": visual_encoder,
    } | others


@torch.no_grad()
def _shift_field(vae: Any) -> None:
    tokens = vae.decode(torch.randn(1, vae.cfg.num_latents, vae.cfg.embed_dim))
    values = vae.query(torch.rand(1, 512, 3) * 2 - 1, tokens)
    vae.decoder.output_proj.bias -= values.median()
