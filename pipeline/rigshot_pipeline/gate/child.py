"""The decoding child: ``python -I -m rigshot_pipeline.gate.child FOLDER < FILE``.

Reads one picture from standard input, which must be a file, and leaves in FOLDER ``pixels.raw`` (rows of RGB or RGBA
bytes) and ``answer.json``; nothing else that it says is listened to.
"""

import json
import sys
from pathlib import Path

from .limits import confine

ANSWER = "answer.json"
PIXELS = "pixels.raw"

__all__ = ["ANSWER", "PIXELS", "main"]


def main() -> int:
    """Decode, answer, and say 0 whether the picture was fit or not; anything else is our own fault."""
    folder = Path(sys.argv[1])
    confine()
    from . import loading  # Pillow is loaded under the limits too

    answer: dict[str, object]
    try:
        with open(0, "rb", closefd=False) as stream:
            found = loading.load(stream)
        (folder / PIXELS).write_bytes(found.image.tobytes())
        answer = {
            "columns": found.image.width,
            "rows": found.image.height,
            "channels": len(found.image.getbands()),
            "format": found.format,
            "width": found.width,
            "height": found.height,
            "frames": found.frames,
            "pages": found.pages,
            "turned": found.turned,
            "cut": found.cut,
            "missing": round(found.missing, 4),
        }
    except loading.Unfit as unfit:
        answer = {"refused": unfit.code, "values": unfit.values}
    except MemoryError:
        answer = {"refused": "picture_too_heavy", "values": {}}
    (folder / ANSWER).write_text(json.dumps(answer), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
