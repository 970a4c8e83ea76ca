"""Command: train the network of headings on silhouettes, on a processor in some minutes, and write it as ONNX.

python -m training.heading.train --silhouettes silhouettes.npz --out FOLDER [--epochs N --seed N]

Writes network.onnx (weights stored in half precision, computed with in single) and network.json.
"""

import argparse
import hashlib
import json
import math
import sys
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  (its usual name)

from rigshot_pipeline.embedded.heading import BINS, SIDE

from ..cutout.export import halved

__all__ = ["HeadingNetwork"]

_WIDTHS = (16, 40, 72, 104)
_BATCH = 256
_RATE = 2e-3
_SOFT = 7.5  # degrees: sigma of the target, which no outline tells more exactly
_PITCH = 10.0  # degrees that count as 1 in the loss of the pitch
_OPSET = 17


class HeadingNetwork(nn.Module):
    """From silhouettes (N, 1, 64, 64) in 0..1 to logits (N, 72) of the heading and degrees (N,) of pitch."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 1
        for width in _WIDTHS:
            layers += [nn.Conv2d(before, width, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            before = width
        layers += [nn.Conv2d(before, before, 3, padding=1, bias=False), nn.BatchNorm2d(before), nn.ReLU()]
        self.seen = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.2), nn.Linear(before * (SIDE // 16) ** 2, 128), nn.ReLU())
        self.heading, self.pitch = nn.Linear(128, BINS), nn.Linear(128, 1)

    def forward(self, silhouettes: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (N, 72) and degrees (N,)."""
        seen = self.seen(silhouettes)
        return self.heading(seen), _PITCH * self.pitch(seen)[:, 0]


def _target(heading: Tensor) -> Tensor:
    """The direction (N,) as a soft distribution (N, 72)."""
    middles = (torch.arange(BINS) + 0.5) * (360 / BINS) - 180
    away = (middles[None] - heading[:, None] + 180) % 360 - 180
    return torch.softmax(-(away**2) / (2 * _SOFT**2), 1)


def main() -> None:
    """Read the arguments, train, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--silhouettes", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    with np.load(options.silhouettes) as kept:
        masks = torch.from_numpy(kept["masks"])[:, None]
        heading, pitch = torch.from_numpy(kept["heading"]), torch.from_numpy(kept["pitch"])
    network = HeadingNetwork()
    steps = options.epochs * (len(masks) // _BATCH)
    chosen = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=0.02)
    pace = torch.optim.lr_scheduler.LambdaLR(chosen, lambda step: min(1.0, step / 200) * 0.5 * (1 + math.cos(math.pi * step / steps)))
    for epoch in range(options.epochs):
        total, order = 0.0, torch.randperm(len(masks))
        for place in range(0, len(masks) - _BATCH + 1, _BATCH):
            some = order[place : place + _BATCH]
            shown, turned = masks[some].float() / 255, heading[some]
            flip = torch.rand(len(some)) < 0.5
            shown, turned = torch.where(flip[:, None, None, None], shown.flip(3), shown), torch.where(flip, -turned, turned)
            logits, slant = network(shown)
            loss = F.cross_entropy(logits, _target(turned)) + 0.3 * F.smooth_l1_loss(slant / _PITCH, pitch[some] / _PITCH)
            chosen.zero_grad()
            loss.backward()
            chosen.step()
            pace.step()
            total += loss.item() * len(some)
        sys.stdout.write(f"epoch {epoch}: loss {total / len(masks):.3f}\n")
        sys.stdout.flush()
    options.out.mkdir(parents=True, exist_ok=True)
    _write(network.eval(), options.out)


def _write(network: HeadingNetwork, out: Path) -> None:
    path = out / "network.onnx"
    names = {"input_names": ["silhouette"], "output_names": ["heading", "pitch"]}
    axes = {name: {0: "pictures"} for name in ("silhouette", "heading", "pitch")}
    torch.onnx.export(network, (torch.zeros(2, 1, SIDE, SIDE),), str(path), **names, dynamic_axes=axes, opset_version=_OPSET, dynamo=False)
    onnx.save(halved(onnx.load(str(path))), str(path))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    (out / "network.json").write_text(json.dumps({"sha256": digest}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
