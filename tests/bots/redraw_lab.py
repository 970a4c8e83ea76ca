"""An engine that redraws a subject, made by the tests: a true child process, whose drawing is the photo with its missing edge painted on.

``PLAN`` does the true stages up to the standardised picture and then, quickly, what a chat needs. ``photo`` is an animal that the frame
cuts off, ``whole`` one that nobody needs to redraw.
"""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

from chat_lab import Service
from chat_plan import DOOR
from PIL import Image
from small_engine import EngineLab

from rigshot_pipeline.stages import enhance, standardise

DOG = Path(__file__).parents[2] / "samples" / "dog_in_the_park.jpg"

PLAN = (DOOR[0], enhance.STAGE, standardise.STAGE, *(replace(stage, reads=("intake", "standardise")) for stage in DOOR[1:]))
PLAN_NAME = f"{__name__}:PLAN"
_WORKER = """
import numpy as np
from PIL import Image

def standardise(job: Job):
    picture = np.asarray(Image.open(job.path("image")))
    wish = job.parameters
    if wish["seed"] % 2:
        return {"chosen": None, "candidates": [], "model": "padding"}
    job.progress(0.5)
    job.path("out").mkdir()
    edge = np.median(picture[:, -3:], axis=(0, 1)).astype(np.uint8)
    room = max(picture.shape[:2]) // 4
    wider = np.broadcast_to(edge, (picture.shape[0] + 2 * room, picture.shape[1] + 2 * room, 3)).copy()
    wider[room:-room, room:-room] = picture
    Image.fromarray(wider).save(job.path("out") / "0.png")
    return {"chosen": 0, "candidates": [{"file": "0.png", "score": 0.9}], "model": "padding"}

raise SystemExit(main(engine="studio", stages={"standardise": standardise}))
"""


def engine_house(folder: Path) -> dict[str, str]:
    """Install the engine ``studio`` below ``folder``; the settings by which processes find it."""
    lab = EngineLab(folder)
    lab.put_in_place(lab.engine(_WORKER, name="studio", stages=("standardise",)))
    return lab.variables


def redrawing_worker(service: Service) -> None:
    """A worker of a service that knows the engine."""
    service.worker(PLAN_NAME)


def photo() -> bytes:
    """A dog whose tail and hind legs the frame cuts off."""
    with Image.open(DOG) as dog:
        return _png(dog.crop((round(0.32 * dog.width), 0, dog.width, dog.height)))


def whole() -> bytes:
    """A dog that stands, whole and from its side."""
    with Image.open(DOG) as dog:
        return _png(dog)


def _png(picture: Image.Image) -> bytes:
    file = BytesIO()
    picture.resize((480, round(480 * picture.height / picture.width))).save(file, "PNG")
    return file.getvalue()
