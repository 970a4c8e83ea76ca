"""How much every hardship costs with and without preparation, as small curves in one SVG."""

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

import numpy as np

from .hard import HARDSHIPS, UNSPOILT, Hardship
from .scores import Row

__all__ = ["write_curves"]

_WIDE, _HIGH, _GAP = 210, 150, 46  # pixels of a panel and between panels
_COLUMNS = 4
_LEFT, _TOP = 44, 64
_COLOURS = {"none": "#9e9e9e", "resolution": "#e08e0b", "pose": "#8e44ad", "cutout": "#2471a3", "all": "#1e8449"}
_OTHER = "#c0392b"


def write_curves(file: Path, rows: Sequence[Row], figure: str, title: str) -> bool:
    """Write the means of ``figure`` over the cases that were spoilt, one panel a hardship, one line a variant; False if there are none."""
    spoilt = {str(row["case"]) for row in rows if row["hardship"] != UNSPOILT}
    part = [row for row in rows if str(row["case"]) in spoilt]
    ways = [way for way in HARDSHIPS.values() if any(str(row["hardship"]).startswith(f"{way.name}-") for row in part)]
    lines = {way.name: _lines(part, way, figure) for way in ways}
    values = [y for panel in lines.values() for points in panel.values() for _, y in points]
    if not values:
        return False
    low, high = min(*values, 0.4), max(values)
    rows_of_panels = -(-len(ways) // _COLUMNS)
    width = _LEFT + _COLUMNS * (_WIDE + _GAP)
    height = _TOP + rows_of_panels * (_HIGH + _GAP + 14)
    body = [_text(_LEFT, 22, title, size=15), *_legend(list(dict.fromkeys(str(row["variant"]) for row in part)))]
    for place, way in enumerate(ways):
        x = _LEFT + place % _COLUMNS * (_WIDE + _GAP)
        y = _TOP + place // _COLUMNS * (_HIGH + _GAP + 14)
        body += _panel(x, y, way, lines[way.name], low, high)
    picture = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">'
    file.write_text("\n".join([picture, '<rect width="100%" height="100%" fill="white"/>', *body, "</svg>"]) + "\n", encoding="utf-8")
    return True


def _lines(rows: Sequence[Row], way: Hardship, figure: str) -> dict[str, list[tuple[int, float]]]:
    """For every variant its points: 0 the unspoilt photo, then the levels; a photo that made no model counts as 0."""
    names = [UNSPOILT, *(f"{way.name}-{level:g}" for level in way.levels)]
    spoilt = {str(row["case"]) for row in rows if str(row["hardship"]).startswith(f"{way.name}-")}
    found: dict[str, list[tuple[int, float]]] = {}
    for variant in dict.fromkeys(str(row["variant"]) for row in rows):
        for place, name in enumerate(names):
            part = [row for row in rows if row["hardship"] == name and row["variant"] == variant and str(row["case"]) in spoilt]
            scores = [
                float(value)
                for row in part
                if isinstance(value := row.get(figure, 0.0 if row["outcome"] != "model" else None), (int, float))
            ]
            if scores:
                found.setdefault(variant, []).append((place, float(np.mean(scores))))
    return found


def _panel(x: int, y: int, way: Hardship, lines: dict[str, list[tuple[int, float]]], low: float, high: float) -> Iterator[str]:
    yield f'<rect x="{x}" y="{y}" width="{_WIDE}" height="{_HIGH}" fill="#fafafa" stroke="#bbb"/>'
    yield _text(x, y - 6, f"{way.name}: {way.unit}", size=11)
    steps = len(way.levels)
    for place, word in enumerate(["0", *(f"{level:g}" for level in way.levels)]):
        yield _text(x + 10 + place * (_WIDE - 20) / steps, y + _HIGH + 13, word, size=10, anchor="middle")
    for share in (0.0, 0.5, 1.0):
        yield _text(x - 4, y + _HIGH - share * (_HIGH - 12) - 2, f"{low + share * (high - low):.2f}", size=9, anchor="end")
    for variant, points in lines.items():
        places = [
            (x + 10 + place * (_WIDE - 20) / steps, y + _HIGH - 6 - (value - low) / max(high - low, 1e-9) * (_HIGH - 12))
            for place, value in points
        ]
        path = " ".join(f"{across:.1f},{down:.1f}" for across, down in places)
        colour = _COLOURS.get(variant, _OTHER)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{3 if variant == "all" else 1.8}"/>'
        yield from (f'<circle cx="{across:.1f}" cy="{down:.1f}" r="2.5" fill="{colour}"/>' for across, down in places)


def _legend(variants: Sequence[str]) -> Iterator[str]:
    for place, variant in enumerate(variants):
        x = _LEFT + place * 110
        yield f'<rect x="{x}" y="32" width="18" height="5" fill="{_COLOURS.get(variant, _OTHER)}"/>'
        yield _text(x + 24, 39, variant, size=11)


def _text(x: float, y: float, words: str, *, size: int, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}">{escape(words)}</text>'
