"""Engines of ``envs/``: other people's networks, each in an environment and a process of its own (docs/engines.md)."""

from .asking import Engine, by_choice
from .choice import Choice, choose, environment
from .garage import Garage, garage
from .places import discover, installed
from .spec import BadSpec, Spec, read_spec
from .worker import Answer, Worker

__all__ = [
    "Answer",
    "BadSpec",
    "Choice",
    "Engine",
    "Garage",
    "Spec",
    "Worker",
    "by_choice",
    "choose",
    "discover",
    "environment",
    "garage",
    "installed",
    "read_spec",
]
