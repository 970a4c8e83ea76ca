"""What a geometry request may ask for, checked before any network is touched."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args

from rigshot_env import BadInput

__all__ = ["Edge", "GeometryOptions", "Label", "Symmetry", "Variant"]

Variant = Literal["base", "label"]
Symmetry = Literal["x", "asymmetry"]
Edge = Literal["normal", "smooth", "sharp"]

_MOST_SEED = 2**63 - 2  # torch's generators take 64 bits; the pipeline may try the next seed
_STEPS = (2, 200)  # the first step never changes the noise (zero-init guidance), so one alone would do nothing
_OCTREE = (32, 512, 16)  # least, most, and what it must be a multiple of: the grid is halved up to four times
_FACES = (500, 2_000_000)

_T = TypeVar("_T", bound=str)


@dataclass(frozen=True, kw_only=True)
class Label:
    """What the label variant may be told about the shape; None leaves it to the network."""

    symmetry: Symmetry | None = None
    edge: Edge | None = None

    def upstream(self) -> dict[str, Any]:
        """The label in the words that upstream's encoder understands.

        It reads the sharpness under ``geometry_type`` (its own examples say ``edge_type``, which it ignores) and takes the
        first entry of a list there. What is left out gets its default entries: unknown pose, asymmetry, normal.
        """
        words: dict[str, Any] = {}
        if self.symmetry is not None:
            words["symmetry"] = self.symmetry
        if self.edge is not None:
            words["geometry_type"] = [self.edge]
        return words


@dataclass(frozen=True, kw_only=True)
class GeometryOptions:
    """How the geometry is to be made.

    ``steps`` of denoising; ``guidance``: weight of classifier-free guidance, none at 1 or less; ``octree``: cells along an edge of
    the cube in which the surface is looked for; ``faces``: at most so many triangles; ``label``: for the label variant, None:
    unlabelled; ``parity``: run upstream's own call in fp32 instead of our loop.
    """

    seed: int = 0
    steps: int = 50
    guidance: float = 7.5
    octree: int = 384
    faces: int = 200_000
    variant: Variant = "base"
    label: Label | None = None
    parity: bool = False

    @classmethod
    def from_parameters(cls, words: Mapping[str, Any]) -> "GeometryOptions":
        """The options in a request's parameters. Raises BadInput for what is out of range or of no known name."""
        unknown = sorted(set(words) - set(cls.__dataclass_fields__))
        if unknown:
            raise BadInput(f"geometry has no parameter {', '.join(unknown)}; it has {', '.join(cls.__dataclass_fields__)}")
        guidance = words.get("guidance", cls.guidance)
        if isinstance(guidance, bool) or not isinstance(guidance, (int, float)) or not math.isfinite(guidance) or not 0 <= guidance <= 50:
            raise BadInput("guidance must be a number from 0 to 50")
        octree = _whole(words, "octree", cls.octree, *_OCTREE[:2])
        if octree % _OCTREE[2]:
            raise BadInput(f"octree must be a multiple of {_OCTREE[2]}")
        parity = words.get("parity", False)
        if not isinstance(parity, bool):
            raise BadInput("parity must be true or false")
        variant: Variant = _choice(words, "variant", "base", get_args(Variant))
        return cls(
            seed=_whole(words, "seed", cls.seed, 0, _MOST_SEED),
            steps=_whole(words, "steps", cls.steps, *_STEPS),
            guidance=float(guidance),
            octree=octree,
            faces=_whole(words, "faces", cls.faces, *_FACES),
            variant=variant,
            label=_label(words.get("label"), variant),
            parity=parity,
        )


def _label(words: Any, variant: Variant) -> Label | None:
    if words is None:
        return None
    if not isinstance(words, dict) or set(words) - {"symmetry", "edge"}:
        raise BadInput("label must be an object with symmetry and edge, both optional")
    if variant != "label":
        raise BadInput('only the variant "label" takes a label')
    return Label(
        symmetry=None if words.get("symmetry") is None else _choice(words, "symmetry", "x", get_args(Symmetry)),
        edge=None if words.get("edge") is None else _choice(words, "edge", "normal", get_args(Edge)),
    )


def _choice(words: Mapping[str, Any], name: str, default: _T, choices: tuple[_T, ...]) -> _T:
    value: _T = words.get(name, default)
    if value not in choices:
        raise BadInput(f"{name} must be one of {', '.join(choices)}")
    return value


def _whole(words: Mapping[str, Any], name: str, default: int, least: int, most: int) -> int:
    value = words.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadInput(f"{name} must be a whole number from {least} to {most}")
    return value
