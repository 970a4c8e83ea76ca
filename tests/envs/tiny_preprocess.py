"""Tiny checkpoints with random weights in the folders and files that the hub has, for the tests of the preprocess environment.

They are made with the libraries' own classes. Random networks answer nonsense; where a test needs something to be found, a bias says
so. Everything is seeded.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch

HIDDEN = 16


def make_all(weights: Path) -> None:
    """All sets of weights but Real-ESRGAN's and rembg's, which other things stand in for."""
    for make in (make_swin2sr, make_rtdetr, make_vitpose_animal, make_vitpose_person, make_dinov2, make_clip, make_flux, make_qwen):
        torch.manual_seed(0)
        make(weights)


def make_swin2sr(weights: Path) -> None:
    """Of the real one's kind (``nearest+conv``, four times), a hundredth of its width."""
    from transformers import Swin2SRConfig, Swin2SRForImageSuperResolution

    config = Swin2SRConfig(
        image_size=32,
        embed_dim=16,
        depths=[2],
        num_heads=[2],
        window_size=8,
        mlp_ratio=2.0,
        upscale=4,
        img_range=1.0,
        upsampler="nearest+conv",
    )
    Swin2SRForImageSuperResolution(config).save_pretrained(weights / "swin2sr")


def make_realesrgan(weights: Path) -> None:
    """RRDBNet in the names that upstream's repository gives its weights."""
    from safetensors.torch import save_file
    from spandrel.architectures.ESRGAN.__arch.RRDB import RRDBNet

    torch.manual_seed(0)
    state = RRDBNet(num_filters=16, num_blocks=1, scale=4).state_dict()
    (weights / "realesrgan").mkdir(parents=True)
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, weights / "realesrgan" / "RealESRGAN_x4plus.safetensors")


def make_rtdetr(weights: Path) -> None:
    """It knows dogs, people and chairs, and sees a dog in every query."""
    from transformers import RTDetrResNetConfig, RTDetrV2Config, RTDetrV2ForObjectDetection
    from transformers.models.rt_detr.image_processing_pil_rt_detr import RTDetrImageProcessorPil

    backbone = RTDetrResNetConfig(
        embedding_size=8, hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 1, 1], layer_type="basic", out_features=["stage2", "stage3", "stage4"]
    )
    config = RTDetrV2Config(
        backbone_config=backbone,
        encoder_hidden_dim=32,
        encoder_in_channels=[16, 24, 32],
        encoder_ffn_dim=32,
        encoder_attention_heads=2,
        d_model=32,
        num_queries=12,
        decoder_in_channels=[32, 32, 32],
        decoder_ffn_dim=32,
        decoder_layers=2,
        decoder_attention_heads=2,
        num_denoising=0,
        id2label={0: "dog", 1: "person", 2: "chair"},
        label2id={"dog": 0, "person": 1, "chair": 2},
    )
    model = RTDetrV2ForObjectDetection(config)
    for name, parameter in model.named_parameters():
        if "class_embed" in name and name.endswith("bias"):
            parameter.data = torch.tensor([2.0, -6.0, -6.0])
    model.save_pretrained(weights / "rtdetr")
    RTDetrImageProcessorPil(size={"height": 64, "width": 64}).save_pretrained(weights / "rtdetr")


def vitpose(*, experts: int, points: int = 17) -> Any:
    """A ViTPose of 12 heads, two layers, with the deconvolutions of the published ones."""
    from transformers import VitPoseBackboneConfig, VitPoseConfig, VitPoseForPoseEstimation

    backbone = VitPoseBackboneConfig(
        hidden_size=48, num_hidden_layers=2, num_attention_heads=12, mlp_ratio=2, num_experts=experts, part_features=12, out_indices=[2]
    )
    model = VitPoseForPoseEstimation(VitPoseConfig(backbone_config=backbone, use_simple_decoder=False, num_labels=points))
    for parameter in model.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)  # beginning from zeros many would stay equal
    return model.eval()


def upstream_names(model: Any) -> dict[str, torch.Tensor]:
    """The weights of transformers' model in the names of the original repository."""
    state = model.state_dict()
    named: dict[str, torch.Tensor] = {"backbone.cls_token": torch.zeros(1)}
    simple = {
        "embeddings.patch_embeddings.projection": "patch_embed.proj",
        "embeddings.position_embeddings": "pos_embed",
        "layernorm": "last_norm",
    }
    layer = {
        "layernorm_before": "norm1",
        "layernorm_after": "norm2",
        "attention.output.dense": "attn.proj",
        "mlp.fc1": "mlp.fc1",
        "mlp.fc2": "mlp.fc2",
    }
    head = {"deconv1": "deconv_layers.0", "batchnorm1": "deconv_layers.1", "deconv2": "deconv_layers.3", "batchnorm2": "deconv_layers.4"}
    for name, tensor in state.items():
        part, _, rest = name.partition(".")
        if part == "head":
            piece, _, what = rest.partition(".")
            named[f"keypoint_head.{head.get(piece, 'final_layer')}.{what}"] = tensor
        elif rest.startswith("encoder.layer."):
            _, _, number, inner = rest.split(".", 3)
            what = inner.rsplit(".", 1)[1]
            if ".query." in inner:
                joint = [state[name.replace("query", key)] for key in ("query", "key", "value")]
                named[f"backbone.blocks.{number}.attn.qkv.{what}"] = torch.cat(joint)
            elif ".key." not in inner and ".value." not in inner:
                named[f"backbone.blocks.{number}.{layer[inner.rsplit('.', 1)[0]]}.{what}"] = tensor
        else:
            found = next(key for key in simple if rest.startswith(key))
            named[f"backbone.{simple[found]}{rest[len(found) :]}"] = tensor
    return named


def make_vitpose_animal(weights: Path) -> None:
    """As upstream publishes it: a file of torch's, with upstream's names."""
    folder = weights / "vitpose-animal" / "torch" / "ap10k"
    folder.mkdir(parents=True)
    torch.save({"state_dict": upstream_names(vitpose(experts=1))}, folder / "vitpose-b-ap10k.pth")


def make_vitpose_person(weights: Path) -> None:
    """As transformers publishes it, with experts."""
    from transformers.models.vitpose.image_processing_pil_vitpose import VitPoseImageProcessorPil

    vitpose(experts=6).save_pretrained(weights / "vitpose-person")
    VitPoseImageProcessorPil().save_pretrained(weights / "vitpose-person")


def make_dinov2(weights: Path) -> None:
    """Two layers, patches of 14."""
    from transformers import Dinov2Config, Dinov2Model

    config = Dinov2Config(hidden_size=24, num_hidden_layers=2, num_attention_heads=2, mlp_ratio=2, image_size=56, patch_size=14)
    Dinov2Model(config).save_pretrained(weights / "dinov2")


def make_clip(weights: Path) -> None:
    """Both towers, and a tokenizer that knows single letters."""
    from transformers import CLIPConfig, CLIPModel, CLIPTokenizer
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    letters = [chr(code) for code in range(33, 127)]
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    tokenizer = CLIPTokenizer(vocab={word: number for number, word in enumerate(words)}, merges=[])
    text = {"vocab_size": len(words), "bos_token_id": len(words) - 2, "eos_token_id": len(words) - 1, "max_position_embeddings": 77}
    sizes = {"hidden_size": HIDDEN, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = CLIPConfig(text_config=text | sizes, vision_config=sizes | {"image_size": 32, "patch_size": 8}, projection_dim=8)
    CLIPModel(config).save_pretrained(weights / "clip")
    tokenizer.save_pretrained(weights / "clip")
    CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(weights / "clip")


def qwen_tokenizer() -> Any:
    """Qwen's tokenizer for single bytes, with its special words."""
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import Qwen2Tokenizer

    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
    letters = sorted(ByteLevel.alphabet())
    vocabulary = {word: number for number, word in enumerate([*letters, *special])}
    template = (
        "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    return Qwen2Tokenizer(vocab=vocabulary, merges=[], additional_special_tokens=special[1:], chat_template=template)


def qwen_processor(tokenizer: Any) -> Any:
    """What Qwen's editor makes of a picture and words before its encoder reads them."""
    from transformers import Qwen2VLProcessor, Qwen2VLVideoProcessor
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    return Qwen2VLProcessor(
        image_processor=Qwen2VLImageProcessorPil(),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(),
        chat_template=tokenizer.chat_template,
    )


def vision_numbers(tokenizer: Any) -> dict[str, int]:
    """The numbers of the words that stand for pictures, as Qwen2.5-VL's configuration names them."""
    words = {"vision_start": "vision_start", "vision_end": "vision_end", "image": "image_pad", "video": "video_pad"}
    return {f"{name}_token_id": tokenizer.convert_tokens_to_ids(f"<|{word}|>") for name, word in words.items()}


def make_flux(weights: Path) -> None:
    """FLUX.2 klein's pipeline: a text encoder with the 27 layers that are read, a transformer of one block of each kind."""
    from diffusers import AutoencoderKLFlux2, FlowMatchEulerDiscreteScheduler, Flux2KleinPipeline, Flux2Transformer2DModel
    from transformers import Qwen3Config, Qwen3ForCausalLM

    tokenizer = qwen_tokenizer()
    encoder = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=HIDDEN,
        intermediate_size=16,
        num_hidden_layers=27,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=8,
    )
    vae = AutoencoderKLFlux2(
        block_out_channels=(4, 4, 4, 4),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        latent_channels=2,
        norm_num_groups=1,
        sample_size=64,
    )
    transformer = Flux2Transformer2DModel(
        patch_size=1,
        in_channels=8,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=3 * HIDDEN,
        timestep_guidance_channels=16,
        axes_dims_rope=(4, 4, 4, 4),
        guidance_embeds=False,
    )
    pipeline = Flux2KleinPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=vae,
        text_encoder=Qwen3ForCausalLM(encoder),
        tokenizer=tokenizer,
        transformer=transformer,
        is_distilled=True,
    )
    pipeline.save_pretrained(weights / "flux")


def make_qwen(weights: Path) -> None:
    """Qwen-Image-Edit's pipeline and a LoRA for one of its layers, in the names that ComfyUI and the publishers use."""
    from diffusers import AutoencoderKLQwenImage, FlowMatchEulerDiscreteScheduler, QwenImageEditPlusPipeline, QwenImageTransformer2DModel
    from safetensors.torch import save_file
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    tokenizer = qwen_tokenizer()
    encoder = Qwen2_5_VLConfig(
        text_config={
            "vocab_size": len(tokenizer),
            "hidden_size": HIDDEN,
            "intermediate_size": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 1e6},
        },
        vision_config={"depth": 1, "hidden_size": HIDDEN, "intermediate_size": 16, "num_heads": 2, "out_hidden_size": HIDDEN},
        **vision_numbers(tokenizer),
    )
    vae = AutoencoderKLQwenImage(
        base_dim=4,
        z_dim=4,
        dim_mult=[1, 2, 4, 4],
        num_res_blocks=1,
        temperal_downsample=[False, True, True],
        latents_mean=[0.0] * 4,
        latents_std=[1.0] * 4,
    )
    transformer = QwenImageTransformer2DModel(
        patch_size=2,
        in_channels=16,
        out_channels=4,
        num_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=HIDDEN,
        axes_dims_rope=(8, 4, 4),
    )
    pipeline = QwenImageEditPlusPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=vae,
        text_encoder=Qwen2_5_VLForConditionalGeneration(encoder),
        tokenizer=tokenizer,
        processor=qwen_processor(tokenizer),
        transformer=transformer,
    )
    pipeline.save_pretrained(weights / "qwen")
    (weights / "qwen-lightning").mkdir()
    layer = "transformer_blocks.0.attn.to_q"
    lora = {
        f"{layer}.lora_down.weight": torch.randn(2, 32),
        f"{layer}.lora_up.weight": torch.randn(32, 2),
        f"{layer}.alpha": torch.tensor(1.0),
    }
    save_file(lora, weights / "qwen-lightning" / "Qwen-Image-Edit-2511-Lightning-4steps-V1.0-bf16.safetensors")


def make_rembg(weights: Path) -> None:
    """A network for rembg: the redder a pixel, the more it is the subject."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    kernel, bias = np.array([8.0, -4.0, -4.0], np.float32).reshape(1, 3, 1, 1), np.array([-6.0], np.float32)
    graph = helper.make_graph(
        [helper.make_node("Conv", ["input", "kernel", "bias"], ["output"])],
        "redness",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, 1024, 1024])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 1, 1024, 1024])],
        [numpy_helper.from_array(kernel, "kernel"), numpy_helper.from_array(bias, "bias")],
    )
    (weights / "rembg" / "onnx").mkdir(parents=True)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, str(weights / "rembg" / "onnx" / "model.onnx"))
