"""ViTPose (Xu et al., 2022) in transformers' class, with the weights of the heads that were trained on animals.

transformers' own ViTPose+ checkpoints keep all six experts of the backbone but only the head for people's key points: the heads of the
other datasets were left out when they were converted, so that picking the animals' expert there gives animals' features to a people's
head. Upstream's weights for AP-10K, with the expert merged into the layers and their own head, are published as ``vitpose-b-ap10k.pth``;
here they are renamed into transformers' class.
"""

import re
from collections.abc import Mapping
from typing import Any

import torch

from .places import weights_folder
from .residency import Loaded
from .species import AP10K_POINTS

__all__ = ["from_upstream", "load_vitpose"]

_WORK = 1 << 30
_SIZE = (256, 192)
_PATCH = 16
_HEADS = 12
"""Of ViTPose-B, which is what the file holds; the weights themselves do not tell."""
_RENAMED = (
    (r"^backbone\.patch_embed\.proj\.", "backbone.embeddings.patch_embeddings.projection."),
    (r"^backbone\.pos_embed$", "backbone.embeddings.position_embeddings"),
    (r"^backbone\.last_norm\.", "backbone.layernorm."),
    (r"^backbone\.blocks\.(\d+)\.norm1\.", r"backbone.encoder.layer.\1.layernorm_before."),
    (r"^backbone\.blocks\.(\d+)\.norm2\.", r"backbone.encoder.layer.\1.layernorm_after."),
    (r"^backbone\.blocks\.(\d+)\.attn\.proj\.", r"backbone.encoder.layer.\1.attention.output.dense."),
    (r"^backbone\.blocks\.(\d+)\.mlp\.(fc\d)\.", r"backbone.encoder.layer.\1.mlp.\2."),
    (r"^keypoint_head\.deconv_layers\.0\.", "head.deconv1."),
    (r"^keypoint_head\.deconv_layers\.1\.", "head.batchnorm1."),
    (r"^keypoint_head\.deconv_layers\.3\.", "head.deconv2."),
    (r"^keypoint_head\.deconv_layers\.4\.", "head.batchnorm2."),
    (r"^keypoint_head\.final_layer\.", "head.conv."),
)
_QKV = re.compile(r"^backbone\.blocks\.(\d+)\.attn\.qkv\.(weight|bias)$")


def load_vitpose(kind: str) -> Loaded:
    """The network of that kind (``vitpose-animal`` or ``vitpose-person``), its processor, and whether it has experts to choose from."""
    from transformers import AutoImageProcessor, VitPoseForPoseEstimation
    from transformers.models.vitpose.image_processing_pil_vitpose import VitPoseImageProcessorPil

    folder = weights_folder(kind)
    if kind == "vitpose-animal":
        stored = torch.load(folder / "torch" / "ap10k" / "vitpose-b-ap10k.pth", map_location="cpu", weights_only=True)
        model, processor = from_upstream(stored.get("state_dict", stored)), VitPoseImageProcessorPil()
    else:
        model = VitPoseForPoseEstimation.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
        processor = AutoImageProcessor.from_pretrained(folder, local_files_only=True, backend="pil")
    model.eval()
    return Loaded(value=(model, processor, model.config.backbone_config.num_experts > 1), modules=(model,), work=_WORK)


def from_upstream(weights: Mapping[str, torch.Tensor]) -> Any:
    """transformers' model with upstream's ``weights``; its size is read off them. Raises ValueError where they are something else."""
    from transformers import VitPoseBackboneConfig, VitPoseConfig, VitPoseForPoseEstimation

    try:
        width = weights["backbone.pos_embed"].shape[-1]
        points = weights["keypoint_head.final_layer.weight"].shape[0]
        ratio = weights["backbone.blocks.0.mlp.fc1.weight"].shape[0] // width
    except KeyError as error:
        raise ValueError(f"the weights vitpose-animal lack {error}") from error
    layers = 1 + max(int(name.split(".")[2]) for name in weights if name.startswith("backbone.blocks."))
    if points != len(AP10K_POINTS):
        raise ValueError(f"the weights vitpose-animal have {points} key points, not {len(AP10K_POINTS)}")
    backbone = VitPoseBackboneConfig(
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=_HEADS,
        mlp_ratio=ratio,
        image_size=list(_SIZE),
        patch_size=[_PATCH, _PATCH],
        layer_norm_eps=1e-6,
        out_indices=[layers],
    )
    model = VitPoseForPoseEstimation(VitPoseConfig(backbone_config=backbone, use_simple_decoder=False, num_labels=points))
    model.load_state_dict(_renamed(weights))
    return model


def _renamed(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    renamed: dict[str, torch.Tensor] = {}
    for name, tensor in weights.items():
        if (joint := _QKV.match(name)) is not None:
            place = f"backbone.encoder.layer.{joint[1]}.attention.attention"
            for part, piece in zip(("query", "key", "value"), tensor.chunk(3), strict=True):
                renamed[f"{place}.{part}.{joint[2]}"] = piece
        elif name != "backbone.cls_token" and not name.startswith("associate_keypoint_heads."):
            for pattern, replacement in _RENAMED:
                name, changed = re.subn(pattern, replacement, name)
                if changed:
                    break
            renamed[name] = tensor
    return renamed
