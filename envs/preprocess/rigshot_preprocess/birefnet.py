"""BiRefNet's network, built by its own published code from its own published weights (both MIT).

The hub offers the same code beside the weights, to be run by ``trust_remote_code``. Here it is the pinned commit of its repository that
was fetched at the installation, imported from that folder alone, so that nothing is run that was not pinned.
"""

import importlib.util
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors.torch import load_file

from .places import source_folder, weights_folder

__all__ = ["build_network", "load_network"]

_TOP_LEVEL = ("config", "models", "dataset", "utils", "image_proc", "loss")
"""Upstream's modules have names that others use, too; while it is imported they are its own, and afterwards nobody's."""


def load_network() -> torch.nn.Module:
    """The network with its weights, ready to be used. Raises MissingWeights."""
    folder = weights_folder("birefnet")
    network = build_network(source_folder())
    network.load_state_dict(load_file(folder / "model.safetensors"))
    return network.float().eval()


def build_network(source: Path) -> torch.nn.Module:
    """The network with random weights, from upstream's checkout in ``source``."""
    with _upstream(source):
        network: torch.nn.Module = importlib.import_module("models.birefnet").BiRefNet(bb_pretrained=False)
    return network


@contextmanager
def _upstream(source: Path) -> Iterator[None]:
    """Upstream's folder first on the path, and stand-ins for what only its training uses."""
    kept = {name: sys.modules.pop(name) for name in list(sys.modules) if _is_upstreams(name)}
    stand_ins = _stand_ins()
    sys.modules.update(stand_ins)
    sys.path.insert(0, str(source))
    try:
        yield
    finally:
        sys.path.remove(str(source))
        for name in list(sys.modules):
            if _is_upstreams(name) or name in stand_ins:
                del sys.modules[name]
        sys.modules.update(kept)


def _is_upstreams(name: str) -> bool:
    return name.partition(".")[0] in _TOP_LEVEL


def _stand_ins() -> dict[str, types.ModuleType]:
    """``dataset`` (the classes' names, for a loss) drags in OpenCV, ``kornia`` (an edge filter, for a loss) is a library of its own."""
    dataset = types.ModuleType("dataset")
    dataset.__dict__["class_labels_TR_sorted"] = []
    found = {"dataset": dataset}
    if importlib.util.find_spec("kornia") is None:
        kornia, filters = types.ModuleType("kornia"), types.ModuleType("kornia.filters")
        filters.__dict__["laplacian"] = _not_for_training
        kornia.__dict__["filters"] = filters
        found |= {"kornia": kornia, "kornia.filters": filters}
    return found


def _not_for_training(*_: object, **__: object) -> torch.Tensor:
    raise RuntimeError("BiRefNet is not trained here")
