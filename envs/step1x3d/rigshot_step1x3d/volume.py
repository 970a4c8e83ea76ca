"""Sampling a network's field where its surface is: coarse everywhere, fine in a band of cells around the surface.

The idea is common (octree refinement around a level set); the code is ours, because upstream's decoder carries a licence that
forbids commercial use. Beside that it differs where upstream's loses: cells are marked, not filled with NaN, so that marching
cubes draws no second surface along the band's edge, and coordinates stay fp32 whatever the networks compute in.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from . import grid
from .mesh import Sampled
from .request import GeometryOptions

__all__ = ["BOUND", "CHUNK", "Field", "NotFinite", "sample"]

BOUND = 1.05  # the cube reaches from -1.05 to 1.05: figures fill -1 to 1, and their surface needs a margin
CHUNK = 65_536  # points at once: larger ones gain no time on an H100 and a million would take 26 GiB
_NEAR = 0.95  # of the field's truncation: the coarsest grid looks closer at whatever is not surely inside or outside

Field = Callable[[torch.Tensor], torch.Tensor]
"""Points float32 (N, 3) -> values (N,), positive inside."""


class NotFinite(ArithmeticError):
    """A network answered with infinities or no numbers: the precision is too narrow for it."""


@dataclass(frozen=True, kw_only=True)
class _Level:
    values: torch.Tensor  # float32 (n+1, n+1, n+1)
    known: torch.Tensor  # bool, of the same shape: where values were evaluated

    def active(self, nearness: float) -> torch.Tensor:
        """Cells that the next level must look into."""
        cells = (grid.crossed(self.values) | grid.near(self.values, nearness)) & grid.known_cells(self.known)
        return grid.grown(cells)


@torch.no_grad()
def sample(
    field: Field,
    *,
    resolution: int = GeometryOptions.octree,
    bound: float = BOUND,
    device: torch.device | str = "cpu",
    chunk: int = CHUNK,
    progress: Callable[[float], None] = lambda _fraction: None,
) -> Sampled:
    """The field on a grid of ``resolution`` cells an edge, known in a band around its surface.

    ``progress`` is called with 0..1 after every chunk and may raise. Raises NotFinite if a value is.
    """
    steps = grid.levels(resolution)
    queries = 0
    level = None
    for number, size in enumerate(steps):
        values = torch.zeros((size + 1,) * 3, device=device)
        if level is None:
            wanted = known = torch.ones_like(values, dtype=torch.bool)
        else:
            # halving the cells halves the greatest value that a corner of a crossed cell can have
            known = grid.refined(level.active(_NEAR / 2 ** (number - 1)))
            wanted = known.clone()
            values[::2, ::2, ::2] = level.values
            wanted[::2, ::2, ::2] &= ~level.known
        places = torch.nonzero(wanted)

        def report(fraction: float, number: int = number) -> None:
            progress((number + fraction) / len(steps))

        values[wanted] = _evaluate(field, places, 2 * bound / size, bound, chunk, report)
        queries += len(places)
        grid.close_border(values)
        level = _Level(values=values, known=known)
    assert level is not None
    return _cropped(level, resolution, bound, queries)


def _evaluate(field: Field, places: torch.Tensor, step: float, bound: float, chunk: int, progress: Callable[[float], None]) -> torch.Tensor:
    values = torch.empty(len(places), device=places.device)
    for start in range(0, len(places), chunk):
        part = places[start : start + chunk]
        values[start : start + chunk] = field(part.to(torch.float32) * step - bound).to(torch.float32)
        progress(min(1.0, (start + chunk) / len(places)))
    if not bool(torch.isfinite(values).all()):
        raise NotFinite("the field has values that are not finite")
    return values


def _cropped(level: _Level, resolution: int, bound: float, queries: int) -> Sampled:
    """Only what holds the surface leaves the device: a fraction of the cube, and of the time that the transfer takes."""
    cells = grid.crossed(level.values) & grid.known_cells(level.known)
    spans = [_span(cells.any(dim=second).any(dim=first)) for first, second in ((1, 2), (0, 2), (0, 1))]
    cells = cells[tuple(slice(low, high) for low, high in spans)]
    values = level.values[tuple(slice(low, high + 1) for low, high in spans)]
    return Sampled(
        values=values.cpu().numpy(),
        cells=cells.cpu().numpy(),
        origin=np.array([low for low, _ in spans], dtype=np.int64),
        resolution=resolution,
        bound=bound,
        queries=queries,
    )


def _span(marked: torch.Tensor) -> tuple[int, int]:
    places = torch.nonzero(marked)
    if not len(places):
        return 0, 1  # one cell, not crossed: marching cubes will find nothing in it and say so
    return int(places.min()), int(places.max()) + 1
