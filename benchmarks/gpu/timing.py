"""What the scripts of this folder measure alike: seconds of a call, first and warm, and torch's peak memory."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

__all__ = ["Timing", "timed"]


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Seconds of the ``first`` call, the median of those behind it, and the largest memory of all, in MB (0 on a CPU)."""

    first: float
    warm: float
    peak_mb: int


def timed(work: Callable[[], object], device: torch.device, *, repeats: int) -> Timing:
    """``work`` once, then ``repeats`` times more, each waited for on ``device``."""
    on_card = device.type == "cuda"
    if on_card:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
    seconds: list[float] = []
    for _ in range(1 + repeats):
        if on_card:
            torch.cuda.synchronize(device)
        begun = time.perf_counter()
        work()
        if on_card:
            torch.cuda.synchronize(device)
        seconds.append(time.perf_counter() - begun)
    peak = torch.cuda.max_memory_allocated(device) // 2**20 if on_card else 0
    return Timing(first=seconds[0], warm=statistics.median(seconds[1:]), peak_mb=peak)
