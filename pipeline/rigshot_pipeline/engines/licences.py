"""What the engines that made a model say of their licences."""

from collections.abc import Iterable, Mapping

from ..stage import Metric
from .places import discover

__all__ = ["engine_licences"]


def engine_licences(engines: Iterable[str]) -> list[tuple[str, Mapping[str, Metric]]]:
    """For every engine of ``envs/`` among the names (``NAME`` or ``NAME:MODEL``) a code of ``wording`` and its values, each engine once."""
    names = dict.fromkeys(engine.partition(":")[0] for engine in engines)
    found = discover() if set(names) - {"embedded", "rembg"} else None
    said: list[tuple[str, Mapping[str, Metric]]] = []
    for name in names:
        spec = found.named(name) if found else None
        if spec is not None:
            licence = spec.licence
            said.append(("licence_engine", {"engine": spec.title, "code": licence.code, "weights": licence.weights or licence.code}))
        elif name not in ("embedded", "rembg"):
            said.append(("licence_other", {"engine": name}))
    return said
