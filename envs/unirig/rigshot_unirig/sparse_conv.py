"""A submanifold sparse convolution in plain PyTorch, with the parameters of spconv's.

Every point looks up its neighbours' cells by binary search among the sorted cells, and every tap of the kernel is one
gather and one matrix product. No compiled extension, as fast on an H100, and the same result on every run: spconv's hash
table lets points that share a cell race for it.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["SparseConvTensor", "SubMConv3d", "is_spconv_module"]

_Pairs = list[tuple[Tensor, Tensor] | None]


class SparseConvTensor:
    """Features (N, C) at cells (N, 4) int: the batch, then three coordinates. What neighbours what is looked up once."""

    def __init__(self, features: Tensor, indices: Tensor, spatial_shape: Sequence[int], batch_size: int, **_: Any) -> None:
        self.features = features
        self.indices = indices
        self.spatial_shape = list(spatial_shape)
        self.batch_size = batch_size
        self._pairs: dict[tuple[int, ...], _Pairs] = {}

    def replace_feature(self, features: Tensor) -> "SparseConvTensor":
        """The same cells with other features."""
        other = SparseConvTensor(features, self.indices, self.spatial_shape, self.batch_size)
        other._pairs = self._pairs
        return other

    def pairs(self, kernel: tuple[int, int, int]) -> _Pairs:
        """For every tap of a kernel the rows that it reaches and the rows it takes; None for the tap in the middle.

        Of points that share a cell, the first one stands for it; in the middle every point takes itself.
        """
        if kernel not in self._pairs:
            self._pairs[kernel] = _neighbours(self.indices, kernel)
        return self._pairs[kernel]


class SubMConv3d(nn.Module):
    """Cross-correlation at the occupied cells only. Parameters as spconv's: ``weight`` (out, k, k, k, in), ``bias`` (out,)."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, *, bias: bool = True, **_: Any) -> None:
        super().__init__()  # padding and indice_key say nothing new here
        self.kernel = (kernel_size,) * 3
        self.weight = nn.Parameter(torch.empty(out_channels, *self.kernel, in_channels))
        self.bias = nn.Parameter(torch.empty(out_channels)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Random weights in the way of torch's convolutions."""
        reach = 1 / math.sqrt(self.weight[0].numel())
        nn.init.uniform_(self.weight, -reach, reach)
        if self.bias is not None:
            nn.init.uniform_(self.bias, -reach, reach)

    def forward(self, points: SparseConvTensor) -> SparseConvTensor:
        """The features (N, out) at the same cells."""
        features = points.features
        taps = self.weight.flatten(1, 3).permute(1, 2, 0).to(features.dtype)  # (k³, in, out)
        pairs = points.pairs(self.kernel)
        result = features @ taps[len(pairs) // 2]
        for tap, pair in zip(taps, pairs, strict=True):
            if pair is not None and len(pair[0]):
                # no row stands twice in a tap's list: the sum does not depend on an order
                result.index_add_(0, pair[0], features[pair[1]] @ tap)
        if self.bias is not None:
            result = result + self.bias.to(features.dtype)
        return points.replace_feature(result)


def is_spconv_module(module: nn.Module) -> bool:
    """Whether a module takes and gives sparse tensors."""
    return isinstance(module, SubMConv3d)


@torch.no_grad()
def _neighbours(cells: Tensor, kernel: tuple[int, int, int]) -> _Pairs:
    reach = torch.tensor([size // 2 for size in kernel], device=cells.device)
    places = cells[:, 1:].long() - cells[:, 1:].long().amin(0) + reach
    size = (places.amax(0) + reach + 1).tolist()

    def key(batch: Tensor, place: Tensor) -> Tensor:
        return ((batch * size[0] + place[:, 0]) * size[1] + place[:, 1]) * size[2] + place[:, 2]

    batch = cells[:, 0].long()
    order = torch.sort(key(batch, places), stable=True)
    pairs: _Pairs = []
    middle = math.prod(kernel) // 2
    for tap, offset in enumerate(torch.cartesian_prod(*(torch.arange(size, device=cells.device) for size in kernel))):
        if tap == middle:
            pairs.append(None)
            continue
        wanted = key(batch, places + offset - reach)
        found = torch.searchsorted(order.values, wanted).clamp(max=len(wanted) - 1)
        rows = torch.nonzero(order.values[found] == wanted)[:, 0]
        pairs.append((rows, order.indices[found[rows]]))
    return pairs
