"""Checkpoints of random weights in the layout of the published ones, for tests and benchmarks.

    python -m rigshot_unirig.random_weights SOURCE WEIGHTS [TOKENS]

SOURCE is upstream's folder: its configuration says how large the networks are. With TOKENS, a JSON list, the skeleton
network says these tokens behind bos and the class, and no others: the layers of its language model are made silent and every
position's embedding points at the token that is to come there. All of the code runs as ever and takes as long, and what is
drawn is known beforehand.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from .networks import build_network
from .settings import Settings

__all__ = ["Ignored", "write_random_weights"]

_DECODER = "transformer.model.decoder."
_SURE = 4.0  # length of a token's embedding: in 64 dimensions the wanted token is some e^20 times as likely as others
_OPT_OFFSET = 2  # rows of OPT's table of positions before the first


class Ignored(dict[str, object]):
    """An object of a class of ours, where Lightning's files hold configuration objects: readers must not need it."""


def write_random_weights(source: Path, weights: Path, tokens: Sequence[int] = (), seed: int = 0) -> None:
    """Write ``weights``/skeleton/… and ``weights``/skin/… as Lightning would, with an optimiser's state beside the network."""
    settings = Settings.of(source)
    for stage, place in settings.checkpoints.items():
        torch.manual_seed(seed)
        state = build_network(settings, stage).state_dict()
        if stage == "skeleton" and tokens:
            _teach(state, tokens, int(settings.skeleton_model["mesh_encoder"]["token_num"]))
        path = weights / stage / place
        path.parent.mkdir(parents=True, exist_ok=True)
        named = {f"model.{name}": tensor for name, tensor in state.items()}
        words = {"state_dict": named, "epoch": 0, "hyper_parameters": Ignored(loss=1), "optimizer_states": [{0: torch.zeros(3)}]}
        torch.save(words, path)


def _teach(state: dict[str, Tensor], tokens: Sequence[int], latents: int) -> None:
    for name, tensor in state.items():
        if name.startswith(_DECODER + "layers.") and (".self_attn.out_proj." in name or ".fc2." in name):
            tensor.zero_()
    embedding = state[_DECODER + "embed_tokens.weight"]
    embedding.copy_(_SURE * functional.normalize(embedding, dim=1))
    state["transformer.lm_head.weight"].copy_(embedding)
    first = _OPT_OFFSET + latents + 1  # behind the mesh and bos: where the class stands and the first token is predicted
    state[_DECODER + "embed_positions.weight"][first : first + len(tokens)] = 100 * embedding[list(tokens)]


if __name__ == "__main__":
    write_random_weights(Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3]) if len(sys.argv) > 3 else ())
