"""Command: train the network for a given time on one GPU.

python -m training.cutout.train --photos photos.zip --renders FOLDER --out FOLDER [--seconds N --size N --seed N]

Writes network.pt (the averaged weights), log.txt and batch.jpg, a look at what was trained on.
"""

import argparse
import copy
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  (its usual name)

from .augment import Batch, Mixer
from .banks import Banks, HeldOut, cut_out, load
from .model import CutoutNetwork

__all__ = ["loss_of", "probabilities"]

_DECAY = 0.999
# The shares of the time after which unlabelled photos join with the network's own masks: where it says nearly the same of the picture
# at two sizes (IoU), and leaves little of it open. A network that was trained before starts with them.
_SELF_TAUGHT = (0.45, 0.75)
_AGREED, _OPEN = 0.93, 0.3


@dataclass(frozen=True, kw_only=True)
class _Plan:
    seconds: float
    size: int
    batch: int
    rate: float


def loss_of(network: CutoutNetwork, batch: Batch) -> Tensor:
    """Cross entropy, heavier near outlines, plus one minus a soft IoU of each picture; the coarse answers count for less."""
    logits, *coarse = network.all_answers(batch.colours.to(memory_format=torch.channels_last))
    total = torch.zeros((), device=logits.device)
    for answer, share in zip((logits, *coarse), (1.0, 0.25, 0.15), strict=True):
        answer = answer.float()
        target, weight = batch.target, batch.weight
        if answer.shape != target.shape:
            weight = F.adaptive_avg_pool2d(weight, answer.shape[-2:])
            target = F.adaptive_avg_pool2d(batch.target * batch.weight, answer.shape[-2:]) / weight.clamp(min=1e-3)
        near = (F.avg_pool2d(target, 15, 1, 7, count_include_pad=False) - target).abs() if share == 1.0 else torch.zeros_like(target)
        crossed = F.binary_cross_entropy_with_logits(answer, target, reduction="none")
        entropy = (crossed * weight * (1 + 3 * near)).sum() / weight.sum().clamp(min=1)
        chance = answer.sigmoid() * weight
        both = (chance * target).sum((1, 2, 3))
        either = (chance + target * weight).sum((1, 2, 3)) - both
        overlap = (both + 1) / (either + 1)
        has = (target * weight).sum((1, 2, 3)) > 8
        total = total + share * (entropy + ((1 - overlap) * has).sum() / has.sum().clamp(min=1))
    return total


@torch.no_grad()
def probabilities(network: CutoutNetwork, pictures: Tensor, size: int) -> Tensor:
    """(N, 1, size, size) for uint8 pictures (N, 3, H, W), averaged with those of the mirrored ones."""
    network.eval()
    parts = []
    for chunk in pictures.split(64):
        colours = F.interpolate(chunk.float() / 255, size=(size, size), mode="bilinear", antialias=True, align_corners=False)
        parts.append((network(colours).sigmoid() + network(colours.flip(3)).sigmoid().flip(3)) / 2)
    return torch.cat(parts)


def _judge(network: CutoutNetwork, held_out: HeldOut, size: int) -> str:
    found = F.interpolate(probabilities(network, held_out.pictures, size), size=held_out.masks.shape[-2:], mode="bilinear")[:, 0] > 0.5
    known, truth = held_out.masks != 128, held_out.masks == 255
    both = (found & truth & known).sum((1, 2)).float()
    overlap = both / ((found | truth) & known).sum((1, 2)).clamp(min=1)
    values = overlap.cpu().numpy()
    worst = ", ".join(f"{held_out.names[place]} {values[place]:.2f}" for place in np.argsort(values)[:5])
    return f"held out mean {values.mean():.3f} median {np.median(values):.3f} >=.85 {(values >= 0.85).mean():.2f} worst {worst}"


def _self_taught(network: CutoutNetwork, banks: Banks, size: int, *, photos: Tensor, real: Tensor) -> int:
    """Set the banks to the labelled ``photos`` and ``real`` cut-outs and to unlabelled ones that the network is sure of: how many."""
    shape = banks.unlabelled.shape[-2:]
    views = [F.interpolate(probabilities(network, banks.unlabelled, side), size=shape, mode="bilinear") for side in (size, size + 64)]
    chance = (views[0] + views[1]) / 2
    unsure = ((chance > 0.1) & (chance < 0.9)).float()
    area = (chance > 0.5).float().mean((1, 2, 3))
    first, second = (view > 0.5 for view in views)
    agreed = (first & second).sum((1, 2, 3)) / (first | second).sum((1, 2, 3)).clamp(min=1)
    good = (agreed > _AGREED) & (unsure.mean((1, 2, 3)) / area.clamp(min=1e-3) < _OPEN) & (area > 0.04) & (area < 0.9)
    pictures, chance, unsure = banks.unlabelled[good], chance[good], unsure[good]
    weight = (1 - unsure) * 0.7 + unsure * 0.1
    banks.photos = torch.cat([photos, torch.cat([pictures, (chance * 255).byte(), (weight * 255).byte()], 1)])
    cuts = [
        cut_out(picture.permute(1, 2, 0).contiguous().cpu().numpy(), alpha[0].float().cpu().numpy())
        for picture, alpha in zip(pictures, chance, strict=True)
    ]
    found = [torch.from_numpy(cut)[None].to(real.device) for cut in cuts if cut is not None]
    banks.real = torch.cat([real, *found])
    return int(good.sum())


def _fit(banks: Banks, plan: _Plan, *, start: Path | None, seed: int, log: TextIO) -> CutoutNetwork:
    torch.manual_seed(seed)
    device = banks.photos.device
    network = CutoutNetwork()
    if start is not None:
        network.load_state_dict(torch.load(start, map_location="cpu", weights_only=True)["weights"])
    network = network.to(device, memory_format=torch.channels_last)
    average = copy.deepcopy(network).eval().requires_grad_(False)
    mixer = Mixer(banks, size=plan.size, generator=torch.Generator(device).manual_seed(seed))
    plain = [weight for weight in network.parameters() if weight.ndim < 2]
    heavy = [weight for weight in network.parameters() if weight.ndim >= 2]
    groups = [{"params": heavy, "weight_decay": 0.03}, {"params": plain, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=plan.rate, betas=(0.9, 0.99), fused=True)
    labelled = {"photos": banks.photos, "real": banks.real}
    lessons = [0.0, *_SELF_TAUGHT] if start is not None else list(_SELF_TAUGHT)
    began, step, told, running = time.monotonic(), 0, 0.0, 0.0
    while (gone := (time.monotonic() - began) / plan.seconds) < 1:
        if lessons and gone >= lessons[0] and len(banks.unlabelled):
            lessons.pop(0)
            joined = _self_taught(average, banks, plan.size, **labelled)
            log.write(f"{joined} of {len(banks.unlabelled)} unlabelled photos joined\n")
        rate = plan.rate * (min(1, gone / 0.04 + 0.02) if gone < 0.04 else 0.5 + 0.5 * math.cos(math.pi * (gone - 0.04) / 0.96))
        for group in optimiser.param_groups:
            group["lr"] = rate
        with torch.no_grad():
            batch = mixer.batch(plan.batch)
        network.train()
        with torch.autocast(device.type, dtype=torch.bfloat16):
            loss = loss_of(network, batch)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimiser.step()
        step += 1
        with torch.no_grad():
            decay = min(_DECAY, (1 + step) / (10 + step))
            kept, now = list(average.state_dict().values()), list(network.state_dict().values())
            floats = [place for place, value in enumerate(kept) if value.is_floating_point()]
            torch._foreach_lerp_([kept[place] for place in floats], [now[place] for place in floats], 1 - decay)
        if step % 50 == 0:
            running = loss.item()
        if gone >= told:
            told += 0.1
            log.write(f"{time.monotonic() - began:5.0f} s step {step:5d} loss {running:.3f} {_judge(average, banks.held_out, plan.size)}\n")
            log.flush()
    log.write(f"{step} steps of {plan.batch}; {_judge(average, banks.held_out, plan.size)}\n")
    return average


def _look(mixer: Mixer, path: Path) -> None:
    batch = mixer.batch(48)
    shown = torch.cat(
        [batch.colours * 0.75 + 0.25 * batch.target * batch.colours.new_tensor([1.0, 0.2, 0.2]).view(3, 1, 1), batch.colours], 3
    )
    shown = F.interpolate(shown, scale_factor=0.5, mode="area").clamp(0, 1).permute(0, 2, 3, 1).cpu().numpy()
    rows = [np.concatenate(list(shown[place : place + 6]), 1) for place in range(0, 48, 6)]
    cv2.imwrite(str(path), (np.concatenate(rows)[..., ::-1] * 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 85])


def main() -> None:
    """Read the arguments, train, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--renders", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=400)
    parser.add_argument("--size", type=int, default=352)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=Path, help="weights to go on from")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.backends.cudnn.benchmark = True
    torch.set_float32_matmul_precision("high")
    start = time.monotonic()
    banks = load(options.photos, options.renders, device=device)
    with (options.out / "log.txt").open("w") as log:
        sizes = {name: len(getattr(banks, name)) for name in ("photos", "drawings", "real", "made", "grounds", "unlabelled")}
        log.write(f"{vars(options)}\n{sizes} loaded in {time.monotonic() - start:.0f} s\n")
        mixer = Mixer(banks, size=options.size, generator=torch.Generator(banks.photos.device).manual_seed(0))
        with torch.no_grad():
            _look(mixer, options.out / "batch.jpg")
        plan = _Plan(seconds=options.seconds, size=options.size, batch=options.batch, rate=options.rate)
        network = _fit(banks, plan, start=options.start, seed=options.seed, log=log)
    torch.save({"size": options.size, "weights": network.state_dict()}, options.out / "network.pt")


if __name__ == "__main__":
    main()
