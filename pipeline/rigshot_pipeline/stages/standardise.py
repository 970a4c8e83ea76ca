"""standardise: where the subject is, how it stands, and the canonical square around it."""

from dataclasses import asdict, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .. import models, store
from ..asset import Pixels
from ..coach import Measures, advise
from ..embedded import measuring
from ..embedded.canonical import canonical_frame, warp_colours, warp_map
from ..embedded.facing import EYE_WEIGHT, eye_evidence
from ..embedded.levelling import upright_turn
from ..embedded.reading import Reading, read_silhouette
from ..embedded.subject import Kind, Subject, find_subject
from ..embedded.turning import turn_picture
from ..engines import Engine, by_choice, environment
from ..engines.reposing import redraw, wish_for
from ..errors import Refused
from ..options import Box, Options
from ..stage import Advice, Outcome, Stage, Work
from .unprepared import plain_subject, whole_photo_frame

__all__ = ["STAGE"]

# Silhouettes are read, and light is measured, at this size.
_READING_SIDE = 400
# Subjects from these sources have nothing behind them that shows where down is: the sheet may lie on its side.
_SHEETS = ("alpha", "flat")


def run(work: Work) -> Outcome:
    """Find the subject, read its view and pose, and put it into the canonical square."""
    kind = store.load_json(work.inputs["enhance"] / "picture.json")["kind"]
    masked = (work.inputs["intake"] / "mask.png").is_file()
    # A view that the person names is the photo's, and would not be that of another picture.
    wished = work.options.repose and "pose" in work.options.prepare and work.options.view == "auto" and kind == "photo" and not masked
    return by_choice(work, "standardise", engine=_by_engine, embedded=_embedded, suits=wished)


def _embedded(work: Work) -> Outcome:
    picture = store.load_picture(work.inputs["enhance"] / "picture.png")
    made = store.load_json(work.inputs["enhance"] / "picture.json")
    photo = store.load_json(work.inputs["intake"] / "photo.json")
    subject = _found(work, picture, made, photo) if {"pose", "cutout"} & {*work.options.prepare} else plain_subject(picture)
    return _standardised(work, picture, subject, kind=made["kind"], scale=made["scale"])


def _by_engine(engine: Engine) -> Outcome:
    """The subject as an engine redraws it, standing and from its side, where that is better than the photo."""
    work = engine.work
    picture = store.load_picture(work.inputs["enhance"] / "picture.png")
    made = store.load_json(work.inputs["enhance"] / "picture.json")
    subject = _found(work, picture, made, store.load_json(work.inputs["intake"] / "photo.json"))
    mask = subject.probability >= 0.5
    if not mask.any():
        raise Refused("no_subject")
    turned = _turn(picture, mask, subject, made["kind"], work.options)
    reading = _corrected(_read(*_turned(picture, mask, turned), made["kind"], subject), work.options)
    asked = wish_for(reading, whole=not measuring.cut_sides(mask))
    if asked is None:
        return _standardised(work, picture, subject, kind=made["kind"], scale=made["scale"])
    redrawn = redraw(engine, picture, mask, asked)
    if redrawn is None:
        engine.asked = False  # the photo stays, and the engine has no share in it
        outcome = _standardised(work, picture, subject, kind=made["kind"], scale=made["scale"])
        return replace(outcome, advice=(*outcome.advice, Advice(code="repose_none", values={"engine": engine.spec.title})))
    again = find_subject(redrawn, kind="photo", box=None, mask=None, model=models.chosen_model(work.options), seed=work.options.seed)
    outcome = _standardised(work, redrawn, again, kind="photo", scale=1.0)
    told = Advice(code="reposed", values={"engine": engine.spec.title}, level="warning")
    return replace(outcome, advice=(*outcome.advice, told))


def _standardised(work: Work, picture: Pixels, subject: Subject, *, kind: Kind, scale: float) -> Outcome:
    prepare = work.options.prepare
    work.progress(0.85)
    mask = subject.probability >= 0.5
    if not mask.any():
        raise Refused("no_subject")
    posed = "pose" in prepare
    turned = _turn(picture, mask, subject, kind, work.options) if posed else 0
    reading = _corrected(_read(*_turned(picture, mask, turned), kind, subject), work.options)
    mirrored = posed and reading.view == "side" and reading.facing == "left"
    frame = canonical_frame(mask, turned_degrees=turned, mirrored=mirrored, whole_steps=kind == "sprite")
    if not posed:
        frame = whole_photo_frame(picture.shape)
    work.progress(0.9)
    hard = kind == "sprite"
    store.save_picture(work.folder / "picture.png", warp_colours(picture, frame, hard=hard))
    outline = subject if "cutout" in prepare else plain_subject(picture)
    rough = warp_map(outline.probability, frame, hard=hard)
    store.save_picture(work.folder / "subject.png", (rough * 255 + 0.5).astype(np.uint8))
    measures = _measures(picture, mask, outline, reading, kind, scale, turned)
    matrix = frame.matrix @ np.diag([scale, scale, 1.0])
    words: dict[str, Any] = {
        "kind": kind,
        "view": reading.view,
        "view_confidence": reading.view_confidence,
        "pose": reading.pose,
        "plan": reading.plan,
        "plan_confidence": reading.plan_confidence,
        "lean": abs(reading.lean) if mirrored else reading.lean,
        "mirrored": mirrored,
        "turned_degrees": turned,
        "canonical_from_photo": matrix.tolist(),
        "source": outline.source,
        "confidence": outline.confidence,
        "cut": measures.cut,
        "others": [asdict(box) for box in subject.others],
    }
    store.save_json(work.folder / "subject.json", words)
    metrics = {name: words[name] for name in ("kind", "view", "pose", "plan", "mirrored", "turned_degrees", "source")}
    metrics |= {"confidence": round(outline.confidence, 3), "subject_pixels": measures.pixels, "others": measures.others}
    advice = (*advise(measures), *_missing(work.options))
    return Outcome(metrics=metrics, advice=advice, engine=subject.source if ":" in subject.source else "embedded")


def _found(work: Work, picture: Pixels, made: dict[str, Any], photo: dict[str, Any]) -> Subject:
    return find_subject(
        picture,
        kind=made["kind"],
        box=_scaled(photo["box"], made["scale"]),
        mask=_mask(work, picture),
        model=models.chosen_model(work.options),
        seed=work.options.seed,
    )


def _scaled(box: list[int] | None, scale: float) -> Box | None:
    if box is None:
        return None
    left, top, width, height = (round(side * scale) for side in box)
    return Box(left=left, top=top, width=width, height=height)


def _mask(work: Work, picture: Pixels) -> Pixels | None:
    path = work.inputs["intake"] / "mask.png"
    if not path.is_file():
        return None
    return cv2.resize(store.load_picture(path), picture.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def _shrunk(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    scale = min(1.0, _READING_SIDE / max(values.shape[:2]))
    return cv2.resize(values, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else values


def _close(picture: Pixels, mask: NDArray[np.bool_]) -> tuple[Pixels, NDArray[np.bool_]]:
    """The part around the subject, at the size at which it is read."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    part = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    colours = np.pad(picture[part][..., :3], ((4, 4), (4, 4), (0, 0)), mode="edge")
    return _shrunk(colours), _shrunk(np.pad(mask[part], 4).astype(np.uint8) * np.uint8(255)) >= 128


def _turn(picture: Pixels, mask: NDArray[np.bool_], subject: Subject, kind: Kind, options: Options) -> int:
    """Degrees clockwise that set the subject upright; a person who says how the photo is to be turned has decided."""
    if options.turn != "auto":
        return 0
    framed = kind == "photo" and subject.source != "alpha"
    feet = not (framed and "bottom" in measuring.cut_sides(mask))
    lies = kind != "photo" or subject.source in _SHEETS
    return upright_turn(*_close(picture, mask), feet=feet, lies=lies, whole_steps=kind == "sprite")


def _turned(picture: Pixels, mask: NDArray[np.bool_], degrees: int) -> tuple[Pixels, NDArray[np.bool_]]:
    """The subject, close and upright."""
    colours, inside = _close(picture, mask)
    turned = turn_picture(np.dstack([colours, inside.astype(np.uint8) * np.uint8(255)]), degrees)
    return turned[..., :3], turned[..., 3] >= 128


def _read(picture: Pixels, mask: NDArray[np.bool_], kind: Kind, subject: Subject) -> Reading:
    """What the outline says, and of the head's side an eye as well, where the picture shows one."""
    reading = read_silhouette(mask, kind=kind, turns=subject.source != "alpha")
    return reading.leaning_to(reading.lean + EYE_WEIGHT * eye_evidence(picture, mask))


def _corrected(reading: Reading, options: Options) -> Reading:
    plan = None if options.subject == "auto" else options.subject
    return reading.seen_as(plan=plan, view=None if options.view == "auto" else options.view)


def _measures(
    picture: Pixels, mask: NDArray[np.bool_], subject: Subject, reading: Reading, kind: Kind, scale: float, turned: int
) -> Measures:
    box = subject.box
    colours = _shrunk(np.ascontiguousarray(picture[..., :3]))
    small = _shrunk(mask.astype(np.uint8) * 255) > 0
    lab = cv2.cvtColor(colours.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    own_ground = subject.source not in ("alpha", "mask")
    return Measures(
        kind=kind,
        pixels=round(max(box.width, box.height) / scale) if box else 0,
        cut=measuring.turned_sides(measuring.cut_sides(mask, drawn=kind == "drawing"), turned),
        others=len(subject.others),
        highlights=measuring.highlights(lab[..., 0], small),
        burnt=measuring.burnt_share(colours, small),
        sharpness=measuring.sharpness(lab[..., 0], small),
        likeness=measuring.colour_likeness(lab, small) if own_ground else 0.0,
        confidence=subject.confidence,
        compactness=measuring.compactness(small),
        pose=reading.pose,
        turned=turned,
    )


def _missing(options: Options) -> tuple[Advice, ...]:
    """A word on the network that the settings name, where its weights are not on disk."""
    wished = models.wished_model()
    if wished is None or options.engine == "embedded" or models.chosen_model(options) == wished:
        return ()
    return (Advice(code="weights_missing", values={"model": wished}),)


def _environment(options: Options) -> str:
    engines = f"{environment('standardise', options)} " if options.repose else ""
    return engines + _networks(options)


def _networks(options: Options) -> str:
    names = [models.chosen_model(options) or "none", *(str(advice.values["model"]) for advice in _missing(options))]
    return " without ".join(names)


STAGE = Stage(
    name="standardise",
    reads=("intake", "enhance"),
    run=run,
    version=7,
    options=("subject", "view", "turn", "seed", "prepare", "repose"),
    environment=_environment,
)
