"""The graphics card, as NVIDIA's own tool tells of it: no library that talks to a GPU is loaded in this process."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache

__all__ = ["BUDGET", "DEVICE", "Card", "budget_mb", "cards", "on_cpu", "our_card", "visible_cards"]

BUDGET = "RIGSHOT_GPU_MB"
"""Setting: megabytes of the card that engines may use; else all but what the display and the driver keep."""
DEVICE = "RIGSHOT_ENGINE_DEVICE"
"""Setting: ``cuda``, ``cuda:N`` or ``cpu``. With ``cpu`` an engine runs wherever it can, slowly."""

_OURS = 0.94  # of the card: driver, display and fragmentation keep the rest
_QUERY = ("nvidia-smi", "--query-gpu=index,uuid,name,memory.total", "--format=csv,noheader,nounits")
_PATIENCE = 20  # seconds: the first call after a start wakes the driver


@dataclass(frozen=True, kw_only=True)
class Card:
    """A graphics card with its memory in megabytes."""

    index: str
    uuid: str
    name: str
    memory_mb: int


@cache
def cards() -> tuple[Card, ...]:
    """The cards of this machine; none where there is no driver. Asked once: cards do not come and go."""
    if shutil.which(_QUERY[0]) is None:
        return ()
    try:
        answer = subprocess.run(_QUERY, capture_output=True, text=True, timeout=_PATIENCE, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    rows = [[word.strip() for word in line.split(",")] for line in answer.splitlines()]
    return tuple(Card(index=row[0], uuid=row[1], name=row[2], memory_mb=int(row[3])) for row in rows if len(row) == 4 and row[3].isdigit())


def visible_cards() -> tuple[Card, ...]:
    """The cards that CUDA_VISIBLE_DEVICES leaves to this process, in its order."""
    if (said := os.environ.get("CUDA_VISIBLE_DEVICES")) is None:
        return cards()
    return tuple(card for word in said.split(",") for card in cards() if word.strip() in (card.index, card.uuid))


def our_card() -> Card | None:
    """The card that a worker of ours sees as its own: the first that CUDA_VISIBLE_DEVICES leaves, or that RIGSHOT_ENGINE_DEVICE names."""
    if on_cpu():
        return None
    visible = visible_cards()
    number = os.environ.get(DEVICE, "").partition(":")[2]
    place = int(number) if number.isdigit() else 0
    return visible[place] if place < len(visible) else None


def on_cpu() -> bool:
    """Whether the person wants engines to run without a GPU."""
    return os.environ.get(DEVICE) == "cpu"


def budget_mb() -> int:
    """Megabytes of GPU memory that all engines together may hold; 0 where there is no card."""
    if (said := os.environ.get(BUDGET, "")).isdigit():
        return int(said)
    card = our_card()
    return int(card.memory_mb * _OURS) if card else 0
