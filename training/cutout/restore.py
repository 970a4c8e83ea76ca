"""Command: weights to go on training from, out of the exported network.

python -m training.cutout.restore --onnx network.onnx --photos photos.zip --out network.pt

Exporting folds each batch normalisation into the convolution before it. Here every one gets the statistics that the folded network has on
the bundle's photos, and a scale and shift that undo them, so that the network answers as before and can be trained. Weights that the
file does not hold (the coarse answers, asked for in training only) are left out; training begins them anew.
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from . import bundle
from .model import CutoutNetwork

__all__ = ["module_path"]

_SIZE, _PHOTOS = 352, 192


def module_path(node: str) -> str:
    """The module that a node of the graph came from: ``/network/up8/join/join.0/join.0.0/Conv`` is up8.join.0.0."""
    path: list[str] = []
    for word in node.split("/")[2:-1]:
        if path and word.startswith(f"{path[-1]}."):
            path[-1] = word
        else:
            path.append(word)
    return ".".join(path)


def _load(network: CutoutNetwork, model: onnx.ModelProto) -> set[str]:
    """Put the file's weights into ``network``, whose normalisations then do nothing; the names of the modules that it holds."""
    arrays = {array.name.removesuffix(".half"): numpy_helper.to_array(array).astype(np.float32) for array in model.graph.initializer}
    modules, found = dict(network.named_modules()), set()
    for node in model.graph.node:
        values = [torch.from_numpy(arrays[name].copy()) for name in node.input[1:] if name in arrays]
        path = module_path(node.name)
        if node.op_type == "Conv":
            modules[path].weight.data.copy_(values[0])
            following = modules.get(f"{path.rpartition('.')[0]}.{int(path.rpartition('.')[2]) + 1}") if path[-1].isdigit() else None
            home = following if isinstance(following, nn.BatchNorm2d) else modules[path]
            home.bias.data.copy_(values[1])
            found |= {path, path.rpartition(".")[0] + f".{int(path.rpartition('.')[2]) + 1}"} if home is following else {path}
        elif node.op_type == "MatMul" and values:
            modules[path].weight.data.copy_(values[0].T)
            modules[path].bias.data.copy_(torch.from_numpy(arrays[f"network.{path}.bias"].copy()))
            found.add(path)
        elif node.op_type == "LayerNormalization":
            modules[path].weight.data.copy_(values[0])
            modules[path].bias.data.copy_(values[1])
            found.add(path)
    return found


def _measured(network: CutoutNetwork, pictures: Tensor) -> None:
    """Give every normalisation the statistics of what reaches it, and what undoes them."""
    sums: dict[nn.BatchNorm2d, list[Tensor]] = {}

    def note(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        values = inputs[0].double()
        row = torch.stack([values.mean((0, 2, 3)), values.square().mean((0, 2, 3))])
        sums.setdefault(module, []).append(row)  # type: ignore[arg-type]

    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    hooks = [norm.register_forward_pre_hook(note) for norm in norms]
    with torch.no_grad():
        for part in pictures.split(16):
            network.all_answers(part)
    for hook in hooks:
        hook.remove()
    for norm in norms:
        mean, square = torch.stack(sums[norm]).mean(0)
        spread = (square - mean.square()).clamp(min=1e-8)
        shift = norm.bias.data.clone()
        norm.running_mean, norm.running_var = mean.float(), spread.float()
        norm.weight.data = (spread + norm.eps).sqrt().float()
        norm.bias.data = shift + mean.float()


def main() -> None:
    """Read the arguments, restore, compare with the file's own answers, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--onnx", type=Path, required=True)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    network = CutoutNetwork().eval()
    for norm in (module for module in network.modules() if isinstance(module, nn.BatchNorm2d)):
        norm.running_var = torch.full_like(norm.weight.data, 1 - norm.eps)
    found = _load(network, onnx.load(str(options.onnx)))
    entries = [entry for entry in bundle.read(options.photos) if entry.role in ("subject", "unlabelled", "ground")]
    order = np.random.default_rng(0).permutation(len(entries))[:_PHOTOS]
    squares = [cv2.resize(entries[place].picture, (_SIZE, _SIZE), interpolation=cv2.INTER_AREA)[..., ::-1] for place in order]
    pictures = torch.from_numpy(np.stack(squares).transpose(0, 3, 1, 2).astype(np.float32) / 255)
    _measured(network, pictures)
    session = onnxruntime.InferenceSession(str(options.onnx), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        answers = network(pictures[:8]).sigmoid().numpy()
    worst = float(np.abs(answers - session.run(["probability"], {"colours": pictures[:8].numpy()})[0]).max())
    if worst > 1e-3:
        raise SystemExit(f"the restored network differs from the file by {worst}")
    weights = {name: value for name, value in network.state_dict().items() if name.rpartition(".")[0] in found}
    torch.save({"size": _SIZE, "weights": weights}, options.out)
    sys.stdout.write(f"{len(weights)} of {len(network.state_dict())} arrays, differs by at most {worst:.6f}\n")


if __name__ == "__main__":
    main()
