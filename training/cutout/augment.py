"""Batches made on the GPU: photos bent and recoloured, subjects pasted onto other grounds, pictures with nothing to cut out."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  (its usual name)

from .banks import Banks
from .parts import UNTOLD

__all__ = ["Batch", "Mixer"]

# A subject turned further than this (radians) is not said to look left or right; one of less than this share of the picture says nothing.
_UPRIGHT, _CRUMB = 0.5, 0.02


@dataclass(frozen=True, kw_only=True)
class Batch:
    """``colours`` (B, 3, S, S), ``target`` and ``weight`` (B, 1, S, S), all 0..1; ``regions`` (B, 1, S, S) labels, UNTOLD where nobody
    knows, and ``heading`` (B,) of the one subject, radians or NaN."""

    colours: Tensor
    target: Tensor
    weight: Tensor
    regions: Tensor
    heading: Tensor


class Mixer:
    """Draws batches from ``banks``; ``generator`` makes them repeatable on one kind of GPU."""

    def __init__(self, banks: Banks, *, size: int, generator: torch.Generator) -> None:
        self.banks, self.size, self.generator = banks, size, generator
        self.device = banks.photos.device
        self.sizes = random.Random(0)  # on the CPU: asking the GPU for a number stops it

    def batch(self, count: int) -> Batch:
        """``count`` samples: half photos, a twelfth drawings, a third pasted, the rest empty."""
        photos, drawings, empty = round(0.5 * count), round(0.08 * count), round(0.07 * count)
        parts = [self._bent(self.banks.photos, photos), self._bent(self.banks.drawings, drawings)]
        parts.append(self._on_ground(count - photos - drawings - empty))
        parts.append(self._empty(empty))
        colours, target, weight, regions, heading = (torch.cat([part[place] for part in parts]) for place in range(5))
        return Batch(colours=self._seen(colours), target=target, weight=weight, regions=regions, heading=heading)

    # Random numbers.

    def _uniform(self, count: int, low: float, high: float) -> Tensor:
        return torch.rand(count, device=self.device, generator=self.generator) * (high - low) + low

    def _normal(self, *shape: int) -> Tensor:
        return torch.randn(*shape, device=self.device, generator=self.generator)

    def _gate(self, count: int, chance: float) -> Tensor:
        """(count, 1, 1, 1) of 1 with ``chance``, else 0."""
        return (self._uniform(count, 0, 1) < chance).float().view(-1, 1, 1, 1)

    def _some(self, chance: float, parts: tuple[Tensor, ...], change: Callable[..., tuple[Tensor, ...]]) -> tuple[Tensor, ...]:
        """``parts`` (each (B, ...)) with ``change`` made to a ``chance`` of the samples."""
        count = int(chance * len(parts[0]) + self.sizes.random())
        if count == 0:
            return parts
        order = torch.randperm(len(parts[0]), device=self.device, generator=self.generator)[:count]
        for part, changed in zip(parts, change(*(part[order] for part in parts)), strict=True):
            part[order] = changed
        return parts

    def _pick(self, bank: Tensor, count: int) -> Tensor:
        return bank[torch.randint(len(bank), (count,), device=self.device, generator=self.generator)].float() / 255

    def _noise(self, count: int, cells: int, channels: int = 1) -> Tensor:
        """Smooth noise (count, channels, S, S) with about ``cells`` features across."""
        return F.interpolate(self._normal(count, channels, cells, cells), size=(self.size, self.size), mode="bicubic", align_corners=False)

    # Geometry.

    def _grid(self, count: int, *, scale: Tensor, stretch: float, shift: float, wild: float) -> tuple[Tensor, Tensor]:
        """Sampling grids (count, S, S, 2): ``scale`` (count,) enlarges; ``wild`` is the chance of a large turn. And what each makes of a
        heading (count,): 1, or -1 where it mirrors, NaN where it turns so far that left and right mean little."""
        angle = self._normal(count) * 0.12
        angle = torch.where(self._uniform(count, 0, 1) < wild, self._uniform(count, -math.pi / 3, math.pi / 3), angle)
        quarter = torch.where(
            self._uniform(count, 0, 1) < wild / 3, torch.randint(1, 4, (count,), device=self.device, generator=self.generator), 0
        )
        angle = angle + quarter * (math.pi / 2)
        aspect = torch.exp(self._normal(count) * stretch)
        across, down = 1 / (scale * aspect), aspect / scale
        flip = torch.where(self._uniform(count, 0, 1) < 0.5, -1.0, 1.0)
        cosine, sine = torch.cos(angle), torch.sin(angle)
        x, y = self._uniform(count, -shift, shift), self._uniform(count, -shift, shift)
        rows = [torch.stack([flip * across * cosine, -flip * across * sine, x], 1), torch.stack([down * sine, down * cosine, y], 1)]
        grid = F.affine_grid(torch.stack(rows, 1), [count, 1, self.size, self.size], align_corners=False)
        return grid, torch.where(angle.abs() < _UPRIGHT, flip, math.nan)

    def _bent(self, bank: Tensor, count: int) -> tuple[Tensor, ...]:
        scale = torch.exp(self._normal(count) * 0.22 + 0.12).clamp(0.72, 2.2)
        grid, _ = self._grid(count, scale=scale, stretch=0.13, shift=0.22, wild=0.12)
        seen = F.grid_sample(self._pick(bank, count), grid, padding_mode="reflection", align_corners=False)
        target, weight = seen[:, 3:4].clone(), seen[:, 4:5].clone()
        regions = torch.where((target < 0.1) & (weight > 0.5), 0.0, float(UNTOLD))
        parts: tuple[Tensor, ...] = (seen[:, :3].clone(), target, weight, regions, self._nowhere(count))
        parts = self._some(0.08, parts, self._furnished)
        parts = self._some(0.1, parts, partial(self._pasted, largest=0.7))
        return self._some(0.06, parts, self._hidden)

    def _ground(self, count: int) -> Tensor:
        scale = torch.exp(self._normal(count).abs() * 0.4)
        grid, _ = self._grid(count, scale=scale, stretch=0.15, shift=0.3, wild=0.15)
        colours = F.grid_sample(self._pick(self.banks.grounds, count), grid, padding_mode="reflection", align_corners=False)
        gain = 1 + 0.18 * self._normal(count, 3, 1, 1)
        return (colours * gain + 0.05 * self._normal(count, 1, 1, 1)).clamp(0, 1)

    def _empty(self, count: int) -> tuple[Tensor, ...]:
        parts = self._some(0.6, self._bare(self._ground(count)), self._furnished)
        return self._some(0.3, parts, self._hidden)

    def _bare(self, colours: Tensor) -> tuple[Tensor, ...]:
        """``colours`` (count, 3, S, S) in which there is no subject."""
        count = len(colours)
        return colours, self._zeros(count), self._zeros(count) + 1, self._zeros(count), self._nowhere(count)

    def _on_ground(self, count: int) -> tuple[Tensor, ...]:
        colours = self._ground(count)
        # A large aperture: the ground is blurred, the subject is not.
        for _ in range(2):
            colours = self._blurred(colours, 1.5, 5.5, chance=0.2)
        parts = self._some(0.3, self._bare(colours), self._hidden)
        parts = self._some(0.4, parts, self._furnished)
        parts = self._some(0.15, parts, partial(self._pasted, largest=0.8))
        parts = self._pasted(*parts, largest=1.2)
        parts = self._some(0.1, parts, self._hidden)
        return self._some(0.08, parts, self._furnished)

    def _zeros(self, count: int) -> Tensor:
        return torch.zeros(count, 1, self.size, self.size, device=self.device)

    def _nowhere(self, count: int) -> Tensor:
        """The headings (count,) of pictures that have none."""
        return torch.full((count,), math.nan, device=self.device)

    # Pasting.

    def _pasted(
        self, colours: Tensor, target: Tensor, weight: Tensor, regions: Tensor, heading: Tensor, *, largest: float
    ) -> tuple[Tensor, ...]:
        """A subject over each picture, with a shadow, in a light like the picture's."""
        count = len(colours)
        real = self._gate(count, 0.55)
        chosen = torch.randint(len(self.banks.made), (count,), device=self.device, generator=self.generator)
        made, turns = self.banks.made[chosen], self.banks.headings[chosen]
        subject = real * self._pick(self.banks.real, count) + (1 - real) * made[:, :4].float() / 255
        labels = torch.where(real > 0, float(UNTOLD), made[:, 4:].float())
        turns = torch.where(real.flatten() > 0, math.nan, turns)
        scale = self._uniform(count, 0.4, largest)
        grid, sense = self._grid(count, scale=scale, stretch=0.12, shift=0.25, wild=0.1)
        look, cover = self._laid(colours, subject, grid)
        labels = F.grid_sample(labels, grid, mode="nearest", padding_mode="zeros", align_corners=False)
        labels = torch.where((labels == 0) | (cover < 0.5), float(UNTOLD), labels)
        alone = (target.mean((1, 2, 3)) < _CRUMB) & (cover.mean((1, 2, 3)) > 2 * _CRUMB)
        heading = torch.where(alone, turns * sense, math.nan)
        colours = self._shadowed(colours, cover) * (1 - cover) + look * cover
        regions = torch.where(cover > 0.05, labels, regions)
        return colours, target * (1 - cover) + cover, torch.maximum(weight, (cover > 0.05).float()), regions, heading

    def _furnished(self, colours: Tensor, target: Tensor, weight: Tensor, regions: Tensor, heading: Tensor) -> tuple[Tensor, ...]:
        """A thing that is no subject over each picture: a chair, a boat, a tree. That something stands out makes it no subject."""
        count = len(colours)
        if not len(self.banks.things):
            return self._hidden(colours, target, weight, regions, heading)
        grid, _ = self._grid(count, scale=self._uniform(count, 0.3, 1.3), stretch=0.2, shift=0.6, wild=0.1)
        look, cover = self._laid(colours, self._pick(self.banks.things, count), grid)
        colours = self._shadowed(colours, cover) * (1 - cover) + look * cover
        regions = torch.where(cover > 0.5, 0.0, regions)
        return colours, target * (1 - cover), torch.maximum(weight, (cover > 0.5).float()), regions, heading

    def _laid(self, colours: Tensor, subject: Tensor, grid: Tensor) -> tuple[Tensor, Tensor]:
        """The look (count, 3, S, S) and the cover (count, 1, S, S) of a cut-out ``subject`` (count, 4, ...) in the light of ``colours``."""
        count = len(colours)
        # Fur: the outline is frayed by noise of a pixel or three.
        frayed = self._noise(count, self.size // 3, 2) * self._uniform(count, 0, 0.008).view(-1, 1, 1, 1)
        subject = F.grid_sample(subject, grid + frayed.permute(0, 2, 3, 1), padding_mode="zeros", align_corners=False)
        look, cover = subject[:, :3], subject[:, 3:]
        cover = self._blurred(cover, 0.4, 1.6, chance=0.7)
        gain, base = 1 + 0.15 * self._normal(count, 1, 1, 1) + 0.05 * self._normal(count, 3, 1, 1), 0.04 * self._normal(count, 1, 1, 1)
        look = (look * gain + base) * (1 + 0.15 * self._noise(count, 3))
        mean = colours.mean((2, 3), keepdim=True)
        own = (look * cover).sum((2, 3), keepdim=True) / cover.sum((2, 3), keepdim=True).clamp(min=1)
        look = look + (mean - own) * self._uniform(count, 0, 0.5).view(-1, 1, 1, 1) * self._gate(count, 0.6)
        return look.clamp(0, 1), cover

    def _shadowed(self, colours: Tensor, cover: Tensor) -> Tensor:
        """``colours`` with the shadow of what will ``cover`` them."""
        shadow = F.avg_pool2d(F.avg_pool2d(cover, 8), 5, 1, 2)
        shadow = torch.roll(F.interpolate(shadow, size=(self.size, self.size), mode="bilinear"), self.size // 40, 2)
        return colours * (1 - 0.5 * shadow * self._uniform(len(colours), 0, 1).view(-1, 1, 1, 1))

    def _hidden(self, colours: Tensor, target: Tensor, weight: Tensor, regions: Tensor, heading: Tensor) -> tuple[Tensor, ...]:
        """Shapes that are no subject: blobs and bars, filled from other grounds. An edge alone makes no subject."""
        count = len(colours)
        blob = ((self._noise(count, 5) - 1.0) * 12).sigmoid()
        grid, _ = self._grid(count, scale=self._uniform(count, 0.5, 1.5), stretch=0.5, shift=0.8, wild=0.5)
        bar = ((0.25 - grid.abs().amax(3, keepdim=True).permute(0, 3, 1, 2)) * 80).sigmoid()
        choice = self._gate(count, 0.5)
        cover = choice * blob + (1 - choice) * bar
        filling = self._ground(count) * 0.7 + 0.3 * self._uniform(3 * count, 0, 1).view(-1, 3, 1, 1)
        regions = torch.where(cover > 0.5, 0.0, regions)
        return colours * (1 - cover) + filling * cover, target * (1 - cover), torch.maximum(weight, (cover > 0.5).float()), regions, heading

    # What a camera and a file do to a picture.

    def _seen(self, colours: Tensor) -> Tensor:
        count = len(colours)
        grey = colours.mean(1, keepdim=True)
        saturation = torch.where(self._uniform(count, 0, 1) < 0.1, 0.0, self._uniform(count, 0.5, 1.5)).view(-1, 1, 1, 1)
        colours = grey + (colours - grey) * saturation
        colours = colours * (1 + self._gate(count, 0.5) * 0.12 * self._normal(count, 3, 1, 1))
        mean = colours.mean((1, 2, 3), keepdim=True)
        colours = mean + (colours - mean) * torch.exp(0.25 * self._normal(count, 1, 1, 1)) + 0.08 * self._normal(count, 1, 1, 1)
        colours = colours.clamp(1e-4, 1) ** torch.exp(0.25 * self._normal(count, 1, 1, 1))
        colours = colours * (1 + self._gate(count, 0.3) * 0.25 * self._noise(count, 2)).clamp(0.3, 1.7)
        colours = self._sunlit(colours)
        colours = self._at_night(colours)
        for _ in range(3):
            colours = self._blurred(colours.clamp(0, 1), 0.5, 2.3, chance=0.08)
        colours = self._small(colours)
        colours = colours + self._gate(count, 0.35) * self._uniform(count, 0, 0.07).view(-1, 1, 1, 1) * self._normal(*colours.shape)
        return self._saved(colours.clamp(0, 1))

    def _sunlit(self, colours: Tensor) -> Tensor:
        """Patches of sun through leaves."""
        spots = ((self._noise(len(colours), 14) - 1.1) * 6).sigmoid()
        return colours + self._gate(len(colours), 0.08) * spots * (0.3 + 0.4 * colours)

    def _at_night(self, colours: Tensor) -> Tensor:
        """An infrared lamp: grey, bright in the middle, noisy."""
        count = len(colours)
        gate = self._gate(count, 0.04)
        line = torch.linspace(-1, 1, self.size, device=self.device)
        lamp = torch.exp(-(line[None] ** 2 + line[:, None] ** 2) * 1.2)
        night = colours.mean(1, keepdim=True) * lamp * 1.1 + 0.05 * self._normal(count, 1, self.size, self.size)
        return colours * (1 - gate) + night * gate

    def _small(self, colours: Tensor) -> Tensor:
        """A low resolution, for a tenth of the pictures."""
        few = max(1, len(colours) // 10)
        order = torch.randperm(len(colours), device=self.device, generator=self.generator)[:few]
        side = int(self.sizes.uniform(0.3, 0.8) * self.size)
        low = F.interpolate(colours[order], size=(side, side), mode="bilinear", antialias=True)
        colours[order] = F.interpolate(low, size=(self.size, self.size), mode="bilinear")
        return colours

    def _saved(self, colours: Tensor) -> Tensor:
        """JPEG's blocks (8 x 8 cosines, quantised) for a third of the pictures."""
        few = max(1, len(colours) // 3)
        order = torch.randperm(len(colours), device=self.device, generator=self.generator)[:few]
        places = torch.arange(8, device=self.device, dtype=torch.float32)
        cosine = torch.cos((places[None] + 0.5) * places[:, None] * math.pi / 8) * 0.5
        cosine[0] = math.sqrt(1 / 8)
        blocks = colours[order].unfold(2, 8, 8).unfold(3, 8, 8) * 255 - 128
        waves = cosine @ blocks @ cosine.T
        # About the standard's luminance table: coarser for faster waves.
        step = (12 + 5.5 * (places[None] + places[:, None])) * torch.exp(self._normal(few) * 0.7 - 0.7).view(-1, 1, 1, 1, 1, 1)
        rounded = cosine.T @ (torch.round(waves / step) * step) @ cosine
        colours[order] = ((rounded + 128) / 255).permute(0, 1, 2, 4, 3, 5).reshape(few, 3, self.size, self.size).clamp(0, 1)
        return colours

    def _blurred(self, field: Tensor, least: float, most: float, *, chance: float) -> Tensor:
        """A ``chance`` of the pictures (B, C, S, S) blurred by one Gaussian of ``least`` to ``most`` pixels."""
        sigma = self.sizes.uniform(least, most)
        reach = math.ceil(2.5 * sigma)
        places = torch.arange(-reach, reach + 1, device=self.device, dtype=torch.float32)
        kernel = torch.exp(-(places**2) / (2 * sigma**2))
        kernel = (kernel / kernel.sum()).view(1, 1, -1, 1)

        def change(chosen: Tensor) -> tuple[Tensor]:
            flat = F.pad(chosen.reshape(-1, 1, *chosen.shape[2:]), (reach, reach, reach, reach), mode="reflect")
            return (F.conv2d(F.conv2d(flat, kernel), kernel.transpose(2, 3)).reshape(chosen.shape),)

        return self._some(chance, (field,), change)[0]
