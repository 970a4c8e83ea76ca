"""Which processes a Rigshot consists of, and which of them the settings ask for."""

import importlib.util
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..settings import BotSettings

__all__ = ["SERVICES", "Choice", "Service", "choose"]

SERVICES = ("worker", "downloads", "web", "telegram", "discord")
"""Names of subcommands, in the order of their start: who answers people comes last."""
_LIBRARIES = {"worker": "rigshot_pipeline", "web": "gradio", "telegram": "telegram", "discord": "discord"}


@dataclass(frozen=True, kw_only=True)
class Service:
    """A process: its ``name`` in the log, the command that starts it, and what its environment has beside ours."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is started, and for each service that is not the code and values of the sentence that says why."""

    services: tuple[Service, ...]
    left_out: tuple[tuple[str, str, dict[str, str]], ...]


def choose(settings: "BotSettings", *, only: Collection[str] = (), workers: int = 1, cards: Sequence[str] = ()) -> Choice:
    """Every service that is installed and configured, at most those in ``only`` where it names any.

    ``cards``: graphics cards by their UUID, each of which gets a worker that sees it alone, instead of so many ``workers``.
    """
    services: list[Service] = []
    left_out: list[tuple[str, str, dict[str, str]]] = []
    for name in SERVICES:
        if only and name not in only:
            left_out.append((name, "up_elsewhere", {}))
        elif not _installed(name):
            left_out.append((name, "up_no_pipeline" if name == "worker" else "up_no_library", {"service": name}))
        elif not _token(settings, name):
            left_out.append((name, "up_no_token", {"name": name.upper()}))
        else:
            count = (len(cards) or workers) if name == "worker" else 1
            names = [name] if count == 1 else [f"{name} {number}" for number in range(1, count + 1)]
            command = (sys.executable, "-m", "rigshot_bots.terminal", name)
            own = (
                [{"CUDA_VISIBLE_DEVICES": card, "RIGSHOT_ENGINE_DEVICE": "cuda"} for card in cards]
                if name == "worker" and cards
                else [{}] * count
            )
            services += [Service(name=each, command=command, environment=more) for each, more in zip(names, own, strict=True)]
    return Choice(services=tuple(services), left_out=tuple(left_out))


def _installed(name: str) -> bool:
    return name not in _LIBRARIES or importlib.util.find_spec(_LIBRARIES[name]) is not None


def _token(settings: "BotSettings", name: str) -> bool:
    """Whether a bot has a token; what is no bot needs none."""
    bots = {"telegram": settings.telegram.token, "discord": settings.discord.token}
    return name not in bots or bots[name] is not None
