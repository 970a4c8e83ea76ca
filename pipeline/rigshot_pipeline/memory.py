"""The most memory that a piece of work held, as Linux counts it."""

import re
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from types import TracebackType

__all__ = ["PeakMemory"]

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


class PeakMemory(AbstractContextManager["PeakMemory"]):
    """``peak_mb``: this process's largest resident size in MB since entry (0 where the system does not tell).

    Writing 5 to clear_refs resets the kernel's high-water mark (proc(5)); without that right, the mark since the
    process began is given.
    """

    peak_mb = 0.0

    def __enter__(self) -> "PeakMemory":
        with suppress(OSError):
            _CLEAR.write_text("5")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            found = re.search(r"^VmHWM:\s+(\d+) kB", _STATUS.read_text(encoding="ascii"), re.MULTILINE)
        except OSError:
            return
        self.peak_mb = int(found[1]) / 1024 if found else 0.0
