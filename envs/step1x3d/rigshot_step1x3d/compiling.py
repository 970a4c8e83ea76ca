"""torch.compile of the transformer's blocks between two jobs, on a thread, so that the first job's result need not wait for it."""

import copy
import threading
import traceback
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

__all__ = ["Compilation", "compiled_twin"]


def compiled_twin(transformer: Any, *, backend: str = "inductor") -> Any:
    """A second transformer of the same weights whose blocks are compiled when they are first called.

    All blocks of a kind share one compilation (8 to 19 s for both kinds on an H100, 4 s from the cache on disk); compiling
    the whole transformer would take minutes for 36 blocks.
    """
    twin, inner = _shallow(transformer), _shallow(transformer.dit_model)
    for name in ("transformer_blocks", "single_transformer_blocks"):
        blocks: list[Any] = [torch.compile(block, backend=backend, dynamic=False) for block in getattr(inner, name)]
        setattr(inner, name, nn.ModuleList(blocks))
    twin.dit_model = inner
    return twin


class Compilation:
    """The compiling of one transformer on a thread of its own. Until it has ended no network may be called on another thread."""

    def __init__(self, transformer: Any, run: Callable[[Any], object], *, device: torch.device, backend: str = "inductor") -> None:
        """``run``: calls the transformer that it is given once, with arguments of the shapes that will be used."""
        self._twin = compiled_twin(transformer, backend=backend)
        self._run = run
        self._device = device
        self._done = False
        self._thread = threading.Thread(target=self._work, name="compile", daemon=True)
        self._thread.start()

    @property
    def transformer(self) -> Any | None:
        """The compiled transformer, None until it is ready, and for good where compiling failed."""
        return self._twin if self._done else None

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the thread no longer uses the weights, or for so many ``seconds``; whether it has ended."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _work(self) -> None:
        try:
            if self._device.type == "cuda":
                torch.cuda.set_device(self._device)
            with torch.no_grad():
                self._run(self._twin)
                if self._device.type == "cuda":
                    torch.cuda.synchronize(self._device)
            self._done = True
        except Exception:  # the uncompiled transformer gives the same shapes; why compiling failed belongs in the log
            traceback.print_exc()


def _shallow(module: Any) -> Any:
    """A module that shares parameters and children with ``module`` but may be given other children."""
    twin = copy.copy(module)
    twin._modules = dict(module._modules)
    return twin
