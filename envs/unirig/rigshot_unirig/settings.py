"""What upstream's configuration files say, read from its source folder: nothing of it is repeated here."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .grammar import Vocabulary
from .prior import PriorSettings

__all__ = ["Points", "Sampling", "Settings"]

_TASKS = {"skeleton": "quick_inference_skeleton_articulationxl_ar_256", "skin": "quick_inference_unirig_skin"}
_NAMED_PARTS = ("body", "hand")


@dataclass(frozen=True, kw_only=True)
class Points:
    """How many points of a mesh a network sees, and how many of them may be its vertices."""

    count: int
    of_vertices: int


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How the skeleton's tokens are drawn; ``extra`` goes to transformers' ``generate`` as it is."""

    beams: int
    most_tokens: int
    skeleton_class: str
    extra: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Upstream's settings for its quick inference."""

    source: Path
    skeleton_model: Mapping[str, Any]
    skin_model: Mapping[str, Any]
    vocabulary: Vocabulary
    sampling: Sampling
    skeleton_points: Points
    skin_points: Points
    prior: PriorSettings
    checkpoints: Mapping[str, str]
    """Where upstream looks for the two networks' checkpoints, below its folder of experiments."""

    @classmethod
    def of(cls, source: Path) -> "Settings":
        """Read the configuration in upstream's folder ``source``. Raises FileNotFoundError with a plain sentence."""
        if not (source / "src" / "model" / "unirig_ar.py").is_file():
            raise FileNotFoundError("UniRig's source is not installed")
        tasks = {stage: _read(source, "task", name) for stage, name in _TASKS.items()}
        parts = {stage: task["components"] for stage, task in tasks.items()}
        drawn = dict(_read(source, "system", parts["skeleton"]["system"])["generate_kwargs"])
        prior = _points_config(_read(source, "transform", parts["skin"]["transform"]))["vertex_group_config"]["kwargs"]["voxel_skin"]
        return cls(
            source=source,
            skeleton_model=_read(source, "model", parts["skeleton"]["model"]),
            skin_model=_read(source, "model", parts["skin"]["model"]),
            vocabulary=Vocabulary.from_words(_read(source, "tokenizer", parts["skeleton"]["tokenizer"]), _part_sizes(source)),
            sampling=_sampling(drawn),
            skeleton_points=_points(_read(source, "transform", parts["skeleton"]["transform"])),
            skin_points=_points(_read(source, "transform", parts["skin"]["transform"])),
            prior=PriorSettings(
                grid=int(prior["grid"]), alpha=float(prior["alpha"]), grid_weight=float(prior["grid_weight"]), link=float(prior["link_dis"])
            ),
            checkpoints={stage: str(task["resume_from_checkpoint"]).removeprefix("experiments/") for stage, task in tasks.items()},
        )


def _read(source: Path, kind: str, name: str) -> Mapping[str, Any]:
    return yaml.safe_load((source / "configs" / kind / f"{name}.yaml").read_text(encoding="utf-8"))


def _part_sizes(source: Path) -> dict[str, int]:
    parts = _read(source, "skeleton", "vroid")["parts"]
    return {name: len(parts[name]) for name in _NAMED_PARTS}


def _sampling(drawn: dict[str, Any]) -> Sampling:
    """Upstream's arguments of ``generate``, less those that are its own."""
    for own in ("no_cls", "use_dir_cls", "num_return_sequences"):
        drawn.pop(own, None)
    return Sampling(
        beams=int(drawn.pop("num_beams")),
        most_tokens=int(drawn.pop("max_new_tokens")),
        skeleton_class=str(drawn.pop("assign_cls")),
        extra=drawn,
    )


def _points_config(words: Mapping[str, Any]) -> Mapping[str, Any]:
    return words["predict_transform_config"]


def _points(words: Mapping[str, Any]) -> Points:
    sampler = _points_config(words)["sampler_config"]
    return Points(count=int(sampler["num_samples"]), of_vertices=int(sampler["vertex_samples"]))
