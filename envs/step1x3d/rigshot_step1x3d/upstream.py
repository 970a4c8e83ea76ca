"""Importing upstream's package without what inference does not need, and without a change to its files.

Importing `step1x3d_geometry` as it is drags in training (Lightning, streaming, wandb), pymeshlab (GPL), rembg (whose session name is
wrong there) and `volume_decoders.py`, which is under a licence that forbids commercial use. For the time of the import these names
stand for empty modules: what is asked of them then is an annotation, a decorator or a class that we never call.
"""

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

__all__ = ["Upstream", "import_upstream"]

_PACKAGE = "step1x3d_geometry"
_REAL = ("diffusers", "einops", "jaxtyping", "omegaconf", "skimage", "transformers", "trimesh")
"""What upstream imports and gets; first of all, for some of these look for the packages below and must not meet a stand-in."""


def _same(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


def _silent(*_arguments: Any, **_named: Any) -> None:
    return None


class _LeftOut:
    """Stands for a class that upstream names, or makes, but that must never run here."""

    def __init__(self, *_arguments: Any, **_named: Any) -> None: ...

    def __call__(self, *_arguments: Any, **_named: Any) -> Any:
        raise RuntimeError("this part of Step1X-3D is left out of Rigshot's environment on purpose")


_LENT: dict[str, dict[str, Any]] = {
    "pymeshlab": {"MeshSet": _LeftOut, "Mesh": _LeftOut},
    "rembg": {},
    "pytorch_lightning": {},
    "pytorch_lightning.utilities": {},
    "pytorch_lightning.utilities.rank_zero": {"rank_zero_debug": _silent, "rank_zero_info": _silent, "rank_zero_only": _same},
    "timm": {},
    "timm.models": {},
    "timm.models.vision_transformer": {"Attention": _LeftOut},
    # for pictures as training batches; those of people go through transformers' processors, and its wheels fit one torch only
    "torchvision": {},
    "torchvision.transforms": dict.fromkeys(("CenterCrop", "Compose", "Normalize", "Resize"), _LeftOut)
    | {"InterpolationMode": SimpleNamespace(BICUBIC=None)},
    "torchvision.transforms.transforms": {"_interpolation_modes_from_int": _LeftOut},
    "typeguard": {"typechecked": _same},
}
"""Other projects' modules, by what upstream takes from them; given back after the import, so that nobody else meets them."""

_KEPT: dict[str, dict[str, Any]] = {
    f"{_PACKAGE}.data": {},
    f"{_PACKAGE}.systems": {},
    f"{_PACKAGE}.models.autoencoders.volume_decoders": {"HierarchicalVolumeDecoder": _LeftOut, "VanillaVolumeDecoder": _LeftOut},
    f"{_PACKAGE}.models.conditional_encoders.t5_encoder": {"T5Encoder": _LeftOut},  # no published variant has captions
}
"""Upstream's own modules that stay out for good."""


class Upstream:
    """What we use of upstream's package, once it is imported."""

    def __init__(self) -> None:
        self.pipeline: Any = importlib.import_module(f"{_PACKAGE}.models.pipelines.pipeline").Step1X3DGeometryPipeline
        self.autoencoder: Any = importlib.import_module(f"{_PACKAGE}.models.autoencoders.michelangelo_autoencoder")
        self.transformer: Any = importlib.import_module(f"{_PACKAGE}.models.transformers.flux_transformer_1d")
        self.dino: Any = importlib.import_module(f"{_PACKAGE}.models.conditional_encoders.dinov2_encoder")
        self.dino_and_clip: Any = importlib.import_module(f"{_PACKAGE}.models.conditional_encoders.dinov2_clip_encoder")
        self.label: Any = importlib.import_module(f"{_PACKAGE}.models.conditional_encoders.label_encoder")


def import_upstream(source: Path) -> Upstream:
    """Upstream's package from the checkout in ``source``. Raises FileNotFoundError if it is not there."""
    if not (source / _PACKAGE / "__init__.py").is_file():
        raise FileNotFoundError(f"Step1X-3D's source is not in {source}")
    if _PACKAGE in sys.modules:
        return Upstream()
    for name in _REAL:
        importlib.import_module(name)
    sys.modules.update({name: _module(name, names) for name, names in _KEPT.items()})
    sys.path.insert(0, str(source))
    try:
        with _lent():
            return Upstream()
    except BaseException:
        for name in [name for name in sys.modules if name.partition(".")[0] == _PACKAGE]:
            del sys.modules[name]  # half an import would be taken for a whole one the next time
        raise
    finally:
        sys.path.remove(str(source))


@contextmanager
def _lent() -> Iterator[None]:
    # a torchvision that someone installed is left alone: transformers would meet the stand-in
    lent = {name: names for name, names in _LENT.items() if not (name.startswith("torchvision") and _installed("torchvision"))}
    before = {name: sys.modules.get(name) for name in lent}
    sys.modules.update({name: _module(name, names) for name, names in lent.items()})
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def _installed(package: str) -> bool:
    return package in sys.modules or find_spec(package) is not None


def _module(name: str, names: dict[str, Any]) -> ModuleType:
    module = ModuleType(name, "A stand-in.")
    module.__spec__ = ModuleSpec(name, None)  # transformers and diffusers look for packages by their specs
    vars(module).update(names)
    return module
