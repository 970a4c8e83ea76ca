"""Which models are where: loaded at first use, kept warm, moved out of the GPU when another one needs the room.

One thread uses a shelf at a time, as a worker does its requests one after another.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal, TypeVar

import torch

__all__ = ["OUT_OF_MEMORY", "Loaded", "Placement", "Shelf", "bytes_of", "chosen_device", "first_that_fits", "own_share", "placement"]

T = TypeVar("T")
Placement = Literal["whole", "layer", "tiled"]

OUT_OF_MEMORY = (MemoryError, torch.OutOfMemoryError)
_CONTEXT = 1 << 30
"""What CUDA and its libraries take beside what torch allocates."""
_MARGIN = 1.15
"""What lies on the GPU takes more than its bytes: the allocator rounds up and fragments."""


def chosen_device() -> torch.device:
    """What ``RIGSHOT_ENGINE_DEVICE`` names; else the first GPU, else the CPU."""
    named = os.environ.get("RIGSHOT_ENGINE_DEVICE")
    return torch.device(named or ("cuda" if torch.cuda.is_available() else "cpu"))


def own_share(device: torch.device) -> int | None:
    """Bytes of the GPU that this engine's models may use: ``RIGSHOT_ENGINE_GPU_MB`` is what it was given, for other engines may be on
    the card. None: no such limit, or no GPU."""
    given = int(os.environ.get("RIGSHOT_ENGINE_GPU_MB") or 0)
    return max((given << 20) - _CONTEXT, 0) if given and device.type == "cuda" else None


def bytes_of(modules: Sequence[torch.nn.Module]) -> int:
    """Bytes of all parameters and buffers; what two modules share counts once."""
    tensors = {id(tensor): tensor for module in modules for tensor in chain(module.parameters(), module.buffers())}
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())


def placement(size: int, *, free: int, work: int) -> Placement:
    """How a model of ``size`` bytes can run in ``free`` bytes of GPU memory with ``work`` bytes for what it computes: as a whole, with
    one layer at a time on the GPU, or decoding its picture in tiles, too."""
    if size * _MARGIN + work <= free:
        return "whole"
    return "layer" if work <= free else "tiled"


def first_that_fits(attempts: Sequence[Callable[[], T]], *, between: Callable[[], None]) -> T:
    """The result of the first attempt that has memory enough. ``between`` makes room after one that had not; the last one's
    error is raised."""
    for attempt in attempts[:-1]:
        try:
            return attempt()
        except OUT_OF_MEMORY:
            pass
        # out here the error is gone, and with it the frames that held what was computed so far
        between()
    return attempts[-1]()


@dataclass
class Loaded:
    """A model in this process: ``value`` is what is used, ``modules`` what is moved for it, ``work`` bytes it computes with.

    ``close`` is called before it is dropped.
    """

    value: Any
    modules: tuple[torch.nn.Module, ...] = ()
    work: int = 0
    close: Callable[[], None] = lambda: None
    here: bool = field(default=False, init=False)
    used: int = field(default=0, init=False)
    busy: int = field(default=0, init=False)

    @property
    def bytes(self) -> int:
        """What it takes on the GPU when it lies there."""
        return bytes_of(self.modules)


class Shelf:
    """All models of this process. ``limit``: bytes they may take on the device, at most what the GPU has free (a CPU has no limit)."""

    def __init__(self, device: torch.device, *, limit: int | None = None) -> None:
        self.device = device
        self._limit = limit
        self._models: dict[str, Loaded] = {}
        self._clock = 0

    @property
    def on_device(self) -> tuple[str, ...]:
        """The names of the models that lie on the device, the least lately used first."""
        return tuple(sorted((name for name, model in self._models.items() if model.here), key=lambda name: self._models[name].used))

    @property
    def loaded(self) -> tuple[str, ...]:
        """The names of the models that are in memory at all."""
        return tuple(self._models)

    @contextmanager
    def use(self, name: str, load: Callable[[], Loaded]) -> Iterator[Any]:
        """The model ``name`` on the device, loaded by ``load`` (into the CPU's memory) if it is not here yet."""
        model = self._models.get(name)
        if model is None:
            model = self._models[name] = load()
        self._clock += 1
        model.used = self._clock
        model.busy += 1
        try:
            self._bring(model)
            yield model.value
        finally:
            model.busy -= 1

    def value(self, name: str) -> Any:
        """A loaded model, wherever it lies."""
        return self._models[name].value

    def moves(self, name: str, modules: tuple[torch.nn.Module, ...]) -> None:
        """From now on the model ``name`` consists of these modules, which are brought to the device; none: something else moves them."""
        model = self._models[name]
        model.modules, model.here = modules, False
        self._bring(model)

    def make_room(self, wanted: int) -> None:
        """Move idle models to the CPU's memory, the least lately used first, until ``wanted`` bytes are free."""
        for name in self.on_device:
            if self.free() >= wanted:
                return
            self._put_away(self._models[name])

    def clear(self) -> None:
        """Move all idle models to the CPU's memory, and give back what torch keeps for itself."""
        for name in self.on_device:
            self._put_away(self._models[name])
        _give_back(self.device)

    def drop(self, name: str) -> None:
        """Forget a model; it is loaded again when it is next used."""
        if (model := self._models.pop(name, None)) is not None:
            model.close()
        _give_back(self.device)

    def sleep(self, level: Literal["ram", "out"]) -> None:
        """Free the device, or memory, too."""
        if level == "out":
            for name in self.loaded:
                self.drop(name)
        self.clear()

    def free(self) -> int:
        """Bytes that are left for models and what they compute."""
        left = 1 << 62
        if self._limit is not None:
            left = self._limit - sum(model.bytes for model in self._models.values() if model.here)
        if self.device.type != "cuda":
            return left
        unused = torch.cuda.memory_reserved(self.device) - torch.cuda.memory_allocated(self.device)
        return min(left, torch.cuda.mem_get_info(self.device)[0] + unused)

    def _bring(self, model: Loaded) -> None:
        if model.here or not model.modules:
            return
        self.make_room(int(model.bytes * _MARGIN) + model.work)
        try:
            for module in model.modules:
                module.to(self.device)
        except OUT_OF_MEMORY:
            self._take_down(model)  # not half of it up there, where nothing would ever move it
            raise
        model.here = True

    def _put_away(self, model: Loaded) -> None:
        if not model.busy:
            self._take_down(model)

    def _take_down(self, model: Loaded) -> None:
        for module in model.modules:
            _to_memory(module, pinned=self.device.type == "cuda")
        model.here = False
        _give_back(self.device)


def _to_memory(module: torch.nn.Module, *, pinned: bool) -> None:
    """Move a module to the CPU's memory; pinned memory comes back to the GPU several times faster."""
    for tensor in chain(module.parameters(), module.buffers()):
        kept = tensor.data.cpu()
        tensor.data = kept.pin_memory() if pinned else kept


def _give_back(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.empty_cache()
