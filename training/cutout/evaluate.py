"""Command: judge the shipped network, and what is built around it, on pictures that it never saw.

python -m training.cutout.evaluate --judged FOLDER --photos photos.zip [--scenes KIND=FOLDER ... --out FOLDER --box --grabcut]

T1 are the masked pictures of ``--judged`` (its MANIFEST.json), T2 the held-out breeds of the bundle, ``--scenes`` hold what
``other_animals`` made. Pixels whose truth is unknown (Oxford's band, half transparent hair) do not count. Prints tables in Markdown; with
``--out`` every picture is written with the outline that was found, and ``results.json`` holds a row for each picture and method.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from rigshot_pipeline.embedded.subject import Kind, Subject, find_subject
from rigshot_pipeline.embedded.subject.certainty import SURE
from rigshot_pipeline.options import Box

from .cases import Case, drawn_box, held_out_cases, judged_cases, overlap, rendered_cases

__all__ = ["Result"]

Finder = Callable[[Case], Subject]
_GOOD, _BETTER = 0.85, 0.9
# Chances at which precision and recall of the confidence are told, the threshold that ships among them.
_LIMITS = sorted({0.6, 0.7, 0.75, 0.8, 0.85, 0.9, SURE})
# What GrabCut takes for the subject's rectangle when nobody drew one.
_MARGIN = 0.06


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a ``method`` reached on a case: the outline's ``iou``, its ``confidence``, who answered, and how long that took."""

    method: str
    name: str
    group: str
    kind: str
    iou: float
    confidence: float
    source: str
    seconds: float


def _find(case: Case, box: Box | None = None) -> Subject:
    kinds: dict[str, Kind] = {"drawing": "drawing", "sprite": "sprite"}
    return find_subject(case.picture, kind=kinds.get(case.kind, "photo"), box=box)


def _box(case: Case) -> Box:
    left, top, width, height = drawn_box(case.mask)
    return Box(left=left, top=top, width=width, height=height)


def _grabcut(case: Case, box: Box) -> Subject:
    seeds = np.zeros(case.picture.shape[:2], np.uint8)
    if box.width * box.height >= 0.999 * seeds.size:  # no ground to learn from
        return Subject(probability=np.ones(seeds.shape, np.float32), source="grabcut", confidence=0)
    cv2.setRNGSeed(0)
    rectangle = (box.left, box.top, box.width, box.height)
    cv2.grabCut(np.ascontiguousarray(case.picture), seeds, rectangle, np.zeros((1, 65)), np.zeros((1, 65)), 5, cv2.GC_INIT_WITH_RECT)
    found = np.isin(seeds, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    return Subject(probability=found, source="grabcut", confidence=0)


def _inner(case: Case) -> Box:
    height, width = case.picture.shape[:2]
    left, top = round(_MARGIN * width), round(_MARGIN * height)
    return Box(left=left, top=top, width=width - 2 * left, height=height - 2 * top)


def _rectangle(case: Case) -> Subject:
    """The drawn box itself, all of it."""
    box = _box(case)
    filled = np.zeros(case.mask.shape, np.float32)
    filled[box.top : box.top + box.height, box.left : box.left + box.width] = 1
    return Subject(probability=filled, source="box", confidence=0)


def _judge(method: str, cases: Iterable[Case], find: Finder, out: Path | None) -> list[Result]:
    results: list[Result] = []
    for case in cases:
        start = time.perf_counter()
        subject = find(case)
        seconds = time.perf_counter() - start
        iou = overlap(subject.probability >= 0.5, case.mask)
        results.append(
            Result(
                method=method,
                name=case.name,
                group=case.group,
                kind=case.kind,
                iou=iou,
                confidence=subject.confidence,
                source=subject.source,
                seconds=seconds,
            )
        )
        if out is not None:
            _draw(out / method.replace(", ", "_"), case, subject, iou)
    return results


def _table(results: list[Result]) -> str:
    """Lines in Markdown: a row for each group and kind of one method."""
    lines = ["| set | kind | n | mean | median | ≥ .85 | ≥ .9 | sure of | of those ≥ .85 |", "|---|---|---|---|---|---|---|---|---|"]
    groups: dict[tuple[str, str], list[Result]] = {}
    for row in results:
        groups.setdefault((row.group, row.kind), []).append(row)
    for group in dict.fromkeys(key[0] for key in groups):
        kinds = sorted(kind for other, kind in groups if other == group)
        lines += [_row(group, kind, groups[group, kind]) for kind in kinds]
        if len(kinds) > 1:
            lines.append(_row(group, "all", [row for row in results if row.group == group]))
    return "\n".join(lines)


def _row(group: str, kind: str, rows: list[Result]) -> str:
    ious = np.array([row.iou for row in rows])
    sure = np.array([row.iou for row in rows if row.confidence >= SURE])
    right = f"{(sure >= _GOOD).mean():.0%}" if len(sure) else "–"
    figures = f"{ious.mean():.3f} | {np.median(ious):.3f} | {(ious >= _GOOD).mean():.1%} | {(ious >= _BETTER).mean():.1%}"
    return f"| {group} | {kind} | {len(rows)} | {figures} | {len(sure) / len(rows):.0%} | {right} |"


def _trust(results: list[Result]) -> str:
    """Precision and recall of the confidence at every limit, over ``results``."""
    right = np.array([row.iou >= _GOOD for row in results])
    chance = np.array([row.confidence for row in results])
    lines = ["| chance at least | sure of | precision: of those ≥ .85 | recall: of all ≥ .85 |", "|---|---|---|---|"]
    for limit in _LIMITS:
        sure = chance >= limit
        precision = f"{right[sure].mean():.1%}" if sure.any() else "–"
        recall = f"{sure[right].mean():.1%}" if right.any() else "–"
        lines.append(f"| {limit:g}{' (shipped)' if limit == SURE else ''} | {sure.mean():.0%} | {precision} | {recall} |")
    return "\n".join(lines)


def _draw(out: Path, case: Case, subject: Subject, value: float) -> None:
    """The picture, darkened where the network sees no subject; the outline found in red, the true one in green."""
    out.mkdir(parents=True, exist_ok=True)
    scale = 480 / max(case.picture.shape[:2])
    colours = cv2.resize(case.picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    chance = cv2.resize(subject.probability, colours.shape[1::-1])
    shown = (colours * (0.25 + 0.75 * chance[..., None])).astype(np.uint8)
    truth = cv2.resize((case.mask == 255).astype(np.float32), colours.shape[1::-1])
    for values, ink in ((truth, (80, 255, 80)), (chance, (255, 60, 60))):
        rings, _ = cv2.findContours((values > 0.5).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(shown, rings, -1, ink, 1)
    both = np.hstack([colours, shown])
    text = f"{value:.2f} ({subject.confidence:.2f} {subject.source}) {case.name}"
    cv2.putText(both, text, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 0), 1, cv2.LINE_AA)
    cv2.imwrite(str(out / f"{case.group}_{value:.2f}_{case.name}.png"), cv2.cvtColor(both, cv2.COLOR_RGB2BGR))


def _methods(options: argparse.Namespace) -> dict[str, Finder]:
    methods: dict[str, Finder] = {"found": _find}
    if options.box:
        methods["found, box"] = lambda case: _find(case, _box(case))
    if options.grabcut:
        methods["GrabCut"] = lambda case: _grabcut(case, _inner(case))
    if options.grabcut and options.box:
        methods |= {"GrabCut, box": lambda case: _grabcut(case, _box(case)), "the box itself": _rectangle}
    return methods


def main() -> None:
    """Read the arguments and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judged", type=Path, required=True)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--scenes", nargs="*", default=[], metavar="KIND=FOLDER", help="rendered or pasted figures, see other_animals")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--grabcut", action="store_true", help="compare with GrabCut")
    parser.add_argument("--box", action="store_true", help="also with a box drawn by a person")
    options = parser.parse_args()
    scenes = [case for word in options.scenes for case in rendered_cases(Path(word.partition("=")[2]), word.partition("=")[0])]
    cases = [*judged_cases(options.judged), *held_out_cases(options.photos), *scenes]
    everything: list[Result] = []
    for method, find in _methods(options).items():
        results = _judge(method, cases, find, options.out)
        everything += results
        sys.stdout.write(f"\n## {method}\n\n{_table(results)}\n")
        if method.startswith("found"):
            photos = [row for row in results if row.group in ("T1", "T2") and row.kind != "drawing"]
            pasted = [row for row in results if row.group == "scenes"]
            for word, rows in (("photos of T1 and T2", photos), ("scenes", pasted)):
                if rows:
                    sys.stdout.write(f"\nConfidence, {word}:\n\n{_trust(rows)}\n")
        worst = sorted((row for row in results if row.group != "scenes"), key=lambda row: row.iou)[:12]
        sys.stdout.write("\nworst: " + ", ".join(f"{row.name} {row.iou:.2f} ({row.confidence:.2f})" for row in worst) + "\n")
        sys.stdout.write(f"{np.median([row.seconds for row in results]) * 1000:.0f} ms a picture (median)\n")
        sys.stdout.flush()
    if options.out is not None:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "results.json").write_text(json.dumps([asdict(row) for row in everything], indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
