"""The worker of the Blender environment: opens a GLB or FBX and tells what arrived.

    {"stage": "reimport",
     "paths": {"model": "cat.fbx", "vertices": "cat.npz", "blend": "cat.blend", "picture": "cat.png"},
     "parameters": {"poses": [{"clip": "walk", "seconds": 0.25}], "importer": "python"}}

All paths but ``model`` may be left out. ``vertices`` takes an NPZ: ``rest`` (V, 3) and one ``pose_i`` for every one of
``poses``, in metres in Blender's world (+Z up); ``blend`` the imported scene; ``picture`` a render of the last pose.
``importer`` (FBX only): ``python``, Blender's old add-on, or ``native``, the importer in C++. The result's values
describe meshes, bones, actions and pictures.
"""

from collections.abc import Mapping
from typing import Any

from rigshot_env import BadInput, Job, main


def reimport(job: Job) -> Mapping[str, Any]:
    """Import ``model`` into an empty scene and describe it."""
    # not above: Blender takes a second to load and prints as it does
    import scene

    model = job.path("model")
    if not model.is_file():
        raise BadInput(f"there is no file {model}")
    scene.open_model(model, native=job.parameters.get("importer", "python") == "native")
    job.progress(0.4)
    description = scene.describe()
    poses = job.parameters.get("poses", [])
    if "vertices" in job.request.paths:
        scene.save_vertices(job.path("vertices"), poses)
    job.progress(0.7)
    if "blend" in job.request.paths:
        scene.save_blend(job.path("blend"))
    if "picture" in job.request.paths:
        scene.render(job.path("picture"), poses[-1] if poses else None)
    return description


if __name__ == "__main__":
    raise SystemExit(main(engine="blender", stages={"reimport": reimport}))
