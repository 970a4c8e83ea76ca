"""The files that people open elsewhere: GLB, FBX, OBJ."""

from ..assemble import load_asset
from ..formats.fbx import write_fbx
from ..formats.glb import write_glb
from ..formats.obj import write_obj
from ..formats.texture import encode_png, encode_texture
from ..options import FORMATS, Format
from ..stage import Advice, Metric, Outcome, Stage, Work

__all__ = ["STAGE"]


def run(work: Work) -> Outcome:
    """Assemble the asset and write it in every format that was asked for."""
    asset = load_asset(work.inputs, name=work.name)
    work.progress(0.1)
    png = encode_png(asset.albedo)
    texture = encode_texture(asset.albedo, lossless=asset.nearest, png=png)
    metrics: dict[str, Metric] = {
        "joints": len(asset.rig.names),
        "clips": len(asset.clips),
        "vertices": len(asset.mesh.vertices),
        "triangles": len(asset.mesh.faces),
        "texture": texture.mime,
    }
    chosen: list[Format] = [suffix for suffix in FORMATS if suffix in work.options.formats]
    for done, suffix in enumerate(chosen):
        work.progress(0.2 + 0.8 * done / len(chosen))
        path = work.folder / f"{work.name}.{suffix}"
        match suffix:
            case "glb":
                write_glb(asset, path, texture=texture)
            case "fbx":
                write_fbx(asset, path, texture=texture)
            case "obj":
                write_obj(asset, path, png=png)
        metrics[f"{suffix}_bytes"] = path.stat().st_size
    left_out = ", ".join(suffix.upper() for suffix in FORMATS if suffix not in chosen)
    advice = (Advice(code="formats_left_out", values={"formats": left_out}),) if left_out else ()
    return Outcome(metrics=metrics, advice=advice)


STAGE = Stage(
    name="export",
    # those whose files it reads, and those whose engines' licences it writes into the model
    reads=("enhance", "standardise", "cutout", "geometry", "texture", "skeleton", "skin", "animate"),
    run=run,
    options=("formats", "name"),
)
