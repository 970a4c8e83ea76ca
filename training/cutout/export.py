"""Command: the trained network as ONNX, its weights stored in half precision, computed with in single.

python -m training.cutout.export --weights network.pt --out FOLDER

Processors compute no faster in half precision; storing it so halves the file. Checked against torch before it is written.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from .model import CutoutNetwork

__all__ = ["halved"]

# Arrays smaller than this stay in single precision: they weigh nothing.
_SMALL = 512
_OPSET = 17


class _Answer(nn.Module):
    def __init__(self, network: CutoutNetwork, names: list[str]) -> None:
        super().__init__()
        self.network, self.names = network, names

    def forward(self, colours: Tensor) -> tuple[Tensor, ...]:
        answers = self.network.all_answers(colours)
        given = {"probability": answers.logits.sigmoid(), "regions": answers.regions.softmax(1), "heading": answers.heading.softmax(1)}
        return tuple(given[name] for name in self.names)


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """``model`` with its large arrays in half precision, each followed by a cast that a runtime does once, when it loads."""
    casts = []
    for array in list(model.graph.initializer):
        values = numpy_helper.to_array(array)
        if values.dtype != np.float32 or values.size < _SMALL:
            continue
        stored = numpy_helper.from_array(values.astype(np.float16), f"{array.name}.half")
        casts.append(helper.make_node("Cast", [stored.name], [array.name], name=f"{array.name}.cast", to=TensorProto.FLOAT))
        model.graph.initializer.remove(array)
        model.graph.initializer.append(stored)
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def main() -> None:
    """Read the arguments, export, compare, write network.onnx and network.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--everything", action="store_true", help="also regions and heading, which the pipeline does not read")
    options = parser.parse_args()
    kept = torch.load(options.weights, map_location="cpu", weights_only=True)
    network = CutoutNetwork()
    network.load_state_dict(kept["weights"])
    names = ["probability", "regions", "heading"] if options.everything else ["probability"]
    answer, size = _Answer(network, names).eval(), int(kept["size"])
    sample = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    path = options.out / "network.onnx"
    axes = {name: {0: "pictures"} for name in ("colours", *names)}
    words = {"input_names": ["colours"], "output_names": names, "dynamic_axes": axes, "opset_version": _OPSET, "dynamo": False}
    with torch.no_grad():
        torch.onnx.export(answer, (sample,), str(path), **words)
        expected = [part.numpy() for part in answer(sample)]
    onnx.save(halved(onnx.load(str(path))), str(path))
    onnx.checker.check_model(str(path))
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    given = session.run(names, {"colours": sample.numpy()})
    worst = max(float(np.abs(one - other).max()) for one, other in zip(given, expected, strict=True))
    if worst > 0.05:
        raise SystemExit(f"the exported network differs from the trained one by {worst}")
    data = path.read_bytes()
    facts = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data), "size": size, "range": [0.0, 1.0], "order": "RGB"}
    (options.out / "network.json").write_text(json.dumps(facts, indent=2) + "\n")
    sys.stdout.write(f"{len(data) / 1e6:.2f} MB, differs by at most {worst:.4f}, {sum(p.numel() for p in network.parameters())} weights\n")


if __name__ == "__main__":
    main()
