"""All figures of one finished job, as one flat row."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

import numpy as np

from .. import quality, store
from ..asset import Mesh, Pixels, Rig
from ..body import Body, Projection
from ..run import Record
from ..stage import Metric
from . import picture_scores
from .cases import Case, Taken
from .hard import Bools, Floats64, Spoilt
from .rig_scores import matched, motion_scores, skeleton_scores, skin_scores
from .shape_scores import Placement, shape_scores, truth_samples
from .truth_rig import TruthRig, clip_names, load_truth

__all__ = ["Row", "moments_of", "score"]

Row = dict[str, Metric]
_MOVES = 1e-3
_WALKS = ("walk", "swim")
_STANDS = ("idle", "survey")
_RUNS = ("gallop", "run")
_MOMENTS = 6  # of every clip
_DIGITS = 4


def score(folder: Path, records: Mapping[str, Record], case: Case, taken: Taken, spoilt: Spoilt) -> Row:
    """The figures of the job in ``folder``; those that need a truth which the case has not are None."""
    subject = store.load_json(folder / "standardise" / "subject.json")
    scale = float(store.load_json(folder / "intake" / "photo.json")["scale"])
    canonical_from_photo = np.asarray(subject["canonical_from_photo"], np.float64) @ np.diag([scale, scale, 1.0])
    projection = store.load_projection(folder / "geometry" / "camera.json")
    mesh = store.load_mesh(folder / "geometry" / "mesh.npz")
    row: Row = {
        "plan": subject["plan"] if "geometry" not in records else records["geometry"].metrics.get("plan"),
        "view": records["geometry"].metrics.get("view"),
        "turned": subject["turned_degrees"],
        "symmetry_error": quality.symmetry_error(mesh),
        "seconds": sum(record.seconds for record in records.values()),
    }
    if "texture" in records:
        painted = store.load_mesh(folder / "texture" / "mesh.npz")
        albedo = store.load_picture(folder / "texture" / "albedo.png")[..., :3]
        row |= _seen(painted, np.ascontiguousarray(albedo), projection, canonical_from_photo, subject["mirrored"], taken, spoilt)
    rig = None
    if "skin" in records:
        rig = store.load_rig(folder / "skin" / "rig.npz")
        row |= _rigged(mesh, store.load_body(folder / "geometry" / "body.npz"), rig)
    if "animate" in records:
        row |= _moving(records["animate"].metrics)
    if case.view is not None and taken.camera is not None:
        placement = Placement(
            camera=taken.camera,
            size=taken.photo.shape[0],
            canonical_from_photo=canonical_from_photo @ spoilt.matrix,
            projection=projection,
            shift=np.zeros(3),
        )
        row |= _against_truth(case.file, placement, mesh, rig)
    return {key: round(value, _DIGITS) if isinstance(value, float) else value for key, value in row.items()}


def _seen(
    painted: Mesh, albedo: Pixels, projection: Projection, canonical_from_photo: Floats64, mirrored: bool, taken: Taken, spoilt: Spoilt
) -> Row:
    if taken.mask is None:
        return {}
    photo, mask, known = _bearable(spoilt)
    scale = mask.shape[0] / spoilt.mask.shape[0]
    frame = canonical_from_photo @ np.diag([1 / scale, 1 / scale, 1.0])
    drawn = picture_scores.in_photo(painted, albedo, projection, frame, (mask.shape[0], mask.shape[1]))
    portrait = picture_scores.portrait_of_model(painted, albedo, projection, mirrored=mirrored)
    wanted = picture_scores.portrait_of_photo(taken.photo, taken.mask)
    return {
        "silhouette_iou": picture_scores.iou(drawn[..., 3] >= 128, mask, known),
        "upright_iou": picture_scores.upright_iou(portrait, wanted),
        "background_bleed": picture_scores.background_bleed(drawn, photo, mask, known),
        "identity": picture_scores.identity(portrait, wanted),
        "sharpness": picture_scores.sharpness(portrait, wanted),
    }


def _bearable(spoilt: Spoilt, side: int = 900) -> tuple[Pixels, Bools, Bools]:
    """Photo, mask and known at a size at which they can be compared quickly."""
    step = max(1, int(np.ceil(max(spoilt.mask.shape) / side)))
    if step == 1:
        return spoilt.photo, spoilt.mask, spoilt.known
    height, width = (length // step * step for length in spoilt.mask.shape)
    part = (slice(step // 2, height, step), slice(step // 2, width, step))
    return np.ascontiguousarray(spoilt.photo[part]), spoilt.mask[part].copy(), spoilt.known[part].copy()


def _rigged(mesh: Mesh, body: Body, rig: Rig) -> Row:
    figures = quality.skin_figures(mesh, rig)
    return {
        "joints": len(rig.names),
        "limbs": quality.limbs(body),
        "limbs_with_chain": quality.limbs_with_chain(body, rig),
        "tips": len(_tips(rig)),
        "weight_step_mean": figures.step_mean,
        "weight_step_p99": figures.step_p99,
    }


def _tips(rig: Rig) -> list[int]:
    """The joints without children that move the surface: the ends of limbs, tails, ears and heads, whoever named them."""
    assert rig.weights is not None
    parents = set(rig.parents.tolist())
    moving = rig.weights.max(0, initial=0.0) > _MOVES
    return [joint for joint in range(len(rig.names)) if joint not in parents and moving[joint]]


def _moving(metrics: Mapping[str, Metric]) -> Row:
    """The worst of all clips."""

    def worst(ending: str) -> float:
        return max(
            (float(value) for key, value in metrics.items() if key.endswith(ending) and isinstance(value, (int, float))), default=0.0
        )

    return {"stretch_p99": worst("_stretch_p99"), "torn_share": worst("_torn_share"), "foot_slide": worst("_foot_slide")}


def _against_truth(file: Path, placement: Placement, mesh: Mesh, rig: Rig | None) -> Row:
    shape, placement = shape_scores(file, placement, mesh.vertices, mesh.faces)
    row: Row = dict(asdict(shape))
    truth = truth_samples(file)[0]
    if rig is None or not (truth.weights > 0).any():
        return row
    pair = matched(rig, placement(mesh.vertices), placement(rig.joints), placement(rig.tails), truth)
    row |= asdict(skeleton_scores(pair)) | asdict(skin_scores(pair))
    motion = motion_scores(pair, list(moments_of(file)))
    return row | (asdict(motion) if motion else {})


@lru_cache(maxsize=4)
def moments_of(file: Path) -> tuple[TruthRig, ...]:
    """The truth at moments of its clips in which it stands, walks and runs, in the rest pose's scale."""
    rest = truth_samples(file)[0]
    return tuple(
        load_truth(file, clip=clip, seconds=float(seconds), at_rest=rest)
        for clip in _chosen(clip_names(file))
        for seconds in np.linspace(0, 1, _MOMENTS, endpoint=False)
    )


def _chosen(names: tuple[str, ...]) -> Iterator[str]:
    for words in (_STANDS, _WALKS, _RUNS):
        found = [name for name in names if any(word in name.lower() for word in words)]
        yield from sorted(found, key=len)[:1]
