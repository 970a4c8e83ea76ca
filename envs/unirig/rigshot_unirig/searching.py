"""A process of the voxel prior: shortest paths from every n-th start, over a graph in mapped files.

    python searching.py FOLDER KEEP PROCESSES OWN

It ends when its parent does, looking between two searches.
"""

import os
import sys
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra


def search(folder: Path, keep: int, processes: int, own: int) -> None:
    """Write found_<i>.npy (keep,) for the starts own, own + processes, …; each appears whole."""
    parent = os.getppid()
    data, indices, indptr, starts = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("data", "indices", "indptr", "starts"))
    count = len(indptr) - 1
    graph = csr_matrix((data, indices, indptr), (count, count), copy=False)
    for place in range(own, len(starts), processes):
        if os.getppid() != parent:
            return
        found = dijkstra(graph, indices=int(starts[place]))[:keep]
        part = folder / f"part_{place}.npy"
        np.save(part, found)
        part.replace(folder / f"found_{place}.npy")


if __name__ == "__main__":
    search(Path(sys.argv[1]), *map(int, sys.argv[2:5]))
