"""The photo coach: what about a photo will hurt the model, and how to do better."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .stage import Advice

__all__ = ["FrameSide", "Measures", "advise", "advise_after"]

FrameSide = Literal["left", "right", "top", "bottom"]

# Lightness is CIE L, 0..100. A black cat in good light has a median of 10 to 20 but spots of light on fur and eyes above 45.
_DARK_HIGHLIGHTS = 30.0
_BURNT_SHARE = 0.30
# Below this the texture's pixels are larger than an eye.
_SMALL_PIXELS = 140
# 45 sharp photos reach 0.24 or more; blurred by 2 pixels of 400 nine of ten fall below 0.105, by 3 all below 0.085.
_BLURRED = 0.10
# Colours overlap as much in 8 photos of 60; in 5 of these the outline was found surely and well all the same.
_MERGED, _SURE = 0.72, 0.9
# The finished model: from here on another photo is worth the walk. Fully prepared photos of the evaluation match to .95, .9 and 0.
_POOR_OUTLINE, _UNLIKE, _BLED = 0.85, 0.7, 0.05


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What was measured on a photo and its subject.

    ``kind`` photo, drawing or sprite; ``pixels`` the subject's longest side in the photo; ``cut``: the sides of the
    frame that cut it; ``others`` how many more subjects there are; ``highlights`` CIE L that 5 % of the subject's pixels exceed;
    ``burnt`` share of the subject's pixels without any drawing left in the white; ``sharpness`` 0 (mist) .. 1;
    ``likeness`` 0..1 overlap of the subject's colours with those around it; ``confidence`` 0..1 that its outline is right;
    ``compactness`` area over that of the convex hull;
    ``turned`` degrees clockwise by which the picture was turned to set the subject upright.
    """

    kind: Literal["photo", "drawing", "sprite"]
    pixels: int
    cut: tuple[FrameSide, ...]
    others: int
    highlights: float
    burnt: float
    sharpness: float
    likeness: float
    confidence: float
    compactness: float
    pose: Literal["standing", "sitting", "lying"]
    turned: int


def advise(measures: Measures) -> tuple[Advice, ...]:
    """What the person should know of the photo, the most harmful first."""
    return tuple(_framing(measures)) + tuple(_light(measures) if measures.kind == "photo" else ())


def advise_after(figures: Mapping[str, Any]) -> tuple[Advice, ...]:
    """What the person should do about a finished model, from the report's figures, the most harmful first; at most one of each kind."""
    return tuple(_after(figures))


def _after(figures: Mapping[str, Any]) -> Iterator[Advice]:
    if figures["silhouette_iou"] < _POOR_OUTLINE:
        yield Advice(code="result_outline", level="warning")
    elif figures["identity"] is not None and figures["identity"] < _UNLIKE:
        yield Advice(code="result_unlike", level="warning")
    if figures["background_bleed"] is not None and figures["background_bleed"] > _BLED:
        yield Advice(code="result_bleed", level="warning")


def _framing(measures: Measures) -> Iterator[Advice]:
    if measures.turned:
        yield Advice(code="turned_upright", values={"degrees": abs(measures.turned)})
    if measures.others:
        yield Advice(code="several_subjects", values={"others": measures.others}, level="warning")
    sides = set(measures.cut)
    if measures.kind == "sprite":
        return
    if len(sides) >= 3:
        yield Advice(code="close_up", level="warning")
    else:
        if "bottom" in sides:
            yield Advice(code="feet_cut", level="warning")
        if "top" in sides:
            yield Advice(code="head_cut", level="warning")
        for side in ("left", "right"):
            if side in sides:
                yield Advice(code=f"{side}_cut", level="warning")
    if measures.pixels < _SMALL_PIXELS:
        yield Advice(code="too_small", values={"pixels": measures.pixels}, level="warning")


def _light(measures: Measures) -> Iterator[Advice]:
    if measures.highlights < _DARK_HIGHLIGHTS:
        yield Advice(code="too_dark", level="warning")
    elif measures.burnt > _BURNT_SHARE:
        yield Advice(code="over_exposed", level="warning")
    if measures.sharpness < _BLURRED:
        yield Advice(code="blurred", level="warning")
    if measures.likeness > _MERGED and measures.confidence < _SURE:
        yield Advice(code="merges_with_background", level="warning")
    if measures.pose == "lying" and measures.compactness > 0.93 and not measures.cut:
        yield Advice(code="curled_up", level="warning")
