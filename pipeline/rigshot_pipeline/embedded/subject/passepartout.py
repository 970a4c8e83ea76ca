"""The frame that some photos wear: a white mat, black bars, the strip of a camera trap."""

import numpy as np

from ...asset import Pixels
from ...options import Box

__all__ = ["inner_picture"]

# A mat is at most this share of a side, one line of it varies this little (0..255), and the picture begins with a line that
# leaves the mat's colour at this share of its pixels (a plain wall that meets the frame is no mat).
_WIDEST = 0.12
_EVEN = 12.0
_LEAVES = 0.55


def inner_picture(picture: Pixels) -> Box:
    """The rectangle of an RGB picture (H, W, 3) inside its mat; all of it when there is none."""
    height, width = picture.shape[:2]
    grey = picture.astype(np.float32).mean(2)
    top, bottom = _strip(grey), _strip(grey[::-1])
    middle = grey[top : height - bottom]
    left, right = _strip(middle.T), _strip(middle[:, ::-1].T)
    return Box(left=left, top=top, width=width - left - right, height=height - top - bottom)


def _strip(lines: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> int:
    """How many of the first lines are a mat."""
    reach = max(1, int(_WIDEST * len(lines)))
    found = 0
    for place in range(reach):
        line = lines[place]
        colour = float(np.median(line))
        if float(np.mean(np.abs(line - colour) < _EVEN)) < 0.9:
            break
        following = lines[min(place + 2, len(lines) - 1)]
        if float(np.mean(np.abs(following - colour) > 2 * _EVEN)) > _LEAVES:
            found = place + 2
    return found
