"""Networks of our own that ship inside the package: a folder each, with network.onnx, network.json, LICENSE and MODEL_CARD.md.

They need onnxruntime and nothing else: no download, no torch.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ..errors import StageFailed

__all__ = ["ShippedNetwork", "forget_networks", "shipped_network"]

_HOME = files("rigshot_pipeline") / "embedded"


@dataclass(frozen=True, kw_only=True)
class ShippedNetwork:
    """``session``: onnxruntime's; ``facts``: what network.json says."""

    session: Any
    facts: Mapping[str, Any]


@cache
def shipped_network(name: str, *, threads: int) -> ShippedNetwork:
    """The network of the folder ``name``, loaded once in a process.

    Raises StageFailed (`damaged_network`) when the file's checksum is wrong and ImportError without onnxruntime.
    """
    import onnxruntime  # slow to load

    home = _HOME / name
    facts = json.loads((home / "network.json").read_text(encoding="utf-8"))
    data = (home / "network.onnx").read_bytes()
    if hashlib.sha256(data).hexdigest() != facts["sha256"]:
        raise StageFailed("damaged_network", name=name)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Threads that spin while they wait cost a busy machine a third of its time and make a look no faster.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    # The arena keeps the largest activations for ever; a photo needs them once.
    options.enable_cpu_mem_arena = False
    return ShippedNetwork(session=onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"]), facts=facts)


def forget_networks() -> None:
    """Let go of the networks and their memory."""
    shipped_network.cache_clear()
