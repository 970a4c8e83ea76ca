"""Command: train the network for a given time on one GPU.

python -m training.cutout.train --photos photos.zip --renders FOLDER --out FOLDER [--seconds N --size N --seed N --start network.pt --graph]

``render`` may still be writing to the folder of the renders: what comes is taken up. With ``--graph`` the step is recorded once as a CUDA
graph, which spares a processor that is slower than the GPU. Writes network.pt (the averaged weights), log.txt and batch.jpg, a look at what
was trained on.
"""

import argparse
import copy
import math
import time
from dataclasses import dataclass
from functools import lru_cache
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
from .model_words import HEADINGS, REGIONS
from .parts import UNTOLD

__all__ = ["Lesson", "lesson_of", "loss_of", "probabilities"]

_DECAY = 0.999
# The shares of the time after which unlabelled photos join with the network's own masks: where it says nearly the same of the picture
# at two sizes (IoU), and leaves little of it open. A network that was trained before starts with them.
_SELF_TAUGHT = (0.45, 0.75)
_AGREED, _OPEN = 0.93, 0.3
# Regions and heading beside the mask: little, so that the mask does not suffer. Small parts count more than ground and trunk.
_REGIONS_SHARE, _HEADING_SHARE = 0.15, 0.04
_PART_WEIGHTS = {"ground": 0.3, "head": 1.5, "body": 1.0, "legs": 1.5, "tail": 3.0}
# How sharply a heading's soft label falls off (a von Mises density): to a half at 27 degrees.
_CONCENTRATION = 6.0
# The folder of the renders is looked into so often (seconds).
_REFILLED = 15.0


@dataclass(frozen=True, kw_only=True)
class _Plan:
    seconds: float
    size: int
    batch: int
    rate: float
    graph: bool


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A batch as the loss reads it: ``colours`` (B, 3, S, S), ``target`` and ``weight`` (B, 1, S, S); ``regions`` (B, S / 4, S / 4) class
    numbers, UNTOLD where unknown; ``heading`` (B, HEADINGS) shares of each sector, all zero where there is none."""

    colours: Tensor
    target: Tensor
    weight: Tensor
    regions: Tensor
    heading: Tensor

    def fields(self) -> tuple[Tensor, ...]:
        """All tensors, in a fixed order."""
        return self.colours, self.target, self.weight, self.regions, self.heading


def lesson_of(batch: Batch) -> Lesson:
    """What is to be learnt from ``batch``."""
    middles = torch.arange(HEADINGS, device=batch.heading.device) * (2 * math.pi / HEADINGS)
    closeness = torch.exp(_CONCENTRATION * (torch.cos(batch.heading[:, None] - middles) - 1))
    known = ~batch.heading.isnan()[:, None]
    heading = torch.where(known, closeness / closeness.sum(1, keepdim=True).clamp(min=1e-6), 0.0)
    return Lesson(
        colours=batch.colours.contiguous(memory_format=torch.channels_last),
        target=batch.target,
        weight=batch.weight,
        regions=batch.regions[:, 0, 2::4, 2::4].long(),
        heading=heading,
    )


def loss_of(network: CutoutNetwork, lesson: Lesson) -> Tensor:
    """Cross entropy, heavier near outlines, plus one minus a soft IoU of each picture; the coarse answers count for less.

    Regions and heading add their own cross entropies.
    """
    answers = network.all_answers(lesson.colours)
    parts = F.cross_entropy(answers.regions.float(), lesson.regions, weight=_importance(lesson.colours.device), ignore_index=UNTOLD)
    turned = -(lesson.heading * answers.heading.float().log_softmax(1)).sum() / lesson.heading.sum().clamp(min=1)
    total = _REGIONS_SHARE * parts + _HEADING_SHARE * turned
    for answer, share in ((answers.logits, 1.0), (answers.coarse8, 0.25), (answers.coarse16, 0.15)):
        answer = answer.float()
        target, weight = lesson.target, lesson.weight
        if answer.shape != target.shape:
            weight = F.adaptive_avg_pool2d(weight, answer.shape[-2:])
            target = F.adaptive_avg_pool2d(lesson.target * lesson.weight, answer.shape[-2:]) / weight.clamp(min=1e-3)
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


@lru_cache(maxsize=2)
def _importance(device: torch.device) -> Tensor:
    return torch.tensor([_PART_WEIGHTS[name] for name in ("ground", *REGIONS)], device=device)


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


class _Steps:
    """Training steps of one network; with ``graph`` they are recorded once and played again."""

    def __init__(self, network: CutoutNetwork, plan: _Plan) -> None:
        self.network, self.device = network, next(network.parameters()).device
        plain = [weight for weight in network.parameters() if weight.ndim < 2]
        heavy = [weight for weight in network.parameters() if weight.ndim >= 2]
        groups = [{"params": heavy, "weight_decay": 0.03}, {"params": plain, "weight_decay": 0.0}]
        self.rate = torch.tensor(plan.rate, device=self.device)
        graph = plan.graph and self.device.type == "cuda"
        self.optimiser = torch.optim.AdamW(groups, lr=self.rate, betas=(0.9, 0.99), fused=True, capturable=graph)
        self._warm = 5 if graph else -1  # steps taken before the recording
        self._graph: torch.cuda.CUDAGraph | None = None
        self._held: Lesson | None = None
        self.loss = torch.zeros((), device=self.device)

    def take(self, lesson: Lesson, rate: float) -> None:
        """One step on ``lesson`` at a learning ``rate``."""
        self.rate.fill_(rate)
        if self._warm < 0:
            self.loss = self._step(lesson)
            return
        if self._held is None:
            self._held = Lesson(**{name: value.clone() for name, value in vars(lesson).items()})
        for held, given in zip(self._held.fields(), lesson.fields(), strict=True):
            held.copy_(given)
        if self._graph is not None:
            self._graph.replay()
        elif self._warm:
            aside = torch.cuda.Stream()
            aside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(aside):
                self._step(self._held)
            torch.cuda.current_stream().wait_stream(aside)
            self._warm -= 1
        else:
            self.optimiser.zero_grad(set_to_none=True)
            torch.cuda.synchronize()
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph):
                self.loss = self._step(self._held)
            self._graph.replay()

    def _step(self, lesson: Lesson) -> Tensor:
        # A cache of casts would outlive the recording.
        with torch.autocast(self.device.type, dtype=torch.bfloat16, cache_enabled=self._warm < 0):
            loss = loss_of(self.network, lesson)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self.optimiser.step()
        return loss.detach()


def _fit(banks: Banks, plan: _Plan, *, renders: Path, start: Path | None, seed: int, log: TextIO) -> CutoutNetwork:
    torch.manual_seed(seed)
    device = banks.photos.device
    network = CutoutNetwork()
    if start is not None:
        kept = torch.load(start, map_location="cpu", weights_only=True)["weights"]
        missing = network.load_state_dict(kept, strict=False)
        log.write(f"not in {start}, begun anew: {', '.join(missing.missing_keys) or 'nothing'}\n")
    network = network.to(device, memory_format=torch.channels_last).train()
    average = copy.deepcopy(network).eval().requires_grad_(False)
    pairs = [(kept, now) for kept, now in zip(average.state_dict().values(), network.state_dict().values(), strict=True)]
    pairs = [(kept, now) for kept, now in pairs if kept.is_floating_point()]
    averages, currents = [kept for kept, _ in pairs], [now for _, now in pairs]
    mixer = Mixer(banks, size=plan.size, generator=torch.Generator(device).manual_seed(seed))
    steps = _Steps(network, plan)
    labelled = {"photos": banks.photos, "real": banks.real}
    lessons = [0.0, *_SELF_TAUGHT] if start is not None else list(_SELF_TAUGHT)
    began, step, told, refilled = time.monotonic(), 0, 0.0, 0.0
    while (gone := (time.monotonic() - began) / plan.seconds) < 1:
        if lessons and gone >= lessons[0] and len(banks.unlabelled):
            lessons.pop(0)
            joined = _self_taught(average, banks, plan.size, **labelled)
            log.write(f"{joined} of {len(banks.unlabelled)} unlabelled photos joined\n")
        if gone * plan.seconds >= refilled:
            refilled += _REFILLED
            banks.refill(renders)
        rate = plan.rate * (min(1, gone / 0.04 + 0.02) if gone < 0.04 else 0.5 + 0.5 * math.cos(math.pi * (gone - 0.04) / 0.96))
        with torch.no_grad():
            lesson = lesson_of(mixer.batch(plan.batch))
        network.train()
        steps.take(lesson, rate)
        step += 1
        with torch.no_grad():
            decay = _DECAY if start is not None else min(_DECAY, (1 + step) / (10 + step))
            torch._foreach_lerp_(averages, currents, 1 - decay)
        if gone >= told:
            told += 0.1
            words = f"{len(banks.made)} figures, {len(banks.things)} things"
            judged = _judge(average, banks.held_out, plan.size)
            log.write(f"{time.monotonic() - began:5.0f} s step {step:5d} {words} loss {steps.loss.item():.3f} {judged}\n")
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
    parser.add_argument("--graph", action="store_true", help="record the step as a CUDA graph")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.backends.cudnn.benchmark = True
    torch.set_float32_matmul_precision("high")
    start = time.monotonic()
    banks = load(options.photos, options.renders, device=device)
    with (options.out / "log.txt").open("w") as log:
        sizes = {name: len(getattr(banks, name)) for name in ("photos", "drawings", "real", "made", "things", "grounds", "unlabelled")}
        log.write(f"{vars(options)}\n{sizes} loaded in {time.monotonic() - start:.0f} s\n")
        mixer = Mixer(banks, size=options.size, generator=torch.Generator(banks.photos.device).manual_seed(0))
        with torch.no_grad():
            _look(mixer, options.out / "batch.jpg")
        plan = _Plan(seconds=options.seconds, size=options.size, batch=options.batch, rate=options.rate, graph=options.graph)
        network = _fit(banks, plan, renders=options.renders, start=options.start, seed=options.seed, log=log)
    torch.save({"size": options.size, "weights": network.state_dict()}, options.out / "network.pt")


if __name__ == "__main__":
    main()
