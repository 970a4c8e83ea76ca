"""The facts of a report: what was made, how good it is, how long each stage took, who made it and what binds it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import quality, wording
from .asset import Asset, Pixels
from .engines.licences import engine_licences
from .evaluation.picture_scores import identity, portrait_of_model, portrait_of_photo, sharpness
from .stage import StageName
from .store import load_body, load_clips, load_json, load_mesh, load_picture, load_projection, load_rig

__all__ = ["StageRow", "facts", "stage_rows"]

_GOOD_MATCH = 0.9  # silhouette IoU: below it a leg or an ear is missing or made up
_LIKE = 0.8  # identity: fully prepared photos of the evaluation reach .9, unprepared ones .6 to .8
_CLEAN = 0.02  # share of the rim with the background's colour that nobody sees
_TORN = 0.005  # share of edges stretched to twice their length: from here on it shows as a smear
_SLIDE = 0.02  # metres of drift with a subject of 1 m: two centimetres on a large dog

_WEIGHTS = {"isnet-general-use": "Apache-2.0", "birefnet-general-lite": "MIT", "u2netp": "Apache-2.0"}
"""Licences of rembg's weights, as their authors' repositories (DIS, BiRefNet, U-2-Net) state them."""


@dataclass(frozen=True, kw_only=True)
class StageRow:
    """What a finished stage wrote into its record: ``seconds``, ``peak_mb`` of the whole process, its advice.

    ``chosen``: where an engine of ``envs/`` did it, the code of the sentence that says why that one.
    """

    stage: str
    engine: str
    seconds: float
    peak_mb: float
    advice: tuple[Mapping[str, Any], ...]
    chosen: str = ""


def stage_rows(inputs: Mapping[StageName, Path]) -> tuple[StageRow, ...]:
    """The records of the finished stages, in the order of ``inputs``."""
    records = [load_json(folder / "stage.json") for folder in inputs.values()]
    return tuple(
        StageRow(
            stage=record["stage"],
            engine=record["engine"],
            seconds=record["seconds"],
            peak_mb=record["peak_mb"],
            advice=tuple(record["advice"]),
            chosen=record.get("metrics", {}).get("chosen", ""),
        )
        for record in records
    )


def facts(inputs: Mapping[StageName, Path], asset: Asset) -> dict[str, Any]:
    """Everything ``report.json`` holds, as plain JSON values.

    ``inputs`` the folders of all earlier stages, ``asset`` what they made together.
    """
    subject = load_json(inputs["standardise"] / "subject.json")
    rows = stage_rows(inputs)
    figures = _figures(inputs, asset)
    clips = _clips(inputs)
    seconds = round(sum(row.seconds for row in rows), 2)
    return {
        "format": 1,
        "name": asset.name,
        "subject": {key: subject[key] for key in ("kind", "view", "pose", "plan", "mirrored", "source", "confidence")}
        | {"plan": load_body(inputs["geometry"] / "body.npz").plan},
        "figures": figures,
        "clips": clips,
        "stages": [asdict(row) | {"advice": len(row.advice)} for row in rows],
        "seconds": seconds,
        "peak_mb": max((row.peak_mb for row in rows), default=0.0),
        "engines": _engines(rows),
        "chosen": {row.stage: {to: wording.sentence(row.chosen, {}, to) for to in wording.LANGUAGES} for row in rows if row.chosen},
        "licences": _sentences(_licences(rows)),
        "advice": _advice(rows),
        "summary": _sentences(_summary(figures, clips, seconds)),
    }


def _figures(inputs: Mapping[StageName, Path], asset: Asset) -> dict[str, Any]:
    mesh = load_mesh(inputs["geometry"] / "mesh.npz")
    projection = load_projection(inputs["geometry"] / "camera.json")
    body = load_body(inputs["geometry"] / "body.npz")
    rig = load_rig(inputs["skin"] / "rig.npz")
    picture = load_picture(inputs["standardise"] / "picture.png")
    alpha: Pixels = load_picture(inputs["cutout"] / "cutout.png")[..., 3]
    painted = load_mesh(inputs["texture"] / "mesh.npz")
    front, back = quality.sharpness(painted, asset.albedo, projection)
    likeness, detail = _likeness(inputs, asset.albedo)
    return {
        "silhouette_iou": round(quality.silhouette_iou(mesh, projection, alpha), 4),
        "background_bleed": _rounded(quality.background_bleed(painted, asset.albedo, projection, picture, alpha), 4),
        "symmetry_error": round(quality.symmetry_error(mesh), 4),
        **asdict(quality.topology(mesh)),
        "plan": body.plan,
        "joints": len(rig.names),
        "limbs": quality.limbs(body),
        "limbs_with_chain": quality.limbs_with_chain(body, rig),
        "identity": _rounded(likeness, 4),
        "sharpness": _rounded(detail, 3),
        "parts": len(body.parts),
        **{f"weight_{key}": _rounded(value, 4) for key, value in asdict(quality.skin_figures(mesh, rig)).items()},
        "detail_front": round(front, 3),
        "detail_back": round(back, 3),
        "texture_side": asset.albedo.shape[0],
    }


def _likeness(inputs: Mapping[StageName, Path], albedo: Pixels) -> tuple[float | None, float | None]:
    """Identity and sharpness, as ``evaluation.picture_scores`` defines them, against what was cut out; None where that is empty."""
    cutout = load_picture(inputs["cutout"] / "cutout.png")
    inside = cutout[..., 3] >= 128
    if not inside.any():
        return None, None
    painted, camera = load_mesh(inputs["texture"] / "mesh.npz"), load_projection(inputs["geometry"] / "camera.json")
    model = portrait_of_model(painted, albedo, camera, mirrored=False)
    photo = portrait_of_photo(cutout, inside)
    return identity(model, photo), sharpness(model, photo)


def _clips(inputs: Mapping[StageName, Path]) -> list[dict[str, Any]]:
    mesh = load_mesh(inputs["geometry"] / "mesh.npz")
    body = load_body(inputs["geometry"] / "body.npz")
    rig = load_rig(inputs["skin"] / "rig.npz")
    rows = (asdict(quality.clip_figures(mesh, body, rig, clip)) for clip in load_clips(inputs["animate"] / "clips.npz"))
    return [{key: _rounded(value, 5) for key, value in row.items()} for row in rows]


def _rounded(value: Any, digits: int) -> Any:
    return round(value, digits) if isinstance(value, float) else value


def _engines(rows: Iterable[StageRow]) -> dict[str, list[str]]:
    engines: dict[str, list[str]] = {}
    for row in rows:
        engines.setdefault(row.engine, []).append(row.stage)
    return engines


def _licences(rows: Iterable[StageRow]) -> list[tuple[str, dict[str, Any]]]:
    codes: list[tuple[str, dict[str, Any]]] = [("licence_embedded", {})]
    engines = _engines(rows)
    for engine in engines:
        kind, _, model = engine.partition(":")
        if kind == "rembg":
            codes.append(("licence_rembg", {"model": model, "licence": _WEIGHTS.get(model, "?")}))
    codes += [(code, dict(values)) for code, values in engine_licences(engines)]
    return [*codes, ("licence_photo", {}), ("licence_ffmpeg", {})]


def _advice(rows: Iterable[StageRow]) -> list[dict[str, Any]]:
    return [
        {"stage": row.stage, "code": said["code"], "level": said["level"]}
        | {language: wording.sentence(said["code"], said["values"], language) for language in wording.LANGUAGES}
        for row in rows
        for said in row.advice
    ]


def _summary(figures: Mapping[str, Any], clips: list[dict[str, Any]], seconds: float) -> list[tuple[str, dict[str, Any]]]:
    percent = round(100 * figures["silhouette_iou"])
    match = "summary_match" if figures["silhouette_iou"] >= _GOOD_MATCH else "summary_match_poor"
    bleed = figures["background_bleed"]
    sentences: list[tuple[str, dict[str, Any]]] = [
        ("summary_made", {"plan": f"plan_{figures['plan']}", "joints": figures["joints"], "clips": len(clips)}),
        (match, {"percent": percent}),
        *_looks(figures),
        ("summary_unseen", {}),
        *_limbs(figures),
    ]
    if bleed is not None:
        sentences.append(("summary_clean", {}) if bleed <= _CLEAN else ("summary_bleed", {"percent": round(100 * bleed)}))
    sentences += _movement(clips)
    sentences.append(("summary_closed" if figures["watertight"] else "summary_open", {}))
    return [*sentences, ("summary_time", {"seconds": f"{seconds:.0f}"})]


def _looks(figures: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    if figures["identity"] is None:
        return []
    like = "summary_like" if figures["identity"] >= _LIKE else "summary_unlike"
    return [(like, {"percent": round(100 * figures["identity"])})]


def _limbs(figures: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    limbs, bending = figures["limbs"], figures["limbs_with_chain"]
    if not limbs:
        return []
    return [("summary_limbs" if bending == limbs else "summary_stiff_limbs", {"limbs": limbs, "bending": bending})]


def _movement(clips: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """What is to be said of the clips: the worst of each kind by name, or that all is well."""
    if not clips:
        return []
    torn, sliding = max(clips, key=lambda clip: clip["over_2"]), max(clips, key=lambda clip: clip["slide"])
    said: list[tuple[str, dict[str, Any]]] = []
    if torn["over_2"] > _TORN:
        said.append(("summary_stretches", {"clip": torn["name"]}))
    if sliding["slide"] > _SLIDE:
        said.append(("summary_slides", {"clip": sliding["name"]}))
    return said or [("summary_moves_well", {})]


def _sentences(codes: list[tuple[str, dict[str, Any]]]) -> dict[str, list[str]]:
    return {language: [_said(code, values, language) for code, values in codes] for language in wording.LANGUAGES}


def _said(code: str, values: Mapping[str, Any], language: wording.Language) -> str:
    """The sentence; a value that is itself a code of ``wording`` is put into words first."""
    known = {key: wording.sentence(value, {}, language) if key == "plan" else value for key, value in values.items()}
    return wording.sentence(code, known, language)
