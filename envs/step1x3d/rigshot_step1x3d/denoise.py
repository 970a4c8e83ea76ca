"""The denoising loop: rectified flow with classifier-free guidance and zero-initialised start (Fan et al. 2025, CFG-Zero*)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from .volume import NotFinite

__all__ = ["Condition", "denoise", "noise"]


@dataclass(frozen=True, kw_only=True)
class Condition:
    """What the transformer is told: ``visual`` (2, T, C) and, for the label variant, ``label`` (2, 3, C).

    Row 0 is the unconditional side of the guidance, row 1 the conditional one.
    """

    visual: torch.Tensor
    label: torch.Tensor | None = None

    def rows(self, part: slice) -> dict[str, Any]:
        """The rows as the transformer's arguments."""
        label = None if self.label is None else self.label[part]
        return {"visual_condition": self.visual[part], "label_condition": label, "caption_condition": None, "return_dict": False}


def noise(seed: int, shape: tuple[int, ...], device: torch.device | str) -> torch.Tensor:
    """Float32 noise that is the same for a seed on every device and in every precision of the networks."""
    generator = torch.Generator("cpu").manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float32).to(device)


@torch.no_grad()
def denoise(
    transformer: Callable[..., Any],
    scheduler: Any,
    condition: Condition,
    start: torch.Tensor,
    *,
    steps: int,
    guidance: float,
    dtype: torch.dtype,
    together: bool = True,
    progress: Callable[[float], None] = lambda _fraction: None,
) -> torch.Tensor:
    """Latents float32 (1, N, C) from the noise ``start`` of that shape.

    ``dtype``: what the transformer computes in; noise, latents and scheduler stay float32. Upstream multiplies the first of the
    ``steps`` predictions by zero, so it is not computed. ``together``: both sides of the guidance in one batch of two (one after
    the other needs less memory). ``progress`` is called with 0..1 after every step and may raise. Raises NotFinite.
    """
    scheduler.set_timesteps(steps, device=start.device)
    scheduler.set_begin_index(1)
    latents = start
    guided = guidance > 1
    for number, time in enumerate(scheduler.timesteps[1:], start=2):
        narrow = latents.to(dtype)

        def predict(rows: slice, narrow: torch.Tensor = narrow, time: torch.Tensor = time) -> torch.Tensor:
            count = rows.stop - rows.start
            prediction: torch.Tensor = transformer(narrow.expand(count, -1, -1), time.expand(count), **condition.rows(rows))[0]
            return prediction.to(torch.float32)

        if not guided:
            prediction = predict(slice(1, 2))
        else:
            if together:
                free, told = predict(slice(0, 2)).chunk(2)
            else:
                free, told = predict(slice(0, 1)), predict(slice(1, 2))
            prediction = free + guidance * (told - free)
        latents = scheduler.step(prediction, time, latents, return_dict=False)[0]
        progress(number / steps)
    # once, for what is not finite stays so; asked at every step, the GPU would wait for the host
    if not bool(torch.isfinite(latents).all()):
        raise NotFinite("the latents are not finite")
    return latents
