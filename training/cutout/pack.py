"""Command: gather the photos of all sources, leave out what the network is judged by, and write one bundle.

python -m training.cutout.pack --mirrors FOLDER --judged FOLDER --out photos.zip
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from .bundle import Entry, write
from .likeness import HELD_OUT_BREEDS, Judged, fingerprint, judged_pictures
from .sources import all_photos

__all__ = ["chosen"]


def chosen(photos: Iterator[Entry], judged: Judged, refused: Counter[str]) -> Iterator[Entry]:
    """The photos that may be used, each once; masked ones of the held-out breeds get the role held_out. ``refused`` counts the rest."""
    seen: set[str] = set()
    prints: set[int] = set()
    for entry in photos:
        reason = judged.reason(entry.name, entry.picture)
        mark = fingerprint(entry.picture)
        if entry.name in seen or mark in prints:
            reason = "it is there already"
        if reason == "its breed is held out" and entry.role == "subject":
            entry, reason = replace(entry, role="held_out"), None
        if reason is not None:
            refused[reason] += 1
            continue
        seen.add(entry.name)
        prints.add(mark)
        yield entry


def main() -> None:
    """Read the arguments and write the bundle."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mirrors", type=Path, required=True)
    parser.add_argument("--judged", type=Path, nargs="+", required=True, help="folders of pictures that must not be trained on")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    refused: Counter[str] = Counter()
    counts = write(options.out, chosen(all_photos(options.mirrors), judged_pictures(*options.judged), refused))
    lines = [f"{count:5d} {word}" for word, count in sorted(counts.items())] + [
        f"{count:5d} left out: {why}" for why, count in refused.items()
    ]
    sys.stdout.write("\n".join([*lines, f"held out: {', '.join(HELD_OUT_BREEDS)}", ""]))


if __name__ == "__main__":
    main()
