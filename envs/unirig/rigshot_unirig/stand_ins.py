"""Modules that stand in for compiled packages which upstream imports and needs little of.

Written from what those packages document; each does what upstream calls, under the names that its checkpoints hold:
``flash_attn`` (one attention and one layer), ``spconv`` (a submanifold convolution), ``torch_scatter`` (a minimum),
``torch_cluster`` (farthest points), ``timm`` (a name), ``lightning`` (a base class).
"""

import math
import sys
from importlib.machinery import ModuleSpec
from itertools import pairwise
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .sparse_conv import SparseConvTensor, SubMConv3d, is_spconv_module

__all__ = ["MHA", "attention_of_patches", "fps", "install", "segment_csr"]


class LightningModule(nn.Module):
    """The base class of upstream's networks, without training."""


class DropPath(nn.Identity):
    """Stochastic depth, which passes everything on outside of training. Upstream names it and never makes one: its drop rate is 0."""


class MHA(nn.Module):
    """Cross-attention with flash-attention's parameters: ``Wq``, ``Wkv``, ``out_proj``, all with biases."""

    def __init__(self, embed_dim: int, num_heads: int, cross_attn: bool = False, **_: Any) -> None:
        super().__init__()
        if not cross_attn:
            raise ValueError("upstream attends to other tokens only; self-attention has other parameters, and no checkpoint holds them")
        self.heads = num_heads
        self.Wq = nn.Linear(embed_dim, embed_dim)
        self.Wkv = nn.Linear(embed_dim, 2 * embed_dim)
        self.out_proj = nn.Linear(embed_dim, embed_dim)

    def forward(self, x: Tensor, x_kv: Tensor) -> Tensor:
        """(B, N, C) attended from ``x`` (B, N, C) to ``x_kv`` (B, M, C)."""
        query = self.Wq(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        key, value = self.Wkv(x_kv).unflatten(-1, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return self.out_proj(functional.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2))


def attention_of_patches(
    qkv: Tensor, cu_seqlens: Tensor, max_seqlen: int, dropout_p: float = 0.0, softmax_scale: float | None = None
) -> Tensor:
    """(T, H, C): attention within runs of tokens; ``qkv`` (T, 3, H, C), run i is cu_seqlens[i] to cu_seqlens[i + 1].

    Runs of one length, which is what upstream makes of a cloud larger than a patch, are one batch.
    """
    runs = len(cu_seqlens) - 1
    if runs * max_seqlen == len(qkv):
        return _attention(qkv.reshape(runs, max_seqlen, *qkv.shape[1:]), softmax_scale, dropout_p).flatten(0, 1)
    ends = cu_seqlens.tolist()
    pieces = [_attention(qkv[start:end][None], softmax_scale, dropout_p)[0] for start, end in pairwise(ends)]
    return torch.cat(pieces)


def _attention(qkv: Tensor, scale: float | None, dropout: float) -> Tensor:
    if qkv.device.type == "cpu":  # half floats are slow and coarse there
        qkv = qkv.float()
    query, key, value = qkv.permute(2, 0, 3, 1, 4)
    return functional.scaled_dot_product_attention(query, key, value, dropout_p=dropout, scale=scale).transpose(1, 2)


def segment_csr(src: Tensor, indptr: Tensor, reduce: str = "sum") -> Tensor:
    """(S, ...) reductions of the runs of rows that ``indptr`` (S + 1,) bounds."""
    return torch.segment_reduce(src, reduce, offsets=indptr.long(), axis=0)


def fps(x: Tensor, batch: Tensor | None = None, ratio: float = 0.5, random_start: bool = True) -> Tensor:
    """Indices of farthest points: in every batch (equally long runs) ceil(ratio n) of them, each the farthest from those before.

    The first one is the run's first, or a random one.
    """
    runs = 1 if batch is None else int(batch[-1]) + 1
    points = x.float().reshape(runs, -1, x.shape[-1])
    count = points.shape[1]
    chosen = torch.empty(runs, math.ceil(ratio * count), dtype=torch.long, device=x.device)
    chosen[:, 0] = torch.randint(count, (runs,), device=x.device) if random_start else 0
    apart = torch.full((runs, count), torch.inf, device=x.device)
    every = torch.arange(runs, device=x.device)
    for place in range(1, chosen.shape[1]):
        latest = points[every, chosen[:, place - 1]]
        apart = torch.minimum(apart, (points - latest[:, None]).square().sum(-1))
        chosen[:, place] = apart.argmax(1)
    return (chosen + count * every[:, None]).flatten()


def install() -> None:
    """Put the stand-ins where upstream's imports find them, before any of its modules is imported.

    transformers looks for flash-attention when it is first imported, and must not find this one.
    """
    import transformers.models.opt.modeling_opt  # noqa: F401

    _module("lightning", pytorch=_module("lightning.pytorch", LightningModule=LightningModule))
    mha = _module("flash_attn.modules.mha", MHA=MHA)
    attention = {"flash_attn_varlen_qkvpacked_func": attention_of_patches}
    _module("flash_attn", modules=_module("flash_attn.modules", mha=mha), **attention)
    modules = _module("spconv.pytorch.modules", is_spconv_module=is_spconv_module)
    sparse = _module("spconv.pytorch", SparseConvTensor=SparseConvTensor, SubMConv3d=SubMConv3d, modules=modules)
    _module("spconv", pytorch=sparse)
    _module("torch_scatter", segment_csr=segment_csr)
    _module("torch_cluster", fps=fps)
    layers = _module("timm.models.layers", DropPath=DropPath)
    _module("timm", models=_module("timm.models", layers=layers))


def _module(name: str, **members: Any) -> ModuleType:
    module = ModuleType(name, "Rigshot's stand-in.")
    module.__spec__ = ModuleSpec(name, None)
    module.__path__ = []
    for member, value in members.items():
        setattr(module, member, value)
    sys.modules[name] = module
    return module
