"""What one of rembg's networks takes for the subject, once its weights are on disk."""

from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

from ...asset import Floats, Pixels

__all__ = ["forget_session", "rembg_probability"]


def rembg_probability(picture: Pixels, *, model: str) -> Floats:
    """What ``model`` takes for subject, (H, W) in 0..1, in an RGB picture (H, W, 3).

    Raises rembg's and onnxruntime's errors when the file of the weights is damaged.
    """
    (mask,) = _session(model).predict(Image.fromarray(np.ascontiguousarray(picture)))
    return (np.asarray(mask, np.float32) / 255).astype(np.float32)


def forget_session() -> None:
    """Let go of the network that was loaded last."""
    _session.cache_clear()


@lru_cache(maxsize=1)
def _session(model: str) -> Any:
    import onnxruntime
    from rembg.session_factory import new_session

    options = onnxruntime.SessionOptions()
    # The arena keeps the largest activations for ever; a photo needs them once.
    options.enable_cpu_mem_arena = False
    return new_session(model, sess_opts=options, providers=["CPUExecutionProvider"])
