"""What the network's classes are called: apart from the network itself, so that rendering needs no torch."""

__all__ = ["HEADINGS", "REGIONS"]

REGIONS = ("head", "body", "legs", "tail")
"""The parts of an animal; a label picture holds 1 for the first, and 0 for what is none of them."""
HEADINGS = 16
"""Sectors of the circle of headings; the first is centred at 0 degrees (towards the viewer), the fifth at 90 (to the picture's right)."""
