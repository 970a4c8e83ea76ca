"""standardise: the photo's subject again, standing, whole and from the wished side, or the photo as it is if no edit is better.

Every candidate is kept as a picture with its figures, so that a person can look at before and after and refuse.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from .detecting import find_subjects, key_points
from .editing import best_editor, edit
from .features import subject_of
from .likeness import Likeness, Subject, compare
from .matting import best_model, cut_out
from .places import has_weights
from .posture import Facing, Point, facing_of, view_score
from .prompts import instruction, size_for
from .residency import Shelf
from .verdict import Candidate, Verdict, decide
from .wishes import Pixels, Standardise

__all__ = ["Made", "NoSubject", "Outcome", "close_up", "standardise"]

Progress = Callable[[float], None]

_AROUND = 0.3
"""Margin around the subject that the model is shown, as a share of the subject's longer side: it needs to see what it stands on."""
_OTHER_FLANK = 0.5
"""What is left of a side view's score when the animal was turned around: the photo does not show that flank, so it was made up."""
_EDITING = 0.7
"""Share of the time that goes into the edits, for the progress."""


class NoSubject(Exception):
    """The photo shows nothing that could be cut out."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """A candidate: its ``picture``, its figures, and how alike it is in each respect."""

    picture: Pixels
    candidate: Candidate
    likeness: Likeness


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """All candidates and what was decided; ``photo_view`` is the photo's own view score; ``pose`` whether key points were looked at."""

    made: tuple[Made, ...]
    verdict: Verdict
    photo_view: float
    model: str
    steps: int
    pose: bool


@dataclass(frozen=True, kw_only=True)
class _Seen:
    subject: Subject | None
    view: float
    alpha: Pixels
    facing: Facing | None


def standardise(shelf: Shelf, photo: Pixels, asked: Standardise, *, keep: Callable[[int, Pixels], None], progress: Progress) -> Outcome:
    """Make a candidate for each seed, hand each to ``keep`` as soon as it is there, and judge. Raises NoSubject, MissingWeights."""
    name = asked.model or best_editor()
    seen = _look(shelf, photo, asked, lambda part: progress(0.1 * part))
    if seen.subject is None:
        raise NoSubject
    asked = _facing_as_now(asked, seen.facing)
    shown = _at_most(close_up(photo, seen.alpha), asked.pixels)
    words, size = instruction(asked.wish), size_for(asked.wish, pixels=asked.pixels)
    pictures = []
    for number, seed in enumerate(asked.seeds):
        done = lambda part, number=number: progress(0.1 + _EDITING * (number + part) / len(asked.seeds))  # noqa: E731
        pictures.append(edit(shelf, name, shown, words=words, size=size, seed=seed, progress=done))
        keep(number, pictures[-1])
    made = []
    for number, (seed, picture) in enumerate(zip(asked.seeds, pictures, strict=True)):
        judged = lambda part, number=number: progress(0.1 + _EDITING + 0.2 * (number + part) / len(pictures))  # noqa: E731
        made.append(_judged(shelf, picture, seen.subject, seed, asked, judged))
    verdict = decide([row.candidate for row in made], photo=seen.view)
    return Outcome(made=tuple(made), verdict=verdict, photo_view=seen.view, model=name, steps=shelf.value(name).steps, pose=_poses(asked))


def close_up(photo: Pixels, alpha: Pixels) -> Pixels:
    """The photo cut to the subject with a margin: the model sees a megapixel, and the subject is to have most of it."""
    rows, columns = np.flatnonzero((alpha >= 128).any(1)), np.flatnonzero((alpha >= 128).any(0))
    margin = round(_AROUND * max(rows[-1] - rows[0], columns[-1] - columns[0])) + 1
    top, left = max(int(rows[0]) - margin, 0), max(int(columns[0]) - margin, 0)
    return np.ascontiguousarray(photo[top : rows[-1] + 1 + margin, left : columns[-1] + 1 + margin])


def _facing_as_now(asked: Standardise, facing: Facing | None) -> Standardise:
    """The wish with the side that the head is on in the photo, where nobody said and the key points tell."""
    if asked.wish.facing is not None or facing is None:
        return asked
    return replace(asked, wish=replace(asked.wish, facing=facing))


def _at_most(picture: Pixels, pixels: int) -> Pixels:
    """The picture, made smaller where it has more ``pixels``."""
    scale = math.sqrt(pixels / (picture.shape[0] * picture.shape[1]))
    if scale >= 1:
        return picture
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))


def _judged(shelf: Shelf, picture: Pixels, original: Subject, seed: int, asked: Standardise, progress: Progress) -> Made:
    seen = _look(shelf, picture, asked, progress)
    likeness = compare(original, seen.subject) if seen.subject is not None else Likeness(whole=0.0, parts=0.0, colours=0.0)
    turned = asked.wish.view == "side" and None not in (asked.wish.facing, seen.facing) and seen.facing != asked.wish.facing
    view = seen.view * _OTHER_FLANK if turned else seen.view
    candidate = Candidate(seed=seed, identity=likeness.identity, view_score=view)
    return Made(picture=picture, candidate=candidate, likeness=likeness)


def _look(shelf: Shelf, picture: Pixels, asked: Standardise, progress: Progress) -> _Seen:
    """The subject of a picture, its matte, and how well it is shown."""
    alpha = cut_out(shelf, picture, model=best_model(), progress=lambda part: progress(0.5 * part)).alpha
    progress(0.5)
    subject = subject_of(shelf, picture, alpha)
    progress(0.7)
    points = _points(shelf, picture, alpha) if _poses(asked) else {}
    view = view_score(alpha >= 128, points, plan=asked.wish.plan, view=asked.wish.view)
    return _Seen(subject=subject, view=view, alpha=alpha, facing=facing_of(points))


def _points(shelf: Shelf, picture: Pixels, alpha: Pixels) -> dict[str, Point]:
    """The key points of the subject that covers most of the matte."""
    found = find_subjects(shelf, picture)
    if not found:
        return {}

    def covered(place: int) -> float:
        left, top, width, height = (round(side) for side in found[place].box)
        return float(alpha[top : top + height, left : left + width].sum())

    best = max(range(len(found)), key=covered)
    return key_points(shelf, picture, [found[best]])[0]


def _poses(asked: Standardise) -> bool:
    return asked.wish.plan == "quadruped" and has_weights("rtdetr") and has_weights("vitpose-animal")
