"""The training pictures as tensors on the GPU, prepared on the CPU's cores: labels completed, subjects cut out, grounds cleared."""

import os
import time
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from . import bundle
from .bundle import UNKNOWN, Entry

__all__ = ["Banks", "HeldOut", "load"]

SIDE, CUT = 416, 384

# What GrabCut says of Oxford's unknown band counts this much beside labels made by people.
_GUESS = 0.3


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Pictures (N, 3, SIDE, SIDE) and masks (N, SIDE, SIDE) that are only looked at, with their ``names``."""

    pictures: Tensor
    masks: Tensor
    names: list[str]


@dataclass(kw_only=True)
class Banks:
    """uint8 tensors on one device.

    ``photos`` (K, 5, SIDE, SIDE): RGB, target, weight, stretched to a square; ``drawings`` likewise; ``real`` (N, 4, CUT, CUT): cut-out
    subjects of photos, RGB and alpha; ``made`` (N, 5, CUT, CUT): those of renders, with their regions, and ``headings`` (N,) float32 where
    they look to, radians or NaN; ``things`` (T, 4, CUT, CUT): what is no subject; ``grounds`` (M, 3, SIDE, SIDE);
    ``unlabelled`` (U, 3, SIDE, SIDE).
    """

    photos: Tensor
    drawings: Tensor
    real: Tensor
    made: Tensor
    headings: Tensor
    things: Tensor
    grounds: Tensor
    unlabelled: Tensor
    held_out: HeldOut
    read: set[Path] = field(default_factory=set)

    def refill(self, renders: Path) -> int:
        """Add what ``render`` has written to the folder ``renders`` since the last time; how many files that was."""
        paths = [path for path in sorted(renders.glob("*_?????.npz")) if path not in self.read]
        found: dict[str, list[Tensor]] = {}
        for path in paths:
            kind = path.name.partition("_")[0]
            with np.load(path) as data:
                pictures, headings = data["pictures"].transpose(0, 3, 1, 2), data["headings"]
            if kind == "drawings":
                pictures = np.concatenate([pictures, np.full_like(pictures[:, :1], 255)], 1)
            name = {"figures": "made", "sprites": "made"}.get(kind, kind)
            found.setdefault(name, []).append(torch.from_numpy(np.ascontiguousarray(pictures)).to(self.photos.device))
            if name == "made":
                turns = torch.from_numpy(np.radians(headings).astype(np.float32)).to(self.photos.device)
                found.setdefault("headings", []).append(turns)
        for name, parts in found.items():
            setattr(self, name, torch.cat([getattr(self, name), *parts]))
        self.read |= set(paths)
        return len(paths)


def load(photos: Path, renders: Path, *, device: str) -> Banks:
    """Read a bundle and what ``render`` has written so far; waits for the first figures and drawings."""
    entries = list(bundle.read(photos))
    by_role = {role: [entry for entry in entries if entry.role == role] for role in ("subject", "ground", "unlabelled", "held_out")}
    with get_context("fork").Pool(os.cpu_count()) as pool:
        known = pool.map(_prepared, by_role["subject"], chunksize=4)
        invented = pool.map(_invented_ground, range(160), chunksize=4)
    cleared = [ground for _, _, ground in known if ground is not None]

    def tensor(pictures: list[NDArray[np.uint8]] | NDArray[np.uint8]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(np.stack(list(pictures)))).to(device)

    held = by_role["held_out"]

    def nothing(*shape: int) -> Tensor:
        return torch.zeros(0, *shape, dtype=torch.uint8, device=device)

    banks = Banks(
        photos=tensor([photo for photo, _, _ in known]),
        drawings=nothing(5, SIDE, SIDE),
        real=tensor([cut for _, cut, _ in known if cut is not None]),
        made=nothing(5, CUT, CUT),
        headings=torch.zeros(0, device=device),
        things=nothing(4, CUT, CUT),
        grounds=tensor([_square(_rgb(entry)) for entry in by_role["ground"]] * 3 + cleared + invented),
        unlabelled=tensor([_square(_rgb(entry)) for entry in by_role["unlabelled"]]),
        held_out=HeldOut(
            pictures=tensor([_square(_rgb(entry)) for entry in held]),
            masks=tensor([cv2.resize(_mask(entry), (SIDE, SIDE), interpolation=cv2.INTER_NEAREST) for entry in held]),
            names=[entry.name for entry in held],
        ),
    )
    while not (len(banks.made) and len(banks.drawings)):
        if not banks.refill(renders):
            time.sleep(1)
    return banks


def cut_out(picture: NDArray[np.uint8], alpha: NDArray[np.float32]) -> NDArray[np.uint8] | None:
    """The subject of ``picture`` (H, W, 3) RGB, fitted into (4, CUT, CUT) as renders are; None when there is too little of it."""
    inside = np.argwhere(alpha > 0.5)
    if len(inside) < 0.03 * alpha.size:
        return None
    (top, left), (bottom, right) = inside.min(0), inside.max(0) + 1
    scale = 0.8 * CUT / max(bottom - top, right - left)
    middle = np.array([left + right, top + bottom]) / 2
    matrix = np.c_[np.eye(2) * scale, CUT / 2 - middle * scale]
    colours = cv2.warpAffine(picture, matrix, (CUT, CUT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    # A little inside the outline, where the old ground no longer shines through.
    soft = np.clip((cv2.GaussianBlur(alpha, (0, 0), 1.0) - 0.45) * 2.2, 0, 1)
    cover = cv2.warpAffine(soft, matrix, (CUT, CUT), flags=cv2.INTER_LINEAR)
    return np.concatenate([colours, np.round(cover * 255).astype(np.uint8)[..., None]], 2).transpose(2, 0, 1)


def _rgb(entry: Entry) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(entry.picture, cv2.COLOR_BGR2RGB), np.uint8)


def _mask(entry: Entry) -> NDArray[np.uint8]:
    assert entry.mask is not None, entry.name
    return entry.mask


def _square(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    stretched = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA if min(picture.shape[:2]) > SIDE else cv2.INTER_LINEAR)
    return np.ascontiguousarray(stretched.transpose(2, 0, 1))


def _prepared(entry: Entry) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None, NDArray[np.uint8] | None]:
    """A masked photo as (5, SIDE, SIDE), its subject as (4, CUT, CUT) and its ground without it as (3, SIDE, SIDE)."""
    cv2.setNumThreads(1)
    picture, mask = _rgb(entry), _mask(entry)
    unknown = mask == UNKNOWN
    target = (mask == 255).astype(np.float32)
    weight = np.where(unknown, 0, 1).astype(np.float32)
    crowd = entry.name.startswith("coco")
    if not crowd and unknown.any() and target.any() and (mask == 0).any():
        target = np.where(unknown, _guess(entry.picture, mask), target).astype(np.float32)
        weight[unknown] = _GUESS
    planes = [cv2.resize(plane, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR) for plane in (target, weight)]
    photo = np.concatenate([_square(picture), np.round(np.stack(planes) * 255).astype(np.uint8)])
    ground = None
    if float((mask != 0).mean()) < 0.5:
        ground = _square(_cleared(picture, mask != 0))
    return photo, None if crowd and unknown.mean() > 0.2 else cut_out(picture, target), ground


def _guess(picture: NDArray[np.uint8], mask: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What the unknown band is, by its colours (GrabCut) and by which side is nearer."""
    inner = cv2.distanceTransform((mask != 255).astype(np.uint8), cv2.DIST_L2, 5)
    outer = cv2.distanceTransform((mask != 0).astype(np.uint8), cv2.DIST_L2, 5)
    nearer = outer / np.maximum(inner + outer, 1e-6)
    seeds = np.select([mask == 255, mask == 0], [cv2.GC_FGD, cv2.GC_BGD], np.where(nearer > 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD)).astype(
        np.uint8
    )
    cv2.setRNGSeed(0)
    cv2.grabCut(picture, seeds, None, np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK)
    colours = np.isin(seeds, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(np.clip(0.7 * colours + 0.6 * nearer - 0.15, 0, 1).astype(np.float32), (0, 0), 1.0), np.float32)


def _cleared(picture: NDArray[np.uint8], subject: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """``picture`` with its subject painted over from around it."""
    few = 128
    small = cv2.resize(picture, (few, few), interpolation=cv2.INTER_AREA)
    hole = cv2.dilate(cv2.resize(subject.astype(np.uint8), (few, few), interpolation=cv2.INTER_NEAREST), np.ones((7, 7), np.uint8))
    filled = cv2.resize(cv2.inpaint(small, hole, 4, cv2.INPAINT_TELEA), picture.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    share = cv2.GaussianBlur(cv2.resize(hole.astype(np.float32), picture.shape[1::-1]), (0, 0), 3)[..., None]
    grain = np.random.default_rng(0).normal(0, 5, (*picture.shape[:2], 1))
    return np.clip(picture * (1 - share) + (filled + grain) * share, 0, 255).astype(np.uint8)


def _invented_ground(number: int) -> NDArray[np.uint8]:
    """A wall and a floor, things with edges, bokeh, or plain colour with a gradient: (3, SIDE, SIDE)."""
    random = np.random.default_rng([11, number])
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    first, second = random.uniform(20, 240, 3), random.uniform(20, 240, 3)
    slope = np.clip(rows * random.normal(0, 1) + columns * random.normal(0, 1) + 0.5, 0, 1)[..., None]
    page = first * (1 - slope) + (second if random.random() < 0.5 else first * random.uniform(0.6, 1.2)) * slope
    for octave in (4, 16, 64):
        noise = random.normal(0, 1, (octave, octave, 3)) * random.uniform(0, 14)
        page = page + cv2.resize(noise, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    page = np.ascontiguousarray(page.astype(np.float32))
    if number % 4 == 0:
        line = int(random.uniform(0.4, 0.85) * SIDE)
        page[line:] = page[line:] * 0.4 + random.uniform(20, 220, 3) * 0.6
    if number % 4 in (0, 1):
        for _ in range(int(random.integers(2, 9))):
            corner, size = random.uniform(-0.1, 0.9, 2) * SIDE, random.uniform(0.08, 0.5, 2) * SIDE
            box = cv2.boxPoints(((float(corner[0]), float(corner[1])), (float(size[0]), float(size[1])), float(random.normal(0, 8))))
            cv2.fillPoly(page, [box.astype(np.int32)], random.uniform(10, 245, 3).tolist(), cv2.LINE_AA)
    if number % 4 == 2:
        for _ in range(int(random.integers(20, 120))):
            place = random.uniform(0, SIDE, 2).astype(int).tolist()
            disc = np.zeros_like(page)
            cv2.circle(disc, place, int(random.uniform(3, 22)), random.uniform(30, 160, 3).tolist(), -1, cv2.LINE_AA)
            page += disc
    soft = cv2.GaussianBlur(page, (0, 0), float(random.uniform(0.5, 2.5)))
    return np.clip(soft, 0, 255).astype(np.uint8).transpose(2, 0, 1)
