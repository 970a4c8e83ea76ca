"""Where the weights are, by the sets that `engine.toml` names; nothing here needs torch."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from rigshot_env import MissingWeights

from .request import Variant

__all__ = ["Checkpoint", "find_checkpoint"]

_ENGINE = Path(__file__).resolve().parent.parent / "engine.toml"
_DINO = "dinov2-with-registers-large"  # upstream tells the architecture by "reg" in this folder's path
_CLIP = "clip-vit-large-patch14"
_SETS: dict[Variant, tuple[str, ...]] = {"base": ("geometry", _DINO), "label": ("geometry-label", _DINO, _CLIP)}


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A variant's folder in diffusers' layout, and the folders with the configurations that its picture encoders refer to."""

    pipeline: Path
    dino: Path
    clip: Path | None


def find_checkpoint(weights: Path, variant: Variant) -> Checkpoint:
    """The variant's files under ``weights``. Raises MissingWeights, naming the sets that are not whole."""
    sets = {words["name"]: words["files"] for words in tomllib.loads(_ENGINE.read_text(encoding="utf-8"))["weights"]}
    missing = [name for name in _SETS[variant] if not all((weights / name / file).is_file() for file in sets[name])]
    if missing:
        raise MissingWeights(f"Step1X-3D's {variant} variant lacks weights: {', '.join(missing)}")
    main = _SETS[variant][0]
    return Checkpoint(
        pipeline=weights / main / Path(sets[main][0]).parent,
        dino=weights / _DINO,
        clip=weights / _CLIP if variant == "label" else None,
    )
