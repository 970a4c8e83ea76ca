"""The worker of the preprocess environment: enhance, standardise, cutout and detect.

    {"stage": "enhance", "paths": {"image": "a.png", "out": "b.png"}, "parameters": {"scale": 4}}
    {"stage": "standardise", "paths": {"image": "a.png", "out": "folder"}, "parameters": {"species": "cat", "candidates": 3}}
    {"stage": "cutout", "paths": {"image": "a.png", "out": "alpha.png"}}
    {"stage": "detect", "paths": {"image": "a.png"}, "parameters": {"gate": false}}

README.md lists all parameters and what comes back.
"""

import time
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from rigshot_preprocess.wishes import MOST_PIXELS, enhance_wish, gate_wish, one_of, read_picture, standardise_wish, write_picture

from rigshot_env import BadInput, Job, SleepLevel, main

if TYPE_CHECKING:
    from rigshot_preprocess.residency import Shelf

# torch and the libraries on it are imported inside: they take seconds, and a bad request should be refused without them


@cache
def shelf() -> "Shelf":
    """The models of this process."""
    import torch
    from rigshot_preprocess.residency import Shelf, chosen_device, own_share

    torch.set_float32_matmul_precision("high")
    device = chosen_device()
    return Shelf(device, limit=own_share(device))


def enhance(job: Job) -> Mapping[str, Any]:
    """Enlarge ``image`` two or four times into ``out``; an alpha channel is kept."""
    scale, model = enhance_wish(job.parameters)
    picture, out = read_picture(job.path("image"), alpha=True), job.path("out")
    if picture.shape[0] * picture.shape[1] * scale**2 > MOST_PIXELS:
        raise BadInput(f"the picture is too large to be enlarged {scale} times")
    from rigshot_preprocess.upscaling import enlarge

    with _Meter() as meter:
        made = enlarge(shelf(), picture, scale=scale, model=model, progress=job.progress)
    write_picture(out, made)
    return {"model": model, "scale": scale, **meter.values}


def standardise(job: Job) -> Mapping[str, Any]:
    """Show the subject of ``image`` standing and from the wished side: candidates in the folder ``out``, and which is the best."""
    asked = standardise_wish(job.parameters)
    picture, out = read_picture(job.path("image")), job.path("out")
    if not out.parent.is_dir():
        raise BadInput(f"there is no folder {out.parent.name} to make {out.name} in")
    out.mkdir(exist_ok=True)
    from rigshot_preprocess.standardising import NoSubject, standardise

    with _Meter() as meter:
        try:
            outcome = standardise(
                shelf(), picture, asked, keep=lambda number, made: write_picture(out / f"{number}.png", made), progress=job.progress
            )
        except NoSubject:
            raise BadInput("there is no subject in the picture that could be told from its background") from None
    if not outcome.pose and asked.wish.plan == "quadruped":
        job.warn("the pose was judged by the outline alone: the weights rtdetr and vitpose-animal are not installed")
    candidates = [
        {
            "file": f"{number}.png",
            "identity": round(made.candidate.identity, 4),
            "view_score": round(made.candidate.view_score, 4),
            "score": round(made.candidate.score, 4),
            "seed": made.candidate.seed,
            "likeness": {name: round(getattr(made.likeness, name), 4) for name in ("whole", "parts", "colours")},
        }
        for number, made in enumerate(outcome.made)
    ]
    return {
        "chosen": outcome.verdict.chosen,
        "reason": outcome.verdict.reason,
        "candidates": candidates,
        "photo_view_score": round(outcome.photo_view, 4),
        "model": outcome.model,
        "steps": outcome.steps,
        **meter.values,
    }


def cutout(job: Job) -> Mapping[str, Any]:
    """How much of each pixel of ``image`` belongs to the subject, as a grey picture in ``out``."""
    wanted = one_of(job.parameters, "model", (None, "birefnet", "rembg"))
    picture, out = read_picture(job.path("image")), job.path("out")
    from rigshot_preprocess.matting import best_model, cut_out

    with _Meter() as meter:
        matte = cut_out(shelf(), picture, model=wanted or best_model(), progress=job.progress)
    write_picture(out, matte.alpha)
    return {"model": matte.model, "confidence": round(matte.confidence, 4), **meter.values}


def detect(job: Job) -> Mapping[str, Any]:
    """The subjects of ``image`` with boxes, species and key points; with ``gate`` also whether the picture should be kept out."""
    gate = gate_wish(job.parameters)
    picture = read_picture(job.path("image"))
    from rigshot_preprocess import detecting
    from rigshot_preprocess.species import plan_of

    with _Meter() as meter:
        found = detecting.find_subjects(shelf(), picture)
        job.progress(0.4)
        points = detecting.key_points(shelf(), picture, found)
        job.progress(0.7)
        species = detecting.name_species(shelf(), picture, found)
        job.progress(0.9)
        unwanted = detecting.gate_score(shelf(), picture) if gate is not None else None
    subjects = [
        {
            "box": [round(side, 1) for side in row.box],
            "label": row.label,
            "score": round(row.score, 4),
            "species": name,
            "plan": plan_of(name),
        }
        | {"species_score": round(share, 4)}
        for row, (name, share) in zip(found, species, strict=True)
    ]
    values: dict[str, Any] = {
        "subjects": subjects,
        "keypoints": [
            [{"name": name, "x": round(p.x, 1), "y": round(p.y, 1), "score": round(p.score, 4)} for name, p in pose.items()]
            for pose in points
        ],
    }
    if gate is not None and unwanted is not None:
        values["gate"] = {"score": round(unwanted, 4), "keep_out": unwanted >= gate}
    return values | meter.values


class _Meter:
    """Seconds, and the most that torch held of the GPU meanwhile."""

    def __enter__(self) -> "_Meter":
        import torch

        self._begun = time.monotonic()
        self._gpu = shelf().device if shelf().device.type == "cuda" else None
        if self._gpu is not None:
            torch.cuda.reset_peak_memory_stats(self._gpu)
        return self

    def __exit__(self, *_: object) -> None:
        import torch

        peak = torch.cuda.max_memory_allocated(self._gpu) // 2**20 if self._gpu is not None else 0
        self.values = {"seconds": round(time.monotonic() - self._begun, 3), "gpu_peak_mb": peak}


def sleep(level: SleepLevel) -> None:
    """Free the GPU, or memory, too."""
    if shelf.cache_info().currsize:
        shelf().sleep(level)


STAGES = {"enhance": enhance, "standardise": standardise, "cutout": cutout, "detect": detect}

if __name__ == "__main__":
    raise SystemExit(main(engine="preprocess", stages=STAGES, sleep=sleep))
