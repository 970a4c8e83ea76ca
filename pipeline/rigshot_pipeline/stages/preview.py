"""preview: the pictures that people see first: the turning model, the same with its skeleton, and a poster."""

from ..assemble import load_asset, load_view
from ..asset import Clip
from ..errors import Refused
from ..preview.films import poster, write_films
from ..preview.studio import Studio
from ..preview.turntable import plan_turn, start_yaw
from ..stage import Outcome, Stage, Work
from ..store import save_picture


def run(work: Work) -> Outcome:
    """Write ``turntable`` and ``skeleton`` as ``.gif`` and ``.mp4``, and ``poster.png``."""
    asset = load_asset(work.inputs, name=work.options.name)
    clip = chosen_clip(asset.clips, work.options.clip)
    first_yaw = start_yaw(load_view(work.inputs))
    turn = plan_turn(asset, clip, first_yaw=first_yaw)
    studio = Studio.of(asset)
    save_picture(work.folder / "poster.png", poster(studio, turn, first_yaw))
    work.progress(0.1)
    sizes = write_films(asset, studio, turn, work.folder, progress=lambda fraction: work.progress(0.1 + 0.9 * fraction))
    return Outcome(
        metrics={
            "clip": clip.name if clip else None,
            "pictures": len(turn),
            "seconds": round(len(turn) / turn.rate, 2),
            **{f"{name.replace('.', '_')}_kb": size // 1000 for name, size in sizes.items()},
        }
    )


def chosen_clip(clips: tuple[Clip, ...], wish: str) -> Clip | None:
    """The clip called ``wish``; for 'auto' the first, which shows the subject best. Refuses a name that is not there."""
    if wish == "auto":
        return clips[0] if clips else None
    for clip in clips:
        if clip.name == wish:
            return clip
    raise Refused("no_such_clip", clip=wish, clips=", ".join(clip.name for clip in clips))


STAGE = Stage(name="preview", reads=("standardise", "geometry", "texture", "skin", "animate"), run=run, options=("clip",))
