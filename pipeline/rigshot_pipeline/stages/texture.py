"""Texture: one atlas for the whole surface from what the one photo shows."""

from functools import partial

import numpy as np

from .. import store
from ..asset import Mesh
from ..embedded.paint import paint
from ..embedded.paint_quality import background_bleed, sharpness_ratio
from ..engines import Engine, by_choice, environment
from ..engines.foreign_texture import textured_mesh
from ..stage import Outcome, Stage, Work

__all__ = ["STAGE"]

_SMALL, _LARGE = 1024, 2048
_FINE_PICTURE = 660  # pixels of the canonical side: from here on the photo carries more than the small atlas can hold


def run(work: Work) -> Outcome:
    """Unwrap the mesh and paint it."""
    kind = store.load_json(work.inputs["standardise"] / "subject.json")["kind"]
    return by_choice(work, "texture", engine=_by_engine, embedded=_embedded, suits=kind == "photo")


def _by_engine(engine: Engine) -> Outcome:
    """The atlas that an engine paints; drawings and sprites keep their own strokes and pixels instead."""
    work = engine.work
    plain, textured, albedo = (engine.scratch / name for name in ("mesh.npz", "textured.npz", "albedo.png"))
    mesh = store.load_mesh(work.inputs["geometry"] / "mesh.npz")
    store.save_mesh(plain, Mesh(vertices=mesh.vertices, faces=mesh.faces))
    paths = {"image": work.inputs["cutout"] / "cutout.png", "mesh": plain, "textured": textured, "albedo": albedo}
    values = engine.ask(paths, {"seed": engine.seed, "size": _LARGE}).values
    picture = np.ascontiguousarray(store.load_picture(albedo)[..., :3])
    store.save_mesh(work.folder / "mesh.npz", textured_mesh(engine, textured, mesh))
    store.save_picture(work.folder / "albedo.png", picture)
    return Outcome(metrics={"atlas_size": len(picture), "gpu_peak_mb": values.get("gpu_peak_mb")})


def _embedded(work: Work) -> Outcome:
    geometry = work.inputs["geometry"]
    subject = store.load_json(work.inputs["standardise"] / "subject.json")
    picture = store.load_picture(work.inputs["standardise"] / "picture.png")
    cutout = store.load_picture(work.inputs["cutout"] / "cutout.png")
    camera = store.load_projection(geometry / "camera.json")
    work.progress(0.05)
    painted = paint(
        store.load_mesh(geometry / "mesh.npz"),
        store.load_body(geometry / "body.npz"),
        camera,
        cutout,
        picture,
        kind=subject["kind"],
        canonical_from_photo=np.asarray(subject["canonical_from_photo"], np.float32),
        size=_LARGE if camera.size > _FINE_PICTURE and subject["kind"] != "sprite" else _SMALL,
        seed=work.options.seed,
    )
    work.progress(0.9)
    store.save_mesh(work.folder / "mesh.npz", painted.mesh)
    store.save_picture(work.folder / "albedo.png", painted.albedo)
    covered = painted.owner >= 0
    return Outcome(
        metrics={
            "atlas_size": len(painted.albedo),
            "charts": painted.charts,
            "utilisation": round(painted.utilisation, 3),
            "photo_share": round(float(painted.known[covered].mean()), 3),
            "background_bleed": round(background_bleed(painted.albedo, painted.owner, cutout, picture, seed=work.options.seed), 5),
            "sharpness_ratio": round(sharpness_ratio(painted.albedo, painted.owner, painted.known), 3),
        }
    )


STAGE = Stage(
    name="texture",
    reads=("standardise", "cutout", "geometry"),
    run=run,
    options=("seed",),
    version=2,
    environment=partial(environment, "texture"),
)
