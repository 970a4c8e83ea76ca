"""What every environment of Rigshot shares: a worker is a process that reads requests and writes events, one JSON a line."""

from .job import BadInput, BadRig, Cancelled, Job, MissingWeights, NoSurface, Request
from .worker import PROTOCOL, SleepLevel, main

__all__ = ["PROTOCOL", "BadInput", "BadRig", "Cancelled", "Job", "MissingWeights", "NoSurface", "Request", "SleepLevel", "main"]
