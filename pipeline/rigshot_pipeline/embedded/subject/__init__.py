"""Finding the subject: one file for each way of seeing, and the order in which they are asked."""

from .find import find_subject
from .found import Kind, Subject, bounding_box, scaled_box

__all__ = ["Kind", "Subject", "bounding_box", "find_subject", "scaled_box"]
