"""The skin network at work: points, joints and the voxel prior in, weights at the points out."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from .arrays import Floats, Indices
from .mesh import Samples
from .networks import Network

__all__ = ["chunk_for", "predict_weights"]

_ROWS = 65_536
"""Pairs of a point and a joint that go through the network's last layers at once: about 1 GB in between."""
_FEWEST, _MOST = 64, 4096


def chunk_for(joints: int, divisor: int = 1) -> int:
    """How many points at once."""
    return int(np.clip(_ROWS // max(joints, 1) // divisor, _FEWEST, _MOST))


@torch.no_grad()
def predict_weights(
    network: Network,
    samples: Samples,
    joints: Floats,
    tails: Floats,
    parents: Indices,
    prior: Floats,
    *,
    seed: int,
    chunk: int,
    tick: Callable[[float], None],
) -> Floats:
    """(S, J) weights at the samples in float32 with TF32 products; rows may be NaN where prior and network disagree wholly.

    ``joints``, ``tails`` (J, 3) in the samples' box, ``prior`` (S, J). ``tick`` hears the share done before every layer and
    every chunk and may raise.
    """
    device = next(network.parameters()).device
    network.num_train_vertex = chunk
    batch = {
        "vertices": torch.from_numpy(samples.points)[None].to(device),
        "normals": torch.from_numpy(samples.normals)[None].to(device),
        "joints": torch.from_numpy(joints)[None].to(device),
        "tails": torch.from_numpy(tails)[None].to(device),
        "voxel_skin": torch.from_numpy(prior)[None].to(device),
        "parents": torch.from_numpy(parents.astype(np.int64))[None].to(device),
        "num_bones": torch.tensor([len(joints)]),
        "offset": torch.tensor([len(samples.points)], device=device),
    }
    hooks = _heard(network, -(-len(samples.points) // chunk), tick)
    try:
        torch.manual_seed(seed)  # the orders of the point transformer are shuffled
        with torch.autocast(device.type, enabled=False):
            weights: Tensor = network.predict_step(batch)[0]
    finally:
        for hook in hooks:
            hook.remove()
    return weights.float().cpu().numpy()


def _heard(network: Network, chunks: int, tick: Callable[[float], None]) -> list[torch.utils.hooks.RemovableHandle]:
    """Hooks that tell ``tick`` before every block of the encoders and every chunk of the end."""
    blocks = [module for stage in network.mesh_encoder.enc for module in stage if hasattr(module, "attn")]
    layers = [*blocks, *network.bone_encoder.attn, *network.mesh_bone_attn]
    steps = len(layers) + chunks
    done = 0

    def hear(*_: object) -> None:
        nonlocal done
        tick(min(done / steps, 1.0))
        done += 1

    return [layer.register_forward_pre_hook(hear) for layer in (*layers, network.qmesh)]
