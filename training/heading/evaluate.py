"""Command: how far off the shipped network's headings and pitches are, on rigged animals drawn as they are.

python -m training.heading.evaluate --rigs ../shared/data/gt_rig

Every animal is drawn orthographically at rest and in moments of its walk, from all around and from five heights. The table holds
medians and 90 % quantiles in degrees by the true direction: of the heading that the engine would take were the head's side known, and
how often that is on the right side of the picture's plane (towards or away from the viewer).
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from rigshot_pipeline.embedded.heading import likely_headings
from rigshot_pipeline.embedded.reading import heading_of
from rigshot_pipeline.evaluation.truth_rig import load_truth
from rigshot_pipeline.preview.camera import fit, orbit
from rigshot_pipeline.preview.raster import rasterise

_ANIMALS = ("Fox", "Cow", "Deer", "Horse", "Husky", "ShibaInu", "Stag", "Wolf")
_PITCHES = (0, 5, 10, 15, 25)
_SIZE = 320


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rigs", type=Path, required=True)
    options = parser.parse_args()
    rows: list[tuple[float, float, float, bool]] = []
    for path in sorted(options.rigs.glob("*.glb")):
        if not path.stem.endswith(_ANIMALS):
            continue
        for rig in (load_truth(path), *(load_truth(path, clip="walk", seconds=at) for at in (0.2, 0.5))):
            points = rig.vertices.astype(np.float32)
            for heading in range(5, 180, 10):
                for pitch in _PITCHES:
                    seen = fit(orbit(-heading, pitch), points).project(points, width=_SIZE, height=_SIZE)
                    likely = likely_headings(rasterise(seen, rig.faces, width=_SIZE, height=_SIZE, cull=False).face >= 0)
                    found = heading_of(likely, right=True)
                    towards = abs(found - heading) <= abs(180 - found - heading)
                    rows.append((heading, abs(found - heading), likely.pitch - pitch, towards))
    table = np.array(rows)
    lines = ["| heading | off, median | 90 % | towards or away rightly | pitch off, median |", "|---|---|---|---|---|"]
    for low in range(0, 180, 30):
        part = table[(table[:, 0] >= low) & (table[:, 0] < low + 30)]
        off, pitch = np.quantile(part[:, 1], (0.5, 0.9)), float(np.median(np.abs(part[:, 2])))
        lines.append(f"| {low}-{low + 30} | {off[0]:.0f} | {off[1]:.0f} | {100 * part[:, 3].mean():.0f} % | {pitch:.1f} |")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
