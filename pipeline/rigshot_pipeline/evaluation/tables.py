"""The rows of an evaluation as CSV, and their means as Markdown."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from .hard import HARDSHIPS, UNSPOILT
from .scores import Row

__all__ = ["FIGURES", "loss_share", "mean_of", "tables", "write_csv"]

FIGURES: dict[str, tuple[str, int]] = {
    "silhouette_iou": ("silhouette IoU", 3),
    "upright_iou": ("upright IoU", 3),
    "background_bleed": ("background bleed", 3),
    "identity": ("identity", 3),
    "sharpness": ("sharpness", 2),
    "symmetry_error": ("symmetry error", 4),
    "joints": ("joints", 1),
    "limbs_with_chain": ("limbs with a chain", 1),
    "weight_step_mean": ("weight step", 3),
    "stretch_p99": ("stretch p99", 2),
    "torn_share": ("torn edges", 4),
    "seconds": ("seconds", 1),
}
"""What the tables call a figure, and its digits."""
_SHAPE = {
    "volume_iou": ("volume IoU", 3),
    "chamfer": ("Chamfer", 4),
    "f_score": ("F@.02", 3),
    "normal_consistency": ("normals", 3),
    "unseen_iou": ("unseen side", 3),
}
_RIG = {
    "j2j": ("J2J", 4),
    "j2b": ("J2B", 4),
    "b2b": ("B2B", 4),
    "b2b_even": ("B2B even", 4),
    "skin_precision": ("skin precision", 3),
    "skin_recall": ("skin recall", 3),
    "skin_l1": ("skin L1", 3),
    "motion_mean": ("motion", 4),
    "motion_still": ("motion if still", 4),
}
_LOSSES = ("silhouette_iou", "identity", "volume_iou")


def write_csv(file: Path, rows: Sequence[Row]) -> None:
    """All rows and all of their columns."""
    columns = list(dict.fromkeys(key for row in rows for key in row if key != "key"))
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def tables(rows: Sequence[Row]) -> str:
    """Everything worth a table, as one Markdown text."""
    return "\n\n".join(_tables(rows)) + "\n"


def mean_of(rows: Iterable[Row], figure: str) -> float | None:
    """The mean of a figure over the rows that have it."""
    values = [float(value) for row in rows if isinstance(value := row.get(figure), (int, float))]
    return float(np.mean(values)) if values else None


def loss_share(rows: Sequence[Row], hardship: str, figure: str) -> float | None:
    """What a hardship costs the fully prepared photo over what it costs the unprepared one.

    Both losses count from the unspoilt, fully prepared photo, over the cases that have all three; a photo that made no model counts as 0.
    None where the unprepared photo loses less than 0.01.
    """
    start, all_, none = (_by_case(rows, *of, figure) for of in ((UNSPOILT, "all"), (hardship, "all"), (hardship, "none")))
    cases = start.keys() & all_.keys() & none.keys()
    if not cases:
        return None
    with_it = float(np.mean([start[case] - all_[case] for case in cases]))
    without = float(np.mean([start[case] - none[case] for case in cases]))
    return max(with_it, 0.0) / without if without > 0.01 else None


def _by_case(rows: Sequence[Row], hardship: str, variant: str, figure: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for row in rows:
        if row["hardship"] == hardship and row["variant"] == variant:
            value = row.get(figure) if row["outcome"] == "model" else 0.0
            if isinstance(value, (int, float)):
                found[str(row["case"])] = float(value)
    return found


def _tables(rows: Sequence[Row]) -> Iterator[str]:
    variants = list(dict.fromkeys(str(row["variant"]) for row in rows))
    plain = [row for row in rows if row["hardship"] == UNSPOILT]
    for title, part in (
        ("Photos and drawings with a true mask", [row for row in plain if row["kind"] != "rigged" and _has_truth(row)]),
        ("Pictures without a true mask", [row for row in plain if row["kind"] != "rigged" and not _has_truth(row)]),
        ("Rigged models drawn as photos", [row for row in plain if row["kind"] == "rigged"]),
    ):
        if part:
            yield f"## {title}"
            yield _variants_table(part, variants, FIGURES)
    truth = [row for row in plain if row["kind"] == "rigged"]
    if truth:
        yield "## Against truth, by the side that the photo shows"
        yield from _truth_tables(truth, variants)
    hard = [row for row in rows if row["hardship"] != UNSPOILT]
    if hard:
        yield "## Inputs made hard"
        yield from _hard_tables(rows, variants)


def _has_truth(row: Row) -> bool:
    return row.get("silhouette_iou") is not None or row["outcome"] != "model"


def _variants_table(rows: Sequence[Row], variants: Sequence[str], figures: dict[str, tuple[str, int]]) -> str:
    lines = [["figure", *variants], ["---"] * (len(variants) + 1)]
    of = {variant: [row for row in rows if row["variant"] == variant] for variant in variants}
    lines.append(["pictures / models", *(f"{len(part)} / {sum(row['outcome'] == 'model' for row in part)}" for part in of.values())])
    for figure, (word, digits) in figures.items():
        cells = [_number(mean_of(part, figure), digits) for part in of.values()]
        if any(cell != "–" for cell in cells):
            lines.append([word, *cells])
    return _markdown(lines)


def _truth_tables(rows: Sequence[Row], variants: Sequence[str]) -> Iterator[str]:
    sides = list(dict.fromkeys(str(row["side"]) for row in rows))
    for figures in (_SHAPE, _RIG):
        lines = [["side", "preparation", "models", *(word for word, _ in figures.values())], ["---"] * (len(figures) + 3)]
        for side in sides:
            for variant in variants:
                part = [row for row in rows if row["side"] == side and row["variant"] == variant and row["outcome"] == "model"]
                if part:
                    numbers = [_number(mean_of(part, figure), digits) for figure, (_, digits) in figures.items()]
                    lines.append([side, variant, str(len(part)), *numbers])
        yield _markdown(lines)
    best = [row for row in rows if row["variant"] == "all" and row["outcome"] == "model"]
    lines = [["model", *(word for word, _ in (_SHAPE | _RIG).values())], ["---"] * (len(_SHAPE | _RIG) + 1)]
    for row in best:
        lines.append([str(row["case"]), *(_number(mean_of([row], figure), digits) for figure, (_, digits) in (_SHAPE | _RIG).items())])
    yield "Fully prepared, one by one:"
    yield _markdown(lines)


def _hard_tables(rows: Sequence[Row], variants: Sequence[str]) -> Iterator[str]:
    names = list(_ordered({str(row["hardship"]) for row in rows}))
    for figure in _LOSSES:
        lines = [["hardship", *variants, "loss with / without"], ["---"] * (len(variants) + 2)]
        for name in names:
            means: list[str] = []
            for variant in variants:
                values = list(_by_case(rows, name, variant, figure).values())
                means.append(_number(float(np.mean(values)) if values else None, 3))
            share = loss_share(rows, name, figure) if name != UNSPOILT else None
            lines.append([name, *means, "–" if share is None else f"{share:.2f}"])
        if any(cell != "–" for line in lines[2:] for cell in line[1:]):
            yield f"{(FIGURES | _SHAPE)[figure][0]} (a photo that makes no model counts as 0):"
            yield _markdown(lines)


def _ordered(names: set[str]) -> Iterator[str]:
    if UNSPOILT in names:
        yield UNSPOILT
    for way in HARDSHIPS.values():
        yield from (f"{way.name}-{level:g}" for level in way.levels if f"{way.name}-{level:g}" in names)
    known = {f"{way.name}-{level:g}" for way in HARDSHIPS.values() for level in way.levels} | {UNSPOILT}
    yield from sorted(names - known)


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _markdown(lines: Sequence[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
