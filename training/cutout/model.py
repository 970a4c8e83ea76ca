"""The network: a small U-Net (Ronneberger et al. 2015) with residual blocks and one attention block at its bottom."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  (its usual name)

from .model_words import HEADINGS, REGIONS

__all__ = ["Answers", "CutoutNetwork"]


def _conv(inside: int, outside: int, *, size: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inside, outside, size, stride, size // 2, bias=False), nn.BatchNorm2d(outside), nn.ReLU(inplace=True))


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _conv(width, width)
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.second(self.first(x)))


class _Attention(nn.Module):
    """Every place looks at every other: what is subject is decided by the whole picture. Places are told by a wide depth-wise filter."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.place = nn.Conv2d(width, width, 7, 1, 3, groups=width)
        self.before, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
        self.ask, self.answer = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mix = nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(inplace=True), nn.Linear(2 * width, width))
        self.heads = heads

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.place(x)
        batch, width, height, across = x.shape
        tokens = x.flatten(2).transpose(1, 2)
        query, key, value = self.ask(self.before(tokens)).reshape(batch, -1, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        near = torch.softmax(query @ key.transpose(-1, -2) * (width // self.heads) ** -0.5, dim=-1)
        tokens = tokens + self.answer((near @ value).transpose(1, 2).reshape(batch, -1, width))
        tokens = tokens + self.mix(self.after(tokens))
        return tokens.transpose(1, 2).reshape(batch, width, height, across)


class _Up(nn.Module):
    def __init__(self, deep: int, skip: int, outside: int, *, convolutions: int) -> None:
        super().__init__()
        self.narrow = _conv(deep, outside, size=1)
        self.join = nn.Sequential(_conv(outside + skip, outside), *(_conv(outside, outside) for _ in range(convolutions - 1)))

    def forward(self, deep: Tensor, skip: Tensor) -> Tensor:
        wide = F.interpolate(self.narrow(deep), scale_factor=2.0, mode="bilinear", align_corners=False)
        return self.join(torch.cat([wide, skip], 1))


@dataclass(frozen=True, kw_only=True)
class Answers:
    """``logits`` (B, 1, S, S) of belonging to the subject, ``coarse8`` and ``coarse16`` the same at an eighth and a sixteenth of the size;
    ``regions`` (B, 1 + len(REGIONS), S / 4, S / 4) and ``heading`` (B, HEADINGS) are logits of classes."""

    logits: Tensor
    coarse8: Tensor
    coarse16: Tensor
    regions: Tensor
    heading: Tensor


class CutoutNetwork(nn.Module):
    """Colours (B, 3, S, S) in 0..1, S a multiple of 32, to logits (B, 1, S, S) of belonging to the subject."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(_conv(3, 32, stride=2), _conv(32, 32))
        self.quarter = nn.Sequential(_conv(32, 64, stride=2), _Residual(64), _Residual(64))
        self.eighth = nn.Sequential(_conv(64, 112, stride=2), _Residual(112), _Residual(112))
        self.sixteenth = nn.Sequential(_conv(112, 160, stride=2), _Residual(160), _Residual(160))
        self.bottom = nn.Sequential(_conv(160, 192, stride=2), _Residual(192), _Attention(192, 6), _Attention(192, 6))
        self.up16 = _Up(192, 160, 112, convolutions=1)
        self.up8 = _Up(112, 112, 80, convolutions=2)
        self.up4 = _Up(80, 64, 56, convolutions=2)
        self.up2 = _Up(56, 32, 32, convolutions=1)
        self.head = nn.Sequential(nn.Conv2d(32, 4, 3, 1, 1), nn.PixelShuffle(2))
        # Coarse answers on the way up, asked for in training only.
        self.coarse16, self.coarse8 = nn.Conv2d(112, 1, 1), nn.Conv2d(80, 1, 1)
        # What the parts are and where it looks to, learnt from rendered animals.
        self.regions = nn.Sequential(_conv(56, 48), nn.Conv2d(48, 1 + len(REGIONS), 1))
        self.look = _conv(192, 96, size=1)
        self.heading = nn.Sequential(nn.Linear(96, 64), nn.ReLU(inplace=True), nn.Linear(64, HEADINGS))

    def forward(self, colours: Tensor) -> Tensor:
        """The logits at full size."""
        return self.all_answers(colours).logits

    def all_answers(self, colours: Tensor) -> Answers:
        """Everything that the network says."""
        half = self.stem(colours * 4 - 2)
        quarter = self.quarter(half)
        eighth = self.eighth(quarter)
        sixteenth = self.sixteenth(eighth)
        bottom = self.bottom(sixteenth)
        deep16 = self.up16(bottom, sixteenth)
        deep8 = self.up8(deep16, eighth)
        deep4 = self.up4(deep8, quarter)
        logits = self.head(self.up2(deep4, half))
        # The heading is read where the subject is; the mask must not bend to please it.
        where = F.avg_pool2d(logits.detach().sigmoid(), 32) + 1e-3
        seen = (self.look(bottom) * where).sum((2, 3)) / where.sum((2, 3))
        return Answers(
            logits=logits,
            coarse8=self.coarse8(deep8),
            coarse16=self.coarse16(deep16),
            regions=self.regions(deep4),
            heading=self.heading(seen),
        )
