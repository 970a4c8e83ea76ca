"""A published checkpoint made into a plain file of tensors, once, by a process of its own.

Upstream publishes Lightning's pickles. Unpickling runs whatever code a file asks for, and torch's safe way refuses these
(they hold configuration objects), so this reads them with an unpickler that knows the few functions which rebuild tensors
and makes an inert object of everything else. The optimiser's state, two thirds of the larger file, stays behind.

    python -m rigshot_unirig.checkpoint MODEL.ckpt MODEL.safetensors
"""

import pickle
import subprocess
import sys
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from rigshot_env import MissingWeights

__all__ = ["convert", "converted"]

_UNREADABLE = 3  # exit status: the file is at fault, and not this machine
_LOOK = 0.2  # seconds between two looks at the process
_PREFIX = "model."  # Lightning's module around the network
_REBUILD = frozenset({"_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_parameter"})


def converted(checkpoint: Path, cache: Path, name: str, tick: Callable[[], None] = lambda: None) -> Path:
    """The safetensors file made of ``checkpoint``; a file made before of the same checkpoint is used again.

    ``tick`` is called several times a second while one is made, and may raise. Raises MissingWeights if there is no
    checkpoint or it cannot be read.
    """
    if not checkpoint.is_file():
        raise MissingWeights(f"the weights {name} of UniRig are not installed")
    state = checkpoint.stat()
    made = cache / f"{name}-{state.st_size:x}-{state.st_mtime_ns:x}.safetensors"
    if not made.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "rigshot_unirig.checkpoint", str(checkpoint.resolve()), str(made.resolve())]
        status = _ended(command, tick)
        if status == _UNREADABLE:
            raise MissingWeights(f"the weights {name} of UniRig cannot be read: install them again")
        if status:
            raise RuntimeError(f"the weights {name} of UniRig could not be converted; what stopped it is in the log above")
        for old in cache.glob(f"{name}-*.safetensors"):
            if old != made:
                old.unlink()
    return made


def _ended(command: list[str], tick: Callable[[], None]) -> int:
    """The exit status of a process that does not outlive this call."""
    with subprocess.Popen(command, cwd=Path(__file__).parents[1], stdin=subprocess.DEVNULL, stdout=sys.stderr) as child:
        try:
            while (status := child.poll()) is None:
                tick()
                time.sleep(_LOOK)
        finally:
            child.kill()
    return status


def convert(checkpoint: Path, made: Path) -> None:
    """Write the network's tensors in ``checkpoint`` to ``made``, which appears whole. Raises ValueError without any."""
    import torch
    from safetensors.torch import save_file

    words = torch.load(checkpoint, map_location="cpu", mmap=True, weights_only=False, pickle_module=_careful_pickle())
    state = words.get("state_dict") if isinstance(words, dict) else None
    if not isinstance(state, dict):
        raise ValueError("the checkpoint has no state_dict")
    tensors = {
        # copies: tied weights share memory, which the format refuses
        name.removeprefix(_PREFIX): tensor.detach().clone().contiguous()
        for name, tensor in state.items()
        if isinstance(tensor, torch.Tensor) and name.startswith(_PREFIX)
    }
    if not tensors:
        raise ValueError("the checkpoint has no network")
    part = made.with_suffix(".part")
    save_file(tensors, part)
    part.replace(made)


class _Inert(dict[Any, Any]):
    """Stands for any object whose class we do not run: it takes what an unpickler gives and does nothing with it."""

    def __new__(cls, *_: Any, **__: Any) -> "_Inert":
        return super().__new__(cls)

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()

    def __hash__(self) -> int:  # type: ignore[override]  # a key of a dict, it may be
        return id(self)

    def __setstate__(self, _: Any) -> None:
        pass

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def append(self, _: Any) -> None:
        """Nothing."""

    def extend(self, _: Any) -> None:
        """Nothing."""

    def add(self, _: Any) -> None:
        """Nothing."""


def _careful_pickle() -> Any:
    """What torch takes for the module ``pickle``: an unpickler that calls nothing but what rebuilds tensors."""
    import torch

    class Unpickler(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            if module == "collections" and name == "OrderedDict":
                return OrderedDict
            if module == "torch._utils" and name in _REBUILD:
                return getattr(torch._utils, name)
            found = getattr(torch, name, None) if module in ("torch", "torch.storage") else None
            if isinstance(found, torch.dtype) or (isinstance(found, type) and name.endswith("Storage")) or found is torch.Size:
                return found
            return _Inert

    def refuse(*_: Any, **__: Any) -> Any:
        raise ValueError("the checkpoint is of torch's old format, which cannot be read carefully")

    return SimpleNamespace(Unpickler=Unpickler, load=refuse, __name__="careful_pickle")


def _main() -> int:
    try:
        convert(Path(sys.argv[1]), Path(sys.argv[2]))
    except (ValueError, RuntimeError, EOFError, KeyError, pickle.UnpicklingError) as error:
        sys.stderr.write(f"{sys.argv[1]}: {error}\n")
        return _UNREADABLE
    return 0


if __name__ == "__main__":
    raise SystemExit(_main())
