"""The process around a worker: its standard streams and its end."""

import os
import sys
import threading
import time
from typing import TextIO

__all__ = ["claim_streams", "end_with_parent"]

_LOOK_AGAIN = 1.0  # seconds between two looks at the parent
_ORPHANED = 70  # exit status


def claim_streams() -> tuple[TextIO, TextIO]:
    """Standard input and output for our lines alone.

    From now on whatever else writes to stdout, C code too, lands on stderr, and children find an empty stdin.
    """
    sys.stdout.flush()
    source = os.fdopen(os.dup(0), "r", encoding="utf-8")
    target = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return source, target


def end_with_parent() -> None:
    """End this process at once when its parent is gone, however it went.

    Linux can send a signal instead (PR_SET_PDEATHSIG), but it also does when the *thread* ends that started the child.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_AGAIN)
        os._exit(_ORPHANED)

    threading.Thread(target=watch, name="end with parent", daemon=True).start()
