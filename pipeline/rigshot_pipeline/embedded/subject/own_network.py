"""The subject by our own network, which ships with the package: 4 million weights, trained by training/cutout.

It needs onnxruntime and nothing else: no download, no torch. Its model card lies beside its file.
"""

import hashlib
import json
from functools import lru_cache
from importlib.resources import files
from typing import Any

import cv2
import numpy as np

from ...asset import Floats, Pixels

__all__ = ["DamagedNetwork", "forget_network", "subject_probability"]

_HOME = files("rigshot_pipeline") / "embedded" / "cutout_network"
# Two is what the smallest machines have; more threads gain little at this size and take them from other jobs.
_THREADS = 2


class DamagedNetwork(Exception):
    """The network's file is not the one that was shipped. The message is a sentence."""


def subject_probability(picture: Pixels, *, mirrored: bool = False) -> Floats:
    """How likely each pixel of an RGB picture (H, W, 3) belongs to the subject: (H, W) float32 in 0..1.

    The network sees the whole picture stretched to a square of its own size; ``mirrored`` shows it the mirror image and turns its
    answer back (two looks that differ in that make different mistakes). Several subjects all have a high probability. Raises
    DamagedNetwork when the file's checksum is wrong and ImportError without onnxruntime.
    """
    session, size = _session()
    height, width = picture.shape[:2]
    shrinks = height * width > size * size
    small = cv2.resize(picture[..., :3], (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    seen = small[:, ::-1] if mirrored else small
    colours = np.ascontiguousarray(seen.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
    answer = np.asarray(session.run(None, {"colours": colours})[0], np.float32)[0, 0]
    full = cv2.resize(np.ascontiguousarray(answer[:, ::-1]) if mirrored else answer, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.clip(full, 0, 1).astype(np.float32)


def forget_network() -> None:
    """Let go of the network and its memory."""
    _session.cache_clear()


@lru_cache(maxsize=1)
def _session() -> tuple[Any, int]:
    import onnxruntime  # an optional extra, and slow to load

    facts = json.loads((_HOME / "network.json").read_text(encoding="utf-8"))
    data = (_HOME / "network.onnx").read_bytes()
    if hashlib.sha256(data).hexdigest() != facts["sha256"]:
        raise DamagedNetwork("The file of the cutout network is damaged; install rigshot-pipeline again.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _THREADS
    # Threads that spin while they wait cost a busy machine a third of its time and make a look no faster.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    # The arena keeps the largest activations for ever; a photo needs them once.
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"]), int(facts["size"])
