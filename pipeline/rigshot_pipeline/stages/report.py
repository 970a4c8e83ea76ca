"""report: what was made and how good it is, as JSON and as one picture."""

from PIL import Image

from ..assemble import load_asset, load_view
from ..coach import advise_after
from ..preview.report_sheet import report_sheet
from ..preview.turntable import start_yaw
from ..reporting import facts
from ..stage import Outcome, Stage, Work
from ..store import save_json


def run(work: Work) -> Outcome:
    """Write ``report.json`` and ``report.png``."""
    asset = load_asset(work.inputs, name=work.options.name)
    told = facts(work.inputs, asset)
    save_json(work.folder / "report.json", told)
    work.progress(0.4)
    first_yaw = start_yaw(load_view(work.inputs))
    sheet = report_sheet(work.inputs, asset, told, first_yaw=first_yaw)
    work.progress(0.8)
    Image.fromarray(sheet).save(work.folder / "report.png", compress_level=3)
    figures = told["figures"]
    names = ("silhouette_iou", "identity", "background_bleed", "symmetry_error", "watertight", "joints", "limbs", "weight_step_p99")
    metrics = {name: figures[name] for name in names} | {"seconds_before": told["seconds"]}
    return Outcome(metrics=metrics, advice=advise_after(figures))


STAGE = Stage(
    name="report",
    reads=(
        "intake",
        "enhance",
        "standardise",
        "cutout",
        "geometry",
        "texture",
        "skeleton",
        "skin",
        "animate",
        "export",
        "preview",
    ),
    run=run,
    options=("name",),
    version=2,
)
