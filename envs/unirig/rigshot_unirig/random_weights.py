"""Checkpoints of random weights in the layout of the published ones, for tests and benchmarks.

    python -m rigshot_unirig.random_weights SOURCE WEIGHTS [SEED]

SOURCE is upstream's folder: its configuration says how large the networks are.
"""

import sys
from pathlib import Path

import torch

from .networks import build_network
from .settings import Settings

__all__ = ["Ignored", "write_random_weights"]


class Ignored(dict[str, object]):
    """An object of a class of ours, where Lightning's files hold configuration objects: readers must not need it."""


def write_random_weights(source: Path, weights: Path, seed: int = 0) -> None:
    """Write ``weights``/skeleton/… and ``weights``/skin/… as Lightning would, with an optimiser's state beside the network."""
    settings = Settings.of(source)
    for stage, place in settings.checkpoints.items():
        torch.manual_seed(seed)
        network = build_network(settings, stage)
        path = weights / stage / place
        path.parent.mkdir(parents=True, exist_ok=True)
        state = {f"model.{name}": tensor for name, tensor in network.state_dict().items()}
        words = {"state_dict": state, "epoch": 0, "hyper_parameters": Ignored(loss=1), "optimizer_states": [{"state": {0: torch.zeros(3)}}]}
        torch.save(words, path)


if __name__ == "__main__":
    write_random_weights(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0)
