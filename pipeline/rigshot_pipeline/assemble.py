"""From the stages' folders to one ``Asset``: what the exporter writes, the previews draw and the report measures."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from .asset import Asset
from .body import Projection
from .engines.licences import engine_licences
from .mirroring import mirrored_asset, mirrored_projection
from .stage import StageName
from .store import load_clips, load_json, load_mesh, load_picture, load_projection, load_rig
from .wording import sentence

__all__ = ["LICENCES", "load_asset", "load_view"]

LICENCES = (
    "Rigshot's embedded engine (Apache-2.0) lays no claim to what it makes.",
    "The rights in the photo also cover this model.",
)
"""What every model is bound by; engines of ``envs/`` add theirs."""


def load_asset(inputs: Mapping[StageName, Path], *, name: str, licences: tuple[str, ...] | None = None) -> Asset:
    """The asset that the folders of the stages standardise, texture, skin and animate make together.

    The weights of the skin stage belong to the welded mesh; here every vertex of the textured mesh takes the weights
    of the vertex that it was split from. The stages work on a subject that faces right; if it faced left in the photo,
    the asset is mirrored back here, so that a marking is on the side where it belongs. ``licences``: without them, those of the engines
    that the stages' records name. Raises ValueError where the folders do not fit each other.
    """
    mesh = load_mesh(inputs["texture"] / "mesh.npz")
    rig = load_rig(inputs["skin"] / "rig.npz")
    if rig.weights is None:
        raise ValueError("the stage skin left a rig without weights")
    source = np.arange(len(mesh.vertices), dtype=np.int32) if mesh.source is None else mesh.source
    if source.size and (source.min() < 0 or source.max() >= len(rig.weights)):
        raise ValueError(f"the textured mesh refers to vertex {source.max()}, the weights have {len(rig.weights)} rows")
    subject = load_json(inputs["standardise"] / "subject.json")
    asset = Asset(
        name=name,
        mesh=mesh,
        albedo=np.ascontiguousarray(load_picture(inputs["texture"] / "albedo.png")[..., :3]),
        rig=replace(rig, weights=np.ascontiguousarray(rig.weights[source])),
        clips=load_clips(inputs["animate"] / "clips.npz"),
        nearest=subject["kind"] == "sprite",
        licences=_licences(inputs) if licences is None else licences,
    )
    return mirrored_asset(asset) if subject["mirrored"] else asset


def _licences(inputs: Mapping[StageName, Path]) -> tuple[str, ...]:
    records = [load_json(folder / "stage.json") for folder in inputs.values() if (folder / "stage.json").is_file()]
    said = engine_licences(record["engine"] for record in records)
    return (*LICENCES, *(sentence(code, values) for code, values in said))


def load_view(inputs: Mapping[StageName, Path]) -> Projection:
    """The camera that shows the asset as the photo shows the subject, from the folders of standardise and geometry."""
    projection = load_projection(inputs["geometry"] / "camera.json")
    return mirrored_projection(projection) if load_json(inputs["standardise"] / "subject.json")["mirrored"] else projection
