"""What a silhouette alone tells of its subject: the view, the body plan, the pose and which way it looks."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..body import BodyPlan, View
from .heading import Headings, likely_headings
from .measures import Measures, measure

__all__ = ["Facing", "Pose", "Reading", "heading_of", "read_silhouette"]

USUAL_HEADING = 60.0
"""Of an animal that a person calls turned and the outline does not."""
FRONTAL = 25.0
"""Degrees from the viewer's direction within which an animal is taken for frontal: its trunk hides behind its chest."""
BROAD, FRONTAL_THOUGH_BROAD = 0.65, 12.0
"""Width over height from which on only so few degrees count as frontal: in front views of rigged animals it is .3 to .5."""
LEAST_ASIDE = 40.0
"""Who is not frontal is turned by so many degrees at least: nearer to the viewer's direction too little of a flank is seen to paint the
other one, and a head that looks at the camera is doubled by the symmetry. A trunk that is guessed too short looks better than that."""
SQUARE = 20.0
"""Degrees from the picture's plane within which an animal is seen from its side."""
HEADING_WEIGHT = 1.0
"""What the network's belief in a side counts for against the outline's other evidence (`Reading.lean`)."""
FROM_BEHIND = 0.4
"""How likely a photo from behind is over one from in front; the network learnt both alike, photos of standing dogs and cats are not."""
DOUBTFUL = 0.5
"""Where the likeliest direction, give or take 20 degrees, has less than this the outline's measures alone say how the animal is turned."""
LONG = 1.3
"""Width over height of a side view from which on it is no frontal one, whatever the network says of it."""
FEET_APART, LEVEL = 0.4, 1.3
"""Of the width, and degrees of pitch: feet so far apart that lie so level are those of an animal square to the camera. Hardly anybody
takes a photo from the ground."""
WIDE = 0.95
"""Width over height from which on a heading within `FRONTAL` is a contradiction: then the outline's measures alone say how it is turned."""
FEW_FEET, STANDS = 0.33, 0.8
"""Who touches the lowest rows with less of its width, on legs, and is turned this surely, stands: seen from above only its near feet do."""
UNLIKELY = 0.12
"""Where the network gives a side less than this, its mirror image tells the heading there."""
SQUARE_ENOUGH = 8.0
"""Degrees from the picture's plane that count as none, twice as many count fully: people photograph animals from their side on purpose."""
BELIEVED = 0.3
"""How much of the network's pitch is believed before the feet are looked at: it is off by 4 degrees, and says 6 where there is none."""
STEEPEST = 30.0
"""Degrees that a camera is believed to look down: more is a guess about feet that are not on the ground."""
FACING = (5.0, 1.6, 0.5, 0.12, 1.25, -1.5)
"""Weights of the evidence for a standing animal's head: a logistic regression on 500 silhouettes of eight rigged animals in motion
(97 % right on an animal that it had not seen), scaled to about 1; it also holds for 12 of 12 drawn and photographed ones."""

Facing = Literal["left", "right", "front"]
Pose = Literal["standing", "sitting", "lying"]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """``view`` and ``plan`` with their confidences 0..1; ``pose``; ``facing``: where the head points in the picture ("front" for a
    frontal view); ``lean``: what speaks for the right (positive) or the left as the head's side, ``leaning`` that side, whatever
    the view; ``heading`` degrees between the viewer's
    direction and the subject's forward, 0 (frontal) .. 90 (side) .. 180 (from behind), towards that side; ``headings`` the same were
    the head's side left or right, for a standing animal whose outline tells; ``pitch`` degrees that the camera looks down on it."""

    view: View
    view_confidence: float
    plan: BodyPlan
    plan_confidence: float
    pose: Pose
    facing: Facing
    lean: float
    heading: float
    headings: tuple[float, float] | None = None
    pitch: float = 0.0

    @property
    def leaning(self) -> Literal["left", "right"]:
        """The head's side, were the view not frontal."""
        return "right" if self.lean >= 0 else "left"

    def leaning_to(self, lean: float) -> "Reading":
        """This reading with other evidence for the head's side: positive = right."""
        turned = replace(self, lean=lean)
        if self.facing == "front":
            return turned
        heading = self.heading if self.headings is None else self.headings[turned.leaning == "right"]
        return replace(turned, facing=turned.leaning, heading=heading)

    def seen_as(self, *, plan: BodyPlan | None = None, view: View | None = None) -> "Reading":
        """This reading as a person corrects it: a plan, a view, or both; the facing follows the view."""
        changed = self
        if plan is not None:
            changed = replace(changed, plan=plan, plan_confidence=1.0)
        if view is not None:
            pose = "standing" if view == "side" and self.view != "side" and self.pose != "lying" else self.pose
            heading = {"side": 90.0, "front": 0.0}.get(view, USUAL_HEADING)
            if self.view == view:
                heading = self.heading
            facing = "front" if view == "front" else self.leaning
            changed = replace(changed, view=view, view_confidence=1.0, pose=pose, facing=facing, heading=heading)
        return changed


def read_silhouette(mask: NDArray[np.bool_], *, kind: str = "photo", turns: bool = True) -> Reading:
    """Read the silhouette ``mask`` (H, W), True = subject, upright.

    ``kind``: photo, drawing or sprite: photos are of pets first, sprites of figures; a sprite's stairs are rounded. A picture that came
    with its own alpha channel is best read as a drawing: it may show anything. ``turns``: a photo's standing animal may stand at an angle
    to the line of sight; those that are drawn hardly do.
    Raises ValueError when the mask is empty.
    """
    seen = measure(mask, smooth=1.5 if kind == "sprite" else 0.0)
    scores: dict[BodyPlan, float] = {
        "snake": _snake(seen),
        "fish": _fish(seen) - (1.0 if kind == "photo" else 0.0),
        "bird": _bird(seen) - (0.75 if kind == "photo" else 0.0),
        "biped": _biped(seen, kind),
        "quadruped": 0.0,
    }
    side = _side_quadruped(seen, kind)
    scores["quadruped"] = 1.0 + max(side, 0.0)
    plan = max(scores, key=lambda name: scores[name])
    rest = max(score for name, score in scores.items() if name != plan)
    view, confidence = _view(seen, plan, side)
    pose = _pose(seen, plan, side)
    lean = _lean(seen, plan, pose)
    reading = Reading(
        view=view,
        view_confidence=confidence,
        plan=plan,
        plan_confidence=float(np.clip(0.5 + 0.4 * (scores[plan] - rest), 0.0, 0.95)),
        pose=pose,
        facing="front" if view == "front" else "right" if lean >= 0 else "left",
        lean=lean,
        heading=0.0 if view == "front" else 90.0,
    )
    if not turns or kind != "photo" or plan != "quadruped":
        return reading
    return _turned(reading, seen, likely_headings(mask), side)


def _turned(reading: Reading, seen: Measures, likely: Headings, side: float) -> Reading:
    """The reading of a four-legged animal, if it stands, with the heading that its outline makes likely."""
    middles = _middles(likely)
    usual = FROM_BEHIND + (1 - FROM_BEHIND) / (1 + np.exp((np.abs(middles) - 100) / 5))
    if side > 0 and seen.width > LONG * seen.height:
        usual = np.where(np.abs(np.abs(middles) - 90) < 90 - LEAST_ASIDE, usual, 1e-3)
    chance = likely.chance * usual
    likely = replace(likely, chance=(chance / chance.sum()).astype(np.float32))
    lean = reading.lean + HEADING_WEIGHT * (2 * float(likely.chance[middles > 0].sum()) - 1)
    headings = _squared(heading_of(likely, right=False)), _squared(heading_of(likely, right=True))
    heading = headings[lean >= 0]
    sure = float(likely.chance[np.abs(np.abs(middles) - heading) < 20].sum())
    if reading.pose == "sitting" and len(seen.legs) > 1 and seen.contact < FEW_FEET and sure > STANDS:
        reading = replace(reading, pose="standing")
    if reading.pose != "standing":
        return reading
    off_axis, stoutness = min(heading, 180 - heading), seen.width / seen.height
    if sure < DOUBTFUL or (off_axis < FRONTAL and stoutness > WIDE):
        return replace(reading, heading={"side": 90.0, "front": 0.0}.get(reading.view, USUAL_HEADING))
    frontal = off_axis < (FRONTAL_THOUGH_BROAD if stoutness > BROAD else FRONTAL)
    if not frontal:
        headings = _aside(headings[0]), _aside(headings[1])
        heading = headings[lean >= 0]
    if not frontal and _level(seen, heading if lean >= 0 else -heading):
        headings, heading = (90.0, 90.0), 90.0
    view: View = "front" if frontal else "side" if abs(heading - 90) < SQUARE else "three_quarter"
    return replace(
        reading,
        view=view,
        view_confidence=float(np.clip(0.45 + 0.5 * sure, 0, 0.95)),
        facing="front" if frontal else "right" if lean >= 0 else "left",
        lean=lean,
        # From in front and from behind an outline is the same; animals mostly look at the camera.
        heading=min(heading, 180 - heading) if frontal else heading,
        headings=headings,
        pitch=float(np.clip(BELIEVED * likely.pitch, 0.0, STEEPEST)),
    )


def _level(seen: Measures, heading: float) -> bool:
    """Whether the feet lie on a row that only a camera on the ground would show of an animal that heads ``heading`` degrees, to the right
    positive: the rows rise over the columns by the sine of the camera's pitch over the heading's tangent."""
    feet = np.array([(leg.tip[0], leg.tip[1] + leg.tip_radius) for leg in seen.legs]).reshape(-1, 2)
    if len(feet) < 2 or float(np.ptp(feet[:, 0])) < FEET_APART * seen.width:
        return False
    columns, rows = (feet - feet.mean(0)).T
    rise = float(columns @ rows) / float(columns @ columns)
    return abs(rise * np.tan(np.radians(heading))) < np.sin(np.radians(LEVEL))


def _aside(heading: float) -> float:
    """The heading, far enough from the viewer's direction (`LEAST_ASIDE`)."""
    return float(np.clip(heading, LEAST_ASIDE, 180 - LEAST_ASIDE))


def _squared(heading: float) -> float:
    off = heading - 90
    return 90 + float(np.sign(off)) * min(abs(off), max(2 * (abs(off) - SQUARE_ENOUGH), 0.0))


def heading_of(likely: Headings, *, right: bool) -> float:
    """The likeliest heading 0..180 of an animal whose head is on the picture's ``right`` or left: the mean of what lies within 22 degrees
    of where most does. A side that is unlikely itself borrows the other's answer, as the outline seen from the opposite direction."""
    middles = _middles(likely) * (1 if right else -1)
    ahead = np.where(middles > 0, likely.chance, 0).astype(np.float64)
    if ahead.sum() < UNLIKELY:
        return 180 - heading_of(likely, right=not right)
    around = np.convolve(ahead, np.ones(5), "same")
    near = np.abs(middles - middles[int(np.argmax(np.where(middles > 0, around, -1)))]) < 22
    return float((ahead * near * middles).sum() / (ahead * near).sum())


def _middles(likely: Headings) -> NDArray[np.float64]:
    """The direction (72,) in degrees of each bin, to the right positive."""
    middles: NDArray[np.float64] = ((np.arange(len(likely.chance)) + 0.5) * (360 / len(likely.chance)) - 180).astype(np.float64)
    return middles


def _side_quadruped(seen: Measures, kind: str) -> float:
    """Evidence for a standing four-legged animal seen from its side, above 0 if it is one (found on 54 pictures)."""
    legs, width, height = seen.legs, seen.width, seen.height
    attach = np.array([leg.root for leg in legs]) if legs else np.zeros((1, 2))
    feet = np.array([leg.tip for leg in legs]) if legs else np.zeros((1, 2))
    spread = float(np.ptp(attach[:, 0]))
    score = (
        1.0 * (spread > 0.22 * width)
        + 0.5 * (width > 0.85 * height)
        + 0.5 * (seen.symmetry < 0.8)
        + 0.5 * (len(legs) > 1 and spread > 1.2 * float(np.ptp(attach[:, 1])))
        + 0.3 * (len(legs) >= 3)
        + 0.5 * (float(np.ptp(feet[:, 0])) > 0.3 * width)
        + 1.9 * (width > 1.35 * height and seen.contact < 0.7 and len(seen.gaps) > 0)
        - 0.7 * (seen.symmetry > 0.76 and width < 1.35 * height)
        - 1.0 * (seen.symmetry > 0.88)
        + 0.6 * (kind == "sprite" and width > 1.4 * height)
        # Leaping: long, slender, many limbs, hardly a foot on the ground.
        + 2.4 * (width > 1.3 * height and seen.contact < 0.15 and seen.slenderness > 7 and seen.symmetry < 0.6 and len(seen.limbs) > 3)
    )
    return score - 2.6


def _snake(seen: Measures) -> float:
    """A long even tube without legs."""
    return 3.0 if seen.slenderness > 9 and not seen.legs and len(seen.limbs) <= 4 and seen.evenness > 0.55 else 0.0


def _fish(seen: Measures) -> float:
    """A spindle without feet, alike above and below, with a tail fin behind a narrow stalk."""
    score = 0.9 * (seen.upside_symmetry > 0.72) + 0.9 * seen.stalk + 0.5 * (seen.contact < 0.25) + 0.3 * (seen.width > 1.3 * seen.height)
    score += 1.6 * (seen.width > 2.2 * seen.height and seen.contact < 0.2 and not seen.legs and len(seen.gaps) < 2)
    score -= 2.0 * (seen.contact > 0.45) + 0.7 * max(len(seen.gaps) - (not seen.legs), 0)
    return score - 1.5 * (seen.width < 1.1 * seen.height)


def _bird(seen: Measures) -> float:
    """A body on one or two thin legs that stand close together, with a beak or a slanting body."""
    thin = [leg for leg in seen.legs if leg.radius < 0.18 * seen.ball]
    feet = [leg.tip[0] for leg in seen.legs]
    close = bool(feet) and float(np.ptp(feet)) < 0.28 * seen.width
    score = (0.9 if len(thin) > 1 else 0.6) * (len(thin) > 0 and close) + 0.4 * (len(thin) == len(seen.legs)) + 0.7 * seen.beak
    score += 0.4 * (seen.symmetry < 0.6) + 0.3 * (seen.contact < 0.3)
    score -= 1.0 * (len(seen.legs) >= 3 and not seen.beak) + 0.8 * (len(thin) == 0) + 0.5 * (seen.contact > 0.4)
    score -= 0.4 * (seen.contact > 0.55) + 0.8 * (seen.arms and seen.symmetry > 0.55)
    return score - 0.25 * max(len(seen.limbs) - 5, 0) - 0.9 * any(gap.height > 0.38 for gap in seen.gaps)


def _biped(seen: Measures, kind: str) -> float:
    """Somebody upright with arms on both sides or a gap between two legs in the middle."""
    between = any(abs(gap.place - 0.5) < 0.15 and gap.height > 0.12 for gap in seen.gaps)
    score = 1.0 * seen.arms + 0.6 * (between and seen.width < 1.05 * seen.height) + 0.3 * (seen.symmetry > 0.75)
    score += {"sprite": 0.75, "drawing": 0.3}.get(kind, -0.6)
    drawn = kind != "photo"
    score += 0.6 * (seen.width < 0.6 * seen.height and any(gap.height > (0.28 if drawn else 0.38) for gap in seen.gaps))
    score += 0.5 * (drawn and seen.width < (0.75 if kind == "sprite" else 0.6) * seen.height)
    return score - 0.6 * (seen.width > 1.15 * seen.height) - 0.5 * (len(seen.gaps) > 1) - 0.4 * (seen.symmetry < 0.5)


def _view(seen: Measures, plan: BodyPlan, side: float) -> tuple[View, float]:
    if plan in ("fish", "snake"):
        return "side", 0.8
    if plan == "bird":
        return ("side", 0.7) if seen.symmetry < 0.7 else ("front", 0.7)
    if plan == "quadruped" and side > 0:
        return "side", float(np.clip(0.55 + 0.4 * side, 0, 0.95))
    stands = any(gap.height > 0.27 for gap in seen.gaps) and seen.belly > 0.42
    border = 0.78 if plan == "quadruped" and stands else 0.57
    if seen.symmetry < border:
        return "three_quarter", float(np.clip(0.5 + 2 * (border - seen.symmetry), 0, 0.8))
    return "front", float(np.clip(0.5 + 2 * (seen.symmetry - border), 0, 0.95))


def _pose(seen: Measures, plan: BodyPlan, side: float) -> Pose:
    if plan == "biped":
        feet = [leg.tip[0] for leg in seen.legs]
        splayed = len(feet) > 1 and max(feet) - min(feet) > 1.6 * seen.ball
        return "sitting" if splayed and all(gap.height < 0.24 for gap in seen.gaps) else "standing"
    if plan != "quadruped" or side > 0:
        return "standing"
    if seen.width > 1.25 * seen.height:
        return "lying"
    # Between the fore legs of a sitting dog there is a gap as well, but a low one.
    tall = any(gap.height > (0.2 if seen.symmetry > 0.78 else 0.27) for gap in seen.gaps) and seen.belly > 0.42
    return "standing" if tall or sum(gap.height > 0.12 for gap in seen.gaps) >= 2 else "sitting"


def _lean(seen: Measures, plan: BodyPlan, pose: Pose) -> float:
    """What speaks for the right as the head's side, about -1..1; heads lie high, fish are thick in front."""
    if plan == "fish":
        return seen.bulk_right
    if pose == "standing" and plan == "quadruped":
        evidence = (seen.weight_right, seen.rise_right, seen.toes_right, seen.ears_right, seen.head_offset, seen.bulk_right)
        return float(np.dot(FACING, evidence))
    return seen.head_offset
