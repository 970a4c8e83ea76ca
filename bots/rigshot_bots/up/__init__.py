"""``rigshot up``: everything that is configured, in one terminal with one log."""

from .command import COMMAND
from .services import Choice, Service, choose
from .supervisor import Supervisor

__all__ = ["COMMAND", "Choice", "Service", "Supervisor", "choose"]
