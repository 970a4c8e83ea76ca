"""The rig files that pass between Rigshot and this worker; every file appears whole."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rigshot_env import BadInput

from .arrays import Floats, Indices

__all__ = ["RigFile", "load_rig", "save_rig"]


@dataclass(frozen=True, kw_only=True)
class RigFile:
    """A rig as its files hold it: ``joints``, ``tails`` (J, 3) metres in glTF's axes, ``parents`` (J,), and ``words``, the
    JSON beside them (names, roles, …)."""

    joints: Floats
    tails: Floats
    parents: Indices
    words: Mapping[str, Any]

    @property
    def bound(self) -> list[int]:
        """The joints that move the skin: all but a root on the ground that only carries the others."""
        roles, names = self.words.get("roles") or [], self.words["names"]
        first = roles[0] if roles else names[0]
        return list(range(1 if first == "root" and len(names) > 2 else 0, len(names)))


def load_rig(path: Path) -> RigFile:
    """Read a rig, without its weights if it has any. Raises BadInput."""
    try:
        with np.load(path, allow_pickle=False) as data:
            joints, tails, parents = data["joints"], data["tails"], data["parents"]
        words = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        names = words["names"]
    except FileNotFoundError as error:
        raise BadInput("the rig's files are missing") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput("the rig's files cannot be read") from error
    count = len(names)
    if joints.shape != (count, 3) or tails.shape != (count, 3) or parents.shape != (count,) or count < 2:
        raise BadInput("a rig needs names, joints, tails and parents of one number, at least two")
    if parents[0] != -1 or (parents[1:] < 0).any() or (parents >= np.arange(count)).any():
        raise BadInput("joint 0 must be a rig's only root and every parent must stand before its children")
    if not (np.isfinite(joints).all() and np.isfinite(tails).all()):
        raise BadInput("the rig has joints at no place")
    return RigFile(joints=joints.astype(np.float32), tails=tails.astype(np.float32), parents=parents.astype(np.int32), words=words)


def save_rig(path: Path, rig: RigFile, weights: Floats | None = None) -> None:
    """Write ``path`` (.npz) and its JSON, the JSON first: who sees the arrays may read both."""
    words = json.dumps(dict(rig.words), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    place = path.with_suffix(".json")
    part = place.with_name(place.name + ".part")
    part.write_text(words, encoding="utf-8")
    part.replace(place)
    arrays: dict[str, Any] = {"joints": rig.joints, "tails": rig.tails, "parents": rig.parents}
    if weights is not None:
        arrays["weights"] = weights
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        np.savez(file, **arrays)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
