"""The words of anatomy and of views, without any library behind them: a face may offer them as choices."""

from typing import Literal, get_args

__all__ = ["BODY_PLANS", "PART_KINDS", "VIEWS", "BodyPlan", "PartKind", "Side", "View"]

BodyPlan = Literal["quadruped", "biped", "bird", "fish", "snake", "object"]
View = Literal["side", "three_quarter", "front"]
PartKind = Literal["trunk", "neck", "head", "leg", "arm", "wing", "fin", "ear", "tail", "limb"]
Side = Literal["left", "right", "centre"]

BODY_PLANS: tuple[BodyPlan, ...] = get_args(BodyPlan)
VIEWS: tuple[View, ...] = get_args(View)
PART_KINDS: tuple[PartKind, ...] = get_args(PartKind)
