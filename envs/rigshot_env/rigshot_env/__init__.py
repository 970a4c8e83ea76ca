"""What every environment of Rigshot shares: a worker is a process that reads requests and writes events, one JSON a line."""

from .job import BadInput, Cancelled, Job, MissingWeights, Request
from .worker import PROTOCOL, SleepLevel, main

__all__ = ["PROTOCOL", "BadInput", "Cancelled", "Job", "MissingWeights", "Request", "SleepLevel", "main"]
